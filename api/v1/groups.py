"""Groups of borrowers who answer for each other's loans: who is in them, and how they stand."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, status
from pydantic import Field
from sqlalchemy import select

from api.deps import Now, Session, Staff, Today, permitted
from api.schemas import MoneyShown, Page, PageSize, Record, Shown, Strict, Word
from onboarding import groups
from onboarding.models import Group

router = APIRouter(prefix="/v1/groups", tags=["borrowers"], dependencies=[Depends(permitted)])

PersonId = Annotated[UUID, Field(strict=False)]


class GroupShown(Record):
    reference: str
    name: str
    leader_id: UUID
    created_at: datetime


class MemberShown(Shown):
    borrower_id: UUID
    reference: str
    joined_at: datetime
    loan_id: UUID | None
    principal: MoneyShown | None
    days_late: int


class GroupDetail(GroupShown):
    members: list[MemberShown]


class NewGroup(Strict):
    name: Word
    leader_id: PersonId
    member_ids: Annotated[list[PersonId], Field(min_length=1, max_length=50)]


class NewMember(Strict):
    borrower_id: PersonId


@router.post("", response_model=GroupDetail, status_code=status.HTTP_201_CREATED)
async def create_group(
    body: NewGroup, session: Session, who: Staff, now: Now, today: Today
) -> GroupDetail:
    """The leader is a member too. Everybody has proven their phone."""
    group = await groups.form(
        session, name=body.name, leader_id=body.leader_id, member_ids=body.member_ids,
        actor=who.actor, now=now,
    )  # fmt: skip
    return await _detail(session, group, today)


@router.get("", response_model=Page[GroupShown])
async def list_groups(
    session: Session, after: UUID | None = None, limit: PageSize = 50
) -> Page[GroupShown]:
    query = select(Group).order_by(Group.id).limit(limit)
    if after is not None:
        query = query.where(Group.id > after)
    rows = await session.scalars(query)
    return Page.of([GroupShown.model_validate(row) for row in rows], limit)


@router.get("/{group_id}", response_model=GroupDetail)
async def get_group(group_id: UUID, session: Session, today: Today) -> GroupDetail:
    """Every member with their running loan and how many days it is late."""
    return await _detail(session, await groups.get(session, group_id), today)


@router.post("/{group_id}/members", response_model=GroupDetail)
async def add_group_member(
    group_id: UUID, body: NewMember, session: Session, who: Staff, now: Now, today: Today
) -> GroupDetail:
    group = await groups.get(session, group_id)
    await groups.join(session, group, body.borrower_id, actor=who.actor, now=now)
    return await _detail(session, group, today)


@router.delete("/{group_id}/members/{borrower_id}", response_model=GroupDetail)
async def remove_group_member(
    group_id: UUID, borrower_id: UUID, session: Session, who: Staff, now: Now, today: Today
) -> GroupDetail:
    """Refused while a loan is running in the group: they answer for it."""
    group = await groups.get(session, group_id)
    await groups.leave(session, group, borrower_id, actor=who.actor, now=now)
    return await _detail(session, group, today)


async def _detail(session: Session, group: Group, today: Today) -> GroupDetail:
    return GroupDetail(
        **GroupShown.model_validate(group).model_dump(),
        members=[
            MemberShown(
                borrower_id=member.borrower.id,
                reference=member.borrower.reference,
                joined_at=member.joined_at,
                loan_id=member.loan.id if member.loan else None,
                principal=MoneyShown.of(member.loan.principal) if member.loan else None,
                days_late=member.days_late,
            )
            for member in await groups.members(session, group, on=today)
        ],
    )
