"""What members of staff decide in a case, and what a refused identity means later."""

from typing import Any

import pytest
from sqlalchemy import select

from kit import four_eyes
from kit.audit import AuditEvent
from kyc.states import VerificationStatus
from onboarding import (
    cases,
    dossiers,
    evidence,
    journey,
    reviews,
    steps,
)
from onboarding.decisioning import Underwriter
from onboarding.dossiers import Dossier
from onboarding.states import ApplicationStatus, CaseStatus
from tests.onboarding.judged import DIFFERENT, UMA, USHA, identified, sent, told
from tests.onboarding.people import Applicant


class TestReviews:
    async def test_passing_another_face_needs_two_members_of_staff(
        self, amina: Applicant, underwriter: Underwriter
    ) -> None:
        dossier = await sent(amina, underwriter, DIFFERENT)
        case = dossier.case
        assert case is not None
        act: Any = {"note": "same scar", "underwriter": underwriter, "now": amina.now}

        await reviews.approve(amina.session, case, staff_id=UMA, **act)
        assert case.status.value == "proposed"
        with pytest.raises(four_eyes.SameStaff):
            await reviews.approve(amina.session, case, staff_id=UMA, **act)
        await reviews.approve(amina.session, case, staff_id=USHA, **act)

        dossier = await dossiers.of(amina.session, dossier.borrower)
        assert case.status is CaseStatus.RESOLVED
        assert dossier.verification is not None
        assert dossier.verification.status is VerificationStatus.PASSED
        assert dossier.draft.status is ApplicationStatus.OFFERED

    async def test_declining_tells_the_borrower_why(
        self, amina: Applicant, underwriter: Underwriter
    ) -> None:
        dossier = await sent(amina, underwriter, DIFFERENT)
        assert dossier.case is not None
        await reviews.decline(
            amina.session, dossier.case, staff_id=UMA, reasons=["identity_not_confirmed"],
            note="another person", now=amina.now,
        )  # fmt: skip

        dossier = await dossiers.of(amina.session, dossier.borrower)
        assert dossier.draft.status is ApplicationStatus.DECLINED
        assert dossier.draft.decline_reasons == ["identity_not_confirmed"]
        assert await told(amina.session, "application_news") == 1

    async def test_reasons_that_no_borrower_would_understand_are_refused(
        self, amina: Applicant, underwriter: Underwriter
    ) -> None:
        dossier = await sent(amina, underwriter, DIFFERENT)
        assert dossier.case is not None

        for reasons in ([], ["bad_vibes"], list(reviews.DECLINE_REASONS)):
            with pytest.raises(reviews.ReasonsNeeded):
                await reviews.decline(
                    amina.session, dossier.case, staff_id=UMA, reasons=reasons, note="x",
                    now=amina.now,
                )  # fmt: skip

    async def test_a_question_reaches_the_borrower_and_the_answer_comes_back(
        self, amina: Applicant, underwriter: Underwriter
    ) -> None:
        dossier = await sent(amina, underwriter, DIFFERENT)
        case = dossier.case
        assert case is not None
        await cases.ask_borrower(
            amina.session, case, staff_id=UMA, question="Is the document new?", now=amina.now
        )
        assert dossier.draft.status.value == "questioned"
        assert await told(amina.session, "staff_question") == 1

        assert (await dossiers.of(amina.session, dossier.borrower)).question is case
        await cases.reply(amina.session, case, "Ten years old\u202e.", now=amina.now)
        assert dossier.draft.status is ApplicationStatus.IN_REVIEW
        words = [m.body for m in await cases.messages(amina.session, case, now=amina.now)]
        assert words == ["Is the document new?", "Ten years old ."]

    async def test_evidence_shows_behaviour_with_what_it_means(
        self, amina: Applicant, underwriter: Underwriter
    ) -> None:
        dossier = await sent(amina, underwriter, DIFFERENT)
        assert dossier.case is not None

        found = await evidence.of_case(amina.session, dossier.case, now=amina.now)

        assert set(found.images) == {"document", "selfie"}
        assert {signal.name for signal in found.behaviour} >= {"answers", "median_answer_seconds"}
        assert len(found.decisions) == 1

    async def test_closing_is_no_decision(self, amina: Applicant, underwriter: Underwriter) -> None:
        dossier = await sent(amina, underwriter, DIFFERENT)
        assert dossier.case is not None

        with pytest.raises(reviews.CaseNeedsDecision):
            await reviews.close(
                amina.session, dossier.case, staff_id=UMA, note="done", now=amina.now
            )

    async def test_notes_of_staff_are_in_no_audit_trail(
        self, amina: Applicant, underwriter: Underwriter
    ) -> None:
        dossier = await sent(amina, underwriter, DIFFERENT)
        await refused(amina, dossier, note="Amina from Kisumu, +254712000071")

        facts = (await amina.session.scalars(select(AuditEvent.facts))).all()
        assert "Kisumu" not in str(facts)


async def refused(amina: Applicant, dossier: Dossier, note: str = "forged") -> Dossier:
    assert dossier.case is not None
    await reviews.decline(
        amina.session, dossier.case, staff_id=UMA, reasons=["identity_not_confirmed"],
        note=note, now=amina.now,
    )  # fmt: skip
    return await dossiers.of(amina.session, dossier.borrower)


class TestARefusedIdentity:
    async def test_has_to_be_proven_anew_by_the_next_application(
        self, amina: Applicant, underwriter: Underwriter
    ) -> None:
        await refused(amina, await sent(amina, underwriter, DIFFERENT))

        again = await amina.begins()
        step = steps.next_step(again)
        assert step is not None
        assert step.name == "document"
        again = await amina.answers_until(again, None)
        await identified(amina, again, DIFFERENT, underwriter)
        again = await dossiers.of(amina.session, again.borrower)
        again = await journey.submit(amina.session, again, underwriter, now=amina.now)
        assert again.draft.status is ApplicationStatus.IN_REVIEW
        assert again.case is not None
        assert again.case.needs_second

    async def test_in_the_middle_of_the_questions_is_a_decline_with_its_reason(
        self, amina: Applicant, underwriter: Underwriter
    ) -> None:
        dossier = await amina.answers_until(await amina.begins(), "purpose")
        await identified(amina, dossier, DIFFERENT, underwriter)
        dossier = await refused(amina, await dossiers.of(amina.session, dossier.borrower))

        assert dossier.draft.status is ApplicationStatus.DECLINED
        assert dossier.draft.decline_reasons == ["identity_not_confirmed"]

    async def test_stays_the_evidence_of_its_own_case(
        self, amina: Applicant, underwriter: Underwriter
    ) -> None:
        dossier = await sent(amina, underwriter, DIFFERENT)
        first, case = dossier.draft.reference, dossier.case
        assert case is not None
        await refused(amina, dossier)
        await amina.answers_until(await amina.begins(), "amount")

        found = await evidence.of_case(amina.session, case, now=amina.now)
        assert found.request is not None
        assert found.request["reference"] == first
        assert found.verification is not None
        assert found.verification.status is VerificationStatus.REFUSED
