"""What staff see of how a household's month and a price were reckoned."""

from api.console import workings
from scoring import engine, policy
from scoring.models import Decision
from scoring.snapshot import Snapshot
from tests.scoring import cases
from tests.scoring.test_pricing import STRESSED, at_rates


def decided(snapshot: Snapshot) -> Decision:
    assessment = engine.assess(snapshot, cases.stock(), policy.parse(STRESSED))
    return Decision(workings=assessment.workings, currency="USD")


def test_line_by_line_until_what_may_be_repaid() -> None:
    shown = workings.of(decided(cases.asking(rates=at_rates(), debt_service_most_bps=3_000)))

    assert shown is not None
    assert shown.household == [
        ("Income of a month that counts", "$ 600"),
        ("If it falls", "-$ 60"),
        ("Obligations", "$ 0"),
        ("Cost of living", "-$ 210"),
        ("If that rises", "-$ 10.50"),
        ("Left", "$ 319.50"),
        ("Share of it for repayments", "$ 191.70"),
        ("Cap on all repayments leaves", "$ 180"),
        ("May go into repayments", "$ 180"),
        ("This loan takes", shown.household[-1][1]),
    ]
    assert [label for label, _ in shown.price][-2:] == [
        "Charged a year",
        "Expected loss of the loan",
    ]


def test_of_an_income_that_is_not_known_there_is_not_much() -> None:
    shown = workings.of(decided(cases.asking(monthly_income_minor=None)))

    assert shown is not None
    assert [label for label, _ in shown.household] == ["May go into repayments", "This loan takes"]
    assert shown.price == []


def test_a_decision_of_before_has_none() -> None:
    assert workings.of(Decision(workings=None)) is None
    assert workings.of(None) is None
