"""Everything about one borrower that a face needs to show where they are."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ScalarSelect, Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from kit.errors import DomainError, Kind
from kyc import queries as verifications
from kyc.models import Verification
from onboarding import products
from onboarding.models import Application, Borrower, Case, Offer, ProductVersion
from onboarding.products import LoanProduct
from onboarding.states import ApplicationStatus, CaseStatus
from servicing import queries as loans
from servicing.models import Loan


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
    question: Case | None
    """The case in which we wait for this borrower's answer."""
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
    borrower = await session.scalar(_LOCKED if lock else _BORROWER, {"telegram_id": telegram_id})
    return await of(session, borrower) if borrower is not None else None


async def get(session: AsyncSession, borrower_id: UUID, *, lock: bool = False) -> Dossier:
    borrower = await session.get(Borrower, borrower_id, with_for_update=True if lock else None)
    if borrower is None:
        raise BorrowerNotFound(borrower_id=borrower_id)
    return await of(session, borrower)


async def of(session: AsyncSession, borrower: Borrower) -> Dossier:
    """Read the borrower's present situation again."""
    found = await session.execute(_SITUATION, {"borrower_id": borrower.id})
    application, version, verification, offer, case, question, loan = found.one()
    return Dossier(
        borrower=borrower,
        application=application,
        product=products.product_of(version) if version is not None else None,
        verification=verification,
        offer=offer,
        case=case,
        question=question,
        loan=loan,
    )


async def answered(session: AsyncSession, dossier: Dossier) -> Dossier:
    """The situation after an answer in the draft, which changes nothing but the draft."""
    application, product = dossier.draft, dossier.product
    if application.product is None:
        product = None
    elif product is None or (product.code, product.version) != (
        application.product,
        application.product_version,
    ):
        product = await products.get(session, application.product, application.product_version)
    return replace(dossier, product=product)


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


def _situation() -> Select[Application, ProductVersion, Verification, Offer, Case, Case, Loan]:
    """One row about one borrower: this is read for every update of the bot."""
    question = aliased(Case)
    # Ids are time-ordered; a second application starts only when the first has ended.
    latest = _first(
        select(Application.id)
        .where(Application.borrower_id == Borrower.id)
        .order_by(Application.id.desc())
    )
    case_id = _first(
        select(Case.id)
        .where(Case.application_id == Application.id, Case.status != CaseStatus.RESOLVED)
        .order_by(Case.id),
        Application,
    )
    question_id = _first(
        select(Case.id)
        .where(Case.borrower_id == Borrower.id, Case.status == CaseStatus.WAITING)
        .order_by(Case.id)
    )
    return (
        select(Application, ProductVersion, Verification, Offer, Case, question, Loan)
        .select_from(Borrower)
        .outerjoin(Application, Application.id == latest)
        .outerjoin(
            ProductVersion,
            (ProductVersion.code == Application.product)
            & (ProductVersion.version == Application.product_version),
        )
        .outerjoin(Verification, Verification.id == _first(verifications.current(Borrower.id)))
        .outerjoin(Offer, Offer.application_id == Application.id)
        .outerjoin(Case, Case.id == case_id)
        .outerjoin(question, question.id == question_id)
        .outerjoin(Loan, Loan.id == _first(loans.open_loan(Borrower.id)))
        .where(Borrower.id == bindparam("borrower_id"))
    )


def _first(
    query: Select[UUID], of: type[Borrower] | type[Application] = Borrower
) -> ScalarSelect[UUID]:
    return query.limit(1).correlate(of).scalar_subquery()


# Built once: building a statement costs about as much as running it.
_SITUATION = _situation()
_BORROWER = select(Borrower).where(Borrower.telegram_id == bindparam("telegram_id"))
_LOCKED = _BORROWER.with_for_update()
