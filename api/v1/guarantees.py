"""Who answers for a loan besides the borrower, and what they have said."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Depends

from api.deps import Session, permitted
from api.schemas import MoneyShown, Record
from onboarding import guarantees
from onboarding.models import Guarantee
from onboarding.states import GuaranteeRole, GuaranteeStatus

router = APIRouter(prefix="/v1/applications", tags=["borrowers"], dependencies=[Depends(permitted)])


class GuaranteeShown(Record):
    application_id: UUID
    role: GuaranteeRole
    person_id: UUID
    """The guarantor: a borrower's id once they are registered."""
    status: GuaranteeStatus
    share_percent: int
    most: MoneyShown
    """All that they may have to pay."""
    sha256: str
    """Of what they read before they answered."""
    asked_at: datetime
    answered_at: datetime | None

    @classmethod
    def of(cls, row: Guarantee) -> "GuaranteeShown":
        return cls(
            id=row.id,
            application_id=row.application_id,
            role=row.role,
            person_id=row.person_id,
            status=row.status,
            share_percent=row.share_percent,
            most=MoneyShown.of_minor(row.amount_minor, row.currency),
            sha256=row.sha256,
            asked_at=row.asked_at,
            answered_at=row.answered_at,
        )


@router.get("/{application_id}/guarantees", response_model=list[GuaranteeShown])
async def list_guarantees(application_id: UUID, session: Session) -> list[GuaranteeShown]:
    """In the order in which they were asked. Only who has consented may be told of a late loan."""
    rows = await guarantees.of_application(session, application_id)
    return [GuaranteeShown.of(row) for row in rows]
