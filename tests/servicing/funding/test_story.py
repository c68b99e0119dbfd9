"""Whatever happens to loans and funders: capital in is what is lent, what is free and what is lost.

The other side of the sum is reckoned here from the lines of the ledger alone. `FUNDING_SEED=3`
tells another story.
"""

import os
import random
from datetime import date, timedelta

from sqlalchemy import func, select

from kit.db import unit_of_work
from kit.money import Money
from servicing import late_policy, queries, repayments
from servicing.funding import statements
from servicing.funding.capital import CapitalNotFree
from servicing.funding.models import Pool, Stake, StakeKind, WithdrawalOf
from servicing.ledger.chart import Account
from servicing.ledger.models import Line
from servicing.models import Loan, Repayment
from servicing.states import LoanStatus, OrderStatus
from tests.servicing.funding.money import Treasury
from tests.servicing.lending import START, Lender, kes
from tests.servicing.test_amendments import amends

POLICY = late_policy.load(late_policy.of_country("KE"))
GIVEN_UP = (Account.WRITE_OFF_EXPENSE, Account.WAIVER_EXPENSE)


async def moved(lender: Lender, debit: tuple[Account, ...], credit: tuple[Account, ...]) -> int:
    async with lender.sessions() as session:
        found = await session.scalar(
            select(func.sum(Line.amount_minor)).where(
                Line.debit.in_(debit), Line.credit.in_(credit)
            )
        )
        return int(found or 0)


async def net(lender: Lender, first: tuple[Account, ...], second: tuple[Account, ...]) -> int:
    """Debits of the first with credits of the second, less the other way round."""
    return await moved(lender, first, second) - await moved(lender, second, first)


async def not_lent(lender: Lender) -> int:
    """Money of the funders that is in no loan, from the ledger."""
    everything = tuple(account for account in Account if account is not Account.PRINCIPAL)
    others = tuple(account for account in everything if account not in GIVEN_UP)
    capital = await net(lender, everything, (Account.FUNDER_CAPITAL,))
    borne = await net(lender, (Account.FUNDER_CAPITAL,), (Account.LOSSES_BORNE,))
    lent = await net(lender, (Account.PRINCIPAL,), others)
    recovered = await moved(lender, everything, (Account.RECOVERY_INCOME,))
    return capital + borne - lent + recovered


