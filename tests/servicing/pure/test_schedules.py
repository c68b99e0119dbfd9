"""Schedules as tables that an accountant can read."""

from typing import Any

import pytest

from servicing import schedule, terms
from servicing.schedule import Schedule

LOAN = {
    "principal": "1200",
    "currency": "EUR",
    "annual_rate_percent": "24",
    "installments": 4,
    "disbursed_on": "2026-01-15",
}


def plan(**changes: Any) -> Schedule:
    return schedule.build(terms.parse({**LOAN, **changes}))


def table(built: Schedule) -> str:
    rows = [
        f"{row.due_on} {row.days:>3} {built.money(row.principal).major:>8} "
        f"{built.money(row.interest).major:>7} {built.money(row.fees).major:>6} "
        f"{built.money(row.due).major:>8} {built.money(row.balance).major:>8}"
        for row in built.installments
    ]
    return "\n".join(rows)


def check(built: Schedule, expected: str) -> None:
    lines = [line.strip() for line in expected.strip().splitlines()[1:]]
    assert [" ".join(line.split()) for line in table(built).splitlines()] == [
        " ".join(line.split()) for line in lines
    ]


class TestMethods:
    def test_declining_pays_the_same_each_month(self) -> None:
        expected = """
            due on     days principal interest  fees      due  balance
            2026-02-15   31   291.15   24.00   0.00   315.15   908.85
            2026-03-15   28   296.97   18.18   0.00   315.15   611.88
            2026-04-15   31   302.91   12.24   0.00   315.15   308.97
            2026-05-15   30   308.97    6.18   0.00   315.15     0.00
        """
        check(plan(), expected)

    def test_flat_charges_the_whole_principal_all_the_time(self) -> None:
        expected = """
            due on     days principal interest  fees      due  balance
            2026-02-15   31   300.00   24.00   0.00   324.00   900.00
            2026-03-15   28   300.00   24.00   0.00   324.00   600.00
            2026-04-15   31   300.00   24.00   0.00   324.00   300.00
            2026-05-15   30   300.00   24.00   0.00   324.00     0.00
        """
        check(plan(method="flat"), expected)

    def test_flat_installments_are_alike_whatever_the_days(self) -> None:
        expected = """
            due on     days principal interest  fees      due  balance
            2026-02-15   31   300.00   23.67   0.00   323.67   900.00
            2026-03-15   28   300.00   23.67   0.00   323.67   600.00
            2026-04-15   31   300.00   23.67   0.00   323.67   300.00
            2026-05-15   30   300.00   23.67   0.00   323.67     0.00
        """
        # 1,200 * 24 % * 120 days / 365 is 94.68.
        check(plan(method="flat", day_count="actual/365"), expected)

    def test_flat_interest_put_off_is_shared_by_the_later_installments(self) -> None:
        built = plan(method="flat", grace={"interest_payment": 2})
        assert [row.interest for row in built.installments] == [0, 0, 4800, 4800]

    def test_flat_principal_and_interest_are_each_rounded_to_the_multiple(self) -> None:
        built = plan(method="flat", principal="1250", installment_multiple="1")
        # 312.50 is 312 and 25.00 is 25: the principal gives way so that the sum is whole.
        assert [row.due for row in built.installments] == [33700, 33700, 33700, 33900]

    def test_a_later_draw_of_a_flat_loan_costs_from_its_own_day(self) -> None:
        built = plan(method="flat", tranches=[{"on": "2026-02-15", "amount": "600"}])
        # 600 for four months are 48.00, 12.00 a month; 600 more for three are 36.00, 12.00 each.
        assert [row.interest for row in built.installments] == [1200, 2400, 2400, 2400]

    def test_equal_principal_pays_less_each_month(self) -> None:
        expected = """
            due on     days principal interest  fees      due  balance
            2026-02-15   31   300.00   24.00   0.00   324.00   900.00
            2026-03-15   28   300.00   18.00   0.00   318.00   600.00
            2026-04-15   31   300.00   12.00   0.00   312.00   300.00
            2026-05-15   30   300.00    6.00   0.00   306.00     0.00
        """
        check(plan(method="equal_principal"), expected)

    @pytest.mark.parametrize("method", ["bullet", "interest_only"])
    def test_bullet_repays_at_the_end(self, method: str) -> None:
        expected = """
            due on     days principal interest  fees      due  balance
            2026-02-15   31     0.00   24.00   0.00    24.00  1200.00
            2026-03-15   28     0.00   24.00   0.00    24.00  1200.00
            2026-04-15   31     0.00   24.00   0.00    24.00  1200.00
            2026-05-15   30  1200.00   24.00   0.00  1224.00     0.00
        """
        check(plan(method=method), expected)

    def test_a_bullet_may_leave_interest_to_the_end_too(self) -> None:
        expected = """
            due on     days principal interest  fees      due  balance
            2026-02-15   31     0.00    0.00   0.00     0.00  1200.00
            2026-03-15   28     0.00    0.00   0.00     0.00  1200.00
            2026-04-15   31     0.00    0.00   0.00     0.00  1200.00
            2026-05-15   30  1200.00   96.00   0.00  1296.00     0.00
        """
        check(plan(method="bullet", interest_due="with_principal"), expected)

    def test_balloon_leaves_a_part_for_the_end(self) -> None:
        expected = """
            due on     days principal interest  fees      due  balance
            2026-02-15   31   145.57   24.00   0.00   169.57  1054.43
            2026-03-15   28   148.48   21.09   0.00   169.57   905.95
            2026-04-15   31   151.45   18.12   0.00   169.57   754.50
            2026-05-15   30   754.50   15.09   0.00   769.59     0.00
        """
        check(plan(method="balloon", balloon_percent="50"), expected)

    def test_seasonal_waits_for_the_harvest(self) -> None:
        built = plan(
            method="seasonal", harvest_months=[4, 5], interest_due="with_principal", fees=[]
        )
        expected = """
            due on     days principal interest  fees      due  balance
            2026-02-15   31     0.00    0.00   0.00     0.00  1200.00
            2026-03-15   28     0.00    0.00   0.00     0.00  1200.00
            2026-04-15   31   600.00   72.00   0.00   672.00   600.00
            2026-05-15   30   600.00   12.00   0.00   612.00     0.00
        """
        check(built, expected)

    def test_seasonal_follows_the_expected_cash(self) -> None:
        built = plan(method="seasonal", weights=["1", "0", "2", "1"])
        assert [row.principal for row in built.installments] == [30000, 0, 60000, 30000]

    def test_a_farmer_repays_in_proportion_to_each_harvest(self) -> None:
        built = plan(
            method="seasonal",
            installments=12,
            harvest_months=[7, 11],
            harvest_cash=["900", "300"],
        )
        principal = {row.due_on.month: row.principal for row in built.installments}
        assert {month: part for month, part in principal.items() if part} == {7: 90000, 11: 30000}
        assert [row.interest for row in built.installments][:6] == [2400] * 6
        assert [row.interest for row in built.installments][6:11] == [600] * 4 + [0]

    def test_a_bullet_may_follow_the_harvest_by_a_month(self) -> None:
        built = plan(
            method="seasonal",
            installments=6,
            harvest_months=[5],
            harvest_delay_months=1,
            interest_due="with_principal",
        )
        dues = {row.due_on.isoformat(): row.due for row in built.installments if row.due}
        assert dues == {"2026-06-15": 120_000 + 5 * 2400}

    def test_a_harvest_between_two_due_dates_is_paid_at_the_next(self) -> None:
        built = plan(method="seasonal", every=3, installments=4, harvest_months=[5, 12])
        # Due in April, July, October and January: May's cash pays in July, December's in January.
        assert [row.principal for row in built.installments] == [0, 60000, 0, 60000]

    def test_weeks_share_the_cash_of_their_month(self) -> None:
        built = plan(method="seasonal", frequency="week", installments=9, harvest_months=[2])
        principal = [row.principal for row in built.installments if row.due_on.month == 2]
        assert principal == [30000] * 4

    def test_graduated_payments_rise_step_by_step(self) -> None:
        built = plan(method="graduated", step_percent="10", step_every=2)
        first, second, third, fourth = (row.due for row in built.installments)
        assert first == second
        assert third == pytest.approx(first * 1.1, abs=1)
        assert fourth == pytest.approx(third, abs=4)

    def test_revenue_share_ends_with_the_remainder(self) -> None:
        built = schedule.build(
            terms.parse(
                {
                    "principal": "900",
                    "currency": "EUR",
                    "method": "revenue_share",
                    "frequency": "week",
                    "day_count": "actual/364",
                    "disbursed_on": "2026-01-05",
                    "revenue": {"yearly": "52000", "share_percent": "30", "fee": "100"},
                }
            )
        )
        assert [row.due for row in built.installments] == [30000, 30000, 30000, 10000]
        assert built.total_interest.major == "100.00"

    def test_revenue_share_follows_the_days_of_the_week(self) -> None:
        sales = ["0", "200", "300", "100"]
        built = schedule.build(
            terms.parse(
                {
                    "principal": "300",
                    "currency": "EUR",
                    "method": "revenue_share",
                    "frequency": "day",
                    "disbursed_on": "2026-01-04",
                    "revenue": {"sales": sales, "share_percent": "50", "fee": "30"},
                }
            )
        )
        assert [row.due for row in built.installments] == [0, 10000, 15000, 5000, 0, 3000]
        assert built.total_interest.major == "30.00"
        # A day without sales pays nothing; what it earned is counted with the next payment.
        assert built.installments[0].interest == 0
        assert built.installments[1].interest > built.installments[2].interest

    def test_a_fixed_installment_takes_as_long_as_it_takes(self) -> None:
        built = plan(installments=None, installment="500")
        assert [row.due for row in built.installments] == [50000, 50000, 24325]


