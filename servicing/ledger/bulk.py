"""Many entries at once, by the rules by which single ones are posted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import bulk
from kit.ids import new_id
from servicing.ledger import posting
from servicing.ledger.models import Entry, Line
from servicing.ledger.rules import RULES, EntryKind, Event


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry to be: its reference must be free, and no event in it moves cash."""

    kind: EntryKind
    amounts: Mapping[Event, int]
    """Each more than nothing."""
    currency: str
    reference: str
    loan_id: UUID


async def post(session: AsyncSession, drafts: Iterable[Draft], *, on: date, now: datetime) -> None:
    """Write them all. Whoever calls holds the locks of their loans."""
    entries, lines = [], []
    for draft in drafts:
        entry_id = new_id()
        moved = [
            (event, RULES[event].debit, RULES[event].credit, minor, draft.currency)
            for event, minor in draft.amounts.items()
        ]
        lines += [
            {
                "id": new_id(),
                "entry_id": entry_id,
                "event": event,
                "debit": debit,
                "credit": credit,
                "amount_minor": minor,
                "currency": currency,
                "loan_id": draft.loan_id,
            }
            for event, debit, credit, minor, currency in moved
        ]
        entries.append(
            {
                "id": entry_id,
                "reference": draft.reference,
                "body_sha256": posting.body_of(draft.kind, moved, on, draft.loan_id),
                "kind": draft.kind,
                "posted_on": on,
                "loan_id": draft.loan_id,
                "reverses_id": None,
                "created_at": now,
            }
        )
    await bulk.insert(session, Line, lines)  # The database wants the lines before their entries.
    await bulk.insert(session, Entry, entries)
