"""Worked examples from public tests, regulations and reports, each against our own arithmetic."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.servicing.pure import oracle_costs as costs
from tests.servicing.pure import oracle_lives as lives
from tests.servicing.pure import oracle_schedules as schedules

FILE = Path(__file__).resolve().parents[4] / "shared" / "oracles" / "servicing.json"
CASES: list[dict[str, Any]] = json.loads(FILE.read_text()) if FILE.exists() else []

NOT_YET: dict[str, str] = {
    "fin-alloc-dpfip-1265": "a penalty of 50 that is due on 20 January is paid on the 17th, in an "
    "installment that is due on 1 February: the table says 1,000 in advance. In the same file, by "
    "the same rule, 1528 and 1583 pay a penalty of 20 January on the 15th, in an installment of "
    "1 February, and count it (1,100 and 1,180, the whole payment). The two cannot both hold, and "
    "money that comes before the installment is due is in advance: we say 1,050, as a later one "
    "does (C2639)",
}
"""Cases that fail for a stated reason. One that starts to pass makes this test fail: remove it."""

pytestmark = pytest.mark.skipif(not CASES, reason=f"the worked examples are not at {FILE}")


CHECKS: dict[str, Callable[[dict[str, Any]], None]] = {
    **dict.fromkeys(
        (
            "schedule_rounding",
            "multi_disbursement",
            "down_payment",
            "charges",
            "allocation",
            "reschedule",
            "reage",
            "reamortize",
            "interest_recalculation",
            "progressive_servicing",
        ),
        lives.check_life,
    ),
    "schedule": schedules.check_schedule,
    "schedule_weighted": schedules.check_weighted,
    "schedule_fixed_instalment": schedules.check_fixed_installment,
    "progressive_schedule": schedules.check_progressive,
    "rate_factor": schedules.check_rate_factor,
    "annuity": schedules.check_annuity,
    "annuity_component": schedules.check_annuity_component,
    "due_dates": schedules.check_due_dates,
    "apr_us_actuarial": costs.check_us,
    "apr_eu": costs.check_eu,
    "apr_eu_single_payment": costs.check_eu_single,
    "apr_kfs": costs.check_kfs,
    "rate": costs.check_rate,
    "rate_conversion": schedules.check_rate_conversion,
    "nper": schedules.check_nper,
    "accrual": schedules.check_accrual,
    "merchant_working_capital": schedules.check_working_capital,
    "delinquency": lives.check_delinquency,
    "penalty": lives.check_penalty,
    "closing_tolerance": lives.check_tolerance,
    "interest_cap": lives.check_cap,
    "accounting": lives.check_accounting,
    "collateral": lives.check_collateral,
    "early_settlement_rebate": lives.check_rebate,
    "settlement_quote": lives.check_settlement,
}


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_worked_example(case: dict[str, Any]) -> None:
    check = CHECKS.get(case["kind"])
    if case["id"] not in NOT_YET:
        assert check is not None, f"no check for the kind {case['kind']}"
        check(case)
        return
    with pytest.raises((AssertionError, TypeError, KeyError)):
        check(case)  # type: ignore[misc]
