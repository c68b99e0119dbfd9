"""The lender's own money: he pays it in, takes it out, and moves it between his accounts."""

from uuid import UUID

import pytest

from kit.db import unit_of_work
from kit.four_eyes import SameStaff
from kit.money import Money
from servicing import hand_entries, rail_events, suspense
from servicing.ledger import balances
from servicing.ledger.chart import Account
from servicing.models import SuspenseItem
from servicing.rails.base import Direction, Outcome, OutcomeStatus, RailEvent, StatementLine
from servicing.suspense import MoneyOfALoan, MoreThanByHand, Own, SuspenseItemNotFound
from servicing.treasury.breaks import BreakActNotPossible
from tests.servicing.lending import ZONE, Lender, kes
from tests.servicing.overpayments import overpaid
from tests.servicing.treasury_acts import (
    DAY,
    NEXT,
    UMA,
    USHA,
    act,
    compares,
    incoming,
    open_breaks,
    two_act,
)


async def trial(lender: Lender) -> dict[str, int]:
    async with lender.sessions() as session:
        rows = await balances.trial_balance(session)
    return {row.account: row.net_minor for row in rows if row.net_minor}


async def comes(lender: Lender, name: str, amount: Money, status: OutcomeStatus) -> None:
    event = RailEvent(
        "wallet", f"{name}:{status}", Direction.INCOMING, "float", name, amount,
        Outcome(status, amount, name),
    )  # fmt: skip
    async with unit_of_work(lender.sessions) as session:
        await rail_events.apply(session, event, on=lender.on, zone=ZONE, now=lender.now)


async def waiting(lender: Lender) -> SuspenseItem:
    async with lender.sessions() as session:
        (item,) = await suspense.list_open(session)
    return item


async def says_own(lender: Lender, item_id: UUID, who: UUID, of: Own = Own.LENDER) -> None:
    async with unit_of_work(lender.sessions) as session:
        await suspense.own(
            session, item_id, of=of, staff_id=who, reason="we sent it", on=lender.on,
            now=lender.now,
        )  # fmt: skip


class TestPaidIn:
    async def test_is_his_when_two_say_so(self, lender: Lender) -> None:
        await comes(lender, "W1", kes(50_000), OutcomeStatus.SETTLED)
        item = await waiting(lender)
        await says_own(lender, item.id, UMA)
        with pytest.raises(SameStaff):
            await says_own(lender, item.id, UMA)
        assert (await trial(lender))[Account.SUSPENSE] == kes(50_000).minor

        await says_own(lender, item.id, USHA)

        assert await trial(lender) == {
            Account.CASH_WALLET: kes(50_000).minor, Account.LENDER_FUNDS: kes(50_000).minor
        }  # fmt: skip
        await comes(lender, "W1", kes(50_000), OutcomeStatus.SETTLED)
        await compares(lender, [incoming("W1", "float", kes(50_000))])
        assert await open_breaks(lender) == []
        with pytest.raises(SuspenseItemNotFound):
            await says_own(lender, item.id, UMA)
        await lender.verifies()

    async def test_is_taken_back_by_its_bank_after_all(self, lender: Lender) -> None:
        await comes(lender, "W1", kes(50_000), OutcomeStatus.SETTLED)
        item = await waiting(lender)
        for who in (UMA, USHA):
            await says_own(lender, item.id, who)
        await comes(lender, "W1", kes(50_000), OutcomeStatus.RETURNED)
        assert await lender.incidents() == ["chargeback_unknown"]
        came = incoming("W1", "float", kes(50_000))
        gone = StatementLine("W1", "float", Direction.INCOMING, kes(50_000), OutcomeStatus.RETURNED)
        await compares(lender, [came, gone])
        (found,) = await open_breaks(lender)

        await two_act(lender, "own", found.id)

        assert await trial(lender) == {}
        await compares(lender, [came, gone])
        assert await open_breaks(lender) == []
        await lender.verifies()

    @pytest.mark.parametrize("stated", [kes(45_000), None])
    async def test_of_which_a_statement_has_less_is_less(
        self, lender: Lender, stated: Money | None
    ) -> None:
        await comes(lender, "W1", kes(50_000), OutcomeStatus.SETTLED)
        item = await waiting(lender)
        for who in (UMA, USHA):
            await says_own(lender, item.id, who)
        lines = [] if stated is None else [incoming("W1", "float", stated)]
        await compares(lender, lines, day=lender.now.date())
        (found,) = await open_breaks(lender)

        await two_act(lender, "own", found.id)

        there = kes(0) if stated is None else stated
        assert (await trial(lender)).get(Account.LENDER_FUNDS, 0) == there.minor
        assert (await trial(lender)).get(Account.CASH_WALLET, 0) == there.minor
        await compares(lender, lines, day=lender.now.date())
        assert await open_breaks(lender) == []
        await lender.verifies()

    async def test_is_not_what_is_left_of_a_loan(self, lender: Lender) -> None:
        _, item = await overpaid(lender)

        with pytest.raises(MoneyOfALoan):
            await says_own(lender, item.id, UMA)


