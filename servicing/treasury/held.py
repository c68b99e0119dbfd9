"""What we hold for moved at a rail: what we ordered there, and what people sent by themselves."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    String,
    bindparam,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db import one_of
from kit.money import Money
from servicing.ledger.chart import cash_of
from servicing.ledger.models import Entry, Line
from servicing.models import (
    PaymentRequest,
    Payout,
    Repayment,
    SuspenseItem,
)
from servicing.states import ARRIVED, OrderStatus
from servicing.treasury import funded
from servicing.treasury.funded import BACK, FUNDED, Funded
from servicing.treasury.models import Refund

CAME_BACK = "returned:"
"""So begins the name of what takes a payout back: of its entry, before the payout's id, and of
money that came back and waits or counts as the borrower's, before what `name_back` says."""
AGAIN = "again:"
"""So begins the name of money that came more often than once under one name of the rail's."""
TAKEN_BACK = "chargeback:"
"""How the return of money that waited in suspense is called, before its own name."""
KEPT_MAX = 9
"""So often money may be taken in again; then two of staff explain it."""
PARTS_MAX = 9
"""In so many parts may money come back; two of staff explain the rest."""
_LONGEST_NAME = 120
_CHUNK = 500
_FUNDER_PAID = "capital_out:"
_NEAR = timedelta(days=3)
_ORDERS = (Payout, PaymentRequest, Refund)


@dataclass(frozen=True, slots=True)
class Held:
    amount: Money
    on: date
    """The UTC day on which it moved, or on which we heard of it."""
    has_moved: bool
    """False for an order that is not settled with us."""
    is_back: bool
    """It came back, and what it had been for is undone."""
    entries: tuple[str, ...]
    """How its entry may be called in the ledger."""
    is_posted: bool = False
    part: Money | None = None
    """What was taken back, where that was not all."""
    parts: tuple[Money, ...] = ()
    """What came back, each time, where that waits in suspense or counts as the borrower's."""
    back_on: date | None = None
    """The day on which money that had come in went back with us."""

    @property
    def came_back(self) -> Money | None:
        if self.parts:
            return sum(self.parts, self.parts[0].zero())
        return (self.part or self.amount) if self.is_back else None


def name_back(key: str, rail: str | None = None, n: int = 1) -> str:
    """How the n-th part is called of money that came back. `rail`: people had paid it outside, and
    called it so."""
    name = f"{CAME_BACK}{key}" if rail is None else f"{CAME_BACK}{rail}:{key}"
    return name if n == 1 else _cut(f"{AGAIN}part{n}:{name}")


def name_rest(rail: str, key: str) -> str:
    """How the rest is called of money that the rail took back in part."""
    return f"{AGAIN}rest:{rail}:{key}"[:120]


def name_kept(reference: str, n: int = 1) -> str:
    """How money is called that was taken back with us alone, when it is taken in again for the
    n-th time. `reference`: as it was called when it came."""
    return _cut(f"{AGAIN}kept{n}:{reference}")


def _cut(name: str) -> str:
    if len(name) <= _LONGEST_NAME:
        return name
    # What is cut off is in the hash: two long names that begin alike stay two.
    return f"{name[: _LONGEST_NAME - 33]}:{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def names_kept(reference: str) -> list[str]:
    return [name_kept(reference, n) for n in range(1, KEPT_MAX + 1)]


async def by_key(session: AsyncSession, rail: str, keys: Collection[str]) -> dict[str, Held]:
    """By our reference for what we ordered, by the rail's own name for the rest."""
    found: dict[str, Held] = {}
    for some in _chunks(sorted(keys)):
        by_hand = await _by_hand(session, rail, some)
        ordered = await _ordered(session, rail, some)
        received = await _without_rests(session, rail, await _received(session, rail, some))
        # A refund of ours stands as a payment by its name, too.
        back = await came_back(session, dict.fromkeys(by_hand, rail) | dict.fromkeys(ordered))
        capital = await funded.by_key(session, rail, [key for key in some if key not in ordered])
        found |= by_hand | received | {key: _funded(paid) for key, paid in capital.items()}
        found |= {key: _paid(order, received.get(key)) for key, order in ordered.items()}
        found |= {
            key: replace(found[key], is_back=True, parts=parts)
            for key, each in back.items()
            if (parts := tuple(part for part in each if part is not None))
        }
    return await _with_entries(session, found)


