"""`kopa ledger verify`, as somebody at a terminal or a script sees it."""

import asyncio
import json
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from cli.ledger import ledger
from kit.crypto import Vault
from kit.db import create_engine, sessions_of, unit_of_work
from tests.servicing.lending import Lender, kes


def verify(*options: str) -> Result:
    return CliRunner().invoke(ledger, ["verify", *options])


@pytest.fixture
def books(database_url: str, vault: Vault, now: datetime, monkeypatch: pytest.MonkeyPatch) -> str:
    """A loan that is repaid, with something left over."""

    async def lend() -> None:
        engine = create_engine(database_url)
        lender = Lender(sessions_of(engine, vault), now)
        loan = await lender.lends()
        await lender.receives(loan, kes(30_100))
        await engine.dispose()

    asyncio.run(lend())
    monkeypatch.setenv("KOPA_DATABASE_URL", database_url)
    return database_url


def bend(url: str, statement: str) -> None:
    async def run() -> None:
        engine = create_engine(url)
        async with unit_of_work(sessions_of(engine)) as session:
            await session.execute(text(statement))
        await engine.dispose()

    asyncio.run(run())


class TestVerify:
    def test_shows_the_trial_balance_and_what_waits(self, books: str) -> None:
        result = verify()

        assert result.exit_code == 0, result.output
        assert "The books are right." in result.output
        assert "100.00 KES" in result.output
        assert "loan_principal" in result.output

    def test_answers_in_json(self, books: str) -> None:
        answer = json.loads(verify("--json").output)

        (waiting,) = answer["suspense"]
        assert (waiting["reason"], waiting["amount"]) == ("overpaid", "100.00")
        assert answer["violations"] == []
        nets = {row["account"]: row["net"] for row in answer["balances"]}
        assert nets["cash_wallet"] == "900.00"
        assert nets["loan_principal"] == "0.00"

    def test_ends_with_1_when_the_books_are_wrong(self, books: str) -> None:
        bend(books, "UPDATE payouts SET amount_minor = 1")

        result = verify()

        assert result.exit_code == 1
        assert "payout_is_posted" in result.output
        assert [v["rule"] for v in json.loads(verify("--json").output)["violations"]] == [
            "payout_is_posted"
        ]

    def test_says_so_when_there_are_no_books(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("KOPA_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}")

        result = verify()

        assert result.exit_code == 2
        assert "no books" in result.output
