"""What we still have to ask, in which order. The rows are the conversation's only memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial

from kyc.documents.fields import FieldName
from kyc.states import VerificationStatus
from onboarding import read_fields
from onboarding.dossiers import Dossier
from onboarding.products import LoanProduct
from onboarding.questions import GUARANTOR, MONTHS, Question, QuestionKind


class StepKind(StrEnum):
    CONTACT = "contact"
    CODE = "code"
    TEXT = "text"
    DATE = "date"
    CHOICE = "choice"
    AMOUNT = "amount"
    NUMBER = "number"
    PHOTO = "photo"
    VIDEO = "video"
    WALLET = "wallet"
    PHONE = "phone"
    CONFIRM = "confirm"


EMPLOYMENT = ("salaried", "self_employed", "casual", "farmer", "pensioner", "student", "none")
EMPLOYMENT_SINCE = ("under_1_year", "1_to_4_years", "4_to_7_years", "over_7_years")
RESIDENCE = ("own", "rent", "free")
DEPENDENTS = ("0", "1", "2", "3", "4", "5")
PURPOSES = ("business", "stock", "school", "medical", "home", "farming", "emergency", "other")


@dataclass(frozen=True)
class Step:
    """One question. `choices` are stable keys; their words belong to the face that shows them."""

    name: str
    kind: StepKind
    is_answered: Callable[[Dossier], bool]
    choices: tuple[str, ...] = ()
    applies: Callable[[Dossier], bool] = lambda _: True
    question: Question | None = None
    """The product's own question that is asked here."""


def _borrower(column: str) -> Callable[[Dossier], bool]:
    return lambda dossier: getattr(dossier.borrower, column) is not None


def _application(column: str) -> Callable[[Dossier], bool]:
    return lambda dossier: getattr(dossier.draft, column) is not None


def _picture(column: str) -> Callable[[Dossier], bool]:
    """An identity that was passed before is not asked for again; one that was refused is."""

    def is_answered(dossier: Dossier) -> bool:
        verification = dossier.verification
        if verification is None or verification.status is VerificationStatus.REFUSED:
            return False
        return getattr(verification, column) is not None

    return is_answered


def _film(dossier: Dossier) -> bool:
    """Also when a person looks in its place, or the check went on without one."""
    verification = dossier.verification
    if verification is None or verification.status is VerificationStatus.REFUSED:
        return False
    is_settled = verification.clip_blob_id is not None or verification.clip_waived is not None
    return is_settled or verification.status is not VerificationStatus.COLLECTING


def _wants_film(dossier: Dossier) -> bool:
    """The lender's rule when the verification was opened."""
    return dossier.verification is None or dossier.verification.clip_wanted


def _wants_back(dossier: Dossier) -> bool:
    """The document has another side, which is asked for, or was and came."""
    verification = dossier.verification
    return verification is not None and (
        verification.wants_back or verification.back_blob_id is not None
    )


def _was_read(dossier: Dossier) -> bool:
    """On the document, and well enough to put it before the borrower."""
    verification = dossier.verification
    return verification is not None and bool(verification.read_fields)


def _works(dossier: Dossier) -> bool:
    return dossier.borrower.employment != "none"


def _suits(dossier: Dossier) -> bool:
    """The product that was chosen is for this borrower, as far as they have answered."""
    product, application = dossier.product, dossier.draft
    if application.product is None:
        return False
    return product is None or product.is_for(
        dossier.borrower.employment, application.monthly_income_minor
    )


def _with_product(said: Callable[[LoanProduct], bool]) -> Callable[[Dossier], bool]:
    """What is asked unless the product says otherwise; before one is chosen, everything."""
    return lambda dossier: dossier.product is None or said(dossier.product)


def _has_rhythms(dossier: Dossier) -> bool:
    return dossier.product is not None and len(dossier.product.rhythms) > 1


def _needs_guarantor(dossier: Dossier) -> bool:
    product = dossier.product
    return product is not None and product.needs_guarantor(dossier.draft.amount_minor)


_KINDS = {
    QuestionKind.AMOUNT: StepKind.AMOUNT,
    QuestionKind.NUMBER: StepKind.NUMBER,
    QuestionKind.TEXT: StepKind.TEXT,
    QuestionKind.CHOICE: StepKind.CHOICE,
    QuestionKind.DATE: StepKind.DATE,
    QuestionKind.MONTH: StepKind.CHOICE,
    QuestionKind.MERCHANT: StepKind.TEXT,
    QuestionKind.PHONE: StepKind.PHONE,
}


@cache
def step_of(question: Question, applies: Callable[[Dossier], bool] = lambda _: True) -> Step:
    return Step(
        question.code,
        _KINDS[question.kind],
        lambda dossier: question.code in dossier.draft.answers,
        MONTHS if question.kind is QuestionKind.MONTH else question.choices,
        applies,
        question,
    )


