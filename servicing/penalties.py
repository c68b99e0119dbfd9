"""What being late costs: flat, a part of what is overdue, or by the day; never above its caps.

A rule is data of the product. What one installment has cost so far is its `Tally`; `charges_due`
says what comes on top of it by a day, so charging every day, once a month, or again after a stop
comes to the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from operator import attrgetter
from typing import NamedTuple

from servicing import calendars, rounding
from servicing.choices import MonthEnd
from servicing.delinquency import Pause, paused_days
from servicing.fields import Fields
from servicing.rounding import Rounding


class Kind(StrEnum):
    FLAT = "flat"
    """A fixed amount."""
    PERCENT = "percent"
    """A part of the overdue amount, and a fixed amount if there is one."""
    DAILY = "daily"
    """A yearly rate on the overdue amount, for each day it is overdue: simple interest."""


class Base(StrEnum):
    """What of the installment a percentage is taken of: what is unpaid of these components."""

    PRINCIPAL = "principal"
    INTEREST = "interest"
    PRINCIPAL_AND_INTEREST = "principal_and_interest"
    TOTAL = "total"
    """With fees; with penalties only when the product says that they compound."""


class Every(StrEnum):
    """How often a flat amount or a percentage is charged while the installment stays late."""

    ONCE = "once"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class PenaltyRule:
    kind: Kind
    amount_minor: int = 0
    rate: Fraction = Fraction(0)
    base: Base = Base.PRINCIPAL_AND_INTEREST
    every: Every = Every.ONCE
    grace_days: int = 0
    """An installment so many days late costs nothing yet."""
    is_grace_free: bool = False
    """False: once the days of grace are over, daily interest counts from the due date."""
    year_days: int = 365
    counts_due_date: bool = False
    compounds: bool = False
    """Unpaid penalties of the installment are part of what a percentage is taken of."""
    rounding: Rounding = Rounding.HALF_EVEN
    cap_minor: int | None = None
    """For one installment."""
    loan_cap_minor: int | None = None
    """Everything ever charged on the loan."""
    cap_rate: Fraction | None = None
    """The same, as a part of its principal."""

    @property
    def parts(self) -> int:
        """Into how many parts of a minor unit a cost falls without a rest."""
        return self.rate.denominator * self.year_days if self.kind is Kind.DAILY else 1


class Tally(NamedTuple):
    """What one installment has cost for being late, so far."""

    until: date | None = None
    """The days before this one were counted."""
    cost: int = 0
    """In `parts` of a minor unit: daily interest is not rounded on the way."""
    times: int = 0
    charged_minor: int = 0


NOTHING = Tally()


class LateRow(NamedTuple):
    """What is unpaid of an installment now, and what it has cost before."""

    n: int
    due_on: date
    penalty: int
    fee: int
    interest: int
    principal: int
    tally: Tally


class Charge(NamedTuple):
    """`amount_minor` may be zero: the days were counted and cost nothing yet."""

    n: int
    amount_minor: int
    tally: Tally


def charges_due(
    rows: Iterable[LateRow],
    rule: PenaltyRule,
    on: date,
    *,
    room_minor: int | None = None,
    pauses: Sequence[Pause] = (),
) -> list[Charge]:
    """What late installments are to be charged on top of what they were, oldest first.

    `room_minor` is what the caps over the whole loan leave (`room`); days of `pauses` do not count.
    """
    ordered = sorted(rows, key=attrgetter("due_on"))
    charges = _without_limit(ordered, rule, on, pauses)
    if room_minor is None or sum(each.amount_minor for each in charges) <= room_minor:
        return charges
    return _within(room_minor, ordered, rule, on, pauses)


def _without_limit(
    rows: Iterable[LateRow], rule: PenaltyRule, on: date, pauses: Sequence[Pause]
) -> list[Charge]:
    charges = []
    until = on + timedelta(days=rule.counts_due_date)
    for row in rows:
        if on < row.due_on or row.tally.until == until:
            continue
        late = (until - row.due_on).days - paused_days(pauses, row.due_on, until)
        tally = _counted(rule, row, until, late, pauses)
        new = 0
        if late > rule.grace_days:
            new = max(_owed(rule, tally.cost) - tally.charged_minor, 0)
        charges.append(Charge(row.n, new, tally._replace(charged_minor=tally.charged_minor + new)))
    return charges


def _within(
    room_minor: int, rows: Iterable[LateRow], rule: PenaltyRule, on: date, pauses: Sequence[Pause]
) -> list[Charge]:
    """Day after day, so that what is left of a cap goes to whatever costs something first."""
    now = {row.n: row for row in rows}
    before = dict(now)
    day = min(row.tally.until or row.due_on for row in now.values()) if room_minor else on
    while day <= on:
        for n, amount, tally in _without_limit(now.values(), rule, day, pauses):
            new = min(amount, room_minor)
            room_minor -= new
            charged = now[n].tally.charged_minor + new
            now[n] = now[n]._replace(
                penalty=now[n].penalty + new, tally=tally._replace(charged_minor=charged)
            )
        day = day + timedelta(days=1) if room_minor or day == on else on
    return [
        Charge(n, row.tally.charged_minor - before[n].tally.charged_minor, row.tally)
        for n, row in now.items()
        if row.tally != before[n].tally
    ]


def room(
    rule: PenaltyRule,
    *,
    principal_minor: int,
    charged_minor: int,
    legal_room_minor: int | None = None,
) -> int | None:
    """What may still be charged on the loan by the rule's caps and by the law; None: no limit."""
    caps = [rule.loan_cap_minor, cap_of(principal_minor, rule.cap_rate)]
    rooms = [max(cap - charged_minor, 0) for cap in caps if cap is not None]
    if legal_room_minor is not None:
        rooms.append(max(legal_room_minor, 0))
    return min(rooms, default=None)


