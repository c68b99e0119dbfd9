"""Merchants: shops that are paid when somebody takes a loan for what they sell."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, status
from pydantic import Field, StringConstraints
from sqlalchemy import select

from api.deps import Now, Session, Staff, permitted
from api.schemas import Page, PageSize, Record, Strict, Word
from onboarding import merchants
from onboarding.models import Merchant
from onboarding.states import MerchantStatus

router = APIRouter(prefix="/v1/merchants", tags=["treasury"], dependencies=[Depends(permitted)])


class MerchantShown(Record):
    code: str
    name: str
    status: MerchantStatus
    created_at: datetime


class NewMerchant(Strict):
    code: Annotated[str, StringConstraints(pattern="^[A-Za-z0-9]{3,20}$")] = Field(
        description="Stands at the till; borrowers type it."
    )
    name: Word
    account: Word = Field(description="Where it is paid; kept sealed and never shown.")


@router.post("", response_model=MerchantShown, status_code=status.HTTP_201_CREATED)
async def create_merchant(body: NewMerchant, session: Session, who: Staff, now: Now) -> Merchant:
    return await merchants.register(
        session, code=body.code, name=body.name, account=body.account, actor=who.actor, now=now
    )


@router.get("", response_model=Page[MerchantShown])
async def list_merchants(
    session: Session, after: UUID | None = None, limit: PageSize = 50
) -> Page[MerchantShown]:
    """The longest known first."""
    query = select(Merchant).order_by(Merchant.id).limit(limit)
    if after is not None:
        query = query.where(Merchant.id > after)
    rows = await session.scalars(query)
    return Page.of([MerchantShown.model_validate(row) for row in rows], limit)


@router.post("/{merchant_id}/close", response_model=MerchantShown)
async def close_merchant(merchant_id: UUID, session: Session, who: Staff, now: Now) -> Merchant:
    """No new loans for what it sells."""
    return await merchants.close(session, merchant_id, actor=who.actor, now=now)
