"""One decision: a snapshot, a model and a policy go in, an assessment comes out. Pure."""

from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

from scoring import features, reasons, verdicts
from scoring.affordability import Capacity
from scoring.features import registry
from scoring.model.predictor import Contribution, Model
from scoring.policy import Outcome, Policy
from scoring.pricing import Price
from scoring.snapshot import Application, Snapshot
from scoring.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """The nearest request that this model and policy would approve, re-scored."""

    amount_minor: int
    term_days: int
    installments: int
    pd: float
    grade: str
    monthly_obligations_minor: int | None = None
    """What other debts may still take of a month, where that is what has to change."""

    def to_json(self) -> dict[str, Any]:
        """Without what was not known when older decisions were stored."""
        return {name: part for name, part in asdict(self).items() if part is not None}


class _Reachable(NamedTuple):
    """A request that would be approved, and what the policy says of it."""

    asked: Application
    pd: float
    verdict: Verdict

    @property
    def shown(self) -> Counterfactual:
        return Counterfactual(
            amount_minor=self.asked.amount_minor,
            term_days=self.asked.term_days,
            installments=self.asked.installments,
            pd=self.pd,
            grade=self.verdict.grade,
        )


@dataclass(frozen=True, slots=True)
class Assessment:
    """`pd` and `grade` are of what was asked; `approved_minor` is 0 unless something is offered.

    Price and capacity are of what is offered; where nothing is, of what was asked.
    """

    pd: float
    grade: str
    outcome: Outcome
    limit_minor: int
    approved_minor: int
    currency: str
    reasons: tuple[str, ...]
    counterfactual: Counterfactual | None
    contributions: tuple[Contribution, ...]
    model_sha256: str
    policy_sha256: str
    capacity: Capacity
    price: Price | None

    @property
    def workings(self) -> dict[str, Any]:
        """How the price and the household's month were reckoned, line by line."""
        price = None if self.price is None else asdict(self.price)
        return {"capacity": asdict(self.capacity), "price": price}

    def to_json(self) -> dict[str, Any]:
        nearest = self.counterfactual
        return {**asdict(self), "counterfactual": nearest.to_json() if nearest else None}


def assess(snapshot: Snapshot, model: Model, policy: Policy) -> Assessment:
    """Score what was asked, judge it, and look for what would be approved where it was not."""
    policy = policy.applying_to(snapshot)
    values = features.values(snapshot, model.names)
    contributions = model.contributions(values)
    pd = float(model.pds([model.row(values)])[0])
    verdict = verdicts.judge(policy, snapshot, pd)
    reachable = _reachable(snapshot, model, policy, verdict) if _may_change(verdict) else []
    counter = _counter(snapshot, reachable) if _is_declined(verdict) else None
    offered = verdict if counter is None else counter.verdict
    return Assessment(
        pd=pd,
        grade=verdict.grade,
        outcome=verdict.outcome if counter is None else Outcome.COUNTER,
        limit_minor=max(verdict.limit_minor, counter.asked.amount_minor if counter else 0),
        approved_minor=_approved(snapshot, verdict, counter),
        currency=snapshot.application.currency,
        reasons=reasons.choose(verdict.reasons, contributions if verdict.is_about_risk else ()),
        counterfactual=_nearest(snapshot, counter, reachable)
        if reachable
        else _with_less_debt(snapshot, model, policy, verdict),
        contributions=contributions,
        model_sha256=model.sha256,
        policy_sha256=policy.sha256,
        capacity=offered.capacity,
        price=offered.price,
    )


def _may_change(verdict: Verdict) -> bool:
    return verdict.outcome is not Outcome.APPROVE and verdict.is_by_terms


def _is_declined(verdict: Verdict) -> bool:
    """A referral stays one: a person may still approve in full."""
    return verdict.outcome is Outcome.DECLINE


def _approved(snapshot: Snapshot, verdict: Verdict, counter: _Reachable | None) -> int:
    if counter is not None:
        return counter.asked.amount_minor
    return snapshot.application.amount_minor if verdict.outcome is Outcome.APPROVE else 0


