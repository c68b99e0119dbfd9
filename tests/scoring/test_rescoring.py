"""Scoring again: the same probabilities whatever the rows come in, whole parts only, resumed."""

import csv
import json
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner
from pyarrow import parquet

from cli.rescore import rescore
from kit.db import create_engine, sessions_of, unit_of_work
from kit.ids import new_id
from scoring import engine, features
from scoring.decisions import decide
from scoring.model.loading import STOCK
from scoring.model.manifest import Column
from scoring.rescoring import run, sources
from scoring.rescoring.sources import RowsUnreadable
from scoring.snapshot import Employment, History, Snapshot
from tests.scoring import cases

ROWS = 23
PART = 7


def snapshots(count: int = ROWS) -> list[Snapshot]:
    dice = random.Random(11)
    return [
        replace(
            cases.asking(
                term_days=dice.choice([30, 90, 365]),
                purpose=dice.choice(["stock", 'a "good"\nroof', None]),
                monthly_obligations_minor=dice.choice([0, 5_000, None]),
                employment=dice.choice([*Employment, None]),
            ),
            history=History(loans_repaid=dice.choice([0, 3, None])),
        )
        for _ in range(count)
    ]


def expected(asked: list[Snapshot]) -> list[float]:
    model = cases.stock()
    rows = [model.row(features.values(each, model.names)) for each in asked]
    return [float(pd) for pd in model.pds(rows)]


def json_lines(path: Path, asked: list[Snapshot]) -> None:
    path.write_text("".join(json.dumps(each.to_json()) + "\n" for each in asked))


def named_json_lines(path: Path, asked: list[Snapshot]) -> None:
    lines = [{"id": n, "snapshot": each.to_json()} for n, each in enumerate(asked, 1)]
    path.write_text("\n\n".join(map(json.dumps, lines)))


def csv_of_snapshots(path: Path, asked: list[Snapshot]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["note", "snapshot"])
        writer.writerows(["two\nlines", json.dumps(each.to_json())] for each in asked)


def own_columns(asked: list[Snapshot]) -> dict[str, list[Any]]:
    names = cases.stock().names
    return {name: [features.values(each, [name])[name] for each in asked] for name in names}


def csv_of_columns(path: Path, asked: list[Snapshot]) -> None:
    columns = {"other": [f"x{n}" for n in range(len(asked))], **own_columns(asked)}
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def parquet_of_snapshots(path: Path, asked: list[Snapshot]) -> None:
    texts = [json.dumps(each.to_json()) for each in asked]
    parquet.write_table(pa.table({"snapshot": texts}), path, row_group_size=5)


def parquet_of_columns(path: Path, asked: list[Snapshot]) -> None:
    ids = list(range(1, len(asked) + 1))
    parquet.write_table(pa.table({"id": ids, **own_columns(asked)}), path, row_group_size=9)


