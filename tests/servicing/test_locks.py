"""Whoever changes a loan and what is left of it locks the loan first: nobody waits in a ring."""

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import text

from kit.crypto import vault_of
from kit.db import Sessions, unit_of_work
from kit.four_eyes import Proposal
from servicing import queries, refunds, repayments, suspense
from tests.servicing.lending import Lender
from tests.servicing.overpayments import overpaid
from tests.servicing.treasury_acts import UMA, USHA

WAITING = """
SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def until_somebody_waits(sessions: Sessions, act: "asyncio.Future[Proposal]") -> None:
    async with sessions() as session:
        while await session.scalar(text(WAITING)) is None:
            assert not act.done(), act.exception() or act.result()
            await session.rollback()
            await asyncio.sleep(0.02)


# SQLite has one writer, who waits for nobody.
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("by_rail", [False, True])
async def test_a_refund_waits_for_a_payment_that_goes_back(
    own_sessions: Sessions, now: datetime, by_rail: bool
) -> None:
    lender = Lender(own_sessions, now)
    loan, item = await overpaid(lender)

    async def gives_back(who: UUID) -> Proposal:
        async with unit_of_work(own_sessions) as session:
            act: Awaitable[Proposal] = (
                refunds.order(
                    session, vault_of(session), item.id, staff_id=who, reason="r", now=now
                )
                if by_rail
                else suspense.refund(
                    session, item.id, reference="B1", staff_id=who, reason="r", on=lender.on,
                    now=now,
                )
            )  # fmt: skip
            return await act

    await gives_back(UMA)
    async with unit_of_work(own_sessions) as session:
        await queries.get_loan(session, loan.id, lock=True)
        giving = asyncio.ensure_future(gives_back(USHA))
        await until_somebody_waits(own_sessions, giving)
        last = (await queries.list_repayments(session, loan.id))[-1]
        await repayments.reverse(
            session, last.id, actor="system", reason="charged back", on=lender.on, now=now
        )

    with pytest.raises(suspense.SuspenseItemNotFound):
        await giving
    await lender.verifies()
