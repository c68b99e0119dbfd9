"""A verification collects pictures, asks for better ones and is checked once."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from kit.ids import new_id
from kit.state import InvalidTransition
from kyc import queries, verifications
from kyc.models import Verification
from kyc.pictures import Inspection
from kyc.quality import Finding, Problem, Shot
from kyc.states import (
    VERIFICATION,
    VerificationEvent,
    VerificationStatus,
)
from kyc.verifications import MAX_RETAKES, PersonVerdict
from tests.kyc.verified import AMINA, audited, decide, reloaded

GOOD = Inspection(Shot.SELFIE, b"jpeg", 1, ())


BLURRED = Inspection(Shot.SELFIE, b"jpeg", 1, (Finding(Problem.BLURRED, 8.0, 20.0),))


class TestOpen:
    async def test_starts_by_collecting(
        self, session: AsyncSession, verification: Verification
    ) -> None:
        kept = await reloaded(session, verification)

        assert kept.status is VerificationStatus.COLLECTING
        assert kept.problems == kept.reasons == kept.duplicates == []

    async def test_goes_on_with_the_one_under_way(
        self, session: AsyncSession, verification: Verification, now: datetime
    ) -> None:
        assert await verifications.open(session, AMINA, now=now) is verification

    async def test_the_database_keeps_it_to_one_under_way(
        self, session: AsyncSession, verification: Verification, now: datetime
    ) -> None:
        session.add(Verification(borrower_id=AMINA, created_at=now))

        with pytest.raises(IntegrityError):
            await session.flush()

    async def test_begins_anew_after_a_verdict(
        self, session: AsyncSession, doubtful: Verification, now: datetime
    ) -> None:
        decide(session, doubtful, PersonVerdict.REFUSED, now)
        await session.flush()

        again = await verifications.open(session, AMINA, now=now)

        assert again.id != doubtful.id
        assert await queries.find_open(session, AMINA) is again


class TestAskRetake:
    def test_a_good_picture_is_taken(self, verification: Verification) -> None:
        assert not verifications.ask_retake(verification, GOOD)
        assert verification.selfie_retakes == 0

    def test_a_bad_one_is_asked_for_again_but_not_for_ever(
        self, verification: Verification
    ) -> None:
        asked = [verifications.ask_retake(verification, BLURRED) for _ in range(5)]

        assert asked == [True] * MAX_RETAKES + [False] * (5 - MAX_RETAKES)

    def test_counts_each_picture_by_itself(self, verification: Verification) -> None:
        for _ in range(MAX_RETAKES):
            verifications.ask_retake(verification, BLURRED)
        dark = Inspection(Shot.DOCUMENT, b"jpeg", 0, (Finding(Problem.TOO_DARK, 12, 80),))

        assert verifications.ask_retake(verification, dark)
        assert (verification.document_retakes, verification.selfie_retakes) == (1, MAX_RETAKES)

    def test_is_over_when_the_check_runs(self, checking: Verification) -> None:
        with pytest.raises(verifications.VerificationNotCollecting):
            verifications.ask_retake(checking, GOOD)


class TestAttach:
    async def test_a_later_picture_takes_the_place_and_both_are_on_record(
        self, session: AsyncSession, verification: Verification, now: datetime
    ) -> None:
        first, second = new_id(), new_id()

        verifications.attach_document(session, verification, first, now=now)
        verifications.attach_document(session, verification, second, now=now)

        assert (await reloaded(session, verification)).document_blob_id == second
        events = await audited(session, verification)
        assert {event.facts["blob_id"] for event in events} == {str(first), str(second)}

    def test_not_while_the_check_runs(
        self, session: AsyncSession, checking: Verification, now: datetime
    ) -> None:
        with pytest.raises(verifications.VerificationNotCollecting):
            verifications.attach_selfie(session, checking, new_id(), now=now)


class TestBeginCheck:
    def test_needs_both_pictures(
        self, session: AsyncSession, verification: Verification, now: datetime
    ) -> None:
        verifications.attach_document(session, verification, new_id(), now=now)

        with pytest.raises(verifications.PictureMissing) as missing:
            verifications.begin_check(session, verification, now=now)

        assert missing.value.params == {"shot": Shot.SELFIE}

    def test_happens_once(
        self, session: AsyncSession, checking: Verification, now: datetime
    ) -> None:
        with pytest.raises(InvalidTransition):
            verifications.begin_check(session, checking, now=now)


class TestMachine:
    def test_is_drawn_in_the_documentation(self) -> None:
        page = Path(__file__).resolve().parents[2] / "docs" / "kyc.md"

        assert VERIFICATION.mermaid() in page.read_text()

    @pytest.mark.parametrize("final", [VerificationStatus.PASSED, VerificationStatus.REFUSED])
    def test_a_verdict_is_final(self, final: VerificationStatus) -> None:
        assert VERIFICATION.events(final) == frozenset()

    def test_only_a_person_refuses(self) -> None:
        refusing = {
            event
            for (_, event), after in VERIFICATION.table.items()
            if after is VerificationStatus.REFUSED
        }
        assert refusing == {VerificationEvent.DENIED}


class TestGet:
    async def test_an_unknown_one_is_not_found(self, session: AsyncSession) -> None:
        with pytest.raises(queries.VerificationNotFound):
            await queries.get_verification(session, UUID(int=1))
