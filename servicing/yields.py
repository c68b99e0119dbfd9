"""The rate that makes money paid out and money paid back worth the same: one root, found safely."""

from collections.abc import Sequence
from math import exp, isfinite, log1p

import pyxirr

Flow = tuple[float, float]
"""(time in periods, amount); what the borrower receives is positive, what he pays negative."""

_LOWEST, _LOW, _HIGHEST = -0.999999, 1 / 256, 1e100

_DUST = 1e-12
"""Fractions of a cent that adding floats leaves: as good as nothing."""
_NEAR = 1e-14
"""A step so small changes no sixth decimal of a yearly percentage."""


class NoRate(ValueError):
    """The flows have no rate: nothing was paid out, or nothing comes back."""


def periodic_rate(advance: float, payments: Sequence[float]) -> float:
    """The rate per period for payments at the ends of periods 1, 2, 3, …"""
    if sum(payments) == advance:
        return 0.0
    rate = pyxirr.irr([advance, *(-payment for payment in payments)])
    if rate is None or not isfinite(rate) or not _LOWEST < rate < _HIGHEST:
        return _root([(0.0, advance), *((n, -p) for n, p in enumerate(payments, 1))], ())
    return float(rate)


def solve(flows: Sequence[Flow], *, odd: Sequence[float] = ()) -> float:
    """The rate i with sum of amount / ((1 + odd * i) * (1 + i) ** time) = 0.

    `odd` gives each flow its fraction of a period at simple interest (US odd days).
    """
    if not any(odd) and [time for time, _ in flows] == list(range(len(flows))):
        first, *rest = flows
        if first[1] > 0 > max((amount for _, amount in rest), default=0):
            return periodic_rate(first[1], [-amount for _, amount in rest])
    return _root(flows, odd)


def _root(flows: Sequence[Flow], odd: Sequence[float]) -> float:
    """Newton's steps inside a bracket that always holds the root."""
    odds = odd if any(odd) else [0.0] * len(flows)
    if not any(a > 0 for _, a in flows) or not any(a < 0 for _, a in flows):
        raise NoRate("one side of the loan is empty")
    if abs(sum(amount for _, amount in flows)) <= _DUST * max(abs(amount) for _, amount in flows):
        return 0.0
    low, high = _bracket(flows, odds)
    rate = (low + high) / 2 if high < 1 else low
    for _ in range(200):
        value, slope = _value(flows, odds, rate)
        if value > 0:
            high = rate
        else:
            low = rate
        step = rate - value / slope if slope else low
        if abs(step - rate) <= _NEAR * max(1.0, abs(rate)):
            return step
        rate = step if low < step < high else (low + high) / 2
    return rate


def _bracket(flows: Sequence[Flow], odds: Sequence[float]) -> tuple[float, float]:
    """The value rises with the rate: advances come first and lose less than payments."""
    low, high = 0.0, _LOW
    if _value(flows, odds, 0.0)[0] > 0:  # less is paid back than was paid out
        return _LOWEST, 0.0
    while _value(flows, odds, high)[0] < 0:
        low, high = high, high * 4
        if high > _HIGHEST:
            raise NoRate("the rate is beyond any limit")
    return low, high


def _value(flows: Sequence[Flow], odds: Sequence[float], rate: float) -> tuple[float, float]:
    value = slope = 0.0
    growth, whole = log1p(rate), 1 + rate
    for (time, amount), odd in zip(flows, odds, strict=True):
        simple = 1 + odd * rate
        worth = amount * exp(-time * growth) / simple
        value += worth
        slope -= worth * (time / whole + odd / simple)
    return value, slope
