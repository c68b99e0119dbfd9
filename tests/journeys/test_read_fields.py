"""The borrower is shown what was read on the document, confirms it or corrects it."""

import re
from dataclasses import replace

import pytest

from kit import storage
from kit.crypto import vault_of
from kit.db import unit_of_work
from kit.ids import new_id
from kyc import readings
from kyc.documents.confirming import Told
from kyc.documents.fields import Field, FieldName, Source
from kyc.documents.labels import Kind
from kyc.documents.reading import DocumentReading
from kyc.quality import Finding, Problem, Shot
from kyc.verifications import MAX_RETAKES
from onboarding import cases, dossiers, identity, retakes, signals, steps
from onboarding.retakes import RetakeReason
from scoring.behaviour import EventKind
from scoring.snapshot import Signal
from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender
from tests.journeys.story import Story
from tests.journeys.test_bad_input import everything_bad
from tests.journeys.test_conversation import kinds
from tests.journeys.test_retakes import UMA, doubted

NAME = Field("AMINA WANJIRU OTIENO", 0.97, Source.MRZ, ("visual_zone",))
NUMBER = Field("L898902C3", 0.97, Source.MRZ, ("document_number",))
BORN = Field("1991-03-14", 0.97, Source.MRZ, ("birth_date",))
EXPIRES = Field("2034-04-15", 0.8, Source.VISUAL)


def read(kind: Kind = Kind.PASSPORT, **changed: Field) -> DocumentReading:
    fields = {
        FieldName.NAME: NAME,
        FieldName.NUMBER: NUMBER,
        FieldName.BIRTH_DATE: BORN,
        FieldName.EXPIRY_DATE: EXPIRES,
    } | {FieldName(name): field for name, field in changed.items()}
    return DocumentReading(kind, None, False, fields, (), (), ())


async def sends_document(
    lender: Lender, person: Chatter, reading: DocumentReading | None, **answers: str
) -> str:
    story = Story(lender, person, answers=answers)
    await story.begins()
    await story.until("document")
    return await shows(lender, person, reading)


async def shows(lender: Lender, person: Chatter, reading: DocumentReading | None) -> str:
    await person.sends_photo(b"photo")
    return await lender.looks_at_photo(person, reading=reading)


async def told(lender: Lender, person: Chatter) -> Told:
    verification = (await lender.dossier(person)).verification
    assert verification is not None
    async with unit_of_work(lender.sessions) as session:
        row = await session.get_one(type(verification), verification.id)
        found = await readings.opened(session, row, now=lender.clock.now())
    assert found is not None
    return found


class TestWhatWasRead:
    async def test_is_shown_and_confirmed(self, lender: Lender, amina: Chatter) -> None:
        asked = await sends_document(lender, amina, read())

        assert "Is this what your document says?" in asked
        for shown in ("AMINA WANJIRU OTIENO", "L898902C3", "14 Mar 1991", "15 Apr 2034"):
            assert shown in asked
        assert "You wrote" not in asked
        assert "photo of your face" in await amina.presses("That is right")
        verification = (await lender.dossier(amina)).verification
        assert verification is not None
        assert verification.fields_confirmed_at == lender.clock.now()
        assert verification.corrected_fields == []

    @pytest.mark.parametrize(
        "reading", [None, DocumentReading(Kind.UNKNOWN, None, False, {}, (), (), ())]
    )
    async def test_is_not_asked_about_where_it_is_nothing(
        self, lender: Lender, amina: Chatter, reading: DocumentReading | None
    ) -> None:
        assert "photo of your face" in await sends_document(lender, amina, reading)

    async def test_is_shown_only_as_far_as_it_is_sure(self, lender: Lender, amina: Chatter) -> None:
        asked = await sends_document(
            lender, amina,
            read(number=replace(NUMBER, confidence=0.4), birth_date=replace(BORN, value="1991")),
        )  # fmt: skip

        assert "AMINA WANJIRU OTIENO" in asked
        assert "L898902C3" not in asked
        assert "1991" not in asked

    async def test_against_what_was_written_is_said_kindly(
        self, lender: Lender, amina: Chatter
    ) -> None:
        asked = await sends_document(lender, amina, read(), full_name="Zawadi Achieng")

        assert "You wrote: <b>Zawadi Achieng</b>. Please look which one is right." in asked
        again = await amina.presses("What I wrote: name")
        assert "full name" in again
        assert "You wrote" not in await amina.says("Amina Wanjiru Otieno")
        assert await lender.step(amina) == "read_fields"

    async def test_is_asked_about_in_spanish(self, lender: Lender, amina: Chatter) -> None:
        await sends_document(lender, amina, read())
        await amina.says("/language")
        await amina.presses("Español")

        assert "¿Es esto lo que dice tu documento?" in await amina.says("/status")
        assert "Vale hasta: <b>15 abr 2034</b>" in amina.last.text
        assert "foto de tu cara" in await amina.presses("Está bien")


