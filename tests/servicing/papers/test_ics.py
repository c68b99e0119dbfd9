"""The calendar: read back with the library of another side's phone in mind."""

from datetime import UTC, date, datetime, timedelta

from icalendar import Calendar, Event

from servicing.papers import ics
from servicing.papers.plan import Plan, PlanRow

NOW = datetime(2027, 1, 2, 8, tzinfo=UTC)
PLAN = Plan(
    "L-7QF2MX",
    "KES",
    date(2027, 1, 2),
    (
        PlanRow(1, date(2026, 12, 20), 450_000, 90_000, 0, 0),
        PlanRow(2, date(2027, 1, 20), 460_000, 80_050, 0, 440_050),
        PlanRow(3, date(2027, 2, 20), 470_000, 70_000, 0, 540_000),
    ),
)


def events(locale: str = "en") -> list[Event]:
    content = ics.calendar(PLAN, locale, issuer="Kopa Lending", now=NOW)
    return list(Calendar.from_ical(content).events)


class TestACalendar:
    def test_has_a_whole_day_for_each_date_that_is_to_be_paid(self) -> None:
        found = events()

        assert [event.start for event in found] == [date(2027, 1, 20), date(2027, 2, 20)]
        assert [event.end - event.start for event in found] == [timedelta(days=1)] * 2

    def test_says_what_is_left_to_pay_in_the_language(self) -> None:
        assert str(events()[0]["summary"]) == "Pay KES 4,400.50 (loan L-7QF2MX)"
        assert str(events("es-MX")[0]["summary"]) == "Pagar KES 4.400,50 (préstamo L-7QF2MX)"

    def test_reminds_in_the_morning_of_the_day_before(self) -> None:
        alarm = events()[0].alarms.times[0]

        assert f"{alarm.trigger:%d %H:%M}" == "19 09:00"

    def test_replaces_the_dates_of_an_older_file(self) -> None:
        assert [str(event["uid"]) for event in events()] == ["L-7QF2MX-2@kopa", "L-7QF2MX-3@kopa"]

    def test_is_the_same_bytes_at_the_same_moment(self) -> None:
        assert len({ics.calendar(PLAN, "en", issuer="K", now=NOW) for _ in range(2)}) == 1
