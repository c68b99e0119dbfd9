"""The job that fetches a photograph: real files through the real check and download."""

import io
from pathlib import Path

import numpy as np
import pytest
from aiogram.exceptions import TelegramNetworkError
from aiogram.methods import GetFile
from aiohttp import ClientPayloadError
from PIL import Image
from sqlalchemy import update

from bot import tasks
from kit import job_rows
from kit.db import unit_of_work
from kit.errors import TransientFailure
from kyc import images
from onboarding.models import Borrower
from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender
from tests.journeys.story import Story
from tests.kyc import drawn


def picture(gray: int) -> bytes:
    pixels = np.full((400, 400, 3), gray, dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture
async def asked(lender: Lender, amina: Chatter) -> Story:
    story = Story(lender, amina)
    await story.begins()
    await story.until("document")
    return story


async def runs(lender: Lender, person: Chatter) -> str:
    """Run the job for the photo that was sent last."""
    application = (await lender.dossier(person)).draft
    assert application.pending_photo is not None
    before = len(person.chat)
    await tasks.photo(
        lender.context,
        application_id=str(application.id),
        step=application.pending_photo,
        file_id=list(person.telegram.files)[-1],
    )
    return "\n".join(shown.text for shown in person.chat[before:])


class TestTheJob:
    async def test_does_not_say_whose_chat_it_was(
        self, lender: Lender, amina: Chatter, asked: Story
    ) -> None:
        await amina.sends_photo(picture(5))

        async with lender.sessions() as session:
            waiting = await job_rows.list_waiting(session, frozenset({"default"}))
        (arguments,) = (row.arguments for row in waiting if row.name == tasks.PHOTO)
        assert arguments.keys() == {"application_id", "step", "file_id"}

    async def test_of_somebody_who_was_erased_since_tells_nobody(
        self, lender: Lender, amina: Chatter, asked: Story
    ) -> None:
        await amina.sends_photo(b"%PDF-1.7 not a photo", as_file=True)
        application = (await lender.dossier(amina)).draft
        async with unit_of_work(lender.sessions) as session:
            await session.execute(update(Borrower).values(telegram_id=None))
        messages = len(amina.chat)

        await tasks.photo(
            lender.context, application_id=str(application.id), step="document",
            file_id=list(amina.telegram.files)[-1],
        )  # fmt: skip

        assert len(amina.chat) == messages

    async def test_names_what_is_wrong_with_a_picture(
        self, lender: Lender, amina: Chatter, asked: Story
    ) -> None:
        assert "I am looking at your photo" in await amina.sends_photo(picture(5))

        said = await runs(lender, amina)
        assert "too dark" in said or "cannot see a face" in said
        assert "Send a photo of your identity document" in said

    async def test_refuses_what_is_no_picture(
        self, lender: Lender, amina: Chatter, asked: Story
    ) -> None:
        await amina.sends_photo(b"%PDF-1.7 not a photo", as_file=True)

        assert "I can only read photos" in await runs(lender, amina)
        assert await lender.step(amina) == "document"

    async def test_run_twice_asks_once(self, lender: Lender, amina: Chatter, asked: Story) -> None:
        await amina.sends_photo(picture(5))
        application = (await lender.dossier(amina)).draft
        await runs(lender, amina)
        messages = len(amina.chat)
        await tasks.photo(
            lender.context,
            application_id=str(application.id),
            chat_id=amina.id,  # As older jobs have it.
            step="document",
            file_id=list(amina.telegram.files)[-1],
        )

        assert len(amina.chat) == messages

    @pytest.mark.parametrize(
        "away",
        [
            TelegramNetworkError(GetFile(file_id="x"), "no route"),
            ClientPayloadError("cut off"),
            TimeoutError(),
        ],
        ids=lambda away: type(away).__name__,
    )
    async def test_tries_again_when_telegram_is_away(
        self, lender: Lender, amina: Chatter, asked: Story, away: Exception
    ) -> None:
        await amina.sends_photo(picture(5))
        amina.telegram.broken.append(away)

        with pytest.raises(TransientFailure):
            await runs(lender, amina)

    async def test_a_face_is_no_document(
        self, lender: Lender, amina: Chatter, asked: Story
    ) -> None:
        await amina.sends_photo(images.encode(drawn.portrait(drawn.LINA)))

        assert "I cannot see a document" in await runs(lender, amina)
        assert await lender.step(amina) == "document"

    async def test_takes_a_passport_and_shows_what_it_read(
        self, lender: Lender, amina: Chatter, asked: Story, tmp_path: Path
    ) -> None:
        passport = drawn.passport_file(tmp_path, drawn.face_file(tmp_path, drawn.LINA))
        await amina.sends_photo(passport.read_bytes())

        assert "Your photo is good" in await runs(lender, amina)
        assert "Is this what your document says?" in amina.last.text
        assert await lender.step(amina) == "read_fields"
