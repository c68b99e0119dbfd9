"""What a borrower says to staff arrives: files as answers, and free words to a person."""

import io

import pytest
from aiogram.exceptions import TelegramNetworkError
from aiogram.methods import GetFile
from PIL import Image

from bot import tasks
from kit import storage
from kit.crypto import vault_of
from kit.db import unit_of_work
from kit.errors import TransientFailure
from onboarding import cases
from onboarding.cases import Message
from onboarding.models import Case
from onboarding.states import CaseKind, CaseStatus
from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender
from tests.journeys.story import Story
from tests.journeys.test_conversation import staff_ask

PDF = b"%PDF-1.7 a payslip"


def payslip() -> bytes:
    """A picture that says where it was taken."""
    image = Image.new("RGB", (400, 300), "white")
    exif = image.getexif()
    exif[0x010E] = "taken at home"
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


async def said(lender: Lender, case: Case) -> list[Message]:
    async with unit_of_work(lender.sessions) as session:
        return await cases.messages(session, case, now=lender.clock.now())


async def answers(lender: Lender, case: Case) -> list[str]:
    return [one.body for one in await said(lender, case) if one.kind == "answer"]


async def content(lender: Lender, message: Message) -> bytes:
    assert message.blob_id is not None
    async with unit_of_work(lender.sessions) as session:
        return await storage.read(
            session, vault_of(session), message.blob_id, actor="staff:1", purpose="test",
            now=lender.clock.now(),
        )  # fmt: skip


async def fetched(lender: Lender, person: Chatter, case: Case) -> str:
    """Run the job for the file that was sent last."""
    before = len(person.chat)
    await tasks.file(lender.context, case_id=str(case.id), file_id=list(person.telegram.files)[-1])
    return "\n".join(shown.text for shown in person.chat[before:])


async def sends_document(person: Chatter, content: bytes, mime_type: str, size: int = 100) -> str:
    file_id = f"document{len(person.telegram.files)}"
    person.telegram.files[file_id] = content
    described = {"file_id": file_id, "file_unique_id": file_id, "file_size": size}
    return await person.sends(person.message(document=described | {"mime_type": mime_type}))


async def asks_for_person(lender: Lender, person: Chatter) -> Case:
    await person.says("/human")
    async with unit_of_work(lender.sessions) as session:
        dossier = await lender.dossier(person)
        case = await cases.conversation_of(session, dossier, now=lender.clock.now())
    assert case is not None
    return case