FORMS = [
    json_lines,
    named_json_lines,
    csv_of_snapshots,
    csv_of_columns,
    parquet_of_snapshots,
    parquet_of_columns,
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "rows"
    json_lines(path, snapshots())
    return path


def command(*arguments: object) -> tuple[int, str, str]:
    ran = CliRunner().invoke(rescore, [str(STOCK), *map(str, arguments)])
    return ran.exit_code, ran.stdout, ran.stderr


def found(out: Path) -> list[tuple[str, float]]:
    rows = []
    for part in sorted(out.glob("part-*")):
        if part.suffix == ".csv":
            with part.open(newline="") as file:
                rows += [(row["id"], float(row["pd"])) for row in csv.DictReader(file)]
        else:
            table = parquet.read_table(part).to_pydict()
            rows += list(zip(table["id"], table["pd"], strict=True))
    return rows


@pytest.mark.parametrize("write", FORMS, ids=lambda write: write.__name__)
@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_every_row_gets_the_probability_it_has_alone(
    write: Callable[[Path, list[Snapshot]], None], form: str, tmp_path: Path
) -> None:
    asked = snapshots()
    write(tmp_path / "rows", asked)

    code, stdout, stderr = command(
        tmp_path / "rows",
        "--out",
        tmp_path / "out",
        "--part-rows",
        PART,
        "--format",
        form,
        "--json",
    )

    assert code == 0, stderr
    numbers = [str(n) for n in range(1, ROWS + 1)]
    assert found(tmp_path / "out") == list(zip(numbers, expected(asked), strict=True))
    answer = json.loads(stdout)
    assert (answer["rows"], answer["parts"], answer["scored_now"]) == (ROWS, 4, ROWS)


def test_two_workers_share_the_parts(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    code, stdout, stderr = command(
        data, "--out", out, "--part-rows", PART, "--workers", 2, "--json"
    )

    assert code == 0, stderr
    assert [pd for _, pd in found(out)] == expected(snapshots())
    assert json.loads(stdout)["scored_now"] == ROWS


def test_rows_are_held_a_batch_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "BATCH", 5)
    for write in FORMS:
        write(tmp_path / "rows", snapshots())
        source = sources.of_file(tmp_path / "rows")
        [span] = source.spans(100)
        sizes = [len(batch.rows) for batch in source.batches(span, cases.stock())]
        assert sum(sizes) == ROWS
        assert max(sizes) <= 5


class TestStoredDecisions:
    @pytest.fixture
    async def stored(self, database_url: str) -> list[tuple[str, float]]:
        engine_ = create_engine(database_url)
        decisions = []
        async with unit_of_work(sessions_of(engine_)) as session:
            for each in snapshots():
                decision = await decide(
                    session,
                    application_id=new_id(),
                    snapshot=each,
                    model=cases.stock(),
                    policy=cases.default_policy(),
                    now=cases.AS_OF,
                )
                decisions.append((str(decision.id), decision.pd))
        await engine_.dispose()
        return sorted(decisions)

    def test_are_scored_under_their_ids(
        self,
        stored: list[tuple[str, float]],
        database_url: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("KOPA_DATABASE_URL", database_url)
        monkeypatch.setattr(sources, "BATCH", 3)
        code, _, stderr = command("--decisions", "--out", tmp_path / "out", "--part-rows", PART)
        assert code == 0, stderr
        assert found(tmp_path / "out") == stored
        assert "password" not in (tmp_path / "out" / run.PLAN_FILE).read_text()


class TestGoingOn:
    def parts(self, out: Path) -> dict[str, tuple[bytes, int]]:
        return {
            path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in out.glob("part-*")
        }

    def test_scores_what_is_missing_and_nothing_else(self, data: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        command(data, "--out", out, "--part-rows", PART)
        whole = self.parts(out)
        (out / "part-00001.parquet").unlink()
        (out / ".part-00001-abc").write_bytes(b"half of a par")

        code, stdout, _ = command(data, "--out", out, "--json")

        assert code == 0
        assert json.loads(stdout)["scored_now"] == PART
        again = self.parts(out)
        assert {name: content for name, (content, _) in again.items()} == {
            name: content for name, (content, _) in whole.items()
        }
        kept = whole.keys() - {"part-00001.parquet"}
        assert {name: again[name] for name in kept} == {name: whole[name] for name in kept}
        assert not list(out.glob(".part-*"))

    def test_after_a_kill_in_the_middle_of_a_part(self, data: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        killed = subprocess.run(
            [sys.executable, "-c", DIES, str(STOCK), str(data), str(out), str(PART)],
            capture_output=True,
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
        assert [path.name for path in out.glob("part-*")] == ["part-00000.parquet"]

        code, _, stderr = command(data, "--out", out)

        assert code == 0, stderr
        assert [pd for _, pd in found(out)] == expected(snapshots())

    def test_is_refused_for_other_rows(self, data: Path, tmp_path: Path) -> None:
        command(data, "--out", tmp_path / "out")
        json_lines(data, snapshots(ROWS + 1))
        code, _, stderr = command(data, "--out", tmp_path / "out")
        assert code == 2
        assert "choose another folder" in stderr

    def test_is_refused_for_another_model(self, data: Path, tmp_path: Path) -> None:
        command(data, "--out", tmp_path / "out")
        other = Path(shutil.copytree(STOCK, tmp_path / "other")) / "manifest.json"
        other.write_text(other.read_text().replace('"name": "stock"', '"name": "other"', 1))
        source = sources.of_file(data)
        with pytest.raises(run.FolderOfAnotherRun):
            run.prepare(source, tmp_path / "other", tmp_path / "out")

    def test_never_writes_into_a_folder_of_something_else(self, data: Path, tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "thesis.txt").write_text("mine")
        code, _, _ = command(data, "--out", tmp_path / "out")
        assert code == 2
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.txt"]

    def test_a_corrected_file_may_use_the_folder(self, data: Path, tmp_path: Path) -> None:
        right = data.read_bytes()
        data.write_bytes(b"a,b\n1,2\n")
        assert command(data, "--out", tmp_path / "out")[0] == 2
        data.write_bytes(right)
        code, _, stderr = command(data, "--out", tmp_path / "out")
        assert code == 0, stderr


DIES = """
import os, signal, sys
from pathlib import Path
from scoring.rescoring import run, sources

synced = os.fsync
def dies(file):
    if list(Path(sys.argv[3]).glob("part-*")):
        os.kill(os.getpid(), signal.SIGKILL)
    synced(file)
os.fsync = dies
job = run.prepare(sources.of_file(Path(sys.argv[2])), Path(sys.argv[1]), Path(sys.argv[3]),
                  part_rows=int(sys.argv[4]))
for number in job.missing():
    job.write(number)
"""


class TestBadInput:
    @pytest.fixture(autouse=True)
    def nothing_half_written(self, tmp_path: Path) -> Iterator[None]:
        yield
        assert not (tmp_path / "out").exists()

    def refused(self, tmp_path: Path, content: bytes) -> str:
        (tmp_path / "rows").write_bytes(content)
        code, _, stderr = command(tmp_path / "rows", "--out", tmp_path / "out")
        assert code == 2
        assert len(stderr.splitlines()) == 1
        return stderr

    def test_no_such_file(self, tmp_path: Path) -> None:
        with pytest.raises(RowsUnreadable, match="no such file"):
            sources.of_file(tmp_path / "rows")

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"", "it is empty"),
            (b"snapshot\n", "no rows"),
            (b"PAR1 and not really", "rows cannot be scored again"),
            (b"a,b\n1,2\n", "no column term_months"),
            (b'{"snapshot": 1}\n', "row 1"),
            (b"{}\n" + b"{" * 50, "row 1"),
            ("term_months,a\n1,2\n".encode("utf-16"), "UTF-16: save it as UTF-8"),
            (b"snapshot\ra,b\n{},1\n", "first line is no header"),
            (b"snapshot,a,a\n{},1,2\n", "two columns have the same name"),
            (b"PAR1" + b"\0" * 40 + b"PAR1", "rows cannot be scored again"),
        ],
    )
    def test_is_one_sentence(self, tmp_path: Path, content: bytes, says: str) -> None:
        assert says in self.refused(tmp_path, content)

    def test_names_the_row(self, tmp_path: Path) -> None:
        good = json.dumps({"id": "a", "snapshot": cases.AMINA.to_json()}).encode()
        bad = good.replace(b'"term_days": 180', b'"term_days": "180"')
        assert bad != good
        assert "row 3: application.term_days" in self.refused(
            tmp_path, b"\n".join([good, good, bad, good])
        )

    def test_a_line_without_an_end(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from scoring.rescoring import lines

        monkeypatch.setattr(lines, "LONGEST_LINE", 1024**2)
        assert "longer than 1 MB" in self.refused(tmp_path, b"{" * (1024**2 + 5))

    def test_rows_or_decisions_not_both_nor_none(self, data: Path, tmp_path: Path) -> None:
        for chosen in ([data, "--decisions"], []):
            code, _, stderr = command(*chosen, "--out", tmp_path / "out")
            assert code == 2
            assert "DATA or --decisions" in stderr


def test_an_assessment_states_the_same(tmp_path: Path) -> None:
    """Re-scored by the model that decided, nothing moves."""
    asked = snapshots(3)
    json_lines(tmp_path / "rows", asked)
    source = sources.of_file(tmp_path / "rows")
    [span] = source.spans(10)
    [batch] = source.batches(span, cases.stock())
    decided = [engine.assess(each, cases.stock(), cases.default_policy()).pd for each in asked]
    assert cases.stock().pds(batch.rows).tolist() == decided


def test_levels_and_names_do_not_depend_on_the_part_they_are_in(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("id,kind\n01,1\n02,2\nx,two\n")
    known = cases.stock()
    column = Column("kind", levels={"1": 0.5, "2": 0.7, "two": 0.9})
    model = replace(known, manifest=replace(known.manifest, columns=(column,)))
    source = sources.of_file(tmp_path / "rows.csv")

    for rows in (1, 2, 3):
        read = [each for span in source.spans(rows) for each in source.batches(span, model)]

        assert [name for batch in read for name in batch.ids] == ["01", "02", "x"]
        assert [row[0] for batch in read for row in batch.rows] == [0.5, 0.7, 0.9]