class TestTheCashBox:
    async def is_entered(self, lender: Lender, amount: Money) -> None:
        loan = await lender.lends()
        async with unit_of_work(lender.sessions) as session:
            await hand_entries.receive(
                session, loan_id=loan.id, amount=amount, reference="box 1", on=lender.on,
                now=lender.now,
            )  # fmt: skip

    async def test_that_is_taken_to_the_bank_is_at_its_rail(self, lender: Lender) -> None:
        await self.is_entered(lender, kes(700))
        before = await trial(lender)
        await comes(lender, "W1", kes(700), OutcomeStatus.SETTLED)
        item = await waiting(lender)
        for who in (UMA, USHA):
            await says_own(lender, item.id, who, Own.BY_HAND)

        after = await trial(lender)
        assert before[Account.CASH_OUTSIDE] == kes(700).minor
        assert Account.CASH_OUTSIDE not in after
        assert after[Account.CASH_WALLET] == before[Account.CASH_WALLET] + kes(700).minor
        assert Account.LENDER_FUNDS not in after
        await lender.verifies()

    async def test_has_no_more_than_was_entered(self, lender: Lender) -> None:
        await self.is_entered(lender, kes(700))
        await comes(lender, "W1", kes("700.01"), OutcomeStatus.SETTLED)

        with pytest.raises(MoreThanByHand) as refused:
            await says_own(lender, (await waiting(lender)).id, UMA, Own.BY_HAND)

        assert refused.value.params == {"held": "700.00 KES"}


class TestTakenOut:
    async def test_is_no_loss_and_may_come_back(self, lender: Lender) -> None:
        out = StatementLine("F1", "", Direction.PAYOUT, kes(900), OutcomeStatus.SETTLED)
        await compares(lender, [out])
        (found,) = await open_breaks(lender)
        await two_act(lender, "own", found.id)

        assert await trial(lender) == {
            Account.CASH_WALLET: -kes(900).minor, Account.LENDER_FUNDS: -kes(900).minor
        }  # fmt: skip
        await compares(lender, [out])
        assert await open_breaks(lender) == []
        back = StatementLine("F1", "", Direction.PAYOUT, kes(900), OutcomeStatus.RETURNED)
        await compares(lender, [back], day=NEXT)
        (found,) = await open_breaks(lender)
        await two_act(lender, "own", found.id)
        assert await trial(lender) == {}
        await lender.verifies()

    async def test_again_on_a_statement_without_it_is_there_again(self, lender: Lender) -> None:
        out = StatementLine("F1", "", Direction.PAYOUT, kes(900), OutcomeStatus.SETTLED)
        await compares(lender, [out], day=DAY)
        (found,) = await open_breaks(lender)
        await two_act(lender, "own", found.id)
        await compares(lender, [], day=DAY)
        (again,) = await open_breaks(lender)

        await two_act(lender, "own", again.id)

        assert await trial(lender) == {}
        await lender.verifies()

    async def test_is_not_what_a_borrower_lacks(self, lender: Lender) -> None:
        await lender.lends()
        await compares(lender, [])
        (missing,) = await open_breaks(lender)
        assert missing.category == "missing_at_rail"

        with pytest.raises(BreakActNotPossible):
            await act(lender, "own", missing.id, UMA)
        assert Account.LENDER_FUNDS not in await trial(lender)

    async def test_is_taken_back_as_what_it_was_posted(self, lender: Lender) -> None:
        out = StatementLine("F1", "", Direction.PAYOUT, kes(900), OutcomeStatus.SETTLED)
        await compares(lender, [out])
        (found,) = await open_breaks(lender)
        await two_act(lender, "write_off", found.id)
        await compares(lender, [])
        (again,) = await open_breaks(lender)

        with pytest.raises(BreakActNotPossible):
            await act(lender, "own", again.id, UMA)
        await two_act(lender, "write_off", again.id)
        await compares(lender, [out])
        (anew,) = await open_breaks(lender)
        await two_act(lender, "own", anew.id)
        assert await trial(lender) == {
            Account.CASH_WALLET: -kes(900).minor, Account.LENDER_FUNDS: -kes(900).minor
        }  # fmt: skip
        await compares(lender, [])
        (last,) = await open_breaks(lender)
        with pytest.raises(BreakActNotPossible):
            await act(lender, "write_off", last.id, UMA)
        await two_act(lender, "own", last.id)

        assert await trial(lender) == {}
        await lender.verifies()
