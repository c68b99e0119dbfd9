"""The counter: staff who enter money by hand. Some of it came outside the rails and is theirs to
enter; some a rail has told of, or will tell of later."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import Money
from servicing import hand_entries, order_reviews
from servicing.payment_requests import REQUESTS
from servicing.states import LoanStatus, OrderStatus
from simulation.books import Rows
from simulation.borrowers import Borrower
from simulation.rail import SETTLED, SimulatedRail, Transfer
from simulation.world import World

_LATELY = timedelta(days=4)


class Counter:
    def __init__(self, world: World, people: list[Borrower]) -> None:
        self.world, self.random, self.people = world, world.more, people
        self._receipts = 0
        for rail in world.rails:  # What is swallowed, staff settle by hand.
            rail.more, rail.faults = world.more, replace(rail.faults, swallows=0.15)

    async def work(self) -> None:
        if self.world.is_at_rest:
            return
        if self.random.random() < 0.04:
            await self._take_cash()
        if self.random.random() < 0.25:
            await self._enter_what_a_rail_has()
        if self.world.known is not None:
            await self._settle_by_what_is_known()

    async def _take_cash(self) -> None:
        """With a receipt, which a colleague enters once more in his own way."""
        loan, due, payoff = await self.random.choice(self.people).debt()
        if loan is None or loan.status is not LoanStatus.ACTIVE or not payoff.minor:
            return
        self._receipts += 1
        name = f"RCPT{self._receipts}"
        amount = due if 0 < due.minor < payoff.minor else payoff
        while not await self._enters(loan.id, amount, self._spelled(name)):
            if self.random.random() < 0.5:
                return  # Refused, or their program died: they give it back.
        self.world.till[name] = amount
        if self.random.random() < 0.5:
            await self._enters(loan.id, amount, self._spelled(name))

    async def _enter_what_a_rail_has(self) -> None:
        """The payer shows the rail's message: staff do not know that we know, or will."""
        if self.world.known is None:
            return
        rows, positions = self.world.known
        known = list(self._lately(rows))
        if not known:
            return
        untold = {name for each in positions if not each.ours for name in each.names}
        rather = [each for each in known if each[1].rail_id in untold]
        rail, transfer, loan_id = self.random.choice(rather or known)
        name = self._spelled(self.random.choice(rail.called(transfer)))
        if self.random.random() < 0.4:
            name = self.random.choice((f"{rail.name}:{name}", f"{rail.name.upper()}: {name}"))
        if await self._enters(loan_id, transfer.amount, name):
            self.world.counts["entered before the rail told"] += 1

    async def _settle_by_what_is_known(self) -> None:
        """Two take another payment, which is in the books already, for what an order asked for."""
        rows, positions = self.world.known
        for order in rows.requests.values():
            others = [
                each
                for each in positions
                if order.status is OrderStatus.NEEDS_REVIEW
                and each.stands
                and each.rail is not None
                and each.rail.name == order.rail
                and each.key != order.client_ref
            ]
            if others and self.random.random() < 0.7:
                other = self.random.choice(others[-4:])
                assert other.rail is not None
                name = self.random.choice(other.rail.called(other.transfers[0]))
                await self.world.both(
                    order_reviews.settle, kind=REQUESTS, order_id=order.id,
                    rail_id=self._spelled(name), settled_at=self.world.clock.at,
                    reason="he showed it", zone=self.world.zone, on=self.world.today,
                    now=self.world.clock.now(),
                )  # fmt: skip

    def _lately(self, rows: Rows) -> Iterator[tuple[SimulatedRail, Transfer, Any]]:
        """What came in for a loan of ours, as the rail's own people show it."""
        since = self.world.clock.at - _LATELY
        loans = {loan.reference: loan for loan in rows.loans.values()}
        for rail in self.world.all_rails:
            for transfer in rail.transfers.values():
                if transfer.status is not SETTLED or transfer.moves[-1][0] < since:
                    continue
                asked = rows.requests.get(transfer.reference)
                named = loans.get(transfer.reference.strip().upper())
                loan_id = asked.loan_id if asked is not None else named and named.id
                if loan_id and rows.loans[loan_id].currency == transfer.amount.currency:
                    yield rail, transfer, loan_id

    async def _enters(self, loan_id: Any, amount: Money, name: str) -> bool:
        async def enter(session: AsyncSession) -> None:
            await hand_entries.receive(
                session, loan_id=loan_id, amount=amount, reference=name, on=self.world.today,
                now=self.world.clock.now(),
            )  # fmt: skip

        return await self.world.do(enter, by=self.random)

    def _spelled(self, name: str) -> str:
        return self.random.choice((name, name.lower()))
