"""One look at a book: silent where nothing has changed, loud where something has."""

import numpy as np
import pytest

from scoring.watching import fairness, performance, report
from scoring.watching.report import Decided, Measure
from tests.scoring.watching import books


def look(
    recent: list[Decided], before: list[Decided], matured: list[Decided], *groups: str
) -> dict[str, Measure]:
    found = report.look(
        books.watched(), recent=recent, before=before, matured=matured, groups=groups
    )
    return {f"{each.kind}:{each.subject}" if each.subject else each.kind: each for each in found}


def alarms(measures: dict[str, Measure]) -> set[str]:
    return {name for name, each in measures.items() if each.is_alarming}


class TestLook:
    def test_hardly_ever_cries_wolf(self) -> None:
        watched, loud = books.watched(), 0
        for seed in range(100, 220):
            found = report.look(
                watched,
                recent=books.unanswered(books.drawn(150, seed=seed)),
                before=books.unanswered(books.drawn(150, seed=seed + 1_000)),
                matured=books.drawn(300, seed=seed + 2_000),
                groups=["sex"],
            )
            loud += any(each.is_alarming for each in found)
        assert loud <= 7  # 1.2 expected at 1 % a look.

    def test_measures_a_steady_book(self) -> None:
        steady = books.drawn(600, seed=2)

        found = look(steady, books.drawn(600, seed=3), steady, "sex", "region")

        assert alarms(found) == set()
        assert set(found) == {
            "score_drift", "feature_drift:income", "feature_drift:kind", "bad_rate",
            "calibration", "ranking", "approval_rate", "override_rate", "fairness:sex",
        }  # fmt: skip
        ranking = found["ranking"]
        assert ranking.low is not None
        assert ranking.high is not None
        assert ranking.limit is not None
        assert ranking.low < ranking.limit < ranking.high

    def test_notices_that_other_people_apply(self) -> None:
        moved = books.drawn(600, seed=2, shift=-0.8)

        found = look(moved, books.drawn(600, seed=3), [], "sex")

        assert {"score_drift", "feature_drift:income", "approval_rate"} <= alarms(found)
        assert "feature_drift:kind" not in alarms(found)

    @pytest.mark.parametrize("odds", [0.7, -0.9])
    def test_notices_that_the_probabilities_are_wrong(self, odds: float) -> None:
        matured = books.drawn(1_500, seed=4, odds=odds)

        found = look([], [], matured)

        assert alarms(found) == {"calibration"}
        assert (found["calibration"].value > 1) is (odds > 0)

    def test_notices_that_the_order_is_lost(self) -> None:
        dice = np.random.default_rng(12)
        matured = [
            Decided(each.at, each.pd, {}, True, None, bool(dice.random() < 0.08))
            for each in books.drawn(3_000, seed=5)
        ]

        assert "ranking" in alarms(look([], [], matured))

    def test_notices_overrides(self) -> None:
        recent = books.drawn(300, seed=6, overridden=0.25)

        assert "override_rate" in alarms(look(recent, [], []))

    def test_notices_a_group_that_is_called_riskier_than_it_is(self) -> None:
        unfair = books.drawn(1_200, seed=7, unfair=1.1)

        found = look(unfair, [], [], "sex")["fairness:sex"]

        assert found.is_alarming
        assert found.value < fairness.FOUR_FIFTHS
        told = {each["group"]: each for each in found.detail["groups"]}
        assert told["b"]["is_adverse"]
        assert not told["a"]["is_adverse"]

    def test_loans_that_matured_hide_no_group_that_is_turned_away(self) -> None:
        """They were all approved, or they would be no loans."""
        unfair = books.drawn(1_200, seed=7, unfair=1.1)
        loans = [each for each in books.drawn(4_000, seed=8) if each.is_approved]

        alone = look(unfair, [], [], "sex")["fairness:sex"]
        found = look(unfair, [], loans, "sex")["fairness:sex"]

        assert found.is_alarming
        assert found.value == alone.value
        assert found.detail["opportunity_gap"] == alone.detail["opportunity_gap"]
        lent = {name: [e for e in loans if e.groups["sex"] == name] for name in "ab"}
        for told in found.detail["groups"]:
            own = lent[told["group"]]
            assert told["found"] == pytest.approx(sum(bool(e.is_bad) for e in own) / len(own))

    def test_says_nothing_of_an_empty_book(self) -> None:
        assert look([], [], [], "sex", "age") == {}


class TestRanking:
    def test_implied_auc_is_what_honest_probabilities_reach(self) -> None:
        dice = np.random.default_rng(13)
        pds = dice.beta(1, 6, 40_000).round(3)
        bad = dice.random(len(pds)) < pds

        ranked = performance.ranking(pds, bad)

        assert ranked is not None
        assert ranked.auc == pytest.approx(performance.implied_auc(pds), abs=4 * ranked.error)

    def test_promises_less_for_those_who_were_approved(self) -> None:
        pds = np.linspace(0.01, 0.6, 500)

        assert performance.implied_auc(pds[pds < 0.2]) < performance.implied_auc(pds)

    def test_says_nothing_of_a_few_bad_loans(self) -> None:
        pds = np.linspace(0.01, 0.3, 100)

        assert performance.ranking(pds, pds > 0.29) is None

    def test_measures_the_auc_that_scikit_learn_measures(self) -> None:
        from sklearn.metrics import roc_auc_score

        dice = np.random.default_rng(14)
        pds = dice.random(500).round(2)
        bad = dice.random(500) < pds

        ranked = performance.ranking(pds, bad)

        assert ranked is not None
        assert ranked.auc == pytest.approx(roc_auc_score(bad, pds))
