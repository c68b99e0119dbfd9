"""Costs, installments, rebates and settlements as regulations, manuals and public tests print them.

Only figures are taken over; each table names where they stand.
"""

from datetime import date, timedelta
from typing import Any

import pytest
import pyxirr

from servicing import calendars, flows, quotes, replay, terms

# Examples for the calculation of the APRC (European Commission, Markt/2014/107, January 2015), in
# spec/CalculatorSpec.php of rimas-kudelis/php-apr-calculator too: 200,000, a fee of 4,000, and rows
# of time, amount, count.
EUROPEAN_COMMISSION = """
6.434412  1/12         1432.86  240
6.434185  1/12+3/365   1433.57  240
6.434111  1/12+3/366   1433.56  240
6.588554  1/12         1449.53  240
7.946625  1/12         1599.53  240
6.961575  1/12         1490.18  240
6.436359  1/12         1432.86  240   20      100.00     1
6.409523  1/12         1199.10  180   15      142097.69  1
7.430479  1/12         1166.67  240   20      200000.00  1
8.869280  1/12         1166.67  6     7/12    1398.33    234   20  200000.00  1
6.452756  1/12         1500.00  220   221/12  407.70     1
"""

# One payment so many days after the advance; the same spec, and the British Consumer Finance
# Association's (30.4375 days). Years are of 365.25 days.
SINGLE = """
1286.2     100     125     31
1.0        100     101     365
0.0        100     100     1
2400.3     250     319.97  28
4935.9     350     447.97  23
1123.2     150     191.99  36
3103.4     100     127.99  26
3584.2     280     358.40  25
1122.9     400     511.96  36
2716.8     250     319.97  27
2238723.9  150     191.99  9
2717.4     200     255.98  27
27865.8    300     383.97  16
1199.0     364.54  450     30
27875.8    250     319.98  16
82400.5    200     350     30.4375
1355.2     200     250     30.4375
"""

# simontreanor/FSharp.Finance.Personal, tests/AprUsActuarialTests.fs, "confirmed using Excel":
# advance and its day, payment, first day, count, distance.
AMERICAN = """
9.32    10000  1978-07-23  385  1978-10-01  40  3 months
94.15   1000   2023-10-26  220  2023-11-30  5   1 day
412.40  1000   2023-11-23  250  2023-11-30  5   1 week
78.34   1000   2023-10-26  500  2023-11-30  5   1 year
9.24    8000   2024-01-01  200  2024-02-01  48  1 month
"""  # the last: Excel's page on RATE

# Principal, yearly rate, installments, frequency; first installment, its interest, the last's.
# Excel's pages on PMT and IPMT; numpy-financial 1.0.0, docstrings and tests; frappe/lending,
# test_loan.py and test_loan_application.py, where installments go up to whole units.
LEVEL = """
10000   8     10   month  1037.03   66.67    6.87
8000    10    3    year   3216.92   800.00   292.45
200000  8     10   year   29805.90  16000.00 2207.84
200000  7.5   180  month  1854.02   1250.00  11.53
15000   8     60   month  304.15    100.00   2.01
2500    8.24  12   month  217.75    17.17    1.49
2000    360   12   month  626.91    600.00   144.67
20000   960   3    month  19311.26  16000.00 8582.76
15000   0     60   month  250.00    0.00     0.00
"""
WHOLE = """
250000   9.2  24   month  11445
280000   8.4  20   month  15052
500000   25   12   month  47523
1200000  29   36   month  50287
100000   10   30   month  3782
285000   17   12   month  25994
200003   27   270  day    818
"""

# The Schedule of the Consumer Credit (Early Settlement) Regulations 2004 (SI 2004/1483), also
# tests/InterestTests.fs of FSharp.Finance.Personal. Loan, installment, count, APR; paid out, and
# settled after so many payments, on a day.
REBATES = """
860.52   5000   134.57  48   14  2010-03-01  12  2011-03-01
819.71   5000   134.57  48   14  2010-04-01  12  2011-04-29
821.03   5000   134.57  48   14  2010-03-01  12  2011-03-29
776.90   5000   134.57  48   14  2010-03-01  13  2011-04-29
6702.45  10000  139.51  180  16  2010-03-01  73  2016-04-01
6606.95  10000  139.51  180  16  2010-03-01  73  2016-04-29
"""


def lines(table: str) -> list[list[str]]:
    return [line.split() for line in table.strip().splitlines()]


def rate(convention: str, advance: dict[str, str], *payments: dict[str, Any]) -> float:
    document = {"convention": convention, "advances": [advance], "payments": [*payments]}
    return flows.annual_rate(flows.parse(document))


def loan(principal: str, percent: str, count: str, frequency: str, **more: Any) -> dict[str, Any]:
    return {
        "principal": principal,
        "currency": "GBP",
        "annual_rate_percent": percent,
        "installments": int(count),
        "frequency": frequency,
        "disbursed_on": "2024-01-01",
        **more,
    }


def quoted(document: dict[str, Any]) -> dict[str, Any]:
    return quotes.as_document(quotes.quote(terms.parse(document)))


@pytest.mark.parametrize("row", lines(EUROPEAN_COMMISSION), ids=" ".join)
@pytest.mark.parametrize("convention", ["eu", "uk"])
def test_european_commission(row: list[str], convention: str) -> None:
    expected, *rest = row
    payments = [
        {"t": t.replace("+", " + "), "amount": amount, "count": int(count), "every": "1/12"}
        for t, amount, count in zip(rest[::3], rest[1::3], rest[2::3], strict=True)
    ]
    fee = {"t": "0", "amount": "4000"}
    assert f"{rate(convention, {'t': '0', 'amount': '200000'}, fee, *payments):.6f}" == expected


