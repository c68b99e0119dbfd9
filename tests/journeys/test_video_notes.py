"""People show in a video note that they are there; whoever cannot is looked at by a person."""

from datetime import datetime

import pytest
from sqlalchemy import select

from kit.audit import AuditEvent
from kit.db import Sessions, unit_of_work
from kit.storage import Blob
from kyc import checks
from kyc.liveness.clips import ClipNotReadable
from kyc.states import CheckKind, CheckVerdict, VerificationStatus
from onboarding import dossiers, identity
from onboarding.states import CaseKind
from tests.journeys.chat import Chatter
from tests.journeys.lender import WITH_VIDEO, Lender, open_lender
from tests.journeys.story import SIGNS, Story
from tests.journeys.video_notes import asked_of, is_asked_to_film, records, verification_of


@pytest.fixture
async def lender(sessions: Sessions, now: datetime) -> Lender:
    return await open_lender(sessions, now, WITH_VIDEO)


@pytest.fixture
async def story(lender: Lender, amina: Chatter) -> Story:
    return await is_asked_to_film(lender, amina)


class TestAsking:
    async def test_acts_are_told_only_to_who_is_ready(
        self, lender: Lender, amina: Chatter, story: Story
    ) -> None:
        assert "Show us that you are there" in amina.last.text
        assert not any(sign in amina.last.text for sign in SIGNS.values())

        said = await amina.presses("I am ready")

        acts = [str(act) for act in (await asked_of(lender, amina)).acts]
        places = [said.index(SIGNS[act]) for act in acts]
        assert places == sorted(places)
        assert sum(sign in said for sign in SIGNS.values()) == 3
        assert "within 75 seconds" in said

    async def test_in_spanish(self, lender: Lender, amina: Chatter, story: Story) -> None:
        await amina.says("/language")
        assert "Muéstranos que estás ahí" in await amina.presses("Español")
        assert "75 segundos" in await amina.presses("Ya puedo")

    async def test_help_says_how(self, amina: Chatter, story: Story) -> None:
        assert "How do I record a video note?" in await amina.says("/help")

    async def test_back_and_a_correction_lead_here_again(
        self, lender: Lender, amina: Chatter, story: Story
    ) -> None:
        said = await amina.says("/back")
        assert "How many people" in said
        assert "Show us that you are there" in await amina.presses("2")

    async def test_is_not_asked_where_the_lender_does_without(
        self, sessions: Sessions, now: datetime
    ) -> None:
        lender = await open_lender(sessions, now, WITH_VIDEO.model_copy(update={"liveness": "off"}))
        amina = lender.chatter()
        story = Story(lender, amina)
        await story.begins()
        await story.until("selfie")
        await story.answer("selfie")

        assert await lender.step(amina) == "purpose"


