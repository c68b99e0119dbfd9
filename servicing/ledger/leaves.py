"""An entry and its lines as the bytes that are sealed: canonical JSON (RFC 8785) of the rows.

The rows hold no personal data: a loan, a payment and an amount are named by ids that only our own
tables lead to a person. Whatever stands in a column is read as it stands, also when somebody has
made nonsense of it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Dialect, LargeBinary, String, cast, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from servicing.ledger.models import Entry, Line, Seal

# What is sealed today must be the same bytes for ever: a new column joins under a new format.
ENTRY = (
    Entry.body_sha256,
    Entry.created_at,
    Entry.id,
    Entry.kind,
    Entry.loan_id,
    Entry.posted_on,
    Entry.reference,
    Entry.reverses_id,
)
LINE = (
    Line.amount_minor,
    Line.credit,
    Line.currency,
    Line.debit,
    Line.event,
    Line.id,
    Line.loan_id,
)
_Values = dict[str, str | None]


async def of_entries(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """The leaves of these entries."""
    dialect = session.get_bind().dialect
    rows = await session.execute(
        select(Entry.id.label("key"), *raw(ENTRY, dialect)).where(Entry.id.in_(ids))
    )
    lines = await session.execute(
        select(Line.entry_id.label("key"), *raw(LINE, dialect))
        .where(Line.entry_id.in_(ids))
        .order_by(Line.id)
    )
    below = grouped(lines)
    return {row[0]: written(values(ENTRY, row[1:]), below.get(row[0], [])) for row in rows}


async def lines_of_seals(session: AsyncSession, first: int, last: int) -> dict[Any, list[_Values]]:
    """The lines of what was sealed with these numbers, by the entry's id as it stands."""
    dialect = session.get_bind().dialect
    rows = await session.execute(
        select(*raw((Line.entry_id,), dialect), *raw(LINE, dialect))
        .join(Seal, Seal.entry_id == Line.entry_id)
        .where(Seal.seq >= first, Seal.seq <= last)
        .order_by(Line.id)
    )
    return grouped(rows)


def grouped(rows: Iterable[Sequence[Any]]) -> dict[Any, list[_Values]]:
    """By their first column."""
    found: dict[Any, list[_Values]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(values(LINE, row[1:]))
    return found


def raw(
    columns: Iterable[InstrumentedAttribute[Any]], dialect: Dialect
) -> list[ColumnElement[Any]]:
    """As the database holds them: no enum or date that a changed value could not become."""
    if dialect.name == "sqlite":
        return [cast(column, LargeBinary) for column in columns]
    return [type_coerce(column, String) for column in columns]


def values(columns: Sequence[InstrumentedAttribute[Any]], row: Sequence[Any]) -> _Values:
    return {column.key: text(value) for column, value in zip(columns, row, strict=True)}


def text(value: Any) -> str | None:
    """The same on both databases."""
    if value is None:
        return None
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def written(entry: Mapping[str, str | None], lines: Sequence[_Values]) -> bytes:
    whole = {**entry, "lines": lines}
    return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
