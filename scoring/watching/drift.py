"""Do applicants still look like the rows that the model learned from? PSI and CSI.

0.10 and 0.25 are a rule of thumb that knows nothing of how many rows there are. Where nothing has
changed, the index times `1 / (1/n + 1/m)` follows a chi-square law: that gives the limit.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scoring.features.registry import Value
from scoring.watching import chances

BINS = 10
FEWEST_IN_A_BIN = 5
"""Expected rows: thinner bins are joined with their neighbor, else the limit would not hold."""
FEWEST_ROWS = 30
SMALLEST = 0.02
"""A shift below this is not worth a person's time, however sure it is."""
LEVELS_MOST = 20
_MISSING, _OTHER = "missing", "other"


@dataclass(frozen=True, slots=True)
class Reference:
    """How one column was spread among the training rows. It travels in the manifest."""

    edges: tuple[float, ...] | None
    """Inner edges of a number's bins, each the top of its bin; None for a category."""
    counts: dict[str, int]
    """Rows per bin (`0`, `1`, …), per level, and `missing`."""

    def to_json(self) -> dict[str, Any]:
        return {"edges": self.edges and list(self.edges), "counts": self.counts}


@dataclass(frozen=True, slots=True)
class Drift:
    rows: int
    index: float
    limit: float
    """What chance alone passes once in `1 / chance` looks, for so many rows."""
    shares: dict[str, tuple[float, float]]
    """Per bin: in training, now."""

    @property
    def has_shifted(self) -> bool:
        return self.index > max(self.limit, SMALLEST)

    @property
    def size(self) -> str:
        """The rule of thumb as a word, no more."""
        return "large" if self.index > 0.25 else "moderate" if self.index > 0.10 else "small"


def reference(values: Iterable[Value]) -> Reference:
    """Of numbers: ten bins with about as many rows in each. Of texts: a bin for each level."""
    known = [None if _is_missing(value) else value for value in values]
    texts = [value for value in known if isinstance(value, str)]
    if texts:
        return _counted(known, None, dict(Counter(texts).most_common(LEVELS_MOST)))
    numbers = np.array([float(value) for value in known if isinstance(value, int | float)])
    if not len(numbers):
        return _counted(known, (), {})
    tops = np.quantile(numbers, np.linspace(0, 1, BINS + 1)[1:-1], method="lower")
    # The largest value is no edge: everything would be below it, and the last bin empty.
    edges = sorted({float(top) for top in tops} - {float(numbers.max())})
    return _counted(known, tuple(edges), {})


def from_json(document: Any) -> Reference:
    edges = document["edges"]
    return Reference(None if edges is None else tuple(edges), dict(document["counts"]))


def measure(known: Reference, values: Sequence[Value], *, chance: float) -> Drift | None:
    """None where there are too few rows to say anything."""
    if len(values) < FEWEST_ROWS or not known.counts:
        return None
    counted = _counted(values, known.edges, known.counts).counts
    bins = _joined(known, counted)
    before, now = sum(known.counts.values()), len(values)
    shares = {name: (one / before, other / now) for name, one, other in bins}
    # Half a row keeps an empty bin from being infinitely surprising.
    index = sum(
        ((other + 0.5) / now - (one + 0.5) / before)
        * math.log((other + 0.5) / now / ((one + 0.5) / before))
        for _, one, other in bins
    )
    law = chances.chi_square_limit(chance, max(len(bins) - 1, 1))
    return Drift(now, index, law * (1 / before + 1 / now), shares)


def _counted(
    values: Iterable[Value], edges: tuple[float, ...] | None, levels: dict[str, int]
) -> Reference:
    there, missing = [], 0
    for value in values:
        if _is_missing(value):
            missing += 1
        else:
            there.append(value)
    if edges is None:
        counts = Counter(str(v) if str(v) in levels else _OTHER for v in there)
    else:
        # A text where numbers were learned is as unknown to the model as a missing value.
        numbers = [float(v) for v in there if isinstance(v, int | float)]
        missing += len(there) - len(numbers)
        counts = Counter(str(n) for n in np.searchsorted(edges, numbers, side="left").tolist())
    if missing:
        counts[_MISSING] = missing
    return Reference(edges, dict(counts))


def _joined(known: Reference, counted: dict[str, int]) -> list[tuple[str, int, int]]:
    """(bin, before, now): neighbors of a number are joined, rare levels put together."""
    before, now = sum(known.counts.values()), sum(counted.values())
    fewest = FEWEST_IN_A_BIN * (before + now) / min(before, now)
    names = sorted({*known.counts, *counted}, key=lambda n: (n == _MISSING, len(n), n))
    found: list[tuple[str, int, int]] = []
    open_name, one, other = "", 0, 0
    for name in names:
        open_name = open_name or name
        one, other = one + known.counts.get(name, 0), other + counted.get(name, 0)
        if one + other >= fewest:
            found.append((_span(open_name, name), one, other))
            open_name, one, other = "", 0, 0
    if one + other and found:
        last = found.pop()
        found.append((_span(last[0], name), last[1] + one, last[2] + other))
    return found or [(_OTHER, one, other)]


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first.partition('-')[0]}-{last}"


def _is_missing(value: Value) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
