"""One row alone goes another way through LightGBM's library: to the same numbers, in any thread."""

import gc
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
from numpy.typing import NDArray

from scoring.model import native
from scoring.model.loading import STOCK

TEXT = (STOCK / "model.txt").read_text(encoding="utf-8")
ROWS = 40
THREADS = 6


@pytest.fixture(scope="module")
def booster() -> native.Booster:
    return native.Booster(TEXT)


@pytest.fixture(scope="module")
def rows(booster: native.Booster) -> NDArray[np.float64]:
    dice = np.random.default_rng(5)
    drawn = dice.integers(-3, 40, (ROWS, booster.width)).astype(np.float64)
    drawn[dice.random(drawn.shape) < 0.2] = np.nan
    return drawn


def one_by_one(booster: native.Booster, rows: NDArray[np.float64]) -> list[float]:
    return [float(booster.raw_scores(rows[n : n + 1])[0]) for n in range(len(rows))]


class TestOneRowAlone:
    def test_has_the_score_it_has_among_others(
        self, booster: native.Booster, rows: NDArray[np.float64]
    ) -> None:
        among = booster.raw_scores(rows)
        assert len(set(among)) > ROWS // 4
        np.testing.assert_allclose(one_by_one(booster, rows), among, rtol=0, atol=1e-12)

    def test_has_the_contributions_it_has_among_others(
        self, booster: native.Booster, rows: NDArray[np.float64]
    ) -> None:
        alone = np.vstack([booster.contributions(rows[n : n + 1]) for n in range(ROWS)])
        np.testing.assert_allclose(alone, booster.contributions(rows), rtol=0, atol=1e-12)

    def test_is_not_changed_by_the_next_one(
        self, booster: native.Booster, rows: NDArray[np.float64]
    ) -> None:
        first = booster.contributions(rows[:1])
        kept = first.copy()
        booster.contributions(rows[1:2])
        np.testing.assert_array_equal(first, kept)

    def test_of_another_width_is_refused(self, booster: native.Booster) -> None:
        with pytest.raises(native.NativeFailure):
            booster.raw_scores(np.zeros((1, booster.width + 1)))


def test_threads_do_not_disturb_each_other(
    booster: native.Booster, rows: NDArray[np.float64]
) -> None:
    expected = one_by_one(booster, rows)
    together = Barrier(THREADS)

    def work(start: int) -> bool:
        together.wait()
        for turn in range(20):
            order = np.roll(np.arange(ROWS), start + turn)
            found = one_by_one(booster, rows[order])
            if found != [expected[n] for n in order]:
                return False
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        assert all(pool.map(work, range(THREADS)))


def test_a_thread_may_outlive_the_model_it_scored_with(rows: NDArray[np.float64]) -> None:
    with ThreadPoolExecutor(1) as pool:
        for _ in range(5):
            booster = native.Booster(TEXT)
            pool.submit(booster.raw_scores, rows[:1]).result()
            del booster
            gc.collect()
        assert pool.submit(lambda: True).result()


def test_a_library_that_disagrees_with_itself_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = native._SingleRow.predict
    monkeypatch.setattr(native._SingleRow, "predict", lambda *args: plain(*args) + 1e-11)
    with pytest.raises(native.NativeFailure, match="one row alone"):
        native.Booster(TEXT)
