"""Postings per second beside a plain INSERT of the same rows, by one writer and by eight.

Every posting moves the same income accounts, which carry no balance. Hot is a loan that all writers
post to: its balances have a floor, so there they wait for each other.
"""

import asyncio
import itertools
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from bench import programs
from bench.day_close import PLAIN
from bench.report import Goal, Line
from kit.db import create_engine, sessions_of, unit_of_work
from kit.ids import new_id
from kit.money import Money
from servicing.ledger import posting
from servicing.ledger.rules import RULES, EntryKind, Event

GOAL = Goal("at least", 0.3)
WRITERS = (1, 8)
_ON = date(2026, 11, 20)
_NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
_EVENTS = (Event.INTEREST_ACCRUED, Event.FEE_DUE)
_TURNS = 3
_number = itertools.count()

Write = Callable[[AsyncSession, UUID], Awaitable[None]]


def lines(*, tiny: bool = False) -> list[Line]:
    postings = 32 if tiny else 1_600
    with (
        tempfile.TemporaryDirectory(prefix="kopa-bench-") as folder,
        programs.databases(Path(folder)) as urls,
    ):
        return [
            line
            for name, url in urls.items()
            for line in asyncio.run(_of_database(name, url, postings))
        ]


async def _of_database(name: str, url: str, postings: int) -> list[Line]:
    engine = create_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(PLAIN.create_all)
    found = [
        await _line(engine, f"{name}, writers: {writers}, {what}", writers, is_hot, postings)
        for writers in WRITERS
        for what, is_hot in (("a loan each", False), ("one hot loan", True))
    ]
    await engine.dispose()
    return found


async def _line(engine: AsyncEngine, what: str, writers: int, is_hot: bool, postings: int) -> Line:
    """The median of turns, ours and the peer's one after the other."""
    ours, plain = [], []
    for _ in range(_TURNS):
        ours.append(await _rate(engine, _post, writers, is_hot, postings))
        plain.append(await _rate(engine, _insert, writers, is_hot, postings))
    ratios = [mine / theirs for mine, theirs in zip(ours, plain, strict=True)]
    return Line(
        what, "postings per second", median(ours), median(plain), "plain INSERT", GOAL,
        (min(ratios), max(ratios)),
    )  # fmt: skip


async def _rate(
    engine: AsyncEngine, write: Write, writers: int, is_hot: bool, postings: int
) -> float:
    sessions, hot = sessions_of(engine), new_id()

    async def one(loan_id: UUID) -> None:
        for _ in range(postings // writers):
            async with unit_of_work(sessions) as session:
                await write(session, loan_id)

    begun = time.perf_counter()
    await asyncio.gather(*(one(hot if is_hot else new_id()) for _ in range(writers)))
    return postings / (time.perf_counter() - begun)


async def _post(session: AsyncSession, loan_id: UUID) -> None:
    await posting.post(
        session, EntryKind.ACCRUAL, *((event, Money(100, "KES")) for event in _EVENTS),
        reference=f"bench:{next(_number)}", on=_ON, now=_NOW, loan_id=loan_id,
    )  # fmt: skip


async def _insert(session: AsyncSession, loan_id: UUID) -> None:
    entry_id = new_id()
    await session.execute(
        insert(PLAIN.tables["plain_ledger_lines"]),
        [
            {
                "id": new_id(), "entry_id": entry_id, "event": event, "debit": RULES[event].debit,
                "credit": RULES[event].credit, "amount_minor": 100, "currency": "KES",
                "loan_id": loan_id,
            }
            for event in _EVENTS
        ],
    )  # fmt: skip
    await session.execute(
        insert(PLAIN.tables["plain_ledger_entries"]),
        {
            "id": entry_id, "reference": f"plain:{next(_number)}", "body_sha256": "0" * 64,
            "kind": EntryKind.ACCRUAL, "posted_on": _ON, "loan_id": loan_id, "created_at": _NOW,
        },
    )  # fmt: skip
