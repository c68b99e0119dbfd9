"""One transfer of a rail stands in our books once: whether it does, and as what.

A transfer goes by the rail's own name for it. Money that came in stands as a repayment or in
suspense as `<rail>:<name>`, what we ordered under the order's `rail_id`, what staff entered by hand
as `staff:<name>`, a funder's money as `capital_in:<rail>:<name>`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db import lock_key
from kit.money import Money
from servicing import incidents, queries
from servicing.ledger.chart import RAILS
from servicing.ledger.models import Entry
from servicing.models import Loan, PaymentRequest, Payout, RailEventRow, Repayment, SuspenseItem
from servicing.rails import telegram
from servicing.rails.base import PROMPTED, Outcome, OutcomeStatus
from servicing.standings import RailTransferKnown as RailTransferKnown
from servicing.standings import Standing, StandsAs
from servicing.states import ARRIVED, OrderStatus
from servicing.treasury import funded, held
from servicing.treasury.models import Order, Refund

BY_HAND = "staff:"
"""So begins the name of what staff entered as money that came outside the rails."""
_FIRST = "wallet"
"""The rail of what was ordered before rails were written down."""


_Kind = tuple[type[Order], StandsAs]
_REQUESTS: _Kind = PaymentRequest, StandsAs.PAYMENT_REQUEST
_ORDERS: tuple[_Kind, ...] = ((Payout, StandsAs.PAYOUT), _REQUESTS, (Refund, StandsAs.REFUND))
_NOT_FAILED = tuple(status for status in OrderStatus if status is not OrderStatus.FAILED)


def plain(rail: str | None, typed: str) -> str:
    """The rail's name for a transfer, of which staff may have typed `<rail>:<name>`."""
    return _without_rail([rail or _FIRST], typed)


async def hold(session: AsyncSession, rail: str | None, name: str) -> None:
    """Nobody takes this transfer in until the transaction ends. What waits in suspense is locked
    after it."""
    await queries.hold_transfer(session, f"{rail or _FIRST}:{name}")


async def must_be_new(session: AsyncSession, rail: str | None, name: str, *, order: Order) -> None:
    """Raises RailTransferKnown where staff would settle `order` by a transfer that stands
    elsewhere, or where other money stands that its payer has paid for it.

    Hold the order's loan. Nobody takes the transfer in until we are done.
    """
    rail = rail or _FIRST
    await hold(session, rail, name)
    known = await _find(session, [rail], name, besides=order.id)
    await _refuse(session, f"{rail}:{name}", known or await _paid_for(session, rail, order))


async def must_be_outside(session: AsyncSession, name: str) -> None:
    """Raises RailTransferKnown where staff would enter by hand what has come by a rail of ours, or
    what they have entered under another spelling."""
    plain_name = _without_rail(RAILS, name)
    await lock_key(session, f"{BY_HAND}{plain_name.lower()}")
    for rail in RAILS:
        await hold(session, rail, plain_name)
    known = await _find(session, RAILS, name, repeats=f"{BY_HAND}{name}")
    await _refuse(session, name, known)


async def find_told(
    session: AsyncSession, rail: str, name: str, *, besides: UUID | None = None
) -> Standing | None:
    """Money in that a rail tells of, where it stands by an act of staff: a payment request that
    they settled by it, or an entry by hand. `besides`: a request that does not count."""
    names = await _names(session, [rail], name)
    asked = await _ordered(session, [rail], names, _REQUESTS, besides, among=ARRIVED)
    return asked or await _repaid(session, _by_hand([rail], names), by_hand=True)


async def must_be_another(session: AsyncSession, item: SuspenseItem, name: str) -> None:
    """Raises RailTransferKnown where staff would have given `item` back by a transfer that stands
    elsewhere. It may go by the name under which its money came. Hold that name."""
    rail = item.rail or _FIRST
    known = await _find(session, [rail], name, besides=item.id)
    if known is not None and item.reference != f"rail:{known.name}":
        await _refuse(session, f"{rail}:{name}", known)


