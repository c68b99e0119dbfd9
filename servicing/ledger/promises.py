"""Money on its way is that of its order, and has ended as the ledger says."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Label, String, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from servicing.ledger import posting
from servicing.ledger.chart import cash_of
from servicing.ledger.models import Entry, Pending, Resolution
from servicing.ledger.rules import RULES, Event
from servicing.models import Payout
from servicing.states import FINAL
from servicing.treasury.models import Refund


def _text(column: InstrumentedAttribute[Any], name: str | None = None) -> Label[str]:
    """What was changed to no event, account or id could not be read as one."""
    return type_coerce(column, String).label(name or column.key)


_HELD = (
    select(
        Pending.reference,
        _text(Pending.event),
        _text(Pending.debit),
        _text(Pending.credit),
        Pending.amount_minor,
        Pending.currency,
        _text(Pending.loan_id),
        Resolution.pending_id.is_not(None).label("has_ended"),
        _text(Resolution.entry_id),
        _text(Entry.id, "posted_id"),
    )
    .join(Resolution, Resolution.pending_id == Pending.id, isouter=True)
    .join(Entry, Entry.reference == Pending.reference, isouter=True)
    .order_by(Pending.id)
)
_KINDS = ((Event.PRINCIPAL_DISBURSED, Payout), (Event.CREDIT_REFUNDED, Refund))


class _Promise(NamedTuple):
    """What an order makes of it."""

    event: str
    debit: str
    credit: str
    amount_minor: int
    currency: str
    loan_id: str


async def find(session: AsyncSession) -> list[tuple[str, str, str]]:
    """The rule that does not hold, of which reference, and how."""
    orders, sent = await _orders(session)
    held = (await session.execute(_HELD)).all()
    open_minor = {row.reference: row.amount_minor for row in held if not row.has_ended}
    return [
        *(each for row in held for each in _wrong(row, orders.get(row.reference))),
        *(
            ("pending_is_sent", name, f"{sent.get(name)} sent, {open_minor.get(name)} held")
            for name in sorted(open_minor.keys() | sent.keys())
            if open_minor.get(name) != sent.get(name)
        ),
    ]


async def _orders(session: AsyncSession) -> tuple[dict[str, _Promise], dict[str, int]]:
    """By the reference of its entry: what each order promises, and the amounts of those that were
    sent and of which nobody knows the end."""
    promised, sent = {}, {}
    for event, model in _KINDS:
        rows = await session.execute(
            select(
                model.id, model.amount_minor, model.currency, model.loan_id, model.rail,
                model.tries, model.status,
            )
        )  # fmt: skip
        for order in rows:
            reference = f"{RULES[event].kind}:{order.id}"
            accounts = posting.accounts_of(event, cash_of(order.rail))
            promised[reference] = _Promise(
                event, *accounts, order.amount_minor, order.currency, order.loan_id.hex
            )
            if order.tries > 0 and order.status not in FINAL:
                sent[reference] = order.amount_minor
    return promised, sent


def _wrong(row: Any, order: _Promise | None) -> Iterator[tuple[str, str, str]]:
    if order is None:
        yield "pending_is_its_order", row.reference, "there is no such order"
        return
    says = {**row._mapping, "loan_id": str(row.loan_id).replace("-", "")}
    for name, wanted in order._asdict().items():
        if (said := says[name]) != wanted:
            yield "pending_is_its_order", row.reference, f"its {name} is {said}, not {wanted}"
    if row.has_ended and row.entry_id != row.posted_id:
        yield "pending_is_its_order", row.reference, "it ended otherwise than the ledger says"
    if not row.has_ended and row.posted_id is not None:
        yield "pending_is_its_order", row.reference, "it is posted, and on its way still"
