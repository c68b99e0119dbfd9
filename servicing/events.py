"""What happens to a loan, as people and programs write it down, in the order it counts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from servicing.fields import Fields, InvalidTerms

EVENTS_MAX = 10_000


class Type(StrEnum):
    BUSINESS_DATE = "business_date"
    CLOSE_OF_BUSINESS = "close_of_business"
    DISBURSEMENT = "disbursement"
    REPAYMENT = "repayment"
    DOWN_PAYMENT = "down_payment"
    GOODWILL_CREDIT = "goodwill_credit"
    MERCHANT_ISSUED_REFUND = "merchant_issued_refund"
    PAYOUT_REFUND = "payout_refund"
    RECOVERY = "recovery"
    CHARGE = "charge"
    REVERSAL = "reversal"
    CHARGEBACK = "chargeback"
    REFUND = "refund"
    PAYOFF = "payoff"
    RESCHEDULE = "reschedule"
    REAGE = "reage"
    REAMORTIZE = "reamortize"
    PAUSE = "pause"
    RESUME = "resume"
    WRITE_OFF = "write_off"
    FUTURE_RULE = "set_future_installment_rule"


MONEY_IN = (
    Type.REPAYMENT,
    Type.DOWN_PAYMENT,
    Type.GOODWILL_CREDIT,
    Type.MERCHANT_ISSUED_REFUND,
    Type.PAYOUT_REFUND,
    Type.RECOVERY,
)
_ALIASES = {"reverse_transaction": "reversal", "credit_balance_refund": "refund"}
_IGNORED = ("enable_cob_step",)


@dataclass(frozen=True, slots=True)
class Event:
    """`on` is the day from which it counts, `recorded_on` the business day on which it was told."""

    seq: int
    type: Type
    on: date
    recorded_on: date
    amount: int = 0
    is_asked: bool = False
    details: dict[str, Any] = field(default_factory=dict)


def parse(fields: Fields, currency: str, start: date) -> list[Event]:
    """Events in the order they were told; `start` is the business day before any is."""
    events: list[Event] = []
    today = start
    for n, item in enumerate(fields.items("events", EVENTS_MAX), 1):
        item.raw("step"), item.raw("note")
        word = item.required("type")
        asked = item.flag("snapshot")
        if word in _IGNORED:
            events.append(Event(n, Type.BUSINESS_DATE, today, today, is_asked=asked))
            continue
        event = _event(item, _type(item, word), n, today, currency, asked)
        item.finish()
        if event.type is Type.BUSINESS_DATE:
            today = event.on
        events.append(event)
    return events


def in_effect(events: list[Event]) -> list[Event]:
    """The events by the day on which they count, without reversals and what they undo."""
    reversed_by = {event.details["of"] for event in events if event.type is Type.REVERSAL}
    kept = [e for e in events if e.type is not Type.REVERSAL and e.seq not in reversed_by]
    return sorted(kept, key=lambda event: (event.on, event.seq))


def reversal_target(events: list[Event], event: Event) -> int:
    """Which event a reversal means: by its number, or by its day and place among that day's."""
    details = event.details
    if details.get("event") is not None:
        found = [e.seq for e in events if e.seq == details["event"] and e.seq < event.seq]
        place = 1
    else:
        found = [
            e.seq
            for e in events
            if e.seq < event.seq and e.on == event.on and e.type in (*MONEY_IN, Type.PAYOFF)
        ]
        place = details.get("index_on_date") or len(found) or 1
    if len(found) < place:
        raise InvalidTerms(
            field=f"events[{event.seq - 1}]", reason="reverses nothing that was recorded"
        )
    return found[place - 1]


def _type(item: Fields, word: object) -> Type:
    try:
        return Type(_ALIASES.get(str(word), str(word)))
    except ValueError:
        raise item.refuse("type", f"must be one of: {', '.join(Type)}") from None


def _event(item: Fields, type_: Type, n: int, today: date, currency: str, asked: bool) -> Event:
    details = _DETAILS[type_](item, currency) if type_ in _DETAILS else {}
    amount = 0
    if type_ in _WITH_AMOUNT:
        amount = item.amount("amount", currency)
    on = item.day("date") if item.has("date") else details.pop("on", today)
    item.raw("date")
    if type_ is Type.CHARGE:
        # A charge counts from its due date when it is told too late, else from when it is told.
        on = min(details["due_on"], on)
    if type_ is Type.PAUSE and details["of"] == "arrears":
        on = min(details["start"], on)
    return Event(n, type_, on, max(today, on), amount, asked, details)


def _charge(item: Fields, currency: str) -> dict[str, Any]:
    kind = item.raw("charge") or item.raw("kind") or "fee"
    if kind not in ("fee", "penalty"):
        raise item.refuse("charge", "must be fee or penalty")
    key = "due" if item.has("due") else "due_on"
    item.raw("due"), item.raw("due_on")
    return {"kind": kind, "due_on": item.day(key)}


def _reversal(item: Fields, currency: str) -> dict[str, Any]:
    details: dict[str, Any] = {"event": None, "index_on_date": None}
    item.raw("transaction_date")
    for key in details:
        item.raw(key)
        if item.has(key):
            details[key] = item.integer(key, None, 1, EVENTS_MAX)
    if item.has("transaction_date"):
        details["on"] = item.day("transaction_date")
    return details


def _reschedule(item: Fields, currency: str) -> dict[str, Any]:
    item.raw("submitted_on")
    details: dict[str, Any] = {"from_due_date": item.day("from_due_date")}
    for key in ("new_due_date",):
        details[key] = item.day(key) if item.has(key) else None
        item.raw(key)
    key = "extra_instalments" if item.has("extra_instalments") else "extra_installments"
    item.raw("extra_instalments"), item.raw("extra_installments")
    details["extra"] = item.integer(key, 0, 0, 600)
    item.raw("annual_rate_percent")
    rated = item.has("annual_rate_percent")
    details["rate"] = item.number("annual_rate_percent", high=10_000) / 100 if rated else None
    return details


def _reage(item: Fields, currency: str) -> dict[str, Any]:
    unit = str(item.raw("unit") or item.raw("frequency") or "month").lower().removesuffix("s")
    if unit not in ("day", "week", "month", "year"):
        raise item.refuse("unit", "must be day, week, month or year")
    key = "instalments" if item.has("instalments") else "installments"
    return {
        "unit": unit,
        "every": item.integer("every", 1, 1, 366),
        "start": item.day("start"),
        "count": item.integer(key, None, 1, 600),
    }


def _pause(item: Fields, currency: str) -> dict[str, Any]:
    details = {"start": item.day("start"), "end": item.day("end")}
    if details["end"] <= details["start"]:
        raise item.refuse("end", "must be after start")
    what = item.raw("of") or "arrears"
    if what not in ("arrears", "interest"):
        raise item.refuse("of", "must be arrears or interest")
    return {**details, "of": what}


def _future_rule(item: Fields, currency: str) -> dict[str, Any]:
    transaction = str(item.raw("transaction") or "default").lower()
    return {"transaction": transaction, "rule": item.required("rule")}


_WITH_AMOUNT = (*MONEY_IN, Type.DISBURSEMENT, Type.CHARGE, Type.CHARGEBACK, Type.REFUND)
_DETAILS: dict[Type, Callable[[Fields, str], dict[str, Any]]] = {
    Type.CHARGE: _charge,
    Type.REVERSAL: _reversal,
    Type.RESCHEDULE: _reschedule,
    Type.REAGE: _reage,
    Type.PAUSE: _pause,
    Type.FUTURE_RULE: _future_rule,
}
