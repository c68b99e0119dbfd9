"""A lender with a treasury, on a database that is undone after the test."""

from datetime import datetime

import pytest

from kit.db import Sessions
from tests.servicing.funding.money import Treasury
from tests.servicing.lending import Lender


@pytest.fixture
def lender(sessions: Sessions, now: datetime) -> Lender:
    return Lender(sessions, now)


@pytest.fixture
def treasury(lender: Lender) -> Treasury:
    return Treasury(lender)
