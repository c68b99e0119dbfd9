"""Transfers of a rail that stand in our books twice; part of `kopa ledger verify`."""

from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Select,
    SelectBase,
    case,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from servicing.ledger.chart import RAILS, cash_of
from servicing.ledger.models import Entry, Line
from servicing.models import PaymentRequest, RailEventRow, Repayment, SuspenseItem
from servicing.rails import telegram
from servicing.states import OrderStatus
from servicing.transfers import BY_HAND, is_not_placed, was_taken_back
from servicing.treasury.funded import FUNDED
from servicing.treasury.held import AGAIN, TAKEN_BACK

_NAME = PaymentRequest.rail + ":" + PaymentRequest.rail_id


async def find(session: AsyncSession) -> list[tuple[str, str]]:
    """Money that came by a rail once and stands twice: how it is called, and what it is besides."""
    rows = [row for query in _queries() for row in await session.execute(query)]
    return sorted((name, other) for name, other in rows)


@cache
def _queries() -> list[Select[str, str]]:
    stands, besides, funded = _by_key(_received()), _by_key(_besides()), _by_key(_capital())
    found = [
        select(one.c.name, two.c.other).join(two, two.c.key == one.c.key)
        for one, two in ((stands, besides), (stands, funded), (funded, besides))
    ]
    request = _by_key(
        select(
            _NAME.label("name"), PaymentRequest.client_ref.label("other"), PaymentRequest.id
        ).where(_brought())
    )
    for one in (request, funded):
        two = one.alias()
        twice = (two.c.key == one.c.key) & (two.c.id > one.c.id)
        found.append(select(one.c.name, two.c.other).join(two, twice))
    return found


def _by_key(named: SelectBase) -> CTE:
    """With each name in one case, kept: SQLite then joins by a passing index."""
    rows = named.subquery()
    keyed = select(rows, func.lower(rows.c.name).label("key"))
    return keyed.cte().prefix_with("MATERIALIZED")


def _received() -> CompoundSelect[Any]:
    """The names of what a rail has brought, and of what staff entered by hand."""
    paid = select(_as_told(Repayment.rail_reference).label("name")).where(
        Repayment.reversed_on.is_(None)
    )
    aside = select(_as_told(SuspenseItem.reference)).where(
        is_not_placed(),
        func.coalesce(SuspenseItem.refund_reference, "").not_like(f"{TAKEN_BACK}%"),
    )
    return union_all(paid, aside)


def _as_told(name: InstrumentedAttribute[str]) -> ColumnElement[str]:
    """What is kept, or left, of a transfer goes by its name, too."""
    kept, rest = f"{AGAIN}kept_:", f"{AGAIN}rest:"
    return case(
        (name.like(f"{kept}%"), func.substr(name, len(kept) + 1)),
        (name.like(f"{rest}%"), func.substr(name, len(rest) + 1)),
        else_=name,
    )


def _besides() -> CompoundSelect[Any]:
    """By each name that a transfer goes by: payment requests, entries by hand."""
    entered = Repayment.rail_reference.startswith(BY_HAND) & Repayment.reversed_on.is_(None)
    by_hand = func.substr(Repayment.rail_reference, len(BY_HAND) + 1)
    is_charge = (RailEventRow.rail == PaymentRequest.rail) & (
        RailEventRow.rail_id == PaymentRequest.rail_id
    )
    ref = PaymentRequest.client_ref
    return union_all(
        select(_NAME.label("name"), ref.label("other")).where(_brought()),
        select(literal(BY_HAND) + PaymentRequest.rail_id, ref).where(_brought()),
        select(literal(f"{telegram.NAME}:") + RailEventRow.event_id, ref)
        .join(RailEventRow, is_charge)
        .where(_brought(), PaymentRequest.rail == telegram.NAME),
        *(
            select(literal(prefix) + by_hand, Repayment.rail_reference).where(entered)
            for prefix in ("", *(f"{rail}:" for rail in RAILS))
        ),
    )


def _capital() -> Select[Any]:
    """By its rail, which its cash says, and its name: it once went by the name alone. What was
    reversed stands no more."""
    undone = aliased(Entry)
    rail = case({cash_of(each): each for each in RAILS}, value=Line.debit)
    name = func.substr(Entry.reference, len(FUNDED) + 1)
    names_rail = func.lower(name).startswith(rail + ":")
    return (
        select(
            case((names_rail, name), else_=rail + ":" + name).label("name"),
            Entry.reference.label("other"),
            Entry.id,
        )
        .join(Line, Line.entry_id == Entry.id)
        .where(
            Entry.reference.startswith(FUNDED),
            ~select(undone.id).where(undone.reverses_id == Entry.id).exists(),
        )
    )


def _brought() -> ColumnElement[bool]:
    return (PaymentRequest.status == OrderStatus.SETTLED) & ~was_taken_back(PaymentRequest)
