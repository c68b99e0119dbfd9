"""Scoring many rows again: part by part into a folder, each part written whole or not at all."""

import csv
import gc
import io
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from kit.errors import DomainError, Kind
from scoring.model import loading
from scoring.model.predictor import Model
from scoring.refusals import Sentence
from scoring.rescoring.sources import RowsUnreadable, Source, Span

PLAN_FILE = "rescore.json"
PART_ROWS = 50_000
Format = Literal["parquet", "csv"]


class FolderOfAnotherRun(Sentence, DomainError):
    code = "rescoring_folder_of_another_run"
    kind = Kind.CONFLICT
    sentence = (
        "{folder} holds files of something else than this model on these rows: choose another "
        "folder."
    )


@dataclass(frozen=True, slots=True)
class Run:
    """What is to be done, as it is kept in the folder. Which parts are there says what is done."""

    source: Source
    model_folder: Path
    model_sha256: str
    out: Path
    format: Format
    parts: tuple[Span, ...]

    @property
    def rows(self) -> int:
        return sum(span.rows for span in self.parts)

    def missing(self) -> list[int]:
        return [number for number in range(len(self.parts)) if not self._path(number).is_file()]

    def write(self, number: int) -> int:
        """Score one part and put it in its place. Again, it would be the same to the byte."""
        model = _model(self.model_folder, self.model_sha256)
        ids: list[str] = []
        pds: list[float] = []
        with _no_collector():
            for batch in self.source.batches(self.parts[number], model):
                ids += batch.ids
                pds += model.pds(batch.rows).tolist()
        if len(ids) != self.parts[number].rows:
            raise RowsUnreadable(file=self.out.name, problem="its rows changed meanwhile")
        content = _parquet(ids, pds) if self.format == "parquet" else _csv(ids, pds)
        _put(self._path(number), content)
        return len(ids)

    def forget(self) -> None:
        """Where no part was written, the folder is free for a corrected file."""
        if len(self.missing()) == len(self.parts):
            (self.out / PLAN_FILE).unlink(missing_ok=True)
            with suppress(OSError):
                self.out.rmdir()

    def _path(self, number: int) -> Path:
        return self.out / f"part-{number:05}.{self.format}"


def prepare(
    source: Source,
    model_folder: Path,
    out: Path,
    *,
    form: Format = "parquet",
    part_rows: int = PART_ROWS,
) -> Run:
    """A new run, or the one that `out` holds, if it is of the same model, rows and format."""
    model = loading.load(model_folder)
    wanted = {
        "source": source.identity(),
        "model_sha256": model.sha256,
        "format": form,
    }
    stored = _stored(out)
    if stored is None:
        spans = tuple(source.spans(part_rows))
        if not spans:
            raise RowsUnreadable(file="the source", problem="it has no rows")
        out.mkdir(parents=True, exist_ok=True)
        document = {**wanted, "parts": [asdict(span) for span in spans]}
        _put(out / PLAN_FILE, (json.dumps(document, indent=1) + "\n").encode())
    else:
        if {name: stored.get(name) for name in wanted} != wanted:
            raise FolderOfAnotherRun(folder=out.name)
        spans = tuple(_span(each) for each in stored["parts"])
        for left in out.glob(".part-*"):
            left.unlink(missing_ok=True)
    return Run(source, model_folder.resolve(), model.sha256, out.resolve(), form, spans)


def _stored(out: Path) -> dict[str, Any] | None:
    try:
        document: dict[str, Any] = json.loads((out / PLAN_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        if out.is_dir() and any(out.iterdir()):
            raise FolderOfAnotherRun(folder=out.name) from None
        return None
    except ValueError:
        raise FolderOfAnotherRun(folder=out.name) from None
    return document


def _span(document: dict[str, Any]) -> Span:
    begin, end = document["at"]
    return Span(document["first"], document["rows"], (begin, end))


@lru_cache(maxsize=1)
def _model(folder: Path, sha256: str) -> Model:
    """Read once in each process."""
    model = loading.load(folder)
    if model.sha256 != sha256:
        raise loading.ModelChanged(part=folder.name)
    return model


@contextmanager
def _no_collector() -> Iterator[None]:
    """Snapshots come and go by thousands and hold no cycles: looking for some takes half the time
    where much else is in memory."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _put(path: Path, content: bytes) -> None:
    """Under another name until it is on the disk: after a crash, what has its name is whole."""
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.stem}-", delete=False
    ) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)


def _parquet(ids: list[str], pds: list[float]) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    file = io.BytesIO()
    parquet.write_table(pa.table({"id": pa.array(ids, pa.string()), "pd": pds}), file)
    return file.getvalue()


def _csv(ids: Iterable[str], pds: Iterable[float]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["id", "pd"])
    writer.writerows(zip(ids, pds, strict=True))
    return file.getvalue().encode()
