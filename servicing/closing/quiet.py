"""Loans for which a day only goes by, many at once: what it brings them, in a few statements.

The arithmetic is that of one loan (`servicing.accrual`, `servicing.late_fees`). A loan for which
there may be anything else to do is left to those who tell its life again.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import NamedTuple, cast
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Executable,
    Select,
    Update,
    and_,
    bindparam,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from kit.bulk import among_given
from servicing import accrual, late_fees
from servicing import rules as agreed_rules
from servicing.allocation import Owed
from servicing.closing import recalculated
from servicing.closing.recalculated import Lives
from servicing.closing.running import Brought, Running
from servicing.ledger import balances, bulk
from servicing.ledger.bulk import Draft
from servicing.ledger.rules import EntryKind
from servicing.models import Installment, Loan

_COLUMNS = (
    Installment.loan_id,
    Installment.n,
    Installment.due_on,
    Installment.accrues_from,
    Installment.accrues_until,
    Installment.interest_carried_minor,
    Installment.third_party_fees_minor,
    *(
        cast(InstrumentedAttribute[int], getattr(Installment, f"{part}{what}_minor"))
        for part in ("penalties", "fees", "interest", "principal")
        for what in ("", "_paid", "_forgiven")
    ),
)

_UNPAID = Installment.unpaid_minor
"""Built once: a sum of twelve columns costs more to build than to run."""


@dataclass(frozen=True, slots=True)
class Done:
    entries: int
    left: list[UUID]
    """For these there may be more to do."""


async def close(
    session: AsyncSession, loans: Sequence[Running], *, on: date, now: datetime, lives: Lives
) -> Done:
    """Bring locked loans to the end of `on`, each that is quiet."""
    brought = await _quiet(session, loans, on)
    brought |= await recalculated.brought(session, loans, on=on, lives=lives)
    drafts = [
        Draft(
            EntryKind.ACCRUAL, day.amounts, loan.currency, accrual.reference(loan.id, on), loan.id
        )
        for loan in loans
        if (day := brought.get(loan.id)) and day.amounts
    ]
    await recalculated.write(session, brought.values())
    await bulk.post(session, drafts, on=on, now=now)
    if brought:
        query = _statements(session.get_bind().dialect.name).advance
        await session.execute(query, {"loans": list(brought), "on": on})
    return Done(len(drafts), [loan.id for loan in loans if loan.id not in brought])


async def _quiet(session: AsyncSession, loans: Sequence[Running], on: date) -> dict[UUID, Brought]:
    """Of those whose interest follows the schedule as agreed."""
    since = {
        loan.id: loan.accrued_on
        for loan in loans
        if loan.accrued_on is not None and not agreed_rules.recalculates(loan.rules)
    }
    rows = await _installments(session, since, on)
    found: dict[UUID, Brought] = {}
    for loan_id, day in since.items():
        changes = accrual.brought(rows[loan_id], day, on)
        if all(minor >= 0 for minor in changes.values()):
            found[loan_id] = Brought({event: minor for event, minor in changes.items() if minor})
    for loan_id in await _stirred(session, [loan for loan in loans if loan.id in found], on):
        del found[loan_id]
    return found


async def _stirred(session: AsyncSession, loans: Sequence[Running], on: date) -> set[UUID]:
    """Those that owe something, and have credit for it or are charged for it."""
    if not loans:
        return set()
    query = _statements(session.get_bind().dialect.name).owing
    ids = set(await session.scalars(query, {"loans": [loan.id for loan in loans], "on": on}))
    if not ids:
        return set()
    owing = [loan for loan in loans if loan.id in ids]
    stirred = {loan.id for loan in owing if agreed_rules.charges_penalties(loan.rules)}
    stirred |= await balances.with_credit(session, list(ids))
    return stirred | await _charged(session, owing, on)


async def _charged(session: AsyncSession, owing: Sequence[Running], on: date) -> set[UUID]:
    """Those that may be late enough for a fee that they have not been charged."""
    rules = {loan.id: agreed_rules.from_document(loan.rules) for loan in owing}
    ids = [loan_id for loan_id, agreed in rules.items() if agreed.has_late_fee]
    if not ids:
        return set()
    late: dict[UUID, set[str]] = defaultdict(set)
    currencies = {loan.id: loan.currency for loan in owing}
    query = _statements(session.get_bind().dialect.name).unpaid
    for loan_id, n, due_on, unpaid in await session.execute(query, {"loans": ids, "on": on}):
        owed = [Owed(n, due_on, principal=unpaid)]
        late[loan_id] |= late_fees.chargeable(owed, rules[loan_id], currencies[loan_id], on)
    told = await late_fees.told(session, late)
    return {loan_id for loan_id, keys in late.items() if not keys <= told[loan_id]}


async def _installments(
    session: AsyncSession, since: dict[UUID, date], on: date
) -> dict[UUID, list[Installment]]:
    """Those that the days change; the others say nothing new."""
    found: dict[UUID, list[Installment]] = {loan_id: [] for loan_id in since}
    if not since:
        return found
    query = _statements(session.get_bind().dialect.name).speaking
    given = {"loans": list(since), "since": min(since.values()), "on": on}
    for row in await session.execute(query, given):
        found[row.loan_id].append(cast(Installment, row))
    return found


class _Statements(NamedTuple):
    advance: Update
    owing: Select[UUID]
    unpaid: Executable
    speaking: Executable
    """Of installments that say something about the days."""


@cache
def _statements(dialect_name: str) -> _Statements:
    """Built once: building a statement takes about as long as running it."""
    since: BindParameter[date] = bindparam("since")
    on: BindParameter[date] = bindparam("on")
    of_loans = among_given(dialect_name, Installment.loan_id, "loans")
    is_unpaid = and_(of_loans, Installment.due_on <= on, _UNPAID > 0)
    was_open = or_(Installment.accrues_until > since, Installment.due_on > since)
    has_begun = or_(
        Installment.accrues_from < on, Installment.accrues_until <= on, Installment.due_on <= on
    )
    return _Statements(
        update(Loan)
        .where(among_given(dialect_name, Loan.id, "loans"), Loan.accrued_on < on)
        .values(accrued_on=on)
        .execution_options(synchronize_session=False),
        select(Installment.loan_id).where(is_unpaid).distinct(),
        select(Installment.loan_id, Installment.n, Installment.due_on, _UNPAID).where(is_unpaid),
        select(*_COLUMNS).where(of_loans, was_open, has_begun),
    )
