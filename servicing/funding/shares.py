"""Dividing an amount by weights, so that the parts always are the whole."""

from collections.abc import Sequence
from typing import NamedTuple


def apportion(minor: int, weights: Sequence[int]) -> list[int]:
    """Each part lies between the rounded sums of the weights before and after it.

    So the parts of a growing total grow with it, up to one unit, and nothing is lost or made. This
    is cumulative rounding; where the weights are equal, the units left over go to the later ones.
    """
    whole, so_far, given = sum(weights), 0, 0
    assert whole > 0, "nobody to divide between"
    parts = []
    for weight in weights:
        so_far += weight
        upto = minor * so_far // whole
        parts.append(upto - given)
        given = upto
    return parts


class Bearer(NamedTuple):
    """A stake's part in one loan, as a loss finds it."""

    loss_order: int
    weight: int
    capital: int
    """What it has left to lose."""
    borne: int


def bear(loss: int, bearers: Sequence[Bearer]) -> list[int]:
    """Who bears how much of a new loss: the first-loss stakes all that they have, then the others.

    Stakes of the same order bear it by their weights. What nobody has capital for is borne by none
    of them. A negative loss is money recovered: it goes back the other way, the safest stakes
    first, each up to what it bore.
    """
    parts = [0] * len(bearers)
    orders = sorted({each.loss_order for each in bearers}, reverse=loss < 0)
    left = abs(loss)
    for order in orders:
        group = [n for n, each in enumerate(bearers) if each.loss_order == order]
        room = [bearers[n].borne if loss < 0 else max(bearers[n].capital, 0) for n in group]
        taken = _fill(min(left, sum(room)), [bearers[n].weight for n in group], room)
        for n, part in zip(group, taken, strict=True):
            parts[n] = -part if loss < 0 else part
        left -= sum(taken)
    return parts


def _fill(minor: int, weights: Sequence[int], room: Sequence[int]) -> list[int]:
    """By weight, none beyond its room; what one has no room for goes to the others."""
    parts = [0] * len(weights)
    while minor:
        open_ones = [n for n in range(len(weights)) if parts[n] < room[n]]
        tried = apportion(minor, [weights[n] for n in open_ones])
        for n, part in zip(open_ones, tried, strict=True):
            given = min(part, room[n] - parts[n])
            parts[n] += given
            minor -= given
    return parts
