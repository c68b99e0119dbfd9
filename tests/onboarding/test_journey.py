"""The borrower's acts, from consent to the signed agreement, on both databases."""

import contextlib
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.errors import DomainError
from kyc.states import VerificationStatus
from onboarding import answers, codes, journey, saving, steps
from onboarding.models import BehaviorEvent, Borrower, Consent
from onboarding.states import ApplicationStatus
from tests.onboarding.people import ANSWERS, SETTINGS, Applicant


class TestBegin:
    async def test_records_every_consent_with_a_hash_of_its_words(
        self, amina: Applicant, session: AsyncSession
    ) -> None:
        await amina.begins()

        given = (await session.scalars(select(Consent))).all()
        assert {row.document for row in given} == {"privacy", "credit_check", "messages"}
        assert all(len(row.text_sha256) == 64 for row in given)

    async def test_again_takes_up_only_what_was_withdrawn(
        self, amina: Applicant, session: AsyncSession
    ) -> None:
        dossier = await amina.begins()
        await journey.cancel(session, dossier, now=amina.now)
        row = await session.scalar(select(Consent).where(Consent.document == "privacy"))
        assert row is not None
        row.withdrawn_at = amina.now

        await amina.begins()

        assert row.withdrawn_at is None
        assert await session.scalar(select(func.count(Consent.id))) == 3

    async def test_twice_is_one_borrower_and_one_application(
        self, amina: Applicant, session: AsyncSession
    ) -> None:
        first = await amina.begins()
        second = await amina.begins()

        assert first.draft.id == second.draft.id
        assert await session.scalar(select(func.count(Borrower.id))) == 1

    async def test_starts_from_what_the_calculator_showed(self, amina: Applicant) -> None:
        dossier = await amina.begins(journey.Choice("personal", 2_500_000, "9m"))

        assert (dossier.draft.amount_minor, dossier.draft.term) == (2_500_000, "9m")


class TestSteps:
    async def test_come_in_their_order_and_survive_being_read_again(self, amina: Applicant) -> None:
        dossier = await amina.begins()
        asked = []
        while (step := steps.next_step(dossier)) is not None:
            asked.append(step.name)
            dossier = await amina.answers(dossier)

        assert asked == [step.name for step in steps.applying(dossier)]
        assert len(asked) == 18

    async def test_working_time_is_not_asked_of_people_without_work(self, amina: Applicant) -> None:
        dossier = await amina.answers_until(await amina.begins(), "employment")
        dossier = await amina.answers(dossier, "none")

        step = steps.next_step(dossier)
        assert step is not None
        assert step.name == "residence"

    async def test_what_is_personal_is_not_in_clear_text(
        self, amina: Applicant, session: AsyncSession
    ) -> None:
        dossier = await amina.answers_until(await amina.begins(), "employment")

        row = dossier.borrower
        stored = [row.full_name_sealed, row.region_sealed, row.phone_sealed, row.birth_date_sealed]
        assert all(b"Amina" not in value and b"254" not in value for value in stored if value)
        assert await journey.known_value(session, dossier, "full_name", now=amina.now) == (
            "Amina Wanjiru Otieno"
        )


class TestAnswer:
    async def test_of_another_question_is_refused(self, amina: Applicant) -> None:
        dossier = await amina.begins()

        with pytest.raises(saving.StepNotAsked):
            await journey.answer(
                amina.session, dossier, step="amount", settings=SETTINGS, text="5", now=amina.now
            )

    async def test_a_foreign_contact_is_refused(self, amina: Applicant) -> None:
        dossier = await amina.begins()

        with pytest.raises(answers.NotYourContact):
            await journey.answer(
                amina.session, dossier, step="phone", settings=SETTINGS,
                contact=saving.Contact("+254700111222", 999), now=amina.now,
            )  # fmt: skip
        assert dossier.borrower.phone_index is None

    @pytest.mark.parametrize("text", ["abc", "-5", "0", "1e9", "12.345", "9" * 5000, "😀", ""])
    async def test_amounts_that_are_none_change_nothing(self, amina: Applicant, text: str) -> None:
        dossier = await amina.answers_until(await amina.begins(), "amount")
        before = dossier.draft.version

        with pytest.raises(DomainError):
            await journey.answer(
                amina.session, dossier, step="amount", settings=SETTINGS, text=text, now=amina.now
            )
        assert (dossier.draft.amount_minor, dossier.draft.version) == (None, before)

    async def test_a_wallet_of_somebody_else_is_refused(self, amina: Applicant) -> None:
        dossier = await amina.answers_until(await amina.begins(), "wallet")

        with pytest.raises(saving.WalletMustBeYours):
            await amina.answers(dossier, "+254799999999")

    async def test_a_minor_is_told_so(self, amina: Applicant) -> None:
        dossier = await amina.answers_until(await amina.begins(), "birth_date")

        with pytest.raises(answers.TooYoung):
            await amina.answers(dossier, "21.11.2008")


