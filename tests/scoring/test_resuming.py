"""A training that is killed goes on where it stopped, and ends with the same bytes."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scoring.training import resuming
from scoring.training.resuming import Kept

_KILLED = """
import os, signal, sys
from pathlib import Path
from scoring.training import resuming

kept = resuming.beside(Path(sys.argv[1]), "these wishes")
kept.once("first", lambda: [0.1, 1e-300, float("nan")])
kept.once("second", lambda: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_a_killed_run_keeps_what_was_done(tmp_path: Path) -> None:
    out = tmp_path / "model"
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(out)], check=False)
    assert killed.returncode == -signal.SIGKILL

    kept = resuming.beside(out, "these wishes")

    assert kept.found == 1
    first = kept.once("first", lambda: pytest.fail("it was done before"))
    assert first[:2] == [0.1, 1e-300]
    assert first[2] != first[2], "what was missing is missing again"
    assert kept.once("second", lambda: {"text": "now"}) == {"text": "now"}

    kept.forget()
    assert list(tmp_path.iterdir()) == []


class TestKept:
    def test_other_data_or_wishes_start_from_nothing(self, tmp_path: Path) -> None:
        resuming.beside(tmp_path / "model", "a").once("part", lambda: 1)

        other = resuming.beside(tmp_path / "model", "b")

        assert other.found == 0
        assert other.once("part", lambda: 2) == 2
        assert resuming.beside(tmp_path / "model", "a").found == 0

    @pytest.mark.parametrize("left", ["", '{"half', "\0\0"])
    def test_what_was_written_half_is_made_again(self, tmp_path: Path, left: str) -> None:
        kept = Kept(tmp_path / "kept", "key")
        kept.once("part", lambda: {"whole": True})
        (path,) = (tmp_path / "kept").glob("*.json")
        path.write_text(left)

        assert Kept(tmp_path / "kept", "key").once("part", lambda: {"again": 1}) == {"again": 1}
        assert json.loads(path.read_text()) == {"again": 1}

    def test_leaves_nothing_before_there_is_something(self, tmp_path: Path) -> None:
        resuming.beside(tmp_path / "model", "a")

        assert list(tmp_path.iterdir()) == []

    def test_keeps_nothing_where_nobody_asked(self) -> None:
        kept = resuming.nowhere()

        assert kept.once("part", lambda: 1) == 1
        assert kept.once("part", lambda: 2) == 2
