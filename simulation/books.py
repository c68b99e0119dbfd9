"""Every amount twice: as the rail's own books have it, and as Kopa's rows say.

Plain sums, with none of the product's own reckoning.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from servicing.funding.models import Movement, Pool, Stake
from servicing.ledger.chart import CASHES, rail_of
from servicing.ledger.models import Entry, Line
from servicing.ledger.rules import Event
from servicing.models import (
    Loan,
    PaymentRequest,
    Payout,
    ReconciliationBreak,
    Repayment,
    SuspenseItem,
)
from servicing.rails.base import Direction
from servicing.reconciliation import Resolution
from servicing.states import ARRIVED, OrderStatus
from servicing.treasury import held
from simulation.memory import Memory
from simulation.rail import SimulatedRail, Transfer
from simulation.world import World

RETURNED, BY_HAND = "returned:", "R-"
"""What staff write as references: a payout that came back, and money that they sent themselves."""
TAKEN_BACK = held.TAKEN_BACK
"""What Kopa writes itself when the rail takes back what waited in suspense."""
CHARGED_BACK = "CB-"
"""What staff write when a card's bank takes back what waits in suspense."""
ENTERED = "staff:"
"""So begins what staff have entered by hand."""
_RAILS = ("wallet", "gsma", "telegram")


@dataclass(frozen=True)
class Rows:
    """What Kopa knows about money, by its references."""

    loans: Mapping[Any, Row[Any]]
    payouts: Mapping[str, Row[Any]]
    requests: Mapping[str, Row[Any]]
    repayments: Mapping[str, Row[Any]]
    items: Mapping[str, Row[Any]]
    refunds: Mapping[str, Row[Any]]
    """Suspense items by the payment that gave them back."""
    losses: Mapping[str, Row[Any]]
    """What two have written off, by the rail's name for it."""
    capital: Mapping[str, Row[Any]] = field(default_factory=dict)
    """Of funders, by `<rail>:<name>` in small letters."""
    withdrawn: Mapping[str, Row[Any]] = field(default_factory=dict)
    """What funders were paid, by the payment's name."""

    @cached_property
    def by_hand(self) -> Mapping[str, list[Row[Any]]]:
        """What staff have entered, by the plain name of the money."""
        found: dict[str, list[Row[Any]]] = {}
        for reference, row in self.repayments.items():
            if reference.startswith(ENTERED):
                found.setdefault(plain(reference.removeprefix(ENTERED)), []).append(row)
        return found

    @cached_property
    def settled_by(self) -> Mapping[str, list[Row[Any]]]:
        """Payment requests by the plain name of the money that they are said to be paid with."""
        found: dict[str, list[Row[Any]]] = {}
        for row in self.requests.values():
            if row.rail_id is not None and row.status in ARRIVED:
                found.setdefault(plain(row.rail_id), []).append(row)
        return found

    def received(self, reference: str) -> int:
        """What stands in the books for money that came in under this reference."""
        repayment = self.repayments.get(reference)
        if repayment is not None:
            return 0 if repayment.reversed_on else int(repayment.amount_minor)
        item = self.items.get(reference)
        if item is None or (item.refund_reference or "").startswith((TAKEN_BACK, CHARGED_BACK)):
            return 0
        if item.resolved_at is not None and reference.lower() in self.capital:
            return 0  # It has become a funder's.
        return int(item.amount_minor)

    def lost(self, key: str) -> int:
        loss = self.losses.get(key)
        return 0 if loss is None else int(loss.theirs_minor)

    def order(self, reference: str) -> Row[Any] | None:
        return self.payouts.get(reference) or self.requests.get(reference)


@dataclass(frozen=True)
class Position:
    """One piece of money on both sides: by how much the lender's balance rose."""

    key: str
    """As the rail's statement and our breaks name it."""
    reference: str
    """As our rows name it."""
    rail: SimulatedRail | None
    transfers: tuple[Transfer, ...]
    theirs: int
    ours: int
    currency: str
    stands: tuple[str, ...] = ()
    """Each name under which it stands in our books as money that came in."""

    @property
    def names(self) -> set[str]:
        """What a break may call it."""
        ordered = {each.removeprefix("rail:") for each in self.stands}
        return {self.key, *(transfer.rail_id for transfer in self.transfers), *ordered}

    @property
    def is_square(self) -> bool:
        return self.theirs == self.ours


def plain(name: str) -> str:
    """A transfer's name without its rail, however somebody has typed it."""
    rail, _, rest = name.strip().partition(":")
    return (rest if rest and rail.lower() in _RAILS else name).strip().lower()


def columns(model: Any, *names: str) -> Select[Any]:
    return select(*(model.__table__.c[name] for name in names))


