"""Capital comes in and goes out by two people, and what is lent is not given back."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from kit.db import Sessions, unit_of_work
from kit.errors import DomainError
from kit.four_eyes import SameStaff
from kit.ids import new_id
from kit.money import Money
from servicing import suspense
from servicing.funding import capital
from servicing.funding.capital import (
    CapitalAmountDiffers,
    CapitalNotFree,
    CapitalReferenceUsed,
    PoolCurrencyDiffers,
)
from servicing.funding.models import Movement, Stake, WithdrawalOf
from servicing.ledger import balances, invariants, posting
from servicing.ledger.chart import Account
from servicing.ledger.rules import EntryKind, Event
from servicing.payment_requests import REQUESTS
from tests.servicing.funding.money import CHECKER, MAKER, Treasury
from tests.servicing.lending import Lender, kes
from tests.servicing.reviews import asks_in_vain, enters, settles
from tests.servicing.test_rail_events import arrives, event, waiting


async def stands(lender: Lender) -> dict[str, str]:
    async with lender.sessions() as session:
        return {
            row.account: Money(row.net_minor, row.currency).major
            for row in await balances.trial_balance(session)
            if row.net_minor
        }


async def was_paid_in_long_ago(
    lender: Lender, stake: Stake, reference: str, *, cash: Account = Account.CASH_WALLET
) -> None:
    """As it was written down before the rail was in the name of the entry."""
    async with unit_of_work(lender.sessions) as session:
        entry = await posting.post(
            session, EntryKind.FUNDING, (Event.CAPITAL_PAID_IN, kes(1_000)),
            reference=f"capital_in:{reference}", on=lender.on, now=lender.now, cash=cash,
        )  # fmt: skip
        session.add(
            Movement(
                id=new_id(), stake_id=stake.id, event=Event.CAPITAL_PAID_IN, amount_minor=1_000_00,
                on=lender.on, entry_id=entry.id, created_at=lender.now,
            )
        )  # fmt: skip


class TestPayIn:
    async def test_is_capital_when_the_second_person_says_so(
        self, lender: Lender, treasury: Treasury
    ) -> None:
        pool = await treasury.opens()
        stake = await treasury.joins(pool)
        given: dict[str, Any] = {"amount": kes(1_000), "reference": "BANK-1", "reason": "statement",
                 "on": lender.on, "now": lender.now}  # fmt: skip

        async with unit_of_work(lender.sessions) as session:
            await capital.pay_in(session, stake.id, staff_id=MAKER, **given)
        alone = await stands(lender)
        with pytest.raises(SameStaff):
            async with unit_of_work(lender.sessions) as session:
                await capital.pay_in(session, stake.id, staff_id=MAKER, **given)
        async with unit_of_work(lender.sessions) as session:
            await capital.pay_in(session, stake.id, staff_id=CHECKER, **given)

        assert alone == {}
        assert await stands(lender) == {
            Account.CASH_WALLET: "1000.00", Account.FUNDER_CAPITAL: "1000.00"
        }  # fmt: skip
        assert (await treasury.stake_book(pool, stake.id)).free == 1_000_00

    async def test_writes_one_payment_down_once(self, lender: Lender, treasury: Treasury) -> None:
        pool = await treasury.opens()
        stake = await treasury.joins(pool)
        await treasury.pays_in(stake, kes(1_000))
        treasury.payments = 0

        with pytest.raises(CapitalReferenceUsed):
            await treasury.pays_in(stake, kes(1_000))

    @pytest.mark.parametrize("written", ["W77", "wallet:W77", "w77"])
    async def test_takes_money_out_of_suspense_that_the_rail_has_brought(
        self, lender: Lender, treasury: Treasury, written: str
    ) -> None:
        stake = await treasury.joins(await treasury.opens())
        await arrives(lender, event("from Acme", kes(1_000), rail_id="W77"))

        await treasury.pays_in(stake, kes(1_000), reference=written)
        await arrives(lender, event("from Acme", kes(1_000), rail_id="W77"))

        assert await stands(lender) == {
            Account.CASH_WALLET: "1000.00", Account.FUNDER_CAPITAL: "1000.00"
        }  # fmt: skip
        assert await waiting(lender) == []
        await lender.verifies()

    async def test_is_not_set_aside_when_the_rail_tells_of_it_later(
        self, lender: Lender, treasury: Treasury
    ) -> None:
        stake = await treasury.joins(await treasury.opens())
        await treasury.pays_in(stake, kes(1_000), reference="W77")

        await arrives(lender, event("from Acme", kes(1_000), rail_id="W77"))
        await arrives(lender, event("from Acme", kes(1_001), rail_id="W77"))

        assert await waiting(lender) == []
        assert (await stands(lender))[Account.CASH_WALLET] == "1000.00"
        assert await lender.incidents() == ["incoming_told_differently"]

    async def test_refuses_money_that_waits_with_another_amount(
        self, lender: Lender, treasury: Treasury
    ) -> None:
        stake = await treasury.joins(await treasury.opens())
        await arrives(lender, event("from Acme", kes(999), rail_id="W77"))

        with pytest.raises(CapitalAmountDiffers):
            await treasury.pays_in(stake, kes(1_000), reference="W77")
        assert await waiting(lender) == [("unknown_reference", "999.00")]

    async def test_refuses_money_that_was_a_borrowers(
        self, lender: Lender, treasury: Treasury
    ) -> None:
        loan = await lender.lends()
        stake = await treasury.joins(await treasury.opens())
        await arrives(lender, event(loan.reference, kes(1_000), rail_id="W77"))

        with pytest.raises(CapitalReferenceUsed):
            await treasury.pays_in(stake, kes(1_000), reference="W77")

    @pytest.mark.parametrize("typed", ["W77", "wallet:W77", "w77"])
    async def test_refuses_money_that_staff_have_entered(
        self, lender: Lender, treasury: Treasury, typed: str
    ) -> None:
        loan = await lender.lends()
        stake = await treasury.joins(await treasury.opens())
        await enters(lender, loan, kes(1_000), "W77")
        asked = await asks_in_vain(lender, loan, kes(500))
        await settles(lender, REQUESTS, asked.id, "W78")

        for used in (typed, typed.replace("77", "78")):
            with pytest.raises(CapitalReferenceUsed):
                await treasury.pays_in(stake, kes(1_000), reference=used)

    @pytest.mark.parametrize("typed", ["BANK-1", "bank-1", "wallet:Bank-1"])
    async def test_is_one_payment_however_it_is_typed(
        self, lender: Lender, treasury: Treasury, typed: str
    ) -> None:
        stake = await treasury.joins(await treasury.opens())
        await treasury.pays_in(stake, kes(1_000), reference="bank-1")

        with pytest.raises(CapitalReferenceUsed):
            await treasury.pays_in(stake, kes(1_000), reference=typed)

    async def test_knows_what_was_entered_before_rails_were_in_its_name(
        self, lender: Lender, treasury: Treasury
    ) -> None:
        loan = await lender.lends()
        stake = await treasury.joins(await treasury.opens())
        await was_paid_in_long_ago(lender, stake, "W77")

        with pytest.raises(CapitalReferenceUsed):
            await treasury.pays_in(stake, kes(1_000), reference="W77")
        await arrives(lender, event("from Acme", kes(1_000), rail_id="W77"))
        assert await waiting(lender) == []
        assert await enters(lender, loan, kes(1_000), "W77") == "rail_transfer_known"

    async def test_of_another_rail_is_another_payment(
        self, lender: Lender, treasury: Treasury
    ) -> None:
        stake = await treasury.joins(await treasury.opens())
        await was_paid_in_long_ago(lender, stake, "W77", cash=Account.CASH_BANK)

        await treasury.pays_in(stake, kes(1_000), reference="W77")

        assert (await stands(lender))[Account.CASH_WALLET] == "1000.00"
        await lender.verifies()

    async def test_refuses_another_currency(self, treasury: Treasury) -> None:
        stake = await treasury.joins(await treasury.opens())

        with pytest.raises(PoolCurrencyDiffers):
            await treasury.pays_in(stake, Money(100, "USD"))


class TestVerify:
    """Capital that stands as something else besides: planted behind the product's back."""

    async def violations(self, lender: Lender, *statements: str) -> set[str]:
        async with unit_of_work(lender.sessions) as session:
            for statement in statements:
                await session.execute(text(statement))
        async with lender.sessions() as session:
            return {violation.rule for violation in await invariants.verify(session)}

    @pytest.mark.parametrize("name", ["wallet:W77", "wallet:w77", "staff:W77", "staff:wallet:w77"])
    async def test_finds_capital_that_is_a_repayment_too(
        self, lender: Lender, treasury: Treasury, name: str
    ) -> None:
        loan = await lender.lends()
        stake = await treasury.joins(await treasury.opens())
        await treasury.pays_in(stake, kes(1_000), reference="W77")
        await arrives(lender, event(loan.reference, kes(1_000), rail_id="W78"))
        await lender.verifies()
        planted = f"UPDATE repayments SET rail_reference = '{name}'"

        assert await self.violations(lender, planted) == {"transfer_stands_once"}

        async with unit_of_work(lender.sessions) as session:
            entry = await posting.find(session, "capital_in:wallet:W77")
            assert entry is not None
            await posting.reverse(session, entry, on=lender.on, now=lender.now)
        assert "transfer_stands_once" not in await self.violations(lender)

    @pytest.mark.parametrize("name", ["W77", "w77", "wallet:w77", "WALLET:W77"])
    async def test_finds_capital_that_was_booked_twice(
        self, lender: Lender, treasury: Treasury, name: str
    ) -> None:
        stake = await treasury.joins(await treasury.opens())
        await treasury.pays_in(stake, kes(1_000), reference="W77")
        await lender.verifies()

        await was_paid_in_long_ago(lender, stake, name)

        assert await self.violations(lender) == {"transfer_stands_once"}


