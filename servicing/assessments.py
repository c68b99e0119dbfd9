"""What lateness makes of one loan by the lender's policy: standing, class, provision, loss."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from servicing import classification, delinquency, early, expected_loss, provisioning
from servicing.classification import Class, Kept
from servicing.delinquency import Bucket, DpdRule, Standing, Unpaid
from servicing.events import Type
from servicing.expected_loss import Exposure, Loss
from servicing.late_policy import LatePolicy
from servicing.life import FEE, INTEREST, PENALTY, PRINCIPAL, Life


class Portion(NamedTuple):
    """What lateness asks of an installment, from a row or from a life that was told."""

    due_on: date
    accrues_from: date
    accrues_until: date
    settled_on: date | None
    interest: int
    carried: int
    interest_given: int
    """Paid or given up."""
    principal_left: int
    fees_left: int
    penalties_left: int

    @property
    def unpaid(self) -> int:
        interest_left = self.interest - self.interest_given
        return self.principal_left + interest_left + self.fees_left + self.penalties_left

    def accrued(self, on: date) -> int:
        """Interest earned, and fees and penalties due, that are unpaid."""
        span = early.Span(self.accrues_from, self.accrues_until)
        earned = early.earned_of(self.interest, self.carried, span, on)
        charges = self.fees_left + self.penalties_left if self.due_on <= on else 0
        return max(earned - self.interest_given, 0) + charges


class Risk(NamedTuple):
    """What is known of a loan besides its installments."""

    opened_on: date
    effective_rate: float
    pd_ppm: int | None = None
    pd_now_ppm: int | None = None
    restructured_on: date | None = None
    is_charged_off: bool = False


@dataclass(frozen=True, slots=True)
class Assessment:
    """One loan on one day."""

    standing: Standing
    loan_class: Class
    balance_minor: int
    """Principal that is unpaid, due or not."""
    exposure_minor: int
    """With interest earned and with fees and penalties due."""
    provision_minor: int
    loss: Loss


def assess(
    policy: LatePolicy,
    parts: Sequence[Portion],
    risk: Risk,
    on: date,
    *,
    dpd: DpdRule,
    buckets: Sequence[Bucket],
) -> Assessment:
    standing = standing_of(parts, on, dpd=dpd, buckets=buckets)
    history = [Kept(each.due_on, each.settled_on) for each in parts if each.due_on <= on]
    found = classification.classify(policy.classes, standing.days_past_due, history, on, dpd)
    is_restructured = policy.classes.restructured.holds(risk.restructured_on, on)
    if is_restructured:
        found = max(found, policy.classes.restructured.at_least)
    if risk.is_charged_off:
        found = Class.LOSS
    exposure = _exposure(parts, risk, standing.days_past_due, on, is_restructured)
    balance = exposure.principal_minor
    return Assessment(
        standing=standing,
        loan_class=found,
        balance_minor=balance,
        exposure_minor=exposure.at_default_minor,
        provision_minor=provisioning.provision(policy.provision_rates, found, balance),
        loss=expected_loss.expected(policy.losses, exposure),
    )


def standing_of(
    parts: Sequence[Portion], on: date, *, dpd: DpdRule, buckets: Sequence[Bucket]
) -> Standing:
    unpaid = [Unpaid(each.due_on, each.unpaid) for each in parts]
    outstanding = sum(each.amount_minor for each in unpaid)
    return delinquency.standing(unpaid, on, dpd, buckets, outstanding_minor=outstanding)


def portions_of(life: Life) -> list[Portion]:
    """Installments of a life that was told. One with which nothing was ever due is none."""
    found = []
    for row, span in zip(life.rows, early.spans(life), strict=True):
        if any(row.due):
            end = max(span.end, span.start)
            given = row.paid[INTEREST] + row.forgiven[INTEREST]
            left = (row.unpaid(component) for component in (PRINCIPAL, FEE, PENALTY))
            settled_on = None if row.outstanding else row.settled_on
            interest = row.due[INTEREST]
            found.append(
                Portion(
                    row.due_on, span.start, end, settled_on, interest, row.carried, given, *left
                )
            )
    return found


def risk_of(life: Life, risk: Risk) -> Risk:
    """The same with what happened to a life that was told."""
    spread = [each.on for each in life.transactions if each.type in _SPREAD_ANEW]
    return risk._replace(
        restructured_on=max(spread, default=None), is_charged_off=life.charged_off_on is not None
    )


_SPREAD_ANEW = (Type.RESTRUCTURE, Type.REAGE, Type.REAMORTIZE)


def _exposure(
    parts: Sequence[Portion], risk: Risk, days: int, on: date, is_restructured: bool
) -> Exposure:
    return Exposure(
        on=on,
        days_past_due=days,
        opened_on=risk.opened_on,
        last_due_on=max((each.due_on for each in parts), default=on),
        pd_ppm=risk.pd_ppm,
        pd_now_ppm=risk.pd_now_ppm,
        effective_rate=risk.effective_rate,
        principal_minor=sum(each.principal_left for each in parts),
        accrued_minor=sum(each.accrued(on) for each in parts),
        to_come=[(each.due_on, each.principal_left) for each in parts if each.due_on > on],
        is_restructured=is_restructured,
        is_in_default=risk.is_charged_off,
    )
