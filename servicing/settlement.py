"""What is given back for paying early, where a law says how: the British actuarial rebate."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from servicing.fields import Fields

RATE_DIGITS = 6
"""Of the rate per period: with these the Schedule's examples come out to the penny."""

NONE = Fraction(0)
MONTHLY = Fraction(12)


class Law(StrEnum):
    UK_2004 = "uk_2004"
    """Consumer Credit (Early Settlement) Regulations 2004."""


@dataclass(frozen=True, slots=True)
class RebateRule:
    law: Law
    apr: Fraction


def parse(source: object) -> RebateRule | None:
    if source is None:
        return None
    fields = Fields(source, "rebate")
    rule = RebateRule(
        law=fields.choice("law", Law, Law.UK_2004),
        apr=fields.number("apr_percent", high=10_000) / 100,
    )
    fields.finish()
    return rule


def rebate(
    advance_minor: int,
    payments_minor: Sequence[int],
    rule: RebateRule,
    *,
    after: int,
    part: Fraction = NONE,
    per_year: Fraction = MONTHLY,
) -> int:
    """What falls off the payments still to come when settling `part` of a period after `after`.

    The balance is what the advance has grown to at the APR, less the payments made; the rebate is
    what the remaining payments exceed it by.
    """
    growth: float = 1 + round((1 + float(rule.apr)) ** (1 / float(per_year)) - 1, RATE_DIGITS)
    balance = float(advance_minor)
    for paid in payments_minor[:after]:
        balance = balance * growth - paid
    balance *= growth ** float(part)
    given_back: int = sum(payments_minor[after:]) - round(balance)
    return max(given_back, 0)
