"""A lender on both databases, rolled back after each test."""

from datetime import datetime

import pytest

from kit.db import Sessions
from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender, open_lender


@pytest.fixture
async def lender(sessions: Sessions, now: datetime) -> Lender:
    return await open_lender(sessions, now)


@pytest.fixture
def amina(lender: Lender) -> Chatter:
    return lender.chatter()
