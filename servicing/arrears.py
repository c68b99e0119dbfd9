"""How late every running loan is, which class that makes, and what may be lost of it.

Today is read from the installments, a thousand loans at a time. A day before it is told again from
the events of each loan, as they count up to that day.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from servicing import (
    assessments,
    effective_interest,
    happenings,
    provisioning,
    queries,
    replay,
    terms,
)
from servicing import rules as agreed_rules
from servicing.assessments import Assessment, Portion, Risk
from servicing.classification import Class
from servicing.delinquency import DpdRule
from servicing.events import Type
from servicing.late_policy import LatePolicy
from servicing.life import Life, Status
from servicing.models import Installment, Loan, LoanEvent
from servicing.product_rules import ProductRules
from servicing.states import LoanStatus

_BATCH = 1_000
_UNTOLD = (Type.PAUSE, Type.RESTRUCTURE, Type.REAGE, Type.REAMORTIZE, Type.CHARGE_OFF)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A loan that is running on a day, as its installments or its story tell it."""

    loan: Loan
    rules: ProductRules
    parts: Sequence[Portion]
    life: Life | None

    @property
    def dpd(self) -> DpdRule:
        """The rule of the loan, with the pauses that were agreed since."""
        agreed = self.rules.dpd
        told = self.life.pauses if self.life is not None else []
        return replace(agreed, pauses=(*agreed.pauses, *told)) if told else agreed


@dataclass(frozen=True, slots=True)
class Arrears:
    """One loan on one day."""

    loan_id: UUID
    borrower_id: UUID
    reference: str
    currency: str
    assessed: Assessment


async def of_loan(
    session: AsyncSession, loan: Loan, policy: LatePolicy, *, on: date, today: date
) -> Arrears | None:
    """None unless the loan is running on that day. Other loans of the borrower do not count."""
    found = await of_loans(session, [loan], policy, on=on, today=today)
    return found[0] if found else None


async def of_loans(
    session: AsyncSession, loans: Sequence[Loan], policy: LatePolicy, *, on: date, today: date
) -> list[Arrears]:
    """Those of them that are running on that day."""
    return [_assess(each, policy, on) for each in await _look(session, loans, on=on, today=today)]


async def days_past_due(
    session: AsyncSession, loans: Sequence[Loan], *, on: date
) -> dict[UUID, int]:
    """How late each that is running is today: by its own rule, without the days of its pauses."""
    return {
        each.loan.id: assessments.standing_of(
            each.parts, on, dpd=each.dpd, buckets=each.rules.buckets
        ).days_past_due
        for each in await _look(session, loans, on=on, today=on)
    }


async def dpd_rules(
    session: AsyncSession, loans: Sequence[Loan], *, on: date
) -> dict[UUID, DpdRule]:
    """How each that is running counts late days today, its pauses among it."""
    return {each.loan.id: each.dpd for each in await _look(session, loans, on=on, today=on)}


async def list_late(
    session: AsyncSession, *, days: int, on: date, status: LoanStatus | None = None,
    after: UUID | None = None, limit: int = 50,
) -> list[Loan]:  # fmt: skip
    """Loans that are at least so many days past due today, newest first; `after` is the last id
    of the page before."""
    found: list[Loan] = []
    latest_due = on - timedelta(days=days - 1)
    """A rule may count the due date too; all else that rules say makes fewer days."""
    while len(found) < limit:
        batch = await queries.list_loans(
            session, status=status, overdue_on=latest_due + timedelta(days=1), after=after,
            limit=_BATCH,
        )  # fmt: skip
        late = await days_past_due(session, batch, on=on)
        found += [loan for loan in batch if late.get(loan.id, 0) >= days]
        if len(batch) < _BATCH:
            break
        after = batch[-1].id
    return found[:limit]


async def list_arrears(
    session: AsyncSession, policy: LatePolicy, *, on: date, today: date
) -> list[Arrears]:
    """Every loan that runs on that day, in the order of their ids."""
    found: list[Arrears] = []
    last: UUID | None = None
    while batch := await _running(session, on=on, is_past=on < today, after=last):
        found += await of_loans(session, batch, policy, on=on, today=today)
        last = batch[-1].id
        for loan in batch:
            session.expunge(loan)
    return _by_borrower(found, policy) if policy.classes.is_by_borrower else found


async def _running(
    session: AsyncSession, *, on: date, is_past: bool, after: UUID | None
) -> list[Loan]:
    query = select(Loan).where(Loan.disbursed_on <= on)
    if not is_past:
        query = query.where(Loan.status == LoanStatus.ACTIVE)
    if after is not None:
        query = query.where(Loan.id > after)
    return list(await session.scalars(query.order_by(Loan.id).limit(_BATCH)))