STEPS = (
    Step("phone", StepKind.CONTACT, _borrower("phone_index")),
    Step("phone_code", StepKind.CODE, _borrower("phone_verified_at")),
    Step("full_name", StepKind.TEXT, _borrower("full_name_sealed")),
    Step("birth_date", StepKind.DATE, _borrower("birth_date_sealed")),
    Step("region", StepKind.TEXT, _borrower("region_sealed")),
    Step("employment", StepKind.CHOICE, _borrower("employment"), EMPLOYMENT),
    Step(
        "employment_since",
        StepKind.CHOICE,
        _borrower("employment_since"),
        EMPLOYMENT_SINCE,
        applies=_works,
    ),
    Step("residence", StepKind.CHOICE, _borrower("residence"), RESIDENCE),
    Step("dependents", StepKind.CHOICE, _borrower("dependents"), DEPENDENTS),
    Step("document", StepKind.PHOTO, _picture("document_blob_id")),
    Step("document_back", StepKind.PHOTO, _picture("back_blob_id"), applies=_wants_back),
    Step("read_fields", StepKind.CONFIRM, _picture("fields_confirmed_at"), applies=_was_read),
    Step("selfie", StepKind.PHOTO, _picture("selfie_blob_id")),
    Step("video", StepKind.VIDEO, _film, applies=_wants_film),
    Step("product", StepKind.CHOICE, _suits),
    Step("amount", StepKind.AMOUNT, _application("amount_minor")),
    Step("frequency", StepKind.CHOICE, _application("frequency"), applies=_has_rhythms),
    Step(
        "term",
        StepKind.CHOICE,
        _application("term"),
        applies=_with_product(lambda product: product.body.until is None),
    ),
    step_of(GUARANTOR, _needs_guarantor),
    Step(
        "purpose",
        StepKind.CHOICE,
        _application("purpose"),
        PURPOSES,
        applies=_with_product(lambda product: product.body.purpose is None),
    ),
    Step("income", StepKind.AMOUNT, _application("monthly_income_minor")),
    Step("obligations", StepKind.AMOUNT, _application("monthly_obligations_minor")),
    Step(
        "wallet",
        StepKind.WALLET,
        _application("wallet_index"),
        applies=_with_product(lambda product: product.body.payout == "borrower"),
    ),
)
"""What every product asks; a product's own questions come before its amount."""
_OWN_FROM = next(n for n, step in enumerate(STEPS) if step.name == "amount")
CORRECTIONS = tuple(
    Step(
        name,
        StepKind.DATE if field in (FieldName.BIRTH_DATE, FieldName.EXPIRY_DATE) else StepKind.TEXT,
        is_answered=lambda _: True,
        applies=partial(read_fields.is_shown, field=field),
    )
    for name, field in read_fields.STEPS.items()
)
"""Asked only when the borrower says that a field was misread; then `read_fields` comes again."""
BY_NAME = {step.name: step for step in (*STEPS, *CORRECTIONS)}
ONCE = frozenset({"phone", "phone_code", "document", "document_back", "selfie", "video"})
"""Proven facts: they are not changed by going back, only by starting that proof again."""
SENT = frozenset({StepKind.PHOTO, StepKind.VIDEO})
"""Files, of which nothing can be shown again."""
CHECKED = frozenset({"full_name", "birth_date", "read_fields", *read_fields.STEPS})
"""What the identity is checked against: it stays as it is from the check's start."""
_AGAINST_THEM = frozenset(
    {VerificationStatus.CHECKING, VerificationStatus.NEEDS_PERSON, VerificationStatus.PASSED}
)


def applying(dossier: Dossier) -> list[Step]:
    return [step for step in _in_order(dossier) if step.applies(dossier)]


def _in_order(dossier: Dossier) -> Sequence[Step]:
    questions = dossier.product.body.questions if dossier.product is not None else ()
    if not questions:
        return STEPS
    return [*STEPS[:_OWN_FROM], *map(step_of, questions), *STEPS[_OWN_FROM:]]


def find(dossier: Dossier, name: str) -> Step | None:
    """The step of this name, when this borrower is asked it."""
    product = dossier.product
    question = product.question(name) if product is not None else None
    step = step_of(question) if question is not None else BY_NAME.get(name)
    return step if step is not None and step.applies(dossier) else None


def is_fixed(dossier: Dossier, name: str) -> bool:
    """Whether the answer can only be changed by a person, or by a new proof."""
    if name not in CHECKED:
        return name in ONCE
    verification = dossier.verification
    return verification is not None and verification.status in _AGAINST_THEM


def next_step(dossier: Dossier) -> Step | None:
    """The step asked out of order, or the first unanswered one; None when all is answered."""
    asked = dossier.draft.asked_step
    step = find(dossier, asked) if asked is not None else None
    if step is not None and not is_fixed(dossier, step.name):
        return step
    for step in _in_order(dossier):
        if not step.is_answered(dossier) and step.applies(dossier):
            return step
    return None


def before(dossier: Dossier, current: Step | None) -> Step | None:
    """The answered step before `current` that may be answered again."""
    if current in CORRECTIONS:
        return find(dossier, "read_fields")
    found = None
    for step in applying(dossier):
        if current is not None and step.name == current.name:
            break
        if step.is_answered(dossier) and not is_fixed(dossier, step.name):
            found = step
    return found


def position(dossier: Dossier, step: Step) -> tuple[int, int]:
    """Which question of how many, for "step 4 of 17"."""
    names = [each.name for each in applying(dossier)]
    name = "read_fields" if step in CORRECTIONS else step.name
    return (names.index(name) + 1 if name in names else len(names)), len(names)
