"""`kopa staff`: an account's life from the command line, and bad input in one line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import kopa

Run = Callable[..., Result]


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.setenv("KOPA_DATABASE_URL", database_url)
    monkeypatch.setenv("KOPA_VAR", str(tmp_path))
    return lambda *words: CliRunner().invoke(kopa, ["staff", *words])


def test_makes_lists_resets_and_closes_an_account(run: Run) -> None:
    made = json.loads(run("add", "Uma  N.", "--role", "underwriter", "--json").stdout)
    again = json.loads(run("reset", "uma n.", "--json").stdout)

    assert (made["name"], made["role"]) == ("Uma N.", "underwriter")
    assert len(made["one_time_token"]) >= 32
    assert again["one_time_token"] != made["one_time_token"]
    assert "waits for the first log-in" in run("list").stdout
    assert "no longer" in run("disable", "Uma N.").stdout
    [row] = json.loads(run("list", "--json").stdout)
    assert row == {"name": "Uma N.", "role": "underwriter", "state": "disabled"}


def test_refuses_bad_input_in_one_line(run: Run) -> None:
    run("add", "Uma", "--role", "underwriter")

    for words in (
        ("add", "uma", "--role", "auditor"),
        ("add", "U\u202ema", "--role", "auditor"),
        ("add", "Ada", "--role", "king"),
        ("reset", "Nobody"),
        ("disable", "Nobody"),
    ):
        refused = run(*words)
        assert refused.exit_code == 2, words
        assert "Traceback" not in refused.stderr
