"""Key facts in words: what a loan costs and when it is paid, the same wherever it is shown."""

from bot.screens.base import lines, table
from bot.text import Words
from kit.money import Money
from onboarding.calculator import KeyFacts
from onboarding.products import LoanProduct, TermOption
from servicing import penalties
from servicing.penalties import Kind

ROWS_SHOWN = 40
"""Longer tables would not fit into one message."""


def cost(facts: KeyFacts, words: Words) -> str:
    """What is received and paid back, with interest and fees apart from the principal."""
    return lines(
        words("calculator-asked", amount=facts.principal),
        words("calculator-received", amount=facts.net_disbursed),
        words("calculator-total", amount=facts.total_payable),
        words("calculator-down-payment", amount=facts.down_payment) if facts.down_payment else None,
        "",
        words("calculator-interest", amount=facts.total_interest),
        *_fees(facts, words),
        words("calculator-apr", percent=words.percent(facts.apr_percent)),
    )


def band(cheapest: KeyFacts, dearest: KeyFacts, words: Words) -> str | None:
    """Between which rates the price will lie; nothing where there is one price."""
    if cheapest.annual_rate_percent == dearest.annual_rate_percent:
        return None
    return words(
        "calculator-band",
        least=words.percent(cheapest.annual_rate_percent),
        most=words.percent(dearest.annual_rate_percent),
        least_apr=words.percent(cheapest.apr_percent),
        most_apr=words.percent(dearest.apr_percent),
        least_total=cheapest.total_payable,
        most_total=dearest.total_payable,
    )


def rate(product: LoanProduct, facts: KeyFacts, words: Words) -> str | None:
    """The rate that was decided for this borrower, where the product leaves it to a decision."""
    if product.has_one_price:
        return None
    return words("offer-rate", percent=words.percent(facts.annual_rate_percent))


def dates(facts: KeyFacts, words: Words) -> str:
    rows = [
        (str(row.n), words.day(row.due_on), words.money(row.due)) for row in facts.rows[:ROWS_SHOWN]
    ]
    more = "…" if len(facts.rows) > ROWS_SHOWN else None
    return lines(words("calculator-when"), table(rows), more)


def late(facts: KeyFacts, words: Words) -> str | None:
    """What being late costs, and at most; and that interest follows what is owed, if it does."""
    said = _penalty(facts, words)
    if facts.late_fee_percent:
        fee = words(
            "calculator-late",
            percent=words.percent(facts.late_fee_percent),
            days=facts.late_fee_after_days,
        )
        said = [fee, *said]
    if facts.follows_debt:
        said.append(words("calculator-follows-debt"))
    return lines(*said) if said else None


def _penalty(facts: KeyFacts, words: Words) -> list[str]:
    currency = facts.principal.currency
    rule = penalties.parse(facts.penalty, currency)
    if rule is None:
        return []
    both = rule.kind is Kind.PERCENT and rule.amount_minor
    said = [
        words(
            "calculator-penalty",
            kind="both" if both else rule.kind.value,
            every="always" if rule.kind is Kind.DAILY else rule.every.value,
            amount=Money(rule.amount_minor, currency),
            percent=words.percent(rule.rate * 100),
            days=rule.grace_days,
        )
    ]
    if rule.cap_minor is not None:
        said.append(words("calculator-penalty-each", amount=Money(rule.cap_minor, currency)))
    most = penalties.room(rule, principal_minor=facts.principal.minor, charged_minor=0)
    if most is not None:
        said.append(words("calculator-penalty-most", amount=Money(most, currency)))
    return said


def term(option: TermOption, words: Words) -> str:
    if option.until is not None:
        return words.label("term-until", day=option.until)
    return words.label(f"term-{option.frequency}", count=option.installments * option.every)


def rhythm(key: str, words: Words) -> str:
    """How often something is paid."""
    return words.label(f"frequency-{key}")


def product(found: LoanProduct, words: Words) -> str:
    return product_named(found.code, words)


def product_named(code: str, words: Words) -> str:
    key = f"product-{code.replace('_', '-')}"
    return words.label(key) if words.has(key) else code


def _fees(facts: KeyFacts, words: Words) -> list[str]:
    deducted = facts.principal - facts.net_disbursed
    other = facts.total_fees - deducted
    said = []
    if deducted:
        said.append(words("calculator-fees-deducted", amount=deducted))
    if other:
        said.append(words("calculator-fees-other", amount=other))
    return said or [words("calculator-no-fees")]
