"""The lender's rules as data: hard rules, cut-offs, affordability, limits, grades, counter-offers.

A policy is a YAML file. It is checked against itself when it is loaded and named by its hash.
"""

import hashlib
import math
from collections.abc import Iterator
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kit.errors import DomainError, Kind
from scoring import handwritten, reasons
from scoring.features import registry
from scoring.refusals import Sentence
from scoring.snapshot import Snapshot

DEFAULT = Path(__file__).parent / "policies" / "default.yaml"
Bps = Annotated[int, Field(ge=0, le=10_000)]
Rate = Annotated[int, Field(ge=0, le=1_000_000)]


class PolicyRefused(Sentence, DomainError):
    """The file cannot be read as a policy, or contradicts itself."""

    code = "policy_refused"
    kind = Kind.INVALID
    sentence = "The policy cannot be used: {problem}."


class Outcome(StrEnum):
    APPROVE = "approve"
    COUNTER = "counter"
    """Approved for less than was asked."""
    REFER = "refer"
    """A person decides."""
    DECLINE = "decline"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(_Part):
    """Speaks when the feature is below, above or one of the given; first when it is missing."""

    feature: str
    below: float | None = None
    above: float | None = None
    among: tuple[str, ...] = ()
    then: Literal["refer", "decline"]
    reason: str
    missing: Literal["pass", "refer"] = "pass"
    missing_reason: str = "information_missing"


class SignalRule(_Part):
    then: Literal["note", "refer", "decline"]
    reason: str = "details_need_a_check"


class CutOffs(_Part):
    approve_up_to_bps: Bps
    refer_up_to_bps: Bps


class Stress(_Part):
    """The month that the household has to come through, worse than the one it told us of."""

    income_falls_bps: Bps
    costs_rise_bps: int = Field(ge=0, le=100_000)


class Affordability(_Part):
    repayment_share_bps: Bps
    """How much of what is left each month may go into repayments."""
    side_income_counted_bps: Bps
    living_cost_bps: Bps
    living_cost_per_dependent_bps: Bps
    living_cost_floor_minor: dict[str, int] = {}
    """By currency, in minor units."""
    dependents_when_unknown: int = Field(ge=0)
    assumed_cost_bps_per_month: Bps
    """Price of money where the product gave no installment."""
    living_cost_floor_per_person_minor: dict[str, int] = {}
    """By currency: the least for the applicant and for each who lives from the same income."""
    stress: Stress | None = None
    household_cap_bps: Bps | None = None
    """The most of income that all repayments may take, the other debts too. Where the law of the
    place has such a share, the smaller one holds."""


class Grade(_Part):
    name: str
    pd_up_to_bps: Bps
    limit_share_bps: Bps
    """Of the largest amount the product allows."""
    months_of_income_bps: int = Field(ge=0)
    """The loan may not exceed this many months of income; 10000 is one month."""


class LimitRule(_Part):
    """A smaller limit where the feature is below, above or one of the given."""

    feature: str
    below: float | None = None
    above: float | None = None
    among: tuple[str, ...] = ()
    limit_share_bps: Bps
    """Of what the grade allows."""


class Pricing(_Part):
    """What a yearly rate is made of (`scoring.pricing`). Rates are on what is out."""

    cost_of_funds_bps: Rate
    operating_cost_bps: Rate
    """What a loan costs to make and collect, as far as its fees do not pay for it."""
    margin_bps: Rate
    lgd_bps: Bps
    """The share of what is out that is lost when a loan goes bad."""
    when_unpaid: Literal["refer", "decline"] = "decline"
    """Where not even the highest rate pays for funds, work and risk."""


class CounterOffers(_Part):
    smallest_share_bps: Bps
    """A counter-offer below this share of what was asked is a decline."""
    candidates: int = Field(ge=1, le=50)
    """Amounts tried per term."""
    debts_paid_down: bool = False
    """Where no amount and no term helps, say whether less of other debts would."""


class RandomApprovals(_Part):
    """A few of those whom risk alone declines are lent a little, drawn by a stable hash of the
    borrower: only their loans show what the cut-off misses."""

    share_bps: int = Field(ge=1, le=500)
    limit_share_bps: int = Field(ge=1, le=2_500)
    """Of the largest amount the product allows; never below its smallest."""


class _Replaceable(_Part):
    """The parts that an override may say anew."""

    rules: tuple[Rule, ...] | None = None
    cut_offs: CutOffs | None = None
    affordability: Affordability | None = None
    grades: tuple[Grade, ...] | None = None
    limits: tuple[LimitRule, ...] | None = None
    pricing: Pricing | None = None
    counter_offers: CounterOffers | None = None