class TestAFileAsAnAnswer:
    async def test_is_kept_without_its_metadata(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()
        case = await staff_ask(lender, amina)

        assert "passing your file on" in await amina.sends_photo(payslip())
        assert "passed your file on" in await fetched(lender, amina, case)
        question, answer = await said(lender, case)
        kept = await content(lender, answer)
        assert (question.kind, answer.kind, answer.body) == ("question", "answer", "")
        assert Image.open(io.BytesIO(kept)).size == (400, 300)
        assert b"taken at home" not in kept
        async with unit_of_work(lender.sessions) as session:
            assert (await cases.get(session, case.id)).status is CaseStatus.OPEN

    async def test_may_be_a_pdf_document(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()
        case = await staff_ask(lender, amina)
        await sends_document(amina, PDF, "application/pdf")
        await fetched(lender, amina, case)

        assert await content(lender, (await said(lender, case))[-1]) == PDF

    async def test_comes_with_its_caption_and_another_page(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await Story(lender, amina).gets_the_money()
        case = await staff_ask(lender, amina)
        for n, words in enumerate(("my payslip", None)):
            file_id = f"page{n}"
            amina.telegram.files[file_id] = PDF + bytes([n])
            described = {"file_id": file_id, "file_unique_id": file_id, "file_size": 100}
            await amina.sends(
                amina.message(document=described | {"mime_type": "application/pdf"}, caption=words)
            )
            await fetched(lender, amina, case)

        assert await answers(lender, case) == ["my payslip", "", ""]

    async def test_is_kept_once_when_the_job_runs_twice(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await Story(lender, amina).gets_the_money()
        case = await staff_ask(lender, amina)
        await amina.sends_photo(payslip())
        for _ in range(2):
            await fetched(lender, amina, case)

        assert await answers(lender, case) == [""]

    async def test_that_cannot_be_read_leaves_the_question_open(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await Story(lender, amina).gets_the_money()
        case = await staff_ask(lender, amina)
        await amina.sends_photo(b"\xff\xd8\xff broken")

        assert "cannot open this photo" in await fetched(lender, amina, case)
        assert await answers(lender, case) == []
        assert "passed your answer on" in await amina.says("It does not work")

    async def test_of_another_kind_or_too_large_is_refused(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await Story(lender, amina).gets_the_money()
        await staff_ask(lender, amina)

        zipped = await sends_document(amina, b"PK", "application/zip")
        large = await sends_document(amina, PDF, "application/pdf", size=11 * 2**20)
        assert "only pass on photos and PDF" in zipped
        assert "larger than 10 MB" in large

    async def test_waits_for_telegram(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()
        case = await staff_ask(lender, amina)
        await amina.sends_photo(payslip())
        amina.telegram.broken.append(TelegramNetworkError(GetFile(file_id="x"), "no route"))

        with pytest.raises(TransientFailure):
            await fetched(lender, amina, case)

    async def test_is_no_answer_to_a_photo_question(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina)
        await story.begins()
        await story.until("document")
        case = await staff_ask(lender, amina)
        await amina.sends_photo(b"photo")
        await lender.looks_at_photo(amina)

        assert await lender.step(amina) == "selfie"
        assert await answers(lender, case) == []


class TestFreeWords:
    async def test_reach_the_person_who_was_asked_for(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()
        case = await asks_for_person(lender, amina)

        assert "passed your message on" in await amina.says("I lost my job")
        assert "passed your message on" in await amina.says("What can I do?")
        assert await answers(lender, case) == ["I lost my job", "What can I do?"]

    async def test_leave_amounts_and_answers_alone(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()
        case = await asks_for_person(lender, amina)
        paying = await amina.says("5000")

        assert "KES 5,000" in paying
        assert await answers(lender, case) == []

    async def test_at_a_question_that_is_not_typed(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina)
        await story.begins()
        case = await asks_for_person(lender, amina)
        first = await amina.says("Why do you need my number?")
        await story.until("phone_code")
        await amina.says("No SMS has come")
        await amina.says("123456")
        await story.until("region")
        await amina.says("Kisumu")

        assert "passed your message on" in first
        assert "What is your phone number?" in first
        assert await answers(lender, case) == ["Why do you need my number?", "No SMS has come"]

    async def test_that_answer_no_question_are_heard_too(
        self, lender: Lender, amina: Chatter
    ) -> None:
        story = Story(lender, amina)
        await story.begins()
        await story.until("birth_date")
        case = await asks_for_person(lender, amina)
        said = await amina.says("I do not know the day")
        mistyped = await amina.says("31.02.1990")

        assert "cannot read this as a date" in said
        assert "passed your message on" in said
        assert "passed" not in mistyped
        assert await lender.step(amina) == "birth_date"
        assert await answers(lender, case) == ["I do not know the day"]

    async def test_without_a_person_are_not_understood(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await Story(lender, amina).gets_the_money()

        assert "did not understand" in await amina.says("I lost my job")

    async def test_belong_to_an_answer_given_just_now(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_an_offer()
        case = await staff_ask(lender, amina)
        async with unit_of_work(lender.sessions) as session:
            (await cases.get(session, case.id, lock=True)).kind = CaseKind.CREDIT
        await amina.says("On Friday")
        await amina.says("or on Saturday")
        lender.clock.move(minutes=11)
        await amina.says("Hello?")

        assert await answers(lender, case) == ["On Friday", "or on Saturday"]

    async def test_are_bounded_in_number_and_length(self, lender: Lender, amina: Chatter) -> None:
        await Story(lender, amina).gets_the_money()
        case = await asks_for_person(lender, amina)
        await amina.says("x" * 4_000)
        for n in range(cases.MESSAGES_AN_HOUR - 1):
            await amina.says(f"please {n}")
        refused = await amina.says("and more")
        kept = await answers(lender, case)
        lender.clock.move(hours=1, seconds=1)

        assert "30 messages in an hour" in refused
        assert (len(kept), len(kept[0])) == (30, cases.LONGEST_MESSAGE)
        assert "passed your message on" in await amina.says("It is me again")
