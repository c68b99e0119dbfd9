"""The late fee of the product: once for each installment that is late beyond its days of grace."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.money import Money
from servicing import debts, delinquency, happenings, living, messages, queries, replay
from servicing import rules as agreed_rules
from servicing.allocation import Owed
from servicing.delinquency import DpdRule, Pause
from servicing.events import Type
from servicing.happenings import Happening, Told
from servicing.ledger.rules import EntryKind
from servicing.living import Act, Lived
from servicing.models import Installment, Loan, LoanEvent
from servicing.rules import LoanRules

_KEY = "late_fee:"
_LESS = "late_fee_less:"
"""So begins the key of what stays of a fee that was too high."""


async def charge(
    session: AsyncSession, loan: Loan, rows: Sequence[Installment], *, on: date, now: datetime
) -> int:
    """Charge a locked loan what its rules say for `on`; how many fees that were."""
    rules = agreed_rules.from_document(loan.rules)
    keys = chargeable(debts.due(rows, on), rules, loan.currency, on)
    late = [row for row in rows if row.unpaid_minor and _key(row.due_on) in keys]
    if not late:
        return 0
    known = await happenings.of_loan(session, loan)
    late = [row for row in late if known.find(_key(row.due_on)) is None]
    pauses = replay.at(known.story, on).pauses if late else []
    charged = 0
    for row in late:
        if not row.unpaid_minor or not _is_late(row.due_on, rules, on, pauses):
            continue
        fee = rules.late_fee(Money(row.unpaid_minor, loan.currency))
        told = _told(row, fee, on)
        act = Act(audit.SYSTEM, on, now, {EntryKind.LATE_FEE: f"{_KEY}{loan.id}:{row.due_on}"})
        await living.happen(session, loan, act, told)
        charged += 1
        fresh = await queries.list_installments(session, loan.id)
        due = await _due(session, loan, fresh, on)
        await messages.late_fee_charged(session, loan, row, fee, due, now=now)
    return charged


def chargeable(owed: Iterable[Owed], rules: LoanRules, currency: str, on: date) -> set[str]:
    """The keys of the fees on what is late enough on `on`, were there no pauses."""
    if not rules.has_late_fee:
        return set()
    return {
        _key(each.due_on)
        for each in owed
        if (unpaid := debts.total([each]))
        and _is_late(each.due_on, rules, on)
        and rules.late_fee(Money(unpaid, currency))
    }


async def told(session: AsyncSession, loan_ids: Iterable[UUID]) -> dict[UUID, set[str]]:
    """The fees that these loans have been charged before."""
    found: dict[UUID, set[str]] = defaultdict(set)
    for loan_id, key in await session.execute(_CHARGED, {"loan_ids": list(loan_ids)}):
        found[loan_id].add(key)
    return found


def charged(told: Told) -> list[LoanEvent]:
    """The fees that a loan has been charged and that stand."""
    fees = [row for row in told.rows if row.key.startswith((_KEY, _LESS))]
    return [row for row in fees if not told.is_reversed(row)]


async def penalties(session: AsyncSession, loan: Loan) -> dict[date, int]:
    """What each installment has been charged; empty when the engine charges nothing."""
    if not agreed_rules.charges_penalties(loan.rules):
        return {}
    rows = await queries.list_installments(session, loan.id)
    return {row.due_on: row.penalties_minor for row in rows}


async def tell(
    session: AsyncSession,
    loan: Loan,
    rows: Sequence[Installment],
    before: Mapping[date, int],
    *,
    on: date,
    now: datetime,
) -> int:
    """Tell the borrower of the first penalty on each installment; how many those were."""
    fresh = [row for row in rows if before.get(row.due_on) == 0 and row.penalties_minor]
    if not fresh:
        return 0
    due = await _due(session, loan, rows, on)
    for row in fresh:
        fee = Money(row.penalties_minor, loan.currency)
        await messages.late_fee_charged(session, loan, row, fee, due, now=now)
    return len(fresh)


async def take_back(
    session: AsyncSession, loan: Loan, lived: Lived, act: Act, *, since: date
) -> None:
    """Fees from `since` on for being late with what, as it turns out, had been paid by then. Where
    a part had been paid, the fee on the rest stays."""
    rules = agreed_rules.from_document(loan.rules)
    plain = dataclasses.replace(act, references={})
    while (found := next(_too_high(lived, rules, loan.currency, since), None)) is not None:
        row, fair = found
        wrong = [happenings.reversal(row, on=act.on)]
        rest = [_instead(lived.told, row, fair)] if fair else []
        lived = await living.happen(session, loan, plain, *wrong, *rest)


async def _due(session: AsyncSession, loan: Loan, rows: Sequence[Installment], on: date) -> Money:
    """What the borrower is told to pay: all that is due by `on`, after the credit."""
    free = await queries.free_credit(session, loan, rows)
    return debts.debt(debts.due(rows, on), credit=free).total


def _too_high(
    lived: Lived, rules: LoanRules, currency: str, since: date
) -> Iterator[tuple[LoanEvent, Money]]:
    """With what each would have been."""
    for row in charged(lived.told):
        if row.on < since:
            continue
        before = replay.at(lived.told.besides(row), row.on)
        of = date.fromisoformat(row.details["of"])
        unpaid = sum(each.outstanding for each in before.rows if each.due_on == of)
        fair = rules.late_fee(Money(unpaid, currency)) if unpaid else Money(0, currency)
        if fair.minor < row.amount_minor:
            yield row, fair


def _instead(told: Told, row: LoanEvent, fair: Money) -> Happening:
    n = sum(each.key.startswith(_LESS) for each in told.rows) + 1
    return Happening(
        Type.CHARGE, row.on, f"{_LESS}{row.details['of']}:{n}", fair.minor, row.details
    )


def _told(row: Installment, fee: Money, on: date) -> Happening:
    details = {"charge": "penalty", "due": on.isoformat(), "of": row.due_on.isoformat()}
    return Happening(Type.CHARGE, on, _key(row.due_on), fee.minor, details)


def _key(due_on: date) -> str:
    return f"{_KEY}{due_on}"


def _is_late(due_on: date, rules: LoanRules, on: date, pauses: Sequence[Pause] = ()) -> bool:
    """Paused days do not count."""
    days = delinquency.days_past_due([due_on], on, DpdRule(pauses=tuple(pauses)))
    return days > rules.late_fee_after_days


# Built once: building a statement takes about as long as running it.
_CHARGED = select(LoanEvent.loan_id, LoanEvent.key).where(
    LoanEvent.loan_id.in_(bindparam("loan_ids", expanding=True)), LoanEvent.key.startswith(_KEY)
)
