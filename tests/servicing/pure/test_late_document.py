"""docs/late.md: every example reads, every key stands there, and the tables tell the policies."""

import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from servicing import delinquency, late_policy, penalties
from servicing.classification import Class
from servicing.penalties import PenaltyRule

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "late.md").read_text()
BLOCKS = {kind: json.loads(text) for kind, text in re.findall(r"```json (\w+)\n(.+?)\n```", PAGE)}


def examples(heading: str) -> list[dict[str, Any]]:
    """The objects in the second cells of the tables under a heading."""
    section = PAGE.split(f"\n## {heading}", 1)[1].split("\n## ", 1)[0]
    return [json.loads(text) for text in re.findall(r"\| `(\{.*?\})` \|$", section, re.MULTILINE)]


class TestExamples:
    @pytest.mark.parametrize("example", [BLOCKS["penalty"], *examples("Penalties")])
    def test_penalties(self, example: dict[str, Any]) -> None:
        assert penalties.parse(example, "USD") is not None

    @pytest.mark.parametrize("example", [BLOCKS["dpd"], *examples("Days past due")])
    def test_days_past_due(self, example: dict[str, Any]) -> None:
        assert delinquency.parse_rule(example, "USD").grace_days >= 0

    def test_expected_loss(self) -> None:
        default = late_policy.FOLDER / "default.yaml"
        policy = late_policy.parse(
            {**late_policy.read(default), "expected_loss": BLOCKS["expected_loss"]}
        )
        assert len(policy.losses.scenarios) == 2


class TestTables:
    def test_every_key_of_a_penalty_is_explained(self) -> None:
        told = set(re.findall(r"`(\w+)`", PAGE.split("## Days past due")[0]))
        known = {
            *("kind", "amount", "percent", "base", "every", "grace_days", "is_grace_free"),
            *("year_days", "counts_due_date", "compounds", "rounding"),
            *("cap", "cap_per_loan", "cap_percent_of_principal"),
        }
        assert known <= told
        assert len(known) == len(PenaltyRule.__dataclass_fields__)

    @pytest.mark.parametrize(
        "path", sorted(late_policy.FOLDER.glob("*.yaml")), ids=lambda p: p.stem
    )
    def test_every_policy_has_its_row(self, path: Path) -> None:
        policy = late_policy.load(path)
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{path.stem}` |"))
        _, _, days, rates, _, _ = row.split("|")
        told = [word.strip() for word in days.split(",")]
        starts = [policy.classes.from_days[each] for each in list(Class)[1:]]
        assert [
            str(start) if word.isdigit() else word for word, start in zip(told, starts, strict=True)
        ] == told
        assert [Fraction(word) / 100 for word in rates.split(",")] == list(
            policy.provision_rates.values()
        )
