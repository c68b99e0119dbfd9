"""Contact hours hold in every time zone, over clock changes, holidays and caps."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications import policy
from notifications.policy import ContactPolicy, HoldUntil, Rule, SendNow, Suppress
from notifications.states import Purpose

KENYA = policy.for_country("KE")
NAIROBI = ZoneInfo("Africa/Nairobi")
NEW_YORK = ZoneInfo("America/New_York")
ZONES = sorted(available_timezones() - {"localtime"})


def at(zone: ZoneInfo, *moment: int, fold: int = 0) -> datetime:
    year, month, day, hour, minute, second = (*moment, 0, 0, 0)[:6]
    local_time = datetime(year, month, day, hour, minute, second, tzinfo=zone, fold=fold)
    return local_time.astimezone(UTC)


def local(verdict: policy.Verdict, zone: ZoneInfo) -> str:
    assert isinstance(verdict, HoldUntil)
    return verdict.instant.astimezone(zone).strftime("%a %d %b %H:%M")


class TestHours:
    @pytest.mark.parametrize(
        ("purpose", "clock", "goes"),
        [
            (Purpose.REMINDER, (7, 59, 59), False),
            (Purpose.REMINDER, (8, 0, 0), True),
            (Purpose.REMINDER, (18, 59, 59), True),
            (Purpose.REMINDER, (19, 0, 0), False),
            (Purpose.COLLECTION, (19, 0, 0), False),
            (Purpose.SERVICE, (6, 59, 59), False),
            (Purpose.SERVICE, (20, 59, 59), True),
            (Purpose.SERVICE, (21, 0, 0), False),
            (Purpose.CRITICAL, (3, 0, 0), True),
        ],
    )
    def test_are_half_open(self, purpose: Purpose, clock: tuple[int, int, int], goes: bool) -> None:
        verdict = policy.decide(KENYA, purpose, at(NAIROBI, 2026, 11, 20, *clock), NAIROBI)

        assert isinstance(verdict, SendNow) is goes

    @pytest.mark.parametrize(
        ("purpose", "minutes_ago", "goes"),
        [
            (Purpose.SERVICE, 0, True),
            (Purpose.SERVICE, 14, True),
            (Purpose.SERVICE, 15, False),
            (Purpose.SERVICE, -1, False),
            (Purpose.REMINDER, 1, False),
            (Purpose.COLLECTION, 1, False),
        ],
    )
    def test_do_not_keep_an_answer_from_whoever_is_awake(
        self, purpose: Purpose, minutes_ago: int, goes: bool
    ) -> None:
        night = at(NAIROBI, 2026, 11, 20, 23, 15)
        heard_at = night - timedelta(minutes=minutes_ago)

        verdict = policy.decide(KENYA, purpose, night, NAIROBI, heard_at=heard_at)

        assert isinstance(verdict, SendNow) is goes

    def test_an_evening_is_held_until_the_next_morning(self) -> None:
        friday_night = at(NAIROBI, 2026, 11, 20, 22, 15)

        assert local(policy.decide(KENYA, Purpose.REMINDER, friday_night, NAIROBI), NAIROBI) == (
            "Sat 21 Nov 08:00"
        )

    def test_a_sunday_is_held_until_monday(self) -> None:
        sunday = at(NAIROBI, 2026, 11, 22, 10)

        held = policy.decide(KENYA, Purpose.COLLECTION, sunday, NAIROBI)

        assert local(held, NAIROBI) == "Mon 23 Nov 08:00"
        assert policy.decide(KENYA, Purpose.SERVICE, sunday, NAIROBI) == SendNow()

    def test_public_holidays_are_skipped(self) -> None:
        christmas = at(NAIROBI, 2026, 12, 25, 10)  # A Friday; the 26th is Boxing Day.

        held = policy.decide(KENYA, Purpose.REMINDER, christmas, NAIROBI)

        assert local(held, NAIROBI) == "Mon 28 Dec 08:00"

    def test_are_the_borrowers_not_the_lenders(self) -> None:
        noon_in_nairobi = at(NAIROBI, 2026, 11, 20, 12)  # 04:00 in New York.

        held = policy.decide(KENYA, Purpose.REMINDER, noon_in_nairobi, NEW_YORK)

        assert local(held, NEW_YORK) == "Fri 20 Nov 08:00"


class TestClockChanges:
    def test_the_morning_after_spring_comes_an_hour_sooner(self) -> None:
        night = at(NEW_YORK, 2026, 3, 7, 20)
        held = policy.decide(policy.for_country("KE"), Purpose.SERVICE, night, NEW_YORK)
        assert isinstance(held, SendNow)

        late = at(NEW_YORK, 2026, 3, 7, 21)
        held = policy.decide(KENYA, Purpose.SERVICE, late, NEW_YORK)

        assert isinstance(held, HoldUntil)
        assert held.instant - late == timedelta(hours=9)  # Not 10: 02:00 became 03:00.
        assert local(held, NEW_YORK) == "Sun 08 Mar 07:00"

    def test_an_opening_that_does_not_exist_moves_behind_the_gap(self) -> None:
        night_shift = ContactPolicy(None, {Purpose.SERVICE: Rule(opens=time(2, 30))})
        before = at(NEW_YORK, 2026, 3, 8, 1)

        held = policy.decide(night_shift, Purpose.SERVICE, before, NEW_YORK)

        assert local(held, NEW_YORK) == "Sun 08 Mar 03:30"

    def test_an_hour_that_comes_twice_is_open_twice(self) -> None:
        early = ContactPolicy(None, {Purpose.SERVICE: Rule(opens=time(1, 0), closes=time(2, 0))})
        for fold in (0, 1):
            moment = at(NEW_YORK, 2026, 11, 1, 1, 30, fold=fold)
            assert policy.decide(early, Purpose.SERVICE, moment, NEW_YORK) == SendNow()

    def test_a_day_that_never_was_is_no_day_to_write(self) -> None:
        apia = ZoneInfo("Pacific/Apia")  # It went from Thursday the 29th to Saturday the 31st.
        night = at(apia, 2011, 12, 29, 23)

        held = policy.decide(KENYA, Purpose.REMINDER, night, apia)

        assert local(held, apia) == "Sat 31 Dec 08:00"


class TestCaps:
    def history(self, *days: int) -> list[datetime]:
        return [at(NAIROBI, 2026, 11, day, 9) for day in days]

    def test_one_a_day(self) -> None:
        later_that_day = at(NAIROBI, 2026, 11, 18, 15)

        held = policy.decide(KENYA, Purpose.COLLECTION, later_that_day, NAIROBI, self.history(18))

        assert local(held, NAIROBI) == "Thu 19 Nov 08:00"

    def test_three_in_seven_days(self) -> None:
        friday = at(NAIROBI, 2026, 11, 20, 10)

        held = policy.decide(KENYA, Purpose.COLLECTION, friday, NAIROBI, self.history(16, 17, 18))

        assert local(held, NAIROBI) == "Mon 23 Nov 08:00"
        assert (
            policy.decide(KENYA, Purpose.COLLECTION, friday, NAIROBI, self.history(13, 17, 18))
            == SendNow()
        )

    def test_do_not_count_for_reminders(self) -> None:
        friday = at(NAIROBI, 2026, 11, 20, 10)

        assert (
            policy.decide(KENYA, Purpose.REMINDER, friday, NAIROBI, self.history(18, 19, 20))
            == SendNow()
        )

    def test_a_rule_that_never_opens_suppresses(self) -> None:
        never = ContactPolicy(None, {Purpose.SERVICE: Rule(weekdays=frozenset())})

        assert policy.decide(
            never, Purpose.SERVICE, at(NAIROBI, 2026, 11, 20, 10), NAIROBI
        ) == Suppress("no_contact_window")


class TestPacks:
    @pytest.mark.parametrize(
        "country", [path.stem for path in policy.FOLDER.glob("[A-Z][A-Z].yaml")]
    )
    def test_only_narrow_the_default(self, country: str) -> None:
        default = policy.load(policy.FOLDER / "default.yaml").rules
        pack = policy.for_country(country)

        assert pack.country == country
        for purpose, rule in pack.rules.items():
            widest = default[purpose]
            assert rule.opens >= widest.opens
            assert rule.closes is not None
            assert widest.closes is not None
            assert rule.closes <= widest.closes
            assert rule.weekdays <= widest.weekdays
            assert rule.holidays_too <= widest.holidays_too
            assert (rule.per_day or 0) <= (widest.per_day or 0)
        assert Purpose.CRITICAL not in pack.rules

    def test_name_their_sources(self) -> None:
        for path in policy.FOLDER.glob("[A-Z][A-Z].yaml"):
            assert "ource" in path.read_text() or "(" in path.read_text(), path

    def test_mexico_is_weekdays_only(self) -> None:
        zone = ZoneInfo("America/Mexico_City")
        saturday = at(zone, 2026, 11, 21, 10)

        held = policy.decide(policy.for_country("MX"), Purpose.REMINDER, saturday, zone)

        assert local(held, zone) == "Mon 23 Nov 08:00"

    def test_an_unknown_country_has_the_default_without_holidays(self) -> None:
        assert policy.for_country("XX") == policy.load(policy.FOLDER / "default.yaml")

    @pytest.mark.parametrize(
        "text", ["rules: {critical: {from: '08:00'}}", "rules: {service: {form: '08:00'}}"]
    )
    def test_refuse_what_they_do_not_know(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "bad.yaml").write_text(text)

        with pytest.raises(ValueError, match=r"critical|unknown"):
            policy.load(tmp_path / "bad.yaml")


def is_allowed(moment: datetime, zone: ZoneInfo) -> bool:
    """The product's default once more, in plain words."""
    wall = moment.astimezone(zone)
    return 8 <= wall.hour < 19 and wall.weekday() != 6