async def named_otherwise(session: AsyncSession, rail: str, day: date) -> dict[str, str]:
    """Orders of these days by the rail's names for them, or by the beginning of ours."""
    start = datetime.combine(day - _NEAR, time(), UTC)
    found: dict[str, str] = {}
    span = {"rail": rail, "start": start, "end": start + 2 * _NEAR}
    for reference, rail_id in await session.execute(_SUBMITTED, span):
        found[reference[1:13]] = reference
        if rail_id is not None:
            found[rail_id] = reference
    return found


async def keys_of_day(session: AsyncSession, rail: str, day: date) -> set[str]:
    """Of all that may have moved on one UTC day."""
    start = datetime.combine(day, time(), UTC)
    span = {"rail": rail, "start": start, "end": start + timedelta(days=1)}
    names = await session.scalars(_moved_at(rail), span)
    return {name.removeprefix(f"{rail}:") for name in names}


async def _ordered(session: AsyncSession, rail: str, keys: Sequence[str]) -> dict[str, Held]:
    rows = await session.execute(_SENT, {"rail": rail, "keys": keys})
    return {row.client_ref: _order(row) for row in rows}


def _order(order: Any) -> Held:
    return Held(
        amount=Money(order.amount_minor, order.currency),
        on=(order.settled_at or order.created_at).date(),
        has_moved=order.status in ARRIVED,
        is_back=order.status is OrderStatus.RETURNED,
        entries=(f"{order.kind}:{order.id}",),
    )


def _paid(order: Held, received: Held | None) -> Held:
    """A payment request stands in the ledger as the money that it brought."""
    if received is None:
        return order
    return replace(
        order, entries=received.entries, is_back=received.is_back, part=received.part,
        back_on=received.back_on,
    )  # fmt: skip


async def _received(session: AsyncSession, rail: str, keys: Sequence[str]) -> dict[str, Held]:
    """Money in. What a payment request brought is kept under the request's reference."""
    names = {f"{rail}:{key}": key for key in keys} | {f"rail:{key}": key for key in keys}
    found = kept = await _named(session, names)
    for n in range(1, KEPT_MAX + 1):
        # What went back with us alone was taken in again, and may have gone since.
        gone = {key for key, each in kept.items() if each.is_back}
        again = {name_kept(name, n): key for name, key in names.items() if key in gone}
        kept = await _named(session, again)
        for key, each in kept.items():
            found[key] = replace(found[key], is_back=each.is_back, back_on=each.back_on)
    return found


async def _named(session: AsyncSession, names: Mapping[str, str]) -> dict[str, Held]:
    if not names:
        return {}
    items = await session.scalars(_ITEMS, {"names": list(names)})
    found = {names[item.reference]: _waiting(item) for item in items}
    # What was placed on a loan since is a repayment of the same name.
    rows = await session.scalars(_REPAYMENTS, {"names": list(names)})
    return found | {names[row.rail_reference]: _repaid(row) for row in rows}


async def _without_rests(
    session: AsyncSession, rail: str, received: Mapping[str, Held]
) -> dict[str, Held]:
    """Of money that was taken back in part, that part."""
    names = {name_rest(rail, key): key for key, each in received.items() if each.is_back}
    rests = await _counted(session, names) if names else {}
    return {
        key: replace(each, part=each.amount - rests[key]) if key in rests else each
        for key, each in received.items()
    }