class Override(_Replaceable):
    """For some products or people, other parts. The first override that fits is the one."""

    when: dict[str, tuple[str, ...]] = Field(min_length=1)
    """Features that are kinds of something, and which of them: all must fit."""

    def fits(self, snapshot: Snapshot) -> bool:
        return all(
            registry.get(name).compute(snapshot) in among for name, among in self.when.items()
        )

    @property
    def parts(self) -> dict[str, Any]:
        said = {name: getattr(self, name) for name in _Replaceable.model_fields}
        return {name: part for name, part in said.items() if part is not None}


class Policy(_Part):
    version: Literal[1]
    name: str
    rules: tuple[Rule, ...]
    signals: dict[str, SignalRule]
    unknown_signal: Literal["note", "refer"] = "refer"
    cut_offs: CutOffs
    affordability: Affordability
    grades: tuple[Grade, ...]
    limits: tuple[LimitRule, ...] = ()
    pricing: Pricing | None = None
    """Without it every product has the one price that it says."""
    overrides: tuple[Override, ...] = ()
    counter_offers: CounterOffers
    random_approvals: RandomApprovals | None = None
    sha256: str = ""

    def applying_to(self, snapshot: Snapshot) -> "Policy":
        """The policy with the parts that the first fitting override says anew."""
        fitting = next((each for each in self.overrides if each.fits(snapshot)), None)
        return self if fitting is None else self.with_parts(fitting)

    def with_parts(self, override: Override) -> "Policy":
        return self.model_copy(update={**override.parts, "overrides": ()})

    def grade(self, pd: float) -> Grade:
        """The first band that holds the probability; the last band ends at one."""
        return next((g for g in self.grades if pd <= g.pd_up_to_bps / 10_000), self.grades[-1])

    def on_signal(self, name: str) -> SignalRule:
        return self.signals.get(name) or SignalRule(then=self.unknown_signal)


def load(path: Path = DEFAULT) -> Policy:
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        raise PolicyRefused(problem=f"{path.name} cannot be read") from None
    return parse(text)


def parse(text: str) -> Policy:
    """A policy from YAML, refused when it contradicts itself or can never approve."""
    try:
        policy = _valid(handwritten.load(text), text)
    except handwritten.NotYaml as error:
        raise PolicyRefused(problem=str(error)) from None
    problem = next(_contradictions(policy), None)
    if problem is not None:
        raise PolicyRefused(problem=problem)
    return policy


def parse_kept(text: str) -> Policy:
    """One that was accepted once: what it decided is made again, whatever is refused today."""
    return _valid(handwritten.load_kept(text), text)


def _valid(document: Any, text: str) -> Policy:
    try:
        policy = Policy.model_validate(document)
    except ValidationError as error:
        raise PolicyRefused(problem=_first(error)) from None
    return policy.model_copy(update={"sha256": hashlib.sha256(text.encode()).hexdigest()})


def _contradictions(policy: Policy) -> Iterator[str]:
    yield from _of_parts(policy)
    for n, override in enumerate(policy.overrides):
        name = _named(override)
        yield from _bad_override(policy.overrides[:n], override, name)
        for problem in _of_parts(policy.with_parts(override)):
            yield f"for {name}, {problem}"


def _of_parts(policy: Policy) -> Iterator[str]:
    """What is wrong with the policy as it holds where no override fits."""
    yield from _bad_reasons(policy)
    for rule in policy.rules:
        yield from _bad_rule(rule)
    for limit in policy.limits:
        yield from _bad_rule(limit)
        if limit.limit_share_bps == 10_000:
            yield f"the limit by {limit.feature} changes nothing"
    yield from _leaves_nobody(policy)
    yield from _bad_grades(policy.grades)
    yield from _never_approves(policy)


def _bad_override(before: tuple[Override, ...], override: Override, name: str) -> Iterator[str]:
    if not override.parts:
        yield f"the override for {name} says nothing"
    for feature, among in override.when.items():
        if not registry.is_known(feature):
            yield f"there is no feature {feature}"
        elif not registry.get(feature).category or not among:
            yield f"the override for {name} needs kinds of {feature}"
    if any(_covers(earlier, override) for earlier in before):
        yield f"the override for {name} is never reached"


