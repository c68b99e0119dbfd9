"""The clauses of loan terms that need more than one look: read, checked against each other."""

import itertools
from datetime import date
from fractions import Fraction
from typing import Any

from kit.money import Money
from servicing.choices import (
    Fee,
    Frequency,
    Grace,
    Method,
    Payee,
    RateChange,
    Revenue,
    Tranche,
    When,
)
from servicing.fields import Fields

INSTALLMENTS_MAX = 1_200
YEARS_MAX = 100
_PER_YEAR = {Frequency.DAY: 366, Frequency.WEEK: 52, Frequency.MONTH: 12, Frequency.YEAR: 1}
NO_GRACE = Grace()
_MANY = 10**30


def optional_amount(fields: Fields, key: str, currency: str) -> int | None:
    fields.raw(key)
    return fields.amount(key, currency) if fields.has(key) else None


def longest(frequency: Frequency, every: int) -> int:
    """How many installments fit into the longest life that a loan may have."""
    return YEARS_MAX * _PER_YEAR[frequency] // every


def length(fields: Fields, method: Method, currency: str) -> dict[str, Any]:
    """How many installments: said, or given by due dates, a fixed installment, or sales."""
    days, proportions = due_dates(fields), weights(fields)
    installment = optional_amount(fields, "installment", currency)
    open_ended = method is Method.REVENUE_SHARE or installment is not None
    known = len(days) or len(proportions)
    count = fields.integer("installments", known or (0 if open_ended else None), -_MANY, _MANY)
    if not (open_ended and count == 0) and not 1 <= count <= INSTALLMENTS_MAX:
        raise fields.refuse("installments", f"must be from 1 to {INSTALLMENTS_MAX}")
    for key, given in (("due_dates", len(days)), ("weights", len(proportions))):
        if given and given != count:
            raise fields.refuse(key, f"must have one item for each of {count} installments")
    return {
        "installments": count,
        "due_dates": days,
        "weights": proportions,
        "installment_minor": installment,
        "grace": grace(fields, count),
    }


def due_dates(fields: Fields) -> tuple[date, ...]:
    days = []
    for n, value in enumerate(fields.sequence("due_dates", INSTALLMENTS_MAX)):
        days.append(Fields({f"[{n}]": value}, "due_dates").day(f"[{n}]"))
    if any(later <= earlier for earlier, later in itertools.pairwise(days)):
        raise fields.refuse("due_dates", "must rise from one to the next")
    return tuple(days)


def weights(fields: Fields) -> tuple[Fraction, ...]:
    values = fields.sequence("weights", INSTALLMENTS_MAX)
    weights = tuple(
        Fields({str(n): value}, "weights").number(str(n), high=1_000_000)
        for n, value in enumerate(values)
    )
    if weights and not sum(weights):
        raise fields.refuse("weights", "must not all be zero")
    return weights


def grace(fields: Fields, count: int) -> Grace:
    fields.raw("grace")
    if not fields.has("grace"):
        return NO_GRACE
    inner = Fields(fields.raw("grace"), "grace")
    most = max(count - 1, 0)
    grace = Grace(
        principal=inner.integer("principal", 0, 0, most),
        interest_payment=inner.integer("interest_payment", 0, 0, most),
        interest_free=inner.integer("interest_free", 0, 0, count),
    )
    inner.finish()
    return grace


def fees(fields: Fields, currency: str) -> tuple[Fee, ...]:
    fees = []
    for item in fields.items("fees", 50):
        code = item.required("code")
        if not isinstance(code, str) or not 1 <= len(code) <= 60:
            raise item.refuse("code", "must be a short text")
        if item.has("amount") == item.has("percent"):
            raise item.refuse("amount", "or percent must be given, and only one of them")
        item.raw("amount"), item.raw("percent")
        has_amount = item.has("amount")
        fees.append(
            Fee(
                code=code,
                when=item.choice("when", When),
                to=item.choice("to", Payee, Payee.LENDER),
                amount_minor=item.amount("amount", currency, zero=True) if has_amount else None,
                rate=None if has_amount else item.number("percent", high=100) / 100,
            )
        )
        item.finish()
    return tuple(fees)


def _only_with(fields: Fields, keys: tuple[str, ...], method: Method) -> None:
    """What a method has no use for is refused: nobody shall think that it counted."""
    for key in keys:
        if fields.has(key):
            raise fields.refuse(key, f"goes with the method {method} only")


def balloon(fields: Fields, method: Method, principal: Money) -> int:
    if method is not Method.BALLOON:
        _only_with(fields, ("balloon", "balloon_percent"), Method.BALLOON)
        return 0
    fields.raw("balloon"), fields.raw("balloon_percent")
    if fields.has("balloon_percent"):
        balloon = (principal * (fields.number("balloon_percent", high=100) / 100)).minor
    else:
        balloon = fields.amount("balloon", principal.currency, zero=True)
    if balloon > principal.minor:
        raise fields.refuse("balloon", "must not be more than the principal")
    return balloon


