"""Applications: what was asked for, and how far it has come."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Depends
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api.deps import Session, permitted
from api.schemas import MoneyShown, Page, PageSize, Record
from kit.errors import DomainError, Kind
from onboarding.models import Application
from onboarding.states import ApplicationStatus

router = APIRouter(prefix="/v1/applications", tags=["borrowers"], dependencies=[Depends(permitted)])


class ApplicationNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "application_not_found"


class ApplicationShown(Record):
    reference: str
    status: ApplicationStatus
    borrower_id: UUID
    product: str | None
    product_version: int | None
    amount: MoneyShown | None
    frequency: str | None
    term: str | None
    purpose: str | None
    monthly_income: MoneyShown | None
    monthly_obligations: MoneyShown | None
    decision_id: UUID | None
    verification_id: UUID | None
    decline_reasons: list[str] | None
    created_at: datetime
    submitted_at: datetime | None

    @classmethod
    def of(cls, row: Application) -> "ApplicationShown":
        def money(minor: int | None) -> MoneyShown | None:
            if minor is None or row.currency is None:
                return None
            return MoneyShown.of_minor(minor, row.currency)

        return cls(
            id=row.id,
            reference=row.reference,
            status=row.status,
            borrower_id=row.borrower_id,
            product=row.product,
            product_version=row.product_version,
            amount=money(row.amount_minor),
            frequency=row.frequency,
            term=row.term,
            purpose=row.purpose,
            monthly_income=money(row.monthly_income_minor),
            monthly_obligations=money(row.monthly_obligations_minor),
            decision_id=row.decision_id,
            verification_id=row.verification_id,
            decline_reasons=row.decline_reasons,
            created_at=row.created_at,
            submitted_at=row.submitted_at,
        )


@router.get("", response_model=Page[ApplicationShown])
async def list_applications(
    session: Session,
    status: ApplicationStatus | None = None,
    borrower_id: UUID | None = None,
    after: UUID | None = None,
    limit: PageSize = 50,
) -> Page[ApplicationShown]:
    """Newest first."""
    rows = await read_applications(
        session, status=status, borrower_id=borrower_id, after=after, limit=limit
    )
    return Page.of([ApplicationShown.of(row) for row in rows], limit)


async def read_applications(
    session: AsyncSession,
    *,
    status: ApplicationStatus | None = None,
    borrower_id: UUID | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[Application]:
    query = select(Application).order_by(Application.id.desc()).limit(limit)
    if status is not None:
        query = query.where(Application.status == status)
    if borrower_id is not None:
        query = query.where(Application.borrower_id == borrower_id)
    if after is not None:
        query = query.where(Application.id < after)
    return list(await session.scalars(query))


@router.get("/{application_id}", response_model=ApplicationShown)
async def get_application(application_id: UUID, session: Session) -> ApplicationShown:
    application = await session.get(Application, application_id)
    if application is None:
        raise ApplicationNotFound(application_id=application_id)
    return ApplicationShown.of(application)
