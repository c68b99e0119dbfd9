"""Loans whose interest is recalculated, many at once: what a day on which nothing is told does.

The engine says it, as it does for one loan (`servicing.living`): the life is told once for all the
days of a close, and each day is one more look at it. What a look changes is interest and principal
of installments, and what is earned. A loan to which more may happen is left to the others' way.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from kit.bulk import among
from servicing import happenings, late_fees, projection, recalculation, replay
from servicing import rules as agreed_rules
from servicing.allocation import Owed
from servicing.closing.running import Brought, Changed, Running
from servicing.fields import InvalidTerms
from servicing.ledger import flows
from servicing.ledger.chart import FLOORED, Account, Side, side_of
from servicing.ledger.flows import Flows
from servicing.ledger.models import LoanBalance
from servicing.ledger.rules import RULES, EntryKind, Event
from servicing.life import Life, Status
from servicing.models import Installment, Loan, LoanEvent

KEPT = 2_000
"""So many lives are remembered during one job."""
_NAMES = (
    "interest_minor",
    "principal_minor",
    "due_on",
    "accrues_from",
    "accrues_until",
    "interest_carried_minor",
    "third_party_fees_minor",
    "settled_on",
    "penalties_minor",
    "fees_minor",
    *(
        f"{part}_{given}_minor"
        for part in ("penalties", "fees", "interest", "principal")
        for given in ("paid", "forgiven")
    ),
)
_LOOKED_AT = 2
"""Of these columns a look changes so many, the first ones."""
_Rows = dict[int, tuple[Any, ...]]
"""By number."""


@dataclass(slots=True)
class _Told:
    """A loan of which so many events were told, and how it stands at the end of `day`."""

    events: int
    state: Life
    """Nobody has looked at it since the last event."""
    ids: Mapping[int, UUID]
    day: date
    life: Life
    rows: _Rows
    claims: Flows

    def come_to(self, on: date) -> None:
        if not _stays(self.life, self.day, on):
            self.life = _look(self.state, on)
            self.rows = _rows_of(self.life)
        self.claims = flows.claims(self.life, on)
        self.day = on


class Lives:
    """What was told once and need not be told again on the next day of the same close.

    A life follows from its events alone, and events are only ever added: as many are the same.
    """

    def __init__(self) -> None:
        self._told: dict[UUID, _Told] = {}

    def find(self, loan_id: UUID, events: int) -> _Told | None:
        told = self._told.get(loan_id)
        return told if told is not None and told.events == events else None

    def keep(self, loan_id: UUID, told: _Told) -> None:
        if loan_id in self._told or len(self._told) < KEPT:
            self._told[loan_id] = told

    def forget(self, loan_id: UUID) -> None:
        self._told.pop(loan_id, None)


async def brought(
    session: AsyncSession, loans: Iterable[Running], *, on: date, lives: Lives
) -> dict[UUID, Brought]:
    """What the day brings to each locked loan to which nothing else can happen on it."""
    running = {loan.id: loan for loan in loans if _may_be_quiet(loan)}
    if not running:
        return {}
    counts = await _count_events(session, running)
    known = {loan_id: lives.find(loan_id, counts[loan_id]) for loan_id in counts}
    new = await _tell(session, [running[loan_id] for loan_id in counts if not known[loan_id]])
    found: dict[UUID, Brought] = {}
    late: dict[UUID, set[str]] = {}
    for loan_id, each in known.items():
        told, loan = each or new.get(loan_id), running[loan_id]
        if told is None:
            continue
        assert loan.accrued_on is not None
        day = _day(told, loan.accrued_on, on)
        if day is None:
            lives.forget(loan_id)  # Its installments may become others.
            continue
        lives.keep(loan_id, told)
        found[loan_id], late[loan_id] = day, _late_fees(told, loan, on)
    wanted = [loan_id for loan_id, keys in late.items() if keys]
    charged = await late_fees.told(session, wanted) if wanted else {}
    for loan_id in wanted:
        if not late[loan_id] <= charged[loan_id]:
            del found[loan_id]
    return found


async def write(session: AsyncSession, days: Iterable[Brought]) -> None:
    """Write the installments that the days have changed."""
    changed = [each for day in days for each in day.changed]
    if not changed:
        return
    table = cast(Table, Installment.__table__)
    query = (
        update(table)
        .where(table.c.id == bindparam("of"))
        .values(interest_minor=bindparam("interest"), principal_minor=bindparam("principal"))
    )
    connection = await session.connection()
    await connection.execute(
        query,
        [
            {"of": each.id, "interest": each.interest_minor, "principal": each.principal_minor}
            for each in changed
        ],
    )


def _may_be_quiet(loan: Running) -> bool:
    recalculates = agreed_rules.recalculates(loan.rules)
    return (
        recalculates
        and loan.accrued_on is not None
        and not agreed_rules.charges_penalties(loan.rules)
    )


async def _count_events(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, int]:
    rows = await session.execute(
        select(LoanEvent.loan_id, func.max(LoanEvent.seq).label("told"))
        .where(among(session, LoanEvent.loan_id, ids))
        .group_by(LoanEvent.loan_id)
    )
    return {row.loan_id: row.told for row in rows}


async def _tell(session: AsyncSession, loans: Sequence[Running]) -> dict[UUID, _Told]:
    """Those whose installments and books are what their lives say they are."""
    if not loans:
        return {}
    ids = [loan.id for loan in loans]
    days = {loan.id: loan.accrued_on for loan in loans}
    written, stands = await _installments(session, ids), await _balances(session, ids)
    events: dict[UUID, list[LoanEvent]] = defaultdict(list)
    for row in await session.execute(
        select(
            LoanEvent.loan_id, LoanEvent.seq, LoanEvent.key, LoanEvent.type, LoanEvent.on,
            LoanEvent.recorded_on, LoanEvent.amount_minor, LoanEvent.details,
        )
        .where(among(session, LoanEvent.loan_id, ids))
        .order_by(LoanEvent.loan_id, LoanEvent.seq)
    ):  # fmt: skip
        events[row.loan_id].append(cast(LoanEvent, row))
    found = {}
    for row in await session.execute(
        select(Loan.id, Loan.currency, Loan.terms, Loan.rules).where(among(session, Loan.id, ids))
    ):
        day, (rows, row_ids) = days[row.id], written[row.id]
        assert day is not None
        await asyncio.sleep(0)  # Telling takes milliseconds: whoever waits gets a turn.
        told = _told(cast(Loan, row), events[row.id], row_ids, day, stands[row.id])
        if told is not None and told.rows == rows:
            found[row.id] = told
    return found


def _told(
    loan: Loan,
    events: Sequence[LoanEvent],
    ids: Mapping[int, UUID],
    day: date,
    stands: Mapping[Account, int],
) -> _Told | None:
    """None where the books are at something else, or it cannot be told."""
    try:
        story = happenings.told(loan, events).story
        state, _ = replay.after(story, len(story.events))
    except InvalidTerms:
        return None
    life = _look(state, day)
    if state.status is not Status.ACTIVE or stands != _on_accounts(
        flows.of_life(life, story.terms, day)
    ):
        return None
    return _Told(len(events), state, ids, day, life, _rows_of(life), flows.claims(life, day))


def _day(told: _Told, since: date, on: date) -> Brought | None:
    """What happens between two days; None: perhaps something else than that they go by."""
    if told.day != since:
        told.come_to(since)
    rows, claims = told.rows, told.claims
    told.come_to(on)
    if told.life.credit and any(
        row.due_on <= on and row.outstanding
        for life in (told.state, told.life)
        for row in life.rows
    ):
        return None
    amounts = {
        event: minor - claims[event]
        for event, minor in told.claims.items()
        if minor != claims[event]
    }
    changed = _changed(rows, told)
    is_accrual = all(
        minor > 0 and RULES[event].kind is EntryKind.ACCRUAL for event, minor in amounts.items()
    )
    return Brought(amounts, changed) if is_accrual and changed is not None else None


def _changed(before: _Rows, told: _Told) -> list[Changed] | None:
    """None: more changes than a look changes."""
    if told.rows is before:
        return []
    if told.rows.keys() != before.keys():
        return None
    changed = []
    for n, values in told.rows.items():
        if values == before[n]:
            continue
        if values[_LOOKED_AT:] != before[n][_LOOKED_AT:]:
            return None
        changed.append(Changed(told.ids[n], *values[:_LOOKED_AT]))
    return changed


def _look(state: Life, on: date) -> Life:
    """As `replay.at` has it where there is no credit to use and no penalty to charge."""
    return recalculation.looked_at(state, on) if recalculation.applies(state) else state


def _stays(life: Life, since: date, on: date) -> bool:
    """Whether installments look the same on both days: nothing is overdue on either, and the
    period that runs had begun before."""
    if not recalculation.applies(life):
        return True
    assert life.rules.recalculation is not None
    if on < since or life.rules.recalculation.compounds:
        return False
    begun = life.draws[0].on
    for row in life.rows:
        if not row.is_regular:
            continue
        if row.settled_on is None or row.outstanding:
            return begun < since and on <= row.due_on
        begun = max(begun, row.due_on)
    return False


def _rows_of(life: Life) -> _Rows:
    return {
        values["n"]: tuple([values[name] for name in _NAMES]) for values in projection.rows_of(life)
    }


def _late_fees(told: _Told, loan: Running, on: date) -> set[str]:
    """The keys of fees that may have to be charged."""
    rules = agreed_rules.from_document(loan.rules)
    if not rules.has_late_fee:
        return set()
    owed = [
        Owed(n, row.due_on, principal=row.outstanding)
        for n, row in enumerate(told.life.rows)
        if row.due_on <= on and row.outstanding
    ]
    return late_fees.chargeable(owed, rules, loan.currency, on)


async def _installments(
    session: AsyncSession, ids: Sequence[UUID]
) -> Mapping[UUID, tuple[_Rows, dict[int, UUID]]]:
    """As they are written, and their ids."""
    columns = [cast(InstrumentedAttribute[Any], getattr(Installment, name)) for name in _NAMES]
    found: dict[UUID, tuple[_Rows, dict[int, UUID]]] = defaultdict(lambda: ({}, {}))
    for loan_id, n, row_id, *values in await session.execute(
        select(Installment.loan_id, Installment.n, Installment.id, *columns).where(
            among(session, Installment.loan_id, ids)
        )
    ):
        rows, row_ids = found[loan_id]
        rows[n], row_ids[n] = tuple(values), row_id
    return found


async def _balances(
    session: AsyncSession, ids: Sequence[UUID]
) -> Mapping[UUID, dict[Account, int]]:
    """What stands on each account that is not at zero."""
    found: dict[UUID, dict[Account, int]] = defaultdict(dict)
    for loan_id, account, minor in await session.execute(
        select(LoanBalance.loan_id, LoanBalance.account, LoanBalance.net_minor).where(
            among(session, LoanBalance.loan_id, ids), LoanBalance.net_minor != 0
        )
    ):
        found[loan_id][account] = minor
    return found


def _on_accounts(told: Flows) -> dict[Account, int]:
    stands: dict[Account, int] = defaultdict(int)
    for event, minor in told.items():
        for account, sign in _MOVES[event] if minor else ():
            stands[account] += sign * minor
    return {account: minor for account, minor in stands.items() if minor}


_MOVES: Mapping[Event, Sequence[tuple[Account, int]]] = {
    event: [
        (account, 1 if side_of(account) is side else -1)
        for side, account in ((Side.DEBIT, rule.debit), (Side.CREDIT, rule.credit))
        if account in FLOORED
    ]
    for event, rule in RULES.items()
}
"""By how much of an event the accounts grow that have a running balance."""
