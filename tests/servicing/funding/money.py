"""Funders, pools and their capital for the tests, through public functions."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kit.db import unit_of_work
from kit.ids import new_id
from kit.money import Money
from servicing.funding import books, capital, pools, returns
from servicing.funding.books import PoolBook, StakeBook
from servicing.funding.models import Pool, Stake, StakeKind, Withdrawal, WithdrawalOf
from tests.servicing.lending import Lender

MAKER, CHECKER = new_id(), new_id()
BOTH = (MAKER, CHECKER)


@dataclass
class Treasury:
    """Two people of staff who do together whatever needs two."""

    lender: Lender
    payments: int = 0
    names: int = 0

    async def opens(self, code: str = "main", **policy: Any) -> Pool:
        """A pool at the rail of the lender's loans."""
        async with unit_of_work(self.lender.sessions) as session:
            pool = await pools.create_pool(
                session, code=code, currency="KES", rail=self.lender.rail.name,
                actor=f"staff:{MAKER}", now=self.lender.now,
            )  # fmt: skip
        await self.sets(pool, policy)
        return pool

    async def sets(self, pool: Pool, policy: dict[str, Any]) -> None:
        for staff_id in BOTH:
            async with unit_of_work(self.lender.sessions) as session:
                await pools.set_policy(
                    session, pool.id, policy=policy, staff_id=staff_id, reason="agreed",
                    now=self.lender.now,
                )  # fmt: skip

    async def joins(
        self, pool: Pool, *, terms: StakeKind = StakeKind.SHARE, rate_ppm: int = 800_000,
        loss_order: int = 1,
    ) -> Stake:  # fmt: skip
        """A funder of whom nobody has heard before takes part in the pool."""
        self.names += 1
        async with unit_of_work(self.lender.sessions) as session:
            funder = await pools.register_funder(
                session, name=f"{pool.code} funder {self.names}", actor=f"staff:{MAKER}",
                now=self.lender.now,
            )  # fmt: skip
        for staff_id in BOTH:
            async with unit_of_work(self.lender.sessions) as session:
                await pools.add_stake(
                    session, pool.id, funder_id=funder.id, terms=terms, rate_ppm=rate_ppm,
                    loss_order=loss_order, staff_id=staff_id, reason="agreed",
                    now=self.lender.now,
                )  # fmt: skip
        async with self.lender.sessions() as session:
            stake = await session.scalar(select(Stake).where(Stake.funder_id == funder.id))
            assert stake is not None
            return stake

    async def pays_in(
        self, stake: Stake, amount: Money, *, on: date | None = None, reference: str | None = None
    ) -> None:
        self.payments += 1
        reference = reference or f"BANK-{self.payments}"
        for staff_id in BOTH:
            async with unit_of_work(self.lender.sessions) as session:
                await capital.pay_in(
                    session, stake.id, amount=amount, reference=reference, staff_id=staff_id,
                    reason="on the statement", on=on or self.lender.on, now=self.lender.now,
                )  # fmt: skip

    async def withdraws(
        self, stake: Stake, amount: Money, of: WithdrawalOf = WithdrawalOf.CAPITAL
    ) -> Withdrawal:
        async with unit_of_work(self.lender.sessions) as session:
            return await capital.agree_withdrawal(
                session, stake.id, of=of, amount=amount, due_on=self.lender.on, staff_id=MAKER,
                now=self.lender.now,
            )  # fmt: skip

    async def pays_out(self, withdrawal: Withdrawal) -> None:
        self.payments += 1
        reference = f"BANK-{self.payments}"
        for staff_id in BOTH:
            async with unit_of_work(self.lender.sessions) as session:
                await capital.pay_out(
                    session, withdrawal.id, reference=reference, staff_id=staff_id,
                    reason="on the statement", on=self.lender.on, now=self.lender.now,
                )  # fmt: skip

    async def reinvests(self, stake: Stake, amount: Money) -> None:
        for staff_id in BOTH:
            async with unit_of_work(self.lender.sessions) as session:
                await capital.reinvest(
                    session, stake.id, amount=amount, staff_id=staff_id, reason="asked for it",
                    on=self.lender.on, now=self.lender.now,
                )  # fmt: skip

    async def settles(self, pool: Pool, until: date | None = None) -> None:
        async with unit_of_work(self.lender.sessions) as session:
            fresh = await pools.get_pool(session, pool.id)
            await returns.settle(session, fresh, until=until or self.lender.on, now=self.lender.now)

    async def book(self, pool: Pool) -> PoolBook:
        async with self.lender.sessions() as session:
            return await books.of_pool(session, await pools.get_pool(session, pool.id))

    async def stake_book(self, pool: Pool, stake_id: UUID) -> StakeBook:
        book = await self.book(pool)
        return next(each for each in book.stakes if each.stake.id == stake_id)
