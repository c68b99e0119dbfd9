"""Loans as a page of text tells them: terms, what happened, and the tables that others published.

A block begins with `# source`. Then lines of:
  `terms {...}` and `rules {...}`, JSON, over those of a named `product`;
  `@2026-01-31` a business day, and `event [date] [amount] [key=value]...` what happens on it;
  `| due balance principal interest fees penalties paid in_advance late [paid_on]`, an installment;
  `? name=value ...`, the standing of the loan;
  `> date type amount principal interest fees penalties balance`, a movement of money.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from servicing import replay

_ROW = (
    "due_on",
    "balance",
    "principal",
    "interest",
    "fees",
    "penalties",
    "paid",
    "in_advance",
    "late",
    "paid_on",
)
_MOVE = ("date", "type", "amount", "principal", "interest", "fees", "penalties", "balance")


@dataclass
class Look:
    """What the loan looks like after so many events."""

    after: int
    rows: list[dict[str, Any]] = field(default_factory=list)
    moves: list[dict[str, Any]] = field(default_factory=list)
    standing: dict[str, str] = field(default_factory=dict)


@dataclass
class Story:
    source: str
    document: dict[str, Any]
    looks: list[Look] = field(default_factory=list)

    @property
    def events(self) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = self.document["events"]
        return told

    def look(self) -> Look:
        if not self.looks or self.looks[-1].after != len(self.events):
            self.looks.append(Look(len(self.events)))
        return self.looks[-1]


def read(file: Path) -> list[Story]:
    products: dict[str, dict[str, Any]] = {}
    stories: list[Story] = []
    for line in file.read_text().splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "#":
            stories.append(Story(rest, {"terms": {}, "events": []}))
        elif word == "product" and not stories:
            name, _, given = rest.partition(" ")
            products[name] = json.loads(given)
        elif word == "product":
            product = products[rest]
            stories[-1].document |= {**product, "terms": dict(product["terms"])}
        elif word == "terms":
            stories[-1].document["terms"] |= json.loads(rest)
        elif word == "rules":
            stories[-1].document |= json.loads(rest)
        elif word:
            _tell(stories[-1], word, rest)
    return stories


def differences(story: Story) -> list[str]:
    """What our replay says otherwise, a sentence for each."""
    document = {**story.document, "snapshots": [look.after for look in story.looks]}
    found: list[str] = []
    for look, ours in zip(story.looks, replay.tell(replay.parse(document)), strict=True):
        shown = {name: _find(ours, path) for name, path in _STANDING.items()}
        for said, told, what in (
            (look.rows, ours["installments"], "installment"),
            (look.moves, ours["transactions"], "movement"),
            ([look.standing], [shown], "standing"),
        ):
            if said and len(said) != len(told):
                found.append(f"after {look.after}: {len(told)} of {what}, not {len(said)}")
            for theirs, mine in zip(said, told, strict=False):
                here = {key: mine[key] or "-" for key in theirs}
                if here != theirs:
                    found.append(f"after {look.after}: {what} {here}, not {theirs}")
    return found


_STANDING = {
    "status": "status",
    "credit": "balances.credit",
    "outstanding": "balances.outstanding",
    "payoff": "payoff.total",
    "payoff_interest": "payoff.interest",
    "delinquent_since": "delinquent_since",
    "delinquent_amount": "delinquent_amount",
    "days_past_due": "days_past_due",
    "due": "totals.due",
    "paid": "totals.paid",
    "interest": "totals.interest",
}


def _find(snapshot: dict[str, Any], path: str) -> Any:
    found: Any = snapshot
    for name in path.split("."):
        found = found[name]
    return str(found) if isinstance(found, int) else found


def _tell(story: Story, word: str, rest: str) -> None:
    if word == "|":
        story.look().rows.append(_named(_ROW, rest))
    elif word == ">":
        story.look().moves.append(_named(_MOVE, rest))
    elif word == "?":
        told = dict(pair.split("=", 1) for pair in rest.split())
        count = told.pop("days_past_due", None)
        story.look().standing |= {key: _amount(value) for key, value in told.items()}
        story.look().standing |= {"days_past_due": count} if count else {}
    elif word.startswith("@"):
        story.events.append({"type": "business_date", "date": word[1:]})
    else:
        story.events.append(_event(word, rest))


def _event(word: str, rest: str) -> dict[str, Any]:
    event: dict[str, Any] = {"type": word}
    for part in rest.split():
        key, is_named, value = part.partition("=")
        if is_named:
            event[key] = _value(value)
        elif part[4:5] == "-":
            event["date"] = part
        else:
            event["amount"] = part
    return event


def _value(text: str) -> Any:
    """JSON where it is JSON; dates and words as they are."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _named(names: tuple[str, ...], rest: str) -> dict[str, Any]:
    values = [_amount(value) for value in rest.split()]
    return dict(zip(names, values, strict=False))


def _amount(value: str) -> str:
    """`12.5` as `12.50`; words and dates as they are."""
    if value.lstrip("-").replace(".", "", 1).isdigit():
        return f"{float(value):.2f}"
    return value
