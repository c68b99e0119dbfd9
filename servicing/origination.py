"""Opening a loan: what was agreed becomes installments, and a payout that a job carries out."""

import dataclasses
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, ids, jobs
from kit.crypto import Vault, person_key
from kit.db import lock_key
from kit.errors import DomainError
from servicing import queries, schedule
from servicing import rules as agreed_rules
from servicing import terms as agreements
from servicing.choices import Payee
from servicing.models import Installment, Loan, Payout
from servicing.rules import LoanRules
from servicing.schedule import Schedule
from servicing.states import LOAN, PAYOUT
from servicing.terms import LoanTerms

DISBURSE = "servicing.disburse"


class TermsNotServiced(DomainError):
    """Terms that can be quoted and not serviced. `reason` is `tranches` or `nothing_to_pay`."""

    code = "terms_not_serviced"


async def open_loan(
    session: AsyncSession,
    vault: Vault,
    *,
    application_id: UUID,
    borrower_id: UUID,
    terms: LoanTerms,
    rules: LoanRules,
    account: str,
    on: date,
    now: datetime,
    pd_ppm: int | None = None,
) -> Loan:
    """Open the loan of an application, once, and send its money to `account`.

    It falls due by `terms`, dated again from the day on which the money arrives. `pd_ppm` is the
    probability of default that the decision was made with; expected loss is reckoned from it.
    """
    await lock_key(session, f"open_loan:{application_id}")
    if (loan := await queries.find_by_application(session, application_id)) is not None:
        return loan
    plan = _plan(redated(terms, on))
    loan = Loan(
        id=ids.new_id(),
        application_id=application_id,
        borrower_id=borrower_id,
        reference=ids.reference("L"),
        status=LOAN.initial,
        currency=terms.currency,
        principal_minor=terms.principal.minor,
        rules=agreed_rules.as_document(rules),
        terms={},
        pd_ppm=pd_ppm,
        created_at=now,
    )
    session.add(loan)
    await session.flush()
    await write_schedule(session, loan, redated(terms, on))
    payout = await new_payout(
        session, vault, loan, attempt=1, amount_minor=plan.net_disbursed.minor, account=account,
        now=now,
    )  # fmt: skip
    audit.record(
        session, actor=f"borrower:{borrower_id}", action="loan.open", subject=loan.subject, now=now,
        principal=str(terms.principal), payout=str(payout.id),
    )  # fmt: skip
    return loan


async def new_payout(
    session: AsyncSession,
    vault: Vault,
    loan: Loan,
    *,
    attempt: int,
    amount_minor: int,
    account: str,
    now: datetime,
) -> Payout:
    """A payout and the job that carries it out, both in the caller's transaction."""
    key = await person_key(session, vault, loan.borrower_id, now=now)
    payout_id = ids.new_id()
    payout = Payout(
        id=payout_id,
        loan_id=loan.id,
        attempt=attempt,
        client_ref=f"P{payout_id.hex}",
        status=PAYOUT.initial,
        amount_minor=amount_minor,
        currency=loan.currency,
        tries=0,
        created_at=now,
    )
    payout.account = key.seal(payout.account_place, account)
    session.add(payout)
    await session.flush()
    await jobs.enqueue(session, DISBURSE, key=f"disburse:{payout_id}", payout_id=str(payout_id))
    return payout


async def write_schedule(session: AsyncSession, loan: Loan, terms: LoanTerms) -> Schedule:
    """Keep the terms with the loan, and its installments by them in place of any before."""
    plan = _plan(terms)
    others = schedule.build(_third_party_only(terms))
    await session.execute(delete(Installment).where(Installment.loan_id == loan.id))
    loan.terms = agreements.as_document(terms)
    if plan.upfront_minor:
        session.add(
            Installment(
                loan_id=loan.id,
                n=0,
                due_on=terms.disbursed_on,
                accrues_from=terms.disbursed_on,
                fees_minor=plan.upfront_minor,
                third_party_fees_minor=others.upfront_minor,
            )
        )
    since = terms.disbursed_on
    for row, other in zip(plan.installments, others.installments, strict=True):
        if row.due:
            session.add(
                Installment(
                    loan_id=loan.id,
                    n=row.n,
                    due_on=row.due_on,
                    accrues_from=min(since, row.due_on),
                    principal_minor=row.principal,
                    interest_minor=row.interest,
                    fees_minor=row.fees,
                    third_party_fees_minor=other.fees,
                )
            )
        # Interest that was put off is earned over all the days since interest last fell due.
        if row.interest or row.n <= terms.grace.interest_free:
            since = row.due_on
    await session.flush()
    return plan


def redated(terms: LoanTerms, on: date) -> LoanTerms:
    """The same terms as if they had been paid out on another day: dates move along.

    Due dates that were agreed one by one stay, as long as the first is still to come.
    """
    by = on - terms.disbursed_on
    if not by:
        return terms
    is_fixed = bool(terms.due_dates) and terms.due_dates[0] > on
    return dataclasses.replace(
        terms,
        disbursed_on=on,
        first_due_on=terms.first_due_on + by if terms.first_due_on is not None else None,
        due_dates=terms.due_dates if is_fixed else tuple(day + by for day in terms.due_dates),
    )


def deducted(terms: LoanTerms) -> tuple[int, int]:
    """Fees kept back from the payout, in minor units: ours, and what is collected for others."""
    others = schedule.build(_third_party_only(terms)).deducted_minor
    return schedule.build(terms).deducted_minor - others, others


def _plan(terms: LoanTerms) -> Schedule:
    if terms.tranches:
        raise TermsNotServiced(reason="tranches")
    plan = schedule.build(terms)
    if plan.net_disbursed.minor <= 0:
        raise TermsNotServiced(reason="nothing_to_pay")
    return plan


def _third_party_only(terms: LoanTerms) -> LoanTerms:
    fees = tuple(fee for fee in terms.fees if fee.to is Payee.THIRD_PARTY)
    return dataclasses.replace(terms, fees=fees)
