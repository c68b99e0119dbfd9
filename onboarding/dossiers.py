"""Everything about one borrower that a face needs to show where they are."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from servicing.models import Loan
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.errors import DomainError, Kind
from kyc import queries as verifications
from kyc.models import Verification
from onboarding import products
from onboarding.models import Application, Borrower, Case, Offer
from onboarding.products import LoanProduct
from onboarding.states import ApplicationStatus, CaseStatus
from servicing import queries as loans


class NoApplication(DomainError):
    """The borrower has no application that this act could concern."""

    kind = Kind.CONFLICT
    code = "no_open_application"


class BorrowerNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "borrower_not_found"


@dataclass(frozen=True)
class Dossier:
    borrower: Borrower
    application: Application | None
    """The open application, or the latest one."""
    product: LoanProduct | None
    verification: Verification | None
    offer: Offer | None
    case: Case | None
    """The application's case that is not resolved yet."""
    loan: Loan | None
    """The loan that is being paid out or repaid."""
    problem: DomainError | None = None
    """A refusal that had to be written down (a wrong code counts), to be shown to the borrower."""

    @property
    def draft(self) -> Application:
        """The application under way. Raises NoApplication."""
        if self.application is None:
            raise NoApplication()
        return self.application

    @property
    def is_drafting(self) -> bool:
        application = self.application
        return application is not None and application.status is ApplicationStatus.DRAFT

    def with_problem(self, problem: DomainError) -> "Dossier":
        return replace(self, problem=problem)


async def find(session: AsyncSession, *, telegram_id: int, lock: bool = False) -> Dossier | None:
    query = select(Borrower).where(Borrower.telegram_id == telegram_id)
    borrower = await session.scalar(query.with_for_update() if lock else query)
    return await of(session, borrower) if borrower is not None else None


async def get(session: AsyncSession, borrower_id: UUID, *, lock: bool = False) -> Dossier:
    borrower = await session.get(Borrower, borrower_id, with_for_update=True if lock else None)
    if borrower is None:
        raise BorrowerNotFound(borrower_id=borrower_id)
    return await of(session, borrower)


async def of(session: AsyncSession, borrower: Borrower) -> Dossier:
    """Read the borrower's present situation again."""
    application = await _latest_application(session, borrower.id)
    product = offer = case = None
    if application is not None:
        if application.product is not None:
            product = await products.get(session, application.product, application.product_version)
        offer = await session.scalar(select(Offer).where(Offer.application_id == application.id))
        case = await open_case_of(session, application.id)
    return Dossier(
        borrower=borrower,
        application=application,
        product=product,
        verification=await _verification(session, borrower.id),
        offer=offer,
        case=case,
        loan=await loans.find_open_loan(session, borrower.id),
    )


async def open_case_of(session: AsyncSession, application_id: UUID) -> Case | None:
    found: Case | None = await session.scalar(
        select(Case).where(
            Case.application_id == application_id, Case.status != CaseStatus.RESOLVED
        )
    )
    return found


async def first_seen(session: AsyncSession, borrower_id: UUID) -> datetime | None:
    found: datetime | None = await session.scalar(
        select(Application.created_at)
        .where(Application.borrower_id == borrower_id)
        .order_by(Application.created_at)
        .limit(1)
    )
    return found


async def _latest_application(session: AsyncSession, borrower_id: UUID) -> Application | None:
    # Ids are time-ordered; a second application starts only when the first has ended.
    found: Application | None = await session.scalar(
        select(Application)
        .where(Application.borrower_id == borrower_id)
        .order_by(Application.id.desc())
        .limit(1)
    )
    return found


async def _verification(session: AsyncSession, borrower_id: UUID) -> Verification | None:
    return await verifications.find_open(session, borrower_id) or await verifications.find_latest(
        session, borrower_id
    )
