"""A treasury beside the lender, on a database that is undone after the test."""

import pytest

from tests.servicing.funding.money import Treasury
from tests.servicing.lending import Lender


@pytest.fixture
def treasury(lender: Lender) -> Treasury:
    return Treasury(lender)
