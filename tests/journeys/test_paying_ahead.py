"""A stall sells more than it expected and pays ahead, on the loan that the price list offers."""

from datetime import date

import pytest

from servicing import queries
from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender
from tests.journeys.story import Story
from tests.journeys.test_changes import amounts, dates, opens_changes
from tests.journeys.test_loan import pays

GOOD_INCOME = {"income": "150,000", "obligations": "0"}
FIRST, LAST = "2026-12-21", "2027-05-20"


@pytest.fixture
async def stall(lender: Lender, amina: Chatter) -> Chatter:
    """KES 50,000 for six months; on the first due date comes almost three times what is due."""
    story = Story(lender, amina, product="For my business", answers=GOOD_INCOME)
    offer = await story.gets_an_offer()
    assert "counted by the day on what you owe" in offer
    await story.signs()
    await lender.pays_out(amina)
    assert (await dates(lender, amina))[0] == FIRST
    assert await amounts(lender, amina) == [897_279] * 5 + [897_278]
    lender.clock.move(days=31)
    await pays(lender, amina, "25000", "ahead")
    return amina


async def pays_on_its_dates(lender: Lender, person: Chatter) -> int:
    """All that is left, each part on its day, until the loan is over; how much it came to."""
    paid = 0
    while (loan := (await lender.dossier(person)).loan) is not None:
        due_on = (await dates(lender, person))[0]
        lender.clock.move(days=(date.fromisoformat(due_on) - lender.today).days)
        async with lender.sessions() as session:
            debt = await queries.owed(session, loan, on=lender.today)
        await pays(lender, person, debt.total.major, due_on)
        paid += debt.total.minor
    return paid


async def test_both_ways_are_seen_with_their_payments_and_the_last_date(
    lender: Lender, stall: Chatter
) -> None:
    before = await dates(lender, stall), await amounts(lender, stall)
    assert "you choose" in (await lender.news(stall, "paid_ahead")).text
    assert "You pay ahead" in await stall.presses("Choose")

    shorter = await stall.presses("End sooner")
    assert "Your last payment: <b>20 Apr 2027</b> instead of 20 May 2027" in shorter
    assert "22 Feb 2027  KES 8,972.79" in shorter
    smaller = await stall.presses("Smaller payments")
    assert "Your last payment" not in smaller
    assert "20 Jan 2027  KES 5,557" in smaller
    assert "20 May 2027  KES 5,557" in smaller
    assert (await dates(lender, stall), await amounts(lender, stall)) == before


async def test_who_wants_it_over_pays_as_much_for_fewer_months(
    lender: Lender, stall: Chatter
) -> None:
    await opens_changes(stall)
    await stall.presses("End sooner")
    assert "Done" in await stall.presses("Yes, I agree")

    left = await amounts(lender, stall)
    assert left[:-1] == [897_279] * 3
    assert (await dates(lender, stall))[-1] == "2027-04-20"
    assert await pays_on_its_dates(lender, stall) == sum(left)


async def test_who_wants_room_pays_less_on_the_same_dates(lender: Lender, stall: Chatter) -> None:
    await opens_changes(stall)
    await stall.presses("Smaller payments")
    assert "Done" in await stall.presses("Yes, I agree")

    assert (await dates(lender, stall))[-1] == LAST
    left = await amounts(lender, stall)
    assert len(left) == 5
    assert max(left) < 600_000
    assert await pays_on_its_dates(lender, stall) == sum(left)


async def test_who_chooses_nothing_has_paid_the_next_dates(lender: Lender, stall: Chatter) -> None:
    open_dates, left = await dates(lender, stall), await amounts(lender, stall)

    assert (open_dates[0], open_dates[-1]) == ("2027-02-22", LAST)
    assert left[1] == 897_279
    assert "22 Feb 2027" in await stall.says("/loan")
    assert await pays_on_its_dates(lender, stall) == sum(left)
    assert 50_000_00 < 25_000_00 + sum(left) < 53_879_01
