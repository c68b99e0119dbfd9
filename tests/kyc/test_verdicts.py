"""What the machine concludes of a verification, and what a person decides."""

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.crypto import Vault, person_key
from kit.ids import new_id
from kit.state import InvalidTransition
from kyc import checks, verifications
from kyc.checks import CheckResult
from kyc.faces import Verdict
from kyc.models import Verification, VerificationCheck
from kyc.quality import Finding, Problem, Shot
from kyc.states import (
    CheckKind,
    CheckVerdict,
    VerificationStatus,
)
from kyc.verifications import PersonVerdict
from tests.kyc.verified import AMINA, DISTANCES, audited, compared, decide, reloaded


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

        decide(session, doubtful, verdict, now)

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
            decide(session, doubtful, PersonVerdict.PASSED, now, reason="  ")

    def test_not_before_the_machine_has_looked(
        self, session: AsyncSession, checking: Verification, now: datetime
    ) -> None:
        with pytest.raises(InvalidTransition):
            decide(session, checking, PersonVerdict.PASSED, now)


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