class TestShape:
    def test_grace_on_principal_and_on_paying_interest(self) -> None:
        expected = """
            due on     days principal interest  fees      due  balance
            2026-02-15   31     0.00    0.00   0.00     0.00  1200.00
            2026-03-15   28     0.00   48.00   0.00    48.00  1200.00
            2026-04-15   31   594.06   24.00   0.00   618.06   605.94
            2026-05-15   30   605.94   12.12   0.00   618.06     0.00
        """
        check(plan(grace={"principal": 2, "interest_payment": 1}), expected)

    def test_interest_free_periods_cost_nothing(self) -> None:
        built = plan(method="bullet", grace={"interest_free": 2})
        assert [row.interest for row in built.installments] == [0, 0, 2400, 2400]

    def test_fees_stand_apart(self) -> None:
        built = plan(
            fees=[
                {"code": "service", "amount": "2.50", "when": "per_installment"},
                {"code": "origination", "percent": "3", "when": "deducted"},
                {"code": "stamp", "amount": "1", "when": "upfront", "to": "third_party"},
                {"code": "setup", "amount": "4", "when": "first_installment"},
            ]
        )
        assert [row.fees for row in built.installments] == [650, 250, 250, 250]
        assert built.net_disbursed.major == "1164.00"
        assert built.total_fees.major == "51.00"
        assert built.total_payable.major == "1275.60"

    def test_a_down_payment_is_paid_on_the_spot(self) -> None:
        built = plan(down_payment_percent="25")
        assert (built.installments[0].days, built.installments[0].principal) == (0, 30000)
        assert len(built.installments) == 5

    def test_a_draw_on_a_due_date_belongs_to_the_next_period(self) -> None:
        built = plan(method="bullet", tranches=[{"on": "2026-02-15", "amount": "600"}])
        assert [row.interest for row in built.installments] == [1200, 2400, 2400, 2400]

    def test_a_limit_may_stay_unused(self) -> None:
        draws = [{"on": "2026-01-15", "amount": "400"}, {"on": "2026-02-20", "amount": "100"}]
        fee = {"code": "origination", "percent": "2", "when": "deducted"}
        built = plan(principal="5000", tranches=draws, fees=[fee])
        assert built.principal.major == "500.00"
        assert built.net_disbursed.major == "490.00"
        assert sum(row.principal for row in built.installments) == 50_000

    def test_a_broken_first_period_costs_its_days(self) -> None:
        built = plan(method="bullet", first_due_on="2026-03-01", day_count="30/360")
        # 15 January to 1 March: one month back to 1 February, 17 of January's 31 days before it.
        assert built.installments[0].interest == round(2400 * (1 + 17 / 31))

    def test_due_dates_of_ones_own_cost_the_days_between_them(self) -> None:
        dates = ["2026-03-01", "2026-09-01"]
        built = plan(installments=None, due_dates=dates, method="bullet")
        assert [row.interest for row in built.installments] == [
            round(120_000 * 0.24 * days / 365) for days in (45, 184)
        ]

    def test_absorbing_reckons_in_the_year_of_its_day_count(self) -> None:
        built = plan(day_count="actual/360", last_installment="absorbs")
        # A month of 30 days of a year of 360 is a twelfth: 1,200 at 2 % a month over 4 months.
        assert built.installments[0].due == 31515

    def test_installments_in_whole_units_leave_the_rest_to_the_last(self) -> None:
        built = plan(installment_multiple="1", last_installment="absorbs")
        assert [row.due for row in built.installments] == [31500, 31500, 31500, 31561]

    def test_absorbing_reckons_with_months_of_thirty_days(self) -> None:
        kept, shared = (
            [
                row.due
                for row in plan(
                    disbursed_on="2026-06-15", day_count="actual/365", last_installment=rule
                ).installments
            ]
            for rule in ("absorbs", "respread")
        )
        assert kept == [31494, 31494, 31494, 31596]
        assert shared == [31519, 31519, 31519, 31519]


