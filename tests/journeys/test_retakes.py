"""Staff want new pictures: the chat says which and why, asks again, and the application goes on."""

from uuid import UUID

import pytest
from sqlalchemy import select

from kit.db import unit_of_work
from kit.state import InvalidTransition
from kyc.quality import Shot
from kyc.states import VerificationStatus
from notifications import sealing
from notifications.models import Notification
from onboarding import cases, retakes, reviews
from onboarding.models import Case
from onboarding.retakes import RetakeReason
from onboarding.states import ApplicationStatus, CaseStatus
from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender
from tests.journeys.story import Story

UMA = UUID(int=1)
GLARE = RetakeReason.GLARE


async def doubted(lender: Lender, person: Chatter, *, is_sent: bool = True) -> Case:
    """The two pictures show two people."""
    story = Story(lender, person)
    await story.begins()
    await story.until("review" if is_sent else "income")
    await lender.compares_faces(person, is_same=False)
    if is_sent:
        await person.presses("send it")
    case = (await lender.dossier(person)).case
    assert case is not None
    return case


async def asks_again(lender: Lender, case: Case, *shots: Shot) -> None:
    async with unit_of_work(lender.sessions) as session:
        locked = await cases.get(session, case.id, lock=True)
        await retakes.ask(
            session, locked, shots=shots or tuple(Shot), reason=GLARE, note="light on the card",
            staff_id=UMA, now=lender.clock.now(),
        )  # fmt: skip


async def sends(lender: Lender, person: Chatter, content: bytes = b"new") -> str:
    await person.sends_photo(content)
    return await lender.looks_at_photo(person)


async def seen(lender: Lender, case: Case) -> Case:
    async with unit_of_work(lender.sessions) as session:
        return await cases.get(session, case.id)


class TestAfterItWasSent:
    async def test_both_pictures_are_asked_for_and_a_match_is_decided(
        self, lender: Lender, amina: Chatter
    ) -> None:
        case = await doubted(lender, amina)
        await asks_again(lender, case)

        asked = await amina.says("/status")
        assert "a new photo" in asked
        assert "identity document" in asked
        assert "photo of your face" in await sends(lender, amina)
        assert "comparing your photos" in await sends(lender, amina)
        await lender.compares_faces(amina)
        dossier = await lender.dossier(amina)
        assert dossier.draft.status is ApplicationStatus.OFFERED
        assert (await seen(lender, case)).verdict == "answered"

    async def test_one_picture_is_asked_for_and_the_other_stays(
        self, lender: Lender, amina: Chatter
    ) -> None:
        case = await doubted(lender, amina)
        await asks_again(lender, case, Shot.SELFIE)

        asked = await amina.says("/status")
        assert "photo of your face" in asked
        assert "identity document" not in asked
        assert "comparing your photos" in await sends(lender, amina)
        verification = (await lender.dossier(amina)).verification
        assert verification is not None
        assert verification.status is VerificationStatus.CHECKING
        assert verification.attempts == 2

    async def test_doubt_again_comes_back_to_the_same_case(
        self, lender: Lender, amina: Chatter
    ) -> None:
        case = await doubted(lender, amina)
        await asks_again(lender, case, Shot.SELFIE)
        await sends(lender, amina)
        await lender.compares_faces(amina, is_same=False)

        again = await seen(lender, case)
        assert (again.status, again.needs_second) == (CaseStatus.OPEN, True)
        assert (await lender.dossier(amina)).draft.status is ApplicationStatus.IN_REVIEW

    async def test_words_are_no_picture_and_the_old_ones_cannot_be_judged(
        self, lender: Lender, amina: Chatter
    ) -> None:
        case = await doubted(lender, amina)
        await asks_again(lender, case)

        assert "send a photo" in await amina.says("here it is")
        async with unit_of_work(lender.sessions) as session:
            locked = await cases.get(session, case.id, lock=True)
            with pytest.raises(reviews.PicturesAwaited):
                await reviews.approve(
                    session, locked, staff_id=UMA, note="looks fine",
                    underwriter=lender.underwriter, now=lender.clock.now(),
                )  # fmt: skip

    async def test_the_borrower_may_stop(self, lender: Lender, amina: Chatter) -> None:
        case = await doubted(lender, amina)
        await asks_again(lender, case)
        await amina.says("/cancel")

        assert "stopped" in await amina.presses("Yes, stop")
        assert (await seen(lender, case)).verdict == "withdrawn"


class TestInTheDraft:
    async def test_the_photo_question_comes_back(self, lender: Lender, amina: Chatter) -> None:
        case = await doubted(lender, amina, is_sent=False)
        await asks_again(lender, case, Shot.DOCUMENT)

        assert await lender.step(amina) == "document"
        await sends(lender, amina)
        await lender.compares_faces(amina)
        assert await lender.step(amina) == "income"
        assert (await seen(lender, case)).verdict == "answered"


class TestTheMessage:
    @pytest.mark.parametrize("shots", [(Shot.DOCUMENT,), (Shot.SELFIE,), tuple(Shot)])
    async def test_says_which_and_why(
        self, lender: Lender, amina: Chatter, shots: tuple[Shot, ...]
    ) -> None:
        await asks_again(lender, await doubted(lender, amina), *shots)

        async with unit_of_work(lender.sessions) as session:
            message = await session.scalar(
                select(Notification).where(Notification.template == "pictures_wanted")
            )
            assert message is not None
            params = await sealing.params_of(session, message, now=lender.clock.now())
        assert params == {
            "pictures": "both" if len(shots) > 1 else shots[0],
            "reason": "glare",
            "button": "status",
        }


class TestRefused:
    async def test_while_the_new_ones_are_awaited(self, lender: Lender, amina: Chatter) -> None:
        case = await doubted(lender, amina)
        await asks_again(lender, case)

        with pytest.raises(InvalidTransition):
            await asks_again(lender, case)

    async def test_where_no_pictures_are_judged(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_an_offer()
        async with unit_of_work(lender.sessions) as session:
            case, _ = await cases.ask_for_person(
                session, await lender.dossier(amina), text=None, now=lender.clock.now()
            )

        with pytest.raises(retakes.CaseWithoutPictures):
            await asks_again(lender, case)
