"""Staff: what two people do once a day about what the product has put before them."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import four_eyes
from kit.crypto import vault_of
from kit.money import Money
from servicing import (
    amendments,
    disbursements,
    incidents,
    order_reviews,
    queries,
    repayments,
    suspense,
)
from servicing.disbursements import PAYOUTS
from servicing.ledger.chart import OUTSIDE
from servicing.models import Incident, ReconciliationBreak, SuspenseItem
from servicing.payment_requests import REQUESTS
from servicing.rails.base import Direction, OutcomeStatus
from servicing.states import LoanStatus, OrderStatus
from servicing.treasury import breaks, returns
from simulation import books
from simulation.books import BY_HAND, RETURNED, Position, Rows, plain
from simulation.rail import Transfer
from simulation.world import World

Agreement = Callable[..., Awaitable[object]]
_INCIDENTS, _BREAKS = select(Incident), select(ReconciliationBreak)
_GIVEN_BACK = select(SuspenseItem).where(SuspenseItem.refund_reference.is_not(None))
_ZEAL = 0.5
"""How much of what waits is done on a day."""


class Office:
    def __init__(self, world: World) -> None:
        self.world = world
        self.zeal = _ZEAL
        self.sent: set[str] = set()
        """Payment requests whose borrowers have sent the money by themselves."""

    async def work(self) -> None:
        world = self.world
        if not self._has_work():
            return
        async with world.sessions() as session:
            rows = await books.read(session, world.memory)
            noted = [row[0] for row in await world.memory.rows(session, _INCIDENTS)]
            told = [row[0] for row in await world.memory.rows(session, _BREAKS)]
        broken = {each.reference for each in told}
        waiting = {each.reference: each for each in told if each.resolved_at is None}
        positions = list(books.positions(world, rows))
        await self._reviews(rows)
        await self._payouts(rows)
        about = " ".join(incident.subject for incident in noted)
        shown = [
            each
            for each in positions
            if each.names & broken
            or ((order := rows.order(each.key)) is not None and str(order.id) in about)
        ]
        await self._differences(shown, rows, waiting)
        await self._explain(positions, waiting)
        await self._suspense(rows)
        await self._changes(rows)
        unresolved = [incident for incident in noted if incident.resolved_at is None]
        await self._incidents(unresolved, positions)
        await self._pay_by_hand()

    def _has_work(self) -> bool:
        """By what was to be seen yesterday; and once in a while somebody wants a change."""
        if self.world.known is None or self.world.random.random() < 0.15:
            return True
        rows, positions = self.world.known
        orders = (*rows.payouts.values(), *rows.requests.values())
        return (
            any(order.status in (OrderStatus.NEEDS_REVIEW, OrderStatus.FAILED) for order in orders)
            or any(
                item.resolved_at is None and not self._is_capital(item)
                for item in rows.items.values()
            )
            or not all(each.is_square for each in positions)
        )

    def _does(self) -> bool:
        return self.world.random.random() < self.zeal

    async def _both(self, act: Agreement, **given: Any) -> None:
        """One proposes and another confirms; a third finds nothing left to do."""
        for staff_id in self.world.random.sample(self.world.staff, 3):
            if await self.world.do(partial(act, staff_id=staff_id, **given)):
                self.world.counts["staff act"] += 1

    async def _reviews(self, rows: Rows) -> None:
        """They ask the rail's people, who look it up."""
        for kind, orders in ((PAYOUTS, rows.payouts), (REQUESTS, rows.requests)):
            for reference, order in orders.items():
                if order.status is OrderStatus.NEEDS_REVIEW and self._does():
                    await self._review(kind, reference, order, rows)

    async def _review(self, kind: Any, reference: str, order: Any, rows: Rows) -> None:
        world = self.world
        known = [t for rail in world.all_rails for t in rail.by_reference.get(reference, [])]
        if known and known[0].status is OutcomeStatus.PENDING:
            return
        moved = next((each for each in known if each.settled_at is not None), None)
        if moved is None and kind is REQUESTS:
            moved = self._paid_otherwise(reference, order, rows)
        elif moved is not None and self._is_entered(moved, rows):
            moved = None  # It is entered already: what we asked for brought nothing besides.
        what: dict[str, Any] = {"failure_code": "never_moved"}
        if moved is not None:
            what = {"rail_id": moved.rail_id, "settled_at": moved.settled_at}
        await self._both(
            order_reviews.fail if moved is None else order_reviews.settle,
            kind=kind, order_id=order.id, reason="asked the rail", zone=world.zone,
            **what, **self._when,
        )  # fmt: skip

    def _is_entered(self, moved: Transfer, rows: Rows) -> bool:
        """By hand, under any of the names by which people know it."""
        rail = next(each for each in self.world.all_rails if moved.rail_id in each.transfers)
        return any(rows.by_hand.get(plain(name)) for name in rail.called(moved))

    def _paid_otherwise(self, reference: str, order: Any, rows: Rows) -> Transfer | None:
        """The borrower has sent what we asked for by himself: that very money, they say, settles
        it, before the rail has told of it."""
        world = self.world
        if world.is_at_rest or reference in self.sent or world.more.random() < 0.15:
            return None
        rail = next((each for each in world.rails if each.name == order.rail), None)
        if rail is None:
            return None
        self.sent.add(reference)
        amount = Money(order.amount_minor, order.currency)
        with rail.led_by(world.more):
            world.counts["paid otherwise"] += 1
            return rail.receive("", rows.loans[order.loan_id].reference, amount)

    @property
    def _when(self) -> dict[str, Any]:
        return {"on": self.world.today, "now": self.world.clock.now()}

    async def _payouts(self, rows: Rows) -> None:
        """What failed, or came back, is tried again, or given up."""
        world = self.world
        last = {row.loan_id: row for row in sorted(rows.payouts.values(), key=lambda r: r.attempt)}
        for loan_id, payout in last.items():
            is_over = payout.status in (OrderStatus.FAILED, OrderStatus.RETURNED)
            failed = is_over and payout.amendment_id is None
            pending = rows.loans[loan_id].status is LoanStatus.PENDING_DISBURSEMENT
            if not (failed and pending and self._does()):
                continue
            given: dict[str, Any] = {"actor": f"staff:{world.staff[0]}", "now": world.clock.now()}
            if world.random.random() < 0.8:
                await world.do(partial(_retry, loan_id=loan_id, **given))
            else:
                await world.do(partial(disbursements.cancel, loan_id=loan_id, **given))

    async def _differences(
        self, positions: list[Position], rows: Rows, waiting: Mapping[str, ReconciliationBreak]
    ) -> None:
        """What breaks and incidents show: money that came back, or that nobody told us of."""
        for each in positions:
            is_theirs = each.rail is None or each.rail is self.world.desk
            if each.is_square or is_theirs or not self._does():
                continue
            assert each.rail is not None
            transfer = each.transfers[0]
            is_own = transfer.direction is Direction.INCOMING  # What we ordered we ask about.
            if transfer.status is OutcomeStatus.SETTLED and each.ours == 0 and is_own:
                self.world.ring(each.rail, each.rail.tell_again(transfer), timedelta(minutes=1))
            elif transfer.status is OutcomeStatus.RETURNED and each.ours > 0:
                await self._take_back(each, rows, waiting.get(each.key))
            elif transfer.status is OutcomeStatus.RETURNED and each.ours < 0:
                await self._book_returned(each, rows)

    async def _take_back(
        self, position: Position, rows: Rows, found: ReconciliationBreak | None
    ) -> None:
        """A payment that its payer's bank took back: from the loan, from suspense, or from us."""
        world = self.world
        reference = next(iter(position.stands), "")
        repayment, item = rows.repayments.get(reference), rows.items.get(reference)
        if repayment is not None:
            await world.do(
                partial(
                    repayments.reverse, repayment_id=repayment.id,
                    actor=f"staff:{world.staff[0]}", reason="taken back", **self._when,
                )
            )  # fmt: skip
        elif item is not None and found is not None:
            given: dict[str, Any] = {"break_id": found.id, "reason": "taken back", **self._when}
            if item.resolved_at is None:
                await self._both(breaks.put_right, zone=world.zone, **given)
            else:
                await self._both(breaks.write_off, **given)

    async def _explain(
        self, positions: list[Position], waiting: Mapping[str, ReconciliationBreak]
    ) -> None:
        """What agrees since days, by another entry than the statement's, needs nothing more."""
        lately = self.world.today - timedelta(days=4)
        for each in positions:
            found = next((waiting[name] for name in sorted(each.names & waiting.keys())), None)
            if each.is_square and found is not None and found.day < lately and self._does():
                await self._both(
                    breaks.explain, break_id=found.id, reason="entered by hand",
                    now=self.world.clock.now(),
                )  # fmt: skip

    async def _book_returned(self, position: Position, rows: Rows) -> None:
        """A payout came back: two take it back into the books. Where changes since stand against
        that, it is entered like a payment of the borrower."""
        payout, world = rows.payouts.get(position.reference), self.world
        if payout is None or payout.status is not OrderStatus.SETTLED:
            return
        await self._both(_take_back, payout=payout, zone=world.zone, **self._when)

    async def _suspense(self, rows: Rows) -> None:
        random = self.world.random
        active = [row for row in rows.loans.values() if row.status is LoanStatus.ACTIVE]
        for item in rows.items.values():
            if item.resolved_at is not None or self._is_capital(item) or not self._does():
                continue
            fits = [row for row in active if row.currency == item.currency]
            if item.reason == "unknown_reference" and fits and random.random() < 0.6:
                loan_id = fits[item.amount_minor % len(fits)].id
                await self._both(
                    suspense.assign, item_id=item.id, loan_id=loan_id, reason="asked him",
                    **self._when,
                )  # fmt: skip
            elif not self._is_gone(item):
                await self._refund(item.id, f"{BY_HAND}{item.reference}")

    def _is_capital(self, item: Any) -> bool:
        """Of a funder: others see to it."""
        return item.reference.partition(":")[2] in self.world.funded.sent

    def _is_gone(self, item: Any) -> bool:
        """The rail has taken it back meanwhile: it is not given back once more."""
        return any(
            f"{rail.name}:{transfer.rail_id}" == item.reference
            or f"rail:{transfer.reference}" == item.reference
            for rail in self.world.all_rails
            for transfer in rail.transfers.values()
            if transfer.status is OutcomeStatus.RETURNED
        )

    async def _refund(self, item_id: UUID, reference: str) -> None:
        await self._both(
            suspense.refund, item_id=item_id, reference=reference, reason="not ours", **self._when
        )

    async def _pay_by_hand(self) -> None:
        """What two have agreed to give back leaves, once."""
        main = self.world.rails[0]
        async with self.world.sessions() as session:
            rows = await self.world.memory.rows(session, _GIVEN_BACK)
        for (item,) in rows:
            reference = item.refund_reference or ""
            if item.rail == OUTSIDE and reference.startswith(BY_HAND):
                self.world.till[reference] = -item.amount
                continue
            rail = next((r for r in self.world.all_rails if r.name == item.rail), main)
            if reference.startswith(BY_HAND) and reference not in rail.by_reference:
                rail.pay_by_hand(reference, item.amount)

    async def _changes(self, rows: Rows) -> None:
        """Gifts, other dates, losses: what one proposes, the borrower may have to agree to, and
        another approves."""
        random = self.world.random
        for loan in rows.loans.values() if not self.world.is_at_rest else ():
            if loan.status is LoanStatus.ACTIVE and random.random() < 0.08:
                await self._change(loan, self._some_change(loan))

    def _some_change(self, loan: Any) -> Mapping[str, Any]:
        random, soon = self.world.random, self.world.today + timedelta(days=9)
        kind = random.choice(
            ("waiver", "goodwill_credit", "restructure", "reage", "top_up", "write_off")
        )
        if kind == "waiver":
            return {"type": kind, "of": ["interest", "penalty"]}
        if kind == "goodwill_credit":
            return {"type": kind, "amount": "15"}
        if kind == "write_off":
            return {"type": kind}
        shape = {"installments": 2, "every": 8, "unit": "day", "start": soon.isoformat()}
        more = {"amount": "700"} if kind == "top_up" else {}
        return {"type": kind, **shape, **more}

    async def _change(self, loan: Any, change: Mapping[str, Any]) -> None:
        world, made = self.world, []

        async def propose(session: AsyncSession) -> None:
            made.append(
                await amendments.propose(
                    session, loan.id, change, staff_id=world.staff[0], reason="talked about it",
                    on=world.today, now=world.clock.now(),
                )
            )  # fmt: skip

        if not await world.do(propose):
            return
        amendment = made[0]
        if amendment.needs_consent:
            await world.do(
                lambda session: amendments.consent(
                    session, amendment.id, borrower_id=loan.borrower_id, now=world.clock.now()
                )
            )
        if await world.do(
            lambda session: amendments.approve(
                session, amendment.id, rails=[rail.name for rail in world.rails],
                staff_id=world.staff[1], on=world.today, now=world.clock.now(),
            )
        ):  # fmt: skip
            world.counts[f"change: {change['type']}"] += 1

    async def _incidents(self, noted: list[Incident], positions: list[Position]) -> None:
        """Understood and put right, when the money is where it belongs."""
        if not noted or not all(each.is_square for each in positions):
            return
        for incident in noted:
            if self._does():
                await self._both(
                    incidents.resolve, incident_id=incident.id, reason="put right",
                    now=self.world.clock.now(),
                )  # fmt: skip


async def _take_back(session: AsyncSession, *, payout: Any, staff_id: UUID, **given: Any) -> None:
    when = {"on": given["on"], "now": given["now"]}
    try:
        await returns.take_back(session, payout.id, staff_id=staff_id, reason="it is back", **given)
    except four_eyes.ProposalDiffers as other:  # The loan has gone on since.
        proposal_id = UUID(str(other.params["proposal"]))
        await four_eyes.withdraw(session, proposal_id, staff_id=staff_id, now=given["now"])
    except returns.ReturnNotPossible:
        amount, reference = Money(payout.amount_minor, payout.currency), RETURNED
        reference += payout.client_ref
        loan = await queries.get_loan(session, payout.loan_id, lock=True)
        if loan.status in repayments.REPAYABLE:
            await repayments.receive(
                session, loan_id=loan.id, amount=amount, rail_reference=reference,
                rail=payout.rail, **when,
            )  # fmt: skip
        else:
            await suspense.receive(
                session, reference=reference, reason="loan_over", amount=amount,
                rail=payout.rail, **when,
            )  # fmt: skip


async def _retry(session: AsyncSession, *, loan_id: UUID, **given: Any) -> None:
    await disbursements.retry(session, vault_of(session), loan_id, **given)
