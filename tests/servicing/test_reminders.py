"""Which reminder is said at which moment: once, and only while something is to be paid."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from kit.db import unit_of_work
from notifications import sealing
from notifications.models import Notification
from notifications.states import Channel, Purpose
from servicing import queries, reminders, tasks
from servicing.models import Loan
from tests.servicing.lending import Lender, kes

DUE = date(2026, 12, 20)
ZONE = "Africa/Nairobi"
NAIROBI = ZoneInfo(ZONE)


def at(days: int, hour: int) -> datetime:
    return datetime(2026, 12, 20, hour, tzinfo=NAIROBI) + timedelta(days=days)


class TestPlan:
    @pytest.mark.parametrize(
        ("moment", "kind"),
        [
            (at(-4, 12), None),
            (at(-3, 9), None),
            (at(-3, 10), "due_in_3_days"),
            (at(-2, 9), "due_in_3_days"),
            (at(-2, 10), None),  # a day late: not said any more
            (at(-1, 16), None),
            (at(-1, 17), "due_tomorrow"),
            (at(0, 7), "due_tomorrow"),
            (at(0, 8), "due_today"),
            (at(1, 10), "late_1"),
            (at(2, 12), None),
            (at(3, 10), "late_3"),
            (at(7, 10), "late_7"),
            (at(8, 10), None),
        ],
    )
    def test_says_the_newest_that_is_fresh(self, moment: datetime, kind: str | None) -> None:
        said = reminders.newest(reminders.PLAN, DUE, NAIROBI, moment)

        assert (said.kind if said else None) == kind


async def runs(lender: Lender, moment: datetime) -> None:
    lender.now = moment
    await tasks.remind(lender.context)


async def said(lender: Lender, loan: Loan) -> list[Notification]:
    async with lender.sessions() as session:
        return list(
            await session.scalars(
                select(Notification)
                .where(Notification.subject == loan.subject, Notification.key.like("rem:%"))
                .order_by(Notification.id)
            )
        )


class TestRemind:
    async def test_follows_the_installment_through_its_days(self, lender: Lender) -> None:
        loan = await lender.lends()
        for days in range(-5, 10):
            for hour in (9, 11, 18, 18):
                await runs(lender, at(days, hour))

        rows = await said(lender, loan)
        assert [(row.key.split(":")[-1], row.purpose, row.channels) for row in rows] == [
            ("due_in_3_days", Purpose.REMINDER, [Channel.TELEGRAM]),
            ("due_tomorrow", Purpose.REMINDER, [Channel.TELEGRAM, Channel.SMS]),
            ("due_today", Purpose.REMINDER, [Channel.TELEGRAM]),
            ("late_1", Purpose.COLLECTION, [Channel.TELEGRAM]),
            ("late_3", Purpose.COLLECTION, [Channel.TELEGRAM, Channel.SMS]),
            ("late_7", Purpose.COLLECTION, [Channel.TELEGRAM, Channel.SMS]),
        ]  # fmt: skip

    async def test_says_what_is_left_to_pay(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.receives(loan, kes(600))  # waits as credit
        await runs(lender, at(-3, 10))

        (row,) = await said(lender, loan)
        async with lender.sessions() as session:
            params = await sealing.params_of(session, row, now=lender.now)
        assert params["amount"] == "money:1003591:KES"
        assert params["due_on"] == params["expires_on"] == "date:2026-12-20"
        assert params["loan"] == loan.reference

    async def test_says_nothing_when_it_is_paid(self, lender: Lender) -> None:
        loan = await lender.lends()
        lender.on = DUE - timedelta(days=10)
        await lender.receives(loan, kes("10635.91"))
        for days in range(-3, 3):
            await runs(lender, at(days, 18))

        assert await said(lender, loan) == []

    async def test_says_nothing_about_a_loan_that_is_not_running(self, lender: Lender) -> None:
        loan = await lender.opens()
        await runs(lender, at(-1, 18))

        assert await said(lender, loan) == []

    async def test_leaves_the_rest_of_the_day_alone_after_a_payment(self, lender: Lender) -> None:
        """A part payment takes back what was queued; the same reminder is not said again."""
        loan = await lender.lends()
        await runs(lender, at(0, 8))
        lender.on = DUE
        await lender.receives(loan, kes(100))
        await runs(lender, at(0, 9))

        (row,) = await said(lender, loan)
        assert row.canceled_at is not None

    async def test_one_broken_loan_does_not_silence_the_others(self, lender: Lender) -> None:
        broken, sound = await lender.lends(), await lender.lends()
        async with unit_of_work(lender.sessions) as session:
            (await queries.get_loan(session, broken.id)).currency = "???"

        with pytest.raises(tasks.LoansNotReminded):
            await runs(lender, at(-1, 18))

        assert len(await said(lender, sound)) == 1

    async def test_finds_every_loan_in_batches(
        self, lender: Lender, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        loans = [await lender.lends() for _ in range(3)]
        monkeypatch.setattr(reminders, "BATCH", 2)
        await runs(lender, at(-1, 18))

        assert [len(await said(lender, loan)) for loan in loans] == [1, 1, 1]
        async with unit_of_work(lender.sessions) as session:
            assert await reminders.list_candidates(session, on=DUE + timedelta(days=9)) == []
