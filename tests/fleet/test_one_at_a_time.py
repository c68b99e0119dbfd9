"""Where many processes act, what happens to one borrower happens one after the other."""

import asyncio
from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.crypto import Vault
from kit.db import sessions_of, unit_of_work
from onboarding import dossiers
from tests.journeys.lender import open_lender
from tests.journeys.story import Story

LONG_ENOUGH_SECONDS = 1.0


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_an_update_waits_for_a_job_that_has_the_borrower(
    engine: AsyncEngine, vault: Vault, now: datetime
) -> None:
    """Else an application sent while its identity check ends is decided by nobody."""
    sessions = sessions_of(engine, vault)
    lender = await open_lender(sessions, now)
    amina = lender.chatter()
    await Story(lender, amina).begins()
    borrower_id = (await lender.dossier(amina)).borrower.id

    async with unit_of_work(sessions) as job:
        await dossiers.get(job, borrower_id, lock=True)
        update = asyncio.ensure_future(amina.says("/status"))
        done, _ = await asyncio.wait({update}, timeout=LONG_ENOUGH_SECONDS)
        assert not done

    assert await asyncio.wait_for(update, 30)
