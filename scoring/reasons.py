"""Why: at most four reason codes that are true of this applicant, and their plain sentences."""

from collections.abc import Callable, Iterable
from pathlib import Path

from kit.text import Texts
from scoring import features
from scoring.features import registry
from scoring.features.registry import Value
from scoring.model.predictor import Contribution

MOST = 4
NOTICEABLE = 0.02
"""Log-odds: a smaller push towards risk is not worth naming."""

MISSING = "information_missing"
_OF_RULES = frozenset(
    {
        MISSING,
        "amount_over_limit",
        "crop_price_is_low",
        "details_contradict",
        "details_need_a_check",
        "details_shared_with_another",
        "identity_needs_a_check",
        "identity_not_confirmed",
        "income_not_known",
        "industry_risk_is_high",
        "industry_share_is_full",
        "late_payments_before",
        "not_affordable",
        "open_loan",
        "region_risk_is_high",
        "region_share_is_full",
        "repayments_over_household_cap",
        "risk_is_too_high",
        "risk_needs_a_person",
        "risk_not_paid_for",
        "season_is_risky",
        "too_many_applications",
        "too_old",
        "too_young",
    }
)
_AT_VALUE: dict[tuple[str, Value], str] = {
    ("employment_rank", 0): "no_work_now",
    ("repayment_record", 0): "late_payments_before",
    ("repayment_record", 1): "no_history_with_us",
}
"""Where one feature means different things at different values."""

_IS_TRUE: dict[str, Callable[[float], bool]] = {
    "employment_rank": lambda rank: rank <= 2,
    "has_other_obligations": lambda owes: owes > 0,
    "months_since_first": lambda months: months < 12,
    "loans_repaid": lambda loans: loans <= 1,
    "obligations_to_income": lambda share: share > 0,
    "repayment_record": lambda record: record <= 1,
    "worst_dpd": lambda days: days > 0,
}
"""A model may push up a little where the sentence would be false; then nothing is said."""


def known() -> frozenset[str]:
    """Every code that a decision can carry."""
    of_features = {
        reason for name in features.names() if (reason := registry.get(name).reason) is not None
    }
    return _OF_RULES | of_features | frozenset(_AT_VALUE.values())


def choose(voices: Iterable[str], contributions: Iterable[Contribution]) -> tuple[str, ...]:
    """The rules' own reasons first, then what pushed the risk up most. No code twice.

    Features with one sentence count together: where one pushes up and another pulls down more,
    the sentence would be a reason for yes.
    """
    pushed: dict[str, float] = {}
    said: set[str] = set()
    for contribution in contributions:
        code = of_contribution(contribution)
        about = code if contribution.log_odds > 0 else _about(contribution)
        if about is not None:
            pushed[about] = pushed.get(about, 0.0) + contribution.log_odds
        if code is not None:
            said.add(code)
    noticeable = [code for code, push in pushed.items() if code in said and push >= NOTICEABLE]
    by_push = sorted(noticeable, key=lambda code: -pushed[code])
    return tuple(dict.fromkeys([*voices, *by_push]))[:MOST]


def of_contribution(contribution: Contribution) -> str | None:
    """The code one contribution stands for, or None when saying it would not be true."""
    name, value = contribution.feature, contribution.value
    if contribution.log_odds <= 0:
        return None
    is_true = _IS_TRUE.get(name) if value is not None else None
    if is_true is not None and not (isinstance(value, int | float) and is_true(value)):
        return None
    return _about(contribution)


def _about(contribution: Contribution) -> str | None:
    name, value = contribution.feature, contribution.value
    if not registry.is_known(name):
        return None
    if value is None:
        return MISSING
    return _AT_VALUE.get((name, value)) or registry.get(name).reason


def sentence(code: str, locale: str) -> str:
    """The reason in the reader's language."""
    return _TEXTS.format(locale, f"reason-{code.replace('_', '-')}")


_TEXTS = Texts(Path(__file__).parent / "locales")
