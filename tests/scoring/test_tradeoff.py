"""The bad rate among the approved against the share of applicants that is approved."""

import numpy as np
import pytest

from scoring.training import tradeoff
from scoring.training.metrics import Floats, Ints


def binormal(auc_distance: float, rows: int = 20_000) -> tuple[Ints, Floats]:
    dice = np.random.default_rng(4)
    y = (dice.uniform(size=rows) < 0.2).astype(np.int64)
    return y, dice.normal(size=rows) + auc_distance * y


class TestMeasure:
    def test_finds_what_is_known_of_a_binormal_score(self) -> None:
        """AUC 0.855: 70 % approvals at 3 % bad; AUC 0.734: 30 % (worked out apart)."""
        strong = tradeoff.measure(*binormal(1.496), seed=1)
        weak = tradeoff.measure(*binormal(0.884), seed=1)

        assert strong.by_count.value == pytest.approx(0.70, abs=0.03)
        assert weak.by_count.value == pytest.approx(0.30, abs=0.05)
        assert strong.by_count.low < strong.by_count.value < strong.by_count.high

    def test_everybody_approved_is_the_population(self) -> None:
        y, scores = binormal(1.0)
        whole = tradeoff.measure(y, scores, seed=1).points[-1]

        assert whole.approved == 1
        assert whole.by_count.value == pytest.approx(tradeoff.POPULATION)
        assert whole.as_sampled.value == pytest.approx(y.mean())
        assert whole.by_amount.value < whole.by_count.value

    def test_limits_weigh_the_five_bands(self) -> None:
        """Ten of each score, and bad ones only in the riskiest fifth: all of them."""
        scores = np.repeat(np.arange(5.0), 10)
        y = (scores == 4).astype(np.int64)

        whole = tradeoff.measure(y, scores, seed=1).points[-1]

        assert whole.as_sampled.value == pytest.approx(0.2)
        # Moved to 10 % bad, half of the riskiest fifth is bad: 0.1 of all rows, at a limit of 20 %.
        assert whole.by_amount.value == pytest.approx(0.1 * 0.2 / 0.53)

    def test_the_order_of_the_file_does_not_break_ties(self) -> None:
        scores = np.repeat([0.1, 0.2], 500)
        y = np.r_[np.zeros(450), np.ones(50), np.zeros(300), np.ones(200)].astype(np.int64)

        forward = tradeoff.measure(y, scores, seed=1, resamples=2)
        backward = tradeoff.measure(y[::-1], scores[::-1], seed=1, resamples=2)

        assert [p.by_amount.value for p in forward.points] == pytest.approx(
            [p.by_amount.value for p in backward.points]
        )
        assert forward.points[24].as_sampled.value == pytest.approx(0.1)

    def test_a_score_that_knows_nothing_never_gets_there(self) -> None:
        y, _ = binormal(0)

        assert tradeoff.measure(y, np.zeros(len(y)), seed=1).by_count.value == 0


class TestWords:
    def test_the_table_ends_with_the_answer(self) -> None:
        found = tradeoff.measure(*binormal(1.5), seed=1)
        shown = tradeoff.lines(found)

        assert len(shown) == 12
        assert "10% bad fall to 3% when 6" in shown[-1] or "10% bad fall to 3% when 7" in shown[-1]

    def test_the_document_keeps_every_tenth(self) -> None:
        document = tradeoff.measure(*binormal(1.5), seed=1).to_json()

        assert [point["approved"] for point in document["points"]] == list(tradeoff.SHOWN)
