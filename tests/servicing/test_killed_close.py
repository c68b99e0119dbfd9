"""A worker that is killed while it closes days goes on, and nobody could tell.

`CLOSE_KILLS=100` kills more often.
"""

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bench import closer, loan_book
from kit import jobs
from kit.config import Settings
from kit.crypto import Vault
from kit.db import Sessions, create_engine, sessions_of, unit_of_work
from kit.jobs import sync_url
from servicing import tasks
from servicing.ledger import invariants
from tests.servicing.lending import RULES, START, Lender, kes

KILLS = int(os.environ.get("CLOSE_KILLS", "1"))
QUIET, DAYS = 40, 14
PATIENCE_SECONDS = 600.0
_TODAY = START + timedelta(days=DAYS)
_NOW = datetime.combine(_TODAY, clock_time(6), UTC)
_SAID = {
    "entries": "SELECT reference, kind, posted_on, body_sha256 FROM ledger_entries",
    "lines": "SELECT reference, event, debit, credit, amount_minor FROM ledger_lines"
    " JOIN ledger_entries ON ledger_entries.id = entry_id",
    "loans": "SELECT id, status, accrued_on FROM loans",
    "events": 'SELECT loan_id, seq, key, type, "on", amount_minor FROM loan_events',
    "installments": "SELECT loan_id, n, due_on, interest_minor, penalties_minor,"
    " principal_paid_minor, interest_paid_minor, settled_on FROM installments",
    "days": "SELECT business_date, part, loans, entries, late_fees FROM day_close_parts",
    "messages": "SELECT template, subject, key FROM outbound_messages",
}


@pytest.fixture
async def book(database_url: str, vault: Vault, now: datetime) -> str:
    """Loans for which days go by, and some for which more happens."""
    engine = create_engine(database_url)
    sessions = sessions_of(engine, vault)
    pattern = loan_book.pattern(disbursed_on=START, accrued_on=START, installments=12)
    await loan_book.write(sessions, [pattern], QUIET)
    lender = Lender(sessions, now)
    lender.rules = {"interest_recalculation": {"advance": "reduce_installment"}}
    await lender.lends(frequency="week")
    await lender.receives(await lender.lends(frequency="week"), kes(12_000))
    lender.rules = RULES
    await lender.lends(frequency="week")
    await lender.receives(await lender.lends(frequency="week"), kes(11_000))
    async with unit_of_work(sessions) as session:
        await jobs.enqueue(session, "servicing.close_days", key="close_days:test", tick="test")
    await engine.dispose()
    return database_url


@pytest.fixture
def twin(book: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The same book once more."""
    if "sqlite" in book:
        path = Path(book.partition("///")[2])
        shutil.copy(path, path.with_name("twin.db"))
        yield book.replace(path.name, "twin.db")
        return
    server = request.getfixturevalue("postgres")
    name = str(sa.make_url(book).database)
    server.create(f"{name}_twin", template=name)
    yield server.url(f"{name}_twin")
    server.drop(f"{name}_twin")


@contextmanager
def working(url: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", closer.__name__, url, "closer", _NOW.isoformat()]
    # Jobs of other rooms have no services here, and say so.
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline().strip() == closer.READY
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()


@contextmanager
def reading(url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(sync_url(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with reading(url) as connection:
        return sorted((tuple(row) for row in connection.execute(sa.text(query))), key=repr)


def progress(connection: sa.Connection) -> int:
    """Entries written, in halves of days too."""
    return int(connection.scalar(sa.text("SELECT count(*) FROM ledger_entries")) or 0)


def wait(url: str, process: "subprocess.Popen[str]", until: int) -> bool:
    """Whether so many entries are there; False: all days are closed before."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with reading(url) as connection:
        while progress(connection) < until:
            closed = connection.scalar(sa.text("SELECT count(closed_at) FROM day_closes"))
            if closed == DAYS:
                return False
            assert process.poll() is None, "the worker has ended by itself"
            assert time.monotonic() < deadline, "the worker does not go on"
            time.sleep(0.01)
    return True


async def close_here(url: str, vault: Vault) -> None:
    """Without a stop, and without a worker."""
    engine = create_engine(url)
    services: dict[type, object] = {Settings: Settings(currency="USD")}
    clock = closer.StandingClock(_NOW)
    await tasks.close_days(jobs.Context(sessions_of(engine, vault), clock, services))
    await engine.dispose()


async def test_comes_to_the_same(book: str, twin: str, vault: Vault) -> None:
    await close_here(twin, vault)
    dice = random.Random(len(book))
    with reading(book) as killed, reading(twin) as whole:
        first, last = progress(killed), progress(whole)
    for target in sorted(dice.randrange(first + 1, last) for _ in range(KILLS)):
        with working(book) as process:
            wait(book, process, until=target)
            await asyncio.sleep(dice.random() * 0.02)
    with working(book) as process:
        assert not wait(book, process, until=sys.maxsize)

    for name, query in _SAID.items():
        assert rows(book, query) == rows(twin, query), name
    await assert_books_are_right(book, vault)


async def assert_books_are_right(url: str, vault: Vault) -> None:
    engine = create_engine(url)
    sessions: Sessions = sessions_of(engine, vault)
    async with sessions() as session:
        found = await invariants.verify(session)
    await engine.dispose()
    assert [each for each in found if each.rule != "refinancing_is_zero"] == []
