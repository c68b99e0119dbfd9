"""The end of the day: many days of a small book, and one day of a large one, entries included."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import cast

from sqlalchemy import Column, MetaData, Table, func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bench import closer, loan_book, programs
from bench.closer import StandingClock
from bench.report import Goal, Line
from kit import jobs
from kit.config import Settings
from kit.db import Sessions, create_engine, sessions_of, unit_of_work
from servicing import day_close, tasks
from servicing.closing.models import DayClose, DayClosePart
from servicing.ledger.models import Entry
from servicing.ledger.models import Line as LedgerLine

GOALS = {"PostgreSQL": Goal("at least", 5_000), "SQLite": Goal("at least", 2_000)}
LINEAR = Goal("at least", 0.8)
WORKERS = {"PostgreSQL": 2, "SQLite": 1}
"""SQLite has one process, as in production."""
_START = date(2026, 1, 5)
_DAY = date(2026, 11, 20)
_AGES = 30
"""The large book's loans were paid out on so many days: some fall due on the day itself."""
PLAIN = MetaData()
for _model in (Entry, LedgerLine):
    _table = cast(Table, _model.__table__)
    Table(
        f"plain_{_table.name}",
        PLAIN,
        *(Column(column.name, column.type, primary_key=column.primary_key) for column in _table.c),
    )
_RECALCULATES = {"interest_recalculation": {"rest": "daily"}}
_TOLD = 100
"""So many loans with it: a thousand would take ten times as long."""
_SETTINGS = Settings(_env_file=None, currency="USD")


def lines(*, tiny: bool = False) -> list[Line]:
    small, days = (20, (1, 3)) if tiny else (1_000, (1, 7, 30, 100, 300, 700))
    large, told = (300, 10) if tiny else (100_000, _TOLD)
    found: list[Line] = []
    with _databases() as urls:
        for name, url in urls.items():
            found += asyncio.run(_catch_up(name, url, small, days))
    with _databases() as urls:
        for name, url in urls.items():
            found += asyncio.run(_recalculated(name, url, told, days))
    with _databases() as urls:
        for name, url in urls.items():
            found += asyncio.run(_one_day(name, url, large))
    return found


@contextmanager
def _databases() -> Iterator[dict[str, str]]:
    with (
        tempfile.TemporaryDirectory(prefix="kopa-bench-") as folder,
        programs.databases(Path(folder)) as urls,
    ):
        yield urls


async def _catch_up(name: str, url: str, loans: int, days: tuple[int, ...]) -> list[Line]:
    """One book, closed again and again: what `n` days take is what they took since the start."""
    engine = create_engine(url)
    sessions = sessions_of(engine, programs.vault())
    one = loan_book.pattern(disbursed_on=_START, accrued_on=_START, installments=24)
    await loan_book.write(sessions, [one], loans)
    await _pretend_closed(sessions, _START, _START)
    seconds, rates = 0.0, []
    for count in days:
        clock = StandingClock(_morning_after(_START + timedelta(days=count)))
        begun = time.perf_counter()
        await tasks.close_days(jobs.Context(sessions, clock, {Settings: _SETTINGS}))
        seconds += time.perf_counter() - begun
        rates.append(loans * count / seconds)
    await _assert_closed(sessions, loans * days[-1])
    await engine.dispose()
    of_each = [
        Line(f"{loans:,} loans, {count} days, {name}", "loan days per second", rate)
        for count, rate in zip(days, rates, strict=True)
    ]
    linear = Line(
        f"{loans:,} loans, {days[-1]} days beside {days[1]}, {name}", "loan days per second",
        rates[-1], rates[1], f"at {days[1]} days", LINEAR,
    )  # fmt: skip
    return [*of_each, linear]


async def _recalculated(name: str, url: str, loans: int, days: tuple[int, ...]) -> list[Line]:
    """The same book where interest is recalculated every day, in processor time of this process
    and of the server's for it: how fast it goes by the clock is what others leave of the machine.

    Nobody pays, so the first month is quiet, and on each day after it the schedule changes."""
    engine = create_engine(url)
    sessions = sessions_of(engine, programs.vault())
    one = loan_book.pattern(
        disbursed_on=_START, accrued_on=_START, installments=24, rules=_RECALCULATES
    )
    await loan_book.write(sessions, [one], loans)
    await _pretend_closed(sessions, _START, _START)
    begun, costs = await _own_seconds(engine), []
    for count in days:
        clock = StandingClock(_morning_after(_START + timedelta(days=count)))
        await tasks.close_days(jobs.Context(sessions, clock, {Settings: _SETTINGS}))
        costs.append((await _own_seconds(engine) - begun) / (loans * count) * 1e6)
    await _assert_closed(sessions, loans * days[-1])
    await engine.dispose()
    of_each = [
        Line(f"{loans:,} loans, {count} days, recalculated daily, {name}", "µs a loan day", cost)
        for count, cost in zip(days, costs, strict=True)
    ]
    linear = Line(
        f"{loans:,} loans, {days[-1]} days beside {days[1]}, recalculated daily, {name}",
        "µs a loan day", costs[-1], costs[1], f"at {days[1]} days",
    )  # fmt: skip
    return [*of_each, linear]


