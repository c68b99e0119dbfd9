"""The policy applied to one snapshot and one probability, counter-offers aside."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from scoring import affordability, pricing
from scoring.affordability import Capacity
from scoring.features import registry
from scoring.features.registry import Value
from scoring.policy import Grade, LimitRule, Outcome, Policy, Rule
from scoring.pricing import Price
from scoring.snapshot import Application, Rates, Snapshot, TermOption

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
    capacity: Capacity
    price: Price | None
    """None where the policy decides no price."""


@dataclass(frozen=True, slots=True)
class _Voice:
    then: Outcome
    reason: str
    is_by_terms: bool = False


def judge(policy: Policy, snapshot: Snapshot, pd: float) -> Verdict:
    """All voices are heard. A decline outweighs a referral; the stronger ones give the reasons."""
    policy = policy.applying_to(snapshot)
    asked = snapshot.application
    price = pricing.decide(asked, policy.pricing, pd) if policy.pricing is not None else None
    if price is not None:
        asked = pricing.at(asked, price.annual_rate_bps)
    capacity = affordability.measure(asked, policy.affordability)
    limit = _limit_minor(policy, snapshot, asked, capacity, pd)
    about_person = [*_rules(policy, snapshot), *_signals(policy, snapshot)]
    about_risk = [*_risk(policy, pd), *_price(policy, price)]
    about_terms = [*about_risk, *_terms(asked, capacity, limit)]
    voices = sorted(about_person + about_terms, key=lambda voice: _STRENGTH[voice.then])
    outcome = voices[0].then if voices else Outcome.APPROVE
    return Verdict(
        outcome=outcome,
        reasons=tuple(dict.fromkeys(voice.reason for voice in voices)),
        grade=policy.grade(pd).name,
        limit_minor=limit,
        is_by_terms=all(voice.is_by_terms for voice in voices),
        is_about_risk=bool(about_risk),
        capacity=capacity,
        price=price,
    )


def with_terms(asked: Application, amount_minor: int, option: TermOption | None) -> Application:
    """The same applicant asking for this amount and term; installments grow with the amount.

    Without an option only the amount changes.
    """
    option = option or own_term(asked)
    if option is None:
        return replace(asked, amount_minor=amount_minor)

    def grown(installment_minor: int) -> int:
        return -(-installment_minor * amount_minor // asked.amount_minor)

    return replace(
        asked,
        amount_minor=amount_minor,
        term_days=option.term_days,
        installments=option.installments,
        installment_minor=grown(option.installment_minor),
        rates=None if option.rates is None else _grown(option.rates, grown),
    )


def own_term(asked: Application) -> TermOption | None:
    if asked.installment_minor is None:
        return None
    return TermOption(asked.term_days, asked.installments, asked.installment_minor, asked.rates)


def _grown(rates: Rates, grown: Callable[[int], int]) -> Rates:
    return replace(
        rates,
        least_installment_minor=grown(rates.least_installment_minor),
        most_installment_minor=grown(rates.most_installment_minor),
    )


def _limit_minor(
    policy: Policy, snapshot: Snapshot, asked: Application, capacity: Capacity, pd: float
) -> int:
    """The smallest of: what the household can carry, what the grade allows, what income allows;
    less where a rule on limits speaks."""
    by_capacity = affordability.largest_amount(asked, capacity)
    if by_capacity is None or asked.monthly_income_minor is None:
        return 0
    bounds = [by_capacity, *_by_grade(policy.grade(pd), asked)]
    for rule in policy.limits:
        value = registry.get(rule.feature).compute(snapshot)
        if value is not None and _speaks(rule, value):
            bounds += [bound * rule.limit_share_bps // 10_000 for bound in bounds[1:]]
    limit = rounded_down(min(bounds), asked)
    return limit if limit >= (asked.min_amount_minor or 1) else 0


def _by_grade(grade: Grade, asked: Application) -> Iterator[int]:
    yield (asked.monthly_income_minor or 0) * grade.months_of_income_bps // 10_000
    if asked.max_amount_minor is not None:
        yield asked.max_amount_minor * grade.limit_share_bps // 10_000


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


def _speaks(rule: Rule | LimitRule, value: Value) -> bool:
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


def _price(policy: Policy, price: Price | None) -> Iterator[_Voice]:
    if policy.pricing is not None and price is not None and not price.is_paid_for:
        yield _Voice(Outcome(policy.pricing.when_unpaid), "risk_not_paid_for", is_by_terms=True)


def _terms(asked: Application, capacity: Capacity, limit: int) -> Iterator[_Voice]:
    if capacity.monthly_minor is None:
        yield _Voice(Outcome.REFER, "income_not_known")
    elif capacity.is_capped:
        yield _Voice(Outcome.DECLINE, "repayments_over_household_cap", is_by_terms=True)
    elif not capacity.is_enough:
        yield _Voice(Outcome.DECLINE, "not_affordable", is_by_terms=True)
    elif asked.amount_minor > limit:
        yield _Voice(Outcome.DECLINE, "amount_over_limit", is_by_terms=True)
