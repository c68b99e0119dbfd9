"""How late a loan is: days past due by product rule, and the bucket they fall into."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from servicing.fields import Fields


@dataclass(frozen=True, slots=True)
class Pause:
    """Days that do not count: from `start` on, up to but not including `end`."""

    start: date
    end: date


@dataclass(frozen=True, slots=True)
class DpdRule:
    counts_due_date: bool = False
    """True: an installment unpaid on its due date is one day late on that very day."""
    grace_days: int = 0
    """Counting starts so many days after the due date."""
    pauses: tuple[Pause, ...] = ()


@dataclass(frozen=True, slots=True)
class Bucket:
    from_days: int
    to_days: int | None = None

    @property
    def name(self) -> str:
        return f"{self.from_days}_{self.to_days}" if self.to_days else f"{self.from_days}_plus"


PLAIN = DpdRule()
CURRENT = "current"
BUCKETS = (Bucket(1, 30), Bucket(31, 60), Bucket(61, 90), Bucket(91))


def days_past_due(unpaid: Sequence[date], on: date, rule: DpdRule = PLAIN) -> int:
    """Days since the oldest of the unpaid due dates, by the product's way of counting."""
    since = delinquent_since(unpaid, on, rule)
    if since is None:
        return 0
    days = (on - since).days + rule.counts_due_date
    return max(days - _paused_days(rule, since, on), 0)


def delinquent_since(unpaid: Sequence[date], on: date, rule: DpdRule = PLAIN) -> date | None:
    """The day from which the loan counts as late, once that day has passed."""
    if not unpaid:
        return None
    since = min(unpaid) + timedelta(days=rule.grace_days)
    late = on >= since if rule.counts_due_date else on > since
    return since if late else None


def bucket(days: int, buckets: Sequence[Bucket] = BUCKETS) -> Bucket | None:
    """The bucket that `days` past due fall into; None while the loan is current."""
    for each in buckets:
        if days >= each.from_days and (each.to_days is None or days <= each.to_days):
            return each
    return None


def bucket_name(days: int, buckets: Sequence[Bucket] = BUCKETS) -> str:
    found = bucket(days, buckets)
    return found.name if found else CURRENT


def parse_rule(source: object) -> DpdRule:
    fields = Fields(source or {}, "dpd_rule")
    grace = fields.integer("grace_days", 0, 0, 3_650)
    counts = fields.flag("counts_due_date")
    pauses = []
    for item in fields.items("pauses", 100):
        pause = Pause(item.day("start"), item.day("end"))
        item.finish()
        if pause.end <= pause.start:
            raise item.refuse("end", "must be after start")
        pauses.append(pause)
    fields.finish()
    return DpdRule(counts, grace, tuple(pauses))


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


def _paused_days(rule: DpdRule, since: date, on: date) -> int:
    overlaps = (
        (min(pause.end, on + timedelta(days=1)) - max(pause.start, since)).days
        for pause in rule.pauses
    )
    return sum(days for days in overlaps if days > 0)
