"""Lending a little to a few whom risk alone declines, because a cut-off hides its own mistakes."""

from dataclasses import replace

from scoring import verdicts
from scoring.engine import Assessment
from scoring.policy import Outcome, Policy, RandomApprovals
from scoring.snapshot import Application, Snapshot

SALT = "random approval"


def explored(
    assessment: Assessment, snapshot: Snapshot, policy: Policy, draw: int | None
) -> Assessment | None:
    """The small approval, when the draw falls on it and nothing but the risk speaks against it."""
    rule = policy.random_approvals
    if rule is None or draw is None or draw >= rule.share_bps:
        return None
    policy = policy.applying_to(snapshot)
    by_risk = assessment.pd > policy.cut_offs.refer_up_to_bps / 10_000
    if assessment.outcome is not Outcome.DECLINE or not by_risk:
        return None
    small = _small(snapshot.application, rule)
    asked = replace(snapshot, application=small)
    if verdicts.judge(policy, asked, _acceptable(policy)).outcome is not Outcome.APPROVE:
        return None
    # It is offered at the price of the true risk: that one has to be affordable.
    real = verdicts.judge(policy, asked, assessment.pd)
    if not real.capacity.is_enough:
        return None
    in_full = small.amount_minor == snapshot.application.amount_minor
    return replace(
        assessment,
        outcome=Outcome.APPROVE if in_full else Outcome.COUNTER,
        limit_minor=small.amount_minor,
        approved_minor=small.amount_minor,
        capacity=real.capacity,
        price=real.price,
    )


def _acceptable(policy: Policy) -> float:
    """The highest probability that is approved: with it, whatever still speaks is not the risk."""
    return policy.cut_offs.approve_up_to_bps / 10_000


def _small(asked: Application, rule: RandomApprovals) -> Application:
    largest = asked.max_amount_minor or asked.amount_minor
    share = verdicts.rounded_down(largest * rule.limit_share_bps // 10_000, asked)
    amount = min(asked.amount_minor, max(share, asked.min_amount_minor or 1))
    return verdicts.with_terms(asked, amount, None)
