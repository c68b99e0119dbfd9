"""Jobs that died at the console: what, why, how often, whose money, and another try.

On a database of its own: the job engine commits for real.
"""

import re
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from api.app import create_app
from kit import jobs
from kit.config import Settings
from kit.crypto import Vault
from kit.db import Sessions, sessions_of, unit_of_work
from kit.worker import Worker
from servicing.models import Payout
from tests.api.conftest import SetClock, Sit
from tests.api.desk import words
from tests.servicing.lending import Lender

FAILS: list[int] = []
PAUSES: list[int] = []


@jobs.effect("test.console_dies")
async def dies(context: jobs.Context, *, payout_id: str, phone: str) -> None:
    """Pauses once, then fails as often as the test says."""
    if PAUSES:
        PAUSES.pop()
        raise jobs.Later(seconds=0)
    if FAILS:
        FAILS.pop()
        raise ValueError(phone)


@pytest.fixture
def sessions(engine: AsyncEngine, vault: Vault) -> Sessions:
    return sessions_of(engine, vault)


@pytest.fixture
def app(database_url: str, sessions: Sessions, clock: SetClock, vault: Vault) -> FastAPI:
    return create_app(Settings(database_url=database_url), sessions, clock, vault, wall=clock)


@pytest.fixture
async def worker(database_url: str, sessions: Sessions, clock: SetClock) -> AsyncIterator[Worker]:
    settings = Settings(database_url=database_url, job_polling_seconds=0.02)
    worker = Worker(settings, jobs.Context(sessions, clock))
    await worker.start()
    yield worker
    await worker.stop()


@pytest.fixture
async def dead(worker: Worker, lender: Lender, sessions: Sessions) -> Payout:
    """Three jobs that died: one about this payout, one about nothing that is there, and
    the payout's own, as there is no rail."""
    FAILS[:], PAUSES[:] = [1, 2], [1]
    loan = await lender.opens()
    async with unit_of_work(sessions) as session:
        payout = await session.scalar(select(Payout).where(Payout.loan_id == loan.id))
        assert payout is not None
        for key, about in (("dies/1?&:", str(payout.id)), ("dies:2", "nothing")):
            await jobs.enqueue(
                session, "test.console_dies", key=key, payout_id=about, phone="+254700000001"
            )
    await worker.until_idle()
    return payout


async def test_are_counted_explained_and_run_again(sit: Sit, worker: Worker, dead: Payout) -> None:
    ada = await sit("Ada")

    home = await ada.reads("")
    listed = await ada.opens("/jobs")
    [one] = re.findall(r'href="/console(/jobs/one\?key=dies%2F1[^"]*)"', listed.text)
    shown = await ada.opens(one)
    missing = await ada.reads("/jobs/one", key="dies:2")
    done = await ada.does("/jobs/retry", key="dies/1?&:")
    await worker.until_idle()
    again = await ada.sends("/jobs/retry", key="dies/1?&:")
    trail = await ada.reads("/audit", subject="job:dies/1?&:")

    assert "3 Jobs that died" in home
    assert "test.console_dies: ValueError" in words(listed)
    assert f'href="/console/payouts/{dead.id}"' in listed.text
    assert "Failed 1 time" in words(shown)
    assert re.search(r"Died \d+ \w+ 20\d\d \d\d:\d\d Enqueued", words(shown))
    assert "Payout of KES 29,200 Created of the loan L-" in words(shown)
    assert "+254700000001" not in listed.text + shown.text
    assert "No payout, request, refund, loan or pool is named by it" in missing
    assert "It runs again" in done
    assert "dies/1" not in words(await ada.opens("/jobs"))
    assert (again.status_code, "It is not dead any more" in words(again)) == (404, True)
    assert "Job: retry" in trail


async def test_are_looked_at_by_an_auditor_who_runs_nothing(sit: Sit, dead: Payout) -> None:
    aude, carl = await sit("Aude"), await sit("Carl")

    shown = await aude.reads("/jobs/one", key="dies:2")
    file = (await aude.opens("/jobs", format="csv")).text
    refused = await aude.sends("/jobs/retry", key="dies:2")
    nobody = await aude.opens("/jobs/one", key="disburse:1")

    assert "An administrator runs it again" in shown
    assert "test.console_dies,test.console_dies: ValueError,1," in file
    assert "dies:2" in file
    assert refused.status_code == 403
    assert nobody.status_code == 404
    assert (await carl.opens("/jobs")).status_code == 403
    assert "Jobs that died" not in await carl.reads("")