class TestRightActs:
    async def test_are_kept_and_checked_with_the_pictures(
        self, lender: Lender, amina: Chatter, story: Story
    ) -> None:
        assert "I have your video note" in await records(lender, amina)
        assert await lender.step(amina) == "purpose"

        verification = await verification_of(lender, amina)
        assert verification.status is VerificationStatus.CHECKING
        async with unit_of_work(lender.sessions) as session:
            kept = await checks.find(session, verification, CheckKind.LIVENESS)
            assert kept is not None
            assert kept.verdict is CheckVerdict.CLEAR
            dossier = await dossiers.get(session, verification.borrower_id)
            assert dossier.verification is not None
            evidence = await identity.evidence(
                session, dossier, dossier.verification, now=lender.clock.now()
            )
            blob = await session.get_one(Blob, verification.clip_blob_id)
            assert (blob.kind, blob.media_type) == ("clip", "video/mp4")
        assert (evidence.clip, evidence.challenge) == (b"film", verification.challenge)

    async def test_a_whole_loan_goes_through_it(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()

        assert (await lender.dossier(amina)).loan is not None
        assert (await verification_of(lender, amina)).status is VerificationStatus.PASSED


class TestWrongActs:
    async def test_then_right_ones(self, lender: Lender, amina: Chatter, story: Story) -> None:
        said = await records(lender, amina, "blink_twice_not_found")
        assert "I did not see you blink twice" in said
        assert "I am ready" in " ".join(amina.labels)
        assert (await verification_of(lender, amina)).clip_blob_id is None

        assert "I have your video note" in await records(lender, amina)
        assert (await verification_of(lender, amina)).challenges == 2

    async def test_what_only_a_cheat_would_ask_is_not_told(
        self, lender: Lender, amina: Chatter, story: Story
    ) -> None:
        said = await records(lender, amina, "flat_picture", "cut")
        assert "I could not see everything well" in said

    async def test_three_times_lead_to_a_person(
        self, lender: Lender, amina: Chatter, story: Story
    ) -> None:
        for _ in range(2):
            assert "other movements" in await records(lender, amina, "face_lost")
        said = await records(lender, amina, "face_lost")

        assert "I have your video note" in said
        await lender.compares_faces(amina)
        verification = await verification_of(lender, amina)
        assert verification.status is VerificationStatus.NEEDS_PERSON
        case = (await lender.dossier(amina)).case
        assert case is not None
        assert (case.kind, "face_lost" in case.reasons) == (CaseKind.IDENTITY, True)

    async def test_another_face_than_the_selfie_goes_to_a_person_at_once(
        self, lender: Lender, amina: Chatter, story: Story
    ) -> None:
        await records(lender, amina, "selfie_different_face", "document_different_face")

        await lender.compares_faces(amina, is_same=False)
        assert "selfie_different_face" in (await verification_of(lender, amina)).reasons

    async def test_a_broken_film_is_not_kept(
        self, lender: Lender, amina: Chatter, story: Story
    ) -> None:
        for _ in range(2):
            await amina.presses("I am ready")
            await amina.sends_note(at=lender.clock.now())
            said = await lender.settles_note(amina, ClipNotReadable())
            assert "cut off or damaged" in said
        await amina.presses("I am ready")
        await amina.sends_note(at=lender.clock.now())

        said = await lender.settles_note(amina, ClipNotReadable())

        assert "One of our people" in said
        verification = await verification_of(lender, amina)
        assert (verification.clip_blob_id, verification.clip_waived) == (
            None,
            "challenges_used_up",
        )


class TestCannotDoThis:
    @pytest.mark.parametrize("is_ready", [False, True])
    async def test_leads_to_a_person_without_a_penalty(
        self, lender: Lender, amina: Chatter, story: Story, is_ready: bool
    ) -> None:
        if is_ready:
            await amina.presses("I am ready")

        said = await amina.presses("I cannot do this")

        assert "One of our people will look at your photos" in said
        assert await lender.step(amina) == "purpose"
        verification = await verification_of(lender, amina)
        assert verification.clip_waived == "cannot_do_acts"
        assert verification.status is VerificationStatus.CHECKING

    async def test_using_up_all_challenges_without_an_answer(
        self, lender: Lender, amina: Chatter, story: Story
    ) -> None:
        for _ in range(3):
            await amina.presses("I am ready")
            lender.clock.move(seconds=80)
            said = await amina.says("/status")

        assert "You need no video note any more" in said
        late = await amina.sends_note(at=lender.clock.now())
        assert late.startswith("Your video note came too late.\n\n")
        assert "One of our people" in await amina.presses("Continue")
        waived = (await verification_of(lender, amina)).clip_waived
        assert waived == "challenges_used_up"


class TestTheRecord:
    async def test_says_what_was_asked_and_answered(
        self, lender: Lender, amina: Chatter, story: Story
    ) -> None:
        await records(lender, amina, "cut")
        await records(lender, amina)

        verification = await verification_of(lender, amina)
        async with unit_of_work(lender.sessions) as session:
            rows = await session.scalars(
                select(AuditEvent)
                .where(AuditEvent.subject == f"verification:{verification.id}")
                .order_by(AuditEvent.id)
            )
            acts = [row.action.removeprefix("verification.") for row in rows]
        assert acts[2:] == ["challenge", "clip_not_good", "challenge", "clip", "completed"]
