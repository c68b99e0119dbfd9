"""An answer in the words in which the borrower gave it."""

from datetime import date

from bot.screens import prices
from bot.text import Words
from kit.money import Money
from kyc.documents.fields import FieldName
from onboarding.dossiers import Dossier
from onboarding.products import TermNotOffered
from onboarding.questions import QuestionKind
from onboarding.steps import Step, StepKind

_LAST_DIGITS = 3


def field(step_name: str, words: Words) -> str:
    return words.label(f"field-{dashed(step_name)}")


def answer(step: Step, value: str, dossier: Dossier, words: Words) -> str:
    """`value` as the journey knows it (a key, ISO date, decimal amount), as people say it."""
    match step.kind:
        case StepKind.AMOUNT:
            return words.money(Money.parse(value, dossier.draft.currency or ""))
        case StepKind.DATE:
            return words.day(date.fromisoformat(value))
        case StepKind.CONTACT | StepKind.WALLET | StepKind.PHONE:
            return f"•••{value[-_LAST_DIGITS:]}"
        case StepKind.PHOTO | StepKind.VIDEO:
            return words.label("summary-photo")
        case StepKind.CHOICE:
            return choice(step, value, dossier, words)
    return value


def read(field: FieldName, value: str, words: Words) -> str:
    """What stands on a document."""
    is_day = field in (FieldName.BIRTH_DATE, FieldName.EXPIRY_DATE)
    return words.day(date.fromisoformat(value)) if is_day else value


def choice(step: Step, key: str, dossier: Dossier, words: Words) -> str:
    """The label of one answer button."""
    if step.name == "product":
        return prices.product_named(key, words)
    if step.name == "term":
        return _term(key, dossier, words)
    if step.name == "frequency":
        return prices.rhythm(key, words)
    if step.question is not None and step.question.kind is QuestionKind.MONTH:
        return words.month(key)
    return words.label(f"choice-{dashed(step.name)}-{dashed(key)}")


def _term(key: str, dossier: Dossier, words: Words) -> str:
    try:
        return prices.term(dossier.product.term(key), words) if dossier.product else key
    except TermNotOffered:
        return key


def dashed(name: str) -> str:
    return name.replace("_", "-")
