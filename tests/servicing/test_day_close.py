"""A business day may be closed late, twice, or after a stop in the middle."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from kit.db import unit_of_work
from servicing import day_close, queries, tasks
from servicing.closing import parts
from servicing.closing.models import DayClose
from servicing.ledger.models import Entry
from servicing.ledger.rules import EntryKind
from tests.servicing.lending import START, Lender, kes


async def late_fees(lender: Lender) -> int:
    async with lender.sessions() as session:
        rows = await session.scalars(select(Entry).where(Entry.kind == EntryKind.LATE_FEE))
        return len(list(rows))


async def days(lender: Lender) -> list[date]:
    async with lender.sessions() as session:
        query = select(DayClose.business_date).where(DayClose.closed_at.is_not(None))
        return list(await session.scalars(query.order_by(DayClose.business_date)))


async def closes(lender: Lender, on: date) -> None:
    async with unit_of_work(lender.sessions) as session:
        await day_close.close(session, on=on, now=lender.now)


class TestClose:
    async def test_twice_is_once(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(date(2026, 12, 25))
        books = await lender.books(loan)

        await closes(lender, date(2026, 12, 24))

        assert await lender.books(loan) == books
        assert await late_fees(lender) == 1

    async def test_stopped_in_the_middle_goes_on(self, lender: Lender) -> None:
        done, left = await lender.lends(), await lender.lends()
        async with unit_of_work(lender.sessions) as session:
            await day_close.close_loan(session, done.id, on=START, now=lender.now)
        assert await days(lender) == []

        await closes(lender, START)

        assert await lender.books(done) == await lender.books(left)
        assert await days(lender) == [START]

    async def test_of_an_old_day_takes_nothing_back(self, lender: Lender) -> None:
        loan = await lender.lends()
        await closes(lender, date(2026, 12, 10))
        books = await lender.books(loan)

        await closes(lender, date(2026, 12, 1))

        assert await lender.books(loan) == books

    async def test_leaves_alone_what_is_not_running(self, lender: Lender) -> None:
        waiting, repaid = await lender.opens(), await lender.lends()
        await lender.receives(repaid, kes(30_000))
        books = await lender.books(repaid)

        await closes(lender, date(2026, 12, 24))

        assert await lender.books(waiting) == {}
        assert await lender.books(repaid) == books


class TestDaysToClose:
    async def to_close(self, lender: Lender, today: date) -> list[date]:
        async with lender.sessions() as session:
            return await parts.days_to_close(session, today=today)

    async def test_begin_with_the_first_loan(self, lender: Lender) -> None:
        assert await self.to_close(lender, START) == []
        await lender.lends()

        assert await self.to_close(lender, START) == []
        assert await self.to_close(lender, START + timedelta(days=2)) == [
            START,
            START + timedelta(days=1),
        ]

    async def test_go_on_after_the_last_close(self, lender: Lender) -> None:
        await lender.lends()
        await closes(lender, START)

        assert await self.to_close(lender, START + timedelta(days=2)) == [START + timedelta(days=1)]


class TestTheJob:
    async def test_closes_every_day_that_is_over_where_the_lender_is(self, lender: Lender) -> None:
        """Half past nine in the evening in UTC is tomorrow in Nairobi."""
        loan = await lender.lends()
        lender.now = datetime(2026, 11, 22, 21, 30, tzinfo=UTC)

        await tasks.close_days(lender.context)
        await tasks.close_days(lender.context)

        assert await days(lender) == [START, date(2026, 11, 21), date(2026, 11, 22)]
        assert (await lender.books(loan))["interest_receivable"] == "60.00"

    async def test_takes_fewer_at_once_where_interest_is_recalculated(
        self, lender: Lender, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(day_close, "TOLD", 2)
        lender.rules = {"interest_recalculation": True}
        loans = [await lender.lends() for _ in range(5)]
        lender.now += timedelta(days=1)

        await tasks.close_days(lender.context)

        assert {(await lender.sees(loan)).accrued_on for loan in loans} == {START}
        async with lender.sessions() as session:
            [run] = await parts.list_runs(session)
        assert (run.loans, run.entries, run.closed_at) == (5, 0, lender.now)

    async def test_one_broken_loan_does_not_stop_the_others(self, lender: Lender) -> None:
        broken, sound = await lender.lends(), await lender.lends()
        async with unit_of_work(lender.sessions) as session:
            (await queries.get_loan(session, broken.id)).accrued_on = None
        lender.now += timedelta(days=2)

        with pytest.raises(tasks.DayNotClosed):
            await tasks.close_days(lender.context)

        yesterday = START + timedelta(days=1)
        assert (await lender.sees(sound)).accrued_on == yesterday
        assert await days(lender) == []

    async def test_a_mended_loan_catches_up_on_every_day(self, lender: Lender) -> None:
        broken, sound = await lender.lends(), await lender.lends()
        async with unit_of_work(lender.sessions) as session:
            fresh = await queries.get_loan(session, broken.id)
            was, fresh.accrued_on = fresh.accrued_on, None
        lender.now += timedelta(days=36)
        with pytest.raises(tasks.DayNotClosed):
            await tasks.close_days(lender.context)
        async with unit_of_work(lender.sessions) as session:
            (await queries.get_loan(session, broken.id)).accrued_on = was
        lender.now += timedelta(days=1)

        await tasks.close_days(lender.context)

        assert await lender.books(broken) == await lender.books(sound)
        assert await late_fees(lender) == 2
        assert len(await days(lender)) == 37
        await lender.verifies()
