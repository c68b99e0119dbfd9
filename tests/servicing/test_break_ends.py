"""Every break ends with the books equal to the rail's, and no money is posted twice."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from kit.audit import AuditEvent
from kit.crypto import vault_of
from kit.db import unit_of_work
from kit.money import Money
from servicing import (
    disbursements,
    orders,
    payment_requests,
    queries,
    rail_events,
    suspense,
    tasks,
)
from servicing.disbursements import PAYOUTS
from servicing.models import Loan, PaymentRequest, ReconciliationBreak
from servicing.payment_requests import REQUESTS
from servicing.rails.base import (
    Direction,
    Outcome,
    OutcomeStatus,
    RailEvent,
    StatementLine,
)
from servicing.states import LoanStatus, OrderStatus
from servicing.transfers import RailTransferKnown
from servicing.treasury import breaks
from servicing.treasury.models import Refund
from tests.servicing.lending import ZONE, Lender, kes
from tests.servicing.overpayments import charged_back, overpaid, sent, told, too_late
from tests.servicing.reviews import asks_in_vain, enters
from tests.servicing.test_breaks import given_back, is_whole, only_break, trial
from tests.servicing.treasury_acts import (
    UMA,
    act,
    compares,
    incoming,
    open_breaks,
    paid_out,
    two_act,
)

FAILED = Outcome(OutcomeStatus.FAILED, failure_code="x")


async def fails(lender: Lender, loan: Loan) -> StatementLine:
    """The payout fails with us; how the statement has it, paid."""
    payout_id = await lender.pays_out(loan)
    async with unit_of_work(lender.sessions) as session:
        await orders.apply(
            session, PAYOUTS, payout_id, FAILED, on=lender.on, zone=ZONE, now=lender.now
        )
    return await paid_out(lender, loan)


async def retries(lender: Lender, loan: Loan) -> None:
    async with unit_of_work(lender.sessions) as session:
        await disbursements.retry(
            session, vault_of(session), loan.id, actor="staff:1", now=lender.now
        )


async def cash(lender: Lender) -> int:
    return (await trial(lender)).get("cash_wallet", 0)


class TestAPayoutThatHadFailed:
    async def test_is_the_loans_money_when_put_right(self, lender: Lender) -> None:
        loan = await lender.opens()
        line = await fails(lender, loan)
        found = await only_break(lender, [line])
        with pytest.raises(breaks.BreakActNotPossible):
            await act(lender, "write_off", found.id, UMA)

        await two_act(lender, "put_right", found.id)

        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE
        assert await cash(lender) == -line.amount.minor
        async with lender.sessions() as session:
            sent = await queries.list_payouts(session, loan.id)
        assert [each.status for each in sent] == [OrderStatus.FAILED, OrderStatus.SETTLED]
        assert await lender.incidents() == []
        await is_whole(lender, [line])

    async def test_may_still_come_back(self, lender: Lender) -> None:
        loan = await lender.opens()
        line = await fails(lender, loan)
        found = await only_break(lender, [line])
        await two_act(lender, "put_right", found.id)
        lines = [line, replace(line, status=OutcomeStatus.RETURNED)]
        found = await only_break(lender, lines)

        await two_act(lender, "put_right", found.id)

        assert await cash(lender) == 0
        await is_whole(lender, lines)

    async def test_stops_what_had_not_left_in_its_place(self, lender: Lender) -> None:
        loan = await lender.opens()
        line = await fails(lender, loan)
        await retries(lender, loan)
        found = await only_break(lender, [line])

        await two_act(lender, "put_right", found.id)
        await lender.pays_out(loan)

        assert len(lender.rail.sent) == 1
        await is_whole(lender, [line])

    async def test_waits_for_what_has_left_in_its_place(self, lender: Lender) -> None:
        loan = await lender.opens()
        line = await fails(lender, loan)
        await retries(lender, loan)
        await lender.pays_out(loan)
        found = await only_break(lender, [line])

        with pytest.raises(breaks.BreakActNotPossible):
            await two_act(lender, "put_right", found.id)
        with pytest.raises(breaks.BreakActNotPossible):
            await two_act(lender, "write_off", found.id)

    @pytest.mark.parametrize("is_sent_again", [True, False])
    async def test_is_lost_where_the_loan_has_its_money_or_ended(
        self, lender: Lender, is_sent_again: bool
    ) -> None:
        loan = await lender.opens()
        lines = [await fails(lender, loan)]
        if is_sent_again:
            await retries(lender, loan)
            await lender.arrives(loan)
            lines.append(replace(await paid_out(lender, loan), rail_id="W5"))
        else:
            async with unit_of_work(lender.sessions) as session:
                await disbursements.cancel(session, loan.id, actor="staff:1", now=lender.now)
        found = await only_break(lender, lines)
        with pytest.raises(breaks.BreakActNotPossible):
            await two_act(lender, "put_right", found.id)

        await two_act(lender, "write_off", found.id)

        assert await cash(lender) == -sum(line.amount.minor for line in lines)
        assert (await trial(lender))["rail_differences"] == lines[0].amount.minor
        await compares(lender, lines)
        assert await open_breaks(lender) == []
        await lender.verifies()


class TestARefundThatHadFailed:
    async def test_is_given_back_when_put_right(self, lender: Lender) -> None:
        _, item = await overpaid(lender)
        refund = await sent(lender, item)
        await told(lender, refund, OutcomeStatus.FAILED)
        (found,) = await self.differs(lender, refund)

        await two_act(lender, "put_right", found.id)

        assert await lender.suspended() == []
        assert await self.differs(lender, refund) == []
        await lender.verifies()

    async def test_is_lost_where_the_money_has_left_otherwise(self, lender: Lender) -> None:
        _, item = await overpaid(lender)
        refund = await sent(lender, item)
        await told(lender, refund, OutcomeStatus.FAILED)
        await told(lender, await sent(lender, item), OutcomeStatus.SETTLED)
        (found,) = await self.differs(lender, refund)
        with pytest.raises(breaks.BreakActNotPossible):
            await two_act(lender, "put_right", found.id)

        await two_act(lender, "write_off", found.id)

        assert (await trial(lender))["rail_differences"] == refund.amount.minor
        assert await self.differs(lender, refund) == []
        await lender.verifies()

    async def test_is_lost_where_it_arrived_after_the_rail_took_the_money_back(
        self, lender: Lender
    ) -> None:
        """The borrower has it, and we have posted nothing: it was not owed any more."""
        loan, over = await overpaid(lender)
        item = await too_late(lender, loan, over)
        refund = await sent(lender, item)
        await charged_back(lender, item)
        await told(lender, refund, OutcomeStatus.SETTLED)
        before = await cash(lender)
        (found,) = await self.differs(lender, refund)
        assert found.category == "not_posted"

        await two_act(lender, "write_off", found.id)

        assert (await trial(lender))["rail_differences"] == refund.amount.minor
        assert await cash(lender) == before - refund.amount.minor
        assert await self.differs(lender, refund) == []
        with pytest.raises(breaks.BreakNotFound):
            await act(lender, "write_off", found.id, UMA)
        await lender.verifies()

    async def differs(self, lender: Lender, refund: Refund) -> list[ReconciliationBreak]:
        """What the statement's line of it leaves open."""
        line = StatementLine(
            "W8", refund.client_ref, Direction.PAYOUT, refund.amount, OutcomeStatus.SETTLED
        )
        await compares(lender, [line], day=lender.now.date())
        found = await open_breaks(lender)
        return [each for each in found if each.reference == refund.client_ref]


