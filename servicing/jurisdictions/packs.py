"""One file of data per country: from when which cap holds for which loans, and who says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from kit.money import Money
from servicing import calendars
from servicing.apr import Convention
from servicing.fields import Fields, InvalidTerms

_DATA = Path(__file__).parent / "data"
_FOREVER = date.max


class Measure(StrEnum):
    """What is measured; the name ends in its unit."""

    NOMINAL = "nominal_percent_per_month"
    EFFECTIVE = "effective_percent_per_month"
    """Compound, with everything that is paid besides late charges."""
    APR_EU = "apr_eu_percent"
    APR_IN = "apr_in_percent"
    DAILY = "cost_percent_per_day"
    """Interest and fees, of the credit outstanding on each day."""
    TOTAL_OF_PRINCIPAL = "total_cost_percent_of_principal"
    """Interest, fees and everything that being late can ever cost."""
    TOTAL_OF_ADVANCE = "total_cost_percent_of_advance"
    """The same, of what is handed over."""
    FEES = "fees_percent_of_principal"
    LATE = "late_percent_per_month"
    """What being late costs, of the late installment."""
    LATE_TOTAL = "late_amount"
    """All that being late can ever cost on one loan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """Caps that came together: in force from one day to another, for some loans."""

    name: str
    start: date
    end: date
    """The last day."""
    kind: str | None
    """The kind of lending that it is for; None: all."""
    amount_max_minor: int | None
    months_max: int | None
    apr_min: Fraction | None
    """Only for loans whose APR (UK) reaches this percentage."""
    source: str
    url: str
    caps: Mapping[Measure, Fraction]
    """Percentages; amounts in minor units."""

    def holds(self, kind: str | None, entered_on: date, principal: Money, last_due: date) -> bool:
        """Whether it is for a loan of this size and length, entered into on that day."""
        if not self.start <= entered_on <= self.end or (kind and self.kind and kind != self.kind):
            return False
        if self.amount_max_minor is not None and principal.minor > self.amount_max_minor:
            return False
        months = self.months_max
        return months is None or last_due <= calendars.add_months(entered_on, months)


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdCap:
    """The most of a month's income that all repayments of a household may take."""

    kind: str | None
    income_max_minor: int | None
    """Only for households with at most this income a month."""
    percent_of_income: Fraction
    source: str
    url: str

    def holds(self, kind: str | None, monthly_income_minor: int) -> bool:
        if kind and self.kind and kind != self.kind:
            return False
        return self.income_max_minor is None or monthly_income_minor <= self.income_max_minor


@dataclass(frozen=True, slots=True)
class Pack:
    code: str
    name: str
    currency: str
    kinds: Mapping[str, str]
    """Kinds of lending that the law tells apart, and what each is."""
    apr: Convention
    """How the yearly cost is shown; the European way where the law says nothing."""
    regimes: tuple[Regime, ...]
    households: tuple[HouseholdCap, ...] = ()


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """A country, and where its law tells kinds of lending apart, one of them."""

    pack: Pack
    kind: str | None = None

    def debt_service_most_bps(self, monthly_income_minor: int) -> int | None:
        """The share of this income that all repayments may take by law; None: no law says one."""
        caps = [
            int(cap.percent_of_income * 100)
            for cap in self.pack.households
            if cap.holds(self.kind, monthly_income_minor)
        ]
        return min(caps, default=None)


def parse(text: object, field: str = "jurisdiction") -> Jurisdiction:
    """`KE`, or `CN/bank`. Without a kind the caps of all kinds hold."""
    code, slash, kind = str(text).partition("/")
    if code not in (known := codes()):
        raise InvalidTerms(field=field, reason=f"must be one of: {', '.join(known)}")
    pack = get(code)
    if slash and kind not in pack.kinds:
        kinds = ", ".join(f"{code}/{each}" for each in pack.kinds) or "no kinds"
        raise InvalidTerms(field=field, reason=f"must be {code} alone or one of: {kinds}")
    return Jurisdiction(pack, kind or None)


@lru_cache
def codes() -> tuple[str, ...]:
    return tuple(sorted(path.stem.upper() for path in _DATA.glob("*.yaml")))


@lru_cache
def get(code: str) -> Pack:
    import yaml  # most quotes name no place and do without it

    return read(yaml.safe_load((_DATA / f"{code.lower()}.yaml").read_text()))


def read(source: object) -> Pack:
    """A pack as its file says it. Raises InvalidTerms."""
    fields = Fields(source)
    currency = fields.currency("currency")
    pack = Pack(
        code=str(fields.required("code")),
        name=str(fields.required("name")),
        currency=currency,
        kinds=dict(fields.raw("kinds") or {}),
        apr=fields.choice("apr", Convention, Convention.EU),
        regimes=tuple(_regime(each, currency) for each in fields.items("regimes")),
        households=tuple(_household(each, currency) for each in fields.items("households")),
    )
    for each in fields.items("duties"):
        for key in ("rule", "source", "url"):
            each.required(key)
        each.finish()
    fields.day("checked")
    fields.finish()
    return pack


def _regime(fields: Fields, currency: str) -> Regime:
    for key in ("until", "kind", "amount_max", "months_max", "apr_min_percent"):
        fields.raw(key)
    regime = Regime(
        name=str(fields.required("name")),
        start=fields.day("from"),
        end=fields.day("until") if fields.has("until") else _FOREVER,
        kind=fields.raw("kind"),
        amount_max_minor=fields.amount("amount_max", currency)
        if fields.has("amount_max")
        else None,
        months_max=fields.integer("months_max", None, 1, 1_200)
        if fields.has("months_max")
        else None,
        apr_min=fields.number("apr_min_percent") if fields.has("apr_min_percent") else None,
        source=str(fields.required("source")),
        url=str(fields.required("url")),
        caps=_caps(Fields(fields.required("caps"), fields.name("caps")), currency),
    )
    fields.finish()
    return regime


def _household(fields: Fields, currency: str) -> HouseholdCap:
    is_for_some = fields.raw("income_max_a_month") is not None
    cap = HouseholdCap(
        kind=fields.raw("kind"),
        income_max_minor=fields.amount("income_max_a_month", currency) if is_for_some else None,
        percent_of_income=fields.number("percent_of_income", high=100),
        source=str(fields.required("source")),
        url=str(fields.required("url")),
    )
    fields.finish()
    return cap


def _caps(fields: Fields, currency: str) -> dict[Measure, Fraction]:
    caps: dict[Measure, Any] = {}
    for measure in Measure:
        fields.raw(measure)
        if not fields.has(measure):
            continue
        in_money = measure is Measure.LATE_TOTAL
        caps[measure] = (
            Fraction(fields.amount(measure, currency)) if in_money else fields.number(measure)
        )
    fields.finish()
    return caps
