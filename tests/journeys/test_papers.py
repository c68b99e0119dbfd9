"""What a borrower keeps of a loan: asked for in the chat, and read as the file that came."""

import io
from dataclasses import replace

from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import SendPhoto
from icalendar import Calendar
from PIL import Image
from sqlalchemy import select

from kit.db import unit_of_work
from servicing import orders, tasks
from servicing.models import PaymentRequest
from servicing.payment_requests import REQUESTS
from servicing.rails.base import Outcome, OutcomeStatus, Rails
from tests.journeys.chat import Chatter, Shown
from tests.journeys.lender import SETTINGS, Lender
from tests.journeys.story import Story
from tests.journeys.test_loan import pays
from tests.servicing.lending import PaperRail
from tests.servicing.papers import looking


def content(shown: Shown) -> bytes:
    assert shown.file is not None
    return shown.file.data


class TestTheSchedule:
    async def test_comes_as_a_picture_and_as_text(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()
        await amina.says("/schedule")
        picture, table = amina.chat[-2:]

        assert Image.open(io.BytesIO(content(picture))).size[0] == 900
        assert picture.file is not None
        assert str(picture.file.filename).endswith(".png")
        assert table.text.count("·") >= 6
        assert "Pay" in " ".join(table.buttons)

    async def test_goes_into_no_calendar_before_the_money_came(
        self, lender: Lender, amina: Chatter
    ) -> None:
        story = Story(lender, amina)
        await story.gets_an_offer()
        await story.signs()
        await amina.says("/schedule")

        assert "on its way" in await amina.presses("For my calendar")
        assert amina.last.file is None

    async def test_goes_into_a_calendar(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()
        await amina.says("/schedule")
        said = await amina.presses("For my calendar")
        events = Calendar.from_ical(content(amina.last)).events

        assert "Open this file" in said
        assert len(events) == 6
        assert "Pay KES" in str(events[0]["summary"])

    async def test_is_drawn_when_the_work_is_done(self, lender: Lender, amina: Chatter) -> None:
        """Telegram may refuse the picture: the text comes all the same."""
        await Story(lender, amina).gets_the_money()
        amina.telegram.broken = [refused()]
        await amina.says("/schedule")

        assert amina.last.file is None
        assert "Payment dates" in amina.last.text


class TestAStatement:
    async def test_is_in_the_language_of_the_chat(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()
        await amina.says("/language")
        await amina.presses("Español")
        await amina.says("/loan")
        await amina.presses("Estado de cuenta")

        assert "Lo que pasó" in looking.words(content(amina.last))

    async def test_can_be_had_after_the_last_payment(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()
        await pays(lender, amina, "50000", "r1")
        await amina.says("/loan")
        await amina.presses("Statement")

        assert "Repaid on" in looking.words(content(amina.last))

    async def test_of_nobody_is_no_file(self, lender: Lender, amina: Chatter) -> None:
        await amina.says("/start")
        shown = amina.last
        await amina.sends(amina.press(shown, "statement"))

        assert "no loan" in amina.last.text


class TestAReceipt:
    async def test_is_chosen_from_the_payments(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()
        await amina.says("/loan")
        assert "not paid anything yet" in await amina.presses("Receipts")
        await pays(lender, amina, "5600", "r1")
        await pays(lender, amina, "700", "r2")
        await amina.says("/loan")
        await amina.presses("Receipts")
        assert [label.partition("· ")[2] for label in amina.labels[:2]] == ["KES 700", "KES 5,600"]

        assert "receipt for KES 5,600" in await amina.presses("KES 5,600")
        assert "We received KES 5,600" in looking.words(content(amina.last))

    async def test_is_a_button_below_the_news_that_money_came(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await Story(lender, amina).gets_the_money()
        await pays(lender, amina, "5600", "r1")
        await lender.news(amina, "repayment_received")
        await amina.presses("Receipt")

        assert "We received KES 5,600" in looking.words(content(amina.last))

    async def test_of_others_is_not_shown(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()
        await pays(lender, amina, "5600", "r1")
        news = await lender.news(amina, "repayment_received")
        brian = lender.chatter(7002)
        await Story(lender, brian, phone="254712000072").begins()

        assert "old" in await brian.sends(brian.press(news, news.buttons["Receipt (PDF)"]))
        assert all(shown.file is None for shown in brian.chat)


class TestTheOffer:
    async def test_is_a_paper_too_with_the_same_numbers(
        self, lender: Lender, amina: Chatter
    ) -> None:
        said = await Story(lender, amina).gets_an_offer()
        await amina.presses("As PDF")
        printed = looking.words(content(amina.last))

        for line in said.splitlines():
            if line.startswith(("You receive", "You pay back", "Interest", "Cost in a year")):
                name, _, amount = line.replace("<b>", "").replace("</b>", "").partition(": ")
                assert f"{name} {amount}" in printed
        assert "If you pay late" in printed


class TestADeclinedPayment:
    async def test_is_told_with_what_to_do(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()
        await amina.says("/pay 5000")
        await amina.presses("Pay KES 5,000")
        await declines(lender, amina)
        said = (await lender.news(amina, "payment_declined")).text

        assert "did not pay <b>KES 5,000</b>" in said
        assert "/pay" in said
        assert "How much do you want to pay" in await amina.presses("Try again")


def refused() -> TelegramBadRequest:
    method = SendPhoto(chat_id=1, photo="x")
    return TelegramBadRequest(method=method, message="PHOTO_INVALID_DIMENSIONS")


async def declines(lender: Lender, person: Chatter) -> None:
    """The wallet's owner says no to the newest request."""
    services = {
        **lender.context.services,
        Rails: Rails((PaperRail(),)),
        orders.Payees: orders.Payees(),
    }
    async with unit_of_work(lender.sessions) as session:
        asked = await session.scalar(select(PaymentRequest))
    assert asked is not None
    context = replace(lender.context, services=services)
    await tasks.collect(context, request_id=str(asked.id))
    outcome = Outcome(OutcomeStatus.FAILED, asked.amount, "W9", failure_code="declined")
    async with unit_of_work(lender.sessions) as session:
        await orders.apply(
            session, REQUESTS, asked.id, outcome,
            on=lender.today, zone=SETTINGS.timezone, now=lender.clock.now(),
        )  # fmt: skip