async def asks(lender: Lender, loan: Loan, outcome: Outcome) -> PaymentRequest:
    async with unit_of_work(lender.sessions) as session:
        asked = await payment_requests.request(
            session, vault_of(session), loan_id=loan.id, amount=kes(500), on=lender.on,
            now=lender.now,
        )  # fmt: skip
    await tasks.collect(lender.context, request_id=str(asked.id))
    async with unit_of_work(lender.sessions) as session:
        await orders.apply(
            session, REQUESTS, asked.id, outcome, on=lender.on, zone=ZONE, now=lender.now
        )
    return asked


def prompted(asked: PaymentRequest, rail_id: str) -> StatementLine:
    return StatementLine(
        rail_id, asked.client_ref, Direction.COLLECT, asked.amount, OutcomeStatus.SETTLED
    )


async def test_a_request_that_had_failed_is_paid_after_all(lender: Lender) -> None:
    loan = await lender.lends()
    asked = await asks(lender, loan, FAILED)
    lines = [await paid_out(lender, loan), prompted(asked, "W2")]
    found = await only_break(lender, lines)

    await two_act(lender, "put_right", found.id)

    assert (await lender.books(loan))["borrower_credit"] == "500.00"
    await is_whole(lender, lines)


class TestMoneyThatStaffHaveEntered:
    @pytest.mark.parametrize("is_asked_for", [False, True])
    async def test_is_refused_with_the_place_where_it_stands(
        self, lender: Lender, is_asked_for: bool
    ) -> None:
        loan = await lender.lends()
        line = incoming("W7", loan.reference, kes(500))
        if is_asked_for:
            line = prompted(await asks_in_vain(lender, loan, kes(500)), "W7")
        await enters(lender, loan, kes(500), "w7")
        found = await only_break(lender, [await paid_out(lender, loan), line])

        with pytest.raises(RailTransferKnown) as refused:
            await two_act(lender, "put_right", found.id)

        assert refused.value.params == {
            "transfer": "wallet:W7", "stands_as": "repayment", "name": "staff:w7",
            "loan": loan.reference,
        }  # fmt: skip
        assert (await lender.books(loan))["borrower_credit"] == "500.00"
        assert [row.id for row in await open_breaks(lender)] == [found.id]