class TestACorrection:
    async def test_is_kept_beside_what_was_read(self, lender: Lender, amina: Chatter) -> None:
        await sends_document(lender, amina, read())

        assert "Until when is the document valid?" in await amina.presses("Valid until")
        asked = await amina.says("15.04.2035")
        assert "15 Apr 2035" in asked
        assert "photo of your face" in await amina.presses("That is right")
        kept = await told(lender, amina)
        assert kept.corrected == {FieldName.EXPIRY_DATE: "2035-04-15"}
        assert kept.read.fields[FieldName.EXPIRY_DATE] == EXPIRES

    async def test_is_no_step_of_its_own_and_no_change_of_mind(
        self, lender: Lender, amina: Chatter
    ) -> None:
        asked = await sends_document(lender, amina, read())
        (place,) = re.findall(r"Step \d+ of \d+", asked)

        assert place in await amina.presses("Number")
        await amina.says("L898902C4")
        assert EventKind.CHANGED not in await kinds(lender, amina)

    async def test_is_a_signal(self, lender: Lender, amina: Chatter) -> None:
        await sends_document(lender, amina, read())
        await amina.presses("Number")
        await amina.says("L898902C4")

        dossier = await lender.dossier(amina)
        async with unit_of_work(lender.sessions) as session:
            found = await signals.of(session, dossier, now=lender.clock.now())
        assert Signal.DOCUMENT_CORRECTED in found

    async def test_back_to_what_was_read_is_none(self, lender: Lender, amina: Chatter) -> None:
        await sends_document(lender, amina, read())
        for number in ("L898902C4", "l 898902 c3"):
            await amina.presses("Number")
            await amina.says(number)

        assert (await told(lender, amina)).corrected == {}
        dossier = await lender.dossier(amina)
        assert dossier.verification is not None
        assert dossier.verification.corrected_fields == []

    async def test_that_cannot_be_read_is_asked_for_again(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await sends_document(lender, amina, read())
        for button, words, said in (
            ("Number", "?", "Please write the number as it stands on the document"),
            ("Born", "yesterday", "date"),
            ("Name", "Amina", "first and last name"),
        ):
            await amina.presses(button)
            assert said in await amina.says(words)
            assert "stands on the document" in amina.last.text
            await amina.says("/back")

    async def test_can_be_left(self, lender: Lender, amina: Chatter) -> None:
        await sends_document(lender, amina, read())
        await amina.presses("Number")

        assert "L898902C3" in await amina.says("/back")
        await amina.presses("Number")
        assert "Is this what" in await amina.presses("Leave it as it is")

    async def test_is_still_asked_after_a_pause(self, lender: Lender, amina: Chatter) -> None:
        await sends_document(lender, amina, read())
        await amina.presses("Number")
        lender.clock.move(days=2)

        assert "Which number stands on the document?" in await amina.says("/start")
        await amina.says("L898902C4")
        assert "Is this what your document says?" in await amina.says("/start")

    async def test_is_possible_until_the_selfie(self, lender: Lender, amina: Chatter) -> None:
        await sends_document(lender, amina, read())
        await amina.presses("That is right")

        assert "Is this what your document says?" in await amina.says("/back")
        await amina.presses("Name")
        await amina.says("Amina Wanjiru Otiena")
        assert "photo of your face" in await amina.presses("That is right")
        assert "Is this what" not in await shows(lender, amina, None)
        assert (await told(lender, amina)).corrected == {FieldName.NAME: "Amina Wanjiru Otiena"}


class TestAnythingElse:
    async def test_gets_one_sentence_and_changes_nothing(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await sends_document(lender, amina, read())
        await everything_bad(lender, amina, steps.BY_NAME["read_fields"].kind)

    async def test_at_the_other_side_gets_one_sentence_and_changes_nothing(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await sends_document(lender, amina, TestTheOtherSide.CARD)
        await everything_bad(lender, amina, steps.BY_NAME["document_back"].kind)

    async def test_asks_for_a_button_that_counts_once(self, lender: Lender, amina: Chatter) -> None:
        await sends_document(lender, amina, read())
        for words in ("yes", "123456"):
            assert "Please press a button" in await amina.says(words)
        assert await lender.step(amina) == "read_fields"
        old, data = amina.last, amina.last.buttons
        await amina.presses("That is right")

        await amina.sends(amina.press(old, data["✅ That is right"]))
        assert await lender.step(amina) == "selfie"


class TestTheOtherSide:
    CARD = DocumentReading(Kind.IDENTITY_CARD, None, False, {FieldName.NAME: NAME}, (), (), ())

    async def test_of_a_card_without_a_zone_is_asked_for(
        self, lender: Lender, amina: Chatter
    ) -> None:
        assert "the other side" in await sends_document(lender, amina, self.CARD)

        asked = await shows(lender, amina, read(Kind.IDENTITY_CARD))
        assert "Is this what your document says?" in asked
        assert "L898902C3" in asked
        verification = (await lender.dossier(amina)).verification
        assert verification is not None
        assert verification.back_blob_id not in (None, verification.document_blob_id)

    async def test_that_somebody_else_sent_is_a_signal(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await sends_document(lender, amina, self.CARD)
        await shows(lender, amina, read(Kind.IDENTITY_CARD))
        dossier, now = await lender.dossier(amina), lender.clock.now()
        same = f"picture of {amina.id} for document_back".encode()

        async with unit_of_work(lender.sessions) as session:
            before = await signals.of(session, dossier, now=now)
            await storage.put(
                session, vault_of(session), person_id=new_id(), kind="document_back",
                content=same, media_type="image/jpeg", now=now,
            )  # fmt: skip
            after = await signals.of(session, dossier, now=now)

        assert after - before == {Signal.DOCUMENT_SHARED}

    async def test_has_its_own_tries(self, lender: Lender, amina: Chatter) -> None:
        blurred = Finding(Problem.BLURRED, 1, 2)
        story = Story(lender, amina)
        await story.begins()
        await story.until("document")
        for _ in range(MAX_RETAKES):
            await amina.sends_photo(b"photo")
            await lender.looks_at_photo(amina, blurred)
        assert "the other side" in await shows(lender, amina, self.CARD)

        await amina.sends_photo(b"photo")
        await lender.looks_at_photo(amina, blurred)
        assert await lender.step(amina) == "document_back"

    async def test_may_be_empty(self, lender: Lender, amina: Chatter) -> None:
        await sends_document(lender, amina, self.CARD)

        assert "AMINA WANJIRU OTIENO" in await amina.presses("Nothing stands there")
        assert "photo of your face" in await amina.presses("That is right")

    async def test_that_cannot_be_read_is_left_to_the_check(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await sends_document(lender, amina, self.CARD)

        assert "photo of your face" in await shows(lender, amina, None)
        dossier = await lender.dossier(amina)
        await shows(lender, amina, None)
        async with unit_of_work(lender.sessions) as session:
            verification = (await dossiers.of(session, dossier.borrower)).verification
            assert verification is not None
            found = await identity.evidence(session, dossier, verification, now=lender.clock.now())
        assert found.told is None
        assert found.back is not None


async def asks_again(lender: Lender, person: Chatter) -> None:
    case = await doubted(lender, person)
    async with unit_of_work(lender.sessions) as session:
        locked = await cases.get(session, case.id, lock=True)
        await retakes.ask(
            session, locked, shots=(Shot.DOCUMENT,), reason=RetakeReason.GLARE, note="light",
            staff_id=UMA, now=lender.clock.now(),
        )  # fmt: skip


class TestAfterItWasSent:
    async def test_a_correction_can_be_left(self, lender: Lender, amina: Chatter) -> None:
        await asks_again(lender, amina)
        await shows(lender, amina, read())

        asked = await amina.presses("Number")
        assert "L898902C3" in asked
        assert "Is this what" in await amina.presses("Leave it as it is")
        await amina.presses("Number")
        assert "Is this what" in await amina.says("/back")

    async def test_the_new_document_is_confirmed_too(self, lender: Lender, amina: Chatter) -> None:
        await asks_again(lender, amina)

        asked = await shows(lender, amina, read())
        assert "Is this what your document says?" in asked
        assert "We need a new photo" not in asked
        assert "Which number" in await amina.presses("Number")
        lender.clock.move(minutes=1)
        assert "L898902C4" in await amina.says("L898902C4")
        assert "comparing your photos" in await amina.presses("That is right")
