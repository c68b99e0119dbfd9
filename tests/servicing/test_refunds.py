"""Money that the borrower need not have paid goes back by the rail, once, and is told."""

from typing import Any

import pytest
from sqlalchemy import select

from kit import jobs
from kit.db import unit_of_work
from notifications.models import Notification
from servicing import (
    orders,
    queries,
    refunds,
    repayments,
    suspense,
    tasks,
)
from servicing.ledger import posting
from servicing.ledger.models import Resolution
from servicing.rails.base import Ack, AckStatus, Outcome, OutcomeStatus
from servicing.refunds import REFUNDS
from servicing.states import LoanStatus, OrderStatus
from tests.servicing.lending import RULES, ZONE, Lender, kes
from tests.servicing.overpayments import (
    PHONE,
    last_payment_goes_back,
    orders_it,
    overpaid,
    sent,
    sent_by_second,
    the_refund,
    told,
    too_late,
)
from tests.servicing.treasury_acts import UMA, USHA, compares

ADVANCE = {
    "allocation_order": [
        f"{timing}_{component}"
        for timing in ("past_due", "due", "in_advance")
        for component in ("penalty", "fee", "interest", "principal")
    ]
}
"""Money that comes before anything is due settles what is to come."""


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

        assert await lender.incidents() == ["refund_amount_differs"]
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

        assert await lender.incidents() == ([] if left else ["refund_not_owed"])
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
        assert await lender.incidents() == []
        async with lender.sessions() as session:
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
