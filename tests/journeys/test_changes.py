"""Changing a running loan in the chat: the price is seen first; nothing is done without a yes."""

from typing import Any

import pytest

from kit.db import unit_of_work
from kit.ids import new_id
from servicing import amendments, queries
from servicing.amendments import Change
from servicing.models import Amendment
from servicing.states import AmendmentStatus
from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender
from tests.journeys.story import Story
from tests.journeys.test_loan import pays

LIMITS = {
    "date_moves_a_year": 2,
    "date_move_days": 10,
    "pauses_a_year": 1,
    "pause_days": 31,
    "price_minor": 10_000,
}


async def gets_a_loan(lender: Lender, person: Chatter, **rules: Any) -> None:
    """Six months from 20 November 2026, of a product that lets people change this much."""
    story = Story(lender, person)
    await story.gets_an_offer()
    await story.signs()
    loan = (await lender.dossier(person)).loan
    assert loan is not None
    async with unit_of_work(lender.sessions) as session:
        agreed = await queries.get_loan(session, loan.id, lock=True)
        agreed.rules = {**agreed.rules, "changes": LIMITS, **rules}
    await lender.pays_out(person)


async def dates(lender: Lender, person: Chatter) -> list[str]:
    loan = (await lender.dossier(person)).loan
    assert loan is not None
    async with lender.sessions() as session:
        rows = await queries.list_installments(session, loan.id)
    return [row.due_on.isoformat() for row in rows if row.unpaid_minor]


async def amounts(lender: Lender, person: Chatter) -> list[int]:
    loan = (await lender.dossier(person)).loan
    assert loan is not None
    async with lender.sessions() as session:
        rows = await queries.list_installments(session, loan.id)
    return [row.unpaid_minor for row in rows if row.unpaid_minor]


async def opens_changes(person: Chatter) -> str:
    await person.says("/loan")
    return await person.presses("Change something")


