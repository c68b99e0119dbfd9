"""A person is forgotten: at their wish, unless a loan or the law stands against it, or in time.

What remains is named by numbers only: loans, ledger and decisions (docs/custody.md).
"""

from datetime import date, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import structlog
from sqlalchemy import Select, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from kit import audit, four_eyes, jobs
from kit.clock import business_date
from kit.config import Settings
from kit.crypto import KeyDestroyed, PersonKeyRow, shred
from kit.db import unit_of_work
from kit.errors import DomainError, Kind
from kit.four_eyes import Proposal
from kit.storage import Blob
from kyc import custody
from kyc.custody import Retention
from kyc.screening.models import ScreeningHit
from notifications import contacts, outbox
from onboarding import dossiers
from onboarding.models import Application, Borrower, Case, Code, Guarantee
from onboarding.states import (
    APPLICATION,
    OPEN_APPLICATION,
    ApplicationEvent,
    ApplicationStatus,
    CaseKind,
    CaseStatus,
    GuaranteeStatus,
)
from servicing import suspense
from servicing.models import Loan
from servicing.states import LoanStatus

ACT = "borrower.erase"
_AT_ONCE = 50
_OWED = (LoanStatus.PENDING_DISBURSEMENT, LoanStatus.ACTIVE, LoanStatus.WRITTEN_OFF)
_ANSWERING = (GuaranteeStatus.ASKED, GuaranteeStatus.CONSENTED)
log = structlog.get_logger(__name__)


class ErasureWaits(DomainError):
    """Something stands against forgetting the person, now."""

    kind: ClassVar[Kind] = Kind.CONFLICT


class LoanIsOwed(ErasureWaits):
    code = "erasure_loan_owed"


class ApplicationIsOpen(ErasureWaits):
    code = "erasure_application_open"


class CaseIsOpen(ErasureWaits):
    code = "erasure_case_open"


class GuaranteeStands(ErasureWaits):
    code = "erasure_guarantee_stands"


class LawKeeps(ErasureWaits):
    """`until` this day, by `law`."""

    code = "erasure_law_keeps"


async def ask(
    session: AsyncSession,
    borrower_id: UUID,
    *,
    keeping: Retention,
    staff_id: UUID,
    reason: str,
    now: datetime,
) -> Proposal:
    """Forget the person, once two members of staff agree and nothing stands against it."""
    dossier = await dossiers.get(session, borrower_id, lock=True)
    await require_free(session, dossier.borrower, keeping, on=now.date())
    proposal = await four_eyes.agree(
        session, act=ACT, subject=f"borrower:{borrower_id}", staff_id=staff_id, reason=reason,
        now=now,
    )  # fmt: skip
    if proposal.is_confirmed:
        await erase(session, dossier.borrower, why="asked", now=now)
    return proposal


async def require_free(
    session: AsyncSession, borrower: Borrower, keeping: Retention, *, on: date
) -> None:
    """Raises what stands against the erasure: a debt, something open, or the law until a day."""
    key = await session.get(PersonKeyRow, borrower.id)
    if key is not None and key.wrapped is None:
        raise KeyDestroyed()
    for stands, refusal in _OBSTACLES.items():
        if await session.scalar(select(exists(stands(borrower.id)))):
            raise refusal()
    ended = await session.scalar(
        select(func.max(Loan.closed_on)).where(
            Loan.borrower_id == borrower.id, Loan.disbursed_on.is_not(None)
        )
    )
    if ended is not None and (until := keeping.keeps_until(ended)) > on:
        raise LawKeeps(until=until, law=keeping.law)


async def erase(session: AsyncSession, borrower: Borrower, *, why: str, now: datetime) -> None:
    """Destroy the person's key, with it everything sealed, and every index that leads to them."""
    await _cancel_drafts(session, borrower.id, now)
    await shred(session, borrower.id, now=now)
    for column in _NAMING:
        setattr(borrower, column, None)
    await suspense.forget_payer(session, borrower.id)
    await contacts.forget(session, person_id=borrower.id)
    await outbox.cancel_all(session, person_id=borrower.id, reason="erased", now=now)
    await custody.forget(session, borrower.id)
    for case in await session.scalars(select(Case).where(Case.borrower_id == borrower.id)):
        case.reasons = custody.without_health(case.reasons)
    await session.execute(delete(ScreeningHit).where(ScreeningHit.borrower_id == borrower.id))
    for table, owner, emptied in _INDEXES:
        await session.execute(update(table).where(owner == borrower.id).values(emptied))
    audit.record(
        session, actor=audit.SYSTEM, action="borrower.erased", subject=f"borrower:{borrower.id}",
        now=now, why=why,
    )  # fmt: skip
    await session.flush()


