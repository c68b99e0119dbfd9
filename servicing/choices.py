"""The choices that terms are made of, each with the word that people write."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple


class Method(StrEnum):
    DECLINING = "declining"
    FLAT = "flat"
    EQUAL_PRINCIPAL = "equal_principal"
    INTEREST_ONLY = "interest_only"
    BULLET = "bullet"
    BALLOON = "balloon"
    SEASONAL = "seasonal"
    GRADUATED = "graduated"
    REVENUE_SHARE = "revenue_share"


class Frequency(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"

    __hash__ = str.__hash__  # an enumeration's own is a slow one


class DayCount(StrEnum):
    THIRTY_360 = "30/360"
    """Every month is a twelfth; of an odd first month as many of its days as there are."""
    THIRTY_365 = "30/365"
    """Every month is 30 days of 365."""
    THIRTY_US = "30U/360"
    THIRTY_EU = "30E/360"
    ACTUAL_360 = "actual/360"
    ACTUAL_364 = "actual/364"
    ACTUAL_365 = "actual/365"
    ACTUAL_ACTUAL = "actual/actual"
    """A day is of the year in which it ends."""
    ACTUAL_ISDA = "actual/actual-isda"
    """A day is of the year in which it begins."""
    ACTUAL_FIRST_YEAR = "actual/first-year"
    """Every day is one part of the year in which the loan was paid out, 365 or 366."""


class InterestPeriod(StrEnum):
    DAILY = "daily"
    SAME_AS_REPAYMENT = "same_as_repayment"


class LastInstallment(StrEnum):
    ABSORBS = "absorbs"
    """What rounding leaves is in the last installment."""
    RESPREAD = "respread"
    """It is shared by all, when that brings the last one nearer to the others."""
    LEVEL = "level"
    """The last installment is like the others; its interest gives way."""


class MonthEnd(StrEnum):
    STICKY = "sticky"
    """A loan that falls due on the last day of a month stays on last days."""
    CLAMP = "clamp"
    """The day is remembered: 31 January, 28 February, 31 March."""
    NEXT_MONTH = "next_month"
    """A day that a month lacks becomes the first of the next: 31 January, 1 March, 31 March."""

    __hash__ = str.__hash__  # an enumeration's own is a slow one


class Weekend(StrEnum):
    KEEP = "keep"
    NEXT = "next"
    PREVIOUS = "previous"
    MODIFIED_NEXT = "modified_next"


class When(StrEnum):
    UPFRONT = "upfront"
    DEDUCTED = "deducted"
    PER_INSTALLMENT = "per_installment"
    FIRST_INSTALLMENT = "first_installment"
    LAST_INSTALLMENT = "last_installment"


class InterestDue(StrEnum):
    EACH_INSTALLMENT = "each_installment"
    WITH_PRINCIPAL = "with_principal"
    """Interest waits, without interest on it, for the next installment that repays principal."""


class Payee(StrEnum):
    LENDER = "lender"
    THIRD_PARTY = "third_party"


class Grace(NamedTuple):
    """Periods at the start: without principal, with interest put off, without interest."""

    principal: int = 0
    interest_payment: int = 0
    interest_free: int = 0


@dataclass(frozen=True, slots=True)
class Fee:
    code: str
    when: When
    to: Payee
    amount_minor: int | None = None
    rate: Fraction | None = None


class Tranche(NamedTuple):
    on: date
    amount_minor: int


@dataclass(frozen=True, slots=True)
class RateChange:
    start: date
    rate: Fraction


@dataclass(frozen=True, slots=True)
class Revenue:
    """Expected sales, the share of them that repays, and the fee that the share earns."""

    yearly_minor: int
    """0 when `sales_minor` says more."""
    share: Fraction
    fee_minor: int
    sales_minor: tuple[int, ...] = ()
    """Of one period after the other, and then again from the first."""
