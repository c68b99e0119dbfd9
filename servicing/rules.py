"""How a loan is serviced, as agreed with it: late fee, cooling-off, changes, the engine's rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from kit.money import Money
from servicing import product_rules
from servicing.apr import Convention
from servicing.fields import Fields
from servicing.jurisdictions import packs
from servicing.product_rules import ProductRules

_SERVICED: Mapping[str, Any] = {
    "early_end": True,
    "upfront_owed": True,
    "auto_down_payment": False,
}
_OWN = (
    "late_fee_percent",
    "late_fee_amount",
    "late_fee_after_days",
    "cooling_off_days",
    "changes",
)
_ADVANCE_WAITS = [
    f"{timing}_{component}"
    for timing in ("past_due", "due")
    for component in ("penalty", "fee", "interest", "principal")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLimits:
    """What borrowers may change by themselves, and what it costs."""

    date_moves_a_year: int = 0
    date_move_days: int = 0
    """At most so far."""
    pauses_a_year: int = 0
    pause_days: int = 0
    price_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanRules:
    late_fee_rate: Fraction = Fraction(0)
    """Part of what is unpaid of the late installment: 4 % is 4/100."""
    late_fee_minor: int = 0
    """A fixed amount, in addition."""
    late_fee_after_days: int = 0
    """Days of grace: the fee is charged on the first day that is later than this."""
    cooling_off_days: int = 0
    changes: ChangeLimits = ChangeLimits()
    amount_max_minor: int = 0
    """Most principal that may be owed when money is lent on top; 0: none is."""
    pays_borrower: bool = True
    """Where not, a shop has the money, and its account is not the borrower's to pay from."""
    jurisdiction: str | None = None
    """Whose caps hold for a price that is agreed anew: `KE`, `CN/bank`."""
    engine: Mapping[str, Any] = field(default_factory=dict)
    """The rules of `kopa replay` that the product sets, as it wrote them."""

    @property
    def has_late_fee(self) -> bool:
        return bool(self.late_fee_rate or self.late_fee_minor)

    def late_fee(self, unpaid: Money) -> Money:
        """The fee on one late installment of which `unpaid` is open."""
        return unpaid * self.late_fee_rate + Money(self.late_fee_minor, unpaid.currency)


def parse(source: Mapping[str, Any], currency: str) -> LoanRules:
    """Rules as a product writes them. Raises InvalidTerms."""
    fields = Fields(source, "rules")
    rules = LoanRules(
        late_fee_rate=fields.number("late_fee_percent", 0, high=100) / 100,
        late_fee_minor=_amount(fields, "late_fee_amount", currency),
        late_fee_after_days=fields.integer("late_fee_after_days", 0, 0, 365),
        cooling_off_days=fields.integer("cooling_off_days", 0, 0, 365),
        changes=_changes(Fields(fields.raw("changes") or {}, "rules.changes"), currency),
        engine={key: source[key] for key in source if key not in _OWN},
    )
    product_rules.parse(fields, currency)
    fields.finish()
    return rules


def as_document(rules: LoanRules) -> dict[str, Any]:
    """The form in which a loan keeps its rules; `from_document` reads it back."""
    limits = rules.changes
    return {
        "late_fee_rate": str(rules.late_fee_rate),
        "late_fee_minor": rules.late_fee_minor,
        "late_fee_after_days": rules.late_fee_after_days,
        "cooling_off_days": rules.cooling_off_days,
        "changes": {name: getattr(limits, name) for name in limits.__slots__},
        "amount_max_minor": rules.amount_max_minor,
        "pays_borrower": rules.pays_borrower,
        "jurisdiction": rules.jurisdiction,
        "engine": dict(rules.engine),
    }


def from_document(document: Mapping[str, Any]) -> LoanRules:
    return LoanRules(
        **{
            **document,
            "late_fee_rate": Fraction(document["late_fee_rate"]),
            "changes": ChangeLimits(**document.get("changes", {})),
        }
    )


def recalculates(document: Mapping[str, Any]) -> bool:
    """Whether interest follows what is really owed: then every day has to be told."""
    return _is_said(document.get("engine", {}).get("interest_recalculation"))


def _is_said(recalculation: object) -> bool:
    """As the engine reads it: a rule of which nothing is said, `{}`, is the usual one."""
    return recalculation not in (None, False)


def charges_penalties(document: Mapping[str, Any]) -> bool:
    """Whether the engine charges for being late: then every late day has to be told."""
    return bool(document.get("engine", {}).get("penalty"))


def convention(document: Mapping[str, Any]) -> Convention:
    """How the place of the loan states a yearly cost; the European way where none is named."""
    place = document.get("jurisdiction")
    return packs.parse(place).pack.apr if place else Convention.EU


def engine_document(rules: LoanRules) -> dict[str, Any]:
    """Where the product says nothing else: money in advance waits until something falls due, unless
    it saves interest, and the loan may end on any day for the interest up to it."""
    saves = rules.engine.get("interest_recalculation")
    usual = {**_SERVICED} if _is_said(saves) else {**_SERVICED, "allocation_order": _ADVANCE_WAITS}
    return {**usual, **rules.engine}


def of_engine(rules: LoanRules, currency: str) -> ProductRules:
    return product_rules.parse(Fields(engine_document(rules)), currency)


def _changes(fields: Fields, currency: str) -> ChangeLimits:
    limits = ChangeLimits(
        date_moves_a_year=fields.integer("date_moves_a_year", 0, 0, 12),
        date_move_days=fields.integer("date_move_days", 0, 0, 62),
        pauses_a_year=fields.integer("pauses_a_year", 0, 0, 12),
        pause_days=fields.integer("pause_days", 0, 0, 366),
        price_minor=_amount(fields, "price", currency),
    )
    fields.finish()
    return limits


def _amount(fields: Fields, key: str, currency: str) -> int:
    fields.raw(key)
    return fields.amount(key, currency, zero=True) if fields.has(key) else 0