def harvests(fields: Fields, currency: str) -> dict[str, Any]:
    """The months in which cash comes in, how much of it, and how long after that it is due."""
    months = fields.sequence("harvest_months", 12)
    if any(type(month) is not int or not 1 <= month <= 12 for month in months):
        raise fields.refuse("harvest_months", "must be months from 1 to 12")
    cash = amounts(fields, "harvest_cash", currency)
    if cash and (len(cash) != len(months) or not sum(cash)):
        raise fields.refuse("harvest_cash", "must have one amount for each of harvest_months")
    return {
        "harvest_months": tuple(months),
        "harvest_cash": cash,
        "harvest_delay_months": fields.integer("harvest_delay_months", 0, 0, 11),
    }


def amounts(fields: Fields, key: str, currency: str) -> tuple[int, ...]:
    return tuple(
        Fields({f"[{n}]": value}, fields.name(key)).amount(f"[{n}]", currency, zero=True)
        for n, value in enumerate(fields.sequence(key, INSTALLMENTS_MAX))
    )


def revenue(fields: Fields, method: Method, currency: str) -> Revenue | None:
    if method is not Method.REVENUE_SHARE:
        _only_with(fields, ("revenue",), Method.REVENUE_SHARE)
        return None
    inner = Fields(fields.required("revenue"), "revenue")
    sales = amounts(inner, "sales", currency)
    inner.raw("yearly")
    if inner.has("yearly") == bool(sales):
        raise inner.refuse("yearly", "or sales must be given, and only one of them")
    revenue = Revenue(
        yearly_minor=0 if sales else inner.amount("yearly", currency),
        share=inner.number("share_percent", high=100) / 100,
        fee_minor=inner.amount("fee", currency, zero=True),
        sales_minor=sales,
    )
    inner.finish()
    if not revenue.share:
        raise inner.refuse("share_percent", "must be more than zero")
    return revenue


def tranches(fields: Fields, principal: Money, disbursed_on: date) -> tuple[Tranche, ...]:
    """Every draw in order. With one on the first day these are all, and a limit may stay unused;
    else what they leave of the principal is paid out on the first day.
    """
    listed = []
    for item in fields.items("tranches", 100):
        listed.append(Tranche(item.day("on"), item.amount("amount", principal.currency)))
        item.finish()
        if listed[-1].on < disbursed_on:
            raise item.refuse("on", "must not be before disbursed_on")
    if not listed:
        return ()
    rest = principal.minor - sum(tranche.amount_minor for tranche in listed)
    if rest < 0:
        raise fields.refuse("tranches", "must not add up to more than the principal")
    listed.sort(key=lambda tranche: tranche.on)
    if listed[0].on == disbursed_on:
        return tuple(listed)
    if not rest:
        raise fields.refuse("tranches", "must leave something to pay out on disbursed_on")
    return (Tranche(disbursed_on, rest), *listed)


def holidays(fields: Fields) -> dict[str, Any]:
    """Dates, and a country (and region: "US", "ES-MD") of the public calendar; or one of them."""
    raw = fields.raw("holidays")
    listed = [raw] if isinstance(raw, str) else fields.sequence("holidays")
    countries = [item for item in listed if isinstance(item, str) and item[:1].isalpha()]
    if countries:
        from servicing import calendars  # the calendar of the world is slow to load

        if len(countries) > 1 or not calendars.knows_country(countries[0]):
            raise fields.refuse("holidays", "must be dates, and one known country code such as KE")
    days = [
        Fields({str(n): day}, "holidays").day(str(n))
        for n, day in enumerate(listed)
        if day not in countries
    ]
    return {
        "holidays": tuple(sorted(days)),
        "holiday_country": countries[0] if countries else None,
    }


def rate_changes(fields: Fields) -> tuple[RateChange, ...]:
    """Other rates from a day on; a period keeps the rate that its first day has."""
    changes = []
    for item in fields.items("rate_changes", 100):
        rate = item.number("annual_rate_percent", high=10_000) / 100
        changes.append(RateChange(item.day("from"), rate))
        item.finish()
    return tuple(sorted(changes, key=lambda change: change.start))


def interest_pauses(fields: Fields) -> tuple[tuple[date, date], ...]:
    """Days without interest: from `start` on, up to but not including `end`."""
    pauses: list[tuple[date, date]] = []
    for item in fields.items("interest_pauses", 100):
        start, end = item.day("start"), item.day("end")
        item.finish()
        if end <= start or (pauses and start < pauses[-1][1]):
            raise item.refuse("end", "must be after start, and pauses must not overlap")
        pauses.append((start, end))
    return tuple(pauses)
