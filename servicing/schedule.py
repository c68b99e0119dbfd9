"""The repayment schedule: when each installment falls due and what it is made of."""

import dataclasses
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from kit.money import Money
from servicing import (
    amortization,
    calendars,
    charges,
    clauses,
    interest,
    plain,
    revenue,
    rounding,
)
from servicing.amortization import Part
from servicing.choices import InterestDue, Method, Tranche
from servicing.clauses import INSTALLMENTS_MAX
from servicing.fields import InvalidTerms
from servicing.installments import Installment, Kind
from servicing.interest import Period
from servicing.terms import LoanTerms

__all__ = ["Installment", "Kind", "Schedule", "build"]


class Schedule(NamedTuple):
    currency: str
    draws: tuple[Tranche, ...]
    installments: tuple[Installment, ...]
    upfront_minor: int
    """Fees paid in addition on the day of the disbursement."""
    deducted_minor: int
    """Fees kept back from the disbursement."""

    def money(self, minor: int) -> Money:
        return Money(minor, self.currency)

    @property
    def principal(self) -> Money:
        return self.money(sum(draw.amount_minor for draw in self.draws))

    @property
    def total_interest(self) -> Money:
        return self.money(sum(row.interest for row in self.installments))

    @property
    def total_fees(self) -> Money:
        spread = sum(row.fees for row in self.installments)
        return self.money(spread + self.upfront_minor + self.deducted_minor)

    @property
    def total_payable(self) -> Money:
        """All that the borrower hands over. Deducted fees are part of the debt, so inside it."""
        return self.money(sum(row.due for row in self.installments) + self.upfront_minor)

    @property
    def net_disbursed(self) -> Money:
        return self.money(self.principal.minor - self.deducted_minor)


def build(terms: LoanTerms) -> Schedule:
    """The schedule of `terms`. Its principal adds up to what is paid out, exactly."""
    rows = plain.rows(terms) or general_rows(terms)
    if not _takes_time(rows, terms.disbursed_on):
        raise InvalidTerms(field="first_due_on", reason="must leave time to repay")
    upfront, deducted = charges.at_the_start(terms) if terms.fees else (0, 0)
    return Schedule(terms.principal.currency, terms.draws, tuple(rows), upfront, deducted)


def _takes_time(rows: list[Installment], start: date) -> bool:
    """Whether anything is repaid later than on the day of the disbursement."""
    last = rows[-1]
    if last.due and last.due_on > start:
        return True
    return any(row.due and row.due_on > start for row in rows)


def general_rows(terms: LoanTerms) -> list[Installment]:
    """Rows for whatever the terms say, everyday loans included."""
    if terms.method is Method.REVENUE_SHARE:
        held: list[Tranche] = []
        dates, parts = revenue.parts(terms)
        periods = interest.periods(terms, dates)
    else:
        draws, held = down_payments(terms, terms.draws)
        periods, parts = _parts(terms, draws)
    return _rows(terms, periods, _deferred(terms, parts), held)


def down_payments(
    terms: LoanTerms, draws: Sequence[Tranche]
) -> tuple[list[Tranche], list[Tranche]]:
    """What each draw leaves to be repaid over time, and what is paid back on the spot."""
    if not terms.down_payment:
        return [*draws], []
    rate, kept, held = terms.down_payment, [], []
    for on, amount in ((draw.on, draw.amount_minor) for draw in draws):
        share = rounding.to_multiple(
            amount * rate.numerator,
            rate.denominator,
            terms.installment_multiple_minor,
            rounding.DIVIDE[terms.rounding],
        )
        share = min(share, amount)
        kept.append(Tranche(on, amount - share))
        held.append(Tranche(on, share))
    if not any(draw.amount_minor for draw in kept):
        raise InvalidTerms(field="down_payment_percent", reason="must leave something to repay")
    return kept, held


def _parts(terms: LoanTerms, draws: list[Tranche]) -> tuple[list[Period], list[Part]]:
    if terms.installments == 0:
        return _until_repaid(terms, draws)
    periods = interest.periods(terms, calendars.due_dates(terms))
    return periods, amortization.parts(terms, periods, _by_period(terms, periods, draws))


