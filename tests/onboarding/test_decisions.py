"""From a sent application to an answer, an offer and a signature."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.storage import Blob
from onboarding import (
    agreements,
    catalog,
    codes,
    dossiers,
    evidence,
    journey,
    offers,
    reviews,
)
from onboarding.decisioning import Underwriter
from onboarding.models import Agreement
from onboarding.states import ApplicationStatus, CaseKind
from servicing import queries as loans
from servicing.jurisdictions.caps import CapPassed
from servicing.states import LoanStatus
from tests.onboarding.judged import DIFFERENT, SAME, UMA, identified, sent, told
from tests.onboarding.people import SETTINGS, Applicant


class TestSubmit:
    async def test_answers_at_once_when_the_identity_is_proven(
        self, amina: Applicant, underwriter: Underwriter
    ) -> None:
        dossier = await sent(amina, underwriter)

        assert dossier.draft.status is ApplicationStatus.OFFERED
        assert dossier.offer is not None
        assert dossier.offer.amount_minor <= 2_000_000

    async def test_waits_for_a_check_that_is_running(
        self, amina: Applicant, underwriter: Underwriter
    ) -> None:
        dossier = await amina.answers_until(await amina.begins(), None)
        dossier = await journey.submit(amina.session, dossier, underwriter, now=amina.now)
        assert dossier.draft.status is ApplicationStatus.SUBMITTED

        await identified(amina, dossier, SAME, underwriter)
        dossier = await dossiers.of(amina.session, dossier.borrower)
        assert dossier.draft.status is ApplicationStatus.OFFERED
        assert await told(amina.session, "application_news") == 1

    async def test_a_different_face_becomes_a_case(
        self, amina: Applicant, underwriter: Underwriter
    ) -> None:
        dossier = await sent(amina, underwriter, DIFFERENT)

        assert dossier.draft.status is ApplicationStatus.IN_REVIEW
        assert dossier.case is not None
        assert (dossier.case.kind, dossier.case.needs_second) == (CaseKind.IDENTITY, True)

    async def test_an_incomplete_one_is_refused(
        self, amina: Applicant, underwriter: Underwriter
    ) -> None:
        dossier = await amina.answers_until(await amina.begins(), "wallet")

        with pytest.raises(journey.NotAllAnswered):
            await journey.submit(amina.session, dossier, underwriter, now=amina.now)

    async def test_the_document_of_somebody_else_goes_to_a_person(
        self, amina: Applicant, session: AsyncSession, underwriter: Underwriter
    ) -> None:
        dossier = await amina.answers_until(await amina.begins(), None)
        mine = await session.scalar(
            select(Blob.fingerprint).where(Blob.person_id == dossier.borrower.id)
        )
        session.add(
            Blob(
                person_id=uuid4(), kind="document", media_type="image/jpeg", size_bytes=1,
                fingerprint=mine, sealed=b"", created_at=amina.now,
            )
        )  # fmt: skip
        await identified(amina, dossier, SAME, underwriter)
        dossier = await dossiers.of(session, dossier.borrower)
        dossier = await journey.submit(session, dossier, underwriter, now=amina.now)

        assert dossier.draft.status is ApplicationStatus.IN_REVIEW
        assert dossier.case is not None
        assert dossier.case.reasons == ["details_shared_with_another"]

    async def test_someone_who_earns_nothing_is_declined_with_true_reasons(
        self, amina: Applicant, underwriter: Underwriter
    ) -> None:
        dossier = await amina.answers_until(await amina.begins(), "income")
        dossier = await amina.answers(dossier, "0")
        dossier = await amina.answers_until(dossier, None)
        await identified(amina, dossier, SAME, underwriter)
        dossier = await dossiers.of(amina.session, dossier.borrower)
        dossier = await journey.submit(amina.session, dossier, underwriter, now=amina.now)

        assert dossier.draft.status is ApplicationStatus.DECLINED
        assert dossier.draft.decline_reasons
        assert len(dossier.draft.decline_reasons) <= 4


class TestALawThatChanges:
    async def test_makes_a_case_for_staff_who_read_which_cap(
        self, amina: Applicant, underwriter: Underwriter, tmp_path: Path
    ) -> None:
        """In the Philippines 15 % a month until 31 March 2026, 12 % from then on."""
        amina.now = datetime(2026, 3, 31, 8, tzinfo=UTC)
        dossier = await amina.begins()
        await catalog.load(amina.session, dear_product(tmp_path), now=amina.now)
        dossier = await amina.answers_until(dossier, "amount")
        dossier = await amina.answers(dossier, "5000")
        dossier = await amina.answers_until(await amina.answers(dossier, "3m"), None)
        await journey.submit(amina.session, dossier, underwriter, now=amina.now)
        amina.now += timedelta(days=2)
        await identified(amina, dossier, SAME, underwriter)

        dossier = await dossiers.of(amina.session, dossier.borrower)
        case = dossier.case
        assert dossier.draft.status is ApplicationStatus.IN_REVIEW
        assert case is not None
        assert (case.kind, case.reasons) == (CaseKind.CREDIT, ["cap_passed"])
        found = await evidence.of_case(amina.session, case, now=amina.now)
        assert "above the cap of 12 % in the Philippines" in found.messages[0].body

        with pytest.raises(CapPassed):
            async with amina.session.begin_nested():
                await reviews.approve(
                    amina.session, case, staff_id=UMA, note="yes", underwriter=underwriter,
                    now=amina.now,
                )  # fmt: skip
        await amina.session.refresh(case)
        await reviews.decline(
            amina.session, case, staff_id=UMA, reasons=["not_lawful_any_more"], note="no",
            now=amina.now,
        )  # fmt: skip


def dear_product(folder: Path) -> Path:
    """`personal` at some 13 % a month, for the Philippines."""
    (personal,) = (one for one in catalog.read(SETTINGS.products_file) if one["code"] == "personal")
    fees = [{"code": "processing", "percent": "14", "when": "deducted", "to": "lender"}]
    dear = {
        **personal,
        "jurisdiction": "PH",
        "currency": "PHP",
        "amount": {"min": "2000", "max": "10000", "step": "1000", "default": "5000"},
        "terms": {"3m": {"installments": 3, "frequency": "month", "every": 1}},
        "default_term": "3m",
        "loan": {**personal["loan"], "annual_rate_percent": "60", "fees": fees},
    }
    path = folder / "products.yaml"
    path.write_text(yaml.safe_dump({"products": [dear]}))
    return path


class TestOffers:
    async def test_less_and_longer_may_be_chosen_and_no_more(
        self, amina: Applicant, underwriter: Underwriter
    ) -> None:
        dossier = await sent(amina, underwriter)
        offer = dossier.offer
        assert offer is not None
        await offers.adjust(
            amina.session, dossier, amount_minor=1_000_000, term="9m", now=amina.now
        )
        assert (offer.amount_minor, offer.term) == (1_000_000, "9m")

        for amount, term in ((offer.limit_minor + 100, "9m"), (1_000_000, "3m"), (100, "9m")):
            with pytest.raises(offers.OutsideOffer):
                await offers.adjust(
                    amina.session, dossier, amount_minor=amount, term=term, now=amina.now
                )

    async def test_expire(self, amina: Applicant, underwriter: Underwriter) -> None:
        dossier = await sent(amina, underwriter)
        late = amina.now + timedelta(days=7)

        with pytest.raises(offers.OfferExpired):
            offers.current(dossier, now=late)
        await offers.expire(amina.session, now=late, tick=late)
        assert dossier.draft.status is ApplicationStatus.EXPIRED


class TestAgreements:
    async def test_the_code_signs_the_facts_and_opens_one_loan(
        self, amina: Applicant, underwriter: Underwriter, now: datetime
    ) -> None:
        dossier = await sent(amina, underwriter)
        amina.now += timedelta(minutes=2)
        facts = await agreements.request_code(amina.session, dossier, on=now.date(), now=amina.now)
        code = await amina.latest_code(dossier)
        dossier = await agreements.accept(
            amina.session, dossier, code=code, on=now.date(), now=amina.now
        )

        assert dossier.draft.status is ApplicationStatus.ACCEPTED
        signed = await amina.session.scalar(select(Agreement))
        assert signed is not None
        assert signed.key_facts == facts.to_json()
        assert signed.sha256 == agreements.sha256_of(signed.key_facts)
        loan = await loans.find_open_loan(amina.session, dossier.borrower.id)
        assert loan is not None
        assert loan.status is LoanStatus.PENDING_DISBURSEMENT
        rows = await loans.list_installments(amina.session, loan.id)
        due = [row.principal_minor + row.interest_minor + row.fees_minor for row in rows]
        assert due == [row.due.minor for row in facts.rows]

    async def test_a_code_for_other_terms_does_not_sign(
        self, amina: Applicant, underwriter: Underwriter, now: datetime
    ) -> None:
        dossier = await sent(amina, underwriter)
        amina.now += timedelta(minutes=2)
        await agreements.request_code(amina.session, dossier, on=now.date(), now=amina.now)
        code = await amina.latest_code(dossier)
        await offers.adjust(
            amina.session, dossier, amount_minor=1_000_000, term="9m", now=amina.now
        )

        dossier = await agreements.accept(
            amina.session, dossier, code=code, on=now.date(), now=amina.now
        )
        assert isinstance(dossier.problem, codes.CodeExpired)
        assert dossier.draft.status is ApplicationStatus.OFFERED
