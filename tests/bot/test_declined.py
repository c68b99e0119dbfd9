"""What a declined borrower is told would change the answer, and when there is nothing to tell."""

import pytest

from bot import places
from scoring.models import Decision
from scoring.policy import Outcome

NEAREST = {"amount_minor": 10_000, "term_days": 90, "installments": 3}


@pytest.mark.parametrize(
    ("outcome", "given", "told"),
    [
        (Outcome.DECLINE, ["not_affordable"], NEAREST),
        (Outcome.REFER, ["not_affordable"], None),
        (Outcome.REFER, ["staff_judgement"], None),
        (Outcome.DECLINE, ["staff_judgement"], None),
    ],
)
def test_only_the_engines_own_no_can_be_changed(
    outcome: Outcome, given: list[str], told: dict[str, int] | None
) -> None:
    decision = Decision(outcome=outcome, reasons=["not_affordable"], counterfactual=NEAREST)

    assert places.nearest_of(decision, given) == told


def test_without_a_decision_there_is_nothing_to_tell() -> None:
    assert places.nearest_of(None, None) is None