def _by_period(
    terms: LoanTerms, periods: list[Period], draws: list[Tranche]
) -> list[list[Tranche]]:
    """A draw on a due date belongs to the next period, or to the one that it ends."""
    grouped: list[list[Tranche]] = [[] for _ in periods]
    grouped[0].append(draws[0])
    n = 0
    for draw in draws[1:]:
        while n < len(periods) and not is_drawn_before(terms, draw.on, periods[n].end):
            n += 1
        if n == len(periods):
            raise InvalidTerms(field="tranches", reason="must be paid out before the last due date")
        grouped[n].append(draw)
    return grouped


def _until_repaid(terms: LoanTerms, draws: list[Tranche]) -> tuple[list[Period], list[Part]]:
    """With a fixed installment, as many periods as it takes."""
    most = min(INSTALLMENTS_MAX, clauses.longest(terms.frequency, terms.every))
    count = min(12, most)
    while True:
        longer = dataclasses.replace(terms, installments=count)
        periods, parts = _parts(longer, draws)
        assert terms.installment_minor is not None
        if sum(parts[-1]) <= terms.installment_minor:
            used = max((n for n, part in enumerate(parts) if part.principal), default=0) + 1
            return periods[:used], parts[:used]
        if count == most:
            raise InvalidTerms(field="installment", reason="is too small to repay the loan")
        count = min(2 * count, most)


def _deferred(terms: LoanTerms, parts: list[Part]) -> list[Part]:
    """Interest that waits for the end of its grace, or for principal to fall due."""
    grace = terms.grace.interest_payment
    waits = terms.interest_due is InterestDue.WITH_PRINCIPAL
    if not grace and not waits:
        return parts
    rows, carried, last = [], 0, len(parts) - 1
    for n, part in enumerate(parts):
        carried += part.interest
        held = n < last and (n < grace or (waits and not part.principal))
        rows.append(Part(part.principal, 0 if held else carried))
        carried = carried if held else 0
    return rows


def _rows(
    terms: LoanTerms, periods: list[Period], parts: list[Part], held: list[Tranche]
) -> list[Installment]:
    fees = charges.spread(terms, len(parts))
    if not held and not terms.tranches:
        return _plain_rows(terms, periods, parts, fees)
    regular = [
        Installment(0, period.end, (period.end - period.start).days, part.principal,
                    part.interest, fee, part.principal + part.interest + fee, 0)
        for period, part, fee in zip(periods, parts, fees, strict=True)
    ]  # fmt: skip
    spot = [
        Installment(0, tranche.on, 0, tranche.amount_minor, 0, 0, tranche.amount_minor, 0,
                    Kind.DOWN_PAYMENT)
        for tranche in held
    ]  # fmt: skip
    return _numbered(terms, regular, spot)


def _plain_rows(
    terms: LoanTerms, periods: list[Period], parts: list[Part], fees: list[int]
) -> list[Installment]:
    """The everyday loan, paid out at once: kept flat because offers are priced while sliding."""
    balance, rows = terms.principal.minor, []
    for n, (period, (principal, charged), fee) in enumerate(
        zip(periods, parts, fees, strict=True), 1
    ):
        balance -= principal
        days = (period.end - period.start).days
        due = principal + charged + fee
        rows.append(Installment(n, period.end, days, principal, charged, fee, due, balance))
    return rows


def _numbered(
    terms: LoanTerms, regular: list[Installment], spot: list[Installment]
) -> list[Installment]:
    """All rows by date with their running balance."""
    rows = sorted([*spot, *regular], key=lambda row: (row.due_on, _turn(terms, row)))
    draws, balance, numbered = list(terms.draws), 0, []
    for n, row in enumerate(rows, 1):
        while draws and _is_in_balance(terms, draws[0], row):
            balance += draws.pop(0).amount_minor
        balance -= row.principal
        numbered.append(row._replace(n=n, balance=balance))
    return numbered


def _turn(terms: LoanTerms, row: Installment) -> int:
    """A day's down payment comes before its installment where the draw does."""
    comes_first = row.due_on == terms.disbursed_on or terms.draws_end_periods
    return (row.kind is Kind.DOWN_PAYMENT) != comes_first


def is_drawn_before(terms: LoanTerms, drawn_on: date, due_on: date) -> bool:
    """Whether what is drawn that day is owed by the installment of a due date."""
    if drawn_on == terms.disbursed_on or terms.draws_end_periods:
        return drawn_on <= due_on
    return drawn_on < due_on


def _is_in_balance(terms: LoanTerms, draw: Tranche, row: Installment) -> bool:
    if row.kind is Kind.DOWN_PAYMENT:
        return draw.on <= row.due_on
    return is_drawn_before(terms, draw.on, row.due_on)