class TestCurrencies:
    def test_yen_have_no_cents_and_dinars_have_thousandths(self) -> None:
        yen = plan(currency="JPY", principal="100000", annual_rate_percent="10")
        assert [row.due for row in yen.installments] == [25523, 25523, 25523, 25523]
        dinars = plan(currency="KWD", principal="1000", annual_rate_percent="10")
        assert [row.due for row in dinars.installments] == [255_230, 255_230, 255_230, 255_229]

    def test_without_interest_the_last_installment_has_the_odd_cent(self) -> None:
        built = plan(principal="1000", annual_rate_percent="0", installments=3)
        assert [row.due for row in built.installments] == [33333, 33333, 33334]

    def test_one_installment_has_all(self) -> None:
        for method in ("declining", "flat", "equal_principal", "bullet", "interest_only"):
            (row,) = plan(method=method, installments=1).installments
            assert (row.principal, row.interest, row.balance) == (120_000, 2_400, 0)

    def test_payments_in_advance_are_an_annuity_due(self) -> None:
        # numpy_financial.pmt(0.08 / 12, 60, -15000, when="begin") is 302.13.
        built = plan(
            principal="15000",
            annual_rate_percent="8",
            installments=60,
            first_due_on="2026-01-15",
        )
        assert (built.installments[0].interest, built.installments[0].due) == (0, 30213)

    def test_a_balloon_is_the_future_value_of_an_annuity(self) -> None:
        # numpy_financial.pmt(0.01, 36, -20000, fv=8000) is 478.57.
        built = plan(
            principal="20000",
            annual_rate_percent="12",
            installments=36,
            method="balloon",
            balloon="8000",
        )
        assert built.installments[0].due == 47857
        assert built.installments[-1].due == pytest.approx(800_000 + 47857, abs=20)


