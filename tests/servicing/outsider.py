"""Somebody who does not trust us: runs the stand-alone program, away from everything of ours."""

import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

PROGRAM = Path(__file__).resolve().parents[2] / "deploy" / "verify_ledger.py"


def checks(*arguments: str | Path) -> tuple[int, str]:
    """Exit code and what it says. Isolated: neither our modules nor our packages are found."""
    ran = subprocess.run(
        [sys.executable, "-I", "-S", PROGRAM, *arguments],
        capture_output=True, text=True, check=False, cwd="/",
    )  # fmt: skip
    return ran.returncode, (ran.stdout + ran.stderr).strip()


def program() -> Any:
    """Its functions."""
    return SimpleNamespace(**runpy.run_path(str(PROGRAM)))
