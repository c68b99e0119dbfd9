"""The life of one loan, told again from its events: a pure function of terms, rules and events."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

from servicing import (
    allocation,
    changes,
    collateral,
    concessions,
    early,
    entries,
    events,
    late_questions,
    lateness,
    life,
    planning,
    product_rules,
    recalculation,
    remaining_cost,
    reshaping,
    snapshots,
    sponsorship,
)
from servicing import terms as loan_terms
from servicing.collateral import Pledge
from servicing.events import Event, Type
from servicing.fields import Fields, InvalidTerms
from servicing.late_questions import LateQuestion
from servicing.life import FEE, INTEREST, PENALTY, Life, Status
from servicing.product_rules import ProductRules, Rest
from servicing.terms import LoanTerms
from servicing.why import Why


@dataclass(frozen=True, slots=True)
class Story:
    terms: LoanTerms
    rules: ProductRules
    events: tuple[Event, ...]
    asked: tuple[int, ...]
    """After how many events a snapshot is wanted; never empty."""
    late: LateQuestion | None = None


def parse(source: Mapping[str, Any]) -> Story:
    fields = Fields(source)
    agreed = fields.required("terms")
    if not isinstance(agreed, Mapping):
        raise fields.refuse("terms", "must be an object with named keys")
    terms = loan_terms.parse(agreed)
    told = events.parse(fields, terms.currency, terms.disbursed_on)
    story = Story(
        terms,
        product_rules.parse(fields, terms.currency),
        tuple(told),
        _asked(fields, told),
        late_questions.parse(fields),
    )
    fields.finish()
    return story


def tell(story: Story) -> list[dict[str, Any]]:
    """The snapshots that were asked for."""
    return [
        {
            "after_events": count,
            **snapshots.take(state, today),
            **late_questions.answer(story.late, story.terms, state, today),
        }
        for count in story.asked
        for state, today in [after(story, count)]
    ]


def after(story: Story, count: int) -> tuple[Life, date]:
    """The loan after the first `count` events, and the business day it then is.

    Events count in the order of their days, whenever they were told: a repayment that is told late
    changes everything after it, and nothing else.
    """
    told = with_refunds_as_they_were(pointed(story.events[:count]))
    kept = events.in_effect(told)
    state = _told(story, kept)
    since = kept[-1].on if kept else story.terms.disbursed_on
    days = [event.on for event in told if event.type is Type.BUSINESS_DATE]
    today = (
        days[-1] if days else max((e.recorded_on for e in told), default=story.terms.disbursed_on)
    )
    _look_after_reversal(state, told, kept)
    early.use_credit(state, since, today)
    lateness.charge(state, today)
    return state, today


def with_refunds_as_they_were(told: Sequence[Event]) -> list[Event]:
    """A refund that was given stays given, whatever is told later about the time before it, and
    whatever of that is left out of a story afterwards."""
    late = max((e.seq for e in told if e.type is Type.REVERSAL or e.on < e.recorded_on), default=0)
    return [
        replace(event, details={"is_retold": event.details.get("is_retold") or event.seq < late})
        if event.type is Type.REFUND
        else event
        for event in told
    ]


def _look_after_reversal(state: Life, told: Sequence[Event], kept: Sequence[Event]) -> None:
    """What is undone late changes what is owed on the day on which that is told."""
    day = max((e.recorded_on for e in told if e.type is Type.REVERSAL), default=None)
    last = max((e.on for e in kept if e.type is not Type.BUSINESS_DATE), default=None)
    if day and last and day > last and recalculation.applies(state):
        recalculation.refresh(state, day)


def _told(story: Story, kept: list[Event]) -> Life:
    state = planning.begin(story.terms, story.rules)
    state.collateral = {pledge.code: pledge for pledge in story.rules.collateral}
    since = story.terms.disbursed_on
    for event, following in itertools.zip_longest(kept, kept[1:]):
        hear(state, event, since, following)
        if event.details.get("interest_refund"):
            _refund_interest(story, kept, state, event)
            if recalculation.applies(state):
                recalculation.refresh(state, event.on)
        since = event.on
    return state


def hear(state: Life, event: Event, since: date, following: Event | None = None) -> None:
    """Let one event happen; `since` is the day of the one before it."""
    early.use_credit(state, since, event.on)
    lateness.charge(state, event.on)
    state.hearing = event.seq
    if not state.draws and event.type not in _BEFORE_A_LOAN:
        raise InvalidTerms(field=f"events[{event.seq - 1}]", reason=Why.NOT_PAID_OUT)
    if state.status is Status.WRITTEN_OFF and event.type not in _AFTER_A_LOSS:
        raise _refused(event, "type", Why.WRITTEN_OFF)
    _APPLY[event.type](state, event)
    if _is_looked_at(state, event, following):
        recalculation.refresh(state, event.on)
    life.hold_cap(state)


def at(story: Story, on: date) -> Life:
    """The loan at the end of a day, by all that was told so far."""
    state, today = after(story, len(story.events))
    early.use_credit(state, today, on)
    lateness.charge(state, on)
    if recalculation.applies(state):
        recalculation.refresh(state, on)
    return state


def pointed(told: Sequence[Event]) -> list[Event]:
    """Reversals with the number of the event that they undo."""
    return [
        replace(event, details={"of": events.reversal_target(list(told), event)})
        if event.type is Type.REVERSAL
        else event
        for event in told
    ]


def _asked(fields: Fields, told: list[Event]) -> tuple[int, ...]:
    listed = fields.sequence("snapshots", events.EVENTS_MAX)
    for count in listed:
        if type(count) is not int or not 0 <= count <= len(told):
            raise InvalidTerms(field="snapshots", reason=f"must be from 0 to {len(told)}")
    asked = {*listed, *(event.seq for event in told if event.is_asked)}
    return tuple(sorted(asked)) or (len(told),)


def _nothing(state: Life, event: Event) -> None:
    """A day begins; what follows from that is computed when somebody looks."""


def _refund_interest(story: Story, kept: list[Event], state: Life, event: Event) -> None:
    """Interest that the refunded amount has cost, as if it had never been lent."""
    before = kept[: kept.index(event)]
    never_lent = replace(event, on=state.draws[0].on, details={})
    other = _told(story, sorted([*before, never_lent], key=lambda each: (each.on, each.seq)))
    cost, less = (entries.earned_by(each, event.on)[INTEREST] for each in (state, other))
    if cost > less:
        _take(state, Type.INTEREST_REFUND.value, cost - less, event.on)


def _close_day(state: Life, event: Event) -> None:
    entries.close_day(state, event.on)


def _disburse(state: Life, event: Event) -> None:
    if event.details["taken_over"] > event.amount:
        raise _refused(event, "taken_over", "must not be more than the amount")
    state.taken_over += event.details["taken_over"]
    planning.disburse(state, event.amount, event.on)


def _receive(state: Life, event: Event) -> None:
    _take(state, event.type.value, event.amount, event.on)


def _take(state: Life, type_: str, amount: int, on: date) -> None:
    if state.rules.early_end:
        early.receive(state, type_, amount, on)
    elif recalculation.applies(state):
        recalculation.receive(state, type_, amount, on)
    else:
        life.receive(state, type_, amount, on)


def _charge(state: Life, event: Event) -> None:
    component = PENALTY if event.details["kind"] == "penalty" else FEE
    room = state.room
    amount = event.amount if room is None else min(event.amount, room)
    if amount <= 0:
        return
    planning.charge(state, component, amount, event.details["of"] or event.details["due_on"])
    life.close_if_settled(state, event.on)


def _pay_off(state: Life, event: Event) -> None:
    owed = event.amount or sum(early.payoff(state, event.on))
    if owed:
        type_ = "refinance" if event.type is Type.REFINANCE else "repayment"
        _take(state, type_, owed, event.on)


def _settle(state: Life, event: Event) -> None:
    """What was said to leave next to nothing is a payment like any other when it leaves more."""
    at_most = event.details["at_most"]
    left = remaining_cost.owed(state, event.on) - event.amount
    if at_most is None or (state.status is Status.ACTIVE and 0 <= left <= at_most):
        concessions.settle(state, event)
    else:
        _take(state, "repayment", event.amount, event.on)


def _adjust_income(state: Life, event: Event) -> None:
    sponsorship.take_back(state, event)
    _receive(state, event)


def _pledge(state: Life, event: Event) -> None:
    pledge = event.details["pledge"]
    state.collateral[pledge.code] = pledge


def _release(state: Life, event: Event) -> None:
    held, released = _held(state, event), event.details["quantity"]
    left = 0 if released is None else held.quantity - released
    if left < 0:
        raise _refused(event, "quantity", "must not be more than what is pledged")
    state.collateral[held.code] = replace(held, quantity=Fraction(left))
    if collateral.shortfall(state.principal_owed, state.collateral.values()):
        raise _refused(event, "quantity", "must leave enough to secure what is owed")


def _revalue(state: Life, event: Event) -> None:
    held = _held(state, event)
    state.collateral[held.code] = replace(held, price_minor=event.details["price"])


def _held(state: Life, event: Event) -> Pledge:
    held = state.collateral.get(event.details["code"])
    if held is None:
        raise _refused(event, "code", "must be pledged for the loan")
    return held


def _refused(event: Event, field: str, reason: str) -> InvalidTerms:
    return InvalidTerms(field=f"events[{event.seq - 1}].{field}", reason=reason)


def _tell_future_rule(state: Life, event: Event) -> None:
    if event.details["transaction"] == "advance":
        state.rules = product_rules.with_advance(state.rules, event.details["rule"])
        return
    rule = allocation.parse_future("rule", event.details["rule"])
    state.future[event.details["transaction"]] = rule


def _is_looked_at(state: Life, event: Event, following: Event | None) -> bool:
    """Whether recalculated interest is brought up to the event: the next payment does it anyway."""
    if event.type is Type.BUSINESS_DATE or not recalculation.applies(state):
        return False
    rules = state.rules.recalculation
    overtaken = following is not None and following.type in events.MONEY_IN
    return not (overtaken and rules is not None and rules.rest is Rest.DAILY)


_BEFORE_A_LOAN = (
    Type.BUSINESS_DATE,
    Type.CLOSE_OF_BUSINESS,
    Type.DISBURSEMENT,
    Type.CHARGE,
    Type.PAUSE,
    Type.RESUME,
    Type.PLEDGE,
    Type.RELEASE,
    Type.REVALUATION,
    Type.FUTURE_RULE,
)
_AFTER_A_LOSS = (
    *events.MONEY_IN,
    Type.BUSINESS_DATE,
    Type.CLOSE_OF_BUSINESS,
    Type.CHARGEBACK,
    Type.REFUND,
    Type.PAYOFF,
    Type.RELEASE,
    Type.REVALUATION,
)
_APPLY: dict[Type, Callable[[Life, Event], None]] = {
    **dict.fromkeys(events.MONEY_IN, _receive),
    Type.BUSINESS_DATE: _nothing,
    Type.CLOSE_OF_BUSINESS: _close_day,
    Type.DISBURSEMENT: _disburse,
    Type.CHARGE: _charge,
    Type.CHARGEBACK: changes.charge_back,
    Type.REFUND: changes.refund,
    Type.REFINANCE: _pay_off,
    Type.SETTLEMENT: _settle,
    Type.WAIVER: concessions.waive,
    Type.CHARGE_OFF: reshaping.charge_off,
    Type.SPLIT: reshaping.split,
    Type.RESTRUCTURE: reshaping.restructure,
    Type.TOP_UP: reshaping.restructure,
    Type.CONTRACT_TERMINATION: reshaping.terminate,
    Type.CAPITALIZED_INCOME: sponsorship.capitalize,
    Type.CAPITALIZED_INCOME_ADJUSTMENT: _adjust_income,
    Type.BUY_DOWN_FEE: sponsorship.buy_down,
    Type.BUY_DOWN_FEE_ADJUSTMENT: sponsorship.adjust_buy_down,
    Type.PLEDGE: _pledge,
    Type.RELEASE: _release,
    Type.REVALUATION: _revalue,
    Type.PAYOFF: _pay_off,
    Type.RATE_CHANGE: changes.change_rate,
    Type.RESCHEDULE: changes.reschedule,
    Type.REAGE: changes.reage,
    Type.REAMORTIZE: changes.reamortize,
    Type.PAUSE: changes.pause,
    Type.RESUME: changes.resume,
    Type.WRITE_OFF: changes.write_off,
    Type.FUTURE_RULE: _tell_future_rule,
}
