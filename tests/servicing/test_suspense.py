"""Money without an owner: taken in once, and placed or given back by two people."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from kit import four_eyes
from kit.db import unit_of_work
from kit.four_eyes import Proposal
from kit.ids import new_id
from kit.money import Money
from servicing import queries, repayments, suspense
from servicing.ledger import posting
from servicing.models import Loan, SuspenseItem
from servicing.rails.base import Outcome, OutcomeStatus
from servicing.transfers import RailTransferKnown
from tests.servicing.lending import Lender, kes
from tests.servicing.overpayments import overpaid, sent, told
from tests.servicing.reviews import asks_in_vain, comes, is_settled_by_rail
from tests.servicing.test_amendments import amends
from tests.servicing.test_not_returned import says_gone
from tests.servicing.test_rail_events import arrives, event
from tests.servicing.treasury_acts import compares, incoming, open_breaks, paid_out, two_act

UMA, USHA = new_id(), new_id()


async def waits(
    lender: Lender,
    reference: str = "wallet:W9",
    loan: Loan | None = None,
    amount: Money | None = None,
) -> SuspenseItem:
    async with unit_of_work(lender.sessions) as session:
        await suspense.receive(
            session, reference=reference, reason="unknown_reference",
            amount=amount or kes(500), on=lender.on, now=lender.now, loan=loan,
        )  # fmt: skip
        return (await suspense.list_open(session))[-1]


async def places(lender: Lender, item: SuspenseItem, loan: Loan, who: UUID) -> Proposal:
    async with unit_of_work(lender.sessions) as session:
        return await suspense.assign(
            session, item.id, loan_id=loan.id, staff_id=who, reason="the payer rang",
            on=lender.on, now=lender.now,
        )  # fmt: skip


async def gives_back(
    lender: Lender, item: SuspenseItem, who: UUID, reference: str = "BANK-1"
) -> Proposal:
    async with unit_of_work(lender.sessions) as session:
        return await suspense.refund(
            session, item.id, reference=reference, staff_id=who, reason="sent to the payer",
            on=lender.on, now=lender.now,
        )  # fmt: skip


async def repays(lender: Lender, loan: Loan, item: SuspenseItem) -> None:
    async with unit_of_work(lender.sessions) as session:
        await repayments.receive(
            session, loan_id=loan.id, amount=item.amount, rail_reference=item.reference,
            on=lender.on, now=lender.now,
        )  # fmt: skip


class TestReceive:
    async def test_takes_money_in_once(self, lender: Lender) -> None:
        first = await waits(lender)
        again = await waits(lender)

        assert again.id == first.id
        await lender.verifies()

    async def test_is_no_repayment_while_it_waits_nor_once_it_was_given_back(
        self, lender: Lender
    ) -> None:
        loan = await lender.lends()
        item = await waits(lender)
        with pytest.raises(repayments.MoneyWasSetAside):
            await repays(lender, loan, item)

        for who in (UMA, USHA):
            await gives_back(lender, item, who)

        with pytest.raises(repayments.MoneyWasSetAside):
            await repays(lender, loan, item)
        assert "borrower_credit" not in await lender.books(loan)


class TestAssign:
    async def test_places_it_on_a_loan_once(self, lender: Lender) -> None:
        loan = await lender.lends()
        item = await waits(lender)
        await places(lender, item, loan, UMA)
        assert "borrower_credit" not in await lender.books(loan)
        await places(lender, item, loan, USHA)

        with pytest.raises(suspense.SuspenseItemNotFound):
            await places(lender, item, loan, UMA)
        assert (await lender.books(loan))["borrower_credit"] == "500.00"
        await lender.verifies()

    async def test_counts_from_the_day_on_which_it_came(self, lender: Lender) -> None:
        """A slip of the payer's is no reason for a late fee: the lender had the money in time."""
        slipped, other = await lender.lends(), await lender.lends()
        await lender.closes_days_until(date(2026, 12, 18))
        item = await waits(lender, amount=kes(11_000))
        await lender.receives(other, item.amount)
        await lender.closes_days_until(date(2026, 12, 28))
        assert "penalty_income" in await lender.books(slipped)

        for who in (UMA, USHA):
            await places(lender, item, slipped, who)

        placed_on = lender.on
        await lender.closes_days_until(date(2026, 12, 29))
        assert await lender.books(slipped) == await lender.books(other)
        async with lender.sessions() as session:
            (repayment,) = await queries.list_repayments(session, slipped.id)
            entry = await repayments.entry_of(session, repayment.id)
        assert repayment.paid_on == item.received_on == date(2026, 12, 18)
        assert entry is not None
        assert entry.posted_on == placed_on
        await lender.verifies()

    async def test_counts_for_no_day_before_the_loan_had_its_money(self, lender: Lender) -> None:
        item = await waits(lender)
        await lender.closes_days_until(date(2026, 11, 24))
        loan = await lender.lends(disbursed_on="2026-11-24")

        for who in (UMA, USHA):
            await places(lender, item, loan, who)

        async with lender.sessions() as session:
            (repayment,) = await queries.list_repayments(session, loan.id)
        assert repayment.paid_on == date(2026, 11, 24)
        await lender.verifies()

    async def test_on_a_loan_that_was_written_off_is_a_recovery(self, lender: Lender) -> None:
        loan = await lender.lends()
        await amends(lender, loan, {"type": "write_off"})
        item = await waits(lender)

        for who in (UMA, USHA):
            await places(lender, item, loan, who)

        assert (await lender.books(loan))["write_off_recovery"] == "500.00"
        await lender.verifies()

    async def test_takes_two_who_mean_the_same_loan(self, lender: Lender) -> None:
        loan, other = await lender.lends(), await lender.lends()
        item = await waits(lender)
        await places(lender, item, loan, UMA)

        with pytest.raises(four_eyes.SameStaff):
            await places(lender, item, loan, UMA)
        with pytest.raises(four_eyes.ProposalDiffers):
            await places(lender, item, other, USHA)

    async def test_needs_a_running_loan(self, lender: Lender) -> None:
        item = await waits(lender)

        with pytest.raises(repayments.LoanNotRepayable):
            await places(lender, item, await lender.opens(), UMA)


