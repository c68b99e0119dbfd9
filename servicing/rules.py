"""How a loan is serviced, as agreed with it: late fee, days of grace, cooling-off."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from kit.money import Money
from servicing.fields import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanRules:
    late_fee_rate: Fraction = Fraction(0)
    """Part of what is unpaid of the late installment: 4 % is 4/100."""
    late_fee_minor: int = 0
    """A fixed amount, in addition."""
    late_fee_after_days: int = 0
    """Days of grace: the fee is charged on the first day that is later than this."""
    cooling_off_days: int = 0

    def late_fee(self, unpaid: Money) -> Money:
        """The fee on one late installment of which `unpaid` is open."""
        return unpaid * self.late_fee_rate + Money(self.late_fee_minor, unpaid.currency)


def parse(source: Mapping[str, Any], currency: str) -> LoanRules:
    """Rules as a product writes them. Raises InvalidTerms."""
    fields = Fields(source, "rules")
    amount = fields.amount("late_fee_amount", currency, zero=True) if fields.has(
        "late_fee_amount"
    ) else 0  # fmt: skip
    fields.raw("late_fee_amount")
    rules = LoanRules(
        late_fee_rate=fields.number("late_fee_percent", 0, high=100) / 100,
        late_fee_minor=amount,
        late_fee_after_days=fields.integer("late_fee_after_days", 0, 0, 365),
        cooling_off_days=fields.integer("cooling_off_days", 0, 0, 365),
    )
    fields.finish()
    return rules


def as_document(rules: LoanRules) -> dict[str, Any]:
    """The form in which a loan keeps its rules; `from_document` reads it back."""
    return {
        "late_fee_rate": str(rules.late_fee_rate),
        "late_fee_minor": rules.late_fee_minor,
        "late_fee_after_days": rules.late_fee_after_days,
        "cooling_off_days": rules.cooling_off_days,
    }


def from_document(document: Mapping[str, Any]) -> LoanRules:
    return LoanRules(**{**document, "late_fee_rate": Fraction(document["late_fee_rate"])})
