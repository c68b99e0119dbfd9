"""The examples' vocabulary (Apache Fineract's) turned into ours, and rows turned back."""

from typing import Any

METHODS = {
    ("FLAT", "EQUAL_INSTALLMENTS"): "flat",
    ("DECLINING_BALANCE", "EQUAL_INSTALLMENTS"): "declining",
    ("DECLINING_BALANCE", "EQUAL_PRINCIPAL_PAYMENTS"): "equal_principal",
}
TYPES = {
    "Disbursement": "disbursement",
    "Down Payment": "down_payment",
    "Repayment": "repayment",
    "Merchant Issued Refund": "merchant_issued_refund",
    "Goodwill Credit": "goodwill_credit",
    "Re-age": "reage",
    "Re-amortize": "reamortize",
}
ADVANCES = {
    "REDUCE_EMI_AMOUNT": "reduce_installment",
    "REDUCE_NUMBER_OF_INSTALLMENTS": "reduce_count",
    "RESCHEDULE_NEXT_REPAYMENTS": "reduce_count",
    "ADJUST_LAST_UNPAID_PERIOD": "adjust_last",
}
ROW = ("days", "principal", "interest", "fees", "penalties", "due", "paid", "in_advance", "late")


def day_count(inputs: dict[str, Any], config: dict[str, Any]) -> str:
    if config["days_in_month"] == "30":
        return "30/360"
    if config["days_in_year"] != "ACTUAL":
        return f"actual/{config['days_in_year']}"
    progressive = config.get("loan_schedule_type") == "PROGRESSIVE"
    return "actual/actual" if progressive else "actual/first-year"


def terms(inputs: dict[str, Any]) -> dict[str, Any]:
    config = inputs["product_config"]
    progressive = config.get("loan_schedule_type") == "PROGRESSIVE"
    return {
        "principal": inputs["principal"],
        "currency": inputs["currency"],
        "annual_rate_percent": inputs["annual_rate_percent"],
        "method": METHODS[inputs["interest_type"], inputs["amortization"]],
        "frequency": inputs["repay_unit"].lower().removesuffix("s"),
        "every": inputs["repay_every"],
        "installments": inputs["installments"],
        "disbursed_on": inputs["submitted_on"],
        "day_count": day_count(inputs, config),
        "interest_period": {
            "DAILY": "daily",
            "SAME_AS_REPAYMENT_PERIOD": "same_as_repayment",
        }[inputs["interest_calc_period"]],
        "installment_multiple": config.get("installment_multiple"),
        "last_installment": "respread" if progressive else "absorbs",
        "grace": {
            "principal": inputs["grace_on_principal_periods"],
            "interest_payment": inputs["grace_on_interest_payment_periods"],
        },
        "down_payment_percent": config.get("down_payment_percent"),
    }


def life(case: dict[str, Any]) -> dict[str, Any]:
    inputs, config = case["inputs"], case["inputs"]["product_config"]
    document: dict[str, Any] = {
        "terms": terms(inputs),
        "auto_down_payment": config.get("auto_down_payment"),
        "processing": config.get("processing"),
        "future_installment_rule": config.get("future_installment_rule_by_transaction"),
        "events": inputs["events"],
        "dpd_rule": {"grace_days": 3},
        "buckets": [[1, 3], [4, 30], [31, 60], [61, 90], [91, None]],
    }
    if inputs["strategy"] != "ADVANCED_PAYMENT_ALLOCATION":
        document["allocation_order"] = inputs["strategy"]
    else:
        document["allocation_order"] = config.get("allocation_order")
    if config.get("interest_recalculation"):
        document["interest_recalculation"] = {
            "rest": config["rest_frequency"].lower(),
            "advance": ADVANCES[config["advance_payment_strategy"]],
            "payoff": {
                "TILL_PRE_CLOSE_DATE": "till_date",
                "TILL_REST_FREQUENCY_DATE": "till_rest_date",
            }[config["preclose"]],
        }
    snapshots = case["expected"].get("snapshots")
    if snapshots:
        document["snapshots"] = [snapshot["after_events"] for snapshot in snapshots]
    return document


def expected_rows(snapshot: dict[str, Any]) -> list[dict[str, Any]]:
    """Installments only; the source also lists disbursements between them."""
    rows = []
    for row in snapshot["schedule"]:
        if "n" in row:
            shown = {name: row[name] for name in ROW}
            rows.append(
                {
                    "n": row["n"],
                    "due_on": row["date"],
                    "balance": row["balance"],
                    "paid_on": row.get("paid_on"),
                    "outstanding": row["outstanding"],
                    **shown,
                }
            )
    return rows


def our_rows(snapshot: dict[str, Any]) -> list[dict[str, Any]]:
    names = ("n", "due_on", "balance", "paid_on", "outstanding", *ROW)
    return [{name: row[name] for name in names} for row in snapshot["installments"]]