async def _with_a_story(session: AsyncSession, loans: Sequence[Loan]) -> list[Loan]:
    """Loans to which something happened that their installments do not tell."""
    ids = set(
        await session.scalars(
            select(LoanEvent.loan_id)
            .where(LoanEvent.type.in_(_UNTOLD), LoanEvent.loan_id.in_([x.id for x in loans]))
            .distinct()
        )
    )
    return [loan for loan in loans if loan.id in ids]


async def _lives(session: AsyncSession, loans: Sequence[Loan], on: date) -> dict[UUID, Life]:
    rows: dict[UUID, list[LoanEvent]] = defaultdict(list)
    for row in await session.scalars(
        select(LoanEvent)
        .where(LoanEvent.loan_id.in_([loan.id for loan in loans]))
        .order_by(LoanEvent.loan_id, LoanEvent.seq)
    ):
        rows[row.loan_id].append(row)
    return {
        loan.id: replay.at(happenings.told(loan, rows[loan.id]).as_of(on), on)
        for loan in loans
        if rows[loan.id]
    }


async def _portions(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, list[Portion]]:
    parts: dict[UUID, list[Portion]] = defaultdict(list)
    if not ids:
        return parts
    x = Installment
    found = await session.execute(
        select(
            x.loan_id, x.due_on, x.accrues_from, x.accrues_until, x.settled_on,
            x.interest_minor, x.interest_carried_minor,
            x.interest_paid_minor + x.interest_forgiven_minor,
            x.principal_minor - x.principal_paid_minor - x.principal_forgiven_minor,
            x.fees_minor - x.fees_paid_minor - x.fees_forgiven_minor,
            x.penalties_minor - x.penalties_paid_minor - x.penalties_forgiven_minor,
        )
        .where(x.loan_id.in_(ids))
        .order_by(x.loan_id, x.due_on, x.n)
    )  # fmt: skip
    for loan_id, *values in found:
        parts[loan_id].append(Portion(*values))
    return parts


async def _look(
    session: AsyncSession, loans: Sequence[Loan], *, on: date, today: date
) -> list[_Seen]:
    told_again = loans if on < today else await _with_a_story(session, loans)
    lives = await _lives(session, told_again, on)
    portions = await _portions(session, [loan.id for loan in loans if loan.id not in lives])
    found = []
    for loan in loans:
        life = lives.get(loan.id)
        if life is not None and life.status is not Status.ACTIVE:
            continue
        if life is None and loan.status is not LoanStatus.ACTIVE:
            continue
        parts = portions[loan.id] if life is None else assessments.portions_of(life)
        found.append(_Seen(loan, _rules(json.dumps(loan.rules), loan.currency), parts, life))
    return found


def _assess(seen: _Seen, policy: LatePolicy, on: date) -> Arrears:
    loan, rules = seen.loan, seen.rules
    assert loan.disbursed_on is not None
    rate = loan.effective_rate_ppm
    if rate is None:
        rate = effective_interest.rate_ppm(terms.parse(loan.terms))
    risk = Risk(loan.disbursed_on, rate / 1_000_000, loan.pd_ppm, loan.pd_now_ppm)
    if seen.life is not None:
        risk = assessments.risk_of(seen.life, risk)
    assessed = assessments.assess(policy, seen.parts, risk, on, dpd=seen.dpd, buckets=rules.buckets)
    return Arrears(loan.id, loan.borrower_id, loan.reference, loan.currency, assessed)


@lru_cache(maxsize=1_024)
def _rules(document: str, currency: str) -> ProductRules:
    """Loans of one version of a product have the same rules."""
    return agreed_rules.of_engine(agreed_rules.from_document(json.loads(document)), currency)


def _by_borrower(found: Sequence[Arrears], policy: LatePolicy) -> list[Arrears]:
    worst: dict[UUID, Class] = {}
    for each in found:
        before = worst.get(each.borrower_id, Class.NORMAL)
        worst[each.borrower_id] = max(each.assessed.loan_class, before)
    return [_with_class(each, worst[each.borrower_id], policy) for each in found]


def _with_class(arrears: Arrears, found: Class, policy: LatePolicy) -> Arrears:
    balance = arrears.assessed.balance_minor
    provision = provisioning.provision(policy.provision_rates, found, balance)
    assessed = replace(arrears.assessed, loan_class=found, provision_minor=provision)
    return replace(arrears, assessed=assessed)
