"""Classes of loans and what is provided for them: tables, cure, and the policies in the box."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from servicing import classification, late_policy, provisioning
from servicing.classification import Class, Classification, Cure, Kept
from servicing.delinquency import DpdRule, Pause
from servicing.fields import InvalidTerms

POLICIES = sorted(late_policy.FOLDER.glob("*.yaml"))
FIVE = Classification(
    {
        Class.NORMAL: 0,
        Class.SPECIAL_MENTION: 1,
        Class.SUBSTANDARD: 91,
        Class.DOUBTFUL: 181,
        Class.LOSS: 361,
    },
    Cure(installments=2, days=60),
)
FIRST = date(2026, 1, 10)


def months(*late: int | None) -> list[Kept]:
    """Installments 30 days apart, paid so many days late; None: not paid."""
    kept = []
    for n, days in enumerate(late):
        due = FIRST + timedelta(days=30 * n)
        kept.append(Kept(due, None if days is None else due + timedelta(days=days)))
    return kept


def day(n: int) -> date:
    return FIRST + timedelta(days=n)


class TestTable:
    @pytest.mark.parametrize(
        ("days", "expected"),
        [
            (0, Class.NORMAL),
            (1, Class.SPECIAL_MENTION),
            (90, Class.SPECIAL_MENTION),
            (91, Class.SUBSTANDARD),
            (181, Class.DOUBTFUL),
            (361, Class.LOSS),
            (9_999, Class.LOSS),
        ],
    )
    def test_by_days(self, days: int, expected: Class) -> None:
        assert FIVE.of_days(days) is expected


class TestCure:
    def test_light_arrears_are_forgotten_at_once(self) -> None:
        assert classification.classify(FIVE, 0, months(40, 0), day(45)) is Class.NORMAL

    @pytest.mark.parametrize(
        ("history", "on", "expected"),
        [
            # 100 days late, paid on day 100: held until two installments and 60 days later.
            (months(100, 70, 40, 10), 110, Class.SUBSTANDARD),
            (months(100, 70, 40, 10, 0), 125, Class.SUBSTANDARD),
            (months(100, 70, 40, 10, 0, 0), 155, Class.SUBSTANDARD),
            (months(100, 70, 40, 10, 0, 0), 160, Class.NORMAL),
            # Late again in between: the clock starts anew.
            (months(100, 70, 40, 10, 0, 5, 0), 195, Class.SUBSTANDARD),
            (months(100, 70, 40, 10, 0, 5, 0, 0), 216, Class.NORMAL),
            # As bad as it ever was.
            (months(200, 170, 140, 110, 80, 50, 20), 201, Class.DOUBTFUL),
        ],
    )
    def test_bad_ones_have_to_prove_themselves(
        self, history: list[Kept], on: int, expected: Class
    ) -> None:
        assert classification.held(FIVE, history, day(on)) is expected

    def test_what_is_overdue_keeps_it_from_curing(self) -> None:
        history = months(100, 70, 40, 10, 0, None)
        assert classification.classify(FIVE, 10, history, day(160)) is Class.SUBSTANDARD

    def test_today_counts_when_it_is_worse(self) -> None:
        assert classification.classify(FIVE, 200, months(None), day(200)) is Class.DOUBTFUL

    def test_days_that_did_not_count_are_not_held_against_it(self) -> None:
        paused = DpdRule(pauses=(Pause(day(0), day(100)),))
        assert classification.held(FIVE, months(100), day(101), paused) is Class.NORMAL
        assert classification.held(FIVE, months(100), day(101)) is Class.SUBSTANDARD

    @settings(deadline=None)
    @given(st.lists(st.one_of(st.none(), st.integers(0, 400)), max_size=8), st.integers(0, 800))
    def test_a_worse_day_is_never_a_better_class(
        self, late: list[int | None], days_past_due: int
    ) -> None:
        history, on = months(*late), day(500)
        today = classification.classify(FIVE, days_past_due, history, on)
        later = classification.classify(FIVE, days_past_due + 1, history, on)
        assert today <= later


class TestPolicies:
    @pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
    def test_every_policy_in_the_box_reads_and_names_its_sources(self, path: Any) -> None:
        policy = late_policy.load(path)
        assert policy.name == path.stem
        assert len(policy.sources) >= 2
        assert sum(each.weight for each in policy.losses.scenarios) == 1

    @pytest.mark.parametrize(
        ("name", "days", "expected"),
        [
            ("cn", 90, "2.00"),
            ("cn", 91, "25.00"),
            ("cn", 271, "50.00"),
            ("cn", 361, "100.00"),
            ("in", 60, "0.40"),
            ("in", 91, "10.00"),
            ("in", 456, "100.00"),
            ("ng", 0, "1.00"),
            ("ng", 1, "5.00"),
            ("ng", 31, "20.00"),
            ("ng", 61, "50.00"),
            ("ng", 91, "100.00"),
        ],
    )
    def test_what_supervisors_ask_of_a_hundred(self, name: str, days: int, expected: str) -> None:
        policy = late_policy.load(late_policy.FOLDER / f"{name}.yaml")
        found = policy.classes.of_days(days)
        minor = provisioning.provision(policy.provision_rates, found, 10_000)
        assert f"{minor / 100:.2f}" == expected

    def test_an_unknown_country_has_the_default(self) -> None:
        assert late_policy.of_country("CN").stem == "cn"
        assert late_policy.of_country("XX").stem == "default"

    @settings(deadline=None)
    @given(st.integers(0, 500), st.integers(0, 10**9))
    def test_more_days_never_need_less(self, days: int, balance: int) -> None:
        for path in POLICIES:
            policy = _LOADED[path.stem]
            today, later = (
                provisioning.provision(
                    policy.provision_rates, policy.classes.of_days(each), balance
                )
                for each in (days, days + 1)
            )
            assert 0 <= today <= later <= balance

    @pytest.mark.parametrize(
        "change",
        [
            {"classes": {"special_mention": 1, "substandard": 1, "doubtful": 5, "loss": 9}},
            {"provision_percent": {each.key: str(9 - each) for each in Class}},
            {"expected_loss": {"lgd_percent": "101"}},
            {"expected_loss": {"lgd_percent": "45", "scenarios": []}},
            {"cure": {"at_least": "bad"}},
            {"surprise": 1},
        ],
    )
    def test_refuses_what_does_not_hold_together(self, change: dict[str, Any]) -> None:
        good = yaml.safe_load((late_policy.FOLDER / "default.yaml").read_text(encoding="utf-8"))
        with pytest.raises(InvalidTerms):
            late_policy.parse({**good, **change})

    def test_a_provision_is_rounded_up(self) -> None:
        assert provisioning.provision({Class.NORMAL: Fraction(1, 100)}, Class.NORMAL, 101) == 2


_LOADED = {path.stem: late_policy.load(path) for path in POLICIES}
