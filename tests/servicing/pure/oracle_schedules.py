"""Schedules, installments and due dates of the worked examples against ours."""

from fractions import Fraction
from typing import Any

import pytest

from servicing import annuity, calendars, interest, replay, schedule, terms
from tests.servicing.pure import oracle_lives as lives
from tests.servicing.pure.cents import major


def plan(**document: Any) -> schedule.Schedule:
    base = {"currency": "USD", "disbursed_on": "2024-01-01", "installments": 12}
    given = {key: value for key, value in document.items() if value is not None}
    return schedule.build(terms.parse({**base, **given}))


def check_schedule(case: dict[str, Any]) -> None:
    if "product_config" in case["inputs"]:
        lives.check_life(case)
        return
    given = case["inputs"]
    built = plan(
        principal=given["principal"],
        annual_rate_percent=given["annual_rate_percent"],
        installments=given["instalments"],
        day_count="30/360",
        disbursed_on=given["start"],
        first_due_on=given["first_due"],
        last_installment="level",
    )
    shown = [
        {
            "date": row.due_on.isoformat(),
            "principal": major(row.principal),
            "interest": major(row.interest),
            "balance": major(row.balance),
        }
        for row in built.installments
    ]
    assert shown == case["expected"]["rows"]
    assert major(built.installments[0].due) == case["expected"]["instalment"]


def check_weighted(case: dict[str, Any]) -> None:
    built = plan(
        principal=case["inputs"]["principal"],
        annual_rate_percent=case["inputs"]["annual_rate_percent"],
        installments=len(case["inputs"]["weights"]),
        day_count="30/360",
        weights=case["inputs"]["weights"],
        first_due_on="2024-01-01",
    )
    assert major(built.installments[1].due) == case["expected"]["payment_normal_weight"]


def check_fixed_installment(case: dict[str, Any]) -> None:
    base = {"currency": "INR", "disbursed_on": "2024-01-01"}
    given = case["inputs"]
    built = schedule.build(
        terms.parse(
            base
            | {
                "principal": given["principal"],
                "annual_rate_percent": given["annual_rate_percent"],
                "installment": given["instalment"],
            }
        )
    )
    assert len(built.installments) == case["expected"]["instalments"]
    assert round(built.total_interest.minor, -2) // 100 == int(
        case["expected"]["total_interest_rounded"]
    )


def check_progressive(case: dict[str, Any]) -> None:
    given, expected = case["inputs"], case["expected"]
    if "disbursements" in given:
        check_tranches(given, expected)
        return
    day_count = "30/360" if given["days_in_month"] == "30" else "actual/actual"
    grace = given.get("grace_on_principal_periods", 0)
    start = given.get("disbursed") or given["first_start"]
    built = plan(
        principal=given["principal"],
        annual_rate_percent=given["annual_rate_percent"],
        installments=given["instalments"],
        day_count=day_count,
        last_installment="respread",
        disbursed_on=start,
        first_due_on="2024-02-01" if "start" in given else None,
        grace={"principal": grace},
    )
    if "periods" in expected:
        for row, theirs in zip(built.installments, expected["periods"], strict=True):
            assert row.due_on.isoformat() == theirs["due"]
            assert major(row.principal) == theirs["principal"]
            assert major(row.interest) == theirs["interest"]
            assert major(row.due) == theirs["due_total"]
            assert major(row.balance) == theirs["balance"]
        return
    last = built.installments[-1]
    facts = {
        "emi": major(built.installments[0].due),
        "final_balance": major(last.balance),
        "term_days": sum(row.days for row in built.installments),
        "interest_each": major(built.installments[0].interest),
        "principal_last": major(last.principal),
        "due_last": major(last.due),
        "total_interest": built.total_interest.major,
        "total_due": built.total_payable.major,
        "last_due_date": last.due_on.isoformat(),
    }
    assert {key: facts[key] for key in expected} == expected


def check_tranches(given: dict[str, Any], expected: dict[str, Any]) -> None:
    for count, rows in enumerate(expected["after_each_disbursement"], 1):
        draws = given["disbursements"][:count]
        built = plan(
            principal=str(sum(Fraction(draw["amount"]) for draw in draws)),
            annual_rate_percent=given["annual_rate_percent"],
            installments=len(given["periods"]),
            day_count="30/360",
            last_installment="respread",
            disbursed_on=draws[0]["date"],
            due_dates=[period["due"] for period in given["periods"]],
            tranches=[{"on": draw["date"], "amount": draw["amount"]} for draw in draws],
        )
        shown = [
            {
                "n": row.n,
                "emi": major(row.due),
                "interest": major(row.interest),
                "principal": major(row.principal),
                "balance": major(row.balance),
            }
            for row in built.installments
        ]
        assert shown == rows


def check_rate_factor(case: dict[str, Any]) -> None:
    given = case["inputs"]
    loan = terms.parse(
        {
            "principal": "100",
            "currency": "USD",
            "annual_rate_percent": str(float(given["annual_rate"]) * 100),
            "disbursed_on": given["periods"][0][0],
            "due_dates": [end for _, end in given["periods"]],
            "day_count": "actual/365",
        }
    )
    factors = [
        Fraction(period.numerator, period.denominator)
        for period in interest.periods(loan, calendars.due_dates(loan))
    ]
    annuity, grown = Fraction(0), []
    for factor in factors:
        grows = twelve_digits(1 + twelve_digits(factor))
        annuity = twelve_digits(1 + twelve_digits(annuity * grows))
        grown.append(annuity)
    assert [f"{float(factor):.12f}" for factor in factors] == case["expected"]["rate_factors"]
    assert [f"{float(value):.11f}" for value in grown] == case["expected"]["fn_values"]


