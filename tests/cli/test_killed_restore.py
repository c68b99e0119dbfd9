"""A restore that is killed again and again: its place is empty, begun or done, and never half."""

import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import create_engine, inspect

from kit import jobs, restoring
from tests.cli.places import Place, done, starts, statuses

STEP_SECONDS = 0.6
"""Each round lives that much longer than the one before it."""
COMMAND = (sys.executable, "-m", "cli.main", "restore")


def state(place: Place) -> str:
    """Looked at from outside, as nothing may be written there."""
    if place.fresh.startswith("sqlite"):
        path = Path(place.fresh.partition(":///")[2])
        if path.exists():
            return "begun" if restoring.is_marked(place.fresh) else "done"
        return "begun" if path.with_name(f"{path.name}.part").exists() else "empty"
    if restoring.is_marked(place.fresh):
        return "begun"
    engine = create_engine(jobs.sync_url(place.fresh))
    try:
        return "done" if inspect(engine).has_table("payouts") else "empty"
    finally:
        engine.dispose()


def test_goes_on_when_it_is_said_again(lent: Place) -> None:
    checkpoint = lent.folder / "checkpoint.txt"
    checkpoint.write_text(done("ledger", "checkpoint").output)
    done("backup", lent.file)
    lent.moves()

    deaths = 0
    while state(lent) != "done":
        with subprocess.Popen([*COMMAND, lent.file]) as restore:
            while restore.poll() is None and state(lent) == "empty":
                time.sleep(0.01)
            try:
                assert restore.wait(deaths * STEP_SECONDS) == 0
            except subprocess.TimeoutExpired:
                restore.kill()
                deaths += 1
        if state(lent) == "begun" and "postgresql" in lent.fresh:
            assert starts(lent) == "was not restored to its end"

    assert deaths > 1
    assert starts(lent) == "starts"
    done("ledger", "verify", "--checkpoint", checkpoint)
    assert statuses(lent.fresh) == ["settled", "settled", "submitting"]
