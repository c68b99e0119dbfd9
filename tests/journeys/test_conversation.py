"""What a conversation must allow: going back, changing, editing, leaving, asking for a person."""

import sqlalchemy as sa

from kit.db import unit_of_work
from kyc.quality import Finding, Problem
from notifications.models import Contact
from onboarding import cases, telemetry
from onboarding.models import Case
from onboarding.states import ApplicationStatus
from scoring.behaviour import EventKind
from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender
from tests.journeys.story import Story


async def kinds(lender: Lender, person: Chatter) -> list[EventKind]:
    dossier = await lender.dossier(person)
    async with unit_of_work(lender.sessions) as session:
        return [event.kind for event in await telemetry.events_of(session, dossier.draft.id)]


class TestGoingBack:
    async def test_asks_the_question_before_and_shows_the_old_answer(
        self, lender: Lender, amina: Chatter
    ) -> None:
        story = Story(lender, amina)
        await story.begins()
        await story.until("region")
        asked = await amina.says("/back")

        assert "When were you born?" in asked
        assert "Your answer now: <b>14 Mar 1991</b>" in asked
        assert "Where do you live?" in await amina.says("15.03.1991")

    async def test_by_the_button_and_beyond_the_first_question(
        self, lender: Lender, amina: Chatter
    ) -> None:
        story = Story(lender, amina)
        await story.begins()
        await story.until("birth_date")

        assert "full name" in await amina.presses("Back")
        assert "first question" in await amina.says("/back")
        assert EventKind.BACK in await kinds(lender, amina)


class TestChanging:
    async def test_an_answer_of_the_summary(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina)
        await story.begins()
        await story.until("review")

        assert "Your answer now: <b>KES 65,000</b>" in await amina.presses("✏️ Monthly income")
        assert "KES 70,000" in await amina.says("70000")
        assert EventKind.CHANGED in await kinds(lender, amina)

    async def test_can_be_thought_better_of(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina)
        await story.begins()
        await story.until("review")
        await amina.presses("✏️ Place")
        said = await amina.presses("Leave it as it is")

        assert "Is everything right?" in said
        assert "Amina Wanjiru Otieno" in said

    async def test_the_number_before_it_is_proven(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).begins()
        await amina.shares_contact("254712000099")

        assert "What is your phone number?" in await amina.presses("Another number")
        lender.clock.move(seconds=40)
        assert "Which code" in await amina.shares_contact("254712000071")


class TestEditing:
    async def test_the_message_corrects_the_answer(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina)
        await story.begins()
        await story.until("full_name")
        message = amina.message(text="Amina Otieno")
        await amina.sends(message)
        said = await amina.edits(message["message"]["message_id"], "Amina Wanjiru Otieno")
        await story.until("review")

        assert "I have changed your answer" in said
        assert "When were you born?" in said
        assert "Amina Wanjiru Otieno" in amina.last.text
        assert EventKind.EDITED in await kinds(lender, amina)

    async def test_to_something_wrong_keeps_the_answer(
        self, lender: Lender, amina: Chatter
    ) -> None:
        story = Story(lender, amina)
        await story.begins()
        await story.until("birth_date")
        message = amina.message(text="14.03.1991")
        await amina.sends(message)
        said = await amina.edits(message["message"]["message_id"], "yesterday")
        await story.until("review")

        assert "cannot read this as a date" in said
        assert "14 Mar 1991" in amina.last.text

    async def test_of_other_messages_changes_nothing(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).begins()

        assert "cannot take this change" in await amina.edits(1, "something")


class TestLeaving:
    async def test_for_a_week_goes_on_at_the_same_question(
        self, lender: Lender, amina: Chatter
    ) -> None:
        story = Story(lender, amina)
        await story.begins()
        await story.until("residence")
        lender.clock.move(days=7)

        assert "What kind of home" in await amina.says("/start")
        assert EventKind.RESUMED in await kinds(lender, amina)

    async def test_for_good_by_cancel_and_back_again(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina)
        await story.begins()
        await story.until("residence")
        await amina.says("/cancel")
        assert "stopped" in await amina.presses("Yes, stop")

        await amina.presses("See the price")
        await amina.presses("Apply")
        assert "Send a photo of your identity document" in await _answered_again(
            lender, amina, await amina.presses("I agree")
        )

    async def test_is_asked_about_first(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).begins()
        await amina.says("/cancel")

        assert "phone number" in await amina.presses("No, go on")


async def _answered_again(lender: Lender, amina: Chatter, said: str) -> str:
    """What is known about the person is not asked again."""
    while (step := await lender.step(amina)) not in ("document", "review", None):
        said = await Story(lender, amina).answer(step)
    return said


async def staff_ask(lender: Lender, person: Chatter) -> Case:
    """A case of the borrower's that waits for an answer."""
    dossier = await lender.dossier(person)
    async with unit_of_work(lender.sessions) as session:
        case, _ = await cases.ask_for_person(session, dossier, text=None, now=lender.clock.now())
        await cases.ask_borrower(
            session, case, staff_id=case.id, question="When did you pay?", now=lender.clock.now()
        )
    return case


async def heard(lender: Lender, case: Case) -> list[str]:
    async with unit_of_work(lender.sessions) as session:
        said = await cases.messages(session, case, now=lender.clock.now())
    return [one.body for one in said if one.kind == "answer"]