def allowed(new_minor: int, charged_so_far_minor: int, cap_minor: int | None) -> int:
    """As much of a new charge as the cap over the whole loan still leaves room for."""
    if cap_minor is None:
        return new_minor
    return max(min(new_minor, cap_minor - charged_so_far_minor), 0)


def cap_of(principal_minor: int, rate: Fraction | None) -> int | None:
    """The cap in minor units, rounded down: a cap is never passed."""
    return None if rate is None else principal_minor * rate.numerator // rate.denominator


def parse(source: object, currency: str) -> PenaltyRule | None:
    if source is None:
        return None
    fields = Fields(source, "penalty")
    kind = fields.choice("kind", Kind)
    base = PenaltyRule(kind)
    rule = PenaltyRule(
        kind=kind,
        amount_minor=_amount(fields, kind, currency),
        rate=Fraction(0) if kind is Kind.FLAT else fields.number("percent", high=10_000) / 100,
        base=fields.choice("base", Base, base.base),
        every=fields.choice("every", Every, base.every),
        grace_days=fields.integer("grace_days", 0, 0, 3_650),
        is_grace_free=fields.flag("is_grace_free"),
        year_days=fields.integer("year_days", 365, 360, 366),
        counts_due_date=fields.flag("counts_due_date"),
        compounds=fields.flag("compounds"),
        rounding=fields.choice("rounding", Rounding, base.rounding),
        cap_minor=_cap(fields, "cap", currency),
        loan_cap_minor=_cap(fields, "cap_per_loan", currency),
        cap_rate=_cap_rate(fields),
    )
    if kind is Kind.DAILY and rule.every is not Every.ONCE:
        raise fields.refuse("every", "must be left out: daily interest counts each day")
    fields.finish()
    return rule


def _amount(fields: Fields, kind: Kind, currency: str) -> int:
    if kind is Kind.FLAT:
        return fields.amount("amount", currency)
    if kind is Kind.PERCENT and fields.has("amount"):
        return fields.amount("amount", currency, zero=True)
    return 0


def _cap(fields: Fields, key: str, currency: str) -> int | None:
    fields.raw(key)
    return fields.amount(key, currency, zero=True) if fields.has(key) else None


def _cap_rate(fields: Fields) -> Fraction | None:
    key = "cap_percent_of_principal"
    fields.raw(key)
    return fields.number(key) / 100 if fields.has(key) else None


def _base(rule: PenaltyRule, row: LateRow) -> int:
    """What a percentage is taken of; for a flat amount, whether anything is late at all."""
    if rule.kind is Kind.FLAT:
        return row.principal + row.interest + row.fee
    amount = {
        Base.PRINCIPAL: row.principal,
        Base.INTEREST: row.interest,
        Base.PRINCIPAL_AND_INTEREST: row.principal + row.interest,
        Base.TOTAL: row.principal + row.interest + row.fee,
    }[rule.base]
    return amount + (row.penalty if rule.compounds and amount else 0)


def _counted(
    rule: PenaltyRule, row: LateRow, until: date, late: int, pauses: Sequence[Pause]
) -> Tally:
    """The tally with all days before `until` in it, before anything of them is charged."""
    if rule.kind is Kind.DAILY:
        return _with_days(rule, row, until, pauses)
    _, cost, before, charged = row.tally
    times = _times(rule, until, late)
    base = _base(rule, row)
    for _ in range(times - before if base else 0):
        once = _rounded(
            rule, rule.amount_minor * rule.rate.denominator + rule.rate.numerator * base
        )
        cost += once
        base += once if rule.compounds else 0
    return Tally(until, cost, max(times, before), charged)


def _with_days(rule: PenaltyRule, row: LateRow, until: date, pauses: Sequence[Pause]) -> Tally:
    start = row.due_on + timedelta(days=rule.grace_days if rule.is_grace_free else 0)
    since = max(row.tally.until or start, start)
    if until <= since:
        return row.tally
    days = (until - since).days - paused_days(pauses, since, until)
    base, rate = _base(rule, row), rule.rate.numerator
    if not rule.compounds:
        return row.tally._replace(until=until, cost=row.tally.cost + rate * base * days)
    # What the days of grace have cost, and nobody was charged yet, grows too.
    grown = base = base + (row.tally.cost // rule.parts - row.tally.charged_minor if base else 0)
    for _ in range(days if base else 0):
        # Interest on interest is what was really charged.
        grown += rounding.DIVIDE[rule.rounding](rate * grown, rule.parts)
    return row.tally._replace(until=until, cost=row.tally.cost + (grown - base) * rule.parts)


def _times(rule: PenaltyRule, until: date, late: int) -> int:
    """How often a charge has fallen due: first on the day after the days of grace."""
    over = late - rule.grace_days
    if over <= 0:
        return 0
    if rule.every is Every.ONCE:
        return 1
    if rule.every is not Every.MONTH:
        return 1 + (over - 1) // (7 if rule.every is Every.WEEK else 1)
    on = until - timedelta(days=rule.counts_due_date)
    first = on - timedelta(days=over - 1)
    months = (on.year - first.year) * 12 + on.month - first.month
    is_short = calendars.add_months(first, months, MonthEnd.CLAMP) > on
    return 1 + months - is_short


def _owed(rule: PenaltyRule, cost: int) -> int:
    """What the installment has come to cost in all, within its own cap."""
    amount = rounding.DIVIDE[rule.rounding](cost, rule.parts)
    return amount if rule.cap_minor is None else min(amount, rule.cap_minor)


def _rounded(rule: PenaltyRule, numerator: int) -> int:
    return rounding.DIVIDE[rule.rounding](numerator, rule.rate.denominator)