def _covers(earlier: Override, later: Override) -> bool:
    """Whether the earlier one fits wherever the later one does."""
    return all(
        name in later.when and set(later.when[name]) <= set(among)
        for name, among in earlier.when.items()
    )


def _named(override: Override) -> str:
    return " and ".join(f"{name} {', '.join(among)}" for name, among in override.when.items())


def _bad_reasons(policy: Policy) -> Iterator[str]:
    named = [r.reason for r in policy.rules] + [r.missing_reason for r in policy.rules]
    named += [rule.reason for rule in policy.signals.values()]
    known = reasons.known()
    for reason in named:
        if reason not in known:
            yield f"reason {reason} has no sentence"


def _bad_rule(rule: Rule | LimitRule) -> Iterator[str]:
    if not registry.is_known(rule.feature):
        yield f"there is no feature {rule.feature}"
        return
    bounds = [rule.below is not None, rule.above is not None, bool(rule.among)]
    if not any(bounds):
        yield f"the rule on {rule.feature} never speaks"
    if registry.get(rule.feature).category is not bool(rule.among):
        yield f"the rule on {rule.feature} compares it with the wrong kind of value"
    if rule.below is not None and rule.above is not None and rule.below > rule.above:
        yield f"the rule on {rule.feature} speaks for every value"
    if not all(math.isfinite(bound) for bound in (rule.below, rule.above) if bound is not None):
        yield f"the rule on {rule.feature} has a bound that is no number"


def _leaves_nobody(policy: Policy) -> Iterator[str]:
    """Where declines and limits of nothing together take every value of a feature; none of them is
    ever below 0."""
    takers: list[Rule | LimitRule] = [rule for rule in policy.rules if rule.then == "decline"]
    takers += [limit for limit in policy.limits if limit.limit_share_bps == 0]
    for feature in dict.fromkeys(each.feature for each in takers):
        own = [each for each in takers if each.feature == feature]
        below = max((each.below for each in own if each.below is not None), default=0.0)
        above = min((each.above for each in own if each.above is not None), default=math.inf)
        if above < below or above < 0:
            yield f"it can never approve: the rules on {feature} leave no value"


def _bad_grades(grades: tuple[Grade, ...]) -> Iterator[str]:
    if not grades:
        yield "there are no grades"
        return
    if len({grade.name for grade in grades}) != len(grades):
        yield "two grades have the same name"
    for better, worse in pairwise(grades):
        if worse.pd_up_to_bps <= better.pd_up_to_bps:
            yield f"grade {worse.name} does not begin where grade {better.name} ends"
        if worse.limit_share_bps > better.limit_share_bps:
            yield f"grade {worse.name} is riskier than {better.name} and gets a higher limit"
        if worse.months_of_income_bps > better.months_of_income_bps:
            yield f"grade {worse.name} is riskier than {better.name} and gets more income months"
    if grades[-1].pd_up_to_bps != 10_000:
        yield f"the last grade {grades[-1].name} does not end at 10000"


def _never_approves(policy: Policy) -> Iterator[str]:
    cut_offs = policy.cut_offs
    if cut_offs.refer_up_to_bps < cut_offs.approve_up_to_bps:
        yield "it refers below the cut-off for approval"
    # No model is ever sure: a grade that ends at 0 holds nobody.
    best = next((grade for grade in policy.grades if grade.pd_up_to_bps > 0), None)
    if cut_offs.approve_up_to_bps == 0:
        yield "it can never approve: the cut-off for approval is 0"
    elif best is not None and (best.limit_share_bps == 0 or best.months_of_income_bps == 0):
        yield "it can never approve: the best grade has no limit"
    elif _leaves_nothing(policy.affordability):
        yield "it can never approve: nothing is left for repayments"
    living = policy.affordability
    if any(
        floor < 0
        for floors in (living.living_cost_floor_minor, living.living_cost_floor_per_person_minor)
        for floor in floors.values()
    ):
        yield "a floor of the living cost is below 0"


def _leaves_nothing(rules: Affordability) -> bool:
    """Even of somebody who lives alone and owes nobody anything."""
    stress = rules.stress or Stress(income_falls_bps=0, costs_rise_bps=0)
    left = 10_000 - stress.income_falls_bps
    cost = rules.living_cost_bps * (10_000 + stress.costs_rise_bps) // 10_000
    return rules.repayment_share_bps == 0 or rules.household_cap_bps == 0 or left <= cost


def _first(error: ValidationError) -> str:
    detail: Any = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in detail["loc"]) or "the file"
    return f"{place}: {detail['msg']}"
