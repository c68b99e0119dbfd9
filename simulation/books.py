"""Every amount twice: as the rail's own books have it, and as Kopa's rows say.

Plain sums, with none of the product's own reckoning.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from servicing import chargebacks
from servicing.ledger.chart import CASHES
from servicing.ledger.models import Line
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
from servicing.states import OrderStatus
from simulation.memory import Memory
from simulation.rail import SimulatedRail, Transfer
from simulation.world import World

RETURNED, BY_HAND = "returned:", "R-"
"""What staff write as references: a payout that came back, and money that they sent themselves."""
TAKEN_BACK = chargebacks.RETURNED
"""What Kopa writes itself when the rail takes back what waited in suspense."""


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

    def received(self, reference: str) -> int:
        """What stands in the books for money that came in under this reference."""
        repayment = self.repayments.get(reference)
        if repayment is not None:
            return 0 if repayment.reversed_on else int(repayment.amount_minor)
        item = self.items.get(reference)
        if item is None or (item.refund_reference or "").startswith(TAKEN_BACK):
            return 0
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

    @property
    def names(self) -> set[str]:
        """What a break may call it."""
        return {self.key, *(transfer.rail_id for transfer in self.transfers)}

    @property
    def is_square(self) -> bool:
        return self.theirs == self.ours


def columns(model: Any, *names: str) -> Select[Any]:
    return select(*(model.__table__.c[name] for name in names))


_ORDER = ("client_ref", "id", "loan_id", "status", "amount_minor", "currency", "created_at", "rail")
# Built once: building a statement costs as much as running it.
_LOANS = columns(
    Loan, "id", "status", "reference", "currency", "borrower_id", "accrued_on", "disbursed_on"
)
_PAYOUTS = columns(Payout, *_ORDER, "amendment_id", "attempt")
_REQUESTS = columns(PaymentRequest, *_ORDER)
_REPAYMENTS = columns(
    Repayment, "rail_reference", "id", "loan_id", "amount_minor", "currency", "paid_on",
    "reversed_on",
)  # fmt: skip
_ITEMS = columns(
    SuspenseItem, "reference", "id", "loan_id", "amount_minor", "currency", "reason",
    "resolved_at", "refund_reference", "rail",
)  # fmt: skip


_LOSSES = columns(ReconciliationBreak, "reference", "theirs_minor", "currency").where(
    ReconciliationBreak.resolution == Resolution.WRITTEN_OFF
)


async def read(session: AsyncSession, memory: Memory) -> Rows:
    async def all_of(query: Select[Any]) -> dict[Any, Row[Any]]:
        return {row[0]: row for row in await memory.rows(session, query)}

    items = await all_of(_ITEMS)
    return Rows(
        await all_of(_LOANS), await all_of(_PAYOUTS), await all_of(_REQUESTS),
        await all_of(_REPAYMENTS), items,
        {item.refund_reference: item for item in items.values() if item.refund_reference},
        await all_of(_LOSSES),
    )  # fmt: skip


def positions(world: World, rows: Rows) -> Iterator[Position]:
    seen: set[str] = set()
    for rail in world.rails:
        groups: dict[str, list[Transfer]] = {}
        for transfer in rail.transfers.values():
            is_own = transfer.direction is Direction.INCOMING
            name = transfer.rail_id if is_own else transfer.reference
            groups.setdefault(name, []).append(transfer)
        for key, group in groups.items():
            reference, ours = _ours(rows, rail, key, group[0])
            seen.add(reference)
            yield Position(
                key, reference, rail, tuple(group), sum(each.net_minor for each in group), ours,
                group[0].amount.currency,
            )  # fmt: skip
    yield from _only_here(rows, seen)


def _ours(rows: Rows, rail: SimulatedRail, key: str, transfer: Transfer) -> tuple[str, int]:
    if transfer.direction is Direction.INCOMING:
        reference = f"{rail.name}:{key}"
        return reference, rows.received(reference) - rows.lost(key)
    if transfer.direction is Direction.COLLECT:
        return key, rows.received(f"rail:{key}") - rows.lost(key)
    refund = rows.refunds.get(key)
    return key, -int(refund.amount_minor) if refund is not None else _paid(rows, key)


def _paid(rows: Rows, client_ref: str) -> int:
    payout = rows.payouts.get(client_ref)
    if payout is None:
        return 0
    sent = int(payout.amount_minor) if payout.status is OrderStatus.SETTLED else 0
    return rows.received(f"{RETURNED}{client_ref}") - sent


def _only_here(rows: Rows, seen: set[str]) -> Iterator[Position]:
    """Money in our books of which no rail knows."""

    def position(key: str, ours: int, currency: str) -> Position:
        return Position(key, key, None, (), 0, ours, currency)

    for reference, payout in rows.payouts.items():
        if reference not in seen and (minor := _paid(rows, reference)):
            yield position(reference, minor, payout.currency)
    for reference in rows.repayments.keys() | rows.items.keys():
        name = reference.removeprefix("rail:")
        row = rows.repayments.get(reference) or rows.items[reference]
        is_inner = name.startswith((RETURNED, "overpaid:"))
        if name not in seen and not is_inner and (minor := rows.received(reference)):
            yield position(reference, minor, row.currency)
    for reference, item in rows.refunds.items():
        if reference not in seen and not reference.startswith(TAKEN_BACK):
            yield position(reference, -int(item.amount_minor), item.currency)


def cash_of_rows(rows: Rows) -> Counter[str]:
    """By currency: what all orders, payments and items together say that we hold."""
    cash: Counter[str] = Counter()
    for payout in rows.payouts.values():
        if payout.status is OrderStatus.SETTLED:
            cash[payout.currency] -= payout.amount_minor
    for reference, repayment in rows.repayments.items():
        cash[repayment.currency] += rows.received(reference)
    for reference, item in rows.items.items():
        if reference not in rows.repayments and item.reason != "overpaid":
            cash[item.currency] += item.amount_minor
    for item in rows.refunds.values():
        cash[item.currency] -= item.amount_minor
    for loss in rows.losses.values():
        cash[loss.currency] -= loss.theirs_minor
    return cash


async def cash_of_ledger(session: AsyncSession, memory: Memory) -> dict[Any, Counter[str]]:
    """By loan (None: of no loan) and currency: what the ledger says came in, less what left."""
    cash: defaultdict[Any, Counter[str]] = defaultdict(Counter)
    for query, sign in ((_CASH_IN, 1), (_CASH_OUT, -1)):
        for loan_id, currency, minor in await memory.rows(session, query):
            cash[loan_id][currency] += sign * int(minor)
    return cash


def _moved(column: Any) -> Any:
    return (
        select(_LINES.c.loan_id, _LINES.c.currency, func.sum(_LINES.c.amount_minor))
        .where(column.in_(CASHES))
        .group_by(_LINES.c.loan_id, _LINES.c.currency)
    )


_LINES = Line.__table__
_CASH_IN, _CASH_OUT = _moved(_LINES.c.debit), _moved(_LINES.c.credit)
