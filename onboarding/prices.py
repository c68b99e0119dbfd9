"""What a product may cost one borrower: the band of its rates, and what the law leaves of it."""

from collections.abc import Iterable
from datetime import date
from itertools import chain, pairwise

from kit.money import Money
from onboarding import calculator, catalog
from onboarding.calculator import KeyFacts
from onboarding.models import Application
from onboarding.products import ONCE, LoanProduct
from scoring.policy import Override, Policy, PolicyRefused
from scoring.snapshot import Rates, TermOption
from servicing import schedule
from servicing.choices import Method
from servicing.jurisdictions.caps import CapPassed
from servicing.schedule import Schedule
from servicing.terms import LoanTerms

_WHOLE = 10_000


def option_of(product: LoanProduct, amount: Money, term: str, on: date) -> TermOption:
    """A term as a decision sees it: its installments at the product's own rate, and its rates.

    Without the quotes' APRs, which take most of their time, unless a law has to be looked at.
    """
    option, (least, most) = product.term(term).starting(on), product.rates_bps
    agreed, plan = _plan(product.at(most), amount, term, on)
    lawful = lawful_bps(product, amount, term, on)
    if product.has_one_price:  # A term may have a rate of its own.
        least = most = lawful = round(agreed.annual_rate * _WHOLE)
    exposure = _exposure_bps(agreed, plan)
    at_most = at_least = own = calculator.usual_due(agreed, plan).minor
    if least < most:
        own, at_least = (
            calculator.usual_due(*_plan(each, amount, term, on)).minor
            for each in (product, product.at(least))
        )
    rates = Rates(
        least_bps=least,
        most_bps=most,
        lawful_bps=lawful,
        least_installment_minor=at_least,
        most_installment_minor=at_most,
        exposure_bps=exposure,
        charged_on_bps=_WHOLE if agreed.method is Method.FLAT else exposure,
    )
    return TermOption(option.days, option.installments, own, rates)


def ends(product: LoanProduct, amount: Money, term: str, on: date) -> tuple[KeyFacts, KeyFacts]:
    """The key facts at the lowest rate and at the highest; twice the same where there is one."""
    most = calculator.quote(dearest(product, amount, term, on), amount, term, on)
    if product.has_one_price:
        return most, most
    return calculator.quote(product.at(product.rates_bps[0]), amount, term, on), most


def dearest(product: LoanProduct, amount: Money, term: str, on: date) -> LoanProduct:
    """At the highest rate that anybody may be asked: for whoever must know the worst."""
    return product.at(lawful_bps(product, amount, term, on))


def check(policy: Policy, offered: Iterable[LoanProduct]) -> None:
    """Raise PolicyRefused where no borrower of a product could ever pay for their loan."""
    for product in offered:
        own = next((each for each in policy.overrides if _is_for(each, product)), None)
        rules = (policy if own is None else policy.with_parts(own)).pricing
        if product.has_one_price or rules is None:
            continue
        cost, most = rules.cost_of_funds_bps + rules.operating_cost_bps, product.rates_bps[1]
        if product.body.loan["method"] == Method.FLAT and product.rhythms != [ONCE]:
            cost = cost // 2  # Interest on the whole amount, of which half at least is out.
        if cost > most and rules.when_unpaid == "decline":
            raise PolicyRefused(
                problem=f"it can never approve {product.code}: funds and work cost "
                f"{cost / 100:g} % a year, and the product's highest rate is {most / 100:g} %"
            )


def _is_for(override: Override, product: LoanProduct) -> bool:
    return set(override.when) == {"product"} and product.code in override.when["product"]


def debt_service_most_bps(product: LoanProduct, application: Application) -> int | None:
    """The share of income that the law of the product's place lets all repayments take."""
    if product.place is None or application.monthly_income_minor is None:
        return None
    return product.place.debt_service_most_bps(application.monthly_income_minor)


def lawful_bps(product: LoanProduct, amount: Money, term: str, on: date) -> int:
    """The highest rate of the band that keeps to the law whatever is taken of an offer: less of the
    amount, or a longer term. The lowest of the band where none does; the offer is refused then."""
    least, highest = product.rates_bps
    if least == highest or product.place is None or not product.place.pack.regimes:
        return highest
    for each in (amount, *(edge for edge in catalog.edges(product) if edge < amount)):
        for code in product.as_long_as(term):
            highest = _highest(product, each, code, on, least, highest)
    return highest


def _highest(
    product: LoanProduct, amount: Money, term: str, on: date, least: int, most: int
) -> int:
    """By halving: what a cap measures grows with the rate, so below a lawful rate all are."""
    if _is_lawful(product.at(most), amount, term, on):
        return most
    while most - least > 1:
        middle = (least + most) // 2
        if _is_lawful(product.at(middle), amount, term, on):
            least = middle
        else:
            most = middle
    return least


def _is_lawful(product: LoanProduct, amount: Money, term: str, on: date) -> bool:
    try:
        calculator.quote(product, amount, term, on)
    except CapPassed:
        return False
    return True


def _plan(product: LoanProduct, amount: Money, term: str, on: date) -> tuple[LoanTerms, Schedule]:
    agreed = calculator.terms_of(product, amount, term, on)
    return agreed, schedule.build(agreed)


def _exposure_bps(agreed: LoanTerms, plan: Schedule) -> int:
    """The principal that is out, averaged over the days of the schedule, of all of it."""
    days = [agreed.disbursed_on, *(row.due_on for row in plan.installments)]
    out = chain([plan.principal.minor], (row.balance for row in plan.installments))
    minor_days = sum(
        minor * (end - start).days for minor, (start, end) in zip(out, pairwise(days), strict=False)
    )
    whole = plan.principal.minor * (days[-1] - days[0]).days
    return -(-_WHOLE * minor_days // whole)
