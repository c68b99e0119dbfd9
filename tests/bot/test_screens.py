"""Every place of the journey, drawn in every language, as Telegram would accept it."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest
from aiogram.types import InlineKeyboardMarkup, ReplyKeyboardMarkup

from bot import context, loan_places, places, text
from bot.callbacks import Move, MoveKind
from bot.context import Office, UpdateContext
from bot.screens import changes, guarantee
from bot.screens.base import Screen, table
from bot.text import LABEL_CHARACTERS, Words
from kit.db import unit_of_work
from kit.money import Money
from onboarding import guarantors
from onboarding.dossiers import Dossier
from onboarding.states import ApplicationStatus, GuaranteeStatus
from servicing.previews import Due, Preview
from servicing.self_service import Ahead, Offer, Offers
from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender
from tests.journeys.story import Story
from tests.journeys.test_guarantors import asks_for_a_large_loan, invite
from tests.journeys.test_products import registers_shop

TEXTS = text.load()


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        assert tag in {"b", "i", "code", "pre"}
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def fits(screen: Screen) -> None:
    """Telegram takes it, and a person can read it on a small phone."""
    tags = _Tags()
    tags.feed(screen.text)
    assert tags.open == []
    assert 0 < len(screen.text) <= 4096
    for label, data in _buttons(screen):
        assert 0 < len(label) <= LABEL_CHARACTERS, label
        assert len(data.encode()) <= 64, data


def _buttons(screen: Screen) -> Iterator[tuple[str, str]]:
    keyboard = screen.keyboard
    if isinstance(keyboard, InlineKeyboardMarkup):
        for button in (button for row in keyboard.inline_keyboard for button in row):
            yield button.text, button.callback_data or ""
    if isinstance(keyboard, ReplyKeyboardMarkup):
        for key in (key for row in keyboard.keyboard for key in row):
            yield key.text, ""


async def drawn(lender: Lender, dossier: Dossier) -> dict[str, str]:
    """The present place in all languages, each of which fits."""
    office = Office(
        lender.sessions, lender.clock, lender.dispatcher.office.settings, TEXTS, lender.underwriter
    )
    found = {}
    async with unit_of_work(lender.sessions) as session:
        for locale in TEXTS.locales:
            here = context.resumed(office, session, dossier, lender.clock.now())
            spoken = UpdateContext(
                session, here.now, here.person, dossier, here.in_locale(locale), office
            )
            screens = [await places.current(spoken)]
            if dossier.loan is not None:
                screens += [
                    await loan_places.schedule(spoken, dossier.loan),
                    await loan_places.pay(spoken, dossier.loan),
                    await loan_places.payoff(spoken, dossier.loan),
                    await loan_places.receipts(spoken, dossier.loan),
                ]
            for screen in screens:
                fits(screen)
            found[locale] = screens[0].text
    return found


class TestEveryPlace:
    async def test_is_drawn_in_every_language(self, lender: Lender, amina: Chatter) -> None:
        story, seen = Story(lender, amina), 0
        await story.begins()
        while (step := await lender.step(amina)) is not None:
            by_locale = await drawn(lender, await lender.dossier(amina))
            assert len(set(by_locale.values())) == len(TEXTS.locales), step
            seen += 1
            if step == "review":
                break
            await story.answer(step)
        await amina.presses("send it")
        await drawn(lender, await lender.dossier(amina))
        await lender.compares_faces(amina)
        await drawn(lender, await lender.dossier(amina))
        await amina.says("/status")
        await story.signs()
        await drawn(lender, await lender.dossier(amina))
        await lender.pays_out(amina)
        await drawn(lender, await lender.dossier(amina))
        lender.clock.move(days=40)
        await drawn(lender, await lender.dossier(amina))

        assert seen == 16

    @pytest.mark.parametrize(
        ("product", "steps"),
        [
            ("For my business", ["turnover", "suppliers"]),
            ("Money for an invoice", ["buyer", "invoice_number", "invoice_amount",
                                      "invoice_due_on"]),
            ("Buy in a shop", ["merchant_code"]),
            ("Until the harvest", ["crop", "acreage", "expected_yield", "harvest_month"]),
        ],
    )  # fmt: skip
    async def test_of_one_product_alone_too(
        self, lender: Lender, amina: Chatter, product: str, steps: list[str]
    ) -> None:
        await registers_shop(lender)
        answers = {"employment": "!I am a farmer", "amount": "40,000"}
        story = Story(lender, amina, product=product, answers=answers)
        await story.begins()
        seen = []
        while (step := await lender.step(amina)) != "review":
            assert step is not None
            if step in steps:
                by_locale = await drawn(lender, await lender.dossier(amina))
                assert len(set(by_locale.values())) == len(TEXTS.locales), step
                seen.append(step)
            await story.answer(step)
        await drawn(lender, await lender.dossier(amina))

        assert seen == steps

    async def test_of_guarantors_too(self, lender: Lender, amina: Chatter) -> None:
        await asks_for_a_large_loan(lender, amina)
        brian, office = lender.chatter(7002), lender.dispatcher.office
        await drawn(lender, await lender.dossier(amina))
        await brian.says(await invite(lender))
        async with unit_of_work(lender.sessions) as session:
            word, now = await invite(lender), lender.clock.now()
            reading = await guarantors.read(session, None, word, now=now)
            for locale in office.texts.locales:
                for status in GuaranteeStatus:
                    reading.guarantee.status = status
                    for is_known in (True, False):
                        fits(guarantee.read(reading, word, is_known, Words(TEXTS, locale)))
            session.expunge(reading.guarantee)
        await brian.presses("No")
        await drawn(lender, await lender.dossier(amina))

    async def test_that_ends_an_application_too(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).begins()
        dossier = await lender.dossier(amina)
        for status in ApplicationStatus:
            if status is not ApplicationStatus.OFFERED:
                dossier.draft.status = status
                dossier.draft.decline_reasons = ["not_affordable", "income_not_confirmed"]
                by_locale = await drawn(lender, dossier)
                assert len(set(by_locale.values())) == len(TEXTS.locales), status


class TestAnOffer:
    async def test_names_the_last_day_where_the_borrower_lives(
        self, lender: Lender, amina: Chatter
    ) -> None:
        story = Story(lender, amina)
        await story.begins()
        await story.until("review")
        lender.clock.at = lender.clock.at.replace(hour=22)  # Already tomorrow in Nairobi.
        await lender.compares_faces(amina)
        shown = await amina.presses("send it")
        offer = (await lender.dossier(amina)).offer

        assert offer is not None
        tomorrow = (offer.expires_at + timedelta(hours=3)).date()
        assert tomorrow != offer.expires_at.date()
        assert f"good until {Words(TEXTS, 'en').day(tomorrow)}" in shown


class TestChanges:
    @pytest.mark.parametrize("locale", TEXTS.locales)
    @pytest.mark.parametrize("last", [1, 3, 31])
    def test_fit_in_every_language(self, locale: str, last: int) -> None:
        words, due, price = Words(TEXTS, locale), date(2026, 12, 20), Money(10_000, "KES")
        offer = Offer(due, due + timedelta(1), due + timedelta(last), price, left=1)
        dues = tuple(Due(n, due + timedelta(30 * n), Money(553_793, "KES")) for n in range(90))
        most, aprs = Money(5_000_000, "KES"), ("1234.567890", "1234.568901")
        seen = Preview(dues, dues, Money(0, "KES"), Money(1, "KES"), price, most, *aprs, True)
        asked = Move(kind=MoveKind.BREAK, due="2026-12-20", to="2027-01-20")
        for screen in (
            changes.hub(Offers(offer, offer, may_choose_ahead=True), words),
            changes.days(MoveKind.DATE, offer, words),
            changes.preview(asked, seen, words),
            *(changes.ahead(choice, seen, words) for choice in Ahead),
        ):
            fits(screen)
        picked = list(_buttons(changes.days(MoveKind.DATE, offer, words)))
        assert len(picked) == min(last, changes.DAYS_SHOWN) + 1


class TestTables:
    def test_line_up_and_are_harmless(self) -> None:
        shown = table([("1", "20 Dec 2026", "KES 5"), ("12", "1 Jan 2027", "KES 5,537.93 <b>")])

        lines = re.sub(r"</?pre>", "", shown).splitlines()
        assert lines[0] == "1   20 Dec 2026             KES 5"
        assert lines[1] == "12   1 Jan 2027  KES 5,537.93 &lt;b&gt;"