async def is_entered(
    session: AsyncSession,
    rail: str,
    name: str,
    *,
    kind: str,
    amount: Money,
    now: datetime,
    besides: UUID | None = None,
    **facts: str,
) -> bool:
    """Whether money in that a rail tells of stands by an act of staff, as `find_told` finds it.
    Then an incident of this `kind` says where."""
    known = await find_told(session, rail, name, besides=besides)
    if known is not None:
        await incidents.report(
            session, kind=kind, subject=f"{rail}:{name}", now=now, amount=str(amount),
            stands_as=known.as_, named=known.name, **facts,
        )  # fmt: skip
    return known is not None


async def must_not_stand_told(session: AsyncSession, rail: str, name: str) -> None:
    """Raises RailTransferKnown where money in that a rail tells of stands by an act of staff."""
    await _refuse(session, f"{rail}:{name}", await find_told(session, rail, name))


async def find_besides(session: AsyncSession, order: Order, name: str) -> Standing | None:
    """Where staff have entered the transfer by which a rail settles `order`, if they have.

    Hold the order's loan. Nobody takes the transfer in until we are done.
    """
    rail = order.rail or _FIRST
    await hold(session, rail, name)
    return await find_told(session, rail, name, besides=order.id)


async def find(session: AsyncSession, rail: str, name: str) -> Standing | None:
    """Wherever a transfer of a rail stands, by whatever spelling of its name."""
    return await _find(session, [rail], name)


def is_another(order: Order, outcome: Outcome) -> bool:
    """Whether an order that had settled is said to have settled by a transfer of another name."""
    names = order.rail_id, outcome.rail_id
    prompts = PROMPTED.get(order.rail or _FIRST, ())
    return (
        order.status is OrderStatus.SETTLED
        and outcome.status is OutcomeStatus.SETTLED
        and names[0] != names[1]
        and all(name and not name.startswith(prompts) for name in names)
    )


async def _find(
    session: AsyncSession, rails: Collection[str], name: str, *, besides: UUID | None = None,
    repeats: str | None = None,
) -> Standing | None:  # fmt: skip
    names = await _names(session, rails, name)
    full = [f"{rail}:{each}" for rail in rails for each in names]
    # The same money, where it was taken back with us alone, or in part.
    full += [kept for each in full for kept in held.names_kept(each)]
    full += [held.name_rest(rail, each) for rail in rails for each in names]
    entered = _by_hand(rails, names)
    if (known := await _repaid(session, [*full, *entered], besides=repeats)) is not None:
        return known
    if (known := await _aside(session, rails, full, names, besides)) is not None:
        return known
    for kind in _ORDERS:
        if (known := await _ordered(session, rails, names, kind, besides)) is not None:
            return known
    return await _funded(session, rails, names)


async def _names(session: AsyncSession, rails: Collection[str], name: str) -> set[str]:
    """As people may have typed it. A card's charge has two names: Telegram's, the provider's."""
    name = _without_rail(rails, name)
    names = {name, name.upper(), name.lower()}
    if telegram.NAME in rails:
        told = await session.execute(
            select(RailEventRow.event_id, RailEventRow.rail_id).where(
                RailEventRow.rail == telegram.NAME,
                or_(RailEventRow.event_id.in_(names), RailEventRow.rail_id.in_(names)),
            )
        )
        names |= {each for row in told for each in row if each is not None}
    return names


def _without_rail(rails: Collection[str], typed: str) -> str:
    rail, _, name = typed.strip().partition(":")
    return name.strip() if name.strip() and rail.lower() in rails else typed.strip()


def _by_hand(rails: Collection[str], names: Collection[str]) -> list[str]:
    plain = [f"{BY_HAND}{each}" for each in names]
    return [*plain, *(f"{BY_HAND}{rail}:{each}" for rail in rails for each in names)]


async def _repaid(
    session: AsyncSession, references: Collection[str], *, by_hand: bool = False,
    besides: str | None = None,
) -> Standing | None:  # fmt: skip
    """What was charged back stands no more. `by_hand`: only what staff entered, found fast.
    `besides`: one that does not count."""
    reference = Repayment.rail_reference
    query = select(Repayment).where(
        func.lower(reference).in_(_lowered(references)), Repayment.reversed_on.is_(None)
    )
    if by_hand:
        # The index serves this range, in whatever order a database puts punctuation.
        query = query.where(reference >= "staff", reference < "stafg")
    if besides is not None:
        query = query.where(reference != besides)
    row = await session.scalar(query.limit(1))
    return None if row is None else Standing(StandsAs.REPAYMENT, row.rail_reference, row.loan_id)


