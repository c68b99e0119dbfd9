"""Changing a running loan: what it would do, who agrees, what is posted, and taking it back."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from kit.db import unit_of_work
from kit.errors import DomainError
from kit.four_eyes import SameStaff
from kit.ids import new_id
from servicing import amendments, queries, repayments
from servicing.models import Amendment, Loan, SuspenseItem
from servicing.previews import Preview
from servicing.states import AmendmentStatus, LoanStatus
from tests.servicing.lending import Lender, kes

UMA, USHA = new_id(), new_id()
DUE = date(2026, 12, 20)
LATER: Mapping[str, Any] = {
    "type": "reschedule",
    "from_due_date": "2026-12-20",
    "new_due_date": "2027-01-04",
}
DAILY = {"day_count": "actual/365"}


async def sees(lender: Lender, loan: Loan, change: Mapping[str, Any]) -> Preview:
    async with lender.sessions() as session:
        return await amendments.preview(session, loan.id, change, on=lender.on, now=lender.now)


async def proposes(lender: Lender, loan: Loan, change: Mapping[str, Any]) -> Amendment:
    async with unit_of_work(lender.sessions) as session:
        return await amendments.propose(
            session, loan.id, change, staff_id=UMA, reason="asked on the phone", on=lender.on,
            now=lender.now,
        )  # fmt: skip


async def consents(lender: Lender, loan: Loan, amendment: Amendment) -> None:
    async with unit_of_work(lender.sessions) as session:
        await amendments.consent(
            session, amendment.id, borrower_id=loan.borrower_id, now=lender.now
        )


async def approves(lender: Lender, amendment: Amendment, staff_id: UUID = USHA) -> Amendment:
    async with unit_of_work(lender.sessions) as session:
        return await amendments.approve(
            session, amendment.id, rails=[lender.rail.name], staff_id=staff_id, on=lender.on,
            now=lender.now,
        )  # fmt: skip


async def reverses(lender: Lender, amendment: Amendment, staff_id: UUID = USHA) -> Amendment:
    async with unit_of_work(lender.sessions) as session:
        return await amendments.reverse(
            session, amendment.id, staff_id=staff_id, reason="a mistake", on=lender.on,
            now=lender.now,
        )  # fmt: skip


async def amends(lender: Lender, loan: Loan, change: Mapping[str, Any]) -> Amendment:
    amendment = await proposes(lender, loan, change)
    if amendment.needs_consent:
        await consents(lender, loan, amendment)
    return await approves(lender, amendment)


class TestMoneyOfTheDayBefore:
    async def test_counts_from_the_change_that_it_would_have_made_impossible(
        self, lender: Lender
    ) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(date(2026, 12, 5))
        await amends(lender, loan, {"type": "restructure", "installments": 2})

        await lender.receives(loan, kes(40_000), on=date(2026, 12, 4))

        assert (await lender.sees(loan)).closed_on == date(2026, 12, 5)
        await lender.verifies()


class TestPreview:
    async def test_shows_dates_and_cost_before_and_after(self, lender: Lender) -> None:
        loan = await lender.lends(**DAILY)
        seen = await sees(lender, loan, LATER)

        assert [due.due_on.isoformat() for due in seen.after] == [
            "2027-01-04", "2027-02-04", "2027-03-04",
        ]  # fmt: skip
        assert seen.last_due_before == date(2027, 2, 20)
        assert seen.extra_cost == seen.to_pay_after - seen.to_pay_before
        assert seen.extra_cost > kes(0)
        assert seen.needs_consent

    async def test_changes_nothing(self, lender: Lender) -> None:
        loan = await lender.lends()
        books, rows = await lender.books(loan), await lender.schedule(loan)
        await sees(lender, loan, LATER)

        assert await lender.books(loan) == books
        assert [row.due_on for row in await lender.schedule(loan)] == [row.due_on for row in rows]

    @pytest.mark.parametrize(
        "change",
        [
            {"type": "disbursement", "amount": "1"},
            {"type": "reschedule", "from_due_date": "2026-12-21", "new_due_date": "2027-01-04"},
            {"type": "reschedule", "from_due_date": "soon"},
            {"type": "reschedule", **LATER, "more": 1},
            {"type": "refund", "amount": "5"},
            {"type": "goodwill_credit", "amount": "-5"},
            {},
        ],
    )
    async def test_says_what_cannot_be(self, lender: Lender, change: dict[str, Any]) -> None:
        loan = await lender.lends()

        with pytest.raises(amendments.ChangeNotPossible) as refused:
            await sees(lender, loan, change)

        assert refused.value.params.keys() == {"reason", "because"}

    async def test_is_of_running_loans(self, lender: Lender) -> None:
        with pytest.raises(repayments.LoanNotRepayable):
            await sees(lender, await lender.opens(), LATER)


class TestTwoPeopleAndTheBorrower:
    async def test_all_have_to_agree(self, lender: Lender) -> None:
        loan = await lender.lends(**DAILY)
        amendment = await proposes(lender, loan, LATER)
        with pytest.raises(amendments.ConsentMissing):
            await approves(lender, amendment)
        await consents(lender, loan, amendment)
        with pytest.raises(SameStaff):
            await approves(lender, amendment, UMA)

        done = await approves(lender, amendment)

        assert done.status is AmendmentStatus.APPLIED
        first, *_ = await lender.schedule(loan)
        assert first.due_on == date(2027, 1, 4)
        await lender.verifies()

    async def test_the_database_insists(self, lender: Lender) -> None:
        loan = await lender.lends(**DAILY)
        await proposes(lender, loan, LATER)

        for wrong in ("status = 'applied'", "approved_by = proposed_by"):
            with pytest.raises(IntegrityError):
                async with unit_of_work(lender.sessions) as session, session.begin_nested():
                    await session.execute(text(f"UPDATE amendments SET {wrong}"))

    async def test_only_the_borrower_himself_consents(self, lender: Lender) -> None:
        loan = await lender.lends(**DAILY)
        amendment = await proposes(lender, loan, LATER)

        with pytest.raises(amendments.AmendmentNotFound):
            async with unit_of_work(lender.sessions) as session:
                await amendments.consent(
                    session, amendment.id, borrower_id=new_id(), now=lender.now
                )

    async def test_waits_for_the_borrower_in_his_list(self, lender: Lender) -> None:
        loan = await lender.lends(**DAILY)
        amendment = await proposes(lender, loan, LATER)
        async with lender.sessions() as session:
            waiting = await amendments.list_waiting(session, loan.borrower_id)
        assert [each.id for each in waiting] == [amendment.id]

        async with unit_of_work(lender.sessions) as session:
            await amendments.decline(
                session, amendment.id, borrower_id=loan.borrower_id, now=lender.now
            )

        async with lender.sessions() as session:
            assert not await amendments.list_waiting(session, loan.borrower_id)

    async def test_what_was_agreed_to_must_not_get_dearer(self, lender: Lender) -> None:
        loan = await lender.lends(**DAILY)
        amendment = await proposes(lender, loan, {**LATER, "annual_rate_percent": "36"})
        await consents(lender, loan, amendment)
        async with unit_of_work(lender.sessions) as session:
            shown = await session.get_one(Amendment, amendment.id)
            shown.preview = {**shown.preview, "to_pay_after": shown.preview["to_pay_before"]}

        with pytest.raises(amendments.AmendmentOutdated):
            await approves(lender, amendment)


CHANGES: tuple[dict[str, Any], ...] = (
    dict(LATER),
    {**LATER, "following": False},
    {"type": "reschedule", "from_due_date": "2027-01-20", "extra_installments": 2},
    {"type": "pause", "of": "arrears", "start": "2026-12-10", "end": "2027-01-10"},
    {"type": "pause", "of": "interest", "start": "2026-12-25", "end": "2027-01-10"},
    {"type": "split", "from_due_date": "2027-01-20",
     "into": [{"due": "2027-01-20", "percent": "50"}, {"due": "2027-02-05", "percent": "50"}]},
    {"type": "reage", "start": "2027-02-01", "every": 1, "unit": "month", "installments": 5},
    {"type": "restructure", "installments": 6, "annual_rate_percent": "24"},
    {"type": "restructure", "installments": 4, "capitalize": ["interest", "fee"]},
    {"type": "goodwill_credit", "amount": "150"},
    {"type": "waiver", "of": "interest", "amount": "20"},
    {"type": "chargeback", "amount": "400"},
    {"type": "write_off"},
)  # fmt: skip


class TestEveryKind:
    @pytest.mark.parametrize("change", CHANGES, ids=lambda change: str(change["type"]))
    async def test_keeps_the_books_and_can_be_undone(
        self, lender: Lender, change: dict[str, Any]
    ) -> None:
        loan, other = await lender.lends(**DAILY), await lender.lends(**DAILY)
        for each in (loan, other):
            await lender.receives(each, kes(1_000))
        await lender.closes_days_until(date(2026, 12, 8))

        amendment = await amends(lender, loan, change)
        await lender.verifies()
        await lender.closes_days_until(date(2026, 12, 12))
        await lender.verifies()
        await reverses(lender, amendment)

        await lender.closes_days_until(DUE + timedelta(days=1))
        assert await lender.books(loan) == await lender.books(other)
        await lender.verifies()

    @pytest.mark.parametrize("change", CHANGES[:-1], ids=lambda change: str(change["type"]))
    async def test_lets_the_loan_be_repaid(self, lender: Lender, change: dict[str, Any]) -> None:
        loan = await lender.lends(**DAILY)
        await lender.receives(loan, kes(1_000))
        await lender.closes_days_until(date(2026, 12, 8))
        await amends(lender, loan, change)
        for day in (date(2026, 12, 22), date(2027, 1, 25), date(2027, 3, 1)):
            await lender.closes_days_until(day)
            if due := (await lender.owed(loan)).total:
                await lender.receives(loan, due)
            await lender.verifies()

        if (await lender.sees(loan)).status is LoanStatus.ACTIVE:
            await lender.receives(loan, await lender.payoff(loan))

        assert (await lender.sees(loan)).status is LoanStatus.CLOSED
        assert await lender.suspended() == []
        await lender.verifies()


class TestPause:
    async def test_of_arrears_keeps_the_late_fee_away(self, lender: Lender) -> None:
        loan = await lender.lends()
        pause = {"type": "pause", "of": "arrears", "start": "2026-12-20", "end": "2027-01-05"}
        await amends(lender, loan, pause)
        await lender.closes_days_until(date(2027, 1, 6))
        assert "penalties_receivable" not in await lender.books(loan)

        await lender.closes_days_until(date(2027, 1, 10))
        assert "penalties_receivable" in await lender.books(loan)
        await lender.verifies()


class TestReamortize:
    async def test_spreads_what_is_overdue(self, lender: Lender) -> None:
        loan, other = await lender.lends(), await lender.lends()
        await lender.closes_days_until(date(2026, 12, 22))

        await amends(lender, loan, {"type": "reamortize"})

        assert (await lender.owed(loan)).principal == kes(0)
        await lender.closes_days_until(date(2026, 12, 23))
        assert await lender.books(loan) == await lender.books(other)  # the same debt, other dates
        await lender.verifies()


class TestWriteOff:
    async def test_gives_up_what_was_earned_and_no_more(self, lender: Lender) -> None:
        loan = await lender.lends(fees=[])
        await lender.closes_days_until(date(2026, 12, 5))
        await amends(lender, loan, {"type": "write_off"})

        books = await lender.books(loan)
        assert (await lender.sees(loan)).status is LoanStatus.WRITTEN_OFF
        assert (books["write_off_expense"], books["interest_income"]) == ("30450.00", "450.00")
        await lender.verifies()

    async def test_money_that_still_comes_is_a_recovery(self, lender: Lender) -> None:
        loan = await lender.lends()
        await amends(lender, loan, {"type": "write_off"})
        await lender.receives(loan, kes(700))

        assert (await lender.books(loan))["write_off_recovery"] == "700.00"
        await lender.verifies()

    async def test_more_than_was_given_up_waits_for_a_person(self, lender: Lender) -> None:
        loan = await lender.lends(fees=[])
        await amends(lender, loan, {"type": "write_off"})
        await lender.receives(loan, kes(700))
        await lender.receives(loan, kes(30_000))

        assert (await lender.books(loan))["write_off_recovery"] == "30000.00"
        async with lender.sessions() as session:
            waiting = await session.scalar(select(SuspenseItem.amount_minor))
        assert waiting == 70_000
        await lender.verifies()


class TestSettlement:
    async def settles(self, lender: Lender, paid: str, on: date) -> Loan:
        loan = await lender.lends()
        await lender.closes_days_until(date(2026, 12, 5))
        agreed = {"type": "settlement", "amount": "20000", "until": "2026-12-10"}
        await amends(lender, loan, agreed)
        await lender.closes_days_until(on)
        await lender.receives(loan, kes(paid))
        await lender.verifies()
        return await lender.sees(loan)

    async def test_in_time_ends_the_loan_for_less(self, lender: Lender) -> None:
        loan = await self.settles(lender, "20000", date(2026, 12, 10))

        assert loan.status is LoanStatus.CLOSED
        assert (await lender.books(loan))["waiver_expense"] == "10600.00"

    @pytest.mark.parametrize(
        ("paid", "on"), [("19999.99", date(2026, 12, 10)), ("20000", date(2026, 12, 11))]
    )
    async def test_too_little_or_too_late_does_not(
        self, lender: Lender, paid: str, on: date
    ) -> None:
        assert (await self.settles(lender, paid, on)).status is LoanStatus.ACTIVE

    async def test_is_not_made_by_money_of_a_day_before_it_was_agreed(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(date(2026, 12, 5))
        agreed = {"type": "settlement", "amount": "5000", "until": "2026-12-10"}
        await amends(lender, loan, agreed)

        await lender.receives(loan, kes(11_000), on=date(2026, 12, 4))

        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE
        await lender.receives(loan, kes(5_000))
        assert (await lender.sees(loan)).status is LoanStatus.CLOSED
        await lender.verifies()


class TestGoodwillAndRefund:
    async def test_goodwill_is_our_expense(self, lender: Lender) -> None:
        loan = await lender.lends()
        await amends(lender, loan, {"type": "goodwill_credit", "amount": "150"})

        books = await lender.books(loan)
        assert (books["goodwill_expense"], books["borrower_credit"]) == ("150.00", "150.00")

    async def test_credit_is_given_back_once(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.receives(loan, kes(500))
        await amends(lender, loan, {"type": "refund", "amount": "500"})

        assert "borrower_credit" not in await lender.books(loan)
        with pytest.raises(DomainError):
            await amends(lender, loan, {"type": "refund", "amount": "1"})
        await lender.verifies()


class TestReverse:
    async def test_is_for_another_person_than_who_proposed(self, lender: Lender) -> None:
        loan = await lender.lends()
        amendment = await amends(lender, loan, {"type": "goodwill_credit", "amount": "5"})

        with pytest.raises(SameStaff):
            await reverses(lender, amendment, UMA)

    async def test_is_refused_when_the_story_would_break(self, lender: Lender) -> None:
        loan = await lender.lends()
        amendment = await amends(lender, loan, LATER)
        again = {"from_due_date": LATER["new_due_date"], "new_due_date": "2027-01-08"}
        await amends(lender, loan, {**LATER, **again})

        with pytest.raises(DomainError):
            await reverses(lender, amendment)
        await lender.verifies()


class TestList:
    async def test_has_every_amendment_of_a_loan(self, lender: Lender) -> None:
        loan = await lender.lends()
        done = await amends(lender, loan, {"type": "goodwill_credit", "amount": "5"})
        async with lender.sessions() as session:
            assert [row.id for row in await amendments.list_of(session, loan.id)] == [done.id]
            with pytest.raises(queries.LoanNotFound):
                await amendments.preview(session, new_id(), LATER, on=lender.on, now=lender.now)
