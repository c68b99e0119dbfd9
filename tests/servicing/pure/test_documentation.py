"""docs/schedules.md and docs/replay.md: every example runs, and every key and event has one."""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from servicing import flows, quotes, replay, terms
from servicing.events import Type
from servicing.product_rules import ProductRules

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGE = "\n".join((DOCS / name).read_text() for name in ("schedules.md", "replay.md"))
BLOCKS = {kind: json.loads(text) for kind, text in re.findall(r"```json (\w+)\n(.+?)\n```", PAGE)}


def rows(heading: str) -> list[tuple[str, dict[str, Any]]]:
    """The first and the last cell of each table row under a heading."""
    section = PAGE.split(f"\n## {heading}", 1)[1].split("\n## ", 1)[0]
    found = re.findall(r"^\| (`.+?) \| .* \| `(\{.+\})` \|$", section, re.MULTILINE)
    return [(keys, json.loads(example)) for keys, example in found]


TERMS, FLOWS, RULES, EVENTS = (rows(name) for name in ("Terms", "Flows", "Rules", "Events"))
GOAT = {"type": "pledge", "code": "goat", "quantity": "20", "price": "150"}
NEEDED: dict[str, dict[str, Any]] = {
    "refund": {"type": "repayment", "date": "2026-03-20", "amount": "2000"},
    "resume": {"type": "pause", "start": "2026-03-20", "end": "2026-04-20"},
    "release": GOAT,
    "revaluation": GOAT,
}
"""What must have happened before an example can."""


class TestExamples:
    @pytest.mark.parametrize(("keys", "example"), TERMS)
    def test_terms(self, keys: str, example: dict[str, Any]) -> None:
        document = {**BLOCKS["quote"], **example}
        assert quotes.quote(terms.parse(document)).installments

    @pytest.mark.parametrize(("keys", "example"), FLOWS)
    def test_flows(self, keys: str, example: dict[str, Any]) -> None:
        assert flows.annual_rate(flows.parse({**BLOCKS["apr"], **example})) > 0

    @pytest.mark.parametrize(("keys", "example"), RULES)
    def test_rules(self, keys: str, example: dict[str, Any]) -> None:
        assert replay.tell(replay.parse({**BLOCKS["replay"], **example}))

    @pytest.mark.parametrize(("keys", "example"), EVENTS)
    def test_events(self, keys: str, example: dict[str, Any]) -> None:
        told = list(BLOCKS["replay"]["events"])
        if example["type"] in NEEDED:
            told.append(NEEDED[example["type"]])
        (*_, last) = replay.tell(replay.parse({**BLOCKS["replay"], "events": [*told, example]}))
        assert last["status"]


class TestCompleteness:
    def test_every_term_has_an_example(self) -> None:
        told = {key for keys, _ in TERMS for key in re.findall(r"`(\w+)`", keys)}
        full = {**BLOCKS["quote"], "method": "balloon", "balloon": "100"}
        known = set(terms.as_document(terms.parse(full)))
        assert known <= told

    def test_every_event_has_an_example(self) -> None:
        told = {key for keys, _ in EVENTS for key in re.findall(r"`(\w+)`", keys)}
        assert set(Type) <= told

    def test_every_rule_has_an_example(self) -> None:
        assert len(RULES) >= len(dataclasses.fields(ProductRules))