async def _cancel_drafts(session: AsyncSession, borrower_id: UUID, now: datetime) -> None:
    drafts = select(Application).where(
        Application.borrower_id == borrower_id, Application.status == ApplicationStatus.DRAFT
    )
    for draft in await session.scalars(drafts):
        audit.move(
            session, APPLICATION, draft, ApplicationEvent.CANCEL, actor=audit.SYSTEM, now=now
        )


@jobs.every("41 1 * * *", "onboarding.custody")
async def keep_custody(session: AsyncSession, *, now: datetime, tick: datetime) -> None:
    await jobs.enqueue(session, "onboarding.erase_due", key=f"erase_due:{tick.isoformat()}")


@jobs.effect("onboarding.erase_due", queue="heavy")
async def erase_due(context: jobs.Context) -> None:
    """Pictures and persons whose time is over, some in each unit of work."""
    settings = context.service(Settings)
    keeping, pictures, persons = custody.retention(settings.country), 0, 0
    while True:
        now = context.clock.now()
        async with unit_of_work(context.sessions) as session:
            found = await custody.erase_pictures(session, keeping, held=_held(), now=now)
        pictures += found
        if not found:
            break
    while True:
        now = context.clock.now()
        async with unit_of_work(context.sessions) as session:
            due = _due(keeping, business_date(now, settings.timezone), now)
            rows = (await session.scalars(due.limit(_AT_ONCE))).all()
            for borrower in rows:
                await erase(session, borrower, why="time_over", now=now)
        persons += len(rows)
        if not rows:
            break
    if pictures or persons:
        log.info("custody.erased", pictures=pictures, persons=persons)


def _due(keeping: Retention, on: date, now: datetime) -> Select[Borrower]:
    """Persons whom neither a debt nor anything open nor the law keeps."""
    lent = select(Loan.id).where(Loan.borrower_id == Borrower.id, Loan.disbursed_on.is_not(None))
    lately = lent.where(or_(Loan.closed_on.is_(None), Loan.closed_on >= keeping.ended_before(on)))
    asked = select(Application.id).where(
        Application.borrower_id == Borrower.id,
        Application.created_at >= now - timedelta(days=keeping.applicant_days),
    )
    return (
        select(Borrower)
        .join(PersonKeyRow, PersonKeyRow.person_id == Borrower.id)
        .where(
            PersonKeyRow.wrapped.is_not(None),
            Borrower.created_at < now - timedelta(days=keeping.applicant_days),
            *(~exists(stands(Borrower.id)) for stands in _OBSTACLES),
            ~lately.exists(),
            or_(lent.exists(), ~asked.exists()),
        )
        .order_by(Borrower.id)
    )


def _held() -> Select[UUID]:
    """Persons whose pictures staff may still have to look at."""
    return select(Case.borrower_id).where(
        Case.status != CaseStatus.RESOLVED, Case.kind != CaseKind.SUPPORT
    )


def _owes(borrower_id: Any) -> Select[UUID]:
    return select(Loan.id).where(Loan.borrower_id == borrower_id, Loan.status.in_(_OWED))


def _asks(borrower_id: Any) -> Select[UUID]:
    return select(Application.id).where(
        Application.borrower_id == borrower_id,
        Application.status.in_(OPEN_APPLICATION),
        Application.submitted_at.is_not(None),
    )


def _is_looked_at(borrower_id: Any) -> Select[UUID]:
    return select(Case.id).where(
        Case.borrower_id == borrower_id, Case.status != CaseStatus.RESOLVED
    )


def _answers_for_others(borrower_id: Any) -> Select[UUID]:
    """For a loan that is owed, or for one that is being asked for."""
    owed = select(Loan.id).where(
        Loan.application_id == Guarantee.application_id, Loan.status.in_(_OWED)
    )
    asked = select(Application.id).where(
        Application.id == Guarantee.application_id, Application.status.in_(OPEN_APPLICATION)
    )
    return select(Guarantee.id).where(
        Guarantee.person_id == borrower_id,
        Guarantee.status.in_(_ANSWERING),
        or_(owed.exists(), asked.exists()),
    )


_OBSTACLES = {
    _owes: LoanIsOwed,
    _asks: ApplicationIsOpen,
    _is_looked_at: CaseIsOpen,
    _answers_for_others: GuaranteeStands,
}
_NAMING = (
    "telegram_id",
    "phone_sealed",
    "phone_index",
    "full_name_sealed",
    "birth_date_sealed",
    "region_sealed",
    "region_index",
)
_INDEXES: tuple[tuple[type[Any], InstrumentedAttribute[UUID], dict[str, Any]], ...] = (
    (Application, Application.borrower_id, {"wallet_sealed": None, "wallet_index": None}),
    (Code, Code.borrower_id, {"phone_index": ""}),
    (Guarantee, Guarantee.person_id, {"phone_index": ""}),
    (Blob, Blob.person_id, {"sealed": b"", "fingerprint": ""}),
)
"""Hashes of a number or a file: whoever has it could still ask whether we knew it."""
