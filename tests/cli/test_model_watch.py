"""`kopa model watch`: what the daily look would say, at once."""

import asyncio
import json
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import kopa
from kit.crypto import Vault
from kit.db import create_engine, sessions_of, unit_of_work
from scoring.watching import alerts
from tests.onboarding import watched_book
from tests.onboarding.watched_book import Book


def watch(*options: str) -> Result:
    return CliRunner().invoke(kopa, ["model", "watch", *options])


@pytest.fixture
def book(
    database_url: str,
    vault: Vault,
    now: datetime,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """Loans that went bad far more often than was stated."""
    texts = watched_book.model_that_remembers(tmp_path / "model")

    async def fill() -> None:
        engine = create_engine(database_url)
        async with unit_of_work(sessions_of(engine, vault)) as session:
            made = await Book.of(session, texts, now)
            await made.decides(300, days_ago=300, riskier=0.3)
            await made.decides(60, days_ago=3)
        await engine.dispose()

    asyncio.run(fill())
    monkeypatch.setenv("KOPA_DATABASE_URL", database_url)
    monkeypatch.setenv("KOPA_VAR", str(tmp_path))
    return database_url


def test_measures_and_keeps_when_asked(book: str, vault: Vault) -> None:
    shown = watch()
    told = json.loads(watch("--json").stdout)
    kept = watch("--keep", "--check")

    async def standing() -> list[str]:
        engine = create_engine(book)
        async with sessions_of(engine, vault)() as session:
            found = [row.kind for row in await alerts.list_standing(session)]
        await engine.dispose()
        return found

    assert shown.exit_code == 0, shown.output
    assert "alarming" in shown.output
    (measures,) = told.values()
    assert "calibration" in {each["kind"] for each in measures if each["is_alarming"]}
    assert kept.exit_code == 1
    assert "calibration" in asyncio.run(standing())


def test_says_that_nothing_was_decided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOPA_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}")
    monkeypatch.setenv("KOPA_VAR", str(tmp_path))

    result = watch()

    assert result.exit_code == 2
    assert result.output.strip() == "there are no decisions in this database: start kopa once"