class TestAQuestionOfStaff:
    async def test_is_answered_with_a_number_beside_a_loan(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await Story(lender, amina).gets_the_money()
        case = await staff_ask(lender, amina)

        assert "not understand" in await amina.says("/nonsense")
        assert "passed your answer on" in await amina.says("15 November")
        assert await heard(lender, case) == ["15 November"]

    async def test_is_answered_with_a_number_beside_an_offer(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await Story(lender, amina).gets_an_offer()
        case = await staff_ask(lender, amina)

        assert "passed your answer on" in await amina.says("254712")
        assert await heard(lender, case) == ["254712"]

    async def test_leaves_the_code_that_signs_alone(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina)
        await story.gets_an_offer()
        case = await staff_ask(lender, amina)

        assert "Agreed" in await story.signs()
        assert await heard(lender, case) == []

    async def test_leaves_the_code_of_the_phone_alone(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina)
        await story.begins()
        await story.until("phone_code")
        case = await staff_ask(lender, amina)

        assert "full name" in await amina.says(await lender.code(amina))
        assert "passed your answer on" in await amina.says("Yesterday")
        assert await heard(lender, case) == ["Yesterday"]


class TestAnotherLanguage:
    async def test_in_the_middle_asks_the_same_question(
        self, lender: Lender, amina: Chatter
    ) -> None:
        story = Story(lender, amina)
        await story.begins()
        await story.until("employment")
        await amina.says("/language")

        assert "¿Cómo te ganas la vida?" in await amina.presses("Español")
        assert "¿Desde hace cuánto tiempo" in await amina.says("Trabajo en el campo")


class TestAmounts:
    async def test_may_be_typed_as_they_are_shown(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina)
        await story.begins()
        await story.until("income")
        await amina.says("/language")
        await amina.presses("Español")
        message = amina.message(text="65.000")
        await amina.sends(message)
        first = (await lender.dossier(amina)).draft.monthly_income_minor
        await amina.edits(message["message"]["message_id"], "66.000,50")

        assert first == 6_500_000
        assert (await lender.dossier(amina)).draft.monthly_income_minor == 6_600_050


class TestCodes:
    async def test_wrong_ones_are_counted(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina)
        await story.begins()
        await story.until("phone_code")
        right = await lender.code(amina)
        wrong = f"{(int(right) + 1) % 1_000_000:06d}"

        assert "4 more tries" in await amina.says(wrong)
        assert "3 more tries" in await amina.says(wrong)
        assert "full name" in await amina.says(f"{right[:3]} {right[3:]}")

    async def test_can_be_asked_for_again_after_a_pause(
        self, lender: Lender, amina: Chatter
    ) -> None:
        story = Story(lender, amina)
        await story.begins()
        await story.until("phone_code")
        first = await lender.code(amina)

        assert "Please wait" in await amina.presses("Send a new code")
        lender.clock.move(seconds=40)
        assert "new code" in await amina.presses("Send a new code")
        assert await lender.code(amina) != first


class TestCodesThatCannotArrive:
    async def set_contact(self, lender: Lender, **values: object) -> None:
        async with unit_of_work(lender.sessions) as session:
            await session.execute(sa.update(Contact).values(**values))

    async def test_after_stop_say_what_to_do(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina)
        await story.begins()
        await self.set_contact(lender, sms_opted_out_at=lender.clock.now())
        asked = await amina.shares_contact(story.phone)
        lender.clock.move(seconds=40)
        again = await amina.presses("Send a new code")
        await story.until("review")
        await lender.compares_faces(amina)
        await amina.presses("send it")
        signing = await amina.presses("I take this loan")

        assert [said.count("Send START") for said in (asked, again, signing)] == [1, 1, 1]
        assert "new code" in again
        assert "Agreed" in await amina.says(await lender.code(amina))

    async def test_at_a_bad_number_say_what_to_do(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina)
        await story.begins()
        await story.until("phone_code")
        await self.set_contact(lender, phone_bad_at=lender.clock.now())
        lender.clock.move(seconds=40)

        assert "do not arrive" in await amina.presses("Send a new code")
        await amina.presses("Another number")
        lender.clock.move(seconds=40)
        assert "do not arrive" not in await amina.shares_contact(story.phone)


class TestPhotos:
    async def test_that_are_not_good_are_asked_for_again(
        self, lender: Lender, amina: Chatter
    ) -> None:
        story = Story(lender, amina)
        await story.begins()
        await story.until("document")
        await amina.sends_photo(b"dark")
        said = await lender.looks_at_photo(amina, Finding(Problem.TOO_DARK, 10, 80))

        assert "too dark" in said
        assert "Send a photo of your identity document" in said
        await amina.sends_photo(b"better", as_file=True)
        assert "photo of your face" in await lender.looks_at_photo(amina)


class TestAPerson:
    async def test_can_be_asked_for_at_any_question(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina)
        await story.begins()
        await story.until("region")
        said = await amina.says("/human I do not understand")

        assert "A person will help you" in said
        assert "Where do you live?" in await amina.presses("Where am I")

    async def test_of_staff_asks_and_gets_the_answer(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina)
        await story.begins()
        await story.until("review")
        await lender.compares_faces(amina, is_same=False)
        await amina.presses("send it")
        dossier = await lender.dossier(amina)
        assert dossier.case is not None
        async with unit_of_work(lender.sessions) as session:
            case = await cases.get(session, dossier.case.id, lock=True)
            await cases.ask_borrower(
                session, case, staff_id=case.id, question="Is <this> you?", now=lender.clock.now()
            )

        assert "Is &lt;this&gt; you?" in await amina.says("/status")
        assert "passed your answer on" in await amina.says("Yes, I wear a beard now")
        async with unit_of_work(lender.sessions) as session:
            said = await cases.messages(session, dossier.case, now=lender.clock.now())
        assert [one.body for one in said] == ["Is <this> you?", "Yes, I wear a beard now"]
        assert (await lender.dossier(amina)).draft.status is ApplicationStatus.IN_REVIEW
