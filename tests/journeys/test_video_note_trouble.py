"""Video notes that are lost, late, no notes at all or sent while nobody looked."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from bot import tasks
from bot import video_notes as job
from kit import job_rows
from kit.db import Sessions
from onboarding import steps
from tests.journeys.chat import Chatter
from tests.journeys.lender import WITH_VIDEO, Lender, open_lender
from tests.journeys.story import SIGNS, Story
from tests.journeys.test_bad_input import everything_bad
from tests.journeys.video_notes import asked_of, is_asked_to_film, records, verification_of


@pytest.fixture
async def lender(sessions: Sessions, now: datetime) -> Lender:
    return await open_lender(sessions, now, WITH_VIDEO)


@pytest.fixture
async def story(lender: Lender, amina: Chatter) -> Story:
    return await is_asked_to_film(lender, amina)


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