_ORDER = ("client_ref", "id", "loan_id", "status", "amount_minor", "currency", "created_at", "rail")
# Built once: building a statement costs as much as running it.
_LOANS = columns(
    Loan, "id", "status", "reference", "currency", "borrower_id", "accrued_on", "disbursed_on"
)
_PAYOUTS = columns(Payout, *_ORDER, "amendment_id", "attempt")
_REQUESTS = columns(PaymentRequest, *_ORDER, "rail_id")
_REPAYMENTS = columns(
    Repayment, "rail_reference", "id", "loan_id", "amount_minor", "currency", "paid_on",
    "reversed_on", "rail",
)  # fmt: skip
_ITEMS = columns(
    SuspenseItem, "reference", "id", "loan_id", "amount_minor", "currency", "reason",
    "resolved_at", "refund_reference", "rail",
)  # fmt: skip


_LOSSES = columns(ReconciliationBreak, "reference", "theirs_minor", "currency", "rail").where(
    ReconciliationBreak.resolution == Resolution.WRITTEN_OFF
)
_MOVED = (
    select(
        Entry.__table__.c.reference, Movement.stake_id, Movement.event, Movement.amount_minor,
        Pool.currency, Pool.rail,
    )
    .join(Entry, Entry.id == Movement.entry_id)
    .join(Stake, Stake.id == Movement.stake_id)
    .join(Pool, Pool.id == Stake.pool_id)
    .where(Movement.event.in_((Event.CAPITAL_PAID_IN, Event.CAPITAL_TAKEN_OUT, Event.RETURN_PAID)))
)  # fmt: skip
CAPITAL_IN, CAPITAL_OUT = "capital_in:", "capital_out:"


async def read(session: AsyncSession, memory: Memory) -> Rows:
    async def all_of(query: Select[Any]) -> dict[Any, Row[Any]]:
        return {row[0]: row for row in await memory.rows(session, query)}

    items, moved = await all_of(_ITEMS), await all_of(_MOVED)
    return Rows(
        await all_of(_LOANS), await all_of(_PAYOUTS), await all_of(_REQUESTS),
        await all_of(_REPAYMENTS), items,
        {item.refund_reference: item for item in items.values() if item.refund_reference},
        await all_of(_LOSSES),
        {
            name.removeprefix(CAPITAL_IN).lower(): row
            for name, row in moved.items()
            if name.startswith(CAPITAL_IN)
        },
        {
            name.removeprefix(CAPITAL_OUT): row
            for name, row in moved.items()
            if name.startswith(CAPITAL_OUT)
        },
    )  # fmt: skip


def positions(world: World, rows: Rows) -> Iterator[Position]:
    seen: set[str] = set()
    for rail in world.all_rails:
        groups: dict[str, list[Transfer]] = {}
        for transfer in rail.transfers.values():
            is_own = transfer.direction is Direction.INCOMING
            name = transfer.rail_id if is_own else transfer.reference
            groups.setdefault(name, []).append(transfer)
        for key, group in groups.items():
            is_out = group[0].direction is Direction.PAYOUT
            stands = () if is_out else tuple(_stands(rows, rail, key, group))
            ours = _left(rows, key) if is_out else _came(rows, stands) - rows.lost(key)
            is_own = group[0].direction is Direction.INCOMING
            reference = f"{rail.name}:{key}" if is_own else key
            seen |= {reference, *stands}
            yield Position(
                key, reference, rail, tuple(group), sum(each.net_minor for each in group), ours,
                group[0].amount.currency, stands,
            )  # fmt: skip
    for name, amount in world.till.items():
        stands = tuple(row.rail_reference for row in rows.by_hand.get(plain(name), ()))
        seen |= {name, *stands}
        ours = _left(rows, name) if amount.minor < 0 else _came(rows, stands)
        yield Position(name, name, None, (), amount.minor, ours, amount.currency, stands)
    yield from _only_here(rows, seen)


def _stands(rows: Rows, rail: SimulatedRail, key: str, group: list[Transfer]) -> Iterator[str]:
    """Every name of ours under which this money stands."""
    for reference in _names(rows, rail, key, group):
        if rows.received(reference):
            yield reference
        if reference.lower() in rows.capital:
            yield f"{CAPITAL_IN}{reference}"


def _names(rows: Rows, rail: SimulatedRail, key: str, group: list[Transfer]) -> dict[str, None]:
    """Its own, its order's, what staff have typed, and that of another order which they have
    settled by it."""
    wanted = [f"{rail.name}:{each.rail_id}" for each in group]
    if group[0].direction is Direction.COLLECT and not _is_paid_otherwise(rows, rail, key):
        wanted.append(f"rail:{key}")
    for name in sorted({plain(name) for each in group for name in rail.called(each)}):
        wanted += [row.rail_reference for row in rows.by_hand.get(name, ())]
        wanted += [
            f"rail:{order.client_ref}"
            for order in rows.settled_by.get(name, ())
            if order.rail in (None, rail.name)
        ]
    return dict.fromkeys(wanted)


