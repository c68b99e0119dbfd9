"""When installments fall due: ends of months, leap days, weekends, feasts of many countries."""

from datetime import date

import pytest

from tests.servicing.pure.test_schedules import plan


class TestDates:
    @pytest.mark.parametrize(
        ("rule", "expected"),
        [
            ("sticky", ["2026-05-31", "2026-06-30", "2026-07-31", "2026-08-31"]),
            ("clamp", ["2026-05-30", "2026-06-30", "2026-07-30", "2026-08-30"]),
        ],
    )
    def test_a_last_day_sticks_or_is_only_a_day(self, rule: str, expected: list[str]) -> None:
        built = plan(disbursed_on="2026-04-30", month_end=rule)
        assert [row.due_on.isoformat() for row in built.installments] == expected

    def test_next_month_moves_a_missing_day_to_the_first(self) -> None:
        built = plan(disbursed_on="2026-01-31", month_end="next_month")
        days = ["2026-03-01", "2026-03-31", "2026-05-01", "2026-05-31"]
        assert [row.due_on.isoformat() for row in built.installments] == days

    @pytest.mark.parametrize(
        ("rule", "expected"),
        [
            ("keep", date(2026, 5, 31)),
            ("next", date(2026, 6, 1)),
            ("previous", date(2026, 5, 29)),
            ("modified_next", date(2026, 5, 29)),
        ],
    )
    def test_a_sunday_is_moved_as_the_product_says(self, rule: str, expected: date) -> None:
        built = plan(installments=1, first_due_on="2026-05-31", weekend=rule)
        assert built.installments[0].due_on == expected

    def test_a_shifted_date_drags_no_other(self) -> None:
        built = plan(disbursed_on="2026-01-01", weekend="next", holidays=["2026-05-01"])
        days = ["2026-02-02", "2026-03-02", "2026-04-01", "2026-05-04"]
        assert [row.due_on.isoformat() for row in built.installments] == days

    def test_holidays_of_a_country(self) -> None:
        built = plan(installments=1, first_due_on="2026-12-25", holidays="KE", weekend="next")
        assert built.installments[0].due_on == date(2026, 12, 28)

    def test_feasts_beyond_the_known_decades_are_not_moved_around(self) -> None:
        built = plan(installments=1, first_due_on="2060-12-24", holidays="IN", weekend="next")
        assert built.installments[0].due_on == date(2060, 12, 24)

    def test_regions_have_holidays_of_their_own(self) -> None:
        def due(place: str) -> date:
            return plan(installments=1, first_due_on="2026-03-31", holidays=place)[2][0].due_on

        assert due("US") == date(2026, 3, 31)
        assert due("US-CA") == date(2026, 4, 1)  # Cesar Chavez Day

    def test_the_week_ends_where_the_country_ends_it(self) -> None:
        def due(place: str, day: str) -> date:
            built = plan(installments=1, first_due_on=day, holidays=place, weekend="next")
            return built.installments[0].due_on

        assert due("BD", "2026-06-05") == date(2026, 6, 7)  # Friday and Saturday in Bangladesh
        assert due("KE", "2026-06-05") == date(2026, 6, 5)
        assert due("CN", "2026-02-14") == date(2026, 2, 14)  # a Saturday worked for New Year

    def test_a_lender_may_close_on_more_days_than_its_country(self) -> None:
        built = plan(installments=1, first_due_on="2026-12-25", holidays=["2026-12-28", "KE"],
                     weekend="next")  # fmt: skip
        assert built.installments[0].due_on == date(2026, 12, 29)

    def test_dates_and_weekends_may_be_moved_back(self) -> None:
        built = plan(disbursed_on="2026-04-01", holidays=["2026-05-01"], weekend="previous")
        days = ["2026-04-30", "2026-06-01", "2026-07-01", "2026-07-31"]
        assert [row.due_on.isoformat() for row in built.installments] == days

    def test_nothing_is_moved_before_the_disbursement(self) -> None:
        built = plan(
            frequency="day", disbursed_on="2023-12-31", first_due_on="2023-12-31",
            weekend="modified_next",
        )  # fmt: skip
        assert built.installments[0].due_on == date(2023, 12, 31)

    @pytest.mark.parametrize(
        ("start", "rule", "expected"),
        [
            ("2024-02-29", "clamp", ["2024-03-29", "2024-04-29", "2024-05-29", "2024-06-29"]),
            ("2024-02-29", "sticky", ["2024-03-31", "2024-04-30", "2024-05-31", "2024-06-30"]),
            ("2023-11-30", "clamp", ["2023-12-30", "2024-01-30", "2024-02-29", "2024-03-30"]),
            ("2023-11-30", "sticky", ["2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31"]),
            ("2022-12-30", "next_month", ["2023-01-30", "2023-03-01", "2023-03-30", "2023-04-30"]),
        ],
    )
    def test_february_and_its_neighbors(self, start: str, rule: str, expected: list[str]) -> None:
        built = plan(disbursed_on=start, month_end=rule)
        assert [row.due_on.isoformat() for row in built.installments] == expected

    def test_years_from_a_leap_day(self) -> None:
        built = plan(disbursed_on="2024-02-29", frequency="year")
        days = ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]
        assert [row.due_on.isoformat() for row in built.installments] == days

    def test_weeks_and_days(self) -> None:
        built = plan(frequency="week", every=2, method="bullet")
        assert [row.days for row in built.installments] == [14] * 4
        assert built.installments[0].interest == round(120_000 * 0.24 * 2 / 52)
        daily = plan(frequency="day", installments=30, method="flat", day_count="actual/365")
        assert daily.installments[-1].due_on == date(2026, 2, 14)
