"""Several requests at the same moment, on a database that commits for real."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from api.app import create_app
from kit.config import Settings
from kit.crypto import Vault
from kit.db import Sessions, sessions_of, unit_of_work
from onboarding.decisioning import Underwriter
from servicing.models import Loan, Repayment
from tests.api.conftest import SetClock
from tests.onboarding.judged import DIFFERENT, sent
from tests.onboarding.people import Applicant
from tests.servicing.lending import Lender


@pytest.fixture
def sessions(engine: AsyncEngine, vault: Vault) -> Sessions:
    return sessions_of(engine, vault)


@pytest.fixture
def app(
    database_url: str,
    sessions: Sessions,
    clock: SetClock,
    vault: Vault,
    wall: SetClock,
    underwriter: Underwriter,
) -> FastAPI:
    services: dict[type, object] = {Underwriter: underwriter}
    settings = Settings(database_url=database_url, hand_money_two_from="1000")
    return create_app(settings, sessions, clock, vault, services=services, wall=wall)


@pytest.fixture
async def loan(sessions: Sessions, clock: SetClock) -> Loan:
    return await Lender(sessions, clock.at).lends()


async def test_one_key_is_one_repayment(
    carl: httpx.AsyncClient, loan: Loan, sessions: Sessions
) -> None:
    body = {
        "money": {"amount": "500", "currency": "KES"},
        "reference": "R-1",
        "paid_on": "2026-11-20",
    }
    path, headers = f"/v1/loans/{loan.id}/repayments", {"Idempotency-Key": "receipt-0001"}

    answers = await asyncio.gather(*(carl.post(path, json=body, headers=headers) for _ in range(8)))

    assert {answer.status_code for answer in answers} == {201}
    assert all(answer.json() == answers[0].json() for answer in answers)
    async with sessions() as session:
        assert await session.scalar(select(func.count(Repayment.id))) == 1


async def test_an_override_has_one_proposer_and_one_confirmer(
    uma: httpx.AsyncClient,
    usha: httpx.AsyncClient,
    sessions: Sessions,
    clock: SetClock,
    underwriter: Underwriter,
) -> None:
    async with unit_of_work(sessions) as session:
        amina = Applicant(session, clock.at)
        dossier = await sent(amina, underwriter, DIFFERENT)
        clock.at = amina.now
    assert dossier.case is not None
    path, body = f"/v1/cases/{dossier.case.id}/approve", {"note": "an old document"}

    alone = await asyncio.gather(*(uma.post(path, json=body) for _ in range(4)))
    both = await asyncio.gather(*(usha.post(path, json=body) for _ in range(4)))

    assert sorted(answer.status_code for answer in alone) == [200, 403, 403, 403]
    assert sorted(answer.status_code for answer in both) == [200, 409, 409, 409]
