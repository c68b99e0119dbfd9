"""Everything about one borrower that a face needs to show where they are."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ScalarSelect, Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db import Base, constant
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
    """At the price that was decided, once there is an offer."""
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
    if lock:
        await hold(session, telegram_id=telegram_id)
    found = await session.execute(_BY_TELEGRAM_ID, {"telegram_id": telegram_id})
    row = found.one_or_none()
    return await _dossier(session, *row) if row is not None else None


async def get(session: AsyncSession, borrower_id: UUID, *, lock: bool = False) -> Dossier:
    borrower = await session.get(Borrower, borrower_id, with_for_update=True if lock else None)
    if borrower is None:
        raise BorrowerNotFound(borrower_id=borrower_id)
    return await of(session, borrower)


async def of(session: AsyncSession, borrower: Borrower) -> Dossier:
    """Read the borrower's present situation again."""
    found = await session.execute(_BY_ID, {"borrower_id": borrower.id})
    return await _dossier(session, *found.one())


async def hold(session: AsyncSession, *, telegram_id: int) -> None:
    """Let nobody else change this borrower's affairs until the transaction ends."""
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer anyway.
        await session.execute(HELD, {"telegram_id": telegram_id})


async def hold_owner(
    session: AsyncSession, owned: type[Application | Case | Verification], id_: UUID
) -> None:
    """Hold the borrower whose this is, before it is locked itself: whoever changes several things
    of a borrower locks the borrower first, so that nobody waits for each other."""
    await session.execute(
        select(Borrower.id)
        .join(owned, owned.borrower_id == Borrower.id)
        .where(owned.id == id_)
        .with_for_update(of=Borrower)
    )


async def _dossier(
    session: AsyncSession,
    borrower: Borrower,
    application: Application | None,
    verification: Verification | None,
    product_hash: str | None,
    offer_id: UUID | None,
    case_id: UUID | None,
    question_id: UUID | None,
    loan_id: UUID | None,
) -> Dossier:
    offer = await session.get(Offer, offer_id) if offer_id else None
    product = await _product(session, application, product_hash)
    if product is not None and offer is not None:
        product = product.at(offer.annual_rate_bps)
    return Dossier(
        borrower=borrower,
        application=application,
        product=product,
        verification=verification,
        offer=offer,
        case=await session.get(Case, case_id) if case_id else None,
        question=await session.get(Case, question_id) if question_id else None,
        loan=await session.get(Loan, loan_id) if loan_id else None,
    )


async def _product(
    session: AsyncSession, application: Application | None, body_sha256: str | None
) -> LoanProduct | None:
    if application is None or application.product is None or body_sha256 is None:
        return None
    version = application.product_version
    return products.known(body_sha256, version) or await products.get(
        session, application.product, version
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


def _situation() -> Select[
    Borrower, Application, Verification, str, UUID | None, UUID | None, UUID | None, UUID | None
]:
    """One row about one borrower, read for every update of the bot: as narrow as it can be.

    Of what most borrowers do not have at the moment (an offer, a case, a loan) only the id.
    """
    # Ids are time-ordered; a second application starts only when the first has ended.
    latest = _first(
        select(Application.id)
        .where(Application.borrower_id == Borrower.id)
        .order_by(Application.id.desc()),
        Borrower,
    )
    case_id = _first(
        select(Case.id)
        .where(
            Case.borrower_id == Borrower.id,  # There is an index on it.
            Case.application_id == Application.id,
            Case.status != constant(CaseStatus.RESOLVED),
        )
        .order_by(Case.id),
        Borrower,
        Application,
    )
    question_id = _first(
        select(Case.id)
        .where(Case.borrower_id == Borrower.id, Case.status == constant(CaseStatus.WAITING))
        .order_by(Case.id),
        Borrower,
    )
    offer_id = _first(select(Offer.id).where(Offer.application_id == Application.id), Application)
    loan_id = _first(loans.open_loan(Borrower.id), Borrower)
    return (
        select(
            Borrower,
            Application,
            Verification,
            ProductVersion.body_sha256,
            offer_id,
            case_id,
            question_id,
            loan_id,
        )
        .select_from(Borrower)
        .outerjoin(Application, Application.id == latest)
        .outerjoin(
            ProductVersion,
            (ProductVersion.code == Application.product)
            & (ProductVersion.version == Application.product_version),
        )
        .outerjoin(
            Verification, Verification.id == _first(verifications.current(Borrower.id), Borrower)
        )
    )


def _first(query: Select[UUID], *of: type[Base]) -> ScalarSelect[UUID]:
    return query.limit(1).correlate(*of).scalar_subquery()


# Built once: building a statement costs about as much as running it.
_BY_ID = _situation().where(Borrower.id == bindparam("borrower_id"))
_BY_TELEGRAM_ID = _situation().where(Borrower.telegram_id == bindparam("telegram_id"))
HELD = select(Borrower.id).where(Borrower.telegram_id == bindparam("telegram_id")).with_for_update()
"""One thing at a time happens to a borrower: a job, a member of staff or another update may be
about to change the same application."""
