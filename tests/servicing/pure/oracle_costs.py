"""APRs and rates of the worked examples against ours."""

from fractions import Fraction
from typing import Any

import pytest

from servicing import flows, quotes, terms, yields


def check_us(case: dict[str, Any]) -> None:
    given = case["inputs"]
    payments = [
        {key: value for key, value in row.items() if key in ("amount", "count", "every")}
        for row in given["payments"]
    ]
    payments[0]["on"] = given["first_payment"]
    document = {
        "convention": "us",
        "advances": [{"on": given["advance_date"], "amount": given["amount_financed"]}],
        "payments": payments,
    }
    said = {
        key: given[key]
        for key in ("unit_periods_per_year", "whole_periods_to_first", "odd_fraction")
    }
    for extra in ({}, {"unit_periods_per_year": said["unit_periods_per_year"]}, said):
        rate = flows.annual_rate(flows.parse({**document, **extra}))
        assert f"{rate:.2f}" == case["expected"]["apr_percent"]


def eu_rate(advances: list[dict[str, Any]], payments: list[dict[str, Any]]) -> float:
    document = {"convention": "eu", "advances": advances, "payments": payments}
    return flows.annual_rate(flows.parse(document))


def eu_payments(given: dict[str, Any]) -> list[dict[str, Any]]:
    payments: list[dict[str, Any]] = []
    for row in given["flows"]:
        if "schedule" in row:
            return [*payments, *revolving_payments()]
        text = row.get("t")
        if text is None:
            payments.append({"on": row["date"], "amount": row["amount"]})
        elif "k" not in text:
            payments.append({"t": text, "amount": row["amount"]})
        else:
            base, _, steps = text.partition(", ")[0].rpartition("+")
            every = steps.strip().removeprefix("k").removeprefix("/")
            first = "1" if text.split("k=")[1].startswith("1") else "0"
            step = f"1/{every}" if every else "1"
            start = (base.strip() or "0") + (f" + {step}" if first == "1" else "")
            payments.append(
                {"t": start, "amount": row["amount"], "count": row["count"], "every": step}
            )
    return payments


def revolving_payments() -> list[dict[str, Any]]:
    """EC example 15: the balance grows by 6 %/12, then the greater of 2 % and 300 is paid."""
    balance = Fraction(200_000)
    rows: list[dict[str, Any]] = []
    while balance > 0:
        balance *= 1 + Fraction(6, 1200)
        payment = min(max(balance / 50, Fraction(300)), balance)
        balance -= payment
        rows.append({"t": f"{len(rows) + 1}/12", "amount": f"{float(payment):.5f}"})
    return rows


def check_eu(case: dict[str, Any]) -> None:
    start, payments = case["inputs"]["drawdown"], eu_payments(case["inputs"])
    when = {"t": "0"} if any("t" in row for row in payments) else {"on": start["date"]}
    rate = eu_rate([{**when, "amount": start["amount"]}], payments)
    for key, value in case["expected"].items():
        said = key.removeprefix("apr_percent").removeprefix("_").removesuffix("dp")
        places = int(said) if said else len(value.partition(".")[2])
        assert f"{rate:.{places}f}" == value


def check_eu_single(case: dict[str, Any]) -> None:
    given = case["inputs"]
    time = f"{given['after_days']}/{given['year_days']}"
    rate = eu_rate(
        [{"t": "0", "amount": given["advance"]}], [{"t": time, "amount": given["payment"]}]
    )
    assert f"{rate:.1f}" == case["expected"]["apr_percent_1dp"]


def check_kfs(case: dict[str, Any]) -> None:
    given = case["inputs"]
    quoted = quotes.quote(
        terms.parse(
            {
                "principal": given["principal"],
                "currency": "INR",
                "annual_rate_percent": given["annual_rate_percent"],
                "installments": given["instalments"],
                "disbursed_on": "2024-01-01",
                "fees": [{"code": "processing", "amount": given["upfront_fee"], "when": "upfront"}],
            }
        )
    )
    theirs = float(case["expected"]["effective_cost_percent_1dp"])
    assert float(quoted.apr["in"]) == pytest.approx(theirs, abs=0.06)


def check_rate(case: dict[str, Any]) -> None:
    given = case["inputs"]
    rate = yields.solve([(0, -float(given["pv"])), (given["nper"], -float(given["fv"]))])
    assert f"{rate:.4f}" == case["expected"]["rate"]