class TestWithdrawals:
    async def test_take_out_what_is_free(self, lender: Lender, treasury: Treasury) -> None:
        pool = await treasury.opens()
        stake = await treasury.joins(pool)
        await treasury.pays_in(stake, kes(50_000))
        await lender.lends()

        with pytest.raises(CapitalNotFree):
            await treasury.withdraws(stake, kes("20000.01"))
        withdrawal = await treasury.withdraws(stake, kes(20_000))
        promised = await treasury.stake_book(pool, stake.id)
        await treasury.pays_out(withdrawal)
        paid = await treasury.stake_book(pool, stake.id)

        assert (promised.capital, promised.withdrawing, promised.free) == (50_000_00, 20_000_00, 0)
        assert (paid.capital, paid.at_work, paid.free) == (30_000_00, 30_000_00, 0)

    async def test_of_returns_are_no_more_than_was_earned(
        self, lender: Lender, treasury: Treasury
    ) -> None:
        pool = await treasury.opens()
        stake = await treasury.joins(pool, rate_ppm=500_000)
        await treasury.pays_in(stake, kes(50_000))
        loan = await lender.lends()
        first, *_ = await lender.schedule(loan)
        await lender.closes_days_until(first.due_on)
        await lender.receives(loan, (await lender.owed(loan)).gross)
        await treasury.settles(pool)
        earned = (await treasury.stake_book(pool, stake.id)).payable

        early = await treasury.withdraws(stake, Money(earned + 1, "KES"), WithdrawalOf.RETURN)
        with pytest.raises(CapitalNotFree):
            await treasury.pays_out(early)
        async with unit_of_work(lender.sessions) as session:
            await capital.cancel_withdrawal(session, early.id, actor="staff:1", now=lender.now)
        await treasury.pays_out(
            await treasury.withdraws(stake, Money(earned - 100, "KES"), WithdrawalOf.RETURN)
        )
        await treasury.reinvests(stake, kes(1))

        # 36 % a year, 30/360: 900 of interest in the first month, of which half is his.
        assert earned == 450_00
        book = await treasury.stake_book(pool, stake.id)
        assert (book.payable, book.capital) == (0, 50_001_00)
        lender.on += timedelta(days=1)
        await lender.verifies()


