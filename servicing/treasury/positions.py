"""What a rail's statement says that we hold, what our ledger says, and why they differ."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from kit.money import Money
from servicing.ledger.chart import cash_of
from servicing.ledger.models import Entry, Line
from servicing.models import (
    Payout,
    ReconciliationBreak,
    ReconciliationRun,
    Repayment,
)
from servicing.treasury import held, lines
from servicing.treasury.models import Refund

Parts = dict[str, int]
_OF_OTHERS = "by_hand"
"""Before the name of an entry for which no rail has a line."""


@dataclass(frozen=True, slots=True)
class Position:
    """The end of one day at a rail. `difference` is the statement's money less the ledger's."""

    ledger: Money
    difference: Money
    parts: dict[str, Money]
    """What makes the difference; together they are it."""


async def of_run(session: AsyncSession, run: ReconciliationRun) -> Position | None:
    """None where the rail does not say what the account held."""
    if run.opening_minor is None or run.closing_minor is None or run.currency is None:
        return None
    on_rail = _OnRail(run.rail, run.currency)
    ledger = await on_rail.held(session, Entry.posted_on <= run.day)
    parts = await _opening(session, on_rail, run)
    stated, of_day = await _of_day(session, on_rail, run.day)
    for name, minor in of_day.items():
        parts[name] = parts.get(name, 0) + minor
    parts["not_explained"] = run.closing_minor - run.opening_minor - stated
    return Position(
        Money(ledger, run.currency),
        Money(run.closing_minor - ledger, run.currency),
        {name: Money(minor, run.currency) for name, minor in parts.items() if minor},
    )


@dataclass(frozen=True, slots=True)
class _OnRail:
    """The cash of a rail in one currency."""

    rail: str
    currency: str

    async def held(self, session: AsyncSession, when: ColumnElement[bool]) -> int:
        query = select(func.sum(self._moved)).join(Entry, Entry.id == Line.entry_id)
        return int(await session.scalar(query.where(self._is_cash, when)) or 0)

    async def entries(self, session: AsyncSession, day: date) -> list[tuple[Entry, int]]:
        """What moved it on a day."""
        rows = await session.execute(
            select(Entry, func.sum(self._moved))
            .join(Line, Line.entry_id == Entry.id)
            .where(self._is_cash, Entry.posted_on == day)
            .group_by(Entry.id)
        )
        return [(entry, int(minor)) for entry, minor in rows]

    @property
    def _moved(self) -> ColumnElement[int]:
        cash = cash_of(self.rail)
        return case((Line.debit == cash, Line.amount_minor), else_=-Line.amount_minor)

    @property
    def _is_cash(self) -> ColumnElement[bool]:
        cash = cash_of(self.rail)
        on_it = or_(Line.debit == cash, Line.credit == cash)
        return (Line.currency == self.currency) & on_it


async def _opening(session: AsyncSession, on_rail: _OnRail, run: ReconciliationRun) -> Parts:
    """What the day began with."""
    assert run.opening_minor is not None, "a position has balances"
    ledger = await on_rail.held(session, Entry.posted_on < run.day)
    before = await session.scalar(
        select(ReconciliationRun)
        .where(
            ReconciliationRun.rail == run.rail,
            ReconciliationRun.currency == run.currency,
            ReconciliationRun.day < run.day,
            ReconciliationRun.closing_minor.is_not(None),
        )
        .order_by(ReconciliationRun.day.desc())
        .limit(1)
    )
    if before is None or before.closing_minor is None:
        return {"before_first_statement": run.opening_minor - ledger}
    then = await on_rail.held(session, Entry.posted_on <= before.day)
    return {
        "day_before": before.closing_minor - then,
        "between_statements": (run.opening_minor - before.closing_minor) - (ledger - then),
    }


async def _of_day(session: AsyncSession, on_rail: _OnRail, day: date) -> tuple[int, Parts]:
    """What the day's lines come to, and where lines and entries of the day differ."""
    stated: dict[str, int] = defaultdict(int)
    for line in await lines.of_day(session, on_rail.rail, day):
        stated[line.key] += line.signed_minor
    booked = await _booked(session, on_rail, day)
    ours = await held.by_key(session, on_rail.rail, stated)
    elsewhere = await lines.with_keys(session, on_rail.rail, booked)
    parts: Parts = defaultdict(int)
    for key in stated.keys() | booked.keys():
        if key in stated and key in booked:
            name = "amount"
        elif key in stated:
            name = "other_day" if key in ours and ours[key].is_posted else "missing_here"
        elif key.startswith(_OF_OTHERS):
            name = _OF_OTHERS
        else:
            name = "other_day" if key in elsewhere else "missing_at_rail"
        parts[name] += stated.get(key, 0) - booked.get(key, 0)
    return sum(stated.values()), parts