async def _by_hand(session: AsyncSession, rail: str, keys: Sequence[str]) -> dict[str, Held]:
    """What people say was paid outside, by the name that they gave: money out of suspense, and to
    funders."""
    items = await session.scalars(_GIVEN, {"rail": rail, "keys": keys})
    found = {item.refund_reference: _given(item) for item in items if item.refund_reference}
    names = {f"{_FUNDER_PAID}{key}": key for key in keys}
    facts = {"names": list(names), "cash": cash_of(rail)}
    paid = await session.execute(_PAID_OUT, facts)
    for name, on, currency, minor in paid:
        found[names[name]] = Held(Money(int(minor), currency), on, True, False, (name,))
    return found


async def names_by_hand(session: AsyncSession, entries: Iterable[str]) -> dict[str, str]:
    """Of entries for what was paid outside, the name that people gave the payment."""
    found: dict[str, str] = {}
    items: dict[UUID, str] = {}
    for entry in entries:
        kind, _, rest = entry.partition(":")
        if entry.startswith(_FUNDER_PAID):
            found[entry] = rest
        elif entry.startswith((FUNDED, BACK)):
            found[entry] = rest.partition(":")[2] or rest
        elif kind == "refund" and ":" not in rest:
            items[UUID(rest)] = entry
    rows = await session.execute(
        select(SuspenseItem.id, SuspenseItem.refund_reference).where(
            SuspenseItem.id.in_(items), SuspenseItem.refund_reference.is_not(None)
        )
    )
    return found | {items[item_id]: name for item_id, name in rows if name is not None}


def _given(item: SuspenseItem) -> Held:
    return Held(
        amount=item.amount,
        on=(item.resolved_at or item.created_at).date(),
        has_moved=True,
        is_back=False,
        entries=(f"refund:{item.id}",),
    )


async def is_counted(session: AsyncSession, client_ref: str) -> bool:
    """Whether some of the money of an order came back and waits or counts as the borrower's."""
    parts = (await came_back(session, {client_ref: None})).get(client_ref, [])
    return any(part is not None for part in parts)


async def came_back(
    session: AsyncSession, keys: Mapping[str, str | None]
) -> dict[str, list[Money | None]]:
    """Each part of what came back of each key; None for one that counts no more. With a key, its
    rail where people had paid it outside."""
    found: dict[str, list[Money | None]] = {}
    for n in range(1, PARTS_MAX + 1):
        names = {name_back(key, rail, n): key for key, rail in keys.items()}
        rows = (await session.execute(_CAME_BACK, {"names": list(names)})).all() if names else ()
        part: dict[str, Money | None] = {}
        for name, minor, currency, counts in rows:
            part[names[name]] = Money(minor, currency) if counts else part.get(names[name])
        for key, amount in part.items():
            found.setdefault(key, []).append(amount)
        keys = {key: keys[key] for key in part}
    return found


async def _counted(session: AsyncSession, names: Mapping[str, str]) -> dict[str, Money]:
    """What came back of each key by its name, and waits or counts as the borrower's."""
    rows = await session.execute(_CAME_BACK, {"names": list(names)})
    return {names[name]: Money(minor, currency) for name, minor, currency, counts in rows if counts}


def _funded(paid: Funded) -> Held:
    back_on = paid.back_on
    return Held(paid.amount, paid.on, True, back_on is not None, (paid.entry,), back_on=back_on)


def _waiting(item: SuspenseItem) -> Held:
    is_back = (item.refund_reference or "").startswith(TAKEN_BACK)
    return Held(
        amount=item.amount,
        on=item.created_at.date(),
        has_moved=True,
        is_back=is_back,
        entries=(f"suspense:{item.reference}",),
        back_on=item.resolved_at.date() if is_back and item.resolved_at else None,
    )


def _repaid(row: Repayment) -> Held:
    return Held(
        amount=row.amount,
        on=row.received_at.date(),
        has_moved=True,
        is_back=row.reversed_on is not None,
        entries=(f"repayment:{row.id}", f"recovery:{row.id}"),
        back_on=row.reversed_on,
    )


