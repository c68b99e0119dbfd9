"""The dates that are still to be paid, for the calendar of a phone (RFC 5545).

An event keeps its name, so that a newer file replaces the dates of an older one.
"""

from datetime import datetime, timedelta

from icalendar import TRANSP, Alarm, Calendar, Event

from kit.money import Money
from servicing.papers.plan import Plan, PlanRow
from servicing.papers.words import Words

_REMIND = timedelta(hours=-15)
"""Nine in the morning of the day before."""


def calendar(plan: Plan, locale: str, *, issuer: str, now: datetime) -> bytes:
    words = Words(locale)
    name = words("calendar-name", reference=plan.reference)
    found = Calendar.new(
        name=name,
        language=words.locale,
        organization=issuer,
        last_modified=now,
        uid=f"{plan.reference}@kopa",
    )
    for row in plan.open_rows:
        found.add_component(_event(plan, row, words, now))
    content: bytes = found.to_ical()
    return content


def _event(plan: Plan, row: PlanRow, words: Words, now: datetime) -> Event:
    amount = words.money(Money(row.unpaid, plan.currency))
    event = Event.new(
        uid=f"{plan.reference}-{row.n}@kopa",
        stamp=now,
        start=row.due_on,
        end=row.due_on + timedelta(days=1),
        summary=words("calendar-event", amount=amount, reference=plan.reference),
        description=words("calendar-note", n=row.n, reference=plan.reference),
        transparency=TRANSP.TRANSPARENT,
    )
    alarm = Alarm.new(description=words("calendar-alarm", amount=amount))
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", _REMIND)
    event.add_component(alarm)
    return event
