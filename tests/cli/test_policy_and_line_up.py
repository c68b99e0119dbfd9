"""`kopa policy` and the commands of the line-up, on an installation of their own."""

import asyncio
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import api.staff
from api.roles import Role
from cli.main import kopa
from kit.crypto import Vault
from kit.db import create_engine, sessions_of, unit_of_work
from scoring import policy
from scoring.model import loading
from scoring.model.manifest import MANIFEST_FILE, MODEL_FILE
from tests.scoring.test_replaying import DEFAULT, book

STRICTER = DEFAULT.replace("approve_up_to_bps: 1500", "approve_up_to_bps: 500")
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def run(*words: str) -> Result:
    return CliRunner().invoke(kopa, list(words))


@pytest.fixture
def stricter(
    database_url: str, vault: Vault, now: datetime, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> str:  # fmt: skip
    """Two analysts, thirty decisions, and a policy that nobody has registered yet."""

    async def fill() -> None:
        engine = create_engine(database_url)
        sessions = sessions_of(engine, vault)
        await book(sessions, now, 30)
        async with unit_of_work(sessions) as session:
            for name in ("Ann", "Abel"):
                await api.staff.add(session, name=name, role=Role.ANALYST, now=now)
            await api.staff.add(session, name="Carl", role=Role.COLLECTOR, now=now)
        await engine.dispose()

    asyncio.run(fill())
    monkeypatch.setenv("KOPA_DATABASE_URL", database_url)
    monkeypatch.setenv("KOPA_VAR", str(tmp_path / "var"))
    file = tmp_path / "stricter.yaml"
    file.write_text(STRICTER, encoding="utf-8")
    return str(file)


def test_two_promote_one_rolls_back_and_every_decision_is_made_again(stricter: str) -> None:
    said = ("--reason", "fewer losses")
    first = run("model", "promote", str(loading.STOCK), "--policy", str(policy.DEFAULT),
                "--staff", "Ann", *said)  # fmt: skip
    assert "Proposed" in first.output, first.output
    run("model", "promote", str(loading.STOCK), "--policy", str(policy.DEFAULT),
        "--staff", "Abel", *said)  # fmt: skip
    for name in ("Ann", "Abel"):
        last = run("model", "promote", "--policy", stricter, "--staff", name, *said)
    assert "It decides from now on." in last.output

    (seat,) = json.loads(run("model", "line-up", "--json").output)
    assert seat["policy_sha256"] == policy.parse(STRICTER).sha256
    back = run("model", "roll-back", "--staff", "Ann", "--reason", "losses")
    assert policy.load().sha256[:12] in back.output
    again = run("model", "roll-back", "--staff", "Abel", "--reason", "losses")
    assert (again.exit_code, "nothing to go back to" in again.output) == (2, True)

    replayed = run("model", "replay")
    assert replayed.exit_code == 0, replayed.output
    assert "30 decisions came out the same, 0 otherwise, 0 could not" in replayed.output


def test_a_role_that_may_not_is_refused(stricter: str) -> None:
    answer = run("model", "roll-back", "--staff", "Carl", "--reason", "losses")

    assert (answer.exit_code, "does not allow" in answer.output) == (2, True)


def test_what_if_writes_table_and_picture(stricter: str, tmp_path: Path) -> None:
    table, picture = tmp_path / "what.csv", tmp_path / "what.svg"

    shown = run("policy", "whatif", stricter, "--csv", str(table), "--picture", str(picture))
    none = run("policy", "whatif", stricter, "--from", "2031-01-01", "--json")

    assert shown.exit_code == 0, shown.output
    assert "30 decisions" in shown.output
    assert table.read_text().startswith("kind,name,before,after\ndecisions,,30,30\n")
    assert picture.read_text().startswith("<svg")
    assert json.loads(none.output)["decisions"] == 0


def test_what_if_by_a_folder_keeps_nothing(stricter: str, tmp_path: Path) -> None:
    folder = tmp_path / "renamed"
    folder.mkdir()
    _, trees = loading.texts(loading.STOCK)
    renamed = replace(loading.load().manifest, name="renamed")
    (folder / MANIFEST_FILE).write_text(renamed.to_text(), encoding="utf-8")
    (folder / MODEL_FILE).write_text(trees, encoding="utf-8")

    shown = run("policy", "whatif", "--model", str(folder))

    assert "30 decisions, 0 would" in shown.output
    (kept,) = json.loads(run("model", "list", "--json").output)
    assert kept["name"] != "renamed"


def test_policies_are_checked_and_tested(stricter: str, tmp_path: Path) -> None:
    never = tmp_path / "never.yaml"
    never.write_text(DEFAULT.replace("approve_up_to_bps: 1500", "approve_up_to_bps: 0"))

    assert run("policy", "check", stricter).exit_code == 0
    refused = run("policy", "check", str(never))
    assert (refused.exit_code, "can never approve" in refused.output) == (2, True)
    assert run("policy", "test", str(policy.DEFAULT)).exit_code == 0
    assert run("policy", "test", stricter).exit_code == 2  # nothing stands beside it
    missing = run("policy", "check", str(tmp_path / "none.yaml"))
    assert (missing.exit_code, len(missing.output.splitlines())) == (2, 1)


def test_where_nothing_is_kept_that_is_said(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOPA_DATABASE_URL", database_url)
    monkeypatch.setenv("KOPA_VAR", str(tmp_path / "var"))

    for words, says in (
        (("model", "list"), "No model is kept yet"),
        (("model", "line-up"), "Nothing decides yet"),
        (("policy", "list"), "No policy is kept yet"),
        (("screening", "lists"), "No list is loaded yet"),
    ):
        said, as_json = run(*words), run(*words, "--json")
        assert (said.exit_code, len(said.output.splitlines())) == (0, 1), said.output
        assert says in said.output
        assert json.loads(as_json.output) == []


DAYS = ("--from", "2026-02-01", "--to", "2026-01-31")
NOBODY = ("--staff", "Nobody", "--reason", "losses")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("policy", "whatif", str(policy.DEFAULT), *DAYS), "before the first"),
        (("model", "replay", *DAYS), "before the first"),
        (("model", "roll-back", *NOBODY), "no such member of staff"),
        (("screening", "load", "no-such-folder"), "no-such-folder cannot be read"),
        (("person", "erase", "B-NOBODY", *NOBODY), "no staff account"),
    ],
)
def test_refusals_are_sentences_not_codes(stricter: str, words: tuple[str, ...], says: str) -> None:
    answer = run(*words)

    assert (answer.exit_code, says in answer.output) == (2, True), answer.output
    assert "_" not in answer.output.splitlines()[-1]
