"""Parquet files: parts are runs of rows, read group by group."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scoring.model.predictor import Model
from scoring.rescoring import columns, sources
from scoring.rescoring.sources import Batch, RowsUnreadable, Span


@dataclass(frozen=True, slots=True)
class Parquet:
    path: Path

    def identity(self) -> dict[str, Any]:
        return sources.identity_of(self.path)

    def spans(self, rows: int) -> Iterator[Span]:
        all_rows = self._open().metadata.num_rows
        for start in range(0, all_rows, rows):
            end = min(start + rows, all_rows)
            yield Span(start + 1, end - start, (start, end))

    def batches(self, span: Span, model: Model) -> Iterator[Batch]:
        import pyarrow as pa

        start, end = map(int, span.at)
        file = self._open()
        names = columns.wanted(file.schema_arrow.names, model, file=self.path.name)
        groups, row = _groups(file, start, end)
        for record in self._records(file, groups, names):
            low, high = max(start - row, 0), min(end - row, record.num_rows)
            if low < high:
                table = pa.Table.from_batches([record[low:high]])
                yield columns.batch(table, model, file=self.path.name, first=row + low + 1)
            row += record.num_rows

    def _records(self, file: Any, groups: list[int], names: list[str]) -> Iterator[Any]:
        with self._readable():
            yield from file.iter_batches(sources.BATCH, row_groups=groups, columns=names)

    def _open(self) -> Any:
        from pyarrow import parquet

        with self._readable():
            return parquet.ParquetFile(self.path)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        from pyarrow import ArrowException

        try:
            yield
        except (ArrowException, OSError) as error:
            problem = str(error).splitlines()[0][:160]
            raise RowsUnreadable(file=self.path.name, problem=problem) from None


def _groups(file: Any, start: int, end: int) -> tuple[list[int], int]:
    """The row groups that hold these rows, and the number of the first one's first row."""
    groups: list[int] = []
    first = row = 0
    for number in range(file.metadata.num_row_groups):
        after = row + file.metadata.row_group(number).num_rows
        if row < end and after > start:
            first = first if groups else row
            groups.append(number)
        row = after
    return groups, first
