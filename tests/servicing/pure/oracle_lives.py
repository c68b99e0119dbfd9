"""The lives of loans in the worked examples against our replay."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from servicing import penalties, replay, schedule, settlement, snapshots, terms
from tests.servicing.pure import fineract
from tests.servicing.pure.cents import major, major_to_minor


def check_life(case: dict[str, Any]) -> None:
    if "product_config" not in case["inputs"]:
        check_plain_allocation(case)
        return
    story = replay.parse(fineract.life(case))
    tables = case["expected"].get("snapshots", [case["expected"]])
    for ours, theirs in zip(replay.tell(story), tables, strict=True):
        if "schedule" in theirs:
            assert fineract.our_rows(ours) == fineract.expected_rows(theirs)
        if "totals" in theirs:
            assert ours["totals"] == theirs["totals"]
        check_transactions(ours, theirs)
    for theirs, following in zip(tables, [*tables[1:], {}], strict=True):
        check_standing(story, theirs, following.get("after_events", len(story.events)))


def check_transactions(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    expected = [
        {**each, "type": fineract.TYPES[each["type"]]}
        for each in theirs.get("transactions", [])
        if each["type"] != "Accrual"  # an accounting entry, no movement of money
    ]
    shown = [dict(each) for each in ours["transactions"]]
    for each in [*expected, *shown]:
        if each["type"] in ("reage", "reamortize"):
            each["balance"] = "not told by the source"
    if expected:
        assert shown == expected


def check_standing(story: replay.Story, theirs: dict[str, Any], until: int) -> None:
    """The source tells the standing somewhere between one table and the next."""
    names = ("status", "overpaid_amount", "outstanding_amount", "delinquent_date")
    told = {name: theirs[name] for name in names if name in theirs}
    if "status" in told:
        told["status"] = told["status"].split()[0].lower()
    if not told:
        return
    standings = []
    for count in range(theirs.get("after_events", until), until + 1):
        ours = snapshots.take(*replay.after(story, count))
        standing = {
            "status": ours["status"],
            "overpaid_amount": ours["balances"]["credit"],
            "outstanding_amount": ours["balances"]["outstanding"],
            "delinquent_date": ours["delinquent_since"],
        }
        standings.append({name: standing[name] for name in told})
    assert told in standings


def check_delinquency(case: dict[str, Any]) -> None:
    given, expected = case["inputs"], case["expected"]
    start = {"type": "disbursement", "date": given["disbursed"], "amount": given["principal"]}
    document: dict[str, Any] = {
        "terms": {
            "principal": given["principal"],
            "currency": "INR",
            "annual_rate_percent": given["annual_rate_percent"],
            "disbursed_on": given["disbursed"],
        }
    }
    if "due" in given:
        document["terms"]["due_dates"] = given["due"]
        document["dpd_rule"] = {"grace_days": given["grace_on_arrears_ageing_days"]}
        document["buckets"] = given["buckets_days"]
        today = {"type": "business_date", "date": given["business_date"]}
        (told,) = replay.tell(replay.parse({**document, "events": [start, today]}))
        assert told["delinquent_since"] == expected["delinquent_date"]
        assert told["days_past_due"] == expected["delinquent_days"]
        assert told["bucket_from_days"] == expected["range_min_days"]
        return
    document["terms"] |= {"installment": given["emi"], "first_due_on": given["first_due"]}
    document["dpd_rule"] = {"counts_due_date": True}
    for day, late in expected["days_past_due"].items():
        paid = [{**row, "type": "repayment"} for row in given["payments"] if row["date"] <= day]
        today = {"type": "business_date", "date": day}
        (told,) = replay.tell(replay.parse({**document, "events": [start, *paid, today]}))
        assert told["days_past_due"] == late, day


def check_penalty(case: dict[str, Any]) -> None:
    given, expected = case["inputs"], case["expected"]
    document = {
        "terms": {
            "principal": given["principal"],
            "currency": "INR",
            "annual_rate_percent": given["annual_rate_percent"],
            "disbursed_on": given["disbursed"],
            "first_due_on": given["first_due"],
            "installment": expected["emi"],
        },
        "penalty": {
            "kind": "daily",
            "percent": given["penalty_rate_percent"],
            "counts_due_date": True,
        },
        "events": [
            {"type": "disbursement", "date": given["disbursed"], "amount": given["principal"]},
            {"type": "business_date", "date": given["as_of"]},
        ],
    }
    (told,) = replay.tell(replay.parse(document))
    assert told["penalty_accrued"] == expected["penalty"]


def check_tolerance(case: dict[str, Any]) -> None:
    given, expected = case["inputs"], case["expected"]
    loan = {
        "principal": given["principal"],
        "currency": "INR",
        "annual_rate_percent": given["annual_rate_percent"],
        "disbursed_on": given["disbursed"],
        "due_dates": [given["paid_on"]],
        "day_count": "actual/365",
    }
    owed = schedule.build(terms.parse(loan)).total_payable.minor
    paid = major(owed - 100 * int(given["shortfall"]))
    events = [
        {"type": "disbursement", "date": given["disbursed"], "amount": given["principal"]},
        {"type": "repayment", "date": given["paid_on"], "amount": paid},
    ]
    document = {"terms": loan, "events": events, "closing_tolerance": given["tolerance"]}
    (told,) = replay.tell(replay.parse(document))
    assert told["status"] == "closed"
    assert told["transactions"][-1]["type"] == "waiver"
    assert told["transactions"][-1]["amount"] == f"{expected['waived']}.00"


def check_cap(case: dict[str, Any]) -> None:
    given = case["inputs"]
    rate = given["total_cap_percent"]
    cap = penalties.cap_of(
        100 * int(given["principal"]), None if rate is None else Fraction(rate) / 100
    )
    new, so_far = 100 * int(given["new_interest"]), 100 * int(given["interest_so_far"])
    assert penalties.allowed(new, so_far, cap) == 100 * int(case["expected"]["allowed"])


def check_accounting(case: dict[str, Any]) -> None:
    given = case["inputs"]
    loan = {
        "principal": given["principal"],
        "currency": "INR",
        "annual_rate_percent": "0",
        "installments": 1,
        "disbursed_on": "2024-01-01",
    }
    start = {"type": "disbursement", "date": "2024-01-01", "amount": given["principal"]}
    lost = {"type": "write_off", "date": "2024-06-01"}
    back = {"type": "recovery", "date": "2024-07-01", "amount": given["recovery"]}
    (told,) = replay.tell(replay.parse({"terms": loan, "events": [start, lost, back]}))
    entry = told["entries"][-1]
    assert (entry["debit"], entry["credit"]) == ("cash", "write_off_recovery")
    assert entry["amount"] == f"{given['recovery']}.00"
    assert told["status"] == "written_off"


def check_collateral(case: dict[str, Any]) -> None:
    given, expected = case["inputs"], case["expected"]
    loan = {
        "principal": given["loan"],
        "currency": "INR",
        "annual_rate_percent": "0",
        "installments": 1,
        "disbursed_on": "2024-01-01",
    }
    pledge = {name: given[name] for name in ("quantity", "price", "haircut_percent")}
    start = {"type": "disbursement", "date": "2024-01-01", "amount": given["loan"]}
    document = {"terms": loan, "collateral": [{"code": "security", **pledge}], "events": [start]}
    (told,) = replay.tell(replay.parse(document))
    assert told["collateral"]["value"] == expected["security_value"]
    assert told["collateral"]["shortfall"] == expected["shortfall"]


def check_rebate(case: dict[str, Any]) -> None:
    """Within one cent: the source rounds the balance on the way."""
    given = case["inputs"]
    payments = [major_to_minor(given["payments"]["amount"])] * given["payments"]["count"]
    rule = settlement.RebateRule(settlement.Law.UK_2004, Fraction(given["apr_percent"]) / 100)
    ours = settlement.rebate(
        major_to_minor(given["principal"]),
        payments,
        rule,
        after=given["settlement_after_payments"],
        part=Fraction(given["settlement_part_period"]),
    )
    assert abs(ours - major_to_minor(case["expected"]["rebate"])) <= 1


def check_settlement(case: dict[str, Any]) -> None:
    given = case["inputs"]
    start = date.fromisoformat(given["start"])
    paid = [
        {
            "type": "repayment",
            "date": (start + timedelta(days=row["day"])).isoformat(),
            "amount": row["amount"],
        }
        for row in given["payments"]
    ]
    document = {
        "terms": {
            "principal": given["principal"],
            "currency": "GBP",
            "annual_rate_percent": str(float(given["daily_rate_percent"]) * 365),
            "installments": given["instalments"],
            "disbursed_on": given["start"],
            "first_due_on": given["first_due"],
            "day_count": "actual/365",
            "rounding": "up",
            "interest_rounding": given["interest_rounding"],
        },
        "allocation_order": "penalty_fee_interest_principal",
        "interest_recalculation": {"rest": "daily", "advance": "adjust_last"},
        "events": [
            {"type": "disbursement", "date": given["start"], "amount": given["principal"]},
            *paid,
            {"type": "business_date", "date": given["quote_date"]},
        ],
    }
    (told,) = replay.tell(replay.parse(document))
    expected = case["expected"]
    assert told["payoff"]["total"] == expected["settlement"]
    assert told["payoff"]["principal"] == expected["principal"]
    assert told["payoff"]["interest"] == expected["interest"]


def check_plain_allocation(case: dict[str, Any]) -> None:
    """Whole cents on the way: the source's own sum is rounded to five."""
    given = case["inputs"]
    document = {
        "terms": {
            "principal": given["principal"],
            "currency": "INR",
            "annual_rate_percent": given["annual_rate_percent"],
            "installments": given["instalments"],
            "disbursed_on": given["disbursed"],
            "first_due_on": given["first_due"],
            "day_count": "actual/365",
        },
        "interest_recalculation": {"rest": "daily", "advance": "reduce_installment"},
        "events": [
            {"type": "disbursement", "date": given["disbursed"], "amount": given["principal"]},
            {"type": "repayment", **given["payment"]},
        ],
    }
    (told,) = replay.tell(replay.parse(document))
    paid = told["transactions"][-1]
    assert paid["interest"] == case["expected"]["interest_paid"]
    assert paid["principal"] == case["expected"]["principal_paid"]
