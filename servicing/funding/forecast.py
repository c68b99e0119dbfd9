"""What borrowers will probably pay, day by day, from what falls due and how late this book pays.

**How late.** The share of installments that are paid within k days of their due date is the
product-limit estimator (Kaplan and Meier, JASA 53 (1958), 457-481) on discrete days, since many are
not paid yet and only known to be unpaid so far:

    G(k) = 1 - product over j <= k of (1 - d(j) / n(j))

d(j) are those paid j days late, n(j) those that were unpaid when day j began. To both are added
`PRIOR_WEIGHT` installments that pay as `PRIOR` says, so that a book without a past has a forecast,
and a large one its own (a Dirichlet prior's mean: Gelman et al., Bayesian Data Analysis, 3.4). The
prior is an assumption of ours and no measurement. What is unpaid after `LATEST` days is not
expected any more.

**Default.** A loan with a probability of default survives t years with exp(-h t), where h is the
hazard that `servicing.expected_loss` uses; its installment due then is paid as late as others are,
if it survives. A loan without one is paid like the book's, whose G never reaches one. What is
overdue already is paid by the book's G, given that it is unpaid until now.

**How sure.** Each installment is paid by a day or is not. Those of one loan go together, so the
standard deviations within a loan are added, which is the most they can come to (Dhaene et al.,
Insurance: Mathematics and Economics 31 (2002), 3-33); loans are taken to be independent; and what
few past installments tell is uncertain by sqrt(p (1 - p) / n), for all alike. `low` and `high`
leave out one case in twenty on either side, by the normal distribution.

New loans, early repayments and money recovered after a write-off are not in it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

LATEST = 90
PRIOR = ((0, 0.80), (7, 0.90), (30, 0.95), (LATEST, 0.97))
"""Days late, and the share that is paid by then; evenly between them."""
PRIOR_WEIGHT = 50
_Z = 1.6449
"""5 % of a normal distribution lie above it."""
_YEAR_DAYS = 365
_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]


class Seen(NamedTuple):
    """So many past installments that went the same way."""

    days: int
    """How late they were paid, or have been unpaid."""
    is_paid: bool
    number: int


class Due(NamedTuple):
    """What is unpaid of one installment of a running loan."""

    loan: int
    """Which loan it is of; any number."""
    due_on: date
    minor: int
    hazard: float | None = None
    """Of the loan's default, a year. None: it has no probability of default."""


@dataclass(frozen=True, slots=True)
class Lateness:
    paid_by: _Floats
    """G: the share paid by so many days late, the first for on time."""
    weight: float
    """How many installments say so."""


class Band(NamedTuple):
    low: int
    expected: int
    high: int


def learn(history: Iterable[Seen]) -> Lateness:
    paid, unpaid_until = np.zeros(LATEST + 1), np.zeros(LATEST + 2)
    for each in history:
        known = min(max(each.days, 0), LATEST + 1)
        if each.is_paid and known <= LATEST:
            paid[known] += each.number
        unpaid_until[known] += each.number
    # At risk on day k: paid on k or later, or known to be unpaid at its end.
    reached = np.cumsum(unpaid_until[::-1])[::-1]
    censored = unpaid_until[: LATEST + 1] - paid
    at_risk = reached[: LATEST + 1] - censored
    prior = np.interp(np.arange(LATEST + 1), [x for x, _ in PRIOR], [y for _, y in PRIOR])
    before = np.concatenate([[0.0], prior[:-1]])
    hazard = (paid + PRIOR_WEIGHT * (prior - before)) / (at_risk + PRIOR_WEIGHT * (1 - before))
    return Lateness(1 - np.cumprod(1 - hazard), float(reached[0]) + PRIOR_WEIGHT)


def inflows(
    dues: Sequence[Due], lateness: Lateness, *, on: date, ends: Sequence[int]
) -> tuple[list[Band], list[Band]]:
    """For periods that end before `on` plus so many days: what comes in each, and in all so far."""
    if not dues:
        none = [Band(0, 0, 0)] * len(ends)
        return none, none
    each, so_far, before = [], [], np.zeros(len(dues))
    book = _Book(dues, lateness, on)
    for end in ends:
        paid = book.paid_before(end)
        each.append(book.band(paid - before))
        so_far.append(book.band(paid))
        before = paid
    return each, so_far


class _Book:
    def __init__(self, dues: Sequence[Due], lateness: Lateness, on: date) -> None:
        self._lateness = lateness
        self._minor = np.array([due.minor for due in dues], dtype=np.float64)
        self._loan = np.unique([due.loan for due in dues], return_inverse=True)[1]
        self._in_days: _Ints = np.array([(due.due_on - on).days for due in dues])
        hazards = [np.nan if due.hazard is None else due.hazard for due in dues]
        self._will_be_paid = self._survival(np.array(hazards))

    def paid_before(self, day: int) -> _Floats:
        """How likely each is paid before `on` plus so many days, being unpaid when `on` begins."""
        paid_by = np.concatenate([[0.0], self._lateness.paid_by])
        never_before = paid_by[np.clip(-self._in_days, 0, LATEST + 1)]
        by_then = paid_by[np.clip(day - self._in_days, 0, LATEST + 1)]
        overdue = (by_then - never_before) / np.maximum(1 - never_before, 1e-9)
        to_come = self._will_be_paid * by_then / paid_by[-1]
        found: _Floats = np.where(self._in_days < 0, overdue, to_come)
        return found

    def band(self, paid: _Floats) -> Band:
        spread = self._minor * np.sqrt(np.clip(paid * (1 - paid), 0, None))
        of_loans = np.bincount(self._loan, weights=spread)
        of_estimate = spread.sum() / np.sqrt(self._lateness.weight)
        most = _Z * float(np.sqrt((of_loans**2).sum() + of_estimate**2))
        expected = float((self._minor * paid).sum())
        whole = float(self._minor.sum())
        return Band(
            round(max(expected - most, 0.0)), round(expected), round(min(expected + most, whole))
        )

    def _survival(self, hazard: _Floats) -> _Floats:
        survived = np.exp(-hazard * np.maximum(self._in_days, 0) / _YEAR_DAYS)
        found: _Floats = np.where(np.isnan(hazard), self._lateness.paid_by[-1], survived)
        return found
