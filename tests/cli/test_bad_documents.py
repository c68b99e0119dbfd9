"""Whatever is wrong with a document, a command says it in one line that names the field."""

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.main import kopa
from kit import documents
from tests.servicing.pure import test_documentation as pages

Path = tuple[str | int, ...]

TOLD = pages.BLOCKS["replay"]["events"]
DOCUMENTS: list[tuple[str, dict[str, Any]]] = [
    *(("quote", {**pages.BLOCKS["quote"], **example}) for _, example in pages.TERMS),
    *(("apr", {**pages.BLOCKS["apr"], **example}) for _, example in pages.FLOWS),
    *(("replay", {**pages.BLOCKS["replay"], **example}) for _, example in pages.RULES),
    *(
        ("replay", {**pages.BLOCKS["replay"], "events": [*TOLD, *needed, example]})
        for _, example in pages.EVENTS
        for needed in [[pages.NEEDED[example["type"]]] if example["type"] in pages.NEEDED else []]
    ),
]
"""A sound document for every example of the pages."""

NEVER: list[Any] = [
    "\x00", "x y", "-7", "1e400", "NaN", "Infinity", "2024-02-30", "\uff12", "9" * 40,
    [[1]], {"surprise": {}},
]  # fmt: skip
"""What no key means, but for names that are free."""
FREE = ("code", "name")
ODD: list[Any] = [
    *NEVER, None, "", "0", 0, -1, 1.5, 10**30, True, [], {}, "1", 1200, "2026-01-15", "2199-12-31",
    "\ud800", "day", "JPY",
]  # fmt: skip


def places(document: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(document, dict | list):
        pairs = document.items() if isinstance(document, dict) else enumerate(document)
        for key, value in pairs:
            yield (*path, key)
            yield from places(value, (*path, key))


def holder(document: Any, path: Path) -> Any:
    for key in path[:-1]:
        document = document[key]
    return document


def run(command: str, text: str) -> Result:
    written = text.encode("utf-8", "surrogatepass")
    return CliRunner().invoke(kopa, [command, "-", "--json"], input=written)


def refusal(result: Result) -> str:
    """The one line that a command says, with exit code 2 and nothing else."""
    assert isinstance(result.exception, SystemExit), result.exception
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    return result.stderr


@st.composite
def wrong(draw: st.DrawFn) -> tuple[str, dict[str, Any], Path]:
    """A sound document in which one place holds what it never can."""
    command, sound = draw(st.sampled_from(DOCUMENTS))
    found = [path for path in places(sound) if path[-1] not in FREE]
    document, path = copy.deepcopy(sound), draw(st.sampled_from(found))
    holder(document, path)[path[-1]] = draw(st.sampled_from(NEVER))
    return command, document, path


@given(wrong())
@settings(max_examples=400, deadline=None, derandomize=True)
def test_names_the_key_that_is_wrong(given: tuple[str, dict[str, Any], Path]) -> None:
    command, document, path = given
    said = re.match(r"\w+", refusal(run(command, json.dumps(document))))
    assert said is not None
    below = [*path, *pages.BLOCKS["quote"]] if path == ("terms",) else path
    assert said[0] in below


@st.composite
def spoiled(draw: st.DrawFn) -> tuple[str, Any]:
    """A sound document with a few places changed, dropped or added."""
    command, sound = draw(st.sampled_from(DOCUMENTS))
    document: Any = copy.deepcopy(sound)
    for _ in range(draw(st.integers(1, 3))):
        if not (found := list(places(document))):
            break
        path = draw(st.sampled_from(found))
        inside, key = holder(document, path), path[-1]
        act = draw(st.sampled_from(["change", "change", "change", "drop", "add", "copy"]))
        if act == "drop":
            del inside[key]
        elif act == "copy":
            other = draw(st.sampled_from(found))
            if other[: len(path)] != path:
                inside[key] = copy.deepcopy(holder(document, other)[other[-1]])
        elif act == "add" and isinstance(inside, dict):
            inside[draw(st.sampled_from(["surprise", "\u0000", "\ud800"]))] = 1
        else:
            inside[key] = draw(st.sampled_from(ODD))
    return command, document


@given(spoiled())
@settings(max_examples=400, deadline=None, derandomize=True)
def test_answers_or_says_why_not(given: tuple[str, Any]) -> None:
    command, document = given
    result = run(command, json.dumps(document))
    if result.exit_code or result.exception:
        assert re.match(r"\S", refusal(result))
    else:
        assert json.loads(result.stdout)


@pytest.mark.parametrize("command", ["quote", "apr", "replay"])
@pytest.mark.parametrize("text", ["", " ", "{", "[]", "null", "7", '"x"', "{}", '{"a": tru}'])
def test_what_is_no_document_at_all(command: str, text: str) -> None:
    assert refusal(run(command, text))


class TestReading:
    @pytest.mark.parametrize(
        "text",
        ['{"a": 1, "a": 1}', '{"b": {"a": 1, "c": 2, "a": 3}}', '[{"a": {}, "a": {}}]'],
    )
    def test_no_key_may_stand_twice(self, text: str) -> None:
        with pytest.raises(documents.Unreadable) as refused:
            documents.read(text.encode())
        assert (refused.value.key, str(refused.value)) == ("a", "must not be given twice")

    def test_numbers_keep_their_digits(self) -> None:
        found = documents.read(b"[0.10, 12, 1e400, NaN, %s]" % (b"9" * 9_000))
        assert found == ["0.10", 12, "1e400", "NaN", "9" * 9_000]
