"""Every input of a real snapshot says who told it and when; a document may contradict it."""

from datetime import timedelta

import pytest

from kyc import verifications
from kyc.verifications import PersonVerdict
from onboarding import decisioning, dossiers, journey
from onboarding.decisioning import Underwriter
from onboarding.dossiers import Dossier
from scoring import quality
from scoring.quality import Origin
from scoring.snapshot import Signal, Source
from tests.onboarding.judged import SAME, identified
from tests.onboarding.people import SETTINGS, Applicant


async def inputs(amina: Applicant, dossier: Dossier) -> dict[str, Origin]:
    snapshot = await decisioning.take_snapshot(amina.session, dossier, now=amina.now)
    return {each.name: each for each in quality.origins(snapshot)}


class TestFreshness:
    async def test_an_answer_of_a_year_ago_is_a_year_old(
        self, amina: Applicant, underwriter: Underwriter
    ) -> None:
        dossier = await amina.answers_until(await amina.begins(), None)
        await identified(amina, dossier, SAME, underwriter)
        await journey.cancel(amina.session, dossier, now=amina.now)
        amina.now += timedelta(days=365)

        dossier = await amina.answers_until(await amina.begins(), None)

        found = await inputs(amina, dossier)
        assert {name: found[name].age_days for name in ("residence", "monthly_income_minor")} == {
            "residence": 365, "monthly_income_minor": 0,
        }  # fmt: skip
        assert found["face_verdict"].age_days == 365
        assert found["loans_repaid"].age_days == 0
        assert found["residence"].source is Source.TYPED

    async def test_a_corrected_answer_is_as_old_as_its_correction(self, amina: Applicant) -> None:
        dossier = await amina.answers_until(await amina.begins(), None)
        amina.now += timedelta(days=3)
        dossier = await journey.edit_answer(
            amina.session, dossier, step="income", settings=SETTINGS, text="70k", now=amina.now
        )

        found = await inputs(amina, dossier)

        assert (found["monthly_income_minor"].at, found["purpose"].age_days) == (amina.now, 3)


class TestContradictions:
    async def test_what_was_typed_otherwise_is_a_signal_until_a_person_has_looked(
        self, amina: Applicant, underwriter: Underwriter
    ) -> None:
        dossier = await amina.answers_until(await amina.begins(), None)
        await identified(amina, dossier, SAME, underwriter)
        dossier = await dossiers.of(amina.session, dossier.borrower)
        assert dossier.verification is not None
        dossier.verification.reasons = ["typed_birth_date_differs"]

        snapshot = await decisioning.take_snapshot(amina.session, dossier, now=amina.now)
        dossier.verification.decided_by = "staff:1"
        after = await decisioning.take_snapshot(amina.session, dossier, now=amina.now)

        assert Signal.BIRTH_DATE_CONTRADICTS in snapshot.signals
        age = snapshot.given["age_years"]
        assert (age.source, age.confidence) == (Source.TYPED, 0.0)
        assert Signal.BIRTH_DATE_CONTRADICTS not in after.signals

    @pytest.mark.parametrize(
        ("read", "verdict", "source", "confidence"),
        [
            ([], PersonVerdict.PASSED, Source.STAFF, 1.0),
            (["birth_date"], PersonVerdict.PASSED, Source.STAFF, 1.0),
            (["birth_date"], PersonVerdict.REFUSED, Source.TYPED, None),
        ],
    )
    async def test_a_person_who_saw_both_settles_the_age(
        self,
        amina: Applicant,
        underwriter: Underwriter,
        read: list[str],
        verdict: PersonVerdict,
        source: Source,
        confidence: float | None,
    ) -> None:
        dossier = await amina.answers_until(await amina.begins(), None)
        await identified(amina, dossier, SAME, underwriter, "typed_birth_date_differs")
        dossier = await dossiers.of(amina.session, dossier.borrower)
        assert dossier.verification is not None
        dossier.verification.read_fields = read
        before = (await inputs(amina, dossier))["age_years"]
        looked, amina.now = amina.now, amina.now + timedelta(days=2)
        verifications.decide_by_person(
            amina.session, dossier.verification, actor="staff:1", verdict=verdict,
            reason="a slip of the finger", now=amina.now,
        )  # fmt: skip

        found = await inputs(amina, dossier)

        assert (before.source, before.confidence) == (Source.TYPED, 0.0)
        assert (found["age_years"].source, found["age_years"].confidence) == (source, confidence)
        assert (found["face_verdict"].source, found["face_verdict"].at) == (Source.STAFF, amina.now)
        assert {found[name].at for name in ("face_distance", "document_quality")} == {looked}

    async def test_a_document_that_agrees_vouches(
        self, amina: Applicant, underwriter: Underwriter
    ) -> None:
        dossier = await amina.answers_until(await amina.begins(), None)
        await identified(amina, dossier, SAME, underwriter)
        dossier = await dossiers.of(amina.session, dossier.borrower)
        assert dossier.verification is not None
        dossier.verification.read_fields = ["birth_date"]

        found = await inputs(amina, dossier)

        assert (found["age_years"].source, found["age_years"].confidence) == (Source.DOCUMENT, 1.0)
