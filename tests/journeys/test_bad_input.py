"""At every place, everything that does not fit gets one kind sentence, and changes nothing."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import sqlalchemy as sa

from kit.db import Base, Sessions
from onboarding import steps
from onboarding.steps import StepKind
from tests.journeys import corpus
from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender
from tests.journeys.story import Story

# Fits some questions: sent only where it does not.
_WORDS = {"text": "'; drop table loans;--"}
_TAKES_WORDS = {StepKind.TEXT}
_PHOTO = {"photo": [corpus.file(width=90, height=90)]}


async def state(sessions: Sessions) -> dict[str, str]:
    """A hash of every table, but for which updates were handled and when somebody was heard."""
    async with sessions() as session:
        found = {}
        for table in Base.metadata.sorted_tables:
            if table.name != "telegram_updates":
                columns = [column for column in table.columns if column.name != "heard_at"]
                rows = (await session.execute(sa.select(*columns))).all()
                found[table.name] = hashlib.sha256(
                    repr(sorted(map(repr, rows))).encode()
                ).hexdigest()
    return found


async def everything_bad(lender: Lender, person: Chatter, kind: StepKind | None) -> None:
    """Send all of it: each time the same screen comes again under one sentence; nothing changed."""
    place = person.last.text.rpartition("</i>")[2]
    before = await state(lender.sessions)
    wrong = dict(corpus.NEVER)
    if kind not in _TAKES_WORDS:
        wrong["words"] = _WORDS
    if kind is not StepKind.PHOTO:
        wrong["a photo"] = _PHOTO
    for name, content in wrong.items():
        count = len(person.chat)
        said = await corpus.sends(person, content)
        assert len(person.chat) == count + 1, f"{name}: {said!r}"
        assert place in said, f"{name}: {said!r}"
        sentence = said.partition("\n\n")[0]
        assert 10 <= len(sentence) <= 160, f"{name}: {sentence!r}"
        assert "wrong on our side" not in said, name
    assert await state(lender.sessions) == before


_CHOSEN_BEFORE = ("product", "amount", "term")
_OF_OTHER_PRODUCTS = ("frequency", "guarantor")
_AFTER_A_PICTURE = ("read_fields", "document_back", "video")  # Each has stories of its own.
STEPS = [
    step.name
    for step in steps.STEPS
    if step.name not in (*_CHOSEN_BEFORE, *_OF_OTHER_PRODUCTS, *_AFTER_A_PICTURE)
]


@pytest.mark.parametrize("step", STEPS)
async def test_at_a_question(lender: Lender, amina: Chatter, step: str) -> None:
    story = Story(lender, amina)
    await story.begins()
    await story.until(step)

    await everything_bad(lender, amina, steps.BY_NAME[step].kind)
    assert await lender.step(amina) == step
    await story.answer(step)
    assert await lender.step(amina) != step


@pytest.mark.parametrize("step", ["product", "amount", "term"])
async def test_at_a_question_that_is_asked_again(lender: Lender, amina: Chatter, step: str) -> None:
    story = Story(lender, amina)
    await story.begins()
    await story.until("review")
    labels = {"product": "Loan", "amount": "Amount", "term": "Time"}
    await amina.presses(f"✏️ {labels[step]}")
    assert await lender.step(amina) == step

    await everything_bad(lender, amina, steps.BY_NAME[step].kind)
    await story.answer(step)
    assert await lender.step(amina) == "review"


OWN_QUESTIONS = {
    "turnover": "For my business",
    "invoice_due_on": "Money for an invoice",
    "merchant_code": "Buy in a shop",
    "crop": "Until the harvest",
    "acreage": "Until the harvest",
    "harvest_month": "Until the harvest",
}


@pytest.mark.parametrize("step", OWN_QUESTIONS)
async def test_at_a_question_of_one_product(lender: Lender, amina: Chatter, step: str) -> None:
    farmer = {"employment": "!I am a farmer"}
    story = Story(lender, amina, product=OWN_QUESTIONS[step], answers=farmer)
    await story.begins()
    await story.until(step)
    found = steps.find(await lender.dossier(amina), step)
    assert found is not None

    await everything_bad(lender, amina, found.kind)
    assert await lender.step(amina) == step


Place = Callable[[Story], Awaitable[Any]]


async def _review(story: Story) -> None:
    await story.begins()
    await story.until("review")


async def _submitted(story: Story) -> None:
    await _review(story)
    await story.person.presses("send it")


async def _offered(story: Story) -> None:
    await story.gets_an_offer()


async def _in_review(story: Story) -> None:
    await _review(story)
    await story.lender.compares_faces(story.person, is_same=False)
    await story.person.presses("send it")


async def _repaying(story: Story) -> None:
    await story.gets_the_money()
    await story.person.says("/loan")


@pytest.mark.parametrize("reach", [_review, _submitted, _in_review, _offered, _repaying])
async def test_at_a_place_after_the_questions(lender: Lender, amina: Chatter, reach: Place) -> None:
    await reach(Story(lender, amina))

    await everything_bad(lender, amina, None)


async def test_before_anything_is_known(lender: Lender, amina: Chatter) -> None:
    await amina.says("/start")
    await amina.presses("English")

    await everything_bad(lender, amina, None)


class TestButtons:
    async def test_pressed_twice_count_once(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina)
        await story.begins()
        await story.until("employment")
        shown = amina.last
        press = amina.press(shown, shown.buttons["I am a farmer"])
        await amina.sends(press)
        before = await state(lender.sessions)
        again = await amina.sends(amina.press(shown, press["callback_query"]["data"]))

        assert "old" in again
        assert amina.telegram.toasts[-1] == "This button is old."
        assert await state(lender.sessions) == before

    async def test_of_somebody_else_do_nothing(self, lender: Lender, amina: Chatter) -> None:
        story, brian = Story(lender, amina), lender.chatter(7002)
        await story.begins()
        await story.until("employment")
        await Story(lender, brian, phone="254712000072").begins()
        shown = amina.last
        before = await state(lender.sessions)
        said = await brian.sends(brian.press(shown, shown.buttons["I am a farmer"]))

        assert "old" in said
        assert await state(lender.sessions) == before

    @pytest.mark.parametrize(
        "data",
        ["", "a:A-XXXXXXX:1:pick:x", "a:1", "q:show:en:personal:99:6m:7", "q:show:xx:nope:1:9z",
         "p:L-1:5", "l:zz:top", "💥", "a" * 64, "q:agree:en:personal:-5:6m"],
    )  # fmt: skip
    async def test_forged_are_answered_kindly(
        self, lender: Lender, amina: Chatter, data: str
    ) -> None:
        await amina.says("/start")
        said = await amina.sends(amina.press(amina.last, data))

        assert "wrong on our side" not in said


class TestTheSameUpdateTwice:
    async def test_is_one_answer(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina)
        await story.begins()
        await story.until("full_name")
        update = amina.message(text="Amina Otieno")
        first, before = await amina.sends(update), await state(lender.sessions)

        assert "Step 4" in first
        assert await amina.sends(update) == ""
        assert await state(lender.sessions) == before
