"""Two people for one act: proposed by one, confirmed by another, and the database insists."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from kit import four_eyes
from kit.audit import AuditEvent
from kit.four_eyes import Proposal
from kit.ids import new_id

UMA, USHA = new_id(), new_id()


async def agree(
    session: AsyncSession, who: UUID, now: datetime, to: str = "L-1", subject: str = "item:1"
) -> Proposal:
    return await four_eyes.agree(
        session, act="item.place", subject=subject, staff_id=who, reason="seen", now=now, loan=to
    )


class TestAgree:
    async def test_takes_two(self, session: AsyncSession, now: datetime) -> None:
        proposed = await agree(session, UMA, now)
        assert not proposed.is_confirmed
        confirmed = await agree(session, USHA, now + timedelta(hours=1))

        assert confirmed.id == proposed.id
        assert (confirmed.is_confirmed, confirmed.confirmed_by) == (True, USHA)
        trail = await session.scalars(
            select(AuditEvent).where(AuditEvent.subject == "item:1").order_by(AuditEvent.id)
        )
        assert [(event.actor, event.action) for event in trail] == [
            (f"staff:{UMA}", "item.place.proposed"),
            (f"staff:{USHA}", "item.place.confirmed"),
        ]

    async def test_refuses_the_same_person(self, session: AsyncSession, now: datetime) -> None:
        await agree(session, UMA, now)

        with pytest.raises(four_eyes.SameStaff):
            await agree(session, UMA, now)

    async def test_is_about_exactly_what_was_proposed(
        self, session: AsyncSession, now: datetime
    ) -> None:
        await agree(session, UMA, now)

        with pytest.raises(four_eyes.ProposalDiffers):
            await agree(session, USHA, now, to="L-2")
        assert not (await agree(session, USHA, now, subject="item:2")).is_confirmed

    async def test_begins_anew_after_it_was_done(
        self, session: AsyncSession, now: datetime
    ) -> None:
        await agree(session, UMA, now)
        await agree(session, USHA, now)

        assert not (await agree(session, USHA, now)).is_confirmed


class TestTheDatabase:
    async def test_refuses_one_person_for_both(self, session: AsyncSession, now: datetime) -> None:
        await agree(session, UMA, now)

        with pytest.raises(IntegrityError):
            async with session.begin_nested():
                await session.execute(update(Proposal).values(confirmed_by=UMA, confirmed_at=now))

    async def test_refuses_a_confirmation_by_nobody(
        self, session: AsyncSession, now: datetime
    ) -> None:
        await agree(session, UMA, now)

        with pytest.raises(IntegrityError):
            async with session.begin_nested():
                await session.execute(update(Proposal).values(confirmed_at=now))


class TestWithdraw:
    async def test_makes_room_for_another(self, session: AsyncSession, now: datetime) -> None:
        proposal = await agree(session, UMA, now)
        await four_eyes.withdraw(session, proposal.id, staff_id=USHA, now=now)

        assert await four_eyes.list_open(session) == []
        other = await agree(session, USHA, now, to="L-2")
        assert not other.is_confirmed
        assert list(await four_eyes.list_open(session)) == [other]
        assert list(await four_eyes.list_open(session, after=other.id)) == []

    async def test_comes_too_late_for_what_was_done(
        self, session: AsyncSession, now: datetime
    ) -> None:
        await agree(session, UMA, now)
        done = await agree(session, USHA, now)

        with pytest.raises(four_eyes.ProposalNotFound):
            await four_eyes.withdraw(session, done.id, staff_id=UMA, now=now)
