"""People show in a video note that they are there; whoever cannot is looked at by a person."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot import tasks
from bot import video_notes as job
from kit import job_rows
from kit.audit import AuditEvent
from kit.db import Sessions, unit_of_work
from kit.storage import Blob
from kyc import checks
from kyc.liveness.challenge import Challenge
from kyc.liveness.clips import ClipNotReadable
from kyc.models import Verification
from kyc.states import CheckKind, CheckVerdict, VerificationStatus
from onboarding import dossiers, identity, steps
from onboarding.states import CaseKind
from tests.journeys.chat import Chatter
from tests.journeys.lender import WITH_VIDEO, Lender, open_lender
from tests.journeys.story import SIGNS, Story
from tests.journeys.test_bad_input import everything_bad


@pytest.fixture
async def lender(sessions: Sessions, now: datetime) -> Lender:
    return await open_lender(sessions, now, WITH_VIDEO)


@pytest.fixture
async def story(lender: Lender, amina: Chatter) -> Story:
    """Amina's selfie is good, and the video note is asked for."""
    story = Story(lender, amina)
    await story.begins()
    await story.until("video")
    return story


async def verification_of(lender: Lender, person: Chatter) -> Verification:
    found = (await lender.dossier(person)).verification
    assert found is not None
    return found


async def asked_of(lender: Lender, person: Chatter) -> Challenge:
    document = (await verification_of(lender, person)).challenge
    assert document is not None
    return Challenge.from_json(document)


async def records(lender: Lender, person: Chatter, *reasons: str) -> str:
    """Gets acts to do and answers at once; what is said when it was looked at."""
    await person.presses("I am ready")
    await person.sends_note(at=lender.clock.now())
    return await lender.looks_at_note(person, *reasons)


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


class TestALostNote:
    async def test_is_asked_for_again_and_does_not_count(
        self, lender: Lender, amina: Chatter, story: Story
    ) -> None:
        for _ in range(4):
            await amina.presses("I am ready")
            await amina.sends_note(at=lender.clock.now())
            said = await lender.settles_note(amina, tasks.FileNotFetched())
            assert "I cannot open this file" in said
            assert "I am ready" in " ".join(amina.labels)

        assert "I have your video note" in await records(lender, amina)
        assert (await verification_of(lender, amina)).challenges == 1


class TestNoVideoNote:
    async def test_gets_one_sentence_and_changes_nothing(
        self, lender: Lender, amina: Chatter, story: Story
    ) -> None:
        await everything_bad(lender, amina, steps.BY_NAME["video"].kind)

    @pytest.mark.parametrize(
        "content",
        [
            {"video": {"file_id": "v", "file_unique_id": "v", "width": 1, "height": 1,
                       "duration": 6}},
            {"animation": {"file_id": "v", "file_unique_id": "v", "width": 1, "height": 1,
                           "duration": 6},
             "document": {"file_id": "v", "file_unique_id": "v"}},
            {"document": {"file_id": "v", "file_unique_id": "v", "mime_type": "video/mp4"}},
            {"text": "I am here!"},
        ],
        ids=["video", "animation", "document", "words"],
    )  # fmt: skip
    async def test_is_refused_with_one_sentence(
        self, lender: Lender, amina: Chatter, story: Story, content: dict[str, Any]
    ) -> None:
        await amina.presses("I am ready")
        before = await asked_of(lender, amina)

        said = await amina.sends(amina.message(**content))

        assert "video note" in said.split("\n")[0]
        assert SIGNS[before.acts[0]] in said
        assert await asked_of(lender, amina) == before

    async def test_forwarded(self, lender: Lender, amina: Chatter, story: Story) -> None:
        await amina.presses("I am ready")
        origin = {"type": "user", "date": 1, "sender_user": amina.user}

        said = await amina.sends_note(at=lender.clock.now(), forward_origin=origin)

        assert "a forwarded one does not count" in said
        assert (await lender.dossier(amina)).draft.pending_photo is None

    async def test_before_anything_was_asked(
        self, lender: Lender, amina: Chatter, story: Story
    ) -> None:
        assert "press the first button below" in await amina.sends_note(at=lender.clock.now())

    async def test_from_before_the_question(
        self, lender: Lender, amina: Chatter, story: Story
    ) -> None:
        earlier = lender.clock.now() - timedelta(seconds=5)
        await amina.presses("I am ready")

        assert "recorded before I asked" in await amina.sends_note(at=earlier)

    async def test_too_late(self, lender: Lender, amina: Chatter, story: Story) -> None:
        await amina.presses("I am ready")
        lender.clock.move(seconds=80)

        assert "came too late" in await amina.sends_note(at=lender.clock.now())
        assert "I have your video note" in await records(lender, amina)

    async def test_one_answer_to_a_challenge(
        self, lender: Lender, amina: Chatter, story: Story
    ) -> None:
        await amina.presses("I am ready")
        assert "I am watching" in await amina.sends_note(at=lender.clock.now())

        assert "still watching" in await amina.sends_note(at=lender.clock.now())

    async def test_of_no_size_that_can_be_fetched(
        self, lender: Lender, amina: Chatter, story: Story
    ) -> None:
        await amina.presses("I am ready")
        note = {"file_id": "v", "file_unique_id": "v", "length": 400, "duration": 6,
                "file_size": 21 * 2**20}  # fmt: skip

        said = await amina.sends(
            amina.message(video_note=note, date=int(lender.clock.now().timestamp()))
        )

        assert "larger than 20 MB" in said


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


