"""The late part of the portfolio in a few numbers, and as one line for each loan."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kit.money import Money
from servicing import delinquency, rounding
from servicing.arrears import Arrears
from servicing.classification import Class
from servicing.delinquency import BUCKETS, CURRENT
from servicing.expected_loss import Stage

PAR_DAYS = (1, 30, 60, 90)
"""PAR 1: at least one day past due. PAR 30, 60, 90: more than so many."""


@dataclass(slots=True)
class Group:
    loans: int = 0
    balance_minor: int = 0
    overdue_minor: int = 0
    exposure_minor: int = 0
    provision_minor: int = 0
    expected_loss_minor: int = 0

    def add(self, each: Arrears) -> None:
        found = each.assessed
        self.loans += 1
        self.balance_minor += found.balance_minor
        self.overdue_minor += found.standing.overdue_minor
        self.exposure_minor += found.exposure_minor
        self.provision_minor += found.provision_minor
        self.expected_loss_minor += found.loss.recognized_minor


@dataclass(frozen=True, slots=True)
class Book:
    """All running loans of one currency."""

    currency: str
    whole: Group = field(default_factory=Group)
    at_risk: dict[int, Group] = field(default_factory=lambda: {days: Group() for days in PAR_DAYS})
    buckets: dict[str, Group] = field(
        default_factory=lambda: {name: Group() for name in (CURRENT, *(b.name for b in BUCKETS))}
    )
    classes: dict[Class, Group] = field(default_factory=lambda: {each: Group() for each in Class})
    stages: dict[Stage, Group] = field(default_factory=lambda: {each: Group() for each in Stage})


def books(rows: Iterable[Arrears]) -> list[Book]:
    """One for each currency, in the order of their codes."""
    found: dict[str, Book] = {}
    for each in rows:
        book = found.setdefault(each.currency, Book(each.currency))
        days = each.assessed.standing.days_past_due
        groups = [
            book.whole,
            book.buckets[delinquency.bucket_name(days)],
            book.classes[each.assessed.loan_class],
            book.stages[each.assessed.loss.stage],
            *(group for limit, group in book.at_risk.items() if _is_at_risk(days, limit)),
        ]
        for group in groups:
            group.add(each)
    return [found[currency] for currency in sorted(found)]


COLUMNS = (
    "loan", "currency", "days_past_due", "since", "bucket", "class", "stage",
    "balance", "overdue", "exposure", "provision", "expected_loss",
)  # fmt: skip


def percent(book: Book, part: Group) -> str:
    """A part of the book's balance, with two decimals."""
    points = rounding.half_even(part.balance_minor * 10_000, max(book.whole.balance_minor, 1))
    return f"{points // 100}.{points % 100:02}"


def as_csv(rows: Sequence[Arrears]) -> str:
    """One line for each running loan, the latest first."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for each in sorted(rows, key=lambda row: -row.assessed.standing.days_past_due):
        found, late = each.assessed, each.assessed.standing
        amounts = (
            found.balance_minor, late.overdue_minor, found.exposure_minor,
            found.provision_minor, found.loss.recognized_minor,
        )  # fmt: skip
        writer.writerow(
            [
                each.reference,
                each.currency,
                late.days_past_due,
                late.since or "",
                late.bucket.name if late.bucket else CURRENT,
                found.loan_class.key,
                int(found.loss.stage),
                *(Money(minor, each.currency).major for minor in amounts),
            ]
        )
    return out.getvalue()


def _is_at_risk(days: int, limit: int) -> bool:
    return days >= 1 if limit == 1 else days > limit
