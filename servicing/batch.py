"""The schedules of many loans at once: columns of exact cents, the same that each loan gives alone.

Everyday loans of one shape are reckoned side by side; whatever is special goes one by one.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from servicing import annuity, interest, plain, rounding, schedule
from servicing.choices import Frequency, MonthEnd, Weekend
from servicing.installments import Installment, Kind
from servicing.rounding import Rounding
from servicing.terms import LoanTerms

Ints = NDArray[np.int64]
Days = NDArray[np.datetime64]

_KEEP = Weekend.KEEP
_COLUMNS = ("due_on", "days", "principal", "interest", "fees", "due", "balance", "is_down_payment")


@dataclass(frozen=True, slots=True)
class Tables:
    """The installments of all loans, one after the other: those of loan k begin at `first[k]`."""

    first: Ints
    due_on: Days
    days: Ints
    principal: Ints
    interest: Ints
    fees: Ints
    due: Ints
    balance: Ints
    is_down_payment: NDArray[np.bool_]

    def rows(self, k: int) -> tuple[Installment, ...]:
        """The installments of one loan, as `schedule.build` gives them."""
        part = slice(self.first[k], self.first[k + 1])
        *columns, spots = (getattr(self, name)[part].tolist() for name in _COLUMNS)
        kinds = (Kind.DOWN_PAYMENT if spot else Kind.INSTALLMENT for spot in spots)
        rows = zip(*columns, kinds, strict=True)
        return tuple(Installment(n, *row) for n, row in enumerate(rows, 1))


class _Shape(NamedTuple):
    """What loans that are reckoned side by side have in common."""

    installments: int
    frequency: Frequency
    every: int
    month_end: MonthEnd
    rounding: Rounding
    multiple: int
    may_respread: bool


_Member = tuple[int, int, int, int]
"""The place of a loan in the list, its principal, and what a period costs of each unit owed."""


class _Group(NamedTuple):
    """Loans of one shape. A period costs `numerator / denominator` of each unit owed."""

    loans: list[LoanTerms]
    places: Ints
    principal: Ints
    numerator: Ints
    denominator: Ints

    def some(self, chosen: Ints) -> "_Group":
        loans = [self.loans[k] for k in chosen]
        return _Group(loans, *(column[chosen] for column in self[1:]))


class _Table(NamedTuple):
    """A row for each period, a column for each loan."""

    principal: Ints
    interest: Ints
    balance: Ints


def build(loans: Sequence[LoanTerms]) -> Tables:
    """The schedules of `loans`, in their order. Raises InvalidTerms when one of them has none."""
    groups: dict[_Shape, list[_Member]] = defaultdict(list)
    alone: dict[int, tuple[Installment, ...]] = {}
    for k, terms in enumerate(loans):
        factor = plain.factor(terms) if _is_common(terms) else None
        if factor is None or not _fits(terms, *factor):
            alone[k] = schedule.build(terms).installments
        else:
            groups[_shape(terms)].append((k, terms.principal.minor, *factor))
    counts = [len(alone[k]) if k in alone else terms.installments for k, terms in enumerate(loans)]
    tables = _empty(counts)
    for shape, members in groups.items():
        columns = np.array(members, dtype=np.int64).T
        group = _Group([loans[member[0]] for member in members], *columns)
        table, is_level = _tables(shape, group)
        _put(tables, shape, group, table)
        for k in group.places[~is_level].tolist():
            alone[k] = schedule.build(loans[k]).installments
    for k, rows in alone.items():
        _put_rows(tables, k, rows)
    return tables


def _is_common(terms: LoanTerms) -> bool:
    moved = terms.weekend is not _KEEP or terms.holidays or terms.holiday_country
    even = interest.is_proportional(terms) and interest.begins_regularly(terms)
    return not moved and even and plain.is_plain(terms)


def _fits(terms: LoanTerms, numerator: int, denominator: int) -> bool:
    step = terms.installment_multiple_minor * terms.installments
    return max(terms.principal.minor * numerator, denominator, step) < rounding.EXACT


def _shape(terms: LoanTerms) -> _Shape:
    return _Shape(
        terms.installments,
        terms.frequency,
        terms.every,
        terms.month_end,
        terms.rounding,
        terms.installment_multiple_minor,
        plain.may_respread(terms),
    )


def _tables(shape: _Shape, group: _Group) -> tuple[_Table, NDArray[np.bool_]]:
    """The tables, and which of them are level from the first to the last installment but one."""
    level = _levels(shape, group)
    table, is_level = _run(shape, group, level)
    left = table.principal[-1] + table.interest[-1] - level
    if not shape.may_respread:
        return table, is_level
    chosen = np.flatnonzero(is_level & (np.abs(left) > shape.installments // 2))
    if chosen.size:
        step = shape.multiple * shape.installments
        nearer = level[chosen] + shape.multiple * _half_even(left[chosen], step)
        shared, is_level[chosen] = _run(shape, group.some(chosen), nearer)
        gained = np.abs(shared.principal[-1] + shared.interest[-1] - nearer) < np.abs(left[chosen])
        for column, better in zip(table, shared, strict=True):
            column[:, chosen[gained]] = better[:, gained]
    return table, is_level


def _levels(shape: _Shape, group: _Group) -> Ints:
    """Level installments by the textbook's formula, exact where floating point could not tell."""
    rate = group.numerator / group.denominator
    with np.errstate(divide="ignore", invalid="ignore"):
        level = group.principal * rate / -np.expm1(-shape.installments * np.log1p(rate))
    level = np.where(rate > 0, level, group.principal / shape.installments) / shape.multiple
    nearest = shape.rounding in rounding.NEAREST
    steps = np.floor(level + 0.5) if nearest else np.floor(level)
    from_edge = np.abs(level + 0.5 - np.rint(level + 0.5) if nearest else level - np.rint(level))
    if shape.rounding is Rounding.UP:
        steps += 1
    levels = steps.astype(np.int64) * shape.multiple
    for k in np.flatnonzero(from_edge <= level * annuity.DOUBT + 1e-9):
        factor = int(group.numerator[k]), int(group.denominator[k])
        levels[k] = annuity.even_payment(group.loans[k], *factor, int(group.principal[k]))
    return levels


