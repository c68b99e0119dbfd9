"""Rules that no linter knows: sizes, who commits, who reads the clock, words for each error."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.errors import DomainError
from kit.text import Texts

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("api", "bot", "cli", "kit", "kyc", "notifications", "onboarding", "sandbox", "scoring",
         "servicing", "simulation")  # fmt: skip
LONGEST_FILE, LONGEST_FUNCTION = 400, 70
MAY_COMMIT = {"kit/db.py", "kit/sqlite.py"}
MAY_READ_THE_CLOCK = {"kit/clock.py", "kit/worker.py"}
STAND_INS = ("sandbox/",)


def sources() -> Iterator[tuple[str, str]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


SOURCES = dict(sources())
TREES = {name: ast.parse(text) for name, text in SOURCES.items()}


def calls(tree: ast.AST, *methods: str) -> Iterator[int]:
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr in methods:
            yield called.lineno


def test_files_fit_on_a_few_screens() -> None:
    long = {
        name: n for name, text in SOURCES.items() if (n := len(text.splitlines())) > LONGEST_FILE
    }

    assert not long, f"split by use case: {long}"


def test_functions_fit_on_one() -> None:
    long = {
        f"{name}:{node.name}": node.end_lineno - node.lineno + 1
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
    }

    assert not long, f"name the parts: {long}"


def test_every_module_says_what_it_is_for() -> None:
    silent = [n for n, t in TREES.items() if SOURCES[n].strip() and not ast.get_docstring(t)]

    assert not silent, f"open with one sentence: {silent}"


def test_only_the_unit_of_work_commits() -> None:
    found = [
        f"{name}:{line}"
        for name, tree in TREES.items()
        if name not in MAY_COMMIT and not name.startswith(STAND_INS)
        for line in calls(tree, "commit", "rollback")
    ]

    assert not found, f"use kit.db.unit_of_work: {found}"


def test_only_the_clock_reads_the_clock() -> None:
    found = [
        f"{name}:{line}"
        for name, tree in TREES.items()
        if name not in MAY_READ_THE_CLOCK and not name.startswith(STAND_INS)
        for line in calls(tree, "today", "utcnow")
    ]

    assert not found, f"take `now` or `on` as an argument: {found}"


def test_nothing_is_left_for_later() -> None:
    words = ("TO" + "DO", "FIX" + "ME", "X" * 3 + ":")
    found = [name for name, text in SOURCES.items() for word in words if word in text]

    assert not found, f"do it, or say in an issue that it is missing: {found}"


def test_requests_and_updates_take_no_trip_to_a_thread() -> None:
    """FastAPI sends plain dependencies to a thread: more work than all that they do."""
    plain = [
        f"{name}:{node.lineno}"
        for name, tree in TREES.items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name in depended_on(tree)
    ]
    assert plain == []


def depended_on(tree: ast.Module) -> set[str]:
    return {
        argument.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Depends"
        for argument in node.args
        if isinstance(argument, ast.Name)
    }


def refusals() -> list[type[DomainError]]:
    for room in ROOMS:
        package = importlib.import_module(room)
        for module in pkgutil.walk_packages(package.__path__, prefix=f"{room}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    found: list[type[DomainError]] = []
    waiting = list(DomainError.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        if "code" in vars(kind) and not kind.__module__.startswith("test"):
            found.append(kind)
    return found


def test_every_refusal_has_a_code_of_its_own() -> None:
    codes: dict[str, str] = {}
    for kind in refusals():
        taken = codes.setdefault(kind.code, kind.__qualname__)
        assert taken == kind.__qualname__, f"{kind.code}: {taken} and {kind.__qualname__}"


@pytest.mark.parametrize("locale", Texts(ROOT / "bot" / "locales").locales)
def test_every_refusal_has_a_sentence(locale: str) -> None:
    keys = Texts(ROOT / "bot" / "locales").keys(locale)
    missing = sorted(
        kind.code for kind in refusals() if f"error-{kind.code.replace('_', '-')}" not in keys
    )

    assert not missing, f"bot/locales/{locale}/errors.ftl lacks {missing}"
