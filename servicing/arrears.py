"""How late every running loan is, which class that makes, and what may be lost of it.

Today is read from the installments, a thousand loans at a time. A day before it is told again from
the events of each loan, as they count up to that day.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from servicing import (
    classification,
    delinquency,
    early,
    effective_interest,
    expected_loss,
    happenings,
    projection,
    provisioning,
    replay,
)
from servicing import rules as agreed_rules
from servicing import terms as agreements
from servicing.classification import Class, Kept
from servicing.delinquency import DpdRule, Pause, Standing, Unpaid
from servicing.events import Type
from servicing.expected_loss import Exposure, Loss
from servicing.late_policy import LatePolicy
from servicing.life import Life, Status
from servicing.models import Installment, Loan, LoanEvent
from servicing.product_rules import ProductRules
from servicing.states import LoanStatus

_BATCH = 1_000
_PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class Arrears:
    """One loan on one day."""

    loan_id: UUID
    borrower_id: UUID
    reference: str
    currency: str
    standing: Standing
    balance_minor: int
    """Principal that is unpaid, due or not."""
    exposure_minor: int
    """With interest earned and with fees and penalties due."""
    found: Class
    provision_minor: int
    loss: Loss


class _Portion(NamedTuple):
    """What lateness asks of an installment, from a row or from a life that was told again."""

    due_on: date
    accrues_from: date
    accrues_until: date
    settled_on: date | None
    interest: int
    carried: int
    interest_given: int
    """Paid or given up."""
    principal_left: int
    fees_left: int
    penalties_left: int

    @property
    def unpaid(self) -> int:
        interest_left = self.interest - self.interest_given
        return self.principal_left + interest_left + self.fees_left + self.penalties_left

    def accrued(self, on: date) -> int:
        """Interest earned, and fees and penalties due, that are unpaid."""
        span = early.Span(self.accrues_from, self.accrues_until)
        earned = early.earned_of(self.interest, self.carried, span, on)
        charges = self.fees_left + self.penalties_left if self.due_on <= on else 0
        return max(earned - self.interest_given, 0) + charges


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
    told_again = loans if on < today else await _paused(session, loans)
    lives = await _lives(session, told_again, on)
    portions = await _portions(session, [loan.id for loan in loans if loan.id not in lives])
    found = []
    for loan in loans:
        life = lives.get(loan.id)
        if life is not None and life.status is not Status.ACTIVE:
            continue
        if life is None and loan.status is not LoanStatus.ACTIVE:
            continue
        parts = _told(life) if life is not None else portions[loan.id]
        pauses = tuple(life.pauses) if life is not None else ()
        found.append(_assess(loan, parts, pauses, policy, on))
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


async def _paused(session: AsyncSession, loans: Sequence[Loan]) -> list[Loan]:
    """Loans whose lateness was stopped once: only their events know from when to when."""
    ids = set(
        await session.scalars(
            select(LoanEvent.loan_id)
            .where(LoanEvent.type == Type.PAUSE, LoanEvent.loan_id.in_([x.id for x in loans]))
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


async def _portions(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, list[_Portion]]:
    parts: dict[UUID, list[_Portion]] = defaultdict(list)
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
        parts[loan_id].append(_Portion(*values))
    return parts


def _told(life: Life) -> list[_Portion]:
    return [
        _Portion(
            row["due_on"], row["accrues_from"], row["accrues_until"], row["settled_on"],
            row["interest_minor"], row["interest_carried_minor"],
            row["interest_paid_minor"] + row["interest_forgiven_minor"],
            *(_left(row, part) for part in ("principal", "fees", "penalties")),
        )
        for row in projection.rows_of(life)
    ]  # fmt: skip


def _left(row: dict[str, Any], part: str) -> int:
    given: int = row[f"{part}_paid_minor"] + row[f"{part}_forgiven_minor"]
    return int(row[f"{part}_minor"]) - given


def _assess(
    loan: Loan, parts: Sequence[_Portion], pauses: tuple[Pause, ...], policy: LatePolicy, on: date
) -> Arrears:
    rules = _rules(json.dumps(loan.rules), loan.currency)
    dpd = replace(rules.dpd, pauses=(*rules.dpd.pauses, *pauses)) if pauses else rules.dpd
    standing = delinquency.standing(
        (Unpaid(each.due_on, each.unpaid) for each in parts),
        on, dpd, rules.buckets, outstanding_minor=sum(each.unpaid for each in parts),
    )  # fmt: skip
    exposure = _exposure(loan, parts, standing.days_past_due, on)
    balance = exposure.principal_minor
    found = _class(policy, standing.days_past_due, parts, dpd, on)
    return Arrears(
        loan_id=loan.id,
        borrower_id=loan.borrower_id,
        reference=loan.reference,
        currency=loan.currency,
        standing=standing,
        balance_minor=balance,
        exposure_minor=exposure.at_default_minor,
        found=found,
        provision_minor=provisioning.provision(policy.provision_rates, found, balance),
        loss=expected_loss.expected(policy.losses, exposure),
    )


def _class(
    policy: LatePolicy, days: int, parts: Iterable[_Portion], dpd: DpdRule, on: date
) -> Class:
    history = [Kept(each.due_on, each.settled_on) for each in parts if each.due_on <= on]
    return classification.classify(policy.classes, days, history, on, dpd)


def _exposure(loan: Loan, parts: Sequence[_Portion], days: int, on: date) -> Exposure:
    assert loan.disbursed_on is not None
    known = loan.effective_rate_ppm
    rate = effective_interest.rate(agreements.parse(loan.terms)) if known is None else known / _PPM
    return Exposure(
        on=on,
        days_past_due=days,
        opened_on=loan.disbursed_on,
        last_due_on=max((each.due_on for each in parts), default=on),
        pd_ppm=loan.pd_ppm,
        pd_now_ppm=loan.pd_now_ppm,
        effective_rate=rate,
        principal_minor=sum(each.principal_left for each in parts),
        accrued_minor=sum(each.accrued(on) for each in parts),
        to_come=[(each.due_on, each.principal_left) for each in parts if each.due_on > on],
    )


@lru_cache(maxsize=1_024)
def _rules(document: str, currency: str) -> ProductRules:
    """Loans of one version of a product have the same rules."""
    return agreed_rules.of_engine(agreed_rules.from_document(json.loads(document)), currency)


def _by_borrower(found: Sequence[Arrears], policy: LatePolicy) -> list[Arrears]:
    worst: dict[UUID, Class] = {}
    for each in found:
        worst[each.borrower_id] = max(each.found, worst.get(each.borrower_id, Class.NORMAL))
    rates = policy.provision_rates
    return [
        replace(
            each,
            found=worst[each.borrower_id],
            provision_minor=provisioning.provision(
                rates, worst[each.borrower_id], each.balance_minor
            ),
        )
        for each in found
    ]
