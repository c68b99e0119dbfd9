"""What happened to one loan: an append-only list of events, read back as the engine's story."""

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import Money
from servicing import events, terms
from servicing import rules as agreed_rules
from servicing.events import Event, Type
from servicing.fields import Fields
from servicing.models import Loan, LoanEvent
from servicing.product_rules import ProductRules
from servicing.replay import Story, with_refunds_as_they_were
from servicing.terms import LoanTerms


@dataclass(frozen=True, slots=True)
class Happening:
    """An event before it is told. `key` names the fact: it is told once for a loan."""

    type: Type
    on: date
    key: str
    amount_minor: int = 0
    details: dict[str, Any] = field(default_factory=dict)
    """The rest, as `kopa replay` reads it."""


@dataclass(frozen=True, slots=True)
class Told:
    """A loan's events, and how the engine reads them."""

    rows: tuple[LoanEvent, ...]
    story: Story

    @property
    def last_change_on(self) -> date:
        """Money does not count from before the schedule that it is allocated to."""
        days = [row.on for row in self.rows if row.type in _SHAPING]
        return max(days, default=self.story.terms.disbursed_on)

    def find(self, key: str) -> LoanEvent | None:
        return next((row for row in self.rows if row.key == key), None)

    def is_reversed(self, row: LoanEvent) -> bool:
        return any(
            each.type == Type.REVERSAL and each.details["event"] == row.seq for each in self.rows
        )

    def until(self, row: LoanEvent, *, included: bool) -> Story:
        """The story as it counts up to an event, whenever the others were told."""
        place = (row.on, row.seq)
        return self._only(lambda e: (e.on, e.seq) < place or (included and e.seq == row.seq))

    def besides(self, row: LoanEvent) -> Story:
        """What counts by the end of an event's day, without the event."""
        return self._only(lambda event: event.on <= row.on and event.seq != row.seq)

    def as_of(self, on: date) -> Story:
        """What counts on or before a day."""
        return self._only(lambda event: event.on <= on)

    def _only(self, wanted: Callable[[Event], bool]) -> Story:
        undone = {each.details["event"] for each in self.rows if each.type == Type.REVERSAL}
        kept = [
            event
            for event in with_refunds_as_they_were(self.story.events)
            if event.type is not Type.REVERSAL and event.seq not in undone and wanted(event)
        ]
        return dataclasses.replace(self.story, events=tuple(kept))


async def of_loan(session: AsyncSession, loan: Loan) -> Told:
    return told(loan, list(await session.scalars(_ROWS, {"loan_id": loan.id})))


def told(loan: Loan, rows: Sequence[LoanEvent]) -> Told:
    agreed, rules = _agreed(json.dumps(loan.terms), json.dumps(loan.rules), loan.currency)
    heard = tuple(_event(loan, row) for row in rows)
    return Told(tuple(rows), Story(agreed, rules, heard, (len(heard),)))


@lru_cache(maxsize=1_000)
def _agreed(terms_: str, rules: str, currency: str) -> tuple[LoanTerms, ProductRules]:
    """Read once: a loan is told again and again."""
    agreed = agreed_rules.from_document(json.loads(rules))
    return terms.parse(json.loads(terms_)), agreed_rules.of_engine(agreed, currency)


def supposed(
    loan: Loan, known: Told, more: Iterable[Happening], *, actor: str, on: date, now: datetime
) -> Told:
    """The same with more events, none of them written."""
    rows = [*known.rows]
    for each in more:
        rows.append(
            LoanEvent(
                loan_id=loan.id,
                seq=len(rows) + 1,
                key=each.key,
                type=each.type.value,
                on=each.on,
                recorded_on=max(on, each.on),
                amount_minor=each.amount_minor,
                details=each.details,
                actor=actor,
                created_at=now,
            )
        )
    return told(loan, rows)


def of_change(change: Mapping[str, Any], *, key: str, on: date, price: Money) -> list[Happening]:
    """The event, and the price of it with the installment that it moves."""
    document = {name: value for name, value in change.items() if name not in _READ_APART}
    amount = 0
    if change.get("amount") is not None:
        amount = Fields(change).amount("amount", price.currency)
    told = [Happening(Type(change["type"]), on, key, amount, document)]
    if price:
        due = change.get("new_due_date", on.isoformat())
        details = {"charge": "fee", "due": due}
        told.append(Happening(Type.CHARGE, on, f"{key}:price", price.minor, details))
    return told


def reversal(row: LoanEvent, *, on: date) -> Happening:
    return Happening(Type.REVERSAL, on, f"reversal:{row.key}", details={"event": row.seq})


def as_document(loan: Loan, known: Told) -> dict[str, Any]:
    """All of it as an input of `kopa replay`."""
    engine = agreed_rules.engine_document(agreed_rules.from_document(loan.rules))
    return {"terms": loan.terms, **engine, "events": [_document(loan, row) for row in known.rows]}


def _event(loan: Loan, row: LoanEvent) -> Event:
    return events.read(_document(loan, row), row.seq, row.recorded_on, loan.currency)


def _document(loan: Loan, row: LoanEvent) -> dict[str, Any]:
    document = {"type": row.type, "date": row.on.isoformat(), **row.details}
    if row.amount_minor:
        document["amount"] = Money(row.amount_minor, loan.currency).major
    return document


# Built once: building a statement takes about as long as running it.
_ROWS = select(LoanEvent).where(LoanEvent.loan_id == bindparam("loan_id")).order_by(LoanEvent.seq)
_READ_APART = ("type", "amount", "until")
_SHAPING = (
    Type.DISBURSEMENT,
    Type.RESCHEDULE,
    Type.REAGE,
    Type.REAMORTIZE,
    Type.RATE_CHANGE,
    Type.SPLIT,
    Type.RESTRUCTURE,
    Type.PAUSE,
    Type.WRITE_OFF,
)