def _is_paid_otherwise(rows: Rows, rail: SimulatedRail, key: str) -> bool:
    """Whether staff have settled this order by a transfer that is another's."""
    order = rows.requests.get(key)
    by = rail.transfers.get((order.rail_id or "").upper()) if order is not None else None
    return by is not None and by.reference != key


def _came(rows: Rows, stands: tuple[str, ...]) -> int:
    """All of them: money that stands twice counts twice."""
    capital = [rows.capital[name.removeprefix(CAPITAL_IN).lower()]
               for name in stands if name.startswith(CAPITAL_IN)]  # fmt: skip
    return sum(map(rows.received, stands)) + sum(int(row.amount_minor) for row in capital)


def _left(rows: Rows, key: str) -> int:
    for paid in (rows.refunds.get(key), rows.withdrawn.get(key)):
        if paid is not None:
            return -int(paid.amount_minor)
    return _paid(rows, key)


def _paid(rows: Rows, client_ref: str) -> int:
    payout = rows.payouts.get(client_ref)
    if payout is None:
        return 0
    sent = int(payout.amount_minor) if payout.status is OrderStatus.SETTLED else 0
    return rows.received(f"{RETURNED}{client_ref}") - sent


def _only_here(rows: Rows, seen: set[str]) -> Iterator[Position]:
    """Money in our books of which no rail knows."""
    for key, minor, currency in (*_paid_here(rows, seen), *_received_here(rows, seen)):
        yield Position(key, key, None, (), 0, minor, currency)


def _paid_here(rows: Rows, seen: set[str]) -> Iterator[tuple[str, int, str]]:
    for reference, payout in rows.payouts.items():
        if reference not in seen and (minor := _paid(rows, reference)):
            yield reference, minor, payout.currency
    for reference, row in (*rows.refunds.items(), *rows.withdrawn.items()):
        if reference not in seen and not reference.startswith((TAKEN_BACK, CHARGED_BACK)):
            yield reference, -int(row.amount_minor), row.currency


def _received_here(rows: Rows, seen: set[str]) -> Iterator[tuple[str, int, str]]:
    for reference in sorted(rows.repayments.keys() | rows.items.keys()):
        row = rows.repayments.get(reference) or rows.items[reference]
        is_inner = reference.startswith((RETURNED, "overpaid:", f"rail:{RETURNED}"))
        if reference not in seen and not is_inner and (minor := rows.received(reference)):
            yield reference.removeprefix("rail:"), minor, row.currency
    known = {name.removeprefix(CAPITAL_IN).lower() for name in seen}
    for name, row in rows.capital.items():
        if name not in known:
            yield f"{CAPITAL_IN}{name}", int(row.amount_minor), row.currency


def cash_of_rows(rows: Rows) -> Counter[tuple[str, str]]:
    """By rail and currency: what all orders, payments and items together say that we hold."""
    cash: Counter[tuple[str, str]] = Counter()
    for row, minor in _moved_by_rows(rows):
        cash[row.rail or "wallet", row.currency] += int(minor)
    return cash


def _moved_by_rows(rows: Rows) -> Iterator[tuple[Any, int]]:
    for reference, repayment in rows.repayments.items():
        yield repayment, rows.received(reference)
    for reference, item in rows.items.items():
        if reference not in rows.repayments and item.reason != "overpaid":
            yield item, item.amount_minor
    known = {reference.lower() for reference in rows.items}
    for name, row in rows.capital.items():
        yield row, 0 if name in known else row.amount_minor
    sent = [row for row in rows.payouts.values() if row.status is OrderStatus.SETTLED]
    for row in (*sent, *rows.refunds.values(), *rows.withdrawn.values()):
        yield row, -row.amount_minor
    for loss in rows.losses.values():
        yield loss, -loss.theirs_minor


async def cash_of_ledger(
    session: AsyncSession, memory: Memory
) -> dict[Any, Counter[tuple[str, str]]]:
    """By loan (None: of no loan), rail and currency: what the ledger says came in, less what
    left."""
    cash: defaultdict[Any, Counter[tuple[str, str]]] = defaultdict(Counter)
    for query, sign in ((_CASH_IN, 1), (_CASH_OUT, -1)):
        for loan_id, account, currency, minor in await memory.rows(session, query):
            cash[loan_id][_RAIL_OF[account], currency] += sign * int(minor)
    return cash


def _moved(column: Any) -> Any:
    return (
        select(_LINES.c.loan_id, column, _LINES.c.currency, func.sum(_LINES.c.amount_minor))
        .where(column.in_(CASHES))
        .group_by(_LINES.c.loan_id, column, _LINES.c.currency)
    )


_RAIL_OF = {cash: rail_of(cash) for cash in CASHES}
_LINES = Line.__table__
_CASH_IN, _CASH_OUT = _moved(_LINES.c.debit), _moved(_LINES.c.credit)
