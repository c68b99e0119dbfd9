"""Funders: they send capital by the rail, agree withdrawals and are paid; staff write it down."""

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import Money
from servicing import hand_entries
from servicing.funding import books as stake_books
from servicing.funding import capital, holds, pools, tasks
from servicing.funding.models import Stake, StakeKind, WithdrawalOf
from servicing.states import LoanStatus, OrderStatus
from simulation.rail import Transfer
from simulation.world import World

ACCOUNT = "FUNDER"
"""So begins the account from which a funder pays: staff know whose money that is."""
assert tasks, "the jobs of funding are registered"
_TERMS = (
    (StakeKind.SHARE, 700_000, 2),
    (StakeKind.FIXED, 90_000, 1),
)


class Funders:
    """One pool at the main rail, two stakes, and the two of staff who look after them."""

    def __init__(self, world: World) -> None:
        self.world, self.random = world, world.more
        self.rail = world.rails[0]
        self.pool_id: UUID | None = None
        self.stakes: list[UUID] = []
        self.waiting: list[tuple[UUID, Transfer]] = []
        """Capital that came, and is not written down yet."""
        self.promised: list[tuple[UUID, str]] = []
        """Withdrawals that were paid, and are not written down yet."""
        self._payments = 0
        self._begin(timedelta(days=self.random.randint(1, 12)))

    def _begin(self, after: timedelta) -> None:
        self.world.wish("pool", self._found, after)

    def _when(self) -> dict[str, Any]:
        return {"on": self.world.today, "now": self.world.clock.now()}

    async def _found(self) -> None:
        """Until two have agreed to its policy, the pool lends nothing and holds nothing up."""
        world = self.world
        made: list[UUID] = []

        async def found(session: AsyncSession) -> None:
            given: dict[str, Any] = {"actor": "staff:x", "now": world.clock.now()}
            pool = await pools.create_pool(
                session, code="pool", currency=world.currency, rail=self.rail.name, **given
            )
            people = [
                await pools.register_funder(session, name=name, **given) for name in ("Ana", "Bo")
            ]
            made.extend((pool.id, *(person.id for person in people)))

        if not await world.do(found, by=self.random):
            self._begin(timedelta(hours=1))
            return
        self.pool_id, *people = made
        for funder_id, (kind, rate, order) in zip(people, _TERMS, strict=True):
            await world.both(
                pools.add_stake, pool_id=self.pool_id, funder_id=funder_id, terms=kind,
                rate_ppm=rate, loss_order=order, reason="signed", now=world.clock.now(),
            )  # fmt: skip
        async with world.sessions() as session:
            self.stakes = list(
                await session.scalars(
                    select(Stake.id).where(Stake.pool_id == self.pool_id).order_by(Stake.id)
                )
            )
        for n in range(len(self.stakes)):
            self._wish("capital", partial(self._send, n), 1, 6)
            self._wish("withdrawal", partial(self._withdraw, n), 15, 35)
        self._wish("policy", self._open, 5, 20)

    def _wish(self, what: str, act: Any, first: int, last: int) -> None:
        hours = self.random.randint(first * 24, last * 24)
        self.world.wish(what, act, timedelta(hours=hours))

    async def _open(self) -> None:
        policy = {"limits": [{"by": "borrower", "percent": self.random.choice(("60", "100"))}]}
        await self.world.both(
            pools.set_policy, pool_id=self.pool_id, policy=policy, reason="agreed",
            now=self.world.clock.now(),
        )  # fmt: skip

    async def _send(self, n: int) -> None:
        """By the rail, which tells of it as of any money."""
        self._wish("capital", partial(self._send, n), 20, 45)
        amount = Money(self.random.randint(500, 4_000) * 5_000, self.world.currency)
        with self.rail.led_by(self.random):
            transfer = self.rail.receive(f"{ACCOUNT}{n}", "capital as agreed", amount)
        self.world.funded.sent[transfer.rail_id] = self.stakes[n], amount
        self.waiting.append((self.stakes[n], transfer))

    async def _withdraw(self, n: int) -> None:
        """One promises it; it is paid on the rail's own screen, and then written down."""
        self._wish("withdrawal", partial(self._withdraw, n), 20, 40)
        world, made = self.world, []
        wanted = self.random.choice(list(WithdrawalOf))

        async def agree(session: AsyncSession) -> None:
            stake, pool = await pools.get_stake(session, self.stakes[n])
            book = (await stake_books.with_capital(session, pool))[stake.id]
            is_earned = book.payable > 1 and wanted is WithdrawalOf.RETURN
            of = WithdrawalOf.RETURN if is_earned else WithdrawalOf.CAPITAL
            has = book.payable // 2 if is_earned else book.capital // 5
            if has > 0:
                withdrawal = await capital.agree_withdrawal(
                    session, stake.id, of=of, amount=Money(has, pool.currency),
                    due_on=world.today, staff_id=world.staff[0], now=world.clock.now(),
                )  # fmt: skip
                made.append((withdrawal.id, of, withdrawal.amount))

        if not await world.do(agree, by=self.random) or not made:
            return
        ((withdrawal_id, of, amount),) = made
        if self.random.random() < 0.15:
            await world.do(
                partial(
                    capital.cancel_withdrawal, withdrawal_id=withdrawal_id, actor="staff:x",
                    now=world.clock.now(),
                ),
                by=self.random,
            )  # fmt: skip
            return
        self._payments += 1
        name = f"F-{self._payments}"
        self.rail.pay_by_hand(name, amount)
        world.funded.paid[name] = self.stakes[n], of, amount
        self.promised.append((withdrawal_id, name))

    # Staff, once a day.

    async def work(self) -> None:
        for stake_id, transfer in list(self.waiting):
            if self.world.is_at_rest or self.random.random() < 0.5:
                await self._write_down(stake_id, transfer)
        for withdrawal_id, name in list(self.promised):
            if self.world.is_at_rest or self.random.random() < 0.5:
                await self._write_payment(withdrawal_id, name)
        if self.stakes:
            await self._share_out()
            await self._held()

    async def _write_down(self, stake_id: UUID, transfer: Transfer) -> None:
        """Told of or not, by the rail's name for it; a colleague may do it once more, and a third
        take it for a borrower's."""
        name = transfer.rail_id
        spelled = self.random.choice((name, name.lower(), f"{self.rail.name}:{name}"))
        given = {"stake_id": stake_id, "amount": transfer.amount, "reason": "came", **self._when()}
        await self.world.both(capital.pay_in, reference=spelled, **given)
        async with self.world.sessions() as session:
            if await capital.paid_in(session, f"{self.rail.name}:{name}") is None:
                return
        self.waiting.remove((stake_id, transfer))
        if self.random.random() < 0.3:
            await self.world.both(capital.pay_in, reference=name, **given)
        loans = self.world.known[0].loans.values() if self.world.known else ()
        running = [loan.id for loan in loans if loan.status is LoanStatus.ACTIVE]
        if running and self.random.random() < 0.3:
            enter = partial(
                hand_entries.receive, loan_id=running[0], amount=transfer.amount, reference=name,
                **self._when(),
            )  # fmt: skip
            await self.world.do(enter, by=self.random)

    async def _write_payment(self, withdrawal_id: UUID, name: str) -> None:
        pay = partial(
            self.world.both, capital.pay_out, withdrawal_id=withdrawal_id, reference=name,
            reason="paid", **self._when(),
        )  # fmt: skip
        await pay()
        async with self.world.sessions() as session:
            withdrawal = await capital.get_withdrawal(session, withdrawal_id)
        if withdrawal.paid_on is not None:
            self.promised.remove((withdrawal_id, name))

    async def _share_out(self) -> None:
        if self.world.is_at_rest or self.random.random() < 0.15:
            self.world.funded.shared_at = self.world.clock.now()
            await self.world.tick("servicing.share_out_nightly")

    async def _held(self) -> None:
        """Who waits long for money gets it all the same, by two, or is told that it never comes."""
        world = self.world
        payouts = world.known[0].payouts.values() if world.known else ()
        held = [each for each in payouts if each.status is OrderStatus.HELD]
        if held and not world.is_at_rest:
            await world.tick("servicing.try_held")
        for payout in held:
            given: dict[str, Any] = {"payout_id": payout.id, "now": world.clock.now()}
            roll = 0.0 if world.is_at_rest else self.random.random()
            if roll < 0.2:
                await world.both(holds.release, reason="he may wait no longer", **given)
            elif roll > 0.9:
                cancel = partial(holds.cancel, actor=f"staff:{world.staff[0]}", **given)
                await world.do(cancel, by=self.random)