async def test_is_capital_or_a_repayment_when_both_are_said_at_once(
    own_sessions: Sessions, now: datetime
) -> None:
    """The second of staff confirms each; whoever is later is refused, and nobody waits for ever."""
    lender = Lender(own_sessions, now)
    loan = await lender.lends()
    treasury = Treasury(lender)
    stake = await treasury.joins(await treasury.opens())
    codes: list[str] = []
    for n in range(5):
        await arrives(lender, event("from Acme", kes(1_000), rail_id=f"W{n}a"))
        async with lender.sessions() as session:
            (item,) = await suspense.list_open(session)

        async def places(item_id: UUID) -> None:
            for who in (MAKER, CHECKER):
                async with unit_of_work(lender.sessions) as session:
                    await suspense.assign(
                        session, item_id, loan_id=loan.id, staff_id=who, reason="asked",
                        on=lender.on, now=lender.now,
                    )  # fmt: skip

        ends = await asyncio.gather(
            places(item.id),
            treasury.pays_in(stake, kes(1_000), reference=f"W{n}a"),
            return_exceptions=True,
        )
        refused = [end for end in ends if isinstance(end, BaseException)]
        assert all(isinstance(end, DomainError) for end in refused), refused
        codes += [end.code for end in refused if isinstance(end, DomainError)]

    assert len(codes) == 5
    assert await waiting(lender) == []
    await lender.verifies()
