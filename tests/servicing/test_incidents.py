"""An incident is told once; what was resolved is told anew when something else is said."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from kit import four_eyes
from kit.audit import AuditEvent
from kit.db import unit_of_work
from kit.ids import new_id
from servicing import incidents
from servicing.rails.base import OutcomeStatus
from tests.servicing.lending import Lender

UMA, USHA = new_id(), new_id()


async def reports(lender: Lender, **facts: Any) -> None:
    async with unit_of_work(lender.sessions) as session:
        await incidents.report(
            session, kind="amount_differs", subject="wallet:W1", now=lender.now, **facts
        )


async def test_is_resolved_as_both_have_seen_it(lender: Lender) -> None:
    await reports(lender, theirs="501.00")
    async with unit_of_work(lender.sessions) as session:
        (found,) = await incidents.list_open(session)
        await incidents.resolve(
            session, found.id, staff_id=UMA, reason="asked the rail", now=lender.now
        )
    async with unit_of_work(lender.sessions) as session:
        await incidents.put_right(
            session, kind="amount_differs", subject="wallet:W1", actor="system", now=lender.now
        )
    lender.now += timedelta(hours=1)
    await reports(lender, theirs="9001.00")

    with pytest.raises(four_eyes.ProposalDiffers):
        async with unit_of_work(lender.sessions) as session:
            await incidents.resolve(
                session, found.id, staff_id=USHA, reason="asked the rail", now=lender.now
            )
    assert await open_facts(lender) == [{"theirs": "9001.00"}]


async def resolves(lender: Lender) -> None:
    for staff_id in (UMA, USHA):
        async with unit_of_work(lender.sessions) as session:
            (found,) = await incidents.list_open(session)
            await incidents.resolve(
                session, found.id, staff_id=staff_id, reason="asked the rail", now=lender.now
            )


async def open_facts(lender: Lender) -> list[dict[str, Any]]:
    async with lender.sessions() as session:
        return [found.facts for found in await incidents.list_open(session)]


async def test_resolved_stays_so_while_the_same_is_said(lender: Lender) -> None:
    await reports(lender, theirs="501.00", told=OutcomeStatus.SETTLED)
    await resolves(lender)

    await reports(lender, theirs="501.00", told=OutcomeStatus.SETTLED)

    assert await open_facts(lender) == []


async def test_resolved_is_open_again_when_something_else_is_said(lender: Lender) -> None:
    await reports(lender, theirs="501.00")
    await resolves(lender)

    await reports(lender, theirs="10501.00")

    assert await open_facts(lender) == [{"theirs": "10501.00"}]
    async with lender.sessions() as session:
        trail = await session.scalars(
            select(AuditEvent.action).where(AuditEvent.subject == "wallet:W1")
        )
    assert list(trail) == ["incident.amount_differs"] * 2
    await resolves(lender)
    assert await open_facts(lender) == []
