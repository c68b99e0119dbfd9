"""`kopa ledger`, as somebody at a terminal or a script sees it."""

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
from tests.servicing import outsider
from tests.servicing.lending import Lender, kes


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(ledger, [str(word) for word in words])


def verify(*options: str | Path) -> Result:
    return run("verify", *options)


@pytest.fixture
def books(
    database_url: str, vault: Vault, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """A loan that is repaid, with something left over."""

    async def lend() -> None:
        engine = create_engine(database_url)
        lender = Lender(sessions_of(engine, vault), now)
        loan = await lender.lends()
        await lender.receives(loan, kes(30_100))
        await engine.dispose()

    asyncio.run(lend())
    monkeypatch.setenv("KOPA_DATABASE_URL", database_url)
    monkeypatch.setenv("KOPA_VAR", str(tmp_path / "var"))
    return database_url


def bend(url: str, *statements: str) -> None:
    async def execute() -> None:
        engine = create_engine(url)
        async with unit_of_work(sessions_of(engine)) as session:
            for statement in statements:
                await session.execute(text(statement))
        await engine.dispose()

    asyncio.run(execute())


def off_guard(url: str) -> str:
    """What the master of a database does before he changes a line of the ledger."""
    if url.startswith("sqlite"):
        return "DROP TRIGGER ledger_lines_no_update"
    return "SET LOCAL session_replication_role = replica"


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
            "payout_is_posted",
            "pending_is_its_order",
        ]

    def test_says_so_when_there_are_no_books(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("KOPA_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}")

        result = verify()

        assert result.exit_code == 2
        assert "no books" in result.output

    def test_names_the_first_entry_that_is_not_what_was_sealed(self, books: str) -> None:
        assert run("checkpoint").exit_code == 0
        assert verify().exit_code == 0
        bend(books, off_guard(books), "UPDATE ledger_lines SET amount_minor = amount_minor + 1")

        result = verify()
        assert result.exit_code == 1
        assert "the entry is not what was sealed as number 1" in " ".join(result.output.split())
        (violation,) = json.loads(verify("--json").output)["violations"]
        assert violation["subject"].startswith("entry disbursement:")

    def test_holds_the_books_to_a_checkpoint_from_outside(self, books: str, tmp_path: Path) -> None:
        kept = tmp_path / "kept"
        kept.write_text(run("checkpoint").output)
        assert verify("--checkpoint", kept).exit_code == 0

        kept.write_text(kept.read_text().replace("\n", "\n1", 1))
        assert verify("--checkpoint", kept).exit_code == 1

    def test_says_how_far_the_books_are_sealed(self, books: str) -> None:
        assert "0 entries are sealed, 0 of them signed." in verify().output

        size = int(run("checkpoint").output.split("\n")[1])
        assert f"{size} entries are sealed, {size} of them signed." in verify().output
        assert json.loads(verify("--json").output)["sealed"] == size


class TestExport:
    def test_is_checked_by_an_outsider(self, books: str, tmp_path: Path) -> None:
        file, kept, key = tmp_path / "export", tmp_path / "kept", tmp_path / "key"
        kept.write_text(run("checkpoint").output)
        key.write_text(run("key").output)

        assert run("export", file).exit_code == 0
        status, said = outsider.checks("--key", key, "--old", kept, file)
        assert (status, said[:4]) == (0, "All ")

    def test_needs_something_signed(self, books: str, tmp_path: Path) -> None:
        result = run("export", tmp_path / "export")

        assert result.exit_code == 2
        assert "nothing is signed yet" in result.output


class TestCheckpoint:
    def test_is_the_same_until_something_is_posted(self, books: str) -> None:
        assert run("checkpoint").output == run("checkpoint").output

    def test_is_not_signed_over_another_past(self, books: str) -> None:
        assert run("checkpoint").exit_code == 0
        guard = off_guard(books).replace("ledger_lines", "ledger_seals")
        newest = "(SELECT max(seq) FROM ledger_seals)"
        bend(books, guard, f"UPDATE ledger_seals SET hashes = chain WHERE seq = {newest}")

        result = run("checkpoint")
        assert result.exit_code == 1
        assert "see kopa ledger verify" in result.output


class TestKey:
    def test_is_made_once_and_may_be_given(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("KOPA_VAR", str(tmp_path))
        monkeypatch.setenv("KOPA_DATABASE_URL", "")
        made = run("key").output
        assert made == run("key").output
        assert (tmp_path / "seal.key").stat().st_mode & 0o077 == 0

        given = run("key", "--new", "lender.example/ledger").output.strip()
        monkeypatch.setenv("KOPA_SEAL_KEY", given)
        assert run("key").output.startswith("lender.example/ledger+")
        assert run("key", "--new", "two words").exit_code == 2

    def test_that_was_changed_is_still_known(
        self, books: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert run("checkpoint").exit_code == 0
        old = run("key").output.strip()
        monkeypatch.setenv("KOPA_SEAL_KEY", run("key", "--new", "next").output.strip())
        assert verify().exit_code == 1

        monkeypatch.setenv("KOPA_PREVIOUS_SEAL_KEYS", json.dumps([old]))
        assert verify().exit_code == 0

        monkeypatch.setenv("KOPA_PREVIOUS_SEAL_KEYS", json.dumps([old[:-3]]))
        result = verify()
        assert result.exit_code == 2
        assert "KOPA_PREVIOUS_SEAL_KEYS" in result.output


class TestWrongFiles:
    @pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"", b"kopa/ledger+b1a0+AX\n"])
    def test_a_file_that_is_no_checkpoint_is_no_violation(
        self, books: str, tmp_path: Path, content: bytes
    ) -> None:
        kept = tmp_path / "checkpoint.txt"
        kept.write_bytes(content)

        result = verify("--checkpoint", kept)

        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == f"{kept} is no checkpoint\n"
