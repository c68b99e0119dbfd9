"""A verification from the first picture to its verdict."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from kit.audit import AuditEvent
from kit.crypto import Vault, person_key
from kit.ids import new_id
from kit.state import InvalidTransition
from kyc import checks, queries, verifications
from kyc.checks import CheckResult
from kyc.embedded import face_result
from kyc.faces import FaceComparison, Verdict
from kyc.models import Verification, VerificationCheck
from kyc.pictures import Inspection
from kyc.quality import Finding, Problem, Shot
from kyc.states import (
    VERIFICATION,
    CheckKind,
    CheckVerdict,
    VerificationEvent,
    VerificationStatus,
)
from kyc.verifications import MAX_RETAKES, PersonVerdict

AMINA = new_id()
DISTANCES = {Verdict.SAME: 0.31, Verdict.UNSURE: 0.58, Verdict.DIFFERENT: 0.74}
GOOD = Inspection(Shot.SELFIE, b"jpeg", 1, ())
BLURRED = Inspection(Shot.SELFIE, b"jpeg", 1, (Finding(Problem.BLURRED, 8.0, 20.0),))


def compared(verdict: Verdict, *findings: Finding) -> list[CheckResult]:
    comparison = FaceComparison(
        verdict=verdict,
        distance=DISTANCES[verdict],
        threshold=0.545,
        fmr=1e-3,
        engine="face_recognition-1.3.0",
        faces_found=(1, 1),
        quality={Shot.DOCUMENT: findings, Shot.SELFIE: ()},
        explanation=(f"{verdict}_face",),
        template=np.full(128, 0.25, dtype=np.float32),
    )
    return [face_result(comparison)]


@pytest.fixture
async def verification(session: AsyncSession, now: datetime) -> Verification:
    return await verifications.open(session, AMINA, now=now)


@pytest.fixture
def checking(session: AsyncSession, verification: Verification, now: datetime) -> Verification:
    verifications.attach_document(session, verification, new_id(), now=now)
    verifications.attach_selfie(session, verification, new_id(), now=now)
    verifications.begin_check(session, verification, now=now)
    return verification


@pytest.fixture
async def doubtful(
    session: AsyncSession, vault: Vault, checking: Verification, now: datetime
) -> Verification:
    await verifications.conclude(session, vault, checking, compared(Verdict.DIFFERENT), now=now)
    return checking


async def reloaded(session: AsyncSession, row: Verification) -> Verification:
    number = row.id
    await session.flush()
    session.expire_all()
    return await queries.get_verification(session, number)


async def audited(session: AsyncSession, row: Verification) -> list[AuditEvent]:
    events = await session.scalars(
        select(AuditEvent)
        .where(AuditEvent.subject == f"verification:{row.id}")
        .order_by(AuditEvent.id)
    )
    return list(events)


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
        _decide(session, doubtful, PersonVerdict.REFUSED, now)
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


class TestConclude:
    async def test_passes_a_clear_match_of_good_pictures(
        self, session: AsyncSession, vault: Vault, checking: Verification, now: datetime
    ) -> None:
        await verifications.conclude(session, vault, checking, compared(Verdict.SAME), now=now)

        kept = await reloaded(session, checking)
        assert kept.status is VerificationStatus.PASSED
        assert (kept.concluded_at, kept.decided_by) == (now, "system")
        assert (kept.distance, kept.threshold, kept.fmr) == (0.31, 0.545, 0.001)
        assert kept.reasons == ["same_face"]

    @pytest.mark.parametrize("verdict", [Verdict.UNSURE, Verdict.DIFFERENT])
    async def test_lets_a_person_see_everything_else(
        self,
        session: AsyncSession,
        vault: Vault,
        checking: Verification,
        now: datetime,
        verdict: Verdict,
    ) -> None:
        await verifications.conclude(session, vault, checking, compared(verdict), now=now)

        kept = await reloaded(session, checking)
        assert kept.status is VerificationStatus.NEEDS_PERSON
        assert kept.concluded_at is None
        assert kept.distance == DISTANCES[verdict]

    async def test_a_match_on_a_bad_picture_is_doubtful(
        self, session: AsyncSession, vault: Vault, checking: Verification, now: datetime
    ) -> None:
        glare = Finding(Problem.GLARE, 0.4, 0.25)

        await verifications.conclude(
            session, vault, checking, compared(Verdict.SAME, glare), now=now
        )

        kept = await reloaded(session, checking)
        assert kept.status is VerificationStatus.NEEDS_PERSON
        assert kept.reasons == ["same_face", "document_glare"]
        assert kept.problems == [
            {"shot": "document", "problem": "glare", "measured": 0.4, "limit": 0.25}
        ]

    async def test_seals_the_template_with_the_key_of_the_borrower(
        self, session: AsyncSession, vault: Vault, checking: Verification, now: datetime
    ) -> None:
        seen = compared(Verdict.SAME)
        (template,) = [each.template for each in seen]
        assert template is not None
        await verifications.conclude(session, vault, checking, seen, now=now)
        await session.flush()

        sealed = await session.scalar(
            select(Verification.template).where(Verification.id == checking.id)
        )

        assert sealed is not None
        assert template not in sealed
        key = await person_key(session, vault, AMINA, now=now)
        place = verifications.template_place(checking.id)
        assert key.open(place, sealed) == template

    async def test_pictures_that_cannot_be_compared_go_to_a_person(
        self, session: AsyncSession, vault: Vault, checking: Verification, now: datetime
    ) -> None:
        failed = CheckResult(
            CheckKind.FACE, CheckVerdict.DOUBT, "system", ("picture_check_failed",)
        )

        await verifications.conclude(session, vault, checking, [failed], now=now)

        kept = await reloaded(session, checking)
        assert kept.status is VerificationStatus.NEEDS_PERSON
        assert kept.reasons == ["picture_check_failed"]

    async def test_one_doubt_is_enough_for_a_person_to_look(
        self, session: AsyncSession, vault: Vault, checking: Verification, now: datetime
    ) -> None:
        read = CheckResult(
            CheckKind.DOCUMENT, CheckVerdict.DOUBT, "reader-1", ("document_expired",),
            {"days": 12}, {"number": "L898902C3"},
        )  # fmt: skip

        await verifications.conclude(
            session, vault, checking, [*compared(Verdict.SAME), read], now=now
        )

        kept = await reloaded(session, checking)
        assert kept.status is VerificationStatus.NEEDS_PERSON
        assert kept.reasons == ["same_face", "document_expired"]

    async def test_every_check_of_every_attempt_is_kept_and_what_it_read_is_sealed(
        self, session: AsyncSession, vault: Vault, checking: Verification, now: datetime
    ) -> None:
        read = CheckResult(
            CheckKind.DOCUMENT, CheckVerdict.CLEAR, "reader-1", found={"number": "L898902C3"}
        )
        results = [*compared(Verdict.UNSURE), read]
        await verifications.conclude(session, vault, checking, results, now=now)
        verifications.send_back(
            session, checking, [Shot.SELFIE], actor="staff:ruth", reason="Again", now=now
        )
        verifications.attach_selfie(session, checking, new_id(), now=now)
        verifications.begin_check(session, checking, now=now)
        skipped = CheckResult(CheckKind.DOCUMENT, CheckVerdict.SKIPPED, "reader-1")
        await verifications.conclude(
            session, vault, checking, [*compared(Verdict.SAME), skipped], now=now
        )

        kept = await checks.list_checks(session, await reloaded(session, checking))
        assert checking.status is VerificationStatus.PASSED
        assert [(each.attempt, each.kind.value, each.verdict.value) for each in kept] == [
            (1, "face", "doubt"),
            (1, "document", "clear"),
            (2, "face", "clear"),
            (2, "document", "skipped"),
        ]
        found = [await checks.found(session, vault, checking, each, now=now) for each in kept]
        assert found == [{}, {"number": "L898902C3"}, {}, {}]
        sealed = await session.scalar(
            select(VerificationCheck.found_sealed).where(VerificationCheck.id == kept[1].id)
        )
        assert sealed is not None
        assert b"L898902C3" not in sealed

    async def test_only_while_checking(
        self, session: AsyncSession, vault: Vault, doubtful: Verification, now: datetime
    ) -> None:
        with pytest.raises(InvalidTransition):
            await verifications.conclude(session, vault, doubtful, compared(Verdict.SAME), now=now)


class TestDecideByPerson:
    @pytest.mark.parametrize("verdict", PersonVerdict)
    async def test_settles_it_and_keeps_the_evidence(
        self,
        session: AsyncSession,
        doubtful: Verification,
        now: datetime,
        verdict: PersonVerdict,
    ) -> None:
        pictures = (doubtful.document_blob_id, doubtful.selfie_blob_id)

        _decide(session, doubtful, verdict, now)

        kept = await reloaded(session, doubtful)
        assert kept.status.value == verdict.value
        assert (kept.decided_by, kept.concluded_at) == ("staff:ruth", now)
        assert (kept.document_blob_id, kept.selfie_blob_id) == pictures
        assert kept.reasons == ["different_face"]
        event = (await audited(session, doubtful))[-1]
        assert event.actor == "staff:ruth"
        assert event.facts["reason"] == "Ten years and a beard between the two"

    def test_wants_a_reason(
        self, session: AsyncSession, doubtful: Verification, now: datetime
    ) -> None:
        with pytest.raises(verifications.ReasonMissing):
            _decide(session, doubtful, PersonVerdict.PASSED, now, reason="  ")

    def test_not_before_the_machine_has_looked(
        self, session: AsyncSession, checking: Verification, now: datetime
    ) -> None:
        with pytest.raises(InvalidTransition):
            _decide(session, checking, PersonVerdict.PASSED, now)


class TestSendBack:
    async def test_collects_again_and_remembers_what_was_judged(
        self, session: AsyncSession, vault: Vault, doubtful: Verification, now: datetime
    ) -> None:
        judged = str(doubtful.selfie_blob_id)

        verifications.send_back(
            session, doubtful, list(Shot), actor="staff:ruth", reason="No hat, please", now=now
        )

        kept = await reloaded(session, doubtful)
        assert kept.status is VerificationStatus.COLLECTING
        assert (kept.document_blob_id, kept.selfie_blob_id) == (None, None)
        assert (await audited(session, doubtful))[-1].facts["selfie_blob_id"] == judged

    async def test_the_second_round_can_pass(
        self, session: AsyncSession, vault: Vault, doubtful: Verification, now: datetime
    ) -> None:
        verifications.send_back(
            session, doubtful, list(Shot), actor="staff:ruth", reason="Again", now=now
        )
        verifications.attach_document(session, doubtful, new_id(), now=now)
        verifications.attach_selfie(session, doubtful, new_id(), now=now)
        verifications.begin_check(session, doubtful, now=now)

        await verifications.conclude(session, vault, doubtful, compared(Verdict.SAME), now=now)

        assert doubtful.status is VerificationStatus.PASSED
        assert doubtful.attempts == 2


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


def _decide(
    session: AsyncSession,
    verification: Verification,
    verdict: PersonVerdict,
    now: datetime,
    reason: str = "Ten years and a beard between the two",
) -> None:
    verifications.decide_by_person(
        session, verification, actor="staff:ruth", verdict=verdict, reason=reason, now=now
    )
