"""Whose money it may be that names no running loan: proposals for staff, never a posting."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications import contacts
from servicing import living, queries, references, repayments
from servicing.models import Installment, Loan, SuspenseItem

_NEAR_DUE = timedelta(days=10)
_ONLY_BY_AMOUNT_MAX = 3
_SHOWN_MAX = 5


class Why(StrEnum):
    REFERENCE = "reference_is_near"
    """What the payer wrote is one slip away from the loan's reference, or fits several."""
    PHONE = "phone_of_borrower"
    """It came from the phone that the borrower has proven to be hers."""
    BORROWER = "same_borrower"
    """It was sent for another loan of the same borrower, which is over."""
    DUE = "amount_is_due"
    INSTALLMENT = "amount_is_installment"
    PAYOFF = "amount_is_payoff"


@dataclass(slots=True)
class Owner:
    loan: Loan
    why: list[Why] = field(default_factory=list)


async def propose(session: AsyncSession, item: SuspenseItem, *, on: date) -> list[Owner]:
    """Loans that still take money and that it may be for, those with the most reasons first."""
    if item.reason == living.OVERPAID:
        return []
    found: dict[UUID, Owner] = {}
    _add(found, await _by_reference(session, item), Why.REFERENCE)
    _add(found, await _by_phone(session, item), Why.PHONE)
    _add(found, await _by_borrower(session, item), Why.BORROWER)
    by_amount = await _by_installment(session, item)
    if found or len(by_amount) > _ONLY_BY_AMOUNT_MAX:
        # Many owe the same: alone, an amount says something only where few do.
        by_amount = [loan for loan in by_amount if loan.id in found]
    _add(found, by_amount, Why.INSTALLMENT)
    for owner in found.values():
        if (await queries.owed(session, owner.loan, on=on)).total == item.amount:
            owner.why.append(Why.DUE)
        if (await queries.payoff_quote(session, owner.loan, on=on)).total == item.amount:
            owner.why.append(Why.PAYOFF)
    ranked = sorted(found.values(), key=lambda owner: (-len(owner.why), owner.loan.id))
    return ranked[:_SHOWN_MAX]


def _add(found: dict[UUID, Owner], loans: Iterable[Loan], why: Why) -> None:
    for loan in loans:
        found.setdefault(loan.id, Owner(loan)).why.append(why)


async def _by_reference(session: AsyncSession, item: SuspenseItem) -> list[Loan]:
    written = item.written or ""
    named = references.named_in(written) | references.near(written)
    return await _running(session, item, Loan.reference.in_(named)) if named else []


async def _by_phone(session: AsyncSession, item: SuspenseItem) -> list[Loan]:
    if item.payer_index is None:
        return []
    people = [each.person_id for each in await contacts.list_by_index(session, item.payer_index)]
    return await _running(session, item, Loan.borrower_id.in_(people))


async def _by_borrower(session: AsyncSession, item: SuspenseItem) -> list[Loan]:
    if item.loan_id is None:
        return []
    loan = await queries.get_loan(session, item.loan_id)
    return await _running(session, item, Loan.borrower_id == loan.borrower_id)


async def _by_installment(session: AsyncSession, item: SuspenseItem) -> list[Loan]:
    """Exactly an installment that is unpaid and falls due about now."""
    whole = (
        Installment.principal_minor
        + Installment.interest_minor
        + Installment.fees_minor
        + Installment.penalties_minor
    )
    paid = (
        Installment.principal_paid_minor
        + Installment.interest_paid_minor
        + Installment.fees_paid_minor
        + Installment.penalties_paid_minor
        + Installment.principal_forgiven_minor
        + Installment.interest_forgiven_minor
        + Installment.fees_forgiven_minor
        + Installment.penalties_forgiven_minor
    )
    due = select(Installment.loan_id).where(
        Installment.settled_on.is_(None),
        Installment.due_on.between(item.received_on - _NEAR_DUE, item.received_on + _NEAR_DUE),
        whole - paid == item.amount_minor,
    )
    return await _running(session, item, Loan.id.in_(due))


async def _running(
    session: AsyncSession, item: SuspenseItem, condition: ColumnElement[bool]
) -> list[Loan]:
    rows = await session.scalars(
        select(Loan)
        .where(Loan.status.in_(repayments.REPAYABLE), Loan.currency == item.currency, condition)
        .order_by(Loan.id)
        .limit(_SHOWN_MAX)
    )
    return list(rows)
