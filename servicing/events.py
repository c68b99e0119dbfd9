"""What happens to a loan, as people and programs write it down, in the order it counts."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Any

from servicing import allocation, collateral
from servicing.choices import Grace
from servicing.fields import Fields, InvalidTerms
from servicing.product_rules import Advance

EVENTS_MAX = 10_000
UNITS = ("day", "week", "month", "year")


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
    INTEREST_REFUND = "interest_refund"
    INTEREST_PAYMENT_WAIVER = "interest_payment_waiver"
    CHARGE_ADJUSTMENT = "charge_adjustment"
    CHARGE = "charge"
    REVERSAL = "reversal"
    CHARGEBACK = "chargeback"
    REFUND = "refund"
    PAYOFF = "payoff"
    REFINANCE = "refinance"
    SETTLEMENT = "settlement"
    WAIVER = "waiver"
    RATE_CHANGE = "rate_change"
    RESCHEDULE = "reschedule"
    REAGE = "reage"
    REAMORTIZE = "reamortize"
    SPLIT = "split"
    RESTRUCTURE = "restructure"
    TOP_UP = "top_up"
    CONTRACT_TERMINATION = "contract_termination"
    PAUSE = "pause"
    RESUME = "resume"
    CHARGE_OFF = "charge_off"
    WRITE_OFF = "write_off"
    CAPITALIZED_INCOME = "capitalized_income"
    CAPITALIZED_INCOME_ADJUSTMENT = "capitalized_income_adjustment"
    BUY_DOWN_FEE = "buy_down_fee"
    BUY_DOWN_FEE_ADJUSTMENT = "buy_down_fee_adjustment"
    PLEDGE = "pledge"
    RELEASE = "release"
    REVALUATION = "revaluation"
    FUTURE_RULE = "set_future_installment_rule"


MONEY_IN = (
    Type.REPAYMENT,
    Type.DOWN_PAYMENT,
    Type.GOODWILL_CREDIT,
    Type.MERCHANT_ISSUED_REFUND,
    Type.PAYOUT_REFUND,
    Type.RECOVERY,
    Type.INTEREST_REFUND,
    Type.INTEREST_PAYMENT_WAIVER,
    Type.CHARGE_ADJUSTMENT,
)
_PAYING = (Type.PAYOFF, Type.REFINANCE, Type.SETTLEMENT)
_ALIASES = {"reverse_transaction": "reversal", "credit_balance_refund": "refund"}
_IGNORED = ("enable_cob_step",)


class MovedInterest(StrEnum):
    """What becomes of interest when debt moves to other installments."""

    SPREAD = "spread"
    """All that was to be paid, in equal shares."""
    PAYABLE = "payable"
    """What is earned so far, in equal shares; days to come cost nothing."""
    ANEW = "anew"
    """Days to come cost the rate of the loan; what is earned falls due first."""
    WAIVE = "waive"
    """It is given up."""


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


def read(source: Mapping[str, Any], seq: int, recorded_on: date, currency: str) -> Event:
    """One event as it was written down, told on `recorded_on`."""
    item = Fields(source)
    event = _event(item, _type(item, item.required("type")), seq, recorded_on, currency, False)
    item.finish()
    return replace(event, on=item.day("date"), recorded_on=recorded_on)


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
            if e.seq < event.seq and e.on == event.on and e.type in (*MONEY_IN, *_PAYING)
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
    if type_ in _WITH_AMOUNT or (type_ in _PERHAPS_AMOUNT and item.has("amount")):
        amount = item.amount("amount", currency)
    item.raw("amount") if type_ in _PERHAPS_AMOUNT else None
    on = item.day("date") if item.has("date") else details.pop("on", today)
    item.raw("date")
    if type_ is Type.CHARGE:
        # A charge counts from its due date when it is told too late, else from when it is told.
        on = min(details["due_on"], on)
    if type_ in (Type.PAUSE, Type.RATE_CHANGE, Type.REAGE):
        on = min(details["start"], on)
    return Event(n, type_, on, max(today, on), amount, asked, details)


def _disbursement(item: Fields, currency: str) -> dict[str, Any]:
    item.raw("taken_over")
    some = item.has("taken_over")
    return {"taken_over": item.amount("taken_over", currency, zero=True) if some else 0}


def _charge(item: Fields, currency: str) -> dict[str, Any]:
    kind = item.raw("charge") or item.raw("kind") or "fee"
    if kind not in ("fee", "penalty"):
        raise item.refuse("charge", "must be fee or penalty")
    key = "due" if item.has("due") else "due_on"
    item.raw("due"), item.raw("due_on")
    return {"kind": kind, "due_on": item.day(key), "of": _day(item, "of")}


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
    details: dict[str, Any] = {
        "from_due_date": item.day("from_due_date"),
        "new_due_date": _day(item, "new_due_date"),
        "rate": _rate(item),
    }
    key = "extra_instalments" if item.has("extra_instalments") else "extra_installments"
    item.raw("extra_instalments"), item.raw("extra_installments")
    said = item.raw("following") is not None
    details["following"] = item.flag("following") if said else True
    details["extra"] = item.integer(key, 0, 0, 600)
    details["grace"] = Grace(
        principal=item.integer("grace_principal", 0, 0, 600),
        interest_payment=item.integer("grace_interest_payment", 0, 0, 600),
    )
    return details


def _rate_change(item: Fields, currency: str) -> dict[str, Any]:
    return {
        "start": item.day("from"),
        "rate": item.number("annual_rate_percent", high=10_000) / 100,
    }


def _reage(item: Fields, currency: str) -> dict[str, Any]:
    unit = str(item.raw("unit") or item.raw("frequency") or "month").lower().removesuffix("s")
    if unit not in UNITS:
        raise item.refuse("unit", f"must be one of: {', '.join(UNITS)}")
    key = "instalments" if item.has("instalments") else "installments"
    return {
        "interest": item.choice("interest", MovedInterest, MovedInterest.SPREAD),
        "rate": None,
        "grace": 0,
        "waive": (),
        "capitalize": (),
        "unit": unit,
        "every": item.integer("every", 1, 1, 366),
        "start": item.day("start"),
        "count": item.integer(key, None, 1, 600),
    }


def _reamortize(item: Fields, currency: str) -> dict[str, Any]:
    how = item.choice("interest", MovedInterest, MovedInterest.SPREAD)
    if how not in (MovedInterest.SPREAD, MovedInterest.WAIVE):
        raise item.refuse("interest", "must be spread or waive")
    return {"interest": how}


def _refunded(item: Fields, currency: str) -> dict[str, Any]:
    return {"interest_refund": item.flag("interest_refund")}


def _pause(item: Fields, currency: str) -> dict[str, Any]:
    details: dict[str, Any] = {"start": item.day("start"), "end": item.day("end")}
    if details["end"] <= details["start"]:
        raise item.refuse("end", "must be after start")
    details["of"] = item.raw("of") or "arrears"
    if details["of"] not in ("arrears", "interest"):
        raise item.refuse("of", "must be arrears or interest")
    return details


def _future_rule(item: Fields, currency: str) -> dict[str, Any]:
    transaction = str(item.raw("transaction") or "default").lower()
    if transaction == "advance":
        return {"transaction": transaction, "rule": item.choice("rule", Advance)}
    if transaction not in ("default", *MONEY_IN):
        raise item.refuse("transaction", "must be default, advance or a kind of payment")
    rule = allocation.parse_future(item.name("rule"), item.required("rule"))
    return {"transaction": transaction, "rule": rule}


def _chargeback(item: Fields, currency: str) -> dict[str, Any]:
    said = item.raw("of") is not None
    return {"of": item.integer("of", None, 1, EVENTS_MAX) if said else None}


def _waiver(item: Fields, currency: str) -> dict[str, Any]:
    return {"of": _named(item, "of", ("penalty", "fee", "interest")), "due": _day(item, "due")}


def _settlement(item: Fields, currency: str) -> dict[str, Any]:
    said = item.raw("at_most") is not None
    return {"at_most": item.amount("at_most", currency) if said else None}


def _split(item: Fields, currency: str) -> dict[str, Any]:
    into = []
    for part in item.items("into", 60):
        into.append((part.day("due"), part.number("percent", high=100) / 100))
        part.finish()
    if len(into) < 2 or sum(share for _, share in into) != 1:
        raise item.refuse("into", "must be two parts or more that add up to 100 percent")
    if any(later[0] <= earlier[0] for earlier, later in itertools.pairwise(into)):
        raise item.refuse("into", "must have due dates that rise")
    return {"from_due_date": item.day("from_due_date"), "into": into}


def _restructure(item: Fields, currency: str) -> dict[str, Any]:
    unit = item.raw("unit")
    if unit is not None and unit not in UNITS:
        raise item.refuse("unit", f"must be one of: {', '.join(UNITS)}")
    count = item.integer("installments", None, 1, 600)
    return {
        "count": count,
        "start": _day(item, "start"),
        "unit": unit,
        "every": item.integer("every", 0, 0, 366),
        "rate": _rate(item),
        "grace": item.integer("grace_principal", 0, 0, count - 1),
        "waive": _named(item, "waive", ("penalty", "fee", "interest"), required=False),
        "capitalize": _named(item, "capitalize", ("penalty", "fee", "interest"), required=False),
    }


def _pledge(item: Fields, currency: str) -> dict[str, Any]:
    return {"pledge": collateral.read(item, currency)}


def _release(item: Fields, currency: str) -> dict[str, Any]:
    some = item.raw("quantity") is not None
    quantity = item.number("quantity", high=10**12) if some else None
    return {"code": collateral.read_code(item), "quantity": quantity}


def _revaluation(item: Fields, currency: str) -> dict[str, Any]:
    price = item.amount("price", currency, zero=True)
    return {"code": collateral.read_code(item), "price": price}


def _named(
    item: Fields, key: str, known: tuple[str, ...], *, required: bool = True
) -> tuple[int, ...]:
    """One component by name, or several."""
    value = item.required(key) if required else item.raw(key)
    words = [value] if isinstance(value, str) else value or []
    if not isinstance(words, list | tuple) or any(word not in known for word in words):
        raise item.refuse(key, f"must be one or more of: {', '.join(known)}")
    return tuple(n for n, name in enumerate(known) if name in words)


def _day(item: Fields, key: str) -> date | None:
    return None if item.raw(key) is None else item.day(key)


def _rate(item: Fields) -> Fraction | None:
    """A year's, as a fraction of one."""
    key = "annual_rate_percent"
    return None if item.raw(key) is None else item.number(key, high=10_000) / 100


