"""Somebody answers for a loan: they read it, and say yes or no; nothing goes on before a yes."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from kit.db import unit_of_work
from notifications import sealing
from notifications.models import Notification
from onboarding import guarantees
from onboarding.models import Guarantee
from onboarding.states import ApplicationStatus, GuaranteeStatus
from servicing import living, queries
from servicing.events import Type
from servicing.happenings import Happening
from servicing.living import Act
from servicing.states import LoanStatus
from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender
from tests.journeys.story import Story

LARGE = {"amount": "120,000", "income": "400000", "guarantor": "0712 000 072", "term": "!12 months"}


async def pauses(lender: Lender, person: Chatter, *, days: int) -> None:
    """Staff stopped the clock of the loan for its last days."""
    loan = (await lender.dossier(person)).loan
    assert loan is not None
    start, end = (lender.today - timedelta(days=n) for n in (days, 0))
    between = {"of": "arrears", "start": start.isoformat(), "end": end.isoformat()}
    told = Happening(Type.PAUSE, lender.today, "test:pause", details=between)
    async with unit_of_work(lender.sessions) as session:
        locked = await queries.get_loan(session, loan.id, lock=True)
        await living.happen(session, locked, Act("staff:1", lender.today, lender.clock.now()), told)


async def messages(lender: Lender, template: str) -> list[tuple[Notification, dict[str, Any]]]:
    async with unit_of_work(lender.sessions) as session:
        rows = await session.scalars(
            select(Notification).where(Notification.template == template).order_by(Notification.id)
        )
        return [
            (row, dict(await sealing.params_of(session, row, now=lender.clock.now())))
            for row in rows
        ]


async def invite(lender: Lender) -> str:
    """The word in the newest message to a guarantor."""
    return str((await messages(lender, "guarantee_asked"))[-1][1]["invite"])


async def asked(lender: Lender) -> Guarantee:
    async with unit_of_work(lender.sessions) as session:
        found = (await session.scalars(select(Guarantee).order_by(Guarantee.id.desc()))).first()
    assert found is not None
    return found


async def status(lender: Lender, person: Chatter) -> ApplicationStatus:
    return (await lender.dossier(person)).draft.status


@pytest.fixture
def brian(lender: Lender) -> Chatter:
    return lender.chatter(7002)


@pytest.fixture
async def sent(lender: Lender, amina: Chatter) -> Story:
    return await asks_for_a_large_loan(lender, amina)


async def asks_for_a_large_loan(lender: Lender, amina: Chatter) -> Story:
    """Amina has asked for so much that somebody must answer for her."""
    story = Story(lender, amina, product="For my business", answers=LARGE)
    await story.begins()
    await amina.says("/status")
    await story.until("review")
    await lender.compares_faces(amina)
    await change_amount(story)
    await amina.presses("send it")
    return story


async def change_amount(story: Story) -> None:
    """The calculator had set a smaller one."""
    await story.person.presses("✏️ Amount")
    await story.person.says(LARGE["amount"])
    await story.until("review")


async def agrees(lender: Lender, person: Chatter) -> str:
    await person.says(f"/start {await invite(lender)}")
    await person.presses("I answer for this loan")
    return await person.says(await lender.code(person))


class TestAskingForOne:
    async def test_only_large_loans_do(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina, product="For my business", answers=LARGE)
        await story.begins()
        small = await story.until("review")
        await change_amount(story)

        assert "Guarantor" not in small
        assert "Guarantor: <b>•••072</b>" in amina.last.text

    async def test_takes_a_contact_too_but_not_ones_own(
        self, lender: Lender, amina: Chatter
    ) -> None:
        story = Story(lender, amina, product="For my business", answers=LARGE)
        await story.begins()
        await story.until("review")
        await amina.presses("✏️ Amount")
        await amina.says(LARGE["amount"])

        assert "Who answers for you?" in amina.last.text
        assert "your own number" in await amina.says("0712000071")
        assert "Is everything right?" in await amina.shares_contact("254712000072", of=99)

    async def test_nobody_is_written_to_before_the_application_is_sent(
        self, lender: Lender, amina: Chatter
    ) -> None:
        story = Story(lender, amina, product="For my business", answers=LARGE)
        await story.begins()
        await story.until("review")
        await change_amount(story)

        assert await messages(lender, "guarantee_asked") == []


class TestTheAnswer:
    async def test_is_awaited_before_anything_is_decided(
        self, lender: Lender, amina: Chatter, sent: Story
    ) -> None:
        ((message, params),) = await messages(lender, "guarantee_asked")

        assert "We have asked the person whom you named" in amina.last.text
        assert await status(lender, amina) is ApplicationStatus.SUBMITTED
        assert (await lender.dossier(amina)).draft.decision_id is None
        assert message.channels == ["sms"]
        assert params["name"] == "Amina O."

    async def test_comes_after_reading_what_it_means(
        self, lender: Lender, sent: Story, brian: Chatter
    ) -> None:
        said = await brian.says(f"/start {await invite(lender)}")

        assert "<b>Amina Wanjiru Otieno asks you to answer for a loan.</b>" in said
        assert "You borrow: <b>KES 120,000</b>" in said
        assert "you pay 50 % of what is open" in said
        assert "20 May 2027" in said
        assert "You owe nothing unless you agree" in said

    async def test_yes_with_the_code_lets_the_application_go_on(
        self, lender: Lender, amina: Chatter, sent: Story, brian: Chatter
    ) -> None:
        assert "You answer for this loan" in await agrees(lender, brian)

        given = await asked(lender)
        assert given.status is GuaranteeStatus.CONSENTED
        assert given.code_id is not None
        assert await status(lender, amina) is ApplicationStatus.OFFERED
        assert len(await messages(lender, "guarantee_given")) == 1
        assert "is approved" in await amina.says("/status")
        await sent.signs()
        assert (await lender.dossier(amina)).loan is not None

    async def test_with_a_wrong_code_is_none(
        self, lender: Lender, amina: Chatter, sent: Story, brian: Chatter
    ) -> None:
        await brian.says(await invite(lender))
        await brian.presses("I answer for this loan")
        right = await lender.code(brian)
        wrong = f"{(int(right) + 1) % 10**6:06d}"

        assert "not right" in await brian.says(wrong)
        assert (await asked(lender)).status is GuaranteeStatus.ASKED
        assert await status(lender, amina) is ApplicationStatus.SUBMITTED

    async def test_no_lets_the_borrower_name_somebody_else(
        self, lender: Lender, amina: Chatter, sent: Story, brian: Chatter
    ) -> None:
        await brian.says(await invite(lender))
        assert "You owe nothing" in await brian.presses("No")
        assert "somebody else who answers for you" in await amina.says("/status")

        assert "We have asked this person" in await amina.says("0712 000 072")
        assert "We have asked the person" in await amina.says("0712 000 073")
        clara = lender.chatter(7003)
        await agrees(lender, clara)
        assert await status(lender, amina) is ApplicationStatus.OFFERED

    async def test_need_not_be_waited_for(
        self, lender: Lender, amina: Chatter, sent: Story, brian: Chatter
    ) -> None:
        word = await invite(lender)
        assert "Share another contact" in await amina.presses("Name somebody else")
        await amina.shares_contact("254712000073", of=None)

        assert "Nobody needs your answer" in await brian.says(word)
        assert len(await messages(lender, "guarantee_released")) == 1
        assert (await asked(lender)).status is GuaranteeStatus.ASKED

    async def test_of_somebody_who_banks_with_us_is_asked_for_in_the_chat(
        self, lender: Lender, amina: Chatter, brian: Chatter
    ) -> None:
        await Story(lender, brian, phone="254712000072").begins()
        await brian.shares_contact("254712000072")
        await brian.says(await lender.code(brian))
        story = Story(lender, amina, product="For my business", answers=LARGE)
        await story.begins()
        await story.until("review")
        await lender.compares_faces(amina)
        await change_amount(story)
        await amina.presses("send it")

        ((message, params),) = await messages(lender, "guarantee_asked")
        assert message.channels == ["telegram"]
        press = brian.press(brian.last, str(params["button"]))
        assert "asks you to answer for a loan" in await brian.sends(press)
        await brian.presses("I answer for this loan")
        assert "You answer for this loan" in await brian.says(await lender.code(brian))
        assert await lender.step(brian) == "full_name"

    async def test_opens_for_nobody_else(
        self, lender: Lender, amina: Chatter, sent: Story, brian: Chatter
    ) -> None:
        word = await invite(lender)
        stranger = lender.chatter(7009)
        await Story(lender, stranger, phone="254712000099").begins()
        await stranger.shares_contact("254712000099")

        assert "do not know this invitation" in await stranger.says(word)
        assert "do not know this invitation" in await amina.says(word)
        assert "do not know this invitation" in await brian.says("V-22222222")


class TestTakingItBack:
    async def test_before_the_signature_needs_another_one(
        self, lender: Lender, amina: Chatter, sent: Story, brian: Chatter
    ) -> None:
        await agrees(lender, brian)
        await amina.says("/status")
        await amina.presses("I take this loan")
        code = await lender.code(amina)
        await brian.says(await invite(lender))
        assert "You have taken it back" in await brian.presses("Take it back")

        assert "Not everybody" in await amina.says(code)
        assert "somebody else who answers" in await amina.says("/status")
        await amina.says("0712000073")
        await agrees(lender, lender.chatter(7003))
        lender.clock.move(minutes=1)
        await amina.says("/status")
        await sent.signs()
        assert (await lender.dossier(amina)).loan is not None

    async def test_before_the_payout_was_ordered_stops_it(
        self, lender: Lender, amina: Chatter, sent: Story, brian: Chatter
    ) -> None:
        await agrees(lender, brian)
        await amina.says("/status")
        await sent.signs()
        loan = (await lender.dossier(amina)).loan
        assert loan is not None
        await brian.says(await invite(lender))
        await brian.presses("Take it back")

        assert (await lender.dossier(amina)).loan is None
        async with unit_of_work(lender.sessions) as session:
            await session.refresh(loan := await session.get_one(type(loan), loan.id))
        assert loan.status is LoanStatus.CANCELED

    async def test_is_too_late_when_the_money_is_out(
        self, lender: Lender, amina: Chatter, sent: Story, brian: Chatter
    ) -> None:
        await agrees(lender, brian)
        word = await invite(lender)
        await brian.says(word)
        withdraw = brian.last
        await amina.says("/status")
        await sent.signs()
        await lender.pays_out(amina)

        assert "Take it back" not in str((await brian.says(word), brian.labels))
        data = withdraw.buttons["↩️ Take it back"]
        assert "on its way" in await brian.sends(brian.press(withdraw, data))
        assert (await asked(lender)).status is GuaranteeStatus.CONSENTED


class TestALateLoan:
    async def late(self, lender: Lender, amina: Chatter, story: Story) -> None:
        await amina.says("/status")
        await story.signs()
        await lender.pays_out(amina)

    async def tick(self, lender: Lender, at: datetime) -> None:
        async with unit_of_work(lender.sessions) as session:
            await guarantees.tell_late(session, now=at, tick=at)

    async def test_is_told_to_the_guarantor_after_the_agreed_days_and_once(
        self, lender: Lender, amina: Chatter, sent: Story, brian: Chatter
    ) -> None:
        await agrees(lender, brian)
        await self.late(lender, amina, sent)
        lender.clock.move(days=37)  # The first due date is a Sunday
        await self.tick(lender, lender.clock.now())
        assert await messages(lender, "guarantee_late") == []

        lender.clock.move(days=1)
        await self.tick(lender, lender.clock.now())
        await self.tick(lender, lender.clock.now())
        ((message, params),) = await messages(lender, "guarantee_late")
        assert message.person_id == (await lender.dossier(brian)).borrower.id
        assert params["days"] == 7

    async def test_is_not_told_for_days_of_a_pause(
        self, lender: Lender, amina: Chatter, sent: Story, brian: Chatter
    ) -> None:
        await agrees(lender, brian)
        await self.late(lender, amina, sent)
        lender.clock.move(days=38)
        await pauses(lender, amina, days=5)
        await self.tick(lender, lender.clock.now())
        assert await messages(lender, "guarantee_late") == []

        lender.clock.move(days=5)
        await self.tick(lender, lender.clock.now())
        ((_, params),) = await messages(lender, "guarantee_late")
        assert params["days"] == 7

    async def test_is_never_told_to_somebody_who_has_not_agreed(
        self, lender: Lender, amina: Chatter, sent: Story, brian: Chatter
    ) -> None:
        await brian.says(await invite(lender))
        await brian.presses("No")
        await amina.says("0712 000 073")
        await agrees(lender, lender.chatter(7003))
        await self.late(lender, amina, sent)
        lender.clock.move(days=60)
        await self.tick(lender, lender.clock.now())

        told = {row.person_id for row, _ in await messages(lender, "guarantee_late")}
        assert told == {(await lender.dossier(lender.chatter(7003))).borrower.id}

    async def test_that_is_over_lets_the_guarantor_go(
        self, lender: Lender, amina: Chatter, sent: Story, brian: Chatter
    ) -> None:
        await agrees(lender, brian)
        await amina.says("/cancel")
        await amina.presses("Yes, stop")
        now = lender.clock.now()
        async with unit_of_work(lender.sessions) as session:
            await guarantees.release_ended(session, now=now, tick=now)

        assert (await asked(lender)).status is GuaranteeStatus.RELEASED
        assert len(await messages(lender, "guarantee_released")) == 1
