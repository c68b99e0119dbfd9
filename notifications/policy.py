"""When a person may be contacted: rules as data, one pure function over them.

A country's pack can only narrow the product's default, never widen it. Windows are half-open
and in the borrower's own wall-clock time. Judged at the moment of sending, not of asking.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import yaml

from notifications.states import Purpose

FOLDER = Path(__file__).with_name("policies")
WEEK = frozenset(range(7))
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Longer than any run of holidays and Sundays, and than the widest cap.
_HORIZON_DAYS = 21


@dataclass(frozen=True)
class Rule:
    """`opens` <= local time < `closes`, on these weekdays (Monday is 0)."""

    opens: time = time.min
    closes: time | None = None
    """None: the end of the day."""
    weekdays: frozenset[int] = WEEK
    holidays_too: bool = True
    per_day: int | None = None
    per_7_days: int | None = None
    awake_for: timedelta | None = None
    """Whoever wrote to us so shortly before is awake: their hours do not count."""

    def narrowed(self, other: "Rule") -> "Rule":
        return Rule(
            opens=max(self.opens, other.opens),
            closes=_least(self.closes, other.closes),
            weekdays=self.weekdays & other.weekdays,
            holidays_too=self.holidays_too and other.holidays_too,
            per_day=_least(self.per_day, other.per_day),
            per_7_days=_least(self.per_7_days, other.per_7_days),
            awake_for=_least(self.awake_for, other.awake_for),
        )


@dataclass(frozen=True)
class ContactPolicy:
    country: str | None
    """ISO code: whose public holidays count."""
    rules: Mapping[Purpose, Rule] = field(default_factory=dict)
    """A purpose without a rule may be sent at any time."""


@dataclass(frozen=True)
class SendNow:
    pass


@dataclass(frozen=True)
class HoldUntil:
    instant: datetime


@dataclass(frozen=True)
class Suppress:
    reason: str


Verdict = SendNow | HoldUntil | Suppress


def decide(
    policy: ContactPolicy,
    purpose: Purpose,
    now: datetime,
    zone: ZoneInfo,
    history: Sequence[datetime] = (),
    heard_at: datetime | None = None,
) -> Verdict:
    """`history`: when earlier messages of this purpose left for this person.

    `heard_at`: when they last wrote to us.
    """
    rule = policy.rules.get(purpose)
    if rule is None or _allows(policy, rule, now, zone, history):
        return SendNow()
    if _is_awake(rule, now, heard_at) and _below_caps(rule, now, zone, history):
        return SendNow()
    today = now.astimezone(zone).date()
    for ahead in range(_HORIZON_DAYS):
        opening = _opening(today + timedelta(days=ahead), rule, zone)
        if opening > now and _allows(policy, rule, opening, zone, history):
            return HoldUntil(opening)
    return Suppress("no_contact_window")


@cache
def for_country(country: str) -> ContactPolicy:
    """The product's default, narrowed by the pack of `country` where there is one."""
    default = load(FOLDER / "default.yaml")
    path = FOLDER / f"{country.upper()}.yaml"
    narrower = load(path).rules if path.exists() else {}
    rules = {
        purpose: rule.narrowed(narrower[purpose]) if purpose in narrower else rule
        for purpose, rule in default.rules.items()
    }
    known = country.upper() in holidays.list_supported_countries()
    return replace(default, country=country.upper() if known else None, rules=rules)


def load(path: Path) -> ContactPolicy:
    pack = yaml.safe_load(path.read_text(encoding="utf-8"))
    rules = {Purpose(name): _rule(values) for name, values in pack["rules"].items()}
    if Purpose.CRITICAL in rules:
        raise ValueError(f"{path.name}: critical messages know no hours")
    return ContactPolicy(country=pack.get("country"), rules=rules)


def _rule(values: dict[str, Any]) -> Rule:
    if unknown := values.keys() - {
        "from", "until", "weekdays", "public_holidays", "per_day", "per_7_days", "awake_minutes",
    }:  # fmt: skip
        raise ValueError(f"unknown rule: {', '.join(sorted(unknown))}")
    days = values.get("weekdays", _DAYS)
    return Rule(
        opens=time.fromisoformat(values.get("from", "00:00")),
        closes=time.fromisoformat(values["until"]) if "until" in values else None,
        weekdays=frozenset(_DAYS.index(day) for day in days),
        holidays_too=values.get("public_holidays", True),
        per_day=values.get("per_day"),
        per_7_days=values.get("per_7_days"),
        awake_for=(
            timedelta(minutes=values["awake_minutes"]) if "awake_minutes" in values else None
        ),
    )


def _is_awake(rule: Rule, now: datetime, heard_at: datetime | None) -> bool:
    return (
        rule.awake_for is not None
        and heard_at is not None
        and timedelta() <= now - heard_at < rule.awake_for
    )


def _allows(
    policy: ContactPolicy, rule: Rule, at: datetime, zone: ZoneInfo, history: Sequence[datetime]
) -> bool:
    local = at.astimezone(zone)
    clock = local.time()
    if clock < rule.opens or (rule.closes is not None and clock >= rule.closes):
        return False
    if local.weekday() not in rule.weekdays:
        return False
    if not rule.holidays_too and is_holiday(policy.country, local.date()):
        return False
    return _below_caps(rule, at, zone, history)


def _below_caps(rule: Rule, at: datetime, zone: ZoneInfo, history: Sequence[datetime]) -> bool:
    day = at.astimezone(zone).date()
    days = [past.astimezone(zone).date() for past in history]
    week = sum(day - timedelta(days=7) < past <= day for past in days)
    today = sum(past == day for past in days)
    if rule.per_day is not None and today >= rule.per_day:
        return False
    return rule.per_7_days is None or week < rule.per_7_days


def _opening(day: date, rule: Rule, zone: ZoneInfo) -> datetime:
    # An opening inside a spring gap becomes the same distance after it, still that day.
    return datetime.combine(day, rule.opens, tzinfo=zone).astimezone(UTC)


def is_holiday(country: str | None, day: date) -> bool:
    return country is not None and day in _holidays(country, day.year)


@cache
def _holidays(country: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, years=year))


def _least(first: Any, second: Any) -> Any:
    return min((value for value in (first, second) if value is not None), default=None)