def twelve_digits(number: Fraction) -> Fraction:
    """The source keeps twelve significant digits; we keep all."""
    places = 12 - len(str(int(number))) if number >= 1 else 14
    return Fraction(round(number * 10**places), 10**places)


def check_annuity(case: dict[str, Any]) -> None:
    given = case["inputs"]
    rate = given.get("annual_rate_percent") or str(Fraction(given["annual_rate"]) * 100)
    ceil = "emi_rounding" in given
    loan = terms.parse(
        {
            "principal": given["principal"],
            "currency": "USD",
            "annual_rate_percent": rate,
            "installments": given["instalments"],
            "disbursed_on": "2024-01-01",
            "rounding": "up" if ceil else None,
            "installment_multiple": "1" if ceil else None,
        }
    )
    if ceil:
        assert schedule.build(loan).installments[0].due == 100 * int(case["expected"]["emi"])
        return
    periods = interest.periods(loan, calendars.due_dates(loan))
    exact = annuity.exact_level(loan, periods) / 100
    assert exact == pytest.approx(float(case["expected"]["payment"]), abs=1e-6)


def check_annuity_component(case: dict[str, Any]) -> None:
    given = case["inputs"]
    built = plan(
        principal=given["principal"],
        annual_rate_percent="10",
        installments=given["instalments"],
    )
    assert (
        major(built.installments[given["period"] - 1].interest)
        == (case["expected"]["interest_part"])
    )


def check_due_dates(case: dict[str, Any]) -> None:
    given, expected = case["inputs"], case["expected"]
    first = given.get("first_due") or expected["first"]
    built = plan(
        principal="1000",
        annual_rate_percent="7.5",
        installments=given.get("count") or given["instalments"],
        disbursed_on=given.get("disbursed") or given["start"],
        first_due_on=first,
    )
    days = [row.due_on.isoformat() for row in built.installments]
    if "due_dates" in expected:
        assert days == expected["due_dates"]
    else:
        assert [days[0], days[1], days[-1]] == list(expected.values())


def check_working_capital(case: dict[str, Any]) -> None:
    given, expected = case["inputs"], case["expected"]
    loan = {
        "principal": given["net_disbursement"],
        "currency": "EUR",
        "method": "revenue_share",
        "frequency": "day",
        "day_count": f"actual/{given['day_count']}",
        "disbursed_on": given["disbursed"],
        "revenue": {
            "yearly": given["total_payment_volume"],
            "share_percent": given["period_payment_rate_percent"],
            "fee": given["discount_fee"],
        },
    }
    if "events" in given:
        start = {"type": "disbursement", "date": given["disbursed"], "amount": "9000"}
        (told,) = replay.tell(replay.parse({"terms": loan, "events": [start, *given["events"]]}))
        assert told["status"] == expected["status"].lower()
        assert told["balances"]["outstanding"] == expected["outstanding"]
        assert told["balances"]["credit"] == expected["overpayment"]
        assert told["totals"]["interest"] == expected["fee_recognised"]
        return
    built = schedule.build(terms.parse(loan))
    assert major(built.installments[0].due) == expected["payment"]
    assert len(built.installments) == expected["payments"]
    fee = built.total_interest.minor
    for theirs in expected["rows"]:
        row = built.installments[theirs["n"] - 1]
        left = fee - sum(each.interest for each in built.installments[: theirs["n"]])
        shown = {
            "n": row.n,
            "date": row.due_on.isoformat(),
            "payment": major(row.due),
            "amortization": major(row.interest),
            "balance": major(row.balance),
            "fee_balance": major(left),
        }
        assert {key: shown[key] for key in theirs} == theirs


def check_accrual(case: dict[str, Any]) -> None:
    given = case["inputs"]
    loan = terms.parse(
        {
            "principal": given["principal"],
            "currency": "INR",
            "annual_rate_percent": given["annual_rate_percent"],
            "disbursed_on": "2019-10-01",
            "due_dates": ["2019-10-31"],  # both ends of 1-30 October are counted
            "day_count": "actual/365",
        }
    )
    charged = schedule.build(loan).total_interest.minor
    assert (charged + 50) // 100 == int(case["expected"]["interest_rounded"])


def check_rate_conversion(case: dict[str, Any]) -> None:
    built = plan(
        principal="1000",
        annual_rate_percent=case["inputs"]["annual_percent"],
        frequency="day",
        installments=1,
        day_count="actual/365",
    )
    daily = Fraction(built.installments[0].interest, 100_000) * 100
    assert daily == Fraction(case["expected"]["daily_percent"])


def check_nper(case: dict[str, Any]) -> None:
    """We count whole installments: 64.07 of them are 65."""
    given = case["inputs"]
    built = schedule.build(
        terms.parse(
            {
                "principal": given["pv"],
                "currency": "USD",
                "annual_rate_percent": "7",
                "installment": given["pmt"].removeprefix("-"),
                "disbursed_on": "2024-01-01",
            }
        )
    )
    whole, part = divmod(float(case["expected"]["nper"]), 1)
    assert len(built.installments) == whole + 1
    last, usual = built.installments[-1].due, built.installments[0].due
    assert last / usual == pytest.approx(part, abs=0.01)
