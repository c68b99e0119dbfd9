"""A snapshot survives storage exactly, and nothing unknown gets in."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring import snapshot
from scoring.snapshot import (
    Application,
    Behaviour,
    Employment,
    EmploymentType,
    FaceVerdict,
    History,
    Identity,
    Residence,
    Snapshot,
    SnapshotUnreadable,
    TermOption,
)
from scoring.surroundings import Surroundings
from tests.scoring import cases

counts = st.none() | st.integers(0, 10**15)
numbers = st.none() | st.floats(0, 1e9, allow_nan=False)

applications = st.builds(
    Application,
    product=st.text(max_size=20),
    amount_minor=st.integers(1, 10**15),
    currency=st.sampled_from(["USD", "KES", "JPY"]),
    term_days=st.integers(1, 4_000),
    installments=st.integers(1, 400),
    installment_minor=counts,
    purpose=st.none() | st.text(max_size=20),
    monthly_income_minor=counts,
    side_income_minor=counts,
    monthly_obligations_minor=counts,
    employment=st.none() | st.sampled_from(Employment),
    employment_type=st.none() | st.sampled_from(EmploymentType),
    residence=st.none() | st.sampled_from(Residence),
    age_years=counts,
    dependents=counts,
    existing_loans=counts,
    min_amount_minor=counts,
    max_amount_minor=counts,
    amount_step_minor=counts,
    options=st.lists(st.builds(TermOption), max_size=2).map(tuple),
)
snapshots = st.builds(
    Snapshot,
    as_of=st.datetimes(timezones=st.just(UTC)),
    application=applications,
    history=st.builds(History, loans_repaid=counts, worst_dpd=counts, months_since_first=counts),
    behaviour=st.builds(
        Behaviour,
        answers=counts,
        median_answer_seconds=numbers,
        night_share=numbers,
        income_hesitation=numbers,
        edits=counts,
    ),
    identity=st.builds(
        Identity, face_distance=numbers, face_verdict=st.none() | st.sampled_from(FaceVerdict)
    ),
    signals=st.frozensets(st.text(max_size=10), max_size=4),
    surroundings=st.builds(
        Surroundings, region_risk=numbers, tables=st.dictionaries(st.text(max_size=5), st.just(""))
    ),
    version=st.just(snapshot.VERSION),
)


class TestJson:
    # The first text that is drawn takes a busy machine some seconds.
    @settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(snapshots)
    def test_reads_back_what_was_written(self, written: Snapshot) -> None:
        text = json.dumps(written.to_json())

        assert snapshot.from_json(json.loads(text)) == written

    def test_is_the_same_text_for_the_same_snapshot(self) -> None:
        one = replace(cases.AMINA, signals=frozenset(["b", "a", "c"]))
        two = replace(cases.AMINA, signals=frozenset(["c", "b", "a"]))

        assert json.dumps(one.to_json()) == json.dumps(two.to_json())

    def test_keeps_missing_apart_from_zero(self) -> None:
        unknown = cases.asking(monthly_obligations_minor=None)
        read = snapshot.from_json(unknown.to_json())

        assert read.application.monthly_obligations_minor is None
        assert read != cases.asking(monthly_obligations_minor=0)

    def test_reads_enums_as_enums(self) -> None:
        read = snapshot.from_json(json.loads(json.dumps(cases.AMINA.to_json())))

        assert read.application.employment is Employment.FROM_1_TO_4_YEARS
        assert read.identity.face_verdict is FaceVerdict.YES

    @pytest.mark.parametrize(
        ("place", "value"),
        [
            (["version"], 2),
            (["version"], None),
            (["favourite_color"], "red"),
            (["application", "favourite_color"], "red"),
            (["application", "amount_minor"], "100"),
            (["application", "amount_minor"], 100.5),
            (["application", "amount_minor"], -5),
            (["application", "employment"], "forever"),
            (["as_of"], "2026-11-20T07:00:00"),
            (["as_of"], "yesterday"),
            (["behaviour", "night_share"], float("nan")),
        ],
    )
    def test_refuses_what_it_does_not_know(self, place: list[str], value: Any) -> None:
        document = cases.AMINA.to_json()
        inner = document
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = value

        with pytest.raises(SnapshotUnreadable):
            snapshot.from_json(document)


class TestSnapshot:
    def test_needs_a_utc_instant(self) -> None:
        nairobi = datetime(2026, 11, 20, tzinfo=timezone(timedelta(hours=3)))

        with pytest.raises(ValueError, match="UTC"):
            replace(cases.AMINA, as_of=nairobi)
        with pytest.raises(ValueError, match="UTC"):
            replace(cases.AMINA, as_of=nairobi.replace(tzinfo=None))

    @pytest.mark.parametrize("field", ["amount_minor", "term_days", "installments"])
    def test_needs_a_real_request(self, field: str) -> None:
        with pytest.raises(ValueError, match=r"at least one|positive"):
            cases.asking(**{field: 0})
