"""Which debt a repayment settles: a waterfall kept as data, and one pure function that runs it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple, TypeVar

from servicing import rounding
from servicing.fields import InvalidTerms


class Component(StrEnum):
    PENALTY = "penalty"
    FEE = "fee"
    INTEREST = "interest"
    PRINCIPAL = "principal"


class Timing(StrEnum):
    PAST_DUE = "past_due"
    DUE = "due"
    IN_ADVANCE = "in_advance"


class Processing(StrEnum):
    HORIZONTAL = "horizontal"
    """One installment after the other, all its components."""
    VERTICAL = "vertical"
    """One component after the other, over all installments."""


class Future(StrEnum):
    """Where money goes that is more than what is due."""

    NEXT_INSTALLMENT = "next_installment"
    LAST_INSTALLMENT = "last_installment"
    NEXT_LAST_INSTALLMENT = "next_last_installment"
    """The next one, and what is left from the last one backwards."""
    REAMORTIZATION = "reamortization"
    """Equal shares over all that are still to come."""


E = TypeVar("E", bound=StrEnum)
Step = tuple[Timing, Component]


@dataclass(frozen=True, slots=True)
class Waterfall:
    order: tuple[Step, ...]
    processing: Processing = Processing.HORIZONTAL
    future: Future = Future.NEXT_INSTALLMENT
    charges_by_own_date: bool = False
    """A charge is due from its own day on, even when its installment is not."""


class Owed(NamedTuple):
    """What is still unpaid of one installment, in minor units."""

    n: int
    due_on: date
    penalty: int = 0
    fee: int = 0
    interest: int = 0
    principal: int = 0


class Share(NamedTuple):
    """A part of the repayment: so much, for this component of that installment."""

    n: int
    component: Component
    amount: int
    timing: Timing


class Allocation(NamedTuple):
    shares: tuple[Share, ...]
    surplus: int

    def paid(self, component: Component) -> int:
        return sum(share.amount for share in self.shares if share.component is component)

    def by_installment(self) -> dict[int, dict[Component, int]]:
        paid: dict[int, dict[Component, int]] = {}
        for share in self.shares:
            of = paid.setdefault(share.n, {})
            of[share.component] = of.get(share.component, 0) + share.amount
        return paid


def _each(timings: Sequence[Timing], components: Sequence[Component]) -> tuple[Step, ...]:
    return tuple((timing, component) for timing in timings for component in components)


_STANDARD = (Component.PENALTY, Component.FEE, Component.INTEREST, Component.PRINCIPAL)
DEFAULT = Waterfall(_each((Timing.PAST_DUE, Timing.DUE), _STANDARD))
"""Oldest installment first, each penalty, fee, interest, principal; nothing in advance."""
EVERYTHING = Waterfall(_each(tuple(Timing), _STANDARD))
"""The same, and what is left pays coming installments."""


def allocate(
    amount: int, owed: Sequence[Owed], order: Waterfall = DEFAULT, *, on: date | None = None
) -> Allocation:
    """Split `amount` over what is owed; what finds no place comes back as surplus.

    Without a day everything given counts as past due. No share is ever zero or negative, and
    shares and surplus add up to the amount.
    """
    assert amount >= 0, amount
    run = _Run(amount, owed, on)
    groups = _groups(order.order)
    if order.processing is Processing.VERTICAL:
        groups = [(timing, [component]) for timing, component in order.order]
    for timing, components in groups:
        rows = run.rows(timing)
        if timing is Timing.IN_ADVANCE:
            run.pay_ahead(rows, components, order.future)
        else:
            run.pay(rows, components, timing)
        if not run.left:
            break
    return Allocation(tuple(run.shares), run.left)


def is_forward(order: Waterfall) -> bool:
    """Whether money always settles an installment as a whole before it reaches a later one."""
    return (
        order.processing is Processing.HORIZONTAL
        and order.future is Future.NEXT_INSTALLMENT
        and turns(order.order) is not None
    )


@lru_cache(maxsize=64)
def turns(order: tuple[Step, ...]) -> list[list[int]] | None:
    """All components in their turns, past due, due and in advance; None when some are left out."""
    groups = _groups(order)
    whole = all(len(components) == len(Component) for _, components in groups)
    if not whole or [timing for timing, _ in groups] != list(Timing):
        return None
    return [[_STANDARD.index(component) for component in components] for _, components in groups]


def parse(order: object, processing: object = None, future: object = None) -> Waterfall:
    """A waterfall from twelve steps ("past_due_penalty", …) or a short form.

    The short form names components: "penalty_fee_interest_principal", or "due_penalty_fee_interest
    _principal_in_advance_principal_penalty_fee_interest" when money in advance goes otherwise; a
    charge then is due from its own day on.
    """
    return Waterfall(
        order=_parse_order(order),
        processing=_word("processing", processing, Processing, Processing.HORIZONTAL),
        future=_word("future_installment_rule", future, Future, Future.NEXT_INSTALLMENT),
        charges_by_own_date=isinstance(order, str) and "in_advance" in order.lower(),
    )


def parse_future(field: str, value: object) -> Future:
    return _word(field, value, Future, Future.NEXT_INSTALLMENT)


class _Run:
    """One repayment on its way down."""

    def __init__(self, amount: int, owed: Sequence[Owed], on: date | None) -> None:
        self.left = amount
        self.shares: list[Share] = []
        self._on = on
        self._unpaid: dict[int, dict[Component, int]] = {}
        self._owed = owed

    def rows(self, timing: Timing) -> list[int]:
        on = self._on
        if on is None:
            return list(range(len(self._owed))) if timing is Timing.PAST_DUE else []
        if timing is Timing.PAST_DUE:
            return [i for i, row in enumerate(self._owed) if row.due_on < on]
        if timing is Timing.DUE:
            return [i for i, row in enumerate(self._owed) if row.due_on == on]
        return [i for i, row in enumerate(self._owed) if row.due_on > on]

    def _of(self, index: int) -> dict[Component, int]:
        """What is still unpaid of a row, by component; most rows are never reached."""
        unpaid = self._unpaid.get(index)
        if unpaid is None:
            row = self._owed[index]
            unpaid = self._unpaid[index] = {
                Component.PENALTY: row.penalty,
                Component.FEE: row.fee,
                Component.INTEREST: row.interest,
                Component.PRINCIPAL: row.principal,
            }
        return unpaid

    def pay(self, rows: Sequence[int], components: Sequence[Component], timing: Timing) -> None:
        for index in rows:
            self._settle(index, components, timing, self.left)
            if not self.left:
                return

    def pay_ahead(
        self, rows: Sequence[int], components: Sequence[Component], future: Future
    ) -> None:
        if future is Future.REAMORTIZATION:
            self._pay_evenly(rows, components)
            return
        if future is Future.LAST_INSTALLMENT:
            rows = rows[::-1]
        elif future is Future.NEXT_LAST_INSTALLMENT:
            rows = [i for i in rows if any(self._of(i)[component] for component in components)]
            rows = [*rows[:1], *rows[:0:-1]]
        self.pay(rows, components, Timing.IN_ADVANCE)

    def _pay_evenly(self, rows: Sequence[int], components: Sequence[Component]) -> None:
        """Equal shares, the last with the difference; what finds no debt goes round again."""
        while self.left:
            open_rows = [i for i in rows if any(self._of(i)[c] for c in components)]
            if not open_rows:
                return
            whole, count = self.left, len(open_rows)
            share = rounding.half_even(whole, count)
            for index in open_rows[:-1]:
                self._settle(index, components, Timing.IN_ADVANCE, min(share, self.left))
            rest = min(max(whole - share * (count - 1), 0), self.left)
            self._settle(open_rows[-1], components, Timing.IN_ADVANCE, rest)

    def _settle(
        self, index: int, components: Sequence[Component], timing: Timing, most: int
    ) -> None:
        unpaid = self._of(index)
        for component in components:
            paid = min(unpaid[component], most)
            if paid > 0:
                unpaid[component] -= paid
                self.left -= paid
                most -= paid
                self.shares.append(Share(self._owed[index].n, component, paid, timing))


@lru_cache(maxsize=64)
def _groups(order: tuple[Step, ...]) -> list[tuple[Timing, list[Component]]]:
    groups: dict[Timing, list[Component]] = {}
    for timing, component in order:
        groups.setdefault(timing, []).append(component)
    return list(groups.items())


_COMPONENT_WORDS = {
    "penalty": Component.PENALTY,
    "penalties": Component.PENALTY,
    "fee": Component.FEE,
    "fees": Component.FEE,
    "interest": Component.INTEREST,
    "principal": Component.PRINCIPAL,
}


def _parse_order(order: object) -> tuple[Step, ...]:
    if order is None:
        return EVERYTHING.order
    if isinstance(order, str):
        return _short_form(order)
    if not isinstance(order, list | tuple) or not order:
        raise _refused("must be a list of steps such as past_due_interest, or a short form")
    steps = tuple(_step(step) for step in order)
    if len(set(steps)) != len(steps):
        raise _refused("must not name a step twice")
    return steps


def _step(step: object) -> Step:
    word = step.lower() if isinstance(step, str) else ""
    for timing in Timing:
        component = _COMPONENT_WORDS.get(word.removeprefix(f"{timing}_"))
        if word.startswith(f"{timing}_") and component is not None:
            return timing, component
    raise _refused(f"does not know the step {str(step)[:40]}")


def _short_form(text: str) -> tuple[Step, ...]:
    usual, _, ahead = text.lower().removeprefix("due_").partition("in_advance")
    components = list(_components(usual))
    if sorted(components) != sorted(Component):
        raise _refused("must name penalty, fee, interest and principal, each once")
    in_advance = list(_components(ahead)) or components
    if sorted(in_advance) != sorted(Component):
        raise _refused("must name every component once after in_advance")
    return _each((Timing.PAST_DUE, Timing.DUE), components) + _each(
        (Timing.IN_ADVANCE,), in_advance
    )


def _components(text: str) -> Iterator[Component]:
    for word in re.split(r"[_\s,]+", text.removesuffix("_order")):
        if word:
            if word not in _COMPONENT_WORDS:
                raise _refused(f"does not know the component {word[:40]}")
            yield _COMPONENT_WORDS[word]


def _refused(reason: str) -> InvalidTerms:
    return InvalidTerms(field="allocation_order", reason=reason)


def _word(field: str, value: object, kind: type[E], default: E) -> E:
    if value is None:
        return default
    try:
        return kind(str(value).lower())
    except ValueError:
        raise InvalidTerms(field=field, reason=f"must be one of: {', '.join(kind)}") from None