_WITH_AMOUNT = {
    *MONEY_IN,
    Type.DISBURSEMENT,
    Type.CHARGE,
    Type.CHARGEBACK,
    Type.REFUND,
    Type.SETTLEMENT,
    Type.TOP_UP,
    Type.CAPITALIZED_INCOME,
    Type.CAPITALIZED_INCOME_ADJUSTMENT,
    Type.BUY_DOWN_FEE,
    Type.BUY_DOWN_FEE_ADJUSTMENT,
}
_PERHAPS_AMOUNT = (Type.WAIVER, Type.REFINANCE)
_DETAILS: dict[Type, Callable[[Fields, str], dict[str, Any]]] = {
    Type.DISBURSEMENT: _disbursement,
    Type.CHARGE: _charge,
    Type.REVERSAL: _reversal,
    Type.CHARGEBACK: _chargeback,
    Type.WAIVER: _waiver,
    Type.SETTLEMENT: _settlement,
    Type.SPLIT: _split,
    Type.RESTRUCTURE: _restructure,
    Type.TOP_UP: _restructure,
    Type.PLEDGE: _pledge,
    Type.RELEASE: _release,
    Type.REVALUATION: _revaluation,
    Type.RATE_CHANGE: _rate_change,
    Type.RESCHEDULE: _reschedule,
    Type.REAGE: _reage,
    Type.REAMORTIZE: _reamortize,
    Type.MERCHANT_ISSUED_REFUND: _refunded,
    Type.PAYOUT_REFUND: _refunded,
    Type.PAUSE: _pause,
    Type.FUTURE_RULE: _future_rule,
}
