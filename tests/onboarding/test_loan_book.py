"""The lender's own book as training rows: matured loans, and what was known when they began."""

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import kopa
from kit.crypto import Vault
from kit.db import Sessions, create_engine, sessions_of, unit_of_work
from scoring.models import Decision
from scoring.policy import Outcome
from scoring.training import tables
from servicing import outcomes
from servicing.models import Loan
from tests.scoring import cases
from tests.servicing.lending import START, Lender, kes

DAYS = 70


async def turned_out(
    sessions: Sessions, lender: Lender, late_days: int = 30, within_days: int = DAYS
) -> dict[object, bool]:
    async with sessions() as session:
        found = outcomes.list_matured(
            session, late_days=late_days, within_days=within_days, on=lender.on
        )
        return {one.loan_id: one.went_bad async for one in found}


class TestMatured:
    async def test_tells_the_late_from_those_who_paid(
        self, sessions: Sessions, now: datetime
    ) -> None:
        lender = Lender(sessions, now)
        late, paid = await lender.lends(), await lender.lends()
        await lender.receives(paid, kes(40_000))
        assert await turned_out(sessions, lender) == {}, "who repaid early waits for the window too"

        await lender.closes_days_until(START + timedelta(days=DAYS))

        told = {late.id: True, paid.id: False}
        assert await turned_out(sessions, lender) == told
        assert await turned_out(sessions, lender, within_days=59) == told, (
            "no sooner than it can be"
        )
        assert await turned_out(sessions, lender, late_days=41) == {}, "nobody can be so late yet"


def book(*options: object) -> Result:
    return CliRunner().invoke(kopa, ["model", "book", *map(str, options)])


@pytest.fixture
def lent(database_url: str, vault: Vault, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three loans that are old enough; one of them was not decided by a model."""
    engine = create_engine(database_url)
    lender = Lender(sessions_of(engine, vault), now)

    async def lend() -> None:
        late, paid, imported = [await lender.lends() for _ in range(3)]
        await lender.receives(paid, kes(40_000))
        await decided(lender, late, attempt=1, months=3)
        await decided(lender, late, attempt=2, months=6)
        await decided(lender, paid, attempt=1, months=3)
        await lender.receives(imported, kes(40_000))
        await lender.closes_days_until(lender.on + timedelta(days=DAYS))
        await engine.dispose()

    asyncio.run(lend())
    monkeypatch.setenv("KOPA_DATABASE_URL", database_url)


async def decided(lender: Lender, loan: Loan, *, attempt: int, months: int) -> None:
    document = cases.asking(term_days=months * 365 // 12).to_json()
    async with unit_of_work(lender.sessions) as session:
        session.add(
            Decision(
                application_id=loan.application_id, attempt=attempt, snapshot=document,
                model_sha256="0" * 64, policy_sha256="0" * 64, pd=0.1, grade="A",
                outcome=Outcome.APPROVE, currency="KES", limit_minor=1, approved_minor=1,
                reasons=[], contributions=[], created_at=lender.now,
            )
        )  # fmt: skip


@pytest.mark.usefixtures("lent")
def test_writes_what_was_known_and_how_it_ended(tmp_path: Path) -> None:
    out = tmp_path / "book" / "loans.parquet"
    out.parent.mkdir()

    result = book("--out", out, "--within-days", DAYS, "--json")

    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["rows"], told["bad"]) == (2, 1), "the loan that no model decided is not a row"
    table = tables.read(str(out))
    rows = sorted(zip(table.get("bad"), table.get("term_months"), strict=True))
    assert rows[0] == (0, pytest.approx(3, abs=0.1))
    assert rows[1] == (1, pytest.approx(6, abs=0.1)), "the last decision stands"
    names = set(table.columns)
    assert {"decided_on", "employment_type"} <= names
    assert not {"age_years", "dependents", "application_id", "borrower_id", "answers"} & names

    early = book("--out", out, "--within-days", 700)

    assert early.exit_code == 2
    assert "no loan was paid out 700 days ago" in early.output
    assert list(out.parent.iterdir()) == [out], "and the file of before is left alone"


def test_says_that_there_is_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOPA_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}")

    result = book("--out", tmp_path / "loans.parquet")

    assert result.exit_code == 2
    assert "start kopa once" in result.output
