"""Money that came back otherwise than it had left: every break of it has an end."""

from dataclasses import replace
from uuid import UUID

import pytest

from kit.db import unit_of_work
from kit.money import Money
from servicing import chargebacks, queries, suspense
from servicing.models import Loan, ReconciliationRun, SuspenseItem
from servicing.rails.base import Balances, Direction, Outcome, OutcomeStatus, StatementLine
from servicing.treasury import breaks, positions
from servicing.treasury.returns import PayoutNotSettled
from tests.servicing.lending import Lender, kes
from tests.servicing.overpayments import overpaid, sent, told
from tests.servicing.reviews import comes
from tests.servicing.test_amendments import reverses
from tests.servicing.test_break_ends import FAILED, asks, cash, prompted
from tests.servicing.test_breaks import is_whole, only_break, trial
from tests.servicing.topping_up import is_lent, lends_more, payouts_of, running
from tests.servicing.treasury_acts import (
    DAY,
    UMA,
    USHA,
    act,
    compares,
    incoming,
    open_breaks,
    paid_out,
    two_act,
)


def back(line: StatementLine, amount: Money | None = None) -> StatementLine:
    return replace(line, status=OutcomeStatus.RETURNED, amount=amount or line.amount)


def out(name: str, amount: Money) -> StatementLine:
    return StatementLine(name, "", Direction.PAYOUT, amount, OutcomeStatus.SETTLED)


async def waiting(lender: Lender) -> SuspenseItem:
    async with lender.sessions() as session:
        (item,) = await suspense.list_open(session)
    return item


async def gives_back(lender: Lender, name: str) -> None:
    """What waits, by a payment outside that staff call so."""
    item = await waiting(lender)
    for who in (UMA, USHA):
        async with unit_of_work(lender.sessions) as session:
            await suspense.refund(
                session, item.id, reference=name, staff_id=who, reason="not ours", on=lender.on,
                now=lender.now,
            )  # fmt: skip


async def charges_back(lender: Lender, loan: Loan) -> None:
    """Two of staff take back the whole of the last payment."""
    async with lender.sessions() as session:
        last = (await queries.list_repayments(session, loan.id))[-1]
    for who in (UMA, USHA):
        async with unit_of_work(lender.sessions) as session:
            await chargebacks.charge_back(
                session, last.id, staff_id=who, reason="wrong", on=lender.on, now=lender.now
            )


class TestAPayout:
    @pytest.mark.parametrize("amount", [kes(29_100), kes(29_300)])
    async def test_of_another_amount_waits_and_may_repay_its_loan(
        self, lender: Lender, amount: Money
    ) -> None:
        """A bank keeps a charge: the loan was lent, and only a part came back."""
        loan = await lender.lends()
        line = await paid_out(lender, loan)
        lines = [line, back(line, amount)]
        found = await only_break(lender, lines)
        with pytest.raises(breaks.BreakActNotPossible):
            await act(lender, "write_off", found.id, UMA)

        await two_act(lender, "put_right", found.id)

        assert await cash(lender) == (amount - line.amount).minor
        await is_whole(lender, lines)
        item = await waiting(lender)
        assert (item.amount, item.loan_id) == (amount, loan.id)
        for who in (UMA, USHA):
            async with unit_of_work(lender.sessions) as session:
                await suspense.assign(
                    session, item.id, loan_id=loan.id, staff_id=who, reason="theirs",
                    on=lender.on, now=lender.now,
                )  # fmt: skip
        assert await cash(lender) == (amount - line.amount).minor
        await is_whole(lender, lines)

    async def test_of_money_on_top_in_part_cannot_be_undone_as_well(self, lender: Lender) -> None:
        loan = await running(lends_more(lender))
        amendment = await is_lent(lender, loan)
        *_, payout = await payouts_of(lender, loan)
        line = StatementLine(
            "W2", payout.client_ref, Direction.PAYOUT, payout.amount, OutcomeStatus.SETTLED
        )
        await compares(lender, [line, back(line, kes(11_900))], day=lender.now.date())
        (found,) = [each for each in await open_breaks(lender) if each.category == "returned"]
        await two_act(lender, "put_right", found.id)
        before = await cash(lender)

        with pytest.raises(PayoutNotSettled):
            await reverses(lender, amendment, UMA)

        assert await cash(lender) == before
        assert (await waiting(lender)).amount == kes(11_900)
        await lender.verifies()