class TestMoneyThatCameTwice:
    async def test_for_one_prompt_waits_in_suspense(self, lender: Lender) -> None:
        loan = await lender.lends()
        asked = await asks(lender, loan, Outcome(OutcomeStatus.SETTLED, kes(500), "W2"))
        lines = [await paid_out(lender, loan), prompted(asked, "W2"), prompted(asked, "W3")]
        found = await only_break(lender, lines)
        with pytest.raises(breaks.BreakActNotPossible):
            await act(lender, "write_off", found.id, UMA)

        await two_act(lender, "put_right", found.id)

        assert await lender.suspended() == ["500.00"]
        assert "rail_differences" not in await trial(lender)
        await is_whole(lender, lines)
        late = RailEvent(
            "wallet", "E9", Direction.INCOMING, loan.reference, "W3", kes(500),
            Outcome(OutcomeStatus.SETTLED, kes(500), "W3"),
        )  # fmt: skip
        async with unit_of_work(lender.sessions) as session:
            await rail_events.apply(session, late, on=lender.on, zone=ZONE, now=lender.now)
        await is_whole(lender, lines)

    async def test_under_one_name_waits_in_suspense(self, lender: Lender) -> None:
        loan = await lender.lends()
        came = incoming("W2", loan.reference, kes(500))
        await lender.receives(loan, kes(500), rail_reference="wallet:W2")
        lines = [await paid_out(lender, loan), came, came, came]
        found = await only_break(lender, lines)
        with pytest.raises(breaks.BreakActNotPossible):
            await act(lender, "write_off", found.id, UMA)

        await two_act(lender, "put_right", found.id)

        assert await lender.suspended() == ["500.00", "500.00"]
        assert await cash(lender) == 1_500_00 - lines[0].amount.minor
        await compares(lender, lines)
        assert await open_breaks(lender) == []
        await lender.verifies()


class TestGivenBackByHand:
    async def suspends(self, lender: Lender) -> list[StatementLine]:
        loan = await lender.lends()
        async with unit_of_work(lender.sessions) as session:
            await suspense.receive(
                session, reference="wallet:W9", reason="unknown_reference", amount=kes(70),
                on=lender.on, now=lender.now, rail="wallet",
            )  # fmt: skip
        return [await paid_out(lender, loan), incoming("W9", "rent", kes(70))]

    def out(self, amount: Money) -> StatementLine:
        return StatementLine("M-1", "", Direction.PAYOUT, amount, OutcomeStatus.SETTLED)

    async def test_is_no_charge(self, lender: Lender) -> None:
        lines = [*await self.suspends(lender), self.out(kes(70))]
        await given_back(lender, "wallet:W9")

        await is_whole(lender, lines)

    async def test_with_another_amount_differs_by_the_rest(self, lender: Lender) -> None:
        lines = [*await self.suspends(lender), self.out(kes(75))]
        await given_back(lender, "wallet:W9")
        found = await only_break(lender, lines)
        assert found.category == "amount"

        await two_act(lender, "write_off", found.id)

        assert (await trial(lender))["rail_differences"] == kes(5).minor

    async def test_after_it_was_written_off_is_not_lost(self, lender: Lender) -> None:
        lines = [*await self.suspends(lender), self.out(kes(70))]
        found = await only_break(lender, lines)
        await two_act(lender, "write_off", found.id)
        await given_back(lender, "wallet:W9")
        found = await only_break(lender, lines)

        await two_act(lender, "write_off", found.id)

        assert (await trial(lender)).get("rail_differences", 0) == 0
        await is_whole(lender, lines)


class TestResolvedOnce:
    async def test_is_open_again_when_it_is_another_difference(self, lender: Lender) -> None:
        loan = await lender.lends()
        line = await paid_out(lender, loan)
        found = await only_break(lender, [replace(line, amount=line.amount + Money(1, "KES"))])
        await two_act(lender, "write_off", found.id)
        worse = replace(line, amount=line.amount + kes(10_000))

        again = await only_break(lender, [worse])

        assert again.id == found.id
        await two_act(lender, "write_off", found.id)
        assert (await trial(lender))["rail_differences"] == kes(10_000).minor
        await compares(lender, [worse])
        assert await open_breaks(lender) == []
        async with lender.sessions() as session:
            trail = await session.scalars(
                select(AuditEvent.action).where(AuditEvent.subject == f"break:{found.id}")
            )
        assert "break.reopened" in list(trail)
        await lender.verifies()

    async def test_is_open_again_when_there_is_no_difference_any_more(self, lender: Lender) -> None:
        loan = await lender.lends()
        line = await paid_out(lender, loan)
        found = await only_break(lender, [replace(line, amount=line.amount + Money(1, "KES"))])
        await two_act(lender, "write_off", found.id)
        again = await only_break(lender, [line])
        assert again.id == found.id

        await two_act(lender, "write_off", found.id)

        assert (await trial(lender)).get("rail_differences", 0) == 0
        await is_whole(lender, [line])

    async def test_stays_so_while_it_is_the_same(self, lender: Lender) -> None:
        loan = await lender.lends()
        line = await paid_out(lender, loan)
        lines = [replace(line, amount=line.amount + Money(1, "KES"))]
        found = await only_break(lender, lines)
        await two_act(lender, "explain", found.id)

        await compares(lender, lines)
        assert await open_breaks(lender) == []
        await compares(lender, [replace(line, amount=line.amount + Money(2, "KES"))])

        assert [row.id for row in await open_breaks(lender)] == [found.id]