async def _with_entries(session: AsyncSession, found: Mapping[str, Held]) -> dict[str, Held]:
    """`is_posted` where one of the entries stands in the ledger."""
    posted: set[str] = set()
    for some in _chunks([name for each in found.values() for name in each.entries]):
        posted |= set(await session.scalars(_POSTED, {"names": some}))
    return {
        key: replace(each, is_posted=not posted.isdisjoint(each.entries))
        for key, each in found.items()
    }


def _chunks(names: Sequence[str]) -> list[Sequence[str]]:
    return [names[at : at + _CHUNK] for at in range(0, len(names), _CHUNK)]


# Built once: building a statement takes about as long as running it.
_RAIL = bindparam("rail", type_=String())
_START: BindParameter[datetime] = bindparam("start")
_END: BindParameter[datetime] = bindparam("end")
_NAMES: BindParameter[str] = bindparam("names", expanding=True)
_KEYS: BindParameter[str] = bindparam("keys", expanding=True)
_GIVEN = select(SuspenseItem).where(
    SuspenseItem.refund_reference.in_(_KEYS), func.coalesce(SuspenseItem.rail, "wallet") == _RAIL
)
_PAID_OUT = (
    select(Entry.reference, Entry.posted_on, Line.currency, func.sum(Line.amount_minor))
    .join(Line, Line.entry_id == Entry.id)
    .where(Entry.reference.in_(_NAMES), Line.credit == bindparam("cash"))
    .group_by(Entry.reference, Entry.posted_on, Line.currency)
)
_ITEMS = select(SuspenseItem).where(SuspenseItem.reference.in_(_NAMES))
_REPAYMENTS = select(Repayment).where(Repayment.rail_reference.in_(_NAMES))
_POSTED = select(Entry.reference).where(Entry.reference.in_(_NAMES))
_CAME_BACK = union_all(
    select(
        Repayment.rail_reference, Repayment.amount_minor, Repayment.currency,
        Repayment.reversed_on.is_(None).label("counts"),
    ).where(Repayment.rail_reference.in_(_NAMES)),
    select(
        SuspenseItem.reference, SuspenseItem.amount_minor, SuspenseItem.currency,
        SuspenseItem.resolved_at.is_(None) | SuspenseItem.refund_reference.is_not(None),
    ).where(SuspenseItem.reference.in_(_NAMES)),
)  # fmt: skip
_SUBMITTED = union_all(
    *(
        select(model.client_ref, model.rail_id).where(
            model.rail == _RAIL, model.submitted_at >= _START, model.submitted_at < _END
        )
        for model in _ORDERS
    )
)
_SENT: CompoundSelect[Any] = union_all(
    *(
        select(
            model.client_ref, model.id, model.amount_minor, model.currency, model.status,
            model.settled_at, model.created_at,
            literal_column(f"'{'refund' if model is Refund else 'disbursement'}'").label("kind"),
        ).where(
            model.client_ref.in_(_KEYS),
            func.coalesce(model.rail, _RAIL) == _RAIL,
        )
        for model in _ORDERS
    )
)  # fmt: skip


@cache
def _moved_at(rail: str) -> CompoundSelect[Any]:
    ordered = [
        select(model.client_ref).where(
            one_of(model.status, ARRIVED),
            model.settled_at >= _START,
            model.settled_at < _END,
            func.coalesce(model.rail, _RAIL) == _RAIL,
        )
        for model in _ORDERS
    ]
    received = [
        select(reference).where(
            reference.startswith(f"{rail}:", autoescape=True), heard_at >= _START, heard_at < _END
        )
        for reference, heard_at in (
            (Repayment.rail_reference, Repayment.received_at),
            (SuspenseItem.reference, SuspenseItem.created_at),
        )
    ]
    return union_all(*ordered, *received)