class TestARefund:
    async def test_of_another_amount_waits_again(self, lender: Lender) -> None:
        loan, item = await overpaid(lender)
        refund = await sent(lender, item)
        await told(lender, refund, OutcomeStatus.SETTLED)
        before = await cash(lender)
        line = StatementLine(
            "W9", refund.client_ref, Direction.PAYOUT, refund.amount, OutcomeStatus.SETTLED
        )
        lines = [line, back(line, kes(390))]
        (found,) = await self.differs(lender, lines)

        await two_act(lender, "put_right", found)

        assert await cash(lender) == before + kes(390).minor
        assert (await waiting(lender)).loan_id == loan.id
        assert await self.differs(lender, lines) == []
        await lender.verifies()

    async def differs(self, lender: Lender, lines: list[StatementLine]) -> list[UUID]:
        """What the borrower paid in cash is in no statement."""
        await compares(lender, lines, day=lender.now.date())
        return [row.id for row in await open_breaks(lender) if row.category != "missing_at_rail"]

    async def parts(self, lender: Lender, lines: list[StatementLine]) -> dict[str, Money]:
        """Of the difference between what the rail holds and our ledger."""
        held = kes(100_000) - lines[0].amount + lines[-1].amount
        await compares(lender, lines, balances=Balances(kes(100_000), held))
        async with lender.sessions() as session:
            run = await session.get_one(ReconciliationRun, ("wallet", DAY))
            found = await positions.of_run(session, run)
        assert found is not None
        return dict(found.parts)

    @pytest.mark.parametrize("amount", [kes(70), kes(65)])
    async def test_by_hand_that_bounced_waits_again(self, lender: Lender, amount: Money) -> None:
        loan = await lender.lends()
        async with unit_of_work(lender.sessions) as session:
            await suspense.receive(
                session, reference="wallet:W9", reason="unknown_reference", amount=kes(70),
                on=lender.on, now=lender.now, rail="wallet",
            )  # fmt: skip
        await gives_back(lender, "M-1")
        lines = [
            await paid_out(lender, loan), incoming("W9", "rent", kes(70)), out("M-1", kes(70)),
            back(out("M-1", amount)),
        ]  # fmt: skip
        found = await only_break(lender, lines)

        await two_act(lender, "put_right", found.id)

        assert await cash(lender) == amount.minor - lines[0].amount.minor
        assert (await waiting(lender)).amount == amount
        await is_whole(lender, lines)
        assert await self.parts(lender, lines) == {"before_first_statement": kes(100_000)}
        await gives_back(lender, "M-2")
        await is_whole(lender, [*lines, out("M-2", amount)])


class TestWhatNobodyOrdered:
    async def lines(self, lender: Lender) -> list[StatementLine]:
        charge = out("F1", kes(35))
        return [await paid_out(lender, await lender.lends()), charge, back(charge)]

    async def test_and_came_back_is_nothing(self, lender: Lender) -> None:
        lines = await self.lines(lender)
        await compares(lender, lines)
        before = await trial(lender)

        for found in await open_breaks(lender):
            await two_act(lender, "explain", found.id)

        assert await trial(lender) == before
        await compares(lender, lines)
        assert await open_breaks(lender) == []

    async def test_and_was_written_off_is_a_gain_when_it_comes_back(self, lender: Lender) -> None:
        lines = await self.lines(lender)
        found = await only_break(lender, lines[:2])
        await two_act(lender, "write_off", found.id)
        assert (await trial(lender))["rail_differences"] == kes(35).minor
        returned = await only_break(lender, lines)
        assert returned.category == "returned"

        await two_act(lender, "write_off", returned.id)

        assert (await trial(lender)).get("rail_differences", 0) == 0
        assert await cash(lender) == -lines[0].amount.minor
        await compares(lender, lines)
        assert await open_breaks(lender) == []
        await lender.verifies()