class TestDayCounts:
    @pytest.mark.parametrize(
        ("day_count", "interest"),
        [
            ("30/360", 100_000 * 12 // 12 // 100),
            ("actual/360", round(100_000 * 0.12 * 31 / 360)),
            ("actual/364", round(100_000 * 0.12 * 31 / 364)),
            ("actual/365", round(100_000 * 0.12 * 31 / 365)),
            ("actual/actual", round(100_000 * 0.12 * (19 / 365 + 12 / 366))),
            ("actual/first-year", round(100_000 * 0.12 * 31 / 365)),
        ],
    )
    def test_a_month_over_the_end_of_a_year(self, day_count: str, interest: int) -> None:
        built = plan(
            principal="1000",
            annual_rate_percent="12",
            installments=1,
            disbursed_on="2023-12-12",
            day_count=day_count,
        )
        assert built.installments[0].interest == interest


class TestChanges:
    def test_a_new_rate_finds_a_new_installment_from_its_day(self) -> None:
        expected = """
            due on     days principal interest  fees      due  balance
            2026-02-15   31   291.15   24.00   0.00   315.15   908.85
            2026-03-15   28   299.94    9.09   0.00   309.03   608.91
            2026-04-15   31   302.94    6.09   0.00   309.03   305.97
            2026-05-15   30   305.97    3.06   0.00   309.03     0.00
        """
        change = [{"from": "2026-02-15", "annual_rate_percent": "12"}]
        check(plan(rate_changes=change, last_installment="absorbs"), expected)

    def test_a_pause_costs_nothing_and_shortens_the_last_installment(self) -> None:
        pause = [{"start": "2026-02-15", "end": "2026-03-15"}]
        built = plan(interest_pauses=pause)
        assert [row.interest for row in built.installments] == [2400, 0, 1187, 581]
        assert [row.due for row in built.installments[:3]] == [31515] * 3
        assert built.installments[3].due < 31515

    def test_half_a_period_paused_costs_half(self) -> None:
        pause = [{"start": "2026-02-15", "end": "2026-03-01"}]
        built = plan(method="bullet", interest_pauses=pause)
        assert [row.interest for row in built.installments] == [2400, 1200, 2400, 2400]
