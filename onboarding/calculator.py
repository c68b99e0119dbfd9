"""What a loan would cost, for anybody who asks: pure, and nothing about them is stored."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from kit.money import Money
from onboarding.products import LoanProduct
from servicing import quotes, schedule, terms
from servicing.schedule import Installment
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
    """EU convention: everything that the borrower pays for the credit, over a year."""
    late_fee_percent: Fraction
    late_fee_after_days: int

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
        }


def terms_of(product: LoanProduct, amount: Money, term: str, on: date) -> LoanTerms:
    """The terms of a loan of this product that is paid out on `on`."""
    option = product.term(term)
    product.check_amount(amount)
    return terms.parse(
        {
            **product.body.loan,
            "principal": amount.major,
            "currency": amount.currency,
            "installments": option.installments,
            "frequency": option.frequency,
            "every": option.every,
            "disbursed_on": on.isoformat(),
        }
    )


def quote(product: LoanProduct, amount: Money, term: str, on: date) -> KeyFacts:
    quoted = quotes.quote(terms_of(product, amount, term, on))
    rules = product.body.rules
    rows = tuple(_row(installment, amount.currency) for installment in quoted.installments)
    return KeyFacts(
        product=product.code,
        product_version=product.version,
        term=term,
        principal=amount,
        net_disbursed=quoted.net_disbursed,
        annual_rate_percent=Fraction(product.body.loan["annual_rate_percent"]),
        rows=rows,
        total_interest=quoted.total_interest,
        total_fees=quoted.total_fees,
        total_payable=quoted.total_payable,
        apr_percent=Fraction(quoted.apr["eu"]),
        late_fee_percent=Fraction(rules["late_fee_percent"]),
        late_fee_after_days=int(rules["late_fee_after_days"]),
    )


def largest_due(product: LoanProduct, amount: Money, term: str, on: date) -> Money:
    """The largest installment alone: most of a quote's time goes into its APRs."""
    plan = schedule.build(terms_of(product, amount, term, on))
    return Money(max(row.due for row in plan.installments), amount.currency)


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
