"""What `kopa replay` tells of a late loan that comes with a policy and a probability of default."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from kit.money import Money
from servicing import assessments, effective_interest, late_policy
from servicing.assessments import Risk
from servicing.fields import Fields
from servicing.late_policy import LatePolicy
from servicing.life import Life, Status
from servicing.terms import LoanTerms


@dataclass(frozen=True, slots=True)
class LateQuestion:
    policy: LatePolicy
    pd_ppm: int | None
    pd_now_ppm: int | None


def parse(fields: Fields) -> LateQuestion | None:
    """`late_policy` names one in the box, or is one."""
    source = fields.raw("late_policy")
    before, now = (_ppm(fields, key) for key in ("pd_percent", "pd_now_percent"))
    if source is None:
        return None
    if isinstance(source, str):
        path = late_policy.FOLDER / f"{source}.yaml"
        known = sorted(each.stem for each in late_policy.FOLDER.glob("*.yaml"))
        if source not in known:
            raise fields.refuse("late_policy", f"must be one of: {', '.join(known)}")
        return LateQuestion(late_policy.load(path), before, now)
    return LateQuestion(late_policy.parse(source, "late_policy"), before, now)


def answer(
    question: LateQuestion | None, agreed: LoanTerms, life: Life, on: date
) -> dict[str, Any]:
    """`agreed` are the first terms: a change of them does not change the rate to discount with."""
    if question is None or life.status is not Status.ACTIVE:
        return {}
    rules, rate = life.rules, effective_interest.rate(agreed)
    risk = Risk(life.draws[0].on, rate, question.pd_ppm, question.pd_now_ppm)
    found = assessments.assess(
        question.policy,
        assessments.portions_of(life),
        assessments.risk_of(life, risk),
        on,
        dpd=replace(rules.dpd, pauses=(*rules.dpd.pauses, *life.pauses)),
        buckets=rules.buckets,
    )  # fmt: skip

    def major(minor: int) -> str:
        return Money(minor, life.terms.currency).major

    return {
        "class": found.loan_class.key,
        "provision": major(found.provision_minor),
        "exposure": major(found.exposure_minor),
        "stage": int(found.loss.stage),
        "expected_loss": {
            "recognized": major(found.loss.recognized_minor),
            "twelve_months": major(found.loss.twelve_month_minor),
            "lifetime": major(found.loss.lifetime_minor),
        },
    }


def _ppm(fields: Fields, key: str) -> int | None:
    fields.raw(key)
    return round(fields.number(key, high=100) * 10_000) if fields.has(key) else None
