"""SIGKILL at any moment, again and again: what was acknowledged is there, and once.

A few rounds here; as many as one likes with
`KILL_ROUNDS=500 pytest -n 0 -s tests/fleet/test_killed.py`.
"""

import json
import os
import random
import sys
from pathlib import Path

import pytest

from tests.fleet import storm
from tests.fleet.acts import ACTS

ROUNDS = int(os.environ.get("KILL_ROUNDS", "3"))
CALM_EVERY = 25
MANY = 100
"""So many rounds strike every act."""
SEED = int(os.environ.get("KILL_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)

pytestmark = pytest.mark.xdist_group("fleet")


def test_no_acknowledged_write_is_lost_and_none_is_doubled(
    database_url: str, tmp_path: Path
) -> None:
    tell(f"{ROUNDS} rounds with KILL_SEED={SEED}")
    with storm.brewing(tmp_path, database_url, SEED) as weather:
        weather.begins()
        for number in range(1, ROUNDS + 1):
            weather.round()
            if number % CALM_EVERY == 0:
                weather.calms_down()
                weather.moved_once()
                tell(f"{number}: {weather.report()}")
        weather.calms_down()

        assert ROUNDS < MANY or weather.struck.keys() >= set(ACTS)
        weather.moved_once()
        verified = weather.site.kopa("ledger", "verify", "--json")
        assert verified.returncode == 0, verified.stdout + verified.stderr
        assert json.loads(verified.stdout)["violations"] == []
        tell(weather.report())


def tell(words: str) -> None:
    sys.stdout.write(f"\n{words}\n")
    sys.stdout.flush()
