"""Events that cannot be: one sentence that names the field, never a crash, exit code 2."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.main import kopa
from servicing import replay
from servicing.events import Type
from servicing.fields import InvalidTerms
from tests.servicing.pure.test_documentation import BLOCKS, EVENTS, NEEDED, RULES

BAD = [
    None, "", " ", "x", "NaN", "-1", "0", "1e9", "99999999999999999999", "1.005", "2026-02-30",
    "0001-01-01", "9999-12-31", 0, -1, 1.5, 10**30, True, [], [None], {}, {"x": 1}, "\x00",
    "\u0661",
]  # fmt: skip


@st.composite
def broken(draw: st.DrawFn) -> dict[str, Any]:
    """A document of the page with one value, key or event that does not belong."""
    document: dict[str, Any] = copy.deepcopy(BLOCKS["replay"])
    document |= copy.deepcopy(dict(draw(st.sampled_from(RULES))[1]))
    example = copy.deepcopy(draw(st.sampled_from(EVENTS))[1])
    needed = NEEDED.get(example["type"])
    told = document["events"]
    told += [*([needed] if needed else []), example]
    for _ in range(draw(st.integers(1, 2))):
        place: Any = draw(st.sampled_from([document, example, told]))
        if isinstance(place, list):
            place.insert(draw(st.integers(0, len(place))), draw(st.sampled_from([*BAD, example])))
        else:
            key = draw(st.sampled_from([*place, "surprise"]))
            place[key] = draw(st.sampled_from(BAD) | st.text(max_size=5) | st.integers())
    return document


@given(broken())
@settings(max_examples=400, deadline=None)
def test_is_told_or_refused_in_one_sentence(document: dict[str, Any]) -> None:
    refused: InvalidTerms | None = None
    try:
        replay.tell(replay.parse(document))
    except InvalidTerms as error:
        refused = error
    if refused is not None:
        assert refused.field
        assert refused.reason
        assert "\n" not in refused.reason


@pytest.mark.parametrize("type_", Type)
def test_no_event_comes_before_there_is_a_loan(type_: Type) -> None:
    examples = {example["type"]: example for _, example in EVENTS}
    document = {**BLOCKS["replay"], "events": [examples.get(type_.value, {"type": type_.value})]}
    refused = ""
    try:
        (told,) = replay.tell(replay.parse(document))
    except InvalidTerms as error:
        refused = str(error)
    assert refused.startswith("events[0]") or told["balances"]["outstanding"] is not None


def test_the_command_says_it_in_one_line(tmp_path: Path) -> None:
    document = {**BLOCKS["replay"], "events": [{"type": "repayment", "amount": "-5"}]}
    file = tmp_path / "events.json"
    file.write_text(json.dumps(document))
    ran = CliRunner().invoke(kopa, ["replay", str(file)])
    assert ran.exit_code == 2
    assert ran.stderr.count("\n") == 1
    assert ran.stderr.startswith("events[0].amount ")
