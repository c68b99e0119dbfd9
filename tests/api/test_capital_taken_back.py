"""A funder's payment that his bank took back: two put its break right, over HTTP and by hand."""

from dataclasses import replace

import httpx
import pytest

from servicing.funding.models import Pool, Stake
from servicing.models import ReconciliationBreak
from servicing.rails.base import OutcomeStatus
from tests.api.conftest import Sit
from tests.api.desk import words
from tests.servicing.funding.money import Treasury
from tests.servicing.lending import Lender, kes
from tests.servicing.treasury_acts import compares, incoming, open_breaks

WHY = {"reason": "shown on the rail's own statement"}


@pytest.fixture
async def pool(lender: Lender) -> Pool:
    return await Treasury(lender).opens()


@pytest.fixture
async def stake(lender: Lender, pool: Pool) -> Stake:
    """Of 1,000, which its funder's bank took back."""
    treasury = Treasury(lender)
    stake = await treasury.joins(pool)
    await treasury.pays_in(stake, kes(1_000), reference="W77")
    return stake


@pytest.fixture
async def found(lender: Lender, stake: Stake) -> ReconciliationBreak:
    came = incoming("W77", "from Acme", kes(1_000))
    await compares(lender, [came, replace(came, status=OutcomeStatus.RETURNED)])
    (row,) = await open_breaks(lender)
    return row


async def test_is_taken_out_by_two_over_http(
    carl: httpx.AsyncClient, ada: httpx.AsyncClient, lender: Lender, pool: Pool,
    stake: Stake, found: ReconciliationBreak,
) -> None:  # fmt: skip
    path = f"/v1/reconciliation/breaks/{found.id}/put-right"
    promised = await Treasury(lender).withdraws(stake, kes(1))

    early = await carl.post(path, json=WHY)
    await carl.post(f"/v1/funding/withdrawals/{promised.id}/cancel")
    answers = [await client.post(path, json=WHY) for client in (carl, ada)]

    assert (early.status_code, early.json()["code"]) == (409, "capital_not_free")
    assert [answer.status_code for answer in answers] == [200, 200]
    assert (await Treasury(lender).stake_book(pool, stake.id)).capital == 0
    assert await open_breaks(lender) == []
    await lender.verifies()


async def test_is_taken_out_by_two_at_the_console(
    sit: Sit, lender: Lender, pool: Pool, stake: Stake, found: ReconciliationBreak
) -> None:
    carl, ada, page = await sit("Carl"), await sit("Ada"), f"/breaks/{found.id}"
    treasury = Treasury(lender)
    promised = await treasury.withdraws(stake, kes(1))

    asked = await carl.opens(page)
    early = await carl.sends(f"{page}/put-right", page=page, **WHY)
    await carl.does(f"/funding/withdrawals/{promised.id}/cancel")
    await carl.does(f"{page}/put-right", page=page, **WHY)
    confirmed = await ada.does(f"{page}/put-right", page=page, **WHY)

    assert f"/console/funding/stakes/{stake.id}" in asked.text
    assert "Following the statement takes it out of the stake" in words(asked)
    assert "No more than 999.00 KES is there for it" in words(early)
    assert "Confirmed and done" in confirmed
    assert (await treasury.stake_book(pool, stake.id)).capital == 0
