"""Whole lenders under every fault: what must hold holds, and a seed is the same world each time."""

import os
import time
from functools import partial
from math import inf
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from cli.main import kopa
from simulation import payouts, run
from simulation.run import Outcome
from tests.postgres import Server

WANTED = os.environ.get("SIMULATION_SEEDS")
SEEDS = int(WANTED or 200)
GROUPS = 20
SECONDS = inf if WANTED else 30
"""So long a group goes on to its next world: on a slow machine not all are lived through."""


def lives(template: Path, seed: int, *, days: int, bug: str | None = None) -> Outcome:
    return run.on_sqlite(partial(run.run, days=days, bug=bug), template, seed)


def databases(server: Server) -> set[str]:
    with psycopg.connect(server.admin) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database")}


@pytest.mark.parametrize("first", range(1, min(GROUPS, SEEDS) + 1))
def test_nothing_breaks_in_ninety_days(sqlite_template: Path, first: int) -> None:
    until = time.monotonic() + SECONDS
    for seed in range(first, SEEDS + 1, GROUPS):
        outcome = lives(sqlite_template, seed, days=90)
        assert outcome.failure is None, f"{outcome.replay}\n{outcome.rule}: {outcome.failure}"
        if time.monotonic() > until:
            break


def test_a_seed_is_the_same_world_each_time(sqlite_template: Path) -> None:
    once, other, again = (lives(sqlite_template, seed, days=15) for seed in (7, 8, 7))

    assert once.digest == again.digest
    assert once.counts == again.counts
    assert once.digest != other.digest


def test_things_do_go_wrong(sqlite_template: Path) -> None:
    outcome = lives(sqlite_template, 5, days=40)

    for what in ("apply", "callback", "pay", "office", "servicing.sweep", "deaths", "transfers"):
        assert outcome.counts[what], what


def test_payouts_arrive_once(sqlite_template: Path) -> None:
    outcome = run.on_sqlite(partial(payouts.run, loans=12), sqlite_template, 3)

    assert outcome.failure is None, outcome.failure
    assert outcome.counts["loans"] == 12
    assert outcome.counts["orders"] >= 12
    assert outcome.counts["paid"] >= 8
    assert [outcome.counts[name] for name in ("paid_twice", "lost", "unexplained")] == [0, 0, 0]


def test_several_worlds_at_a_time_are_those_that_come_one_by_one() -> None:
    live = partial(run.run, days=2)

    one_by_one = {each.seed: each.digest for each in run.many((1, 2), live)}
    at_a_time = {each.seed: each.digest for each in run.many((1, 2), live, jobs=2)}

    assert len(one_by_one) == 2
    assert at_a_time == one_by_one


def test_worlds_on_a_server_leave_nothing_there(postgres: Server) -> None:
    url = postgres.url("postgres")

    (outcome,) = run.many([1], partial(run.run, days=8), server=url)

    assert outcome.failure is None, f"{outcome.replay}\n{outcome.rule}: {outcome.failure}"
    assert outcome.counts["transfers"]
    assert outcome.replay == f"kopa simulate --seed 1 --days 8 --database {url}"
    assert not any(name.startswith("kopa_simulation") for name in databases(postgres))


def test_disbursements_are_summed_up() -> None:
    ran = CliRunner().invoke(kopa, ["simulate", "--seed", "4", "--disbursements", "6"])

    assert ran.exit_code == 0, ran.stdout
    assert "6 loans, " in ran.stdout
    assert "0 paid twice, 0 lost, 0 unexplained" in ran.stdout


def test_a_failing_seed_says_how_to_see_it_again() -> None:
    ran = CliRunner().invoke(
        kopa, ["simulate", "--seed", "1", "--days", "8", "--bug", "told_twice"]
    )

    assert ran.exit_code == 1
    assert "told_once does not hold on day" in ran.stdout
    assert "again: kopa simulate --seed 1 --days 8 --bug told_twice" in ran.stdout


def test_an_unknown_bug_is_bad_input() -> None:
    ran = CliRunner().invoke(kopa, ["simulate", "--bug", "poetry"])

    assert ran.exit_code == 2
    assert "told_twice" in ran.stderr


def test_what_is_no_server_of_postgresql_is_bad_input() -> None:
    ran = CliRunner().invoke(kopa, ["simulate", "--database", "sqlite"])

    assert ran.exit_code == 2
    assert "postgresql+psycopg://" in ran.stderr
