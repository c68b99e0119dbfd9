"""Where the rows to score again come from: a file, or the decisions that were stored."""

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from kit.errors import DomainError, Kind
from scoring import snapshot
from scoring.features import registry
from scoring.model.predictor import Model, encode
from scoring.refusals import Sentence
from scoring.snapshot import Snapshot, SnapshotUnreadable

Floats = NDArray[np.float64]
BATCH = 2_000
"""Rows held as Python objects at one time."""
SNAPSHOT, ID = "snapshot", "id"


class RowsUnreadable(Sentence, DomainError):
    code = "rescoring_rows_unreadable"
    kind = Kind.INVALID
    sentence = "{file} cannot be scored again: {problem}."


@dataclass(frozen=True, slots=True)
class Span:
    """The rows of one part, and where the source finds them."""

    first: int
    rows: int
    at: tuple[int | str, int | str]


@dataclass(frozen=True, slots=True)
class Batch:
    ids: Sequence[str]
    """What the source calls its rows, or their numbers from 1."""
    rows: Floats


class Source(Protocol):
    """Read twice: once to cut it into parts, once part by part, in any order."""

    def identity(self) -> dict[str, Any]:
        """Another one, or a changed one, may not continue a run."""

    def spans(self, rows: int) -> Iterator[Span]: ...

    def batches(self, span: Span, model: Model) -> Iterator[Batch]: ...


def of_file(path: Path) -> Source:
    """JSON lines of snapshots, or CSV or Parquet of snapshots or of the model's own columns."""
    from scoring.rescoring import lines, parquet

    if not path.is_file():
        raise RowsUnreadable(file=path.name, problem="there is no such file")
    with path.open("rb") as file:
        start = file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise RowsUnreadable(file=path.name, problem="it is empty")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise RowsUnreadable(file=path.name, problem="it is UTF-16: save it as UTF-8")
    if start.startswith(b"PAR1"):
        return parquet.Parquet(path.resolve())
    if start.startswith(b"{"):
        return lines.JsonLines(path.resolve())
    return lines.Csv(path.resolve())


def identity_of(path: Path) -> dict[str, Any]:
    found = path.stat()
    return {"file": path.name, "bytes": found.st_size, "changed_ns": found.st_mtime_ns}


def rows_of(snapshots: Sequence[Snapshot], model: Model) -> Floats:
    """The model's columns, one after the other: the same numbers as `Model.row`, sooner."""
    columns = []
    for column in model.manifest.columns:
        compute = registry.get(column.name).compute
        columns.append([encode(column, compute(each)) for each in snapshots])
    return np.array(columns, dtype=np.float64).reshape(len(columns), len(snapshots)).T


def read(text: str | bytes, *, file: str, row: int) -> Snapshot:
    try:
        return snapshot.from_text(text)
    except SnapshotUnreadable as error:
        raise RowsUnreadable(file=file, problem=f"row {row}: {error.params['problem']}") from None


def batched(items: Iterator[Any]) -> Iterator[list[Any]]:
    while batch := list(islice(items, BATCH)):
        yield batch