def _run(shape: _Shape, group: _Group, level: Ints) -> tuple[_Table, NDArray[np.bool_]]:
    size = (shape.installments, level.size)
    table = _Table(*(np.empty(size, dtype=np.int64) for _ in range(3)))
    balance = group.principal.copy()
    for n in range(shape.installments):
        table.interest[n] = _half_even(balance * group.numerator, group.denominator)
        np.subtract(level, table.interest[n], out=table.principal[n])
        balance -= table.principal[n]
        table.balance[n] = balance
    table.principal[-1] += balance
    table.balance[-1] = 0
    return table, (table.balance >= 0).all(axis=0) & (table.principal[0] >= 0)


def _half_even(numerator: Ints, denominator: Ints | int) -> Ints:
    """To the nearest whole number, as `rounding.EXACT` says."""
    return np.rint(numerator / denominator).astype(np.int64)


def _due_dates(shape: _Shape, start: Days) -> Days:
    """A row of due dates for each period after the days of the disbursements."""
    steps = np.arange(1, shape.installments + 1)[:, None] * shape.every
    if shape.frequency in (Frequency.DAY, Frequency.WEEK):
        return np.asarray(start + steps * (7 if shape.frequency is Frequency.WEEK else 1))
    first_month = start.astype("datetime64[M]")
    day = (start - first_month.astype("datetime64[D]")).astype(np.int64)
    months = first_month + steps * (12 if shape.frequency is Frequency.YEAR else 1)
    begins = months.astype("datetime64[D]")
    last = ((months + 1).astype("datetime64[D]") - begins).astype(np.int64) - 1
    if shape.month_end is MonthEnd.NEXT_MONTH:
        return np.asarray(begins + np.minimum(day, last + 1))
    offset = np.minimum(day, last)
    if shape.month_end is MonthEnd.STICKY:
        is_last = start + 1 == (first_month + 1).astype("datetime64[D]")
        offset = np.where(is_last, last, offset)
    return np.asarray(begins + offset)


def _empty(counts: list[int]) -> Tables:
    first = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]).astype(np.int64)
    size = int(first[-1])
    due_on = np.empty(size, dtype="datetime64[D]")
    days, principal, interest, fees, due, balance = np.zeros((6, size), dtype=np.int64)
    spots = np.zeros(size, dtype=np.bool_)
    return Tables(first, due_on, days, principal, interest, fees, due, balance, spots)


def _put(tables: Tables, shape: _Shape, group: _Group, table: _Table) -> None:
    cells = tables.first[group.places] + np.arange(shape.installments)[:, None]
    start = np.array([terms.disbursed_on for terms in group.loans], dtype="datetime64[D]")
    due_on = _due_dates(shape, start)
    tables.due_on[cells] = due_on
    tables.days[cells] = np.diff(due_on, axis=0, prepend=start[None, :]).astype(np.int64)
    tables.principal[cells] = table.principal
    tables.interest[cells] = table.interest
    tables.due[cells] = table.principal + table.interest
    tables.balance[cells] = table.balance


def _put_rows(tables: Tables, k: int, rows: tuple[Installment, ...]) -> None:
    part = slice(tables.first[k], tables.first[k + 1])
    for name in _COLUMNS[:-1]:
        getattr(tables, name)[part] = [getattr(row, name) for row in rows]
    tables.is_down_payment[part] = [row.kind is Kind.DOWN_PAYMENT for row in rows]
