"""What recorded events become, by examples that can be checked by hand."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scoring import behaviour
from scoring.behaviour import Event, EventKind
from scoring.snapshot import Behaviour

START = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)  # 21:00 in Nairobi


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def asked(field: str, second: float) -> Event:
    return Event(EventKind.SHOWN, field, at(second))


def answered(field: str, second: float, length: int | None = 4) -> Event:
    return Event(EventKind.ANSWERED, field, at(second), length=length)


class TestMeasure:
    def test_tells_a_whole_conversation(self) -> None:
        events = [
            asked("name", 0),
            answered("name", 10, length=14),
            asked("amount", 10),
            answered("amount", 16),
            asked("income", 16),
            answered("income", 46),
            Event(EventKind.EDITED, "income", at(60)),
            Event(EventKind.BACK, "amount", at(70)),
            Event(EventKind.CHANGED, "amount", at(80)),
            Event(EventKind.RESUMED, "employer", at(80 + 3_600)),
            asked("employer", 80 + 3_600),
            answered("employer", 80 + 3_602, length=40),
        ]

        assert behaviour.measure(events, "Africa/Nairobi") == Behaviour(
            answers=4,
            median_answer_seconds=8.0,
            fastest_answer_seconds=2.0,
            edits=1,
            reversals=2,
            pasted_answers=1,
            night_share=0.0,
            resumed_sessions=1,
            income_hesitation=5.0,
            total_minutes=1.3667,
        )

    def test_knows_nothing_without_answers(self) -> None:
        assert behaviour.measure([], "Africa/Nairobi") == Behaviour()
        assert behaviour.measure([asked("name", 0)], "Africa/Nairobi") == Behaviour()

    def test_counts_night_in_the_borrowers_own_zone(self) -> None:
        events = [answered("name", 0), answered("amount", 4 * 3_600)]  # 21:00 and 01:00

        assert behaviour.measure(events, "Africa/Nairobi").night_share == 0.5
        assert behaviour.measure(events, "America/Mexico_City").night_share == 0.0

    def test_believes_the_recorders_seconds(self) -> None:
        event = Event(EventKind.ANSWERED, "name", at(100), length=4, seconds=3.5)

        measured = behaviour.measure([asked("name", 0), event], "UTC")

        assert measured.median_answer_seconds == 3.5

    def test_does_not_take_a_button_for_a_paste(self) -> None:
        button = Event(EventKind.ANSWERED, "purpose", at(0), length=None, seconds=0.4)

        assert behaviour.measure([button], "UTC").pasted_answers == 0

    def test_leaves_seconds_unknown_when_nothing_was_shown(self) -> None:
        measured = behaviour.measure([answered("name", 5)], "UTC")

        assert measured.answers == 1
        assert measured.median_answer_seconds is None
        assert measured.income_hesitation is None

    @given(st.permutations(range(6)))
    def test_does_not_depend_on_the_order_events_arrive_in(self, order: list[int]) -> None:
        events = [
            asked("name", 0),
            answered("name", 7),
            asked("income", 9),
            answered("income", 21),
            Event(EventKind.EDITED, "name", at(30)),
            Event(EventKind.RESUMED, "name", at(40)),
        ]

        shuffled = [events[n] for n in order]

        assert behaviour.measure(shuffled, "UTC") == behaviour.measure(events, "UTC")


class TestExplain:
    def test_names_every_known_feature_with_its_meaning(self) -> None:
        known = behaviour.measure([asked("name", 0), answered("name", 7)], "UTC")

        lines = behaviour.explain(known)

        assert ("fastest_answer_seconds", 7.0) in [(line.name, line.value) for line in lines]
        assert all(len(line.meaning) > 20 for line in lines)
        assert "income_hesitation" not in [line.name for line in lines]

    def test_has_a_meaning_for_every_feature(self) -> None:
        full = Behaviour(*[1] * len(Behaviour.__slots__))

        assert [line.name for line in behaviour.explain(full)] == list(Behaviour.__slots__)
