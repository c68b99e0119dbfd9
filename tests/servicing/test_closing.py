"""The book is closed in parts by whoever is there, and everybody sees how far it is."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from kit import jobs
from kit.config import Settings
from kit.db import Sessions, unit_of_work
from kit.worker import Worker
from servicing import day_close, repayments, tasks
from servicing.closing import parts
from servicing.closing.parts import Run
from servicing.ledger import posting
from servicing.ledger.rules import EntryKind, Event
from servicing.models import Loan
from tests.servicing.lending import START, Lender, kes
from tests.servicing.test_locks import until_somebody_waits

TOMORROW = START + timedelta(days=1)


@pytest.fixture
def pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part is two loans."""
    monkeypatch.setattr(parts, "LOANS", 2)


async def lend(lender: Lender, count: int) -> list[Loan]:
    return [await lender.lends() for _ in range(count)]


async def runs(lender: Lender) -> list[Run]:
    async with lender.sessions() as session:
        return await parts.list_runs(session)


async def plan(lender: Lender, today: date) -> list[int]:
    async with unit_of_work(lender.sessions) as session:
        return await parts.plan(session, today=today, now=lender.now)


@pytest.mark.usefixtures("pairs")
class TestParts:
    async def test_are_done_in_any_order_and_close_the_day_together(self, lender: Lender) -> None:
        loans = await lend(lender, 5)
        found = await plan(lender, TOMORROW)
        assert found == [1, 2, 3]

        for done, part in enumerate([3, 1], 1):
            await tasks.close_part(lender.context, part=part)
            (run,) = await runs(lender)
            assert (run.parts_done, run.parts, run.closed_at) == (done, 3, None)
        await tasks.close_part(lender.context, part=2)

        (run,) = await runs(lender)
        assert (run.parts_done, run.loans, run.closed_at) == (3, 5, lender.now)
        assert {(await lender.sees(loan)).accrued_on for loan in loans} == {START}

    async def test_stay_as_they_are_until_all_of_them_are_done(self, lender: Lender) -> None:
        await lend(lender, 3)
        await plan(lender, TOMORROW)
        await lend(lender, 4)
        lender.now += timedelta(days=1)

        assert await plan(lender, TOMORROW + timedelta(days=1)) == [1, 2]
        for part in (1, 2):
            await tasks.close_part(lender.context, part=part)

        assert [(run.parts, run.loans) for run in await runs(lender)] == [(2, 7), (2, 7)]
        later = TOMORROW + timedelta(days=2)
        assert await plan(lender, later) == [1, 2, 3, 4]


class TestRuns:
    async def test_say_what_the_days_have_brought(self, lender: Lender) -> None:
        await lend(lender, 2)
        lender.now += timedelta(days=35)

        await tasks.close_days(lender.context)

        newest, *others = await runs(lender)
        assert newest.business_date == START + timedelta(days=34)
        assert [run.loans for run in (newest, *others)] == [2] * 35
        assert [run.late_fees for run in (newest, *others)] == [2] + [0] * 34
        assert [run.entries for run in (newest, *others)] == [4] + [2] * 33 + [0]
        assert all(run.closed_at == lender.now and run.failures == 0 for run in (newest, *others))

    async def test_come_in_pages(self, lender: Lender) -> None:
        await lend(lender, 1)
        lender.now += timedelta(days=5)
        await tasks.close_days(lender.context)

        async with lender.sessions() as session:
            page = await parts.list_runs(session, before=START + timedelta(days=3), limit=2)

        assert [run.business_date.day for run in page] == [22, 21]

    async def test_count_nothing_twice(self, lender: Lender) -> None:
        await lend(lender, 1)
        lender.now += timedelta(days=3)
        await tasks.close_days(lender.context)
        before = await runs(lender)

        async with unit_of_work(lender.sessions) as session:
            await day_close.close(session, on=TOMORROW, now=lender.now)
        await tasks.close_days(lender.context)

        assert await runs(lender) == before