class Story:
    """Some seeded weeks of a pool. By the usual seed a loan is lost, and pays after all."""

    def __init__(self, lender: Lender, treasury: Treasury, seed: int) -> None:
        self.lender, self.treasury, self.dice = lender, treasury, random.Random(seed)
        self.loans: list[Loan] = []
        self.stakes: list[Stake] = []
        self.paid: list[Repayment] = []

    async def begins(self) -> Pool:
        self.pool = await self.treasury.opens()
        for terms, rate, order in (
            (StakeKind.SHARE, 700_000, 1), (StakeKind.SHARE, 850_000, 1),
            (StakeKind.FIXED, 120_000, 2),
        ):  # fmt: skip
            stake = await self.treasury.joins(
                self.pool, terms=terms, rate_ppm=rate, loss_order=order
            )
            await self.treasury.pays_in(
                stake, Money(self.dice.randint(30_000_00, 60_000_00), "KES")
            )
            self.stakes.append(stake)
        for _ in range(4):
            await self.lends()
        return self.pool

    async def goes_on(self) -> None:
        acts = (self.lends, self.lends, self.repays, self.repays, self.repays, self.recovers,
                self.gives_up, self.takes_back, self.brings, self.leaves, self.waits,
                self.waits)  # fmt: skip
        await self.dice.choice(acts)()

    async def lends(self) -> None:
        loan = await self.lender.opens(principal=str(self.dice.randint(1_000, 20_000)))
        await self.lender.pays_out(loan)
        async with self.lender.sessions() as session:
            payout = (await queries.list_payouts(session, loan.id))[-1]
        if payout.status is not OrderStatus.HELD:
            await self.lender.arrives(loan)
            self.loans.append(loan)

    async def repays(self) -> None:
        if self.loans:
            loan = await self.lender.sees(self.dice.choice(self.loans))
            if loan.status is LoanStatus.ACTIVE:
                most = (await self.lender.payoff(loan)).minor
                amount = Money(self.dice.randint(1, most), "KES")
                self.paid.append(await self.lender.receives(loan, amount))

    async def gives_up(self) -> None:
        for loan in self.loans:
            fresh = await self.lender.sees(loan)
            late = (await self.lender.owed(fresh)).total
            if fresh.status is LoanStatus.ACTIVE and late:
                await amends(self.lender, fresh, {"type": "write_off"})
                return

    async def recovers(self) -> None:
        for loan in self.loans:
            if (await self.lender.sees(loan)).status is LoanStatus.WRITTEN_OFF:
                await self.lender.receives(loan, kes(self.dice.randint(1, 20)))

    async def takes_back(self) -> None:
        if not self.paid:
            return
        row = self.paid.pop(self.dice.randrange(len(self.paid)))
        async with unit_of_work(self.lender.sessions) as session:
            if (await queries.get_loan(session, row.loan_id)).status is LoanStatus.ACTIVE:
                await repayments.reverse(
                    session, row.id, actor="staff:1", reason="mistake", on=self.lender.on,
                    now=self.lender.now,
                )  # fmt: skip

    async def brings(self) -> None:
        amount = Money(self.dice.randint(1, 9_000_00), "KES")
        await self.treasury.pays_in(self.dice.choice(self.stakes), amount)

    async def leaves(self) -> None:
        stake, amount = self.dice.choice(self.stakes), kes(self.dice.randint(1, 9_000))
        of = self.dice.choice(list(WithdrawalOf))
        book = await self.treasury.stake_book(self.pool, stake.id)
        if of is WithdrawalOf.RETURN and amount.minor > book.payable:
            return
        try:
            agreed = await self.treasury.withdraws(stake, amount, of)
        except CapitalNotFree:
            return
        if self.dice.random() < 0.7:
            await self.treasury.pays_out(agreed)

    async def waits(self) -> None:
        days = self.dice.randint(1, 25)
        await self.lender.closes_days_until(self.lender.on + timedelta(days=days))
        await self.settles()

    async def settles(self) -> None:
        await self.treasury.settles(self.pool, self.lender.on - timedelta(days=1))


async def test_nothing_is_made_or_lost(lender: Lender, treasury: Treasury) -> None:
    seed = int(os.environ.get("FUNDING_SEED", "6"))
    story = Story(lender, treasury, seed)
    pool = await story.begins()
    for _ in range(22):
        await story.goes_on()
        book = await treasury.book(pool)
        withdrawing = sum(each.withdrawing for each in book.stakes)
        assert book.free + book.on_the_way + withdrawing == await not_lent(lender), f"seed {seed}"
        assert book.capital == book.at_work + book.on_the_way + withdrawing + book.free
    await lender.closes_days_until(lender.on + timedelta(days=1))
    await story.settles()
    await lender.verifies()
    await told_to_each(lender, treasury, pool, story.stakes)


async def told_to_each(lender: Lender, treasury: Treasury, pool: Pool, stakes: list[Stake]) -> None:
    """The statements of all funders together are the pool."""
    yesterday = lender.on - timedelta(days=1)
    async with lender.sessions() as session:
        told = [
            await statements.of_stake(
                session,
                stake.id,
                POLICY,
                since=date(START.year, START.month, 1),
                until=yesterday,
                today=lender.on,
            )
            for stake in stakes
        ]
    book = await treasury.book(pool)
    assert sum(each.closing.capital_minor for each in told) == book.capital
    assert sum(each.closing.at_work_minor for each in told) == book.at_work
    assert sum(each.closing.payable_minor for each in told) == book.payable
    assert sum(each.deployed_minor for each in told) > 0