class TestAPauseAndARestart:
    async def test_in_time_the_same_acts_are_shown(
        self, lender: Lender, amina: Chatter, story: Story
    ) -> None:
        await amina.presses("I am ready")
        before = await asked_of(lender, amina)
        lender.clock.move(seconds=30)

        said = await amina.says("/status")

        assert all(SIGNS[act] in said for act in before.acts)
        assert "within 45 seconds" in said

    async def test_later_other_acts(self, lender: Lender, amina: Chatter, story: Story) -> None:
        await amina.presses("I am ready")
        before = await asked_of(lender, amina)
        lender.clock.move(days=2)

        assert "Show us that you are there" in await amina.says("/start")
        await amina.presses("I am ready")
        assert (await asked_of(lender, amina)).nonce != before.nonce

    async def test_a_note_sent_while_we_were_away_counts(
        self, lender: Lender, amina: Chatter, story: Story
    ) -> None:
        await amina.presses("I am ready")
        sent_at = lender.clock.now() + timedelta(seconds=40)
        lender.clock.move(hours=3)

        assert "I am watching" in await amina.sends_note(at=sent_at)
        assert "I have your video note" in await lender.looks_at_note(amina)

    async def test_the_job_run_again_changes_nothing(
        self, lender: Lender, amina: Chatter, story: Story
    ) -> None:
        await amina.presses("I am ready")
        await amina.sends_note(at=lender.clock.now())
        async with lender.sessions() as session:
            waiting = await job_rows.list_waiting(session, frozenset({"default"}))
        (arguments,) = (row.arguments for row in waiting if row.name == job.NOTE)
        assert arguments.keys() == {"application_id", "nonce", "file_id"}
        await lender.looks_at_note(amina)
        messages = len(amina.chat)

        await job.note(lender.context, **arguments)

        assert len(amina.chat) == messages


class TestWhileItIsLookedAt:
    async def test_going_back_does_not_lose_it(
        self, lender: Lender, amina: Chatter, story: Story
    ) -> None:
        await amina.presses("I am ready")
        await amina.sends_note(at=lender.clock.now())
        assert "How many people" in await amina.says("/back")

        said = await lender.looks_at_note(amina)

        assert "I have your video note" in said
        assert "How many people" in said
        await amina.presses("2")
        assert await lender.step(amina) == "purpose"

    async def test_an_older_photo_that_cannot_be_fetched_changes_nothing(
        self, lender: Lender, amina: Chatter, story: Story
    ) -> None:
        await amina.presses("I am ready")
        await amina.sends_note(at=lender.clock.now())
        number = (await lender.dossier(amina)).draft.id

        await tasks.answer(lender.context, number, "selfie", tasks.FileNotFetched())

        assert "I have your video note" in await lender.looks_at_note(amina)

    async def test_what_is_never_told_does_not_hold_up(
        self, lender: Lender, amina: Chatter, story: Story
    ) -> None:
        await amina.presses("I am ready")
        await amina.sends_note(at=lender.clock.now())
        lender.clock.move(minutes=5)
        assert "I am watching" in await amina.says("/status")
        lender.clock.move(minutes=7)

        assert "Show us that you are there" in await amina.says("/status")
        assert "I have your video note" in await records(lender, amina)


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
