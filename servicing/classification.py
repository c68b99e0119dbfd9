"""The class of a loan: normal, special mention, substandard, doubtful, loss.

The class follows days past due by a table that is data (`late_policy`). A loan that was as bad as
substandard keeps its class until it is cured: so many installments in a row paid in time, and so
many days, since the last arrears ended.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from operator import itemgetter
from typing import NamedTuple

from servicing import delinquency
from servicing.delinquency import PLAIN, DpdRule


class Class(IntEnum):
    """A higher one is worse, and can be compared."""

    NORMAL = 1
    SPECIAL_MENTION = 2
    SUBSTANDARD = 3
    DOUBTFUL = 4
    LOSS = 5

    @property
    def key(self) -> str:
        return self.name.lower()


class Kept(NamedTuple):
    """When an installment was due, and when all of it was paid."""

    due_on: date
    settled_on: date | None


@dataclass(frozen=True, slots=True)
class Cure:
    """From which class on a loan has to prove itself, and what proves it: both of the two."""

    at_least: Class = Class.SUBSTANDARD
    installments: int = 0
    days: int = 0


@dataclass(frozen=True, slots=True)
class Restructured:
    """The class that a loan has at least, for so many days after its debt was spread anew."""

    at_least: Class = Class.NORMAL
    days: int = 0

    def holds(self, since: date | None, on: date) -> bool:
        return since is not None and (on - since).days < self.days


@dataclass(frozen=True, slots=True)
class Classification:
    from_days: Mapping[Class, int]
    """The days past due with which each class begins; normal begins with 0."""
    cure: Cure = Cure()
    restructured: Restructured = Restructured()
    is_by_borrower: bool = False
    """The worst loan of a borrower gives all of them their class."""

    def of_days(self, days_past_due: int) -> Class:
        return max(each for each, start in self.from_days.items() if days_past_due >= start)


def classify(
    rule: Classification,
    days_past_due: int,
    history: Iterable[Kept],
    on: date,
    dpd: DpdRule = PLAIN,
) -> Class:
    """The class on a day, from how late the loan is and how every installment so far was kept."""
    return max(rule.of_days(days_past_due), held(rule, history, on, dpd))


def held(rule: Classification, history: Iterable[Kept], on: date, dpd: DpdRule = PLAIN) -> Class:
    """The class that past arrears still hold the loan in; normal when they are cured.

    What is overdue today is not past: days past due tell that. It does keep the loan from curing.
    """
    worst, ended, kept = Class.NORMAL, date.min, 0
    for due_on, settled_on in sorted(history, key=itemgetter(0)):
        if due_on > on:
            break
        paid_on = settled_on if settled_on is not None and settled_on <= on else None
        late = delinquency.days_late(due_on, paid_on or on, dpd)
        if paid_on is not None and not late:
            kept += due_on >= ended
        elif late:
            if _is_cured(rule.cure, kept, ended, due_on):
                worst = Class.NORMAL
            worst = max(worst, rule.of_days(late)) if paid_on is not None else worst
            ended, kept = max(ended, paid_on or on), 0
    if worst < rule.cure.at_least or _is_cured(rule.cure, kept, ended, on):
        return Class.NORMAL
    return worst


def _is_cured(cure: Cure, kept: int, ended: date, on: date) -> bool:
    return kept >= cure.installments and (on - ended).days >= cure.days
