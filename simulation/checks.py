"""What must be true after each day, whatever went wrong on it; and what must be true in the end."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.audit import AuditEvent
from notifications.models import Notification
from servicing.closing.models import DayClose
from servicing.ledger import invariants
from servicing.ledger.invariants import Violation
from servicing.ledger.models import Line
from servicing.models import Incident, LoanEvent, ReconciliationBreak, ReconciliationRun
from servicing.rails.base import Direction, OutcomeStatus
from servicing.states import AMENDMENT, FINAL, LOAN, PAYMENT_REQUEST, PAYOUT, OrderStatus
from simulation import books, standing
from simulation.books import Position, Rows, columns, plain
from simulation.broken import Broken as Broken
from simulation.clock import day_in, end_of
from simulation.world import World

_WHOLE_BOOK_EVERY = 7
_MACHINES = {machine.name: machine for machine in (LOAN, PAYOUT, PAYMENT_REQUEST, AMENDMENT)}
_ERROR_OF_CLOCKS = timedelta(minutes=6)


_FIRST, _EVER = UUID(int=0), datetime(2000, 1, 1, tzinfo=UTC)
# Built once: building a statement costs as much as running it.
_RUNS = columns(ReconciliationRun, "rail", "day")
_BREAKS = columns(ReconciliationBreak, "reference", "category")
_SUBJECTS = columns(Incident, "subject")
_MOVED = columns(Line, "id", "loan_id").where(Line.id > bindparam("after"))
_AUDIT = (
    columns(AuditEvent, "id", "action", "subject", "facts")
    .where(AuditEvent.id > bindparam("after"))
    .order_by(AuditEvent.id)
)
_SAID = columns(Notification, "template").add_columns(func.count()).group_by(Notification.template)
_LATE_FEES = columns(LoanEvent, "loan_id", "details").where(LoanEvent.key.like("late_fee:%"))
_CLOSED = columns(DayClose, "business_date", "closed_at").where(
    DayClose.closed_at >= bindparam("after")
)


@dataclass
class Inspector:
    """Looks at a world from outside, and remembers how far it has looked."""

    world: World
    seen: int = -1
    """Commits, when it last looked."""
    days: int = 0
    last_line: UUID = _FIRST
    """Of the ledger, that was looked at."""
    last_audit: UUID = _FIRST
    states: dict[str, str] = field(default_factory=dict)
    last_closed: datetime = _EVER
    heard: int = 0
    """Of the callbacks that were taken."""
    looked_at: int = 0
    entered: set[str] = field(default_factory=set)
    held: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Cash in the ledger, by rail and currency."""

    async def first(self, *, at_the_end: bool = False) -> Broken | None:
        commits = self.world.reaper.commits
        if commits == self.seen and not at_the_end:
            return None  # Nobody has written anything.
        self.seen = commits
        async with self.world.sessions() as session:
            async for broken in self._all(session, at_the_end=at_the_end):
                return broken
        return None

    async def _all(self, session: AsyncSession, *, at_the_end: bool) -> AsyncIterator[Broken]:
        if self.world.worker.dead:
            yield Broken("job_died", self.world.worker.dead[0])
        for violation in await self._verified(session, at_the_end=at_the_end):
            detail = f"{violation.subject}: {violation.detail}"
            yield Broken(f"verify.{violation.rule}", detail)
        rows = await books.read(session, self.world.memory)
        positions = list(books.positions(self.world, rows))
        self.world.known = rows, positions
        for each in (
            *standing.one_booking(positions),
            *self._paid_once(positions, rows),
            *self._kept(rows),
            *standing.cards(self.world, rows, positions),
        ):
            yield each
        for each in (
            *await self._lied(session, rows),
            *await self._cash(session, rows),
            *await self._explained(session, positions, rows, at_the_end=at_the_end),
            *await self._lives(session, rows),
            *await self._days(session, rows),
            *await self._told_once(session, rows),
            *await standing.funders(session, self.world, rows),
        ):
            yield each
        if at_the_end:
            for each in (
                *self._ended(rows),
                *await self._closed(session),
                *await self._charged_once(session),
                *standing.cash_is_rails(self.world, rows, self.held),
                *await standing.funders_at_the_end(session, self.world, rows),
            ):
                yield each

    async def _read(self, session: AsyncSession, query: Select[Any]) -> list[Any]:
        return await self.world.memory.rows(session, query)

    async def _subjects(self, session: AsyncSession) -> set[str]:
        return {row.subject for row in await self._read(session, _SUBJECTS)}

    async def _verified(self, session: AsyncSession, *, at_the_end: bool) -> list[Violation]:
        """The whole book once in a while, and on the other days whatever has moved on them."""
        self.days += 1
        if at_the_end or self.days % _WHOLE_BOOK_EVERY == 0:
            return await invariants.verify(session)
        if not self.world.memory.is_new(_MOVED):
            return []
        moved = (await session.execute(_MOVED, {"after": self.last_line})).all()
        self.last_line = max((row.id for row in moved), default=self.last_line)
        loans = {row.loan_id for row in moved} - {None}
        return await invariants.verify_loans(session, loans) if loans else []

    def _paid_once(self, positions: list[Position], rows: Rows) -> Iterator[Broken]:
        arrived: Counter[Any] = Counter()
        for position in positions:
            sent = [t for t in position.transfers if t.moves and t.direction is Direction.PAYOUT]
            if len(sent) > 1:
                yield Broken("paid_once", f"{position.key} left the rail {len(sent)} times")
            payout = rows.payouts.get(position.key)
            is_known = position.key in rows.refunds or position.key in self.world.funded.paid
            if sent and payout is None and not is_known:
                yield Broken("paid_once", f"{position.key} is no payout of ours")
            if payout is not None and payout.amendment_id is None and position.theirs < 0:
                arrived[payout.loan_id] += 1
        for loan_id, times in arrived.items():
            if times > 1:
                yield Broken("paid_once", f"loan {loan_id} was paid out {times} times")

    def _kept(self, rows: Rows) -> Iterator[Broken]:
        """What we have answered for is in the books, with its amount and on its day."""
        taken = self.world.taken[self.heard :]
        self.heard = len(self.world.taken)
        for event, today in taken:
            if event.outcome.status is not OutcomeStatus.SETTLED or event.is_hint:
                continue
            if event.direction is Direction.INCOMING:
                yield from self._entered(rows, f"{event.rail}:{event.rail_id}", event, today)
            else:
                yield from self._obeyed(rows, event)

    def _entered(self, rows: Rows, reference: str, event: Any, today: date) -> Iterator[Broken]:
        # Staff may have been first.
        by_hand = rows.by_hand.get(plain(reference), ()) if reference not in self.entered else ()
        named = rows.repayments.get(reference) or rows.items.get(reference)
        row = named or next(iter(by_hand), None) or rows.capital.get(reference.lower())
        row = row or next(iter(rows.settled_by.get(plain(reference), ())), None)
        given = (event.amount.minor, event.amount.currency)
        if row is None or (row.amount_minor, row.currency) != given:
            yield Broken("nothing_lost", f"{reference} was acknowledged and is not in the books")
        elif reference in rows.repayments.keys() - rows.items.keys() - self.entered:
            yield from self._in_its_place(rows, row, event, today)
        self.entered.add(reference)

    def _in_its_place(
        self, rows: Rows, repayment: Any, event: Any, today: date
    ) -> Iterator[Broken]:
        """On the loan that the payer named, on the day on which he paid."""
        loan = rows.loans[repayment.loan_id]
        if event.reference.strip().upper() != loan.reference:
            yield Broken("never_guessed", f"{event.reference!r} went to {loan.reference}")
        moved = day_in(self.world.zone, event.outcome.settled_at)
        wanted = min(max(moved, loan.disbursed_on or moved), today)
        if repayment.paid_on != wanted:
            yield Broken(
                "counts_on_its_day", f"{loan.reference}: {repayment.paid_on}, not {wanted}"
            )

    def _obeyed(self, rows: Rows, event: Any) -> Iterator[Broken]:
        order = rows.order(event.reference)
        if order is None:
            yield Broken("nothing_lost", f"{event.reference} is gone")
        elif order.amount_minor != event.amount.minor:
            return  # It lied. What became of that is asked for elsewhere.
        elif order.status not in (*FINAL, OrderStatus.NEEDS_REVIEW):
            yield Broken("nothing_lost", f"{event.reference} settled, and is {order.status}")

    async def _lied(self, session: AsyncSession, rows: Rows) -> list[Broken]:
        """A callback that names another amount than we ordered leaves an incident."""
        lies = {
            event.reference: order
            for event, _ in self.world.taken[self.looked_at :]
            if event.direction is not Direction.INCOMING
            and (order := rows.order(event.reference)) is not None
            and order.amount_minor != event.amount.minor
        }
        self.looked_at = len(self.world.taken)
        if not lies:
            return []
        subjects = await self._subjects(session)
        return [
            Broken("lies_are_noted", f"{reference} was told with another amount")
            for reference, order in lies.items()
            if not any(str(order.id) in about for about in subjects)
        ]

    async def _cash(self, session: AsyncSession, rows: Rows) -> list[Broken]:
        by_loan = await books.cash_of_ledger(session, self.world.memory)
        held: Counter[tuple[str, str]] = Counter()
        for cash in by_loan.values():
            held.update(cash)
        said = books.cash_of_rows(rows)
        self.held = held
        found = [
            Broken("cash_is_rows", f"{held[each]} {each} in the ledger, {said[each]} by the rows")
            for each in sorted(held.keys() | said.keys())
            if held[each] != said[each]
        ]
        return found + _by_loan(by_loan, rows)

    async def _explained(
        self, session: AsyncSession, positions: list[Position], rows: Rows, *, at_the_end: bool
    ) -> list[Broken]:
        """What differs has an open order, an incident or a break; and no break is for nothing."""
        differing = [each for each in positions if not each.is_square]
        reconciled = {tuple(row) for row in await self._read(session, _RUNS)}
        breaks = {row.reference: row.category for row in await self._read(session, _BREAKS)}
        subjects = await self._subjects(session)
        found = []
        for each in differing:
            order = rows.order(each.key)
            is_open = order is not None and order.status not in FINAL
            is_told = order is not None and any(str(order.id) in about for about in subjects)
            is_new = any(
                (each.rail.name, at.date()) not in reconciled
                for transfer in each.transfers
                for at, _ in transfer.moves
                if each.rail is not None and each.rail is not self.world.desk
            )
            is_new = is_new or standing.is_unseen(self.world, each)
            why = is_open or is_told or is_new or each.names & breaks.keys()
            if at_the_end or not why:
                found.append(
                    Broken("explained", f"{each.key}: {each.theirs} at the rail, {each.ours} here")
                )
        square = {name for each in positions if each.is_square for name in each.names}
        known = {name for each in positions for name in each.names}
        for reference, category in breaks.items():
            if reference not in known or (at_the_end and reference not in square):
                found.append(Broken("breaks_mean_something", f"{category} of {reference}"))
        return found

    async def _lives(self, session: AsyncSession, rows: Rows) -> list[Broken]:
        """Each state came from the one before by the machine's table."""
        found = []
        is_new = self.world.memory.is_new(_AUDIT)
        after = {"after": self.last_audit}
        for event in await session.execute(_AUDIT, after) if is_new else ():
            self.last_audit = event.id
            name, _, verb = event.action.partition(".")
            if name not in _MACHINES or "before" not in event.facts:
                continue
            machine, before = _MACHINES[name], event.facts["before"]
            last = self.states.get(event.subject, machine.initial)
            allowed = {(str(a), str(b)): str(c) for (a, b), c in machine.table.items()}
            if before != last or allowed.get((before, verb)) != event.facts["after"]:
                found.append(Broken("lives_are_legal", f"{event.subject}: {last}, {before} {verb}"))
            self.states[event.subject] = event.facts["after"]
        for name, kind in (("payout", rows.payouts), ("payment_request", rows.requests),
                           ("loan", rows.loans)):  # fmt: skip
            for row in kind.values():
                state = self.states.get(f"{name}:{row.id}", _MACHINES[name].initial)
                if row.status != state:
                    found.append(
                        Broken("lives_are_legal", f"{name} {row.id} is {row.status}, not {state}")
                    )
        return found

    async def _days(self, session: AsyncSession, rows: Rows) -> list[Broken]:
        """No day is closed before it is over, and no loan has earned more than it has lived."""
        now, zone = self.world.clock.at, self.world.zone
        found = []
        if self.world.memory.is_new(_CLOSED):
            last, self.last_closed = self.last_closed, now - timedelta(hours=1)
            found = [
                Broken("closed_when_over", f"{row.business_date} at {row.closed_at}")
                for row in await session.execute(_CLOSED, {"after": last})
                if row.closed_at < end_of(zone, row.business_date) - _ERROR_OF_CLOCKS
            ]
        latest = day_in(zone, now + _ERROR_OF_CLOCKS)
        return found + [
            Broken("closed_when_over", f"{loan.reference} has come to {loan.accrued_on}")
            for loan in rows.loans.values()
            if loan.accrued_on is not None and loan.accrued_on > latest
        ]

    async def _told_once(self, session: AsyncSession, rows: Rows) -> list[Broken]:
        """One message for each payment, each payout and each loan that ended."""
        said = await self._read(session, _SAID)
        counts = {template: int(number) for template, number in said}
        receipts = counts.get("repayment_received", 0) + counts.get("loan_closed", 0)
        paid = counts.get("disbursed", 0)
        arrived = sum(
            row.status in (OrderStatus.SETTLED, OrderStatus.RETURNED)
            for row in rows.payouts.values()
        )
        found = []
        if receipts != len(rows.repayments):
            found.append(Broken("told_once", f"{len(rows.repayments)} payments, {receipts} told"))
        if paid != arrived:
            found.append(Broken("told_once", f"{arrived} payouts, {paid} told"))
        return found

    def _ended(self, rows: Rows) -> Iterator[Broken]:
        for orders in (rows.payouts, rows.requests):
            for reference, order in orders.items():
                if order.status not in FINAL:
                    yield Broken("orders_end", f"{reference} is {order.status} since long ago")

    async def _closed(self, session: AsyncSession) -> list[Broken]:
        """Every day since the first loan is closed, up to yesterday."""
        first: date | None = await session.scalar(select(func.min(DayClose.business_date)))
        number = await session.scalar(select(func.count(DayClose.closed_at)))
        yesterday = day_in(self.world.zone, self.world.clock.at) - timedelta(days=1)
        wanted = (yesterday - first).days + 1 if first is not None else 0
        # Around midnight the newest of them may still be closing.
        if number not in (wanted, wanted - 1):
            return [Broken("days_are_closed", f"{number} of {wanted} days")]
        return []

    async def _charged_once(self, session: AsyncSession) -> list[Broken]:
        """An installment has one late fee of the product at most."""
        charged: Counter[Any] = Counter()
        for loan_id, details in await session.execute(_LATE_FEES):
            charged[loan_id, details["of"]] += 1
        return [
            Broken("charged_once", f"the installment of {due} has {times} late fees")
            for (_, due), times in charged.items()
            if times > 1
        ]


def _by_loan(held: dict[Any, Counter[tuple[str, str]]], rows: Rows) -> list[Broken]:
    """What a loan was paid and what it got, by the rows, is what its ledger says."""
    said: Counter[Any] = Counter()
    for payout in rows.payouts.values():
        if payout.status is OrderStatus.SETTLED:
            said[payout.loan_id] -= payout.amount_minor
    for repayment in rows.repayments.values():
        said[repayment.loan_id] += 0 if repayment.reversed_on else repayment.amount_minor
    for item in rows.refunds.values():
        if item.reason == "overpaid":
            said[item.loan_id] -= item.amount_minor
    return [
        Broken("money_of_loans", f"{loan.reference}: {cash} in the ledger, {said[loan_id]} by rows")
        for loan_id, loan in rows.loans.items()
        if (cash := sum(held.get(loan_id, Counter()).values())) != said[loan_id]
    ]
