"""Early warnings of running loans: what servicing, notifications and the applications know."""

from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.models import Contact
from onboarding.models import Application
from scoring import warnings
from scoring.warnings import LoanFacts
from scoring.watching.report import Alert
from servicing import arrears, queries
from servicing.models import Amendment, Loan
from servicing.states import AmendmentStatus, LoanStatus

_BATCH = 500
PPM = 1_000_000


async def of_running_loans(session: AsyncSession, *, on: date) -> list[Alert]:
    found: list[Alert] = []
    last: UUID | None = None
    while True:
        loans = await queries.list_loans(
            session, status=LoanStatus.ACTIVE, after=last, limit=_BATCH
        )
        found += [
            alert for facts in await _facts(session, loans, on) for alert in warnings.of(facts)
        ]
        if len(loans) < _BATCH:
            return found
        last = loans[-1].id


async def _facts(session: AsyncSession, loans: Sequence[Loan], on: date) -> Iterator[LoanFacts]:
    late = await arrears.days_past_due(session, loans, on=on)
    agreed = await _agreed(session, loans)
    contacts = await _contacts(session, loans)
    elsewhere = await _paid_elsewhere(session, loans)
    return (
        _of(loan, late.get(loan.id, 0), agreed, contacts.get(loan.borrower_id), elsewhere)
        for loan in loans
    )


def _of(
    loan: Loan,
    days_past_due: int,
    agreed: dict[UUID, date],
    contact: Contact | None,
    elsewhere: dict[UUID, str],
) -> LoanFacts:
    return LoanFacts(
        loan=loan.subject,
        days_past_due=days_past_due,
        pd_then=None if loan.pd_ppm is None else loan.pd_ppm / PPM,
        pd_now=None if loan.pd_now_ppm is None else loan.pd_now_ppm / PPM,
        promised_on=agreed.get(loan.id),
        chat_blocked_at=contact.telegram_blocked_at if contact else None,
        sms_stopped_at=contact.sms_opted_out_at if contact else None,
        phone_bad_at=contact.phone_bad_at if contact else None,
        has_chat=contact is not None and contact.telegram_chat_id is not None,
        payout_differs_from=elsewhere.get(loan.id),
    )


async def _agreed(session: AsyncSession, loans: Sequence[Loan]) -> dict[UUID, date]:
    """When each loan's terms were last changed, at the borrower's wish or with their consent."""
    rows = await session.execute(
        select(Amendment.loan_id, func.max(Amendment.applied_on))
        .where(
            Amendment.loan_id.in_([loan.id for loan in loans]),
            Amendment.status == AmendmentStatus.APPLIED,
        )
        .group_by(Amendment.loan_id)
    )
    return {loan_id: on for loan_id, on in rows if on is not None}


async def _contacts(session: AsyncSession, loans: Sequence[Loan]) -> dict[UUID, Contact]:
    query = select(Contact).where(Contact.person_id.in_({loan.borrower_id for loan in loans}))
    return {contact.person_id: contact for contact in await session.scalars(query)}


async def _paid_elsewhere(session: AsyncSession, loans: Sequence[Loan]) -> dict[UUID, str]:
    """By loan: the borrower's loan before it, when that was paid to another account."""
    rows = await session.execute(
        select(Loan.id, Loan.borrower_id, Loan.reference, Application.wallet_index)
        .join(Application, Application.id == Loan.application_id)
        .where(
            Loan.borrower_id.in_({loan.borrower_id for loan in loans}),
            Loan.disbursed_on.is_not(None),
            Application.wallet_index.is_not(None),
        )
        .order_by(Loan.id)
    )
    found: dict[UUID, str] = {}
    newest: dict[UUID, tuple[str, str | None]] = {}
    for loan_id, borrower_id, reference, account in rows:
        earlier = newest.get(borrower_id)
        if earlier is not None and earlier[1] != account:
            found[loan_id] = earlier[0]
        newest[borrower_id] = (reference, account)
    return found
