"""Writes the generated pages of docs/: `make docs`. A test fails when one is stale."""

from pathlib import Path
from typing import Any

from kit.state import Machine
from kyc.states import VERIFICATION
from notifications.states import NOTIFICATION
from onboarding.states import APPLICATION, CASE, GUARANTEE
from servicing.states import AMENDMENT, LOAN, PAYMENT_REQUEST, PAYOUT, REFUND

STATES = Path(__file__).resolve().parent.parent / "docs" / "states.md"
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


def states_page() -> str:
    parts = [_section(machine) for machine in _MACHINES]
    return "\n".join([_INTRODUCTION, *parts])


def _section(machine: Machine[Any, Any]) -> str:
    title = machine.name.replace("_", " ").capitalize()
    return f"## {title}\n\n```mermaid\n{machine.mermaid()}\n```\n"


if __name__ == "__main__":
    STATES.write_text(states_page(), encoding="utf-8")
