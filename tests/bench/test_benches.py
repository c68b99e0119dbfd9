"""Every benchmark runs and says what it compared. Nothing here judges speed."""

import json

import pytest
from click.testing import CliRunner

from bench import suite
from bench.report import Goal, Line
from cli.main import kopa
from tests.conftest import SHARED

NAMES = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            name in ("face", "kyc") and not (SHARED / "data" / "faces").is_dir(),
            reason="no photographs",
        ),
    )
    for name in suite.BENCHES
]


@pytest.mark.parametrize("name", NAMES)
def test_a_tiny_run_prints_both_sides_and_the_goal(name: str) -> None:
    ran = CliRunner().invoke(kopa, ["bench", name, "--tiny", "--json"])
    [report] = json.loads(ran.stdout)
    assert report["name"] == name
    assert report["machine"]["cores"] >= 1
    assert any(line["goal"] for line in report["lines"])
    compared = [line for line in report["lines"] if line["theirs"] is not None]
    assert compared or name == "replay"  # no peer replays a loan inside one process
    for line in compared:
        if line["theirs"] == 0:
            assert line["ratio"] is None
            continue
        assert line["ratio"] == pytest.approx(line["ours"] / line["theirs"], rel=1e-2)
    assert ran.exit_code == (0 if report["met"] else 1)


def test_a_peer_that_reads_nothing_has_no_ratio() -> None:
    line = Line("passports", "read of 3", 2, 0, "another reader", Goal("at least", 1))
    assert line.ratio is None
    assert line.is_met


def test_the_table_names_the_peer_and_the_machine() -> None:
    ran = CliRunner().invoke(kopa, ["bench", "quotes", "--tiny"])
    assert "numpy_financial" in ran.stdout
    assert "load average" in ran.stdout


def test_an_unknown_name_is_bad_input() -> None:
    ran = CliRunner().invoke(kopa, ["bench", "poetry"])
    assert ran.exit_code == 2
    assert "poetry" in ran.stderr


@pytest.mark.parametrize(
    ("goal", "measured", "is_met"),
    [
        (Goal("at least", 0.25), 0.25, True),
        (Goal("at least", 0.25), 0.24, False),
        (Goal("above", 1.0), 1.0, False),
        (Goal("at most", 1.1), 1.1, True),
        (Goal("under", 30.0), 30.0, False),
    ],
)
def test_goals_know_their_limit(goal: Goal, measured: float, is_met: bool) -> None:
    assert goal.is_met(measured) is is_met


def test_a_goal_with_a_peer_is_about_the_ratio() -> None:
    line = Line("x", "per second", ours=30.0, theirs=100.0, goal=Goal("at least", 0.25))
    assert line.ratio == pytest.approx(0.3)
    assert line.is_met
