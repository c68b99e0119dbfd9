"""Answers to the questions that only the product asks: kept with the application."""

from base64 import b64decode, b64encode
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from kit.config import Settings
from kit.crypto import person_key, vault_of
from kit.money import Money
from onboarding import merchants, questions
from onboarding.dossiers import Dossier
from onboarding.models import Application
from onboarding.products import LoanProduct
from onboarding.questions import GUARANTOR, Asking, Question, QuestionKind


async def save(
    session: AsyncSession,
    dossier: Dossier,
    question: Question,
    settings: Settings,
    text: str,
    now: datetime,
) -> None:
    """Read the answer and keep it, and let go of what no longer goes with it."""
    application, product = dossier.draft, dossier.product
    assert product is not None
    zone = ZoneInfo(dossier.borrower.timezone)
    asking = Asking(product.currency, settings.country, now.astimezone(zone).date())
    value = questions.read(question, text, asking)
    if question.kind is QuestionKind.MERCHANT:
        await merchants.get_active(session, value)
    await keep(session, dossier, question, value, now)
    settle(application, product)


async def keep(
    session: AsyncSession, dossier: Dossier, question: Question, value: str, now: datetime
) -> None:
    application = dossier.draft
    if question.personal:
        key = await person_key(session, vault_of(session), dossier.borrower.id, now=now)
        value = b64encode(key.seal(_place(application, question), value)).decode()
    application.answers = {**application.answers, question.code: value}


async def known(
    session: AsyncSession, dossier: Dossier, question: Question, *, now: datetime
) -> str:
    """The answer as it was read. Raises KeyError when there is none."""
    value: str = dossier.draft.answers[question.code]
    if question.kind is QuestionKind.MERCHANT:
        # The name, too: so that one sees at once whether it is the right shop.
        merchant = await merchants.find(session, value)
        return f"{merchant.name} ({value})" if merchant is not None else value
    if not question.personal:
        return value
    key = await person_key(session, vault_of(session), dossier.borrower.id, now=now)
    return key.open_text(_place(dossier.draft, question), b64decode(value))


async def of(session: AsyncSession, dossier: Dossier, *, now: datetime) -> dict[str, str]:
    """All answers in plain words, for staff. Whom the borrower names to us is not among them."""
    return {
        question.code: await known(session, dossier, question, now=now)
        for question in _asked(dossier)
        if question.code in dossier.draft.answers
    }


def impersonal(dossier: Dossier) -> dict[str, str]:
    """The answers that a decision may look at, and that may be stored with it."""
    return {
        question.code: dossier.draft.answers[question.code]
        for question in _asked(dossier)
        if not question.personal and question.code in dossier.draft.answers
    }


def keep_for(application: Application, product: LoanProduct, before: LoanProduct | None) -> None:
    """Another product was chosen: keep the answers to what it asks in the same way."""
    asked = {*product.body.questions, GUARANTOR} & {*_questions(before), GUARANTOR}
    kept = {question.code for question in asked}
    application.answers = {
        code: value for code, value in application.answers.items() if code in kept
    }


def settle(application: Application, product: LoanProduct) -> None:
    """Bring amount and term in line with the product and with what was answered."""
    rhythms = product.rhythms
    if len(rhythms) == 1:
        application.frequency = rhythms[0]
    elif application.frequency not in rhythms:
        application.frequency = None
    until = product.body.until
    if until is not None:
        application.term = (
            product.term_until(application.frequency, application.answers[until])
            if until in application.answers and application.frequency
            else None
        )
    elif application.term not in product.terms_in(application.frequency):
        application.term = None
    if application.amount_minor is not None:
        least, most = product.bound("min"), product.most(application.answers)
        if not least <= Money(application.amount_minor, product.currency) <= most:
            application.amount_minor = None


def _asked(dossier: Dossier) -> tuple[Question, ...]:
    return _questions(dossier.product)


def _questions(product: LoanProduct | None) -> tuple[Question, ...]:
    return product.body.questions if product is not None else ()


def _place(application: Application, question: Question) -> str:
    return f"applications.answers.{application.id}.{question.code}"
