"""What we still have to ask, in which order. The rows are the conversation's only memory."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from kyc.states import VerificationStatus
from onboarding.dossiers import Dossier


class StepKind(StrEnum):
    CONTACT = "contact"
    CODE = "code"
    TEXT = "text"
    DATE = "date"
    CHOICE = "choice"
    AMOUNT = "amount"
    PHOTO = "photo"
    WALLET = "wallet"


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


def _works(dossier: Dossier) -> bool:
    return dossier.borrower.employment != "none"


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
    Step("selfie", StepKind.PHOTO, _picture("selfie_blob_id")),
    Step("product", StepKind.CHOICE, _application("product")),
    Step("amount", StepKind.AMOUNT, _application("amount_minor")),
    Step("term", StepKind.CHOICE, _application("term")),
    Step("purpose", StepKind.CHOICE, _application("purpose"), PURPOSES),
    Step("income", StepKind.AMOUNT, _application("monthly_income_minor")),
    Step("obligations", StepKind.AMOUNT, _application("monthly_obligations_minor")),
    Step("wallet", StepKind.WALLET, _application("wallet_index")),
)
BY_NAME = {step.name: step for step in STEPS}
ONCE = frozenset({"phone", "phone_code", "document", "selfie"})
"""Proven facts: they are not changed by going back, only by starting that proof again."""


def applying(dossier: Dossier) -> list[Step]:
    return [step for step in STEPS if step.applies(dossier)]


def next_step(dossier: Dossier) -> Step | None:
    """The step asked out of order, or the first unanswered one; None when all is answered."""
    asked = dossier.draft.asked_step
    if asked is not None:
        return BY_NAME[asked]
    return next((step for step in applying(dossier) if not step.is_answered(dossier)), None)


def before(dossier: Dossier, current: Step | None) -> Step | None:
    """The answered step before `current` that may be answered again."""
    found = None
    for step in applying(dossier):
        if current is not None and step.name == current.name:
            break
        if step.is_answered(dossier) and step.name not in ONCE:
            found = step
    return found


def position(dossier: Dossier, step: Step) -> tuple[int, int]:
    """Which question of how many, for "step 4 of 17"."""
    names = [each.name for each in applying(dossier)]
    return (names.index(step.name) + 1 if step.name in names else len(names)), len(names)