class TestCodes:
    async def test_five_wrong_tries_use_a_code_up(self, amina: Applicant) -> None:
        dossier = await amina.answers_until(await amina.begins(), "phone_code")
        right = await amina.latest_code(dossier)
        wrong = "000000" if right != "000000" else "111111"

        problems = [(await amina.answers(dossier, wrong)).problem for _ in range(5)]
        late = await amina.answers(dossier, right)

        assert [type(problem) for problem in problems] == [codes.CodeWrong] * 4 + [
            codes.CodeExpired
        ]
        assert isinstance(late.problem, codes.CodeExpired)
        assert late.borrower.phone_verified_at is None

    async def test_expire(self, amina: Applicant) -> None:
        dossier = await amina.answers_until(await amina.begins(), "phone_code")
        right = await amina.latest_code(dossier)
        amina.now += codes.LIFETIME

        assert isinstance((await amina.answers(dossier, right)).problem, codes.CodeExpired)

    async def test_are_not_sent_again_at_once_nor_for_ever(self, amina: Applicant) -> None:
        dossier = await amina.answers_until(await amina.begins(), "phone_code")
        with pytest.raises(codes.CodeTooSoon):
            await journey.resend_code(amina.session, dossier, now=amina.now)

        for _ in range(codes.PER_NUMBER_A_DAY - 1):
            amina.now += timedelta(minutes=1)
            await journey.resend_code(amina.session, dossier, now=amina.now)
        amina.now += timedelta(minutes=1)
        with pytest.raises(codes.TooManyCodes):
            await journey.resend_code(amina.session, dossier, now=amina.now)


class TestCorrections:
    async def test_back_asks_the_question_before_and_goes_on_after_it(
        self, amina: Applicant
    ) -> None:
        dossier = await amina.answers_until(await amina.begins(), "residence")
        dossier = await journey.go_back(amina.session, dossier, now=amina.now)
        assert steps.next_step(dossier) is steps.BY_NAME["employment_since"]
        dossier = await journey.go_back(amina.session, dossier, now=amina.now)
        assert steps.next_step(dossier) is steps.BY_NAME["employment"]

        dossier = await amina.answers(dossier, "salaried")
        assert steps.next_step(dossier) is steps.BY_NAME["residence"]
        assert dossier.borrower.employment == "salaried"

    async def test_never_go_back_over_the_phone(self, amina: Applicant) -> None:
        dossier = await amina.answers_until(await amina.begins(), "full_name")

        with pytest.raises(journey.NothingBefore):
            await journey.go_back(amina.session, dossier, now=amina.now)

    @pytest.mark.parametrize("step", ["full_name", "birth_date"])
    async def test_leave_alone_what_the_identity_is_checked_against(
        self, amina: Applicant, step: str
    ) -> None:
        dossier = await amina.answers_until(await amina.begins(), "document")
        dossier = await journey.edit_answer(
            amina.session, dossier, step="full_name", settings=SETTINGS, text="Amina Otieno",
            now=amina.now,
        )  # fmt: skip
        dossier = await journey.change(amina.session, dossier, step, now=amina.now)
        dossier = await journey.keep_answer(amina.session, dossier)
        dossier = await amina.answers_until(dossier, "product")
        assert dossier.verification is not None

        for status in ("CHECKING", "NEEDS_PERSON", "PASSED"):
            dossier.verification.status = VerificationStatus[status]
            with pytest.raises(journey.CannotChange):
                await journey.change(amina.session, dossier, step, now=amina.now)
            with pytest.raises(journey.CannotChange):
                await journey.edit_answer(
                    amina.session, dossier, step=step, settings=SETTINGS, text=ANSWERS[step],
                    now=amina.now,
                )  # fmt: skip
        dossier.draft.asked_step = step  # Before the check began.
        assert steps.next_step(dossier) is steps.BY_NAME["product"]

    async def test_changing_the_product_drops_what_it_does_not_offer(
        self, amina: Applicant
    ) -> None:
        dossier = await amina.answers_until(await amina.begins(), None)
        dossier = await journey.change(amina.session, dossier, "product", now=amina.now)
        dossier = await amina.answers(dossier, "bullet")

        assert (dossier.draft.term, dossier.draft.amount_minor) == (None, 2_000_000)
        assert steps.next_step(dossier) is steps.BY_NAME["term"]

    async def test_are_kept_as_behaviour_without_their_content(
        self, amina: Applicant, session: AsyncSession
    ) -> None:
        dossier = await amina.answers_until(await amina.begins(), "income")
        dossier = await journey.edit_answer(
            session, dossier, step="amount", settings=SETTINGS, text="15000", now=amina.now
        )
        await journey.go_back(session, dossier, now=amina.now)

        kinds = (await session.scalars(select(BehaviorEvent.kind).order_by(BehaviorEvent.id))).all()
        assert kinds[-2:] == ["edited", "back"]
        assert dossier.draft.amount_minor == 1_500_000


class TestCancel:
    async def test_ends_the_application_and_a_new_one_keeps_what_was_proven(
        self, amina: Applicant
    ) -> None:
        dossier = await amina.answers_until(await amina.begins(), "product")
        canceled = await journey.cancel(amina.session, dossier, now=amina.now)
        assert canceled.draft.status is ApplicationStatus.CANCELED

        with contextlib.suppress(DomainError):
            await journey.cancel(amina.session, canceled, now=amina.now)
        again = await amina.begins()
        assert again.draft.id != canceled.draft.id
        assert steps.next_step(again) is steps.BY_NAME["product"]
