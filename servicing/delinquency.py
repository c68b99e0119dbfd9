"""How late a loan is: days past due by the rule of its product, and the buckets they fall into."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

from servicing.fields import Fields


class Pause(NamedTuple):
    """Days that do not count: from `start` on, up to but not including `end`."""

    start: date
    end: date


@dataclass(frozen=True, slots=True)
class DpdRule:
    counts_due_date: bool = False
    """True: an installment unpaid on its due date is one day late on that very day."""
    grace_days: int = 0
    """Counting starts so many days after the due date, for the loan as a whole."""
    pauses: tuple[Pause, ...] = ()
    tolerance_minor: int = 0
    """Overdue amounts that add up to no more than this are not late; the clock starts with the
    installment that takes them beyond it."""
    tolerance_rate: Fraction = Fraction(0)
    """The same as a part of all that is outstanding; the larger of the two counts."""


@dataclass(frozen=True, slots=True)
class Bucket:
    from_days: int
    to_days: int | None = None

    @property
    def name(self) -> str:
        return f"{self.from_days}_{self.to_days}" if self.to_days else f"{self.from_days}_plus"


class Unpaid(NamedTuple):
    due_on: date
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How late a loan is on a day."""

    days_past_due: int = 0
    """By the product's rule: after the days of grace, without paused days."""
    calendar_days: int = 0
    """Since the oldest overdue installment fell due, whatever the rule."""
    since: date | None = None
    """The day from which lateness counts; grace may put it after today."""
    overdue_minor: int = 0
    bucket: Bucket | None = None
    by_installment: tuple[tuple[Bucket, int], ...] = ()
    """Overdue amounts by how late each installment is itself, without the days of grace."""


PLAIN = DpdRule()
CURRENT = "current"
BUCKETS = (Bucket(1, 30), Bucket(31, 60), Bucket(61, 90), Bucket(91))


def standing(
    unpaid: Iterable[Unpaid],
    on: date,
    rule: DpdRule = PLAIN,
    buckets: Sequence[Bucket] = BUCKETS,
    *,
    outstanding_minor: int = 0,
) -> Standing:
    """How late the loan is, from what is unpaid of each installment, due or still to come."""
    until = on + timedelta(days=rule.counts_due_date)
    overdue = sorted(each for each in unpaid if each.due_on < until and each.amount_minor > 0)
    oldest = _beyond(overdue, _tolerance(rule, outstanding_minor))
    if oldest is None:
        return Standing()
    since = oldest + timedelta(days=rule.grace_days)
    days = max((until - since).days - paused_days(rule.pauses, since, until), 0)
    return Standing(
        days_past_due=days,
        calendar_days=(until - oldest).days,
        since=since,
        overdue_minor=sum(each.amount_minor for each in overdue),
        bucket=bucket(days, buckets),
        by_installment=_by_installment(overdue, until, rule, buckets),
    )


def days_past_due(unpaid: Iterable[date], on: date, rule: DpdRule = PLAIN) -> int:
    """Days since the oldest of the unpaid due dates, when amounts do not matter."""
    return standing((Unpaid(day, 1) for day in unpaid), on, rule).days_past_due


def days_late(due_on: date, on: date, rule: DpdRule = PLAIN) -> int:
    """How late one installment is that was unpaid until that day, by the rule of the loan."""
    since = due_on + timedelta(days=rule.grace_days)
    return max((on - since).days - paused_days(rule.pauses, since, on), 0)


def bucket(days: int, buckets: Sequence[Bucket] = BUCKETS) -> Bucket | None:
    """The bucket that `days` past due fall into; None while the loan is current."""
    for each in buckets:
        if days >= each.from_days and (each.to_days is None or days <= each.to_days):
            return each
    return None


def bucket_name(days: int, buckets: Sequence[Bucket] = BUCKETS) -> str:
    found = bucket(days, buckets)
    return found.name if found else CURRENT


def paused_days(pauses: Iterable[Pause], since: date, until: date) -> int:
    """How many of the days from `since` up to but not including `until` do not count.

    Pauses that overlap count once.
    """
    paused, reached = 0, since
    for start, end in sorted(pauses):
        first, last = max(start, reached), min(end, until)
        if last > first:
            paused, reached = paused + (last - first).days, last
    return paused


def parse_rule(source: object, currency: str) -> DpdRule:
    fields = Fields(source or {}, "dpd_rule")
    grace = fields.integer("grace_days", 0, 0, 3_650)
    counts = fields.flag("counts_due_date")
    has_tolerance = fields.has("tolerance")
    fields.raw("tolerance")
    tolerance = fields.amount("tolerance", currency, zero=True) if has_tolerance else 0
    rate = fields.number("tolerance_percent", 0, high=100) / 100
    pauses = []
    for item in fields.items("pauses", 100):
        pause = Pause(item.day("start"), item.day("end"))
        item.finish()
        if pause.end <= pause.start:
            raise item.refuse("end", "must be after start")
        pauses.append(pause)
    fields.finish()
    return DpdRule(counts, grace, tuple(pauses), tolerance, rate)


def parse_buckets(fields: Fields) -> tuple[Bucket, ...]:
    """Rising pairs of days such as [[1, 30], [31, null]] under the key `buckets`."""
    buckets: list[Bucket] = []
    for n, pair in enumerate(fields.sequence("buckets", 50)):
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise fields.refuse(f"buckets[{n}]", "must be a pair of days such as [1, 30]")
        ends = Fields({"from": pair[0], "to": pair[1]}, fields.name(f"buckets[{n}]"))
        low = ends.integer("from", None, 1, 100_000)
        high = ends.integer("to", None, low, 100_000) if ends.has("to") else None
        if buckets and (buckets[-1].to_days is None or low <= buckets[-1].to_days):
            raise ends.refuse("from", "must be above the bucket before it")
        buckets.append(Bucket(low, high))
    return tuple(buckets) or BUCKETS


def _tolerance(rule: DpdRule, outstanding_minor: int) -> int:
    part = outstanding_minor * rule.tolerance_rate.numerator // rule.tolerance_rate.denominator
    return max(rule.tolerance_minor, part)


def _beyond(overdue: Iterable[Unpaid], tolerance_minor: int) -> date | None:
    """The due date with which the overdue amounts, oldest first, pass the tolerance."""
    total = 0
    for due_on, amount in overdue:
        total += amount
        if total > tolerance_minor:
            return due_on
    return None


def _by_installment(
    overdue: Iterable[Unpaid], until: date, rule: DpdRule, buckets: Sequence[Bucket]
) -> tuple[tuple[Bucket, int], ...]:
    amounts: dict[Bucket, int] = {}
    for due_on, amount in overdue:
        days = (until - due_on).days - paused_days(rule.pauses, due_on, until)
        found = bucket(days, buckets)
        if found is not None:
            amounts[found] = amounts.get(found, 0) + amount
    return tuple(sorted(amounts.items(), key=lambda item: item[0].from_days))
