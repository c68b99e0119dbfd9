"""The life of one loan, told again from its events: a pure function of terms, rules and events."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from servicing import (
    allocation,
    changes,
    events,
    lateness,
    life,
    penalties,
    product_rules,
    recalculation,
    snapshots,
)
from servicing import terms as loan_terms
from servicing.events import Event, Type
from servicing.fields import Fields, InvalidTerms
from servicing.life import FEE, PENALTY, Life
from servicing.product_rules import ProductRules
from servicing.terms import LoanTerms


@dataclass(frozen=True, slots=True)
class Story:
    terms: LoanTerms
    rules: ProductRules
    events: tuple[Event, ...]
    asked: tuple[int, ...]
    """After how many events a snapshot is wanted; never empty."""


def parse(source: Mapping[str, Any]) -> Story:
    fields = Fields(source)
    terms = loan_terms.parse(fields.required("terms"))
    told = events.parse(fields, terms.currency, terms.disbursed_on)
    story = Story(
        terms, product_rules.parse(fields, terms.currency), tuple(told), _asked(fields, told)
    )
    fields.finish()
    return story


def tell(story: Story) -> list[dict[str, Any]]:
    """The snapshots that were asked for."""
    return [
        {"after_events": count, **snapshots.take(state, today)}
        for count in story.asked
        for state, today in [after(story, count)]
    ]


def after(story: Story, count: int) -> tuple[Life, date]:
    """The loan after the first `count` events, and the business day it then is.

    Events count in the order of their days, whenever they were told: a repayment that is told late
    changes everything after it, and nothing else.
    """
    told = list(story.events[:count])
    told = [_pointed(told, event) if event.type is Type.REVERSAL else event for event in told]
    state = life.begin(story.terms, story.rules)
    for event in events.in_effect(told):
        lateness.charge(state, event.on)
        _APPLY[event.type](state, event)
        if event.type in _AT_WHICH_INTEREST_IS_LOOKED_AT and recalculation.applies(state):
            recalculation.refresh(state, event.on)
    days = [event.on for event in told if event.type is Type.BUSINESS_DATE]
    today = (
        days[-1] if days else max((e.recorded_on for e in told), default=story.terms.disbursed_on)
    )
    lateness.charge(state, today)
    return state, today


def _pointed(told: list[Event], event: Event) -> Event:
    return replace(event, details={"of": events.reversal_target(told, event)})


def _asked(fields: Fields, told: list[Event]) -> tuple[int, ...]:
    listed = fields.sequence("snapshots", events.EVENTS_MAX)
    for count in listed:
        if type(count) is not int or not 0 <= count <= len(told):
            raise InvalidTerms(field="snapshots", reason=f"must be from 0 to {len(told)}")
    asked = {*listed, *(event.seq for event in told if event.is_asked)}
    return tuple(sorted(asked)) or (len(told),)


def _nothing(state: Life, event: Event) -> None:
    """A day begins or ends; what follows from that is computed when somebody looks."""


def _disburse(state: Life, event: Event) -> None:
    life.disburse(state, event.amount, event.on)


def _receive(state: Life, event: Event) -> None:
    if not state.draws:
        raise InvalidTerms(
            field=f"events[{event.seq - 1}]", reason="must not come before a disbursement"
        )
    _take(state, event.type.value, event.amount, event.on)


def _take(state: Life, type_: str, amount: int, on: date) -> None:
    if recalculation.applies(state):
        recalculation.receive(state, type_, amount, on)
    else:
        life.receive(state, type_, amount, on)


def _charge(state: Life, event: Event) -> None:
    component = PENALTY if event.details["kind"] == "penalty" else FEE
    cap = penalties.cap_of(state.drawn, state.rules.cost_cap)
    amount = penalties.allowed(event.amount, state.cost, cap)
    if not amount:
        return
    life.charge(state, component, amount, event.details["due_on"])
    life.close_if_settled(state, event.on)


def _pay_off(state: Life, event: Event) -> None:
    owed = sum(recalculation.payoff(state, event.on))
    if owed:
        _take(state, "repayment", owed, event.on)


def _tell_future_rule(state: Life, event: Event) -> None:
    rule = allocation.parse_future("rule", event.details["rule"])
    state.future[event.details["transaction"]] = rule


_AT_WHICH_INTEREST_IS_LOOKED_AT = tuple(
    type_ for type_ in Type if type_ not in (*events.MONEY_IN, Type.BUSINESS_DATE)
)
_APPLY: dict[Type, Callable[[Life, Event], None]] = {
    **dict.fromkeys(events.MONEY_IN, _receive),
    Type.BUSINESS_DATE: _nothing,
    Type.CLOSE_OF_BUSINESS: _nothing,
    Type.DISBURSEMENT: _disburse,
    Type.CHARGE: _charge,
    Type.CHARGEBACK: changes.charge_back,
    Type.REFUND: changes.refund,
    Type.PAYOFF: _pay_off,
    Type.RESCHEDULE: changes.reschedule,
    Type.REAGE: changes.reage,
    Type.REAMORTIZE: changes.reamortize,
    Type.PAUSE: changes.pause,
    Type.RESUME: changes.resume,
    Type.WRITE_OFF: changes.write_off,
    Type.FUTURE_RULE: _tell_future_rule,
}
