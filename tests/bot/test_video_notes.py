"""The job that fetches a video note: real films through the real download, worker and judge."""

import io
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import update

from bot import tasks, video_notes
from kit.db import unit_of_work
from kit.storage import Blob
from kyc import checks, images
from kyc.liveness import clips
from kyc.liveness.challenge import Act
from kyc.models import Verification
from kyc.pictures import Inspection
from kyc.quality import Shot
from kyc.states import CheckKind, CheckVerdict
from onboarding.dossiers import Dossier
from sandbox.specimens import films
from tests.journeys.chat import Chatter
from tests.journeys.lender import WITH_VIDEO, Lender, open_lender
from tests.journeys.story import Story
from tests.kyc import drawn

ACTS = (Act.OPEN_MOUTH, Act.TURN_RIGHT)


@pytest.fixture
async def lender(lender: Lender) -> Lender:
    return await open_lender(lender.sessions, lender.clock.now(), WITH_VIDEO)


async def is_ready(lender: Lender, amina: Chatter) -> Dossier:
    """Document and selfie show the drawn Lina, and these acts are asked for."""
    story = Story(lender, amina)
    await story.begins()
    await story.until("document")
    face = images.encode(drawn.portrait(drawn.LINA, width=420, smile=0.5))
    for shot in Shot:
        await amina.sends_photo(face)
        seen = Inspection(shot, face, faces_found=1, findings=())
        await tasks.answer(lender.context, (await lender.dossier(amina)).draft.id, shot, seen)
    await amina.presses("I am ready")
    dossier = await lender.dossier(amina)
    assert dossier.verification is not None
    asked = {**(dossier.verification.challenge or {}), "acts": [str(act) for act in ACTS]}
    async with unit_of_work(lender.sessions) as session:
        await session.execute(update(Verification).values(challenge=asked))
    return await lender.dossier(amina)


async def runs(lender: Lender, person: Chatter, content: bytes) -> str:
    """Send this as a video note and run the job; what is said then."""
    await person.sends_note(content, at=lender.clock.now())
    dossier = await lender.dossier(person)
    assert dossier.verification is not None
    assert dossier.verification.challenge is not None
    before = len(person.chat)
    await video_notes.note(
        lender.context, application_id=str(dossier.draft.id),
        nonce=dossier.verification.challenge["nonce"], file_id=list(person.telegram.files)[-1],
    )  # fmt: skip
    return "\n".join(shown.text for shown in person.chat[before:])


def acted(acts: Sequence[Act]) -> bytes:
    return films.record_clearly(drawn.portrait(drawn.LINA, width=420, smile=0.5), acts, seed=5)


@pytest.mark.parametrize("shared_url", ["sqlite"], indirect=True)
class TestTheJob:
    async def test_keeps_a_living_person(self, lender: Lender, amina: Chatter) -> None:
        await is_ready(lender, amina)
        film = acted(ACTS)

        assert "I have your video note" in await runs(lender, amina, film)

        verification = (await lender.dossier(amina)).verification
        assert verification is not None
        async with unit_of_work(lender.sessions) as session:
            kept = await checks.find(session, verification, CheckKind.LIVENESS)
            assert kept is not None
            assert kept.verdict is CheckVerdict.CLEAR
            assert kept.numbers["faces"]["frames"] == 5
            assert kept.numbers["faces"]["selfie"] is not None
            assert kept.numbers["faces"]["document"] is not None
            blob = await session.get_one(Blob, verification.clip_blob_id)
            await session.refresh(blob, ["sealed"])
            assert film[:200] not in blob.sealed

    async def test_tells_what_it_did_not_see(self, lender: Lender, amina: Chatter) -> None:
        await is_ready(lender, amina)

        said = await runs(lender, amina, acted(ACTS[:1]))

        assert "I did not see you turn your head to your right" in said
        assert "I am ready" in " ".join(amina.labels)

    async def test_a_picture_is_no_film(self, lender: Lender, amina: Chatter) -> None:
        await is_ready(lender, amina)
        picture = io.BytesIO()
        Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(picture, "JPEG")

        assert "I can only watch video notes" in await runs(lender, amina, picture.getvalue())


async def test_no_more_is_fetched_than_is_looked_at(lender: Lender, amina: Chatter) -> None:
    amina.telegram.files["large"] = bytes(2 * 2**20)

    with pytest.raises(clips.ClipTooLarge):
        await tasks.download(lender.bot, "large", clips.ClipTooLarge, 2**20)
