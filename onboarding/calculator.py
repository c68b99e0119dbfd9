"""What a loan would cost, for anybody who asks: pure, and nothing about them is stored."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from kit.money import Money
from onboarding.products import LoanProduct
from servicing import quotes, rules, terms
from servicing.choices import Method
from servicing.jurisdictions import caps
from servicing.jurisdictions.caps import Priced
from servicing.quotes import Quote
from servicing.rules import LoanRules
from servicing.schedule import Installment, Kind, Schedule
from servicing.terms import LoanTerms


@dataclass(frozen=True)
class DueRow:
    n: int
    due_on: date
    principal: Money
    interest: Money
    fees: Money
    due: Money
    balance: Money


@dataclass(frozen=True)
class KeyFacts:
    """The numbers that a borrower must see: one source for chat, agreement and API."""

    product: str
    product_version: int
    term: str
    principal: Money
    net_disbursed: Money
    annual_rate_percent: Fraction
    rows: tuple[DueRow, ...]
    total_interest: Money
    total_fees: Money
    total_payable: Money
    apr_percent: Fraction
    """Everything that the borrower pays for the credit, over a year, as the law of the place says;
    the European way where it says nothing."""
    late_fee_percent: Fraction
    late_fee_after_days: int
    down_payment: Money
    """Paid back on the day of the payout; the first of the rows."""
    penalty: Mapping[str, Any] | None = None
    """What else being late costs, as the product says it (docs/late.md)."""
    follows_debt: bool = False
    """Interest is reckoned on what is really owed: early saves, late costs more."""

    @property
    def first(self) -> DueRow:
        return self.rows[0]

    @property
    def largest(self) -> Money:
        """The largest installment."""
        return max((row.due for row in self.rows), key=lambda due: due.minor)

    @property
    def cost(self) -> Money:
        """Interest and fees together: what the loan costs."""
        return self.total_interest + self.total_fees

    def to_json(self) -> dict[str, Any]:
        return {
            "product": self.product,
            "product_version": self.product_version,
            "term": self.term,
            "currency": self.principal.currency,
            "principal": self.principal.major,
            "net_disbursed": self.net_disbursed.major,
            "annual_rate_percent": _decimal(self.annual_rate_percent),
            "installments": [
                {
                    "n": row.n,
                    "due_on": row.due_on.isoformat(),
                    "principal": row.principal.major,
                    "interest": row.interest.major,
                    "fees": row.fees.major,
                    "due": row.due.major,
                    "balance": row.balance.major,
                }
                for row in self.rows
            ],
            "total_interest": self.total_interest.major,
            "total_fees": self.total_fees.major,
            "total_payable": self.total_payable.major,
            "apr_percent": _decimal(self.apr_percent),
            "late_fee_percent": _decimal(self.late_fee_percent),
            "late_fee_after_days": self.late_fee_after_days,
            "down_payment": self.down_payment.major,
            **({"penalty": dict(self.penalty)} if self.penalty else {}),
            **({"interest_follows_debt": True} if self.follows_debt else {}),
        }


def terms_of(product: LoanProduct, amount: Money, term: str, on: date) -> LoanTerms:
    """The terms of a loan of this product that is paid out on `on`."""
    option = product.term(term).starting(on)
    product.check_amount(amount)
    document = {
        **product.body.loan,
        **option.loan,
        "principal": amount.major,
        "currency": amount.currency,
        "installments": option.installments,
        "frequency": option.frequency,
        "every": option.every,
        "disbursed_on": on.isoformat(),
    }
    if option.until is not None and option.frequency == "day":
        document["due_dates"] = [(on + timedelta(days=option.every)).isoformat()]
    if document["method"] == Method.SEASONAL:
        # All of the principal in the last month: the one after the harvest.
        document["harvest_months"] = [(on.month - 1 + option.installments) % 12 + 1]
    return terms.parse(document)


def quote(product: LoanProduct, amount: Money, term: str, on: date) -> KeyFacts:
    """The key facts; a price above a legal cap is refused to whoever asks for it."""
    agreed = terms_of(product, amount, term, on)
    quoted = quotes.quote(agreed)
    late = product.body.rules
    place = product.place
    if place is not None and place.pack.regimes:
        caps.check(place, _priced(product, agreed, quoted))
    spot = [row for row in quoted.installments if row.kind is Kind.DOWN_PAYMENT]
    rows = tuple(_row(installment, amount.currency) for installment in quoted.installments)
    return KeyFacts(
        product=product.code,
        product_version=product.version,
        term=term,
        principal=amount,
        net_disbursed=quoted.net_disbursed,
        annual_rate_percent=agreed.annual_rate * 100,
        rows=rows,
        total_interest=quoted.total_interest,
        total_fees=quoted.total_fees,
        total_payable=quoted.total_payable,
        apr_percent=Fraction(quoted.apr[place.pack.apr if place else "eu"]),
        late_fee_percent=Fraction(late.get("late_fee_percent", 0)),
        late_fee_after_days=int(late.get("late_fee_after_days", 0)),
        down_payment=Money(sum(row.due for row in spot), amount.currency),
        penalty=late.get("penalty"),
        follows_debt=bool(late.get("interest_recalculation")),
    )


def rules_of(product: LoanProduct, agreed: LoanTerms) -> LoanRules:
    """How a loan of the product is serviced: as the product says, within the law of its place."""
    priced = _priced(product, agreed, quotes.quote(agreed))
    bound = caps.bound(product.place, priced) if product.place else priced.rules
    return replace(
        bound,
        amount_max_minor=product.most_on_top.minor,
        pays_borrower=product.body.payout == "borrower",
        jurisdiction=product.body.jurisdiction,
    )


def usual_due(agreed: LoanTerms, plan: Schedule) -> Money:
    """The largest installment.

    Where all is paid back after a harvest it is the average: income comes as rarely.
    """
    dues = [row.due for row in plan.installments if row.kind is Kind.INSTALLMENT]
    if agreed.method is Method.SEASONAL:
        return plan.money(-(-sum(dues) // len(dues)))
    return plan.money(max(dues))


def _priced(product: LoanProduct, agreed: LoanTerms, quoted: Quote) -> Priced:
    return Priced(agreed, quoted, rules.parse(product.body.rules, product.currency))


def _row(installment: Installment, currency: str) -> DueRow:
    return DueRow(
        n=installment.n,
        due_on=installment.due_on,
        principal=Money(installment.principal, currency),
        interest=Money(installment.interest, currency),
        fees=Money(installment.fees, currency),
        due=Money(installment.due, currency),
        balance=Money(installment.balance, currency),
    )


def _decimal(value: Fraction) -> str:
    """At most six decimals, without trailing zeros."""
    millionths = round(value * 1_000_000)
    text = f"{millionths // 1_000_000}.{millionths % 1_000_000:06d}".rstrip("0")
    return text.rstrip(".")