class TestALoanThatFails:
    @pytest.fixture
    async def behind(self, lender: Lender) -> Loan:
        """Its entry of the first day cannot be written: the name is taken."""
        behind, *_ = await lend(lender, 3)
        name = f"accrual:{behind.id}:{TOMORROW}"
        async with unit_of_work(lender.sessions) as session:
            await posting.post(
                session, EntryKind.SUSPENSE, (Event.UNMATCHED_RECEIVED, kes(1)),
                reference=name, on=START, now=lender.now,
            )  # fmt: skip
        lender.now += timedelta(days=4)
        return behind

    async def test_fails_alone(self, lender: Lender, behind: Loan) -> None:
        with pytest.raises(tasks.DayNotClosed):
            await tasks.close_days(lender.context)

        days = await runs(lender)
        assert [(run.loans, run.failures) for run in days] == [(2, 1)] * 3 + [(3, 0)]
        assert [run.closed_at is None for run in days] == [True] * 3 + [False]
        assert (await lender.sees(behind)).accrued_on == START

    async def test_is_known_by_name(self, lender: Lender, behind: Loan) -> None:
        with pytest.raises(tasks.DayNotClosed):
            await tasks.close_days(lender.context)

        async with lender.sessions() as session:
            (failure,) = await parts.list_behind(session)
        assert (failure.loan_id, failure.since) == (behind.id, TOMORROW)
        assert failure.error == "ReferenceReused"

    async def test_comes_through_all_its_days_when_it_is_mended(
        self, lender: Lender, behind: Loan
    ) -> None:
        with pytest.raises(tasks.DayNotClosed):
            await tasks.close_days(lender.context)
        async with unit_of_work(lender.sessions) as session:  # A person closes the gap by hand.
            loan = update(Loan).where(Loan.id == behind.id)
            await session.execute(loan.values(accrued_on=TOMORROW))

        await tasks.close_days(lender.context)

        days = await runs(lender)
        assert [(run.loans, run.failures) for run in days] == [(3, 0)] * 4
        assert all(run.closed_at for run in days)


class TestAtTheSameTime:
    @pytest.fixture
    def lender(self, own_sessions: Sessions, now: datetime) -> Lender:
        return Lender(own_sessions, now)

    @pytest.mark.usefixtures("pairs")
    async def test_parts_are_spread_over_the_jobs_of_a_worker(
        self, lender: Lender, database_url: str
    ) -> None:
        await lend(lender, 5)
        lender.now += timedelta(days=3)
        settings = Settings(database_url=database_url, job_polling_seconds=0.02)
        worker = Worker(settings, lender.context)
        async with unit_of_work(lender.sessions) as session:
            await jobs.enqueue(session, "servicing.close_days", key="close_days:now", tick="now")

        await worker.start()
        await worker.until_idle(timeout_seconds=120)
        await worker.stop()

        assert [(run.parts_done, run.parts, run.loans) for run in await runs(lender)] == [
            (3, 3, 5)
        ] * 3

    async def test_two_closers_do_it_once(self, lender: Lender) -> None:
        late, other = await lender.lends(), await lender.lends()
        await lender.receives(other, kes(12_000))
        lender.now += timedelta(days=35)

        await asyncio.gather(*(tasks.close_days(lender.context) for _ in range(3)))

        days = await runs(lender)
        assert [run.loans for run in days] == [2] * 35
        assert sum(run.late_fees for run in days) == 1
        assert (await lender.books(late))["penalties_receivable"] != "0.00"
        await lender.verifies()

    # SQLite has one writer, and locks no rows.
    @pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
    async def test_a_batch_locks_only_its_own_loans(
        self, lender: Lender, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(day_close, "TOLD", 2)
        lender.rules = {"interest_recalculation": True}
        loans = await lend(lender, 5)
        await plan(lender, TOMORROW)

        async with unit_of_work(lender.sessions) as session:
            batch = await day_close.take(session, START, 1, now=lender.now)
            async with lender.sessions() as other:
                free = select(Loan.id).order_by(Loan.id).with_for_update(skip_locked=True)
                found = list(await other.scalars(free))

        assert batch is not None
        assert batch.loans == [loan.id for loan in loans[:2]]
        assert found == [loan.id for loan in loans[2:]]

    @pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
    async def test_a_loan_that_ends_while_a_batch_waits_for_it_is_left_out(
        self, lender: Lender
    ) -> None:
        ended, other = await lend(lender, 2)
        payoff = await lender.payoff(ended)
        lender.now += timedelta(days=2)

        async with unit_of_work(lender.sessions) as session:
            await repayments.receive(
                session, loan_id=ended.id, amount=payoff, rail_reference="wallet:W2", on=START,
                now=lender.now,
            )  # fmt: skip
            closing: asyncio.Future[Any] = asyncio.ensure_future(tasks.close_days(lender.context))
            await until_somebody_waits(lender.sessions, closing)
        await closing

        assert [run.loans for run in await runs(lender)] == [1, 1]
        assert (await lender.sees(other)).accrued_on == TOMORROW
        await lender.verifies()