async def _aside(
    session: AsyncSession, rails: Collection[str], full: Collection[str], names: Collection[str],
    besides: UUID | None,
) -> Standing | None:  # fmt: skip
    """What was placed since stands elsewhere."""
    query = select(SuspenseItem).where(
        or_(
            func.lower(SuspenseItem.reference).in_(_lowered(full)) & is_not_placed(),
            func.lower(SuspenseItem.refund_reference).in_(_lowered(names))
            & func.coalesce(SuspenseItem.rail, _FIRST).in_(rails),
        )
    )
    if besides is not None:
        query = query.where(SuspenseItem.id != besides)
    item = await session.scalar(query.limit(1))
    return None if item is None else _as_item(item)


def _as_item(item: SuspenseItem) -> Standing:
    as_ = StandsAs.SUSPENSE if item.resolved_at is None else StandsAs.GIVEN_BACK
    return Standing(as_, item.reference, item.loan_id)


def is_not_placed() -> ColumnElement[bool]:
    """Of money in suspense: it waits, or was given back."""
    return SuspenseItem.resolved_at.is_(None) | SuspenseItem.refund_reference.is_not(None)


async def _ordered(
    session: AsyncSession,
    rails: Collection[str],
    names: Collection[str],
    kind: _Kind,
    besides: UUID | None,
    *,
    among: Sequence[OrderStatus] = _NOT_FAILED,
) -> Standing | None:
    """By the rail's name for an order, which may be under way, or by ours."""
    model, as_ = kind
    query = _named(model)
    if besides is not None:
        query = query.where(model.id != besides)
    facts = {
        "rails": list(rails),
        "lowered": list(_lowered(names)),
        "ours": list(_as_ours(names)),
        "among": list(among),
    }
    row = await session.scalar(query, facts)
    return None if row is None else Standing(as_, row.client_ref, row.loan_id)


@cache
def _named(model: type[Order]) -> Select[Any]:
    """Built once: building a statement takes about as long as running it."""
    query = select(model).where(
        func.coalesce(model.rail, _FIRST).in_(bindparam("rails", expanding=True)),
        or_(
            func.lower(model.rail_id).in_(bindparam("lowered", expanding=True)),
            model.client_ref.in_(bindparam("ours", expanding=True)),
        ),
        model.status.in_(bindparam("among", expanding=True)),
    )
    if model is PaymentRequest:
        query = query.where(~was_taken_back(PaymentRequest))
    return query.limit(1)


def _lowered(names: Collection[str]) -> set[str]:
    return {name.lower() for name in names}


def _as_ours(names: Collection[str]) -> set[str]:
    """As we spell our own names for orders: `P`, `C` or `R`, and the id."""
    return {name.lower().capitalize() for name in names}


@cache
def was_taken_back(request: type[PaymentRequest]) -> ColumnElement[bool]:
    """What the request brought was charged back: it stands no more."""
    return (
        select(Repayment.id)
        .where(
            Repayment.rail_reference == literal("rail:") + request.client_ref,
            Repayment.reversed_on.is_not(None),
        )
        .exists()
    )


async def _funded(
    session: AsyncSession, rails: Collection[str], names: Collection[str]
) -> Standing | None:
    is_any = or_(*(funded.is_capital(rail, names) for rail in rails))
    found = await session.scalar(select(Entry.reference).where(is_any).limit(1))
    return None if found is None else Standing(StandsAs.CAPITAL, found)


async def _paid_for(session: AsyncSession, rail: str, order: Order) -> Standing | None:
    """Money that named this very order and did not fit it: it waits, or was placed on a loan."""
    items = await session.scalars(
        select(SuspenseItem).where(
            SuspenseItem.rail == rail,
            SuspenseItem.written == order.client_ref,
            SuspenseItem.refund_reference.is_(None),
        )
    )
    for item in items:
        if item.resolved_at is None:
            return _as_item(item)
        if (placed := await _repaid(session, [item.reference])) is not None:
            return placed
    return None


async def _refuse(session: AsyncSession, transfer: str, known: Standing | None) -> None:
    if known is None:
        return
    loan = None if known.loan_id is None else await session.get(Loan, known.loan_id)
    raise RailTransferKnown(
        transfer=transfer, stands_as=known.as_, name=known.name, loan=loan and loan.reference
    )