@pytest.mark.parametrize("row", lines(SINGLE), ids=" ".join)
def test_single_payment(row: list[str]) -> None:
    expected, advance, payment, days = row
    time = f"{days}/365.25"
    ours = rate("eu", {"t": "0", "amount": advance}, {"t": time, "amount": payment})
    assert f"{ours:.1f}" == expected


@pytest.mark.parametrize("row", lines(AMERICAN), ids=" ".join)
def test_american(row: list[str]) -> None:
    expected, advance, start, payment, first, count, *every = row
    payments = {"on": first, "amount": payment, "count": int(count), "every": " ".join(every)}
    assert f"{rate('us', {'on': start, 'amount': advance}, payments):.2f}" == expected


@pytest.mark.parametrize("row", lines(LEVEL), ids=" ".join)
def test_level_installment(row: list[str]) -> None:
    *said, due, first, last = row
    rows = quoted(loan(*said))["installments"]
    assert (rows[0]["due"], rows[0]["interest"]) == (due, first)
    assert float(rows[-1]["interest"]) == pytest.approx(float(last), abs=0.03)


@pytest.mark.parametrize("row", lines(WHOLE), ids=" ".join)
def test_installment_in_whole_units(row: list[str]) -> None:
    *said, due = row
    rows = quoted(loan(*said, rounding="up", installment_multiple="1"))["installments"]
    assert rows[0]["due"] == f"{due}.00"


@pytest.mark.parametrize("row", lines(REBATES), ids=" ".join)
def test_british_rebate(row: list[str]) -> None:
    expected, principal, each, count, apr, start, paid, settled_on = row
    first = calendars.add_months(date.fromisoformat(start), 1)
    dues = [calendars.add_months(first, n).isoformat() for n in range(int(count))]
    percent = 1200 * (pyxirr.rate(int(count), -float(each), float(principal)) or 0)
    agreed = loan(principal, f"{percent:.8f}", count, "month", disbursed_on=start)
    agreed |= {"first_due_on": dues[0], "last_installment": "level"}
    payments = [{"type": "repayment", "date": day, "amount": each} for day in dues[: int(paid)]]
    (told,) = replay.tell(
        replay.parse(
            {
                "terms": agreed,
                "rebate": {"law": "uk_2004", "apr_percent": apr},
                "events": [
                    {"type": "disbursement", "date": start, "amount": principal},
                    *payments,
                    {"type": "business_date", "date": settled_on},
                ],
            }
        )
    )
    assert told["payoff"]["rebate"] == expected


# tests/SettlementTests.fs of FSharp.Finance.Personal: 250.00 at 0.8 % a day from 28 November 2023,
# four installments from 22 December; what had been paid on which day, and what settles it when.
SETTLEMENTS = """
98.52   81.56  16.96  112  24:100.53 55:100.53 86:100.53
105.04  81.56  23.48  122  24:100.53 55:100.53 86:100.53
53.30   50.48  2.82   122  24:100.53 55:100.53 86:100.53 115:50.00
"""


@pytest.mark.parametrize("row", lines(SETTLEMENTS), ids=" ".join)
def test_settlement(row: list[str]) -> None:
    total, principal, interest, today, *paid = row
    start = date(2023, 11, 28)
    agreed = loan("250", "292", "4", "month", disbursed_on=start.isoformat())
    agreed |= {"first_due_on": "2023-12-22", "day_count": "actual/365"}
    agreed |= {"rounding": "up", "interest_rounding": "down"}

    def on(days: str) -> str:
        return (start + timedelta(days=int(days))).isoformat()

    payments = [
        {"type": "repayment", "date": on(days), "amount": amount}
        for days, _, amount in (each.partition(":") for each in paid)
    ]
    (told,) = replay.tell(
        replay.parse(
            {
                "terms": agreed,
                "interest_recalculation": {"rest": "daily", "advance": "adjust_last"},
                "events": [
                    {"type": "disbursement", "date": start.isoformat(), "amount": "250"},
                    *payments,
                    {"type": "business_date", "date": on(today)},
                ],
            }
        )
    )
    owed = told["payoff"]
    assert (owed["total"], owed["principal"], owed["interest"]) == (total, principal, interest)
    assert told["installments"][0]["due"] == "100.53"


def test_a_payment_on_any_day_saves_the_interest_of_the_days_left() -> None:
    """frappe/lending, test_loan.py, test_loc_pre_payment_interest."""
    agreed = loan("486324", "17.25", "1", "month", disbursed_on="2024-11-27")
    agreed |= {"due_dates": ["2025-01-26"], "day_count": "actual/365"}
    (told,) = replay.tell(
        replay.parse(
            {
                "terms": agreed,
                "interest_recalculation": {"rest": "daily", "advance": "adjust_last"},
                "events": [
                    {"type": "disbursement", "date": "2024-11-27", "amount": "486324"},
                    {"type": "repayment", "date": "2025-01-23", "amount": "420568"},
                    {"type": "business_date", "date": "2025-01-26"},
                ],
            }
        )
    )
    assert told["transactions"][-1]["interest"] == "13100.77"
    assert told["payoff"]["interest"] == "111.80"


@pytest.mark.parametrize(
    ("start", "installment", "count", "interest"),
    [("2020-10-01", "14000", 22, "22707.63"), ("2025-01-27", "15052", 20, "20969.62")],
)
def test_a_fixed_installment_with_interest_by_days(
    start: str, installment: str, count: int, interest: str
) -> None:
    """frappe/lending, test_loan.py: 22,708 and 20,970 in whole units."""
    agreed = loan("280000", "8.4", "1", "month", disbursed_on=start, day_count="actual/365")
    answer = quoted(agreed | {"installments": None, "installment": installment})
    assert (len(answer["installments"]), answer["total_interest"]) == (count, interest)
