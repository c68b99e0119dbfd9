"""The policy applied to one snapshot and one probability, counter-offers aside."""

from collections.abc import Iterator
from dataclasses import dataclass

from scoring import affordability
from scoring.features import registry
from scoring.features.registry import Value
from scoring.policy import Outcome, Policy, Rule
from scoring.snapshot import Application, Snapshot

_STRENGTH = {Outcome.DECLINE: 0, Outcome.REFER: 1}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of exactly what was asked."""

    outcome: Outcome
    reasons: tuple[str, ...]
    grade: str
    limit_minor: int
    """The largest amount this policy lends at this term and probability; 0 when it lends none."""
    is_by_terms: bool
    """Whether another amount or term could change it: no rule about the person spoke."""
    is_about_risk: bool


@dataclass(frozen=True, slots=True)
class _Voice:
    then: Outcome
    reason: str
    is_by_terms: bool = False


def judge(policy: Policy, snapshot: Snapshot, pd: float) -> Verdict:
    """All voices are heard. A decline outweighs a referral; the stronger ones give the reasons."""
    limit = limit_minor(policy, snapshot.application, pd)
    about_person = [*_rules(policy, snapshot), *_signals(policy, snapshot)]
    about_terms = [*_risk(policy, pd), *_terms(policy, snapshot.application, limit)]
    voices = sorted(about_person + about_terms, key=lambda voice: _STRENGTH[voice.then])
    outcome = voices[0].then if voices else Outcome.APPROVE
    return Verdict(
        outcome=outcome,
        reasons=tuple(dict.fromkeys(voice.reason for voice in voices)),
        grade=policy.grade(pd).name,
        limit_minor=limit,
        is_by_terms=all(voice.is_by_terms for voice in voices),
        is_about_risk=bool(_risk(policy, pd)),
    )


def limit_minor(policy: Policy, asked: Application, pd: float) -> int:
    """The smallest of: what the household can carry, what the grade allows, what income allows."""
    grade = policy.grade(pd)
    capacity = affordability.measure(asked, policy.affordability)
    by_capacity = affordability.largest_amount(asked, capacity)
    if by_capacity is None or asked.monthly_income_minor is None:
        return 0
    bounds = [by_capacity, asked.monthly_income_minor * grade.months_of_income_bps // 10_000]
    if asked.max_amount_minor is not None:
        bounds.append(asked.max_amount_minor * grade.limit_share_bps // 10_000)
    limit = rounded_down(min(bounds), asked)
    return limit if limit >= (asked.min_amount_minor or 1) else 0


def rounded_down(amount_minor: int, asked: Application) -> int:
    step = asked.amount_step_minor or 1
    return amount_minor - amount_minor % step


def _rules(policy: Policy, snapshot: Snapshot) -> Iterator[_Voice]:
    for rule in policy.rules:
        value = registry.get(rule.feature).compute(snapshot)
        if value is None and rule.missing == "refer":
            yield _Voice(Outcome.REFER, rule.missing_reason)
        elif value is not None and _speaks(rule, value):
            yield _Voice(Outcome(rule.then), rule.reason)


def _speaks(rule: Rule, value: Value) -> bool:
    if isinstance(value, str):
        return value in rule.among
    assert value is not None
    too_low = rule.below is not None and value < rule.below
    too_high = rule.above is not None and value > rule.above
    return too_low or too_high


def _signals(policy: Policy, snapshot: Snapshot) -> Iterator[_Voice]:
    for name in sorted(snapshot.signals):
        rule = policy.on_signal(name)
        if rule.then != "note":
            yield _Voice(Outcome(rule.then), rule.reason)


def _risk(policy: Policy, pd: float) -> list[_Voice]:
    if pd > policy.cut_offs.refer_up_to_bps / 10_000:
        return [_Voice(Outcome.DECLINE, "risk_is_too_high", is_by_terms=True)]
    if pd > policy.cut_offs.approve_up_to_bps / 10_000:
        return [_Voice(Outcome.REFER, "risk_needs_a_person", is_by_terms=True)]
    return []


def _terms(policy: Policy, asked: Application, limit: int) -> Iterator[_Voice]:
    capacity = affordability.measure(asked, policy.affordability)
    if capacity.monthly_minor is None:
        yield _Voice(Outcome.REFER, "income_not_known")
    elif not capacity.is_enough:
        yield _Voice(Outcome.DECLINE, "not_affordable", is_by_terms=True)
    elif asked.amount_minor > limit:
        yield _Voice(Outcome.DECLINE, "amount_over_limit", is_by_terms=True)