def _reachable(
    snapshot: Snapshot, model: Model, policy: Policy, verdict: Verdict
) -> list[_Reachable]:
    """Every candidate that would be approved, scored in one call."""
    candidates = [
        replace(snapshot, application=asked)
        for asked in candidates_of(snapshot.application, policy, verdict.limit_minor)
    ]
    return _approvable(candidates, model, policy)


def _approvable(candidates: list[Snapshot], model: Model, policy: Policy) -> list[_Reachable]:
    if not candidates:
        return []
    rows = [model.row(registry.values(candidate, model.names)) for candidate in candidates]
    found = []
    for candidate, pd in zip(candidates, model.pds(rows), strict=True):
        answer = verdicts.judge(policy, candidate, float(pd))
        if answer.outcome is Outcome.APPROVE:
            found.append(_Reachable(candidate.application, float(pd), answer))
    return found


def _with_less_debt(
    snapshot: Snapshot, model: Model, policy: Policy, verdict: Verdict
) -> Counterfactual | None:
    """The same request, approved once enough of the other debts is paid down. What nobody can
    change, or only time does, is never asked for."""
    owed = snapshot.application.monthly_obligations_minor
    if not (policy.counter_offers.debts_paid_down and owed and _may_change(verdict)):
        return None
    left = [owed * quarters // 4 for quarters in (3, 2, 1, 0)]
    candidates = [
        replace(snapshot, application=replace(snapshot.application, monthly_obligations_minor=debt))
        for debt in left
    ]
    found = _approvable(candidates, model, policy)
    if not found:
        return None
    nearest = found[0]
    return replace(nearest.shown, monthly_obligations_minor=nearest.asked.monthly_obligations_minor)


def candidates_of(asked: Application, policy: Policy, limit_minor: int) -> list[Application]:
    """Smaller amounts at this term; the same and smaller ones at the product's other terms."""
    amounts = _amounts(asked, policy, limit_minor)
    found = [verdicts.with_terms(asked, amount, None) for amount in amounts]
    others = sorted(
        (option for option in asked.options if option.term_days != asked.term_days),
        key=lambda option: option.term_days,
    )
    for option in others:
        wanted = [asked.amount_minor, *amounts]
        found += [verdicts.with_terms(asked, amount, option) for amount in wanted]
    return found


def _amounts(asked: Application, policy: Policy, limit_minor: int) -> list[int]:
    """The limit, and evenly spaced ones down to the smallest worth offering."""
    rules = policy.counter_offers
    floor = max(
        asked.amount_minor * rules.smallest_share_bps // 10_000, asked.min_amount_minor or 1
    )
    count = rules.candidates
    span = asked.amount_minor - floor
    spaced = [asked.amount_minor - span * n // count for n in range(1, count + 1)]
    ceiling = asked.max_amount_minor or asked.amount_minor
    rounded = [verdicts.rounded_down(amount, asked) for amount in [limit_minor, *spaced]]
    return sorted({a for a in rounded if floor <= a <= ceiling and a < asked.amount_minor})[::-1]


def _counter(snapshot: Snapshot, reachable: list[_Reachable]) -> _Reachable | None:
    """The largest approvable amount at the term that was asked for."""
    wanted = snapshot.application.term_days
    same_term = [each for each in reachable if each.asked.term_days == wanted]
    return max(same_term, key=lambda each: each.asked.amount_minor, default=None)


def _nearest(
    snapshot: Snapshot, counter: _Reachable | None, reachable: list[_Reachable]
) -> Counterfactual | None:
    """Most money first, then the nearest term. Beside a counter-offer only what gives more."""
    wanted = snapshot.application.term_days

    def nearness(each: _Reachable) -> tuple[int, int]:
        return each.asked.amount_minor, -abs(each.asked.term_days - wanted)

    best = max(reachable, key=nearness, default=None)
    if best is None or (
        counter is not None and best.asked.amount_minor <= counter.asked.amount_minor
    ):
        return None
    return best.shown