async def _booked(session: AsyncSession, on_rail: _OnRail, day: date) -> dict[str, int]:
    """What the ledger moved that day, by the keys of the rail's lines."""
    entries = await on_rail.entries(session, day)
    undone = [entry.reverses_id for entry, _ in entries if entry.reverses_id is not None]
    rows = await session.scalars(select(Entry).where(Entry.id.in_(undone)))
    before = {entry.id: entry.reference for entry in rows}
    names = {
        entry.id: before.get(entry.reverses_id or entry.id, entry.reference) for entry, _ in entries
    }
    keys = await _keys(session, on_rail.rail, names.values())
    by_hand = await held.names_by_hand(session, names.values())
    in_statements = await lines.with_keys(session, on_rail.rail, by_hand.values())
    keys |= {name: key for name, key in by_hand.items() if key in in_statements}
    booked: dict[str, int] = defaultdict(int)
    for entry, minor in entries:
        key = keys.get(names[entry.id]) or await _taken_back(session, on_rail.rail, entry)
        booked[key or f"{_OF_OTHERS}:{names[entry.id]}"] += minor
    return booked


async def _keys(session: AsyncSession, rail: str, names: Iterable[str]) -> dict[str, str]:
    """Entries are called by the rows that they are about."""
    ids: dict[str, dict[UUID, list[str]]] = defaultdict(lambda: defaultdict(list))
    found: dict[str, str] = {}
    for name in names:
        kind, _, rest = name.partition(":")
        if kind == "suspense":
            found[name] = _bare(rail, rest)
        elif kind == "difference":  # A second one, with its number, is of the same break.
            ids[kind][UUID(rest.partition(":")[0])].append(name)
        elif kind in _ROWS and ":" not in rest:  # With a number, it is of a loan told again.
            ids[kind][UUID(rest)].append(name)
    for kind, (row_id, key) in _ROWS.items():
        rows = await session.execute(select(row_id, key).where(row_id.in_(ids[kind])))
        found |= {name: _bare(rail, text) for each, text in rows for name in ids[kind][each]}
    return found


_ROWS: dict[str, tuple[InstrumentedAttribute[UUID], InstrumentedAttribute[str]]] = {
    "disbursement": (Payout.id, Payout.client_ref),
    "returned": (Payout.id, Payout.client_ref),
    "refund": (Refund.id, Refund.client_ref),
    "repayment": (Repayment.id, Repayment.rail_reference),
    "recovery": (Repayment.id, Repayment.rail_reference),
    "difference": (ReconciliationBreak.id, ReconciliationBreak.reference),
}


async def _taken_back(session: AsyncSession, rail: str, entry: Entry) -> str | None:
    """The repayment that was charged back, when only one of the loan was, that day."""
    rows = await session.scalars(
        select(Repayment.rail_reference).where(
            Repayment.loan_id == entry.loan_id, Repayment.reversed_on == entry.posted_on
        )
    )
    names = list(rows)
    return _bare(rail, names[0]) if entry.loan_id is not None and len(names) == 1 else None


def _bare(rail: str, name: str) -> str:
    if name.startswith(held.AGAIN):
        name = name.removeprefix(held.AGAIN).partition(":")[2]
    return name.removeprefix(held.CAME_BACK).removeprefix(f"{rail}:").removeprefix("rail:")
