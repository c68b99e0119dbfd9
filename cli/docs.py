"""Writes the generated pages of docs/: `make docs`. A test fails when one is stale."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kit.state import Machine
from kyc.states import VERIFICATION
from notifications.states import NOTIFICATION
from onboarding.states import APPLICATION, CASE, GUARANTEE
from scoring import features, policy, reasons
from scoring.policy import LimitRule, Policy, Rule
from servicing.states import AMENDMENT, LOAN, PAYMENT_REQUEST, PAYOUT, REFUND

_DOCS = Path(__file__).resolve().parent.parent / "docs"
STATES, FEATURES, POLICY = _DOCS / "states.md", _DOCS / "features.md", _DOCS / "policy.md"
_MACHINES: tuple[Machine[Any, Any], ...] = (
    APPLICATION,
    VERIFICATION,
    CASE,
    GUARANTEE,
    LOAN,
    AMENDMENT,
    PAYOUT,
    PAYMENT_REQUEST,
    REFUND,
    NOTIFICATION,
)
_INTRODUCTION = """# States

Made by `make docs` from the tables in the code; an event that a table does not have is refused.
Late, restructured or in collections are not states: they follow from the ledger and the schedule.
"""


_FEATURES_INTRODUCTION = """# Features

Made by `make docs` from the code. A feature is worked out from the snapshot alone; a model or a
policy may use it by its name. "More is" says which way risk must go: no model may learn the
opposite from its data. Every value may be missing, and a missing one is never taken for zero.

| feature | what it is | kind | more is | reason it may become |
|---|---|---|---|---|
"""
_WAYS = {1: "riskier", -1: "safer", 0: ""}


_POLICY_INTRODUCTION = """# The default policy

Made by `make docs` from `scoring/policies/default.yaml`: every rule and number that decides as
long as a lender says nothing else. How they work together is in [risk.md](risk.md), what the
features are in [features.md](features.md).

## Rules

They speak before the model. A decline wins over a referral to a person.

| when | then | the borrower reads | when it is not known |
|---|---|---|---|
"""
_SIGNALS = """
## Signals

What other rooms noticed. A note is for staff and decides nothing; a signal that is not in the table
is for {unknown}.

| signal | then | the borrower reads |
|---|---|---|
"""
_GRADES = """
## Grades

Approved at once up to a probability of default (PD) of {approve}, by a person up to {refer}, above
that declined. The limit is the smallest of what the household can carry and these two.

| grade | PD up to | of the product's largest amount | months of income |
|---|---|---|---|
"""
_LIMITS = """
| smaller limits | of what the grade allows |
|---|---|
"""
_NUMBERS = """
## Numbers

| | |
|---|---|
"""
_THEN = {"decline": "decline", "refer": "a person decides", "note": "a note"}
_MEANINGS = {
    "repayment_share_bps": "of what is left each month, at most for repayments",
    "side_income_counted_bps": "of side income that counts",
    "living_cost_bps": "of income, for living",
    "living_cost_per_dependent_bps": "of income more for each dependent",
    "dependents_when_unknown": "dependents of whom nothing is known",
    "assumed_cost_bps_per_month": "price of money a month where the product gave no installment",
    "income_falls_bps": "less income in the month that has to be come through",
    "costs_rise_bps": "dearer living in that month",
    "household_cap_bps": "of income, at most for all repayments together, if the law says no less",
    "cost_of_funds_bps": "a year for the money that is lent",
    "operating_cost_bps": "a year for the work, as far as fees do not pay it",
    "margin_bps": "a year of margin",
    "lgd_bps": "of what is out is lost when a loan goes bad",
    "when_unpaid": "where not even the highest rate pays for funds, work and risk",
    "smallest_share_bps": "of what was asked, at least for a counter-offer",
    "candidates": "amounts that are tried for each term",
    "debts_paid_down": "less of other debts is tried where no amount and no term helps",
}


def policy_page() -> str:
    found = policy.load()
    cuts = found.cut_offs
    return "".join(
        [
            _POLICY_INTRODUCTION,
            *map(_rule, found.rules),
            _SIGNALS.format(unknown=_THEN[found.unknown_signal].removesuffix(" decides")),
            *(
                f"| `{name}` | {_THEN[said.then]} "
                f"| {'' if said.then == 'note' else _sentence(said.reason)} |\n"
                for name, said in found.signals.items()
            ),
            _GRADES.format(
                approve=_share(cuts.approve_up_to_bps), refer=_share(cuts.refer_up_to_bps)
            ),
            *(
                f"| {each.name} | {_share(each.pd_up_to_bps)} | {_share(each.limit_share_bps)} "
                f"| {each.months_of_income_bps / 10_000:g} |\n"
                for each in found.grades
            ),
            _LIMITS,
            *(f"| {_when(each)} | {_share(each.limit_share_bps)} |\n" for each in found.limits),
            _NUMBERS,
            *_numbers(found),
        ]
    )


def _rule(rule: Rule) -> str:
    asks = f"{_THEN['refer']}: {_sentence(rule.missing_reason)}"
    unknown = asks if rule.missing == "refer" else "the rule is silent"
    return f"| {_when(rule)} | {_THEN[rule.then]} | {_sentence(rule.reason)} | {unknown} |\n"


def _when(rule: Rule | LimitRule) -> str:
    bounds = [f"below {rule.below:g}"] if rule.below is not None else []
    bounds += [f"above {rule.above:g}"] if rule.above is not None else []
    return f"`{rule.feature}` {' or '.join([*bounds, *rule.among])}"


def _numbers(found: Policy) -> Iterator[str]:
    rules = found.affordability
    for part in (rules, rules.stress, found.pricing, found.counter_offers):
        said = part.model_dump() if part is not None else {}
        for name, value in said.items():
            if isinstance(value, dict) or value is None:
                continue
            shown = _share(value) if "_bps" in name else "yes" if value is True else value
            yield f"| {shown} | {_MEANINGS[name]} |\n"


def _sentence(code: str) -> str:
    return reasons.sentence(code, "en")


def _share(bps: int) -> str:
    return f"{bps / 100:g} %"


def features_page() -> str:
    rows = [
        f"| `{name}` | {' '.join(one.meaning.split())} | {'word' if one.category else 'number'} "
        f"| {_WAYS[one.monotone]} | {f'`{one.reason}`' if one.reason else ''} |\n"
        for name in features.names()
        for one in [features.get(name)]
    ]
    return _FEATURES_INTRODUCTION + "".join(rows)


def states_page() -> str:
    parts = [_section(machine) for machine in _MACHINES]
    return "\n".join([_INTRODUCTION, *parts])


def _section(machine: Machine[Any, Any]) -> str:
    title = machine.name.replace("_", " ").capitalize()
    return f"## {title}\n\n```mermaid\n{machine.mermaid()}\n```\n"


if __name__ == "__main__":
    STATES.write_text(states_page(), encoding="utf-8")
    FEATURES.write_text(features_page(), encoding="utf-8")
    POLICY.write_text(policy_page(), encoding="utf-8")
