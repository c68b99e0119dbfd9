"""A lender at work, on a database that is undone after the test or is the test's own."""

from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.crypto import Vault
from kit.db import Sessions, sessions_of
from tests.servicing.lending import Lender


@pytest.fixture
def lender(sessions: Sessions, now: datetime) -> Lender:
    return Lender(sessions, now)


@pytest.fixture
def own_sessions(engine: AsyncEngine, vault: Vault) -> Sessions:
    """Units of work that commit for real, on a database of the test's own."""
    return sessions_of(engine, vault)
