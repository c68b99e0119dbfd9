"""Money that the borrower need not have paid goes back by the rail, once, and is told."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from kit import jobs
from kit.crypto import vault_of
from kit.db import unit_of_work
from kit.four_eyes import Proposal
from notifications import contacts
from notifications.models import Notification
from servicing import (
    chargebacks,
    incidents,
    orders,
    queries,
    rail_events,
    refunds,
    repayments,
    suspense,
    tasks,
)
from servicing.ledger import pending, posting
from servicing.ledger.models import Resolution
from servicing.models import Loan, SuspenseItem
from servicing.rails.base import Ack, AckStatus, Direction, Outcome, OutcomeStatus, RailEvent
from servicing.refunds import REFUNDS
from servicing.states import LoanStatus, OrderStatus
from servicing.treasury.models import Refund
from tests.servicing.lending import RULES, ZONE, Lender, kes
from tests.servicing.treasury_acts import UMA, USHA, compares

PHONE = "+254700000009"
ADVANCE = {
    "allocation_order": [
        f"{timing}_{component}"
        for timing in ("past_due", "due", "in_advance")
        for component in ("penalty", "fee", "interest", "principal")
    ]
}
"""Money that comes before anything is due settles what is to come."""


async def overpaid(lender: Lender) -> tuple[Loan, SuspenseItem]:
    """A loan that ended with money to spare, of a borrower with a proven phone."""
    loan = await lender.lends()
    async with unit_of_work(lender.sessions) as session:
        await contacts.register(
            session, person_id=loan.borrower_id, telegram_chat_id=7, locale="en", timezone=ZONE,
            now=lender.now,
        )  # fmt: skip
        await contacts.set_phone(
            session, vault_of(session), person_id=loan.borrower_id, phone_e164=PHONE,
            now=lender.now,
        )  # fmt: skip
    payoff = await lender.payoff(loan)
    await lender.receives(loan, payoff - kes(1))
    await lender.receives(loan, kes(401))
    async with lender.sessions() as session:
        (item,) = await suspense.list_open(session)
    assert item.amount == kes(400)
    return loan, item


async def orders_it(lender: Lender, item: SuspenseItem, who: UUID) -> Proposal:
    async with unit_of_work(lender.sessions) as session:
        return await refunds.order(
            session, vault_of(session), item.id, staff_id=who, reason="paid twice", now=lender.now
        )


async def sent(lender: Lender, item: SuspenseItem) -> Refund:
    """Two have agreed, and the worker has handed it to the rail."""
    for who in (UMA, USHA):
        await orders_it(lender, item, who)
    refund = await the_refund(lender, item)
    await tasks.refund(lender.context, refund_id=str(refund.id))
    return await the_refund(lender, item)


async def the_refund(lender: Lender, item: SuspenseItem) -> Refund:
    async with lender.sessions() as session:
        rows = await session.scalars(
            select(Refund).where(Refund.item_id == item.id).order_by(Refund.id)
        )
        return list(rows)[-1]


async def told(lender: Lender, refund: Refund, status: OutcomeStatus, times: int = 1) -> None:
    outcome = Outcome(status, refund.amount, "W9", failure_code="closed")
    for number in range(times):
        event = RailEvent(
            "wallet", f"{refund.client_ref}:{status}{number}", Direction.PAYOUT,
            refund.client_ref, "W9", refund.amount, outcome,
        )  # fmt: skip
        async with unit_of_work(lender.sessions) as session:
            await rail_events.apply(session, event, on=lender.on, zone=ZONE, now=lender.now)


class TestOrder:
    async def test_is_sent_to_the_borrowers_own_phone_by_two(self, lender: Lender) -> None:
        _, item = await overpaid(lender)
        lender.rail.sent.clear()
        assert not (await orders_it(lender, item, UMA)).is_confirmed

        refund = await sent_by_second(lender, item)

        (instruction,) = lender.rail.sent
        assert (instruction.account, instruction.amount) == (PHONE, kes(400))
        assert instruction.client_ref == refund.client_ref
        assert refund.status is OrderStatus.PENDING
        await lender.verifies()

    async def test_on_its_way_it_is_not_given_back_in_another_way(self, lender: Lender) -> None:
        _, item = await overpaid(lender)
        await sent(lender, item)

        with pytest.raises(suspense.RefundUnderWay):
            await orders_it(lender, item, UMA)
        with pytest.raises(suspense.RefundUnderWay):
            async with unit_of_work(lender.sessions) as session:
                await suspense.refund(
                    session, item.id, reference="BANK-1", staff_id=UMA, reason="by hand",
                    on=lender.on, now=lender.now,
                )  # fmt: skip

    async def test_of_nobodys_money_is_refused(self, lender: Lender) -> None:
        async with unit_of_work(lender.sessions) as session:
            await suspense.receive(
                session, reference="wallet:W7", reason="unknown_reference", amount=kes(5),
                on=lender.on, now=lender.now, rail="wallet",
            )  # fmt: skip
            (item,) = await suspense.list_open(session)

        with pytest.raises(refunds.NobodyToRefund):
            await orders_it(lender, item, UMA)


class TestOutcome:
    async def test_that_arrived_leaves_suspense_once(self, lender: Lender) -> None:
        loan, item = await overpaid(lender)
        refund = await sent(lender, item)

        await told(lender, refund, OutcomeStatus.SETTLED, times=3)

        assert await lender.suspended() == []
        assert (await the_refund(lender, item)).status is OrderStatus.SETTLED
        assert (await lender.books(loan)).get("suspense") is None
        async with lender.sessions() as session:
            templates = await session.scalars(
                select(Notification.template).where(Notification.person_id == loan.borrower_id)
            )
        assert list(templates).count("refunded") == 1
        await lender.verifies()

    async def test_that_failed_waits_again_and_may_be_sent_again(self, lender: Lender) -> None:
        _, item = await overpaid(lender)
        first = await sent(lender, item)
        await told(lender, first, OutcomeStatus.FAILED)
        assert await lender.suspended() == ["400.00"]

        second = await sent(lender, item)
        await told(lender, second, OutcomeStatus.SETTLED)

        assert second.client_ref != first.client_ref
        assert await lender.suspended() == []
        await lender.verifies()

    @pytest.mark.parametrize("kind", ["overpaid", "stray"])
    async def test_that_came_back_waits_again_and_may_be_sent_again(
        self, lender: Lender, kind: str
    ) -> None:
        loan, item = await overpaid(lender)
        if kind == "stray":
            item = await too_late(lender, loan, item)
        first = await sent(lender, item)
        await told(lender, first, OutcomeStatus.SETTLED)
        await told(lender, first, OutcomeStatus.RETURNED, times=2)
        await lender.verifies()
        async with lender.sessions() as session:
            (again,) = await suspense.list_open(session)
        assert again.amount == item.amount

        second = await sent(lender, again)
        await told(lender, second, OutcomeStatus.SETTLED)

        assert await lender.suspended() == []
        await lender.verifies()

    async def test_of_which_nothing_is_heard_is_asked_about_and_sent_once(
        self, lender: Lender
    ) -> None:
        _, item = await overpaid(lender)
        lender.rail.sent.clear()
        lender.rail.acks = [Ack(AckStatus.UNKNOWN)]
        for who in (UMA, USHA):
            await orders_it(lender, item, who)
        refund = await the_refund(lender, item)
        with pytest.raises(jobs.Later):
            await tasks.refund(lender.context, refund_id=str(refund.id))
        settled = Outcome(OutcomeStatus.SETTLED, refund.amount, "W9")
        lender.rail.knows[refund.client_ref] = settled

        await tasks.inquire(lender.context, kind="refund", order_id=str(refund.id))

        assert len(lender.rail.sent) == 1
        assert await lender.suspended() == []
        await lender.verifies()

    async def test_with_another_amount_is_an_incident(self, lender: Lender) -> None:
        _, item = await overpaid(lender)
        refund = await sent(lender, item)
        outcome = Outcome(OutcomeStatus.SETTLED, kes("399.99"), "W9")

        async with unit_of_work(lender.sessions) as session:
            await orders.apply(
                session, REFUNDS, refund.id, outcome, on=lender.on, zone=ZONE, now=lender.now
            )

        async with lender.sessions() as session:
            (incident,) = await incidents.list_open(session)
        assert incident.kind == "refund_amount_differs"
        assert await lender.suspended() == ["400.00"]
        await lender.verifies()

    async def test_agrees_with_the_rails_statement(self, lender: Lender) -> None:
        _, item = await overpaid(lender)
        refund = await sent(lender, item)
        await told(lender, refund, OutcomeStatus.SETTLED)

        found = await compares(lender, [])

        by_reference = {each.reference: each for each in found}
        assert by_reference[refund.client_ref].ours == kes(400)

    @pytest.mark.parametrize("left", [0, 1])
    async def test_after_payments_were_charged_back_is_owed_or_doubted(
        self, lender: Lender, left: int
    ) -> None:
        loan, item = await overpaid(lender)
        refund = await sent(lender, item)
        async with unit_of_work(lender.sessions) as session:
            for paid in (await queries.list_repayments(session, loan.id))[left:]:
                await repayments.reverse(
                    session, paid.id, actor="system", reason="charged back", on=lender.on,
                    now=lender.now,
                )  # fmt: skip
        before = await lender.payoff(loan)

        await told(lender, refund, OutcomeStatus.SETTLED)

        async with lender.sessions() as session:
            doubts = [each.kind for each in await incidents.list_open(session)]
        assert doubts == ([] if left else ["refund_not_owed"])
        assert await lender.payoff(loan) == (before + kes(400) if left else before)
        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE
        await lender.verifies()

    @pytest.mark.parametrize("rules", [ADVANCE, {"interest_recalculation": {"rest": "daily"}}])
    async def test_of_what_was_paid_ahead_is_one_entry_of_all_that_left(
        self, lender: Lender, rules: dict[str, Any]
    ) -> None:
        """Meanwhile the last payment went back: what is refunded was paid before it was due."""
        lender.rules = {**RULES, **rules}
        loan, item = await overpaid(lender)
        refund = await sent(lender, item)
        await last_payment_goes_back(lender, loan)

        await told(lender, refund, OutcomeStatus.SETTLED)

        assert (await the_refund(lender, item)).status is OrderStatus.SETTLED
        async with lender.sessions() as session:
            assert await incidents.list_open(session) == []
            entry = await posting.find(session, f"refund:{refund.id}")
            assert entry is not None
            moved = await posting.lines_of(session, entry)
            assert [(line.credit, line.amount) for line in moved] == [("cash_wallet", kes(400))]
            ends = await session.scalars(select(Resolution.entry_id))
            assert entry.id in list(ends)
        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE
        await lender.verifies()
        await told(lender, refund, OutcomeStatus.RETURNED)
        await lender.verifies()

    async def test_once_settled_leaves_what_is_too_much_later_to_be_sent_again(
        self, lender: Lender
    ) -> None:
        loan, item = await overpaid(lender)
        await told(lender, await sent(lender, item), OutcomeStatus.SETTLED)
        await last_payment_goes_back(lender, loan)
        await lender.receives(loan, await lender.payoff(loan) - kes(1))
        await lender.receives(loan, kes(8))
        async with lender.sessions() as session:
            (again,) = await suspense.list_open(session)

        second = await sent(lender, again)
        await told(lender, second, OutcomeStatus.SETTLED)

        assert second.amount == kes(7)
        assert await lender.suspended() == []
        await lender.verifies()

    async def test_of_money_that_was_charged_back_since_is_owed_like_a_loan(
        self, lender: Lender
    ) -> None:
        loan, item = await overpaid(lender)
        await told(lender, await sent(lender, item), OutcomeStatus.SETTLED)
        async with unit_of_work(lender.sessions) as session:
            for paid in await queries.list_repayments(session, loan.id):
                await repayments.reverse(
                    session, paid.id, actor="system", reason="charged back", on=lender.on,
                    now=lender.now,
                )  # fmt: skip
        owed = await lender.payoff(loan)

        await lender.receives(loan, kes(100))

        assert await lender.payoff(loan) == owed - kes(100)
        await lender.verifies()


class TestMoneyThatTheRailTookBack:
    async def test_is_not_sent_any_more(self, lender: Lender) -> None:
        loan, over = await overpaid(lender)
        item = await too_late(lender, loan, over)
        for who in (UMA, USHA):
            await orders_it(lender, item, who)
        await charged_back(lender, item)
        lender.rail.sent.clear()

        refund = await the_refund(lender, item)
        await tasks.refund(lender.context, refund_id=str(refund.id))

        assert lender.rail.sent == []
        assert (await the_refund(lender, item)).status is OrderStatus.FAILED
        await lender.verifies()

    async def test_is_not_sent_after_it_was_held_back(self, lender: Lender) -> None:
        loan, over = await overpaid(lender)
        item = await too_late(lender, loan, over)
        lender.rail.acks = [Ack(AckStatus.NOT_SENT, code="no_token")]
        with pytest.raises(jobs.Later):
            await sent(lender, item)
        await charged_back(lender, item)
        lender.rail.sent.clear()

        refund = await the_refund(lender, item)
        await tasks.refund(lender.context, refund_id=str(refund.id))

        assert lender.rail.sent == []
        assert (await the_refund(lender, item)).status is OrderStatus.FAILED
        async with lender.sessions() as session:
            assert await pending.list_open(session) == []
        await lender.verifies()

    async def test_while_it_is_sent_leaves_a_doubt_and_nothing_posted_twice(
        self, lender: Lender
    ) -> None:
        loan, over = await overpaid(lender)
        item = await too_late(lender, loan, over)
        refund = await sent(lender, item)
        await charged_back(lender, item)

        await told(lender, refund, OutcomeStatus.SETTLED)

        async with lender.sessions() as session:
            assert [each.kind for each in await incidents.list_open(session)] == ["refund_not_owed"]
        await lender.verifies()


async def last_payment_goes_back(lender: Lender, loan: Loan) -> None:
    async with unit_of_work(lender.sessions) as session:
        last = (await queries.list_repayments(session, loan.id))[-1]
        await repayments.reverse(
            session, last.id, actor="system", reason="charged back", on=lender.on, now=lender.now
        )


async def charged_back(lender: Lender, item: SuspenseItem) -> None:
    async with unit_of_work(lender.sessions) as session:
        await chargebacks.take_back(
            session, item.reference, item.amount, on=lender.on, now=lender.now
        )


async def sent_by_second(lender: Lender, item: SuspenseItem) -> Refund:
    await orders_it(lender, item, USHA)
    refund = await the_refund(lender, item)
    await tasks.refund(lender.context, refund_id=str(refund.id))
    return await the_refund(lender, item)


async def too_late(lender: Lender, loan: Loan, over: SuspenseItem) -> SuspenseItem:
    """Money for a loan that is over; what was left of the loan itself is given back by hand."""
    async with unit_of_work(lender.sessions) as session:
        for who in (UMA, USHA):
            await suspense.refund(
                session, over.id, reference="BANK-1", staff_id=who, reason="by hand",
                on=lender.on, now=lender.now,
            )  # fmt: skip
        await suspense.receive(
            session, reference="wallet:W8", reason="loan_over", amount=kes(9), loan=loan,
            on=lender.on, now=lender.now, rail="wallet",
        )  # fmt: skip
        (item,) = await suspense.list_open(session)
    return item
