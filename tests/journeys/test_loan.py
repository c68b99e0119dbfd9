"""From the answer to the last repayment, as the borrower sees it."""

import re

from sqlalchemy import func, select

from kit.db import unit_of_work
from kit.money import Money
from servicing import repayments
from servicing.models import PaymentRequest
from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender
from tests.journeys.story import Story


def amounts_in(said: str) -> list[int]:
    """In minor units, in the order in which they are written."""
    found = re.findall(r"KES ([\d,]+)(?:\.(\d\d))?", said)
    return [int(whole.replace(",", "") + (part or "00")) for whole, part in found]


async def pays(lender: Lender, person: Chatter, major: str, reference: str) -> None:
    """The rail says that money of this loan has arrived."""
    loan = (await lender.dossier(person)).loan
    assert loan is not None
    async with unit_of_work(lender.sessions) as session:
        await repayments.receive(
            session,
            loan_id=loan.id,
            amount=Money.parse(major, loan.currency),
            rail_reference=reference,
            on=lender.today,
            now=lender.clock.now(),
        )


class TestAnOffer:
    async def test_shows_the_key_facts_and_can_be_made_smaller(
        self, lender: Lender, amina: Chatter
    ) -> None:
        said = await Story(lender, amina).gets_an_offer()

        assert "KES 30,000 is approved" in said
        assert "APR" in said
        await amina.presses("\N{MINUS SIGN}1,000")
        assert "You borrow: <b>KES 29,000</b>" in amina.last.text
        assert "9 months" in " ".join(amina.labels)

    async def test_is_signed_by_the_code_for_just_these_facts(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await Story(lender, amina).gets_an_offer()
        await amina.presses("I take this loan")
        code = await lender.code(amina)
        await amina.presses("Back to the offer")
        again = await amina.presses("I take this loan")
        assert "Please wait" in again
        assert "The code is your signature" in again
        await amina.presses("Back to the offer")
        await amina.presses("\N{MINUS SIGN}1,000")

        assert "does not work any more" in await amina.says(code)
        await amina.presses("Send a new code")
        assert "Agreed" in await amina.says(await lender.code(amina))

    async def test_can_be_refused(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_an_offer()
        await amina.presses("I do not want it")

        assert "stopped" in await amina.presses("Yes, stop")

    async def test_ends_after_its_days(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_an_offer()
        lender.clock.move(days=8)

        assert "offer has ended" in await amina.says("/status")


class TestADecline:
    async def test_says_why_and_what_would_change_it(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina, answers={"income": "9000", "obligations": "8000"})
        said = await story.gets_an_offer()

        assert "cannot give you this loan" in said
        assert 1 <= said.count("• ") <= 4
        assert "See the price" in " ".join(amina.labels)


class TestALoan:
    async def test_is_on_its_way_until_the_money_arrives(
        self, lender: Lender, amina: Chatter
    ) -> None:
        story = Story(lender, amina)
        await story.gets_an_offer()
        await story.signs()

        assert "on its way" in await amina.says("/loan")
        assert "nothing to pay yet" in await amina.says("/pay")
        await lender.pays_out(amina)
        assert "Next payment" in await amina.says("/loan")

    async def test_shows_every_date_and_what_is_paid(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()
        assert (await amina.says("/schedule")).count("·") >= 6

        lender.clock.move(days=30)
        await pays(lender, amina, "5600", "r1")
        shown = await amina.says("/schedule")
        assert "✓  20 Dec 2026" in shown

    async def test_says_when_it_is_late(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()
        lender.clock.move(days=33)

        assert "⚠️" in await amina.says("/loan")

    async def test_is_paid_by_a_request_once(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()
        await amina.says("/pay")
        shown = amina.last
        label = next(label for label in shown.buttons if "Next" in label)
        assert "confirm" in await amina.presses(label)
        again = await amina.sends(amina.press(shown, shown.buttons[label]))

        assert "is waiting in your wallet" in again
        async with unit_of_work(lender.sessions) as session:
            assert await session.scalar(select(func.count(PaymentRequest.id))) == 1

    async def test_says_what_paying_everything_saves(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()
        lender.clock.move(days=10)
        await amina.says("/pay")
        said = await amina.presses("Everything")
        payoff, saving, left = amounts_in(said)

        assert payoff + saving == left
        assert saving > 0
        label = next(label for label in amina.labels if "Pay KES" in label)
        assert "confirm" in await amina.presses(label)

    async def test_takes_any_amount_that_is_typed(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()
        await amina.says("/pay")
        await amina.presses("Another amount")

        assert "Pay <b>KES 5,000</b>?" in await amina.says("5,000")
        assert "confirm KES 5,000 in your wallet" in await amina.presses("Pay KES 5,000")

    async def test_ends_with_thanks_and_another_may_follow(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await Story(lender, amina).gets_the_money()
        await pays(lender, amina, "50000", "r1")

        assert "fully repaid" in await amina.says("/loan")
        await amina.presses("See the price")
        await amina.presses("Apply")
        assert "Step" in await amina.presses("I agree")

    async def test_of_others_cannot_be_paid(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()
        brian = lender.chatter(7002)
        await brian.says("/start")
        await amina.says("/pay")
        shown = amina.last

        assert "old" in await brian.sends(brian.press(shown, shown.buttons["✏️ Another amount"]))
