"""Opening a loan: what was agreed becomes installments, and a payout that a job carries out."""

import dataclasses
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, ids, jobs
from kit.crypto import Vault, person_key
from kit.db import lock_key
from kit.errors import DomainError
from kit.money import Money
from servicing import (
    effective_interest,
    happenings,
    projection,
    queries,
    references,
    replay,
    schedule,
)
from servicing import rules as agreed_rules
from servicing import terms as agreements
from servicing.models import Loan, Payout
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
    paid_out: Money | None = None,
    amendment_id: UUID | None = None,
    rail: str | None = None,
) -> Loan:
    """Open the loan of an application, once, and send its money to `account`.

    It falls due by `terms`, dated again from the day on which the money arrives. `pd_ppm` is the
    probability of default that the decision was made with; expected loss is reckoned from it.
    `paid_out`: what is sent, when the rest takes over other loans by an amendment. `rail`: whose
    the account is; None: of the one that takes new orders.
    """
    await lock_key(session, f"open_loan:{application_id}")
    if (loan := await queries.find_by_application(session, application_id)) is not None:
        return loan
    terms = redated(terms, on)
    plan = _plan(terms)
    loan = Loan(
        id=ids.new_id(),
        application_id=application_id,
        borrower_id=borrower_id,
        reference=ids.checked_reference(references.PREFIX),
        status=LOAN.initial,
        currency=terms.currency,
        principal_minor=terms.principal.minor,
        rules=agreed_rules.as_document(rules),
        terms=agreements.as_document(terms),
        pd_ppm=pd_ppm,
        effective_rate_ppm=effective_interest.rate_ppm(terms),
        created_at=now,
    )
    session.add(loan)
    await session.flush()
    life = replay.at(happenings.told(loan, []).story, on)
    await projection.write(session, loan, life)
    sent = plan.net_disbursed if paid_out is None else paid_out
    if sent:
        await new_payout(
            session, vault, loan, attempt=1, amount_minor=sent.minor, account=account, now=now,
            amendment_id=amendment_id, rail=rail,
        )  # fmt: skip
    audit.record(
        session, actor=f"borrower:{borrower_id}", action="loan.open", subject=loan.subject, now=now,
        principal=str(terms.principal), payout=str(sent),
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
    amendment_id: UUID | None = None,
    rail: str | None = None,
) -> Payout:
    """A payout and the job that carries it out, both in the caller's transaction."""
    key = await person_key(session, vault, loan.borrower_id, now=now)
    payout_id = ids.new_id()
    payout = Payout(
        id=payout_id,
        loan_id=loan.id,
        attempt=attempt,
        amendment_id=amendment_id,
        client_ref=f"P{payout_id.hex}",
        rail=rail,
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


async def account_of(session: AsyncSession, vault: Vault, payout: Payout, *, now: datetime) -> str:
    """Where a payout went, for another one to the same place."""
    loan = await session.get_one(Loan, payout.loan_id)
    key = await person_key(session, vault, loan.borrower_id, now=now)
    return key.open_text(payout.account_place, payout.account)


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


def _plan(terms: LoanTerms) -> Schedule:
    if terms.tranches:
        raise TermsNotServiced(reason="tranches")
    plan = schedule.build(terms)
    if plan.net_disbursed.minor <= 0:
        raise TermsNotServiced(reason="nothing_to_pay")
    return plan