class TestAPaymentThatWasTakenBack:
    @pytest.mark.parametrize("waits", [False, True])
    @pytest.mark.parametrize("by_two_before", [False, True])
    async def test_in_part_leaves_the_rest_to_its_payer(
        self, lender: Lender, waits: bool, by_two_before: bool
    ) -> None:
        loan = await lender.lends()
        came = incoming("W2", "rent" if waits else loan.reference, kes(500))
        await comes(lender, "W2", came.reference, kes(500))
        lines = [await paid_out(lender, loan), came, back(came, kes(300))]
        if by_two_before and not waits:
            await charges_back(lender, loan)
        found = await only_break(lender, lines)
        with pytest.raises(breaks.BreakActNotPossible):
            await act(lender, "write_off", found.id, UMA)

        await two_act(lender, "put_right", found.id)

        assert await cash(lender) == kes(200).minor - lines[0].amount.minor
        assert (await waiting(lender)).amount == kes(200)
        assert "borrower_credit" not in await lender.books(loan)
        await is_whole(lender, lines)

    async def test_by_a_prompt_is_known_by_our_name(self, lender: Lender) -> None:
        loan = await lender.lends()
        asked = await asks(lender, loan, Outcome(OutcomeStatus.SETTLED, kes(500), "W2"))
        came = prompted(asked, "W2")
        lines = [await paid_out(lender, loan), came, back(came, kes(499))]
        found = await only_break(lender, lines)

        await two_act(lender, "put_right", found.id)

        assert (await waiting(lender)).amount == kes(1)
        await is_whole(lender, lines)

    async def test_with_more_than_came_is_lost_by_the_rest(self, lender: Lender) -> None:
        loan = await lender.lends()
        came = incoming("W2", loan.reference, kes(500))
        await comes(lender, "W2", loan.reference, kes(500))
        lines = [await paid_out(lender, loan), came, back(came, kes(600))]
        found = await only_break(lender, lines)
        for verb in ("put_right", "write_off"):
            with pytest.raises(breaks.BreakActNotPossible):
                await two_act(lender, verb, found.id)
        await charges_back(lender, loan)
        await compares(lender, lines)

        await two_act(lender, "write_off", found.id)

        assert (await trial(lender))["rail_differences"] == kes(100).minor
        assert await cash(lender) == -kes(100).minor - lines[0].amount.minor
        await compares(lender, lines)
        assert await open_breaks(lender) == []
        await lender.verifies()


class TestAPaymentRequest:
    """Paid with another amount: there were acts for it."""

    async def test_differs_by_the_rest(self, lender: Lender) -> None:
        loan = await lender.lends()
        asked = await asks(lender, loan, Outcome(OutcomeStatus.SETTLED, kes(500), "W2"))
        lines = [await paid_out(lender, loan), replace(prompted(asked, "W2"), amount=kes(450))]
        found = await only_break(lender, lines)
        assert found.category == "amount"

        await two_act(lender, "write_off", found.id)

        assert await cash(lender) == kes(450).minor - lines[0].amount.minor
        await compares(lender, lines)
        assert await open_breaks(lender) == []
        await lender.verifies()

    async def test_that_had_failed_is_what_was_paid(self, lender: Lender) -> None:
        loan = await lender.lends()
        asked = await asks(lender, loan, FAILED)
        lines = [await paid_out(lender, loan), replace(prompted(asked, "W2"), amount=kes(450))]
        found = await only_break(lender, lines)

        await two_act(lender, "put_right", found.id)

        assert (await lender.books(loan))["borrower_credit"] == "450.00"
        await is_whole(lender, lines)
