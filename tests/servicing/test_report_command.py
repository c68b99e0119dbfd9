"""`kopa report late` over a real database: a table, JSON and CSV."""

import asyncio
import csv
import io
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import kopa
from kit.crypto import Vault
from kit.db import create_engine, sessions_of
from tests.servicing.lending import Lender


def late(*options: str) -> Result:
    return CliRunner().invoke(kopa, ["report", "late", *options])


@pytest.fixture
def lent(database_url: str, vault: Vault, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Lender:
    """A loan whose first installment has been due for 40 days."""
    engine = create_engine(database_url)
    lender = Lender(sessions_of(engine, vault), now)

    async def lend() -> None:
        await lender.lends()
        await lender.closes_days_until(lender.on + timedelta(days=70))
        await engine.dispose()

    asyncio.run(lend())
    monkeypatch.setenv("KOPA_DATABASE_URL", database_url)
    return lender


class TestLate:
    def test_answers_in_json(self, lent: Lender) -> None:
        answer = json.loads(late("--json").output)

        assert answer["on"] == lent.on.isoformat()
        (book,) = answer["books"]
        assert (book["loans"], book["balance"]) == (1, "30000.00")
        assert book["at_risk"]["30"]["percent"] == "100.00"
        assert book["classes"]["special_mention"]["provision"] == "600.00"
        assert book["stages"]["2"]["loans"] == 1

    def test_shows_a_table(self, lent: Lender) -> None:
        result = late()

        assert result.exit_code == 0, result.output
        assert "PAR 30" in result.output
        assert "stage 2" in result.output

    def test_one_line_for_each_loan_on_a_day_before(self, lent: Lender) -> None:
        (line,) = csv.DictReader(io.StringIO(late("--csv", "--on", "2026-12-25").output))

        assert (line["days_past_due"], line["bucket"]) == ("5", "1_30")

    def test_refuses_a_day_to_come(self, lent: Lender) -> None:
        result = late("--on", "2031-01-01")

        assert result.exit_code == 2
        assert "has not come yet" in result.output

    def test_says_so_when_there_is_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("KOPA_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}")

        assert late().exit_code == 2

    def test_says_what_is_wrong_with_the_policy(
        self, lent: Lender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bent = tmp_path / "policy.yaml"
        bent.write_text("name: bent\nas_of: 2026-01-01\n")
        monkeypatch.setenv("KOPA_LATE_POLICY_FILE", str(bent))

        result = late()

        assert result.exit_code == 2
        assert "expected_loss is missing" in result.output or "classes is missing" in result.output
