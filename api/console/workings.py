"""How a decision reckoned the household's month and the price: two small tables for staff."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from kit import text
from kit.money import Money
from kit.text import DEFAULT_LOCALE
from scoring.models import Decision

Line = tuple[str, str]
_HELD = {
    "none": "",
    "least": ", the lowest of the product",
    "most": ", the highest of the product",
    "law": ", the most that the law allows",
}
_RATES = {
    "funds_bps": "Cost of funds",
    "operating_bps": "Cost of the work",
    "loss_bps": "Expected loss",
    "margin_bps": "Margin",
    "needed_bps": "Would be needed",
}


class Workings(NamedTuple):
    household: list[Line]
    price: list[Line]


def of(decision: Decision | None) -> Workings | None:
    """None where nothing was decided yet, or before workings were kept."""
    if decision is None or decision.workings is None:
        return None
    capacity, price = decision.workings["capacity"], decision.workings["price"]
    return Workings(
        list(_household(capacity, decision.currency)),
        list(_price(price, decision.currency)) if price is not None else [],
    )


def _household(capacity: dict[str, Any], currency: str) -> Iterator[Line]:
    def money(name: str, sign: int = 1) -> str:
        return _amount(sign * capacity[name], currency)

    if capacity["monthly_minor"] is None:
        yield "May go into repayments", "not known: income or obligations are missing"
    else:
        yield "Income of a month that counts", money("income_minor")
        yield "If it falls", money("income_fall_minor", -1)
        yield "Obligations", money("obligations_minor", -1)
        yield "Cost of living", money("living_minor", -1)
        yield "If that rises", money("living_rise_minor", -1)
        yield "Left", money("left_minor")
        yield "Share of it for repayments", money("by_share_minor")
        if capacity["by_household_minor"] is not None:
            yield "Cap on all repayments leaves", money("by_household_minor")
        yield "May go into repayments", money("monthly_minor")
    yield "This loan takes", money("payment_minor")


def _price(price: dict[str, Any], currency: str) -> Iterator[Line]:
    for name, label in _RATES.items():
        yield label, _percent(price[name])
    yield "Charged a year", _percent(price["annual_rate_bps"]) + _HELD[price["bound"]]
    if not price["is_paid_for"]:
        yield "Without the margin", _percent(price["break_even_bps"]) + ": not paid for"
    yield "Expected loss of the loan", _amount(price["expected_loss_minor"], currency)


def _amount(minor: int, currency: str) -> str:
    return text.money(Money(minor, currency), DEFAULT_LOCALE)


def _percent(bps: int) -> str:
    return f"{bps / 100:.2f} %"