class TestOneDateLater:
    async def test_is_done_at_the_price_that_was_shown(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await gets_a_loan(lender, amina)
        before = await dates(lender, amina)
        said = await opens_changes(amina)
        assert "the payment of 20 Dec 2026, until 30 Dec 2026 at the latest" in said
        assert "It costs KES 100" in said
        assert "2 times more" in said

        await amina.presses("Pay one date later")
        assert "30 Dec 2026" in amina.labels
        shown = await amina.presses("30 Dec 2026")
        assert "It costs KES 100" in shown
        assert "more</b>: KES" in shown
        assert await dates(lender, amina) == before

        done = await amina.presses("Yes, I agree")
        assert "Done" in done
        assert "30 Dec 2026" in done
        assert await dates(lender, amina) == ["2026-12-30", *before[1:]]
        assert "changed" in (await lender.news(amina, "amendment_applied")).text

    async def test_pressed_twice_is_done_once(self, lender: Lender, amina: Chatter) -> None:
        await gets_a_loan(lender, amina)
        await opens_changes(amina)
        await amina.presses("Pay one date later")
        await amina.presses("26 Dec 2026")
        shown = amina.last
        await amina.presses("Yes, I agree")
        once = await dates(lender, amina)

        assert "old" in await amina.sends(amina.press(shown, shown.buttons["✅ Yes, I agree"]))
        assert await dates(lender, amina) == once

    async def test_asks_again_when_the_price_has_changed(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await gets_a_loan(lender, amina)
        before = await dates(lender, amina)
        await opens_changes(amina)
        await amina.presses("Pay one date later")
        await amina.presses("26 Dec 2026")
        shown, data = amina.last, amina.last.buttons["✅ Yes, I agree"]
        cheaper = data.rpartition(":")[0].rpartition(":")[0] + ":1:1"

        assert "Do you agree?" in await amina.sends(amina.press(shown, cheaper))
        assert await dates(lender, amina) == before

    @pytest.mark.parametrize("to", ["2027-06-01", "2026-12-20", "2026-12-19"])
    async def test_is_refused_outside_what_is_offered(
        self, lender: Lender, amina: Chatter, to: str
    ) -> None:
        await gets_a_loan(lender, amina)
        before = await dates(lender, amina)
        await opens_changes(amina)
        forged = f"m:date:2026-12-20:{to}:0:1"

        assert "cannot be made now" in await amina.sends(amina.press(amina.last, forged))
        assert await dates(lender, amina) == before

    @pytest.mark.parametrize("data", ["m:date:2026-12-20:x:0:1", "m:date:x::0:0", "m:date:::0:0"])
    async def test_makes_no_sense_of_nonsense(
        self, lender: Lender, amina: Chatter, data: str
    ) -> None:
        await gets_a_loan(lender, amina)

        assert "old" in await amina.sends(amina.press(amina.last, data))


class TestABreak:
    async def test_moves_all_that_comes_after(self, lender: Lender, amina: Chatter) -> None:
        await gets_a_loan(lender, amina)
        before = await dates(lender, amina)
        await opens_changes(amina)
        await amina.presses("Take a break")
        await amina.presses("20 Jan 2027")
        await amina.presses("Yes, I agree")

        after = await dates(lender, amina)
        assert after[0] == "2027-01-20"
        assert after[-1] > before[-1]
        assert "Take a break" not in await opens_changes(amina)


class TestWhatIsNotOffered:
    async def test_leaves_the_way_to_a_person(self, lender: Lender, amina: Chatter) -> None:
        await gets_a_loan(lender, amina)
        lender.clock.move(days=40)
        said = await opens_changes(amina)

        assert "later:" not in said
        assert "talk to a person" in said
        assert "Talk to a person" in " ".join(amina.labels)

    async def test_without_a_loan_there_is_nothing_to_change(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await amina.says("/start")

        assert "no loan" in await amina.sends(amina.press(amina.last, "change"))


class TestPayingAhead:
    @pytest.fixture
    async def ahead(self, lender: Lender, amina: Chatter) -> list[int]:
        """What is open of each date after a payment of twice what was due."""
        follows = {"interest_recalculation": {"rest": "daily", "advance": "adjust_last"}}
        await gets_a_loan(lender, amina, engine=follows)
        lender.clock.move(days=30)
        await pays(lender, amina, "11000", "r1")
        lender.clock.move(days=2)
        return await amounts(lender, amina)

    async def test_shows_both_ways_before_the_yes(
        self, lender: Lender, amina: Chatter, ahead: list[int]
    ) -> None:
        assert "you choose" in (await lender.news(amina, "paid_ahead")).text
        assert "You pay ahead" in await amina.presses("Choose")
        shorter = await amina.presses("End sooner")
        smaller = await amina.presses("Smaller payments")

        assert "fewer payments" in shorter
        assert "same dates" in smaller
        assert shorter.count("2027  KES") < smaller.count("2027  KES")
        assert await amounts(lender, amina) == ahead

    async def test_makes_payments_smaller(
        self, lender: Lender, amina: Chatter, ahead: list[int]
    ) -> None:
        await opens_changes(amina)
        await amina.presses("Smaller payments")
        assert "Done" in await amina.presses("Yes, I agree")

        after = await amounts(lender, amina)
        assert len(after) == len(ahead)
        assert max(after) < max(ahead)

    async def test_makes_the_loan_shorter_and_can_be_chosen_again(
        self, lender: Lender, amina: Chatter, ahead: list[int]
    ) -> None:
        await opens_changes(amina)
        await amina.presses("Smaller payments")
        await amina.presses("Yes, I agree")
        await amina.presses("End sooner")
        await amina.presses("Yes, I agree")

        assert len(await amounts(lender, amina)) < len(ahead)

    async def test_is_asked_only_where_the_product_follows_what_is_owed(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await gets_a_loan(lender, amina)
        await pays(lender, amina, "11000", "r1")
        await amina.says("/loan")

        assert "You pay ahead" not in await amina.presses("Change something")
        assert "cannot be made now" in await amina.sends(
            amina.press(amina.last, "h:reduce_count:1")
        )
        assert "old" in await amina.sends(amina.press(amina.last, "h:reduce_everything:1"))


class TestASuggestion:
    CHANGE: Change = {
        "type": "reschedule",
        "from_due_date": "2026-12-20",
        "new_due_date": "2026-12-28",
    }

    async def suggests(self, lender: Lender, person: Chatter) -> Amendment:
        loan = (await lender.dossier(person)).loan
        assert loan is not None
        async with unit_of_work(lender.sessions) as session:
            return await amendments.propose(
                session, loan.id, self.CHANGE, staff_id=new_id(), reason="asked by phone",
                on=lender.today, now=lender.clock.now(),
            )  # fmt: skip

    async def status(self, lender: Lender, amendment: Amendment) -> AmendmentStatus:
        async with lender.sessions() as session:
            return (await session.get_one(Amendment, amendment.id)).status

    async def test_is_read_and_agreed_to(self, lender: Lender, amina: Chatter) -> None:
        await gets_a_loan(lender, amina)
        suggested = await self.suggests(lender, amina)
        assert "We suggest a change" in (await lender.news(amina, "amendment_proposed")).text
        shown = await amina.presses("See what we suggest")
        assert "We suggest a change" in await amina.says("/loan")
        assert shown == await amina.presses("See what we suggest")
        assert "Other dates." in shown
        assert "28 Dec 2026" in shown

        assert "Thank you" in await amina.presses("I agree")
        assert await self.status(lender, suggested) is AmendmentStatus.CONSENTED
        assert "We suggest" not in await amina.says("/loan")

    async def test_may_be_declined(self, lender: Lender, amina: Chatter) -> None:
        await gets_a_loan(lender, amina)
        suggested = await self.suggests(lender, amina)
        await amina.says("/loan")
        await amina.presses("See what we suggest")
        shown = amina.last

        assert "Nothing changes" in await amina.presses("No, thank you")
        assert await self.status(lender, suggested) is AmendmentStatus.REFUSED
        again = shown.buttons["✅ I agree"]
        assert "old" in await amina.sends(amina.press(shown, again))

    async def test_to_others_is_none_of_mine(self, lender: Lender, amina: Chatter) -> None:
        await gets_a_loan(lender, amina)
        suggested = await self.suggests(lender, amina)
        await amina.says("/loan")
        await amina.presses("See what we suggest")
        shown = amina.last
        brian = lender.chatter(7002)
        await Story(lender, brian, phone="254712000072").begins()

        said = await brian.sends(brian.press(shown, shown.buttons["✅ I agree"]))
        assert "old" in said
        assert await self.status(lender, suggested) is AmendmentStatus.PROPOSED
