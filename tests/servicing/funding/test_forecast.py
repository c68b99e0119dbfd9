"""The forecast on books whose future we know: it learns how they pay, and its bands hold."""

from datetime import date, timedelta

import numpy as np
import pytest

from servicing.funding import forecast
from servicing.funding.forecast import LATEST, PRIOR_WEIGHT, Band, Due, Seen

ON = date(2026, 11, 20)
NO_PAST: list[Seen] = []


def on(days: int) -> date:
    return ON + timedelta(days=days)


class TestLearn:
    def test_begins_with_the_prior(self) -> None:
        found = forecast.learn(NO_PAST)

        assert found.paid_by[[0, 7, 30, LATEST]] == pytest.approx([0.80, 0.90, 0.95, 0.97])
        assert found.weight == PRIOR_WEIGHT

    def test_ends_with_the_book(self) -> None:
        many = 1_000_000
        found = forecast.learn(
            [Seen(0, True, many), Seen(10, True, many // 2), Seen(LATEST + 9, False, many // 2)]
        )

        assert found.paid_by[[0, 9, 10, LATEST]] == pytest.approx([0.5, 0.5, 0.75, 0.75], abs=1e-3)

    def test_counts_what_is_not_paid_yet_only_as_far_as_it_is_known(self) -> None:
        """Half pay on time, half on day 10; of the newest half it is not known yet."""
        many = 1_000_000
        found = forecast.learn(
            [Seen(0, True, 2 * many), Seen(10, True, many), Seen(5, False, many)]
        )

        assert found.paid_by[[0, 9, 10]] == pytest.approx([0.5, 0.5, 1.0], abs=1e-3)


class TestInflows:
    def test_of_nothing_are_nothing(self) -> None:
        none = [Band(0, 0, 0)]

        assert forecast.inflows([], forecast.learn(NO_PAST), on=ON, ends=[7]) == (none, none)

    def test_come_on_the_due_day_and_after_it(self) -> None:
        dues = [Due(n, on(3), 100_00) for n in range(100)]
        each, so_far = forecast.inflows(dues, forecast.learn(NO_PAST), on=ON, ends=[3, 4, 11, 200])

        assert [band.expected for band in each] == [0, 8_000_00, 1_000_00, 700_00]
        assert [band.expected for band in so_far] == [0, 8_000_00, 9_000_00, 9_700_00]

    def test_of_what_is_overdue_count_from_today(self) -> None:
        """7 days late, 10 % are unpaid, and half of these are paid by day 30."""
        each, _ = forecast.inflows(
            [Due(1, on(-8), 100_00)], forecast.learn(NO_PAST), on=ON, ends=[23, 200]
        )

        assert [band.expected for band in each] == [50_00, 20_00]

    def test_of_what_is_too_late_are_not_expected(self) -> None:
        each, _ = forecast.inflows(
            [Due(1, on(-LATEST - 1), 100_00)], forecast.learn(NO_PAST), on=ON, ends=[200]
        )

        assert each == [Band(0, 0, 0)]

    def test_of_a_loan_with_a_pd_follow_it(self) -> None:
        """Half of such loans are gone after a year; who is left pays sooner or later."""
        hazard = float(np.log(2))
        _, so_far = forecast.inflows(
            [Due(1, on(365), 100_00, hazard)], forecast.learn(NO_PAST), on=ON, ends=[365 + 91]
        )

        assert so_far[0].expected == 50_00

    def test_are_surer_of_many_loans_than_of_one(self) -> None:
        known = forecast.learn([Seen(0, True, 8_000), Seen(200, False, 2_000)])
        one, _ = forecast.inflows([Due(1, on(0), 100_000_00)], known, on=ON, ends=[1])
        many, _ = forecast.inflows(
            [Due(n, on(0), 100_00) for n in range(1_000)], known, on=ON, ends=[1]
        )

        assert one[0].high - one[0].low > 10 * (many[0].high - many[0].low)
        assert many[0].low < many[0].expected < many[0].high


class TestBackTest:
    """Books that pay by a law the forecast does not know; it sees their past alone."""

    @staticmethod
    def late(dice: np.random.Generator, size: int) -> list[int]:
        """60 % on time, 32 % at some time in two weeks or so, 8 % never."""
        kind = dice.choice(3, size=size, p=[0.60, 0.32, 0.08])
        days = 1 + dice.geometric(0.12, size=size)
        return [int([0, days[n], 10_000][kind[n]]) for n in range(size)]

    def test_holds_week_by_week(self) -> None:
        weeks, within, forecasted, came = 8, 0, 0, 0
        rounds = 40
        for seed in range(rounds):
            dice = np.random.default_rng(seed)
            past, ahead, dues, paid = [], 400, [], np.zeros(weeks)
            for age, lateness in enumerate(self.late(dice, 300)):
                is_paid = lateness <= age
                past.append(Seen(lateness if is_paid else age, is_paid, 1))
            for n, lateness in enumerate(self.late(dice, ahead)):
                day, minor = int(dice.integers(0, 7 * weeks)), int(dice.integers(500_00, 5_000_00))
                dues.append(Due(n, on(day), minor))
                if day + lateness < 7 * weeks:
                    paid[(day + lateness) // 7] += minor
            each, _ = forecast.inflows(
                dues, forecast.learn(past), on=ON, ends=[7 * (n + 1) for n in range(weeks)]
            )
            within += sum(
                bool(band.low <= real <= band.high) for band, real in zip(each, paid, strict=True)
            )
            forecasted += sum(band.expected for band in each)
            came += int(paid.sum())

        assert within / (rounds * weeks) >= 0.85
        assert forecasted == pytest.approx(came, rel=0.03)
