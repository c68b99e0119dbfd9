"""Groups of borrowers who answer for each other's loans: who is in them, and when they may."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ScalarSelect, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, ids
from kit.db import lock_key
from kit.errors import DomainError, Kind
from onboarding.models import Borrower, Group, GroupMember
from onboarding.products import LoanProduct
from servicing import arrears
from servicing.models import Loan
from servicing.states import OPEN

TOLD_AFTER_DAYS = 7
SMALLEST = 2


class GroupNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "group_not_found"


class AlreadyInGroup(DomainError):
    """A borrower is in one group at a time."""

    kind = Kind.CONFLICT
    code = "already_in_group"


class MemberUnknown(DomainError):
    """Members have proven their phone: they are asked and reached by it."""

    code = "member_unknown"


class NotInGroup(DomainError):
    """The loan is for members of a group of at least two."""

    kind = Kind.CONFLICT
    code = "not_in_group"


class GroupIsLate(DomainError):
    """A loan in the group has been late for too long; `days` is how long it may be."""

    kind = Kind.CONFLICT
    code = "group_is_late"


class MemberStillBorrows(DomainError):
    """Nobody leaves a group in which a loan is running that they answer for."""

    kind = Kind.CONFLICT
    code = "member_still_borrows"


@dataclass(frozen=True)
class Member:
    borrower: Borrower
    joined_at: datetime
    loan: Loan | None
    days_late: int


async def form(
    session: AsyncSession,
    *,
    name: str,
    leader_id: UUID,
    member_ids: Sequence[UUID],
    actor: str,
    now: datetime,
) -> Group:
    """A group with a leader, who is one of its members."""
    group = Group(
        id=ids.new_id(), reference=ids.reference("G"), name=name, leader_id=leader_id,
        created_at=now,
    )  # fmt: skip
    session.add(group)
    await session.flush()
    for borrower_id in dict.fromkeys([leader_id, *member_ids]):
        await join(session, group, borrower_id, actor=actor, now=now)
    return group


async def get(session: AsyncSession, group_id: UUID) -> Group:
    group = await session.get(Group, group_id)
    if group is None:
        raise GroupNotFound(group_id=group_id)
    return group


async def join(
    session: AsyncSession, group: Group, borrower_id: UUID, *, actor: str, now: datetime
) -> None:
    await lock_key(session, f"group_member:{borrower_id}")
    borrower = await session.get(Borrower, borrower_id)
    if borrower is None or borrower.phone_verified_at is None:
        raise MemberUnknown(borrower_id=borrower_id)
    if await of_borrower(session, borrower_id) is not None:
        raise AlreadyInGroup(borrower_id=borrower_id)
    session.add(GroupMember(group_id=group.id, borrower_id=borrower_id, joined_at=now))
    _record(session, group, "group.joined", borrower_id, actor, now)
    await session.flush()


async def leave(
    session: AsyncSession, group: Group, borrower_id: UUID, *, actor: str, now: datetime
) -> None:
    """Out of the group, once no loan is running in it."""
    member = await session.scalar(
        _present(group.id).where(GroupMember.borrower_id == borrower_id).with_for_update()
    )
    if member is None:
        raise NotInGroup()
    running = await session.scalar(
        select(func.count(Loan.id)).where(
            Loan.borrower_id.in_(_ids(group.id)), Loan.status.in_(OPEN)
        )
    )
    if running:
        raise MemberStillBorrows()
    member.left_at = now
    _record(session, group, "group.left", borrower_id, actor, now)


async def of_borrower(session: AsyncSession, borrower_id: UUID) -> Group | None:
    found: Group | None = await session.scalar(
        select(Group)
        .join(GroupMember, GroupMember.group_id == Group.id)
        .where(GroupMember.borrower_id == borrower_id, GroupMember.left_at.is_(None))
    )
    return found


async def others_of(session: AsyncSession, borrower: Borrower) -> Sequence[Borrower]:
    """Who answers for this borrower's loan: all other members. Raises NotInGroup."""
    group = await of_borrower(session, borrower.id)
    if group is None:
        raise NotInGroup()
    rows = await session.scalars(
        select(Borrower)
        .where(Borrower.id.in_(_ids(group.id)), Borrower.id != borrower.id)
        .order_by(Borrower.id)
    )
    others = rows.all()
    if len(others) + 1 < SMALLEST:
        raise NotInGroup()
    return others


async def require_good_standing(
    session: AsyncSession, borrower: Borrower, product: LoanProduct, *, on: date
) -> None:
    """No new loan in a group in which one is later than the product allows."""
    rule = product.body.group
    if rule is None:
        return
    group = await of_borrower(session, borrower.id)
    if group is None:
        raise NotInGroup()
    for member in await members(session, group, on=on):
        if member.days_late > rule.late_days:
            raise GroupIsLate(days=rule.late_days)


async def members(session: AsyncSession, group: Group, *, on: date) -> list[Member]:
    """Who is in it now, with the loan of each and how late it is."""
    rows = await session.execute(
        select(Borrower, GroupMember.joined_at, Loan)
        .join(GroupMember, GroupMember.borrower_id == Borrower.id)
        .outerjoin(Loan, (Loan.borrower_id == Borrower.id) & Loan.status.in_(OPEN))
        .where(GroupMember.group_id == group.id, GroupMember.left_at.is_(None))
        .order_by(Borrower.id)
    )
    found = rows.all()
    running = [loan for _, _, loan in found if loan is not None]
    late = await arrears.days_past_due(session, running, on=on)
    return [
        Member(borrower, joined_at, loan, late.get(loan.id, 0) if loan is not None else 0)
        for borrower, joined_at, loan in found
    ]


def _present(group_id: UUID) -> Select[GroupMember]:
    return select(GroupMember).where(
        GroupMember.group_id == group_id, GroupMember.left_at.is_(None)
    )


def _ids(group_id: UUID) -> ScalarSelect[UUID]:
    return (
        select(GroupMember.borrower_id)
        .where(GroupMember.group_id == group_id, GroupMember.left_at.is_(None))
        .scalar_subquery()
    )


def _record(
    session: AsyncSession, group: Group, action: str, borrower_id: UUID, actor: str, now: datetime
) -> None:
    audit.record(
        session, actor=actor, action=action, subject=f"group:{group.id}", now=now,
        borrower=str(borrower_id),
    )  # fmt: skip
