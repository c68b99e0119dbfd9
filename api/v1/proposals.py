"""Acts that two people have to agree on: what waits for the second one."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from api import listings
from api.deps import Now, Session, Staff, permitted
from api.exports import FILES, Export
from api.schemas import Page, PageSize, Record, Strict, Text
from kit import four_eyes
from kit.four_eyes import Proposal

router = APIRouter(prefix="/v1/proposals", tags=["proposals"], dependencies=[Depends(permitted)])


class Reasoned(Strict):
    reason: Text = Field(description="Why; kept in the audit trail, so name no person.")


class ProposalShown(Record):
    act: str
    subject: str
    facts: dict[str, Any]
    """What exactly is to be done: the second person sends the same."""
    reason: str
    proposed_by: UUID
    proposed_at: datetime
    confirmed_by: UUID | None
    confirmed_at: datetime | None
    """When it was done; null while it waits for another member of staff."""


@router.get("", response_model=Page[ProposalShown], responses=FILES)
async def list_proposals(
    session: Session, export: Export, after: UUID | None = None, limit: PageSize = 50
) -> Page[ProposalShown] | Response:
    """The longest waiting first."""
    every = listings.all_of(four_eyes.list_open)
    if (file := await export.of(listings.PROPOSALS, every)) is not None:
        return file
    rows = await four_eyes.list_open(session, after=after, limit=limit)
    return Page.of([ProposalShown.model_validate(row) for row in rows], limit)


@router.post("/{proposal_id}/withdraw", response_model=ProposalShown)
async def withdraw_proposal(proposal_id: UUID, session: Session, who: Staff, now: Now) -> Proposal:
    """It will not be done; another one may be proposed."""
    return await four_eyes.withdraw(session, proposal_id, staff_id=who.id, now=now)