async def _one_day(name: str, url: str, loans: int) -> list[Line]:
    engine = create_engine(url)
    sessions = sessions_of(engine, programs.vault())
    before = _DAY - timedelta(days=1)
    patterns = [
        loan_book.pattern(disbursed_on=before - timedelta(days=n), accrued_on=before,
                          installments=12)
        for n in range(1, _AGES + 1)
    ]  # fmt: skip
    await loan_book.write(sessions, patterns, loans)
    await _pretend_closed(sessions, before - timedelta(days=_AGES), before)
    await _settle_down(engine)
    with _workers(url, WORKERS[name]) as workers:
        before_it = await _processor_seconds(engine, workers)
        begun = time.perf_counter()
        async with unit_of_work(sessions) as session:
            await jobs.enqueue(session, "servicing.close_days", key="bench")
        while not await _is_closed(sessions):
            assert all(worker.poll() is None for worker in workers), "a worker has ended"
            await asyncio.sleep(0.02)
        seconds = time.perf_counter() - begun
        worked = await _processor_seconds(engine, workers) - before_it
    written = await _assert_closed(sessions, loans)
    plain = await _plain_inserts(engine, written)
    await engine.dispose()
    return [
        Line(f"{loans:,} loans, one day, {name}, workers: {WORKERS[name]}", "loans per second",
             loans / seconds, goal=GOALS[name]),
        Line(f"{loans:,} loans, one day, {name}: processor time of workers and database",
             "µs a loan", worked / loans * 1e6),
        Line(f"{loans:,} loans, one day, {name}: entries and lines", "rows per second",
             2 * written / seconds, plain, "plain INSERT of them"),
    ]  # fmt: skip


@contextmanager
def _workers(url: str, count: int) -> Iterator["list[subprocess.Popen[str]]"]:
    now = _morning_after(_DAY).isoformat()
    started = [
        subprocess.Popen(
            [sys.executable, "-m", closer.__name__, url, f"closer-{n}", now],
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(count)
    ]
    try:
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == closer.READY, "a worker did not start"
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


async def _processor_seconds(engine: AsyncEngine, workers: "list[subprocess.Popen[str]]") -> float:
    """What workers, and the server's processes for them, have used. Others who compute on the
    machine make a close slower; this they hardly change."""
    return await _used(engine, [worker.pid for worker in workers])


async def _own_seconds(engine: AsyncEngine) -> float:
    return await _used(engine, [os.getpid()])


async def _used(engine: AsyncEngine, pids: list[int]) -> float:
    if engine.dialect.name == "postgresql":
        async with engine.connect() as connection:
            found = await connection.exec_driver_sql(
                "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
            )
            pids = [*pids, *found.scalars()]
    return _ticks(pids) / os.sysconf("SC_CLK_TCK")


def _ticks(pids: Iterable[int]) -> int:
    used = 0
    for pid in pids:
        with suppress(FileNotFoundError):
            # After the name, which may hold anything, the 12th and the 13th.
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            used += int(words[11]) + int(words[12])
    return used


def _morning_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), clock_time(6), UTC)


async def _pretend_closed(sessions: Sessions, first: date, last: date) -> None:
    at = _morning_after(last)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    async with unit_of_work(sessions) as session:
        session.add_all(
            DayClose(business_date=day, parts=0, started_at=at, closed_at=at) for day in days
        )


async def _settle_down(engine: AsyncEngine) -> None:
    """What PostgreSQL would have done by itself while so large a book grew."""
    if engine.dialect.name == "postgresql":
        async with engine.connect() as connection:
            autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await autocommit.exec_driver_sql("VACUUM ANALYZE")


async def _is_closed(sessions: Sessions) -> bool:
    async with sessions() as session:
        day = await session.get(DayClose, _DAY)
        return day is not None and day.closed_at is not None


async def _assert_closed(sessions: Sessions, loan_days: int) -> int:
    """Every loan has come through every day; how many entries that were."""
    async with sessions() as session:
        waiting = select(func.count()).where(DayClose.closed_at.is_(None))
        assert await session.scalar(waiting) == 0
        sums = select(func.sum(DayClosePart.loans), func.sum(DayClosePart.entries))
        loans, entries = (await session.execute(sums)).one()
        assert loans == loan_days, f"{loans} instead of {loan_days}"
        return int(entries)


async def _plain_inserts(engine: AsyncEngine, entries: int) -> float:
    """The same rows by the same driver, one writer, as many in a transaction: no index but the
    key, no trigger, no foreign key."""
    async with engine.begin() as connection:
        await connection.run_sync(PLAIN.create_all)
        rows = [
            [dict(row) for row in (await connection.execute(query)).mappings()]
            for query in (
                select(Entry.__table__).where(Entry.posted_on == _DAY),
                select(LedgerLine.__table__).join(Entry).where(Entry.posted_on == _DAY),
            )
        ]
    begun = time.perf_counter()
    for first in range(0, entries, day_close.BATCH):
        async with engine.begin() as connection:
            for table, of_table in zip(PLAIN.sorted_tables, rows, strict=True):
                await connection.execute(insert(table), of_table[first : first + day_close.BATCH])
    return 2 * entries / (time.perf_counter() - begun)
