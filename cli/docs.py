"""Writes the generated pages of docs/: `make docs`. A test fails when one is stale."""

from pathlib import Path
from typing import Any

from kit.state import Machine
from kyc.states import VERIFICATION
from notifications.states import NOTIFICATION
from onboarding.states import APPLICATION, CASE, GUARANTEE
from scoring import features
from servicing.states import AMENDMENT, LOAN, PAYMENT_REQUEST, PAYOUT, REFUND

_DOCS = Path(__file__).resolve().parent.parent / "docs"
STATES, FEATURES = _DOCS / "states.md", _DOCS / "features.md"
_MACHINES: tuple[Machine[Any, Any], ...] = (
    APPLICATION,
    VERIFICATION,
    CASE,
    GUARANTEE,
    LOAN,
    AMENDMENT,
    PAYOUT,
    PAYMENT_REQUEST,
    REFUND,
    NOTIFICATION,
)
_INTRODUCTION = """# States

Made by `make docs` from the tables in the code; an event that a table does not have is refused.
Late, restructured or in collections are not states: they follow from the ledger and the schedule.
"""


_FEATURES_INTRODUCTION = """# Features

Made by `make docs` from the code. A feature is worked out from the snapshot alone; a model or a
policy may use it by its name. "More is" says which way risk must go: no model may learn the
opposite from its data. Every value may be missing, and a missing one is never taken for zero.

| feature | what it is | kind | more is | reason it may become |
|---|---|---|---|---|
"""
_WAYS = {1: "riskier", -1: "safer", 0: ""}


def features_page() -> str:
    rows = [
        f"| `{name}` | {' '.join(one.meaning.split())} | {'word' if one.category else 'number'} "
        f"| {_WAYS[one.monotone]} | {f'`{one.reason}`' if one.reason else ''} |\n"
        for name in features.names()
        for one in [features.get(name)]
    ]
    return _FEATURES_INTRODUCTION + "".join(rows)


def states_page() -> str:
    parts = [_section(machine) for machine in _MACHINES]
    return "\n".join([_INTRODUCTION, *parts])


def _section(machine: Machine[Any, Any]) -> str:
    title = machine.name.replace("_", " ").capitalize()
    return f"## {title}\n\n```mermaid\n{machine.mermaid()}\n```\n"


if __name__ == "__main__":
    STATES.write_text(states_page(), encoding="utf-8")
    FEATURES.write_text(features_page(), encoding="utf-8")
