"""Finds every table of every room, so that migrations and models can be compared."""

import importlib
from pathlib import Path

ROOMS = ("kit", "notifications", "servicing", "scoring", "kyc", "onboarding", "bot", "api")


def load_models() -> None:
    """Import every module that may declare a table: `models.py`, and all of the tool-box."""
    root = Path(__file__).resolve().parent.parent
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.py" if room == "kit" else "models.py")):
            parts = path.relative_to(root).with_suffix("").parts
            if parts[-1] != "__init__":
                importlib.import_module(".".join(parts))
