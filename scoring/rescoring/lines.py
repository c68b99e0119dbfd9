"""JSON lines and CSV files: cut between rows at bytes, so that each part is found at once."""

import io
import json
from collections.abc import Iterator
from csv import Error as HeaderError
from csv import reader
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import TypeAdapter, ValidationError

from scoring.model.predictor import Model
from scoring.rescoring import columns, sources
from scoring.rescoring.sources import Batch, RowsUnreadable, Span
from scoring.snapshot import Snapshot

LONGEST_LINE = 4 * 1024**2


@dataclass(frozen=True, slots=True)
class _Named:
    id: str | int
    snapshot: Snapshot


_NAMED = TypeAdapter(_Named)


@dataclass(frozen=True, slots=True)
class JsonLines:
    """A snapshot in each line, as it is or as `{"id": …, "snapshot": {…}}`."""

    path: Path

    def identity(self) -> dict[str, Any]:
        return sources.identity_of(self.path)

    def spans(self, rows: int) -> Iterator[Span]:
        with self.path.open("rb") as file:
            yield from _cut(_ends(file), 0, rows)

    def batches(self, span: Span, model: Model) -> Iterator[Batch]:
        start, end = map(int, span.at)
        first = span.first
        with self.path.open("rb") as file:
            is_named = sources.SNAPSHOT in _parsed(file.readline())
            file.seek(start)
            for texts in sources.batched(_rows_until(file, end)):
                read = [self._read(text, first + n, is_named) for n, text in enumerate(texts)]
                rows = sources.rows_of([each for _, each in read], model)
                yield Batch([name for name, _ in read], rows)
                first += len(texts)

    def _read(self, text: bytes, row: int, is_named: bool) -> tuple[str, Snapshot]:
        if not is_named:
            return str(row), sources.read(text, file=self.path.name, row=row)
        try:
            named = _NAMED.validate_json(text)
        except ValidationError:
            # Which says what is wrong with the snapshot; else the name is.
            document = _parsed(text)
            sources.read(json.dumps(document.get("snapshot")), file=self.path.name, row=row)
            raise RowsUnreadable(file=self.path.name, problem=f"row {row}: it has no id") from None
        return str(named.id), named.snapshot


@dataclass(frozen=True, slots=True)
class Csv:
    """A header, then rows; text in quotes may hold line breaks."""

    path: Path

    def identity(self) -> dict[str, Any]:
        return sources.identity_of(self.path)

    def spans(self, rows: int) -> Iterator[Span]:
        with self.path.open("rb") as file:
            ends = _ends(file, quoted=True)
            yield from _cut(ends, next(ends, 0), rows)

    def batches(self, span: Span, model: Model) -> Iterator[Batch]:
        table = self._table(span, model)
        for start in range(0, table.num_rows, sources.BATCH):
            part = table.slice(start, sources.BATCH)
            yield columns.batch(part, model, file=self.path.name, first=span.first + start)

    def _table(self, span: Span, model: Model) -> Any:
        from pyarrow import ArrowException, csv

        from scoring.training import tables

        start, end = map(int, span.at)
        with self.path.open("rb") as file:
            header_end = next(_ends(file, quoted=True))
            file.seek(0)
            header = file.read(header_end)
            file.seek(start)
            content = header + file.read(end - start)
        try:
            names = next(reader([header.decode("utf-8-sig", errors="replace")]), [])
        except HeaderError:
            problem = "its first line is no header"
            raise RowsUnreadable(file=self.path.name, problem=problem) from None
        words = tables.words_of(model.manifest.columns) | {sources.ID} - set(model.names)
        options = tables.csv_options(columns.wanted(names, model, file=self.path.name), words)
        parsing = csv.ParseOptions(newlines_in_values=True)
        try:
            return csv.read_csv(io.BytesIO(content), parse_options=parsing, convert_options=options)
        except ArrowException as error:
            problem = str(error).splitlines()[0][:160]
            raise RowsUnreadable(file=self.path.name, problem=problem) from None


def _ends(file: BinaryIO, *, quoted: bool = False) -> Iterator[int]:
    """The byte after each row."""
    end, is_open = 0, False
    for line in _lines(file):
        end += len(line)
        is_open ^= quoted and line.count(b'"') % 2 == 1
        if line.strip() and not is_open:
            yield end
    if is_open:
        yield end


def _cut(ends: Iterator[int], start: int, rows: int) -> Iterator[Span]:
    first = 1
    while part := list(islice(ends, rows)):
        yield Span(first, len(part), (start, part[-1]))
        first, start = first + len(part), part[-1]


def _rows_until(file: BinaryIO, end: int) -> Iterator[bytes]:
    position = file.tell()
    for line in _lines(file):
        if position >= end:
            return
        position += len(line)
        if line.strip():
            yield line


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            problem = f"a line is longer than {LONGEST_LINE // 1024**2} MB"
            raise RowsUnreadable(file=Path(file.name).name, problem=problem)
        yield line


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
