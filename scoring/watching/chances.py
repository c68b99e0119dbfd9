"""How likely a difference is by chance alone: intervals and tail probabilities without SciPy."""

import math
from dataclasses import dataclass

Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `n`, with its 95 % interval."""

    hits: float
    n: float

    @property
    def value(self) -> float | None:
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's: it stays inside 0 and 1 and holds for few rows. (0, 1) for none."""
        if not self.n:
            return 0.0, 1.0
        share, z2 = self.hits / self.n, Z95**2
        middle = (share + z2 / (2 * self.n)) / (1 + z2 / self.n)
        half = share * (1 - share) / self.n + z2 / (4 * self.n**2)
        width = Z95 * math.sqrt(max(half, 0.0)) / (1 + z2 / self.n)
        return max(middle - width, 0.0), min(middle + width, 1.0)


def difference(one: Share, other: Share) -> tuple[float, float]:
    """95 % interval of `one - other`: Newcombe's, from the two intervals of Wilson."""
    first, second = one.value or 0.0, other.value or 0.0
    (low1, high1), (low2, high2) = one.interval, other.interval
    down = math.hypot(first - low1, high2 - second)
    up = math.hypot(high1 - first, second - low2)
    return max(first - second - down, -1.0), min(first - second + up, 1.0)


def ratio(one: Share, other: Share) -> tuple[float, float]:
    """95 % interval of `one / other` on the logarithm, half a hit added against zeros (Katz)."""
    a, b = one.hits + 0.5, other.hits + 0.5
    n, m = one.n + 0.5, other.n + 0.5
    spread = Z95 * math.sqrt(max(1 / a - 1 / n + 1 / b - 1 / m, 0.0))
    middle = math.log((a / n) / (b / m))
    return math.exp(middle - spread), math.exp(middle + spread)


def chi_square_tail(value: float, degrees: int) -> float:
    """Chance of a larger chi-square value: the sum that is exact for whole degrees of freedom."""
    if value <= 0 or degrees <= 0:
        return 1.0
    half, order = value / 2, 0.5 if degrees % 2 else 1.0
    tail = math.erfc(math.sqrt(half)) if degrees % 2 else math.exp(-half)
    while order < degrees / 2:
        tail += math.exp(order * math.log(half) - half - math.lgamma(order + 1))
        order += 1
    return min(tail, 1.0)


def chi_square_limit(chance: float, degrees: int) -> float:
    """The value that is passed with this chance when nothing has changed."""
    low, high = 0.0, 10.0 * degrees + 200.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if chi_square_tail(middle, degrees) > chance else (low, middle)
    return high


def binomial_tail(hits: int, n: int, chance: float) -> float:
    """Chance of at least `hits` of `n`, each with this chance."""
    if hits <= 0:
        return 1.0
    if chance <= 0 or hits > n:
        return 0.0
    if chance >= 1:
        return 1.0
    if hits <= n * chance:
        # From here the first term may be too small to be told from none.
        return 1.0 - binomial_tail(n - hits + 1, n, 1 - chance)
    log_chance, log_other = math.log(chance), math.log1p(-chance)
    first = math.lgamma(n + 1) - math.lgamma(hits + 1) - math.lgamma(n - hits + 1)
    term = total = math.exp(first + hits * log_chance + (n - hits) * log_other)
    for k in range(hits, n):
        term *= (n - k) / (k + 1) * chance / (1 - chance)
        total += term
        if term < total * 1e-12:
            break
    return min(total, 1.0)


def normal_tail(z: float) -> float:
    """Chance of being at least so many standard deviations away, on either side."""
    return math.erfc(abs(z) / math.sqrt(2))
