"""How late every running loan is, which class that makes, and what may be lost of it.

Today is read from the installments, a thousand loans at a time. A day before it is told again from
the events of each loan, as they count up to that day.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from servicing import (
    assessments,
    effective_interest,
    happenings,
    provisioning,
    replay,
    terms,
)
from servicing import rules as agreed_rules
from servicing.assessments import Assessment, Portion, Risk
from servicing.classification import Class
from servicing.events import Type
from servicing.late_policy import LatePolicy
from servicing.life import Life, Status
from servicing.models import Installment, Loan, LoanEvent
from servicing.product_rules import ProductRules
from servicing.states import LoanStatus

_BATCH = 1_000
_UNTOLD = (Type.PAUSE, Type.RESTRUCTURE, Type.REAGE, Type.REAMORTIZE, Type.CHARGE_OFF)


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
        found.append(_assess(loan, portions[loan.id], life, policy, on))
    return found


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


def _assess(
    loan: Loan, rows: Sequence[Portion], life: Life | None, policy: LatePolicy, on: date
) -> Arrears:
    assert loan.disbursed_on is not None
    rules = _rules(json.dumps(loan.rules), loan.currency)
    rate = loan.effective_rate_ppm
    if rate is None:
        rate = effective_interest.rate_ppm(terms.parse(loan.terms))
    risk = Risk(loan.disbursed_on, rate / 1_000_000, loan.pd_ppm, loan.pd_now_ppm)
    parts, dpd = rows, rules.dpd
    if life is not None:
        parts, risk = assessments.portions_of(life), assessments.risk_of(life, risk)
        dpd = replace(dpd, pauses=(*dpd.pauses, *life.pauses))
    assessed = assessments.assess(policy, parts, risk, on, dpd=dpd, buckets=rules.buckets)
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