def quarters(start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += timedelta(minutes=15)


@settings(max_examples=400, deadline=None)
@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    naive=st.datetimes(datetime(1995, 1, 1), datetime(2037, 12, 1)),  # noqa: DTZ001
)
def test_no_zone_and_no_clock_change_lets_a_reminder_out_of_hours(
    zone: ZoneInfo, naive: datetime
) -> None:
    now = naive.replace(tzinfo=UTC)
    rules = policy.load(policy.FOLDER / "default.yaml")

    verdict = policy.decide(rules, Purpose.REMINDER, now, zone)

    if isinstance(verdict, SendNow):
        assert is_allowed(now, zone)
        return
    assert isinstance(verdict, HoldUntil)
    assert now < verdict.instant < now + timedelta(days=3)
    assert is_allowed(verdict.instant, zone)
    assert policy.decide(rules, Purpose.REMINDER, verdict.instant, zone) == SendNow()
    assert not any(is_allowed(moment, zone) for moment in quarters(now, verdict.instant))


@pytest.mark.parametrize("month", [3, 4, 9, 10, 11])
def test_every_zone_around_its_clock_changes(month: int) -> None:
    rules = policy.load(policy.FOLDER / "default.yaml")
    for name in ZONES:
        zone = ZoneInfo(name)
        for hours in range(0, 28 * 24, 5):
            now = datetime(2026, month, 1, tzinfo=UTC) + timedelta(hours=hours)
            verdict = policy.decide(rules, Purpose.REMINDER, now, zone)
            goes = verdict.instant if isinstance(verdict, HoldUntil) else now
            assert is_allowed(goes, zone), (name, now)