class TestTheDayOnWhichItCame:
    """Heard of on another one: what is placed counts from the first."""

    CAME, HEARD = date(2026, 12, 18), date(2026, 12, 28)

    async def counts_from(self, lender: Lender, loan: Loan) -> tuple[date, date]:
        """Once what waits is placed: and the day on which it came into the books."""
        async with lender.sessions() as session:
            (item,) = await suspense.list_open(session)
            entry = await posting.find(session, f"suspense:{item.reference}")
        assert entry is not None
        for who in (UMA, USHA):
            await places(lender, item, loan, who)
        async with lender.sessions() as session:
            paid = (await queries.list_repayments(session, loan.id))[-1]
        await lender.verifies()
        return paid.paid_on, entry.posted_on

    async def test_is_the_rails_own(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(self.HEARD)
        at = datetime(2026, 12, 18, 9, tzinfo=UTC)
        told = event("a slip", kes(500))
        late = Outcome(OutcomeStatus.SETTLED, kes(500), told.rail_id, settled_at=at)
        await arrives(lender, replace(told, outcome=late))

        assert await self.counts_from(lender, loan) == (self.CAME, self.HEARD)

    async def test_is_that_of_the_statement(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(self.HEARD)
        await compares(lender, [incoming("W9", "a slip", kes(500))], day=self.CAME)
        (found,) = await open_breaks(lender)
        await two_act(lender, "put_right", found.id)

        assert await self.counts_from(lender, loan) == (self.CAME, self.HEARD)

    async def test_is_that_of_each_time(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(self.HEARD)
        line = incoming("W9", loan.reference, kes(500))
        await lender.receives(loan, kes(500), rail_reference="wallet:W9", on=self.CAME)
        await compares(lender, [line, line], day=self.CAME)
        (found,) = await open_breaks(lender)
        await two_act(lender, "put_right", found.id)

        assert await self.counts_from(lender, loan) == (self.CAME, self.HEARD)

    async def test_is_that_of_a_part_that_came_back(self, lender: Lender) -> None:
        loan = await lender.lends()
        line = await paid_out(lender, loan)
        await lender.closes_days_until(self.HEARD)
        await compares(lender, [line])
        part = replace(line, status=OutcomeStatus.RETURNED, amount=kes(500))
        await compares(lender, [part], day=self.CAME)
        (found,) = await open_breaks(lender)
        await two_act(lender, "put_right", found.id)

        assert await self.counts_from(lender, loan) == (self.CAME, self.HEARD)

    async def test_is_the_first_where_people_had_said_that_it_went(self, lender: Lender) -> None:
        await lender.closes_days_until(self.CAME)
        loan = await says_gone(lender, "W7", 500)
        went_on = lender.now.date()
        await lender.closes_days_until(self.HEARD)
        for n in (1, 2, 3):
            await compares(lender, [], day=went_on + timedelta(days=n))
        (found,) = [row for row in await open_breaks(lender) if row.category == "not_returned"]
        await two_act(lender, "put_right", found.id)

        assert await self.counts_from(lender, loan) == (self.CAME, self.HEARD)


class TestRefund:
    async def test_leaves_suspense_when_two_agree(self, lender: Lender) -> None:
        item = await waits(lender)
        await gives_back(lender, item, UMA)
        await lender.verifies()
        done = await gives_back(lender, item, USHA)

        assert done.is_confirmed
        async with unit_of_work(lender.sessions) as session:
            assert await suspense.list_open(session) == []
        with pytest.raises(suspense.SuspenseItemNotFound):
            await gives_back(lender, item, UMA)
        await lender.verifies()

    async def test_gives_back_what_was_left_of_a_loan(self, lender: Lender) -> None:
        loan = await lender.lends()
        payoff = await lender.payoff(loan)
        await lender.receives(loan, kes(29_000))
        await lender.receives(loan, payoff)
        async with unit_of_work(lender.sessions) as session:
            (item,) = await suspense.list_open(session)
        with pytest.raises(suspense.SuspenseItemNotFound):
            await places(lender, item, loan, UMA)
        await gives_back(lender, item, UMA)
        await gives_back(lender, item, USHA)

        assert (await lender.books(loan)).get("suspense", "0.00") == "0.00"
        await lender.verifies()

    async def test_leaves_a_loan_alone_that_was_over_when_it_came(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.receives(loan, await lender.payoff(loan))
        item = await waits(lender, loan=loan)
        await gives_back(lender, item, UMA)
        await gives_back(lender, item, USHA)

        assert await lender.suspended() == []
        await lender.verifies()

    async def test_by_one_payment_gives_one_item_back(self, lender: Lender) -> None:
        first, second = await waits(lender), await waits(lender, "wallet:W10")
        await gives_back(lender, first, UMA)
        await gives_back(lender, first, USHA)

        with pytest.raises(suspense.RefundReferenceUsed):
            await gives_back(lender, second, UMA)

    async def test_is_by_no_transfer_that_stands_elsewhere(self, lender: Lender) -> None:
        loan, left = await overpaid(lender)
        await told(lender, await sent(lender, left), OutcomeStatus.SETTLED)
        await comes(lender, "RCPT1", loan.reference, kes(7))
        first, second = await waits(lender, "wallet:W20"), await waits(lender, "wallet:W21")
        for who in (UMA, USHA):
            await gives_back(lender, first, who)

        for typed in ["W9", "w9", "wallet:W9", "W1", "RCPT1", "bank-1", "wallet:BANK-1"]:
            with pytest.raises(RailTransferKnown):
                await gives_back(lender, second, UMA, typed)

        assert await lender.suspended() == ["7.00", "500.00"]
        await lender.verifies()

    async def test_may_be_by_the_name_under_which_it_came(self, lender: Lender) -> None:
        """Some give it back under the very name, or one of the names, of the payment."""
        loan = await lender.lends()
        asked = await asks_in_vain(lender, loan, kes(500))
        await lender.receives(loan, await lender.payoff(loan))
        await is_settled_by_rail(lender, asked, "W8")
        await comes(lender, "W9", loan.reference, kes(500))
        async with lender.sessions() as session:
            items = await suspense.list_open(session)
        assert len(items) == 2

        for item, name in zip(items, ("W8", "W9"), strict=True):
            for who in (UMA, USHA):
                await gives_back(lender, item, who, name)

        assert await lender.suspended() == []
        await lender.verifies()
