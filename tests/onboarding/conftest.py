"""The policies of the product, and an applicant, on both databases."""

from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from onboarding import decisioning
from onboarding.decisioning import Underwriter
from tests.onboarding.people import SETTINGS, Applicant


@pytest.fixture(scope="session")
def underwriter() -> Underwriter:
    return decisioning.load(SETTINGS)


@pytest.fixture
def amina(session: AsyncSession, now: datetime) -> Applicant:
    return Applicant(session, now)
