"""Finds every table of every room, so that migrations and models can be compared."""

import importlib
import pkgutil
from pathlib import Path

ROOMS = ("kit", "notifications", "servicing", "scoring", "kyc", "onboarding", "bot", "api")
_DECLARING = frozenset({"models", "contacts"})


def load_models() -> None:
    """Import every module that may declare a table."""
    root = Path(__file__).resolve().parent.parent
    for room in ROOMS:
        for module in pkgutil.walk_packages([str(root / room)], prefix=f"{room}."):
            if room == "kit" or module.name.rpartition(".")[2] in _DECLARING:
                importlib.import_module(module.name)
