"""The ledger's only writer: whole entries under a reference, and reversals of them."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db import lock_key
from kit.errors import DomainError, Kind
from kit.idempotency import fingerprint
from kit.ids import new_id
from kit.money import Money
from servicing.ledger.chart import Account
from servicing.ledger.models import Entry, Line
from servicing.ledger.rules import RULES, EntryKind, Event

Part = tuple[Event, Money]
Moved = tuple[Event, Account, Account, int, str]
"""Event, debit, credit, minor units and currency of one line."""
_WRITTEN = "ledger_entries_written"


class ReferenceReused(DomainError):
    """An entry with this reference exists and says something else."""

    kind = Kind.CONFLICT
    code = "ledger_reference_reused"


class AlreadyReversed(DomainError):
    kind = Kind.CONFLICT
    code = "ledger_entry_already_reversed"


async def post(
    session: AsyncSession,
    kind: EntryKind,
    *parts: Part,
    reference: str,
    on: date,
    now: datetime,
    loan_id: UUID | None = None,
    cash: Account = Account.CASH_WALLET,
) -> Entry:
    """Write one entry by the posting rules, or return the same one already written.

    Parts of zero are left out; something must move. `cash` is that of the rail which moves it.
    """
    moved = [(event, amount) for event, amount in parts if amount]
    assert moved, f"{reference} moves nothing"
    assert all(RULES[event].kind is kind for event, _ in moved), f"{reference} mixes kinds"
    lines = [_line(event, amount, loan_id, cash) for event, amount in moved]
    return await _write(session, kind, lines, reference=reference, on=on, now=now, loan_id=loan_id)


async def adjust(
    session: AsyncSession,
    changes: Mapping[Event, int],
    *,
    currency: str,
    references: Mapping[EntryKind, str],
    on: date,
    now: datetime,
    loan_id: UUID,
    cash: Account = Account.CASH_WALLET,
) -> None:
    """Move by how much events come to more than the ledger says, or to less.

    More stands in entries of their kinds, less in one reversal. A kind that happens once for a
    reason has its reference in `references`; the others are numbered.
    """
    kinds: dict[EntryKind, list[Line]] = {}
    for event, minor in changes.items():
        if not minor:
            continue
        line = _line(event, Money(abs(minor), currency), loan_id, cash)
        if minor > 0:
            kinds.setdefault(RULES[event].kind, []).append(line)
        else:
            line.debit, line.credit = line.credit, line.debit
            kinds.setdefault(EntryKind.REVERSAL, []).append(line)
    for kind, lines in kinds.items():
        reference = references.get(kind) or f"{kind}:{loan_id}:{await _next(session, loan_id)}"
        await _write(session, kind, lines, reference=reference, on=on, now=now, loan_id=loan_id)


async def reverse(session: AsyncSession, entry: Entry, *, on: date, now: datetime) -> Entry:
    """Undo an entry by its mirror image. The entry itself stays; repeating is harmless."""
    if entry.kind is EntryKind.REVERSAL:
        raise AlreadyReversed(reference=entry.reference)
    reference = f"reversal:{entry.id}"
    if (written := await find(session, reference)) is not None:
        return written
    lines = [
        Line(event=line.event, debit=line.credit, credit=line.debit,
             amount_minor=line.amount_minor, currency=line.currency, loan_id=line.loan_id)
        for line in await lines_of(session, entry)
    ]  # fmt: skip
    return await _write(
        session, EntryKind.REVERSAL, lines,
        reference=reference, on=on, now=now, loan_id=entry.loan_id, reverses_id=entry.id,
    )  # fmt: skip


def accounts_of(event: Event, cash: Account) -> tuple[Account, Account]:
    """Debit and credit by the rules, with the rail's own cash."""
    rule = RULES[event]
    return (
        cash if rule.debit is Account.CASH else rule.debit,
        cash if rule.credit is Account.CASH else rule.credit,
    )


def count_written(session: AsyncSession) -> int:
    """How many entries this session has written by itself."""
    return int(session.info.get(_WRITTEN, 0))


async def find(session: AsyncSession, reference: str) -> Entry | None:
    return await session.scalar(_NAMED, {"reference": reference})


async def lines_of(session: AsyncSession, entry: Entry) -> list[Line]:
    rows = await session.scalars(select(Line).where(Line.entry_id == entry.id).order_by(Line.id))
    return list(rows)


async def _next(session: AsyncSession, loan_id: UUID) -> int:
    """The lock on the loan makes this the next number."""
    found = await session.scalar(_COUNT, {"loan_id": loan_id})
    return (found or 0) + 1


def _line(event: Event, amount: Money, loan_id: UUID | None, cash: Account) -> Line:
    debit, credit = accounts_of(event, cash)
    return Line(
        event=event,
        debit=debit,
        credit=credit,
        amount_minor=amount.minor,
        currency=amount.currency,
        loan_id=loan_id,
    )


async def _write(
    session: AsyncSession,
    kind: EntryKind,
    lines: list[Line],
    *,
    reference: str,
    on: date,
    now: datetime,
    loan_id: UUID | None,
    reverses_id: UUID | None = None,
) -> Entry:
    await lock_key(session, f"ledger:{reference}")
    moved = [
        (line.event, line.debit, line.credit, line.amount_minor, line.currency) for line in lines
    ]
    body = body_of(kind, moved, on, loan_id)
    if (written := await find(session, reference)) is not None:
        if written.body_sha256 != body:
            raise ReferenceReused(reference=reference)
        return written
    entry = Entry(
        id=new_id(),
        reference=reference,
        body_sha256=body,
        kind=kind,
        posted_on=on,
        loan_id=loan_id,
        reverses_id=reverses_id,
        created_at=now,
    )
    for line in lines:
        line.entry_id = entry.id
    session.add_all(lines)
    await session.flush()  # The database wants the lines before their entry.
    session.add(entry)
    await session.flush()
    session.info[_WRITTEN] = count_written(session) + 1
    return entry


def body_of(kind: EntryKind, moved: Iterable[Moved], on: date, loan_id: UUID | None) -> str:
    """What an entry says, apart from its name and the moment of writing."""
    return fingerprint([kind, sorted(moved), on.isoformat(), str(loan_id)])


# Built once: building a statement takes about as long as running it.
_NAMED = select(Entry).where(Entry.reference == bindparam("reference"))
_COUNT = select(func.count(Entry.id)).where(Entry.loan_id == bindparam("loan_id"))
