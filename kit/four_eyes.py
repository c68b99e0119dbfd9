"""Two people for one act: one proposes it, another one confirms it, and the database insists."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kit import audit
from kit.db import Row, lock_key
from kit.errors import DomainError, Kind
from kit.ids import new_id

_OPEN = text("confirmed_at is null and withdrawn_at is null")


class SameStaff(DomainError):
    """The second of the two has to be a different member of staff."""

    kind = Kind.FORBIDDEN
    code = "second_staff_needed"


class ProposalDiffers(DomainError):
    """Something else is proposed for the same record: confirm that, or withdraw it first."""

    kind = Kind.CONFLICT
    code = "proposal_differs"


class ProposalNotFound(DomainError):
    """There is no such proposal, or it was confirmed or withdrawn before."""

    kind = Kind.NOT_FOUND
    code = "proposal_not_found"


class Proposal(Row):
    __tablename__ = "proposals"
    __table_args__ = (
        CheckConstraint("confirmed_by <> proposed_by", name="four_eyes"),
        CheckConstraint("(confirmed_by is null) = (confirmed_at is null)", name="confirmed_whole"),
        CheckConstraint("confirmed_at is null or withdrawn_at is null", name="ends_once"),
        Index(
            "uq_proposals_open",
            "act",
            "subject",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    act: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(80), index=True)
    """`table:<id>` of the record it is to happen to."""
    facts: Mapped[dict[str, Any]]
    """What exactly is to be done: the second person agrees to this and nothing else."""
    reason: Mapped[str] = mapped_column(String(2_000))
    proposed_by: Mapped[UUID]
    proposed_at: Mapped[datetime]
    confirmed_by: Mapped[UUID | None]
    confirmed_at: Mapped[datetime | None]
    withdrawn_by: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]

    @property
    def is_confirmed(self) -> bool:
        return self.confirmed_at is not None


async def agree(
    session: AsyncSession,
    *,
    act: str,
    subject: str,
    staff_id: UUID,
    reason: str,
    now: datetime,
    **facts: str,
) -> Proposal:
    """The first call proposes; the same call by somebody else confirms, and the caller acts."""
    await lock_key(session, f"proposal:{act}:{subject}")
    proposal = await _open(session, act, subject)
    if proposal is None:
        proposal = Proposal(
            id=new_id(), act=act, subject=subject, facts=facts, reason=reason,
            proposed_by=staff_id, proposed_at=now,
        )  # fmt: skip
        session.add(proposal)
        _record(session, proposal, "proposed", staff_id, now, reason=reason, **facts)
    elif proposal.facts != facts:
        raise ProposalDiffers(proposal=proposal.id)
    elif proposal.proposed_by == staff_id:
        raise SameStaff()
    else:
        proposal.confirmed_by, proposal.confirmed_at = staff_id, now
        _record(session, proposal, "confirmed", staff_id, now, reason=reason)
    await session.flush()
    return proposal


async def withdraw(
    session: AsyncSession, proposal_id: UUID, *, staff_id: UUID, now: datetime
) -> Proposal:
    proposal = await session.get(Proposal, proposal_id, with_for_update=True)
    if proposal is None or proposal.is_confirmed or proposal.withdrawn_at is not None:
        raise ProposalNotFound()
    proposal.withdrawn_by, proposal.withdrawn_at = staff_id, now
    _record(session, proposal, "withdrawn", staff_id, now)
    await session.flush()
    return proposal


async def list_open(
    session: AsyncSession,
    *,
    subject: str | None = None,
    acts: Collection[str] | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> Sequence[Proposal]:
    """What waits for a second person, the longest waiting first: of one record, of
    some acts, or of all."""
    query = select(Proposal).where(_OPEN).order_by(Proposal.id).limit(limit)
    if subject is not None:
        query = query.where(Proposal.subject == subject)
    if acts is not None:
        query = query.where(Proposal.act.in_(acts))
    if after is not None:
        query = query.where(Proposal.id > after)
    return (await session.scalars(query)).all()


async def count_open(session: AsyncSession) -> int:
    return await session.scalar(select(func.count(Proposal.id)).where(_OPEN)) or 0


async def _open(session: AsyncSession, act: str, subject: str) -> Proposal | None:
    found: Proposal | None = await session.scalar(
        select(Proposal)
        .where(Proposal.act == act, Proposal.subject == subject, _OPEN)
        .with_for_update()
    )
    return found


def _record(
    session: AsyncSession,
    proposal: Proposal,
    step: str,
    staff_id: UUID,
    now: datetime,
    **facts: str,
) -> None:
    audit.record(
        session, actor=f"staff:{staff_id}", action=f"{proposal.act}.{step}",
        subject=proposal.subject, now=now, proposal=str(proposal.id), **facts,
    )  # fmt: skip
