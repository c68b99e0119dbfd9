"""A CSV or Parquet file as plain columns: numbers with NaN for missing, categories with None."""

import hashlib
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kit.errors import DomainError, Kind
from scoring.model.manifest import Column
from scoring.model.predictor import ColumnMissing, ValueNotANumber
from scoring.refusals import Sentence

Floats = NDArray[np.float64]
Levels = list[str | None]
STDIN = "-"
MOST_BYTES = 2 * 1024**3
_NULLS = ["", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "#N/A", "-"]


class DataUnreadable(Sentence, DomainError):
    code = "training_data_unreadable"
    kind = Kind.INVALID
    sentence = "{file} cannot be read as a table: {problem}."


class DataTooLarge(Sentence, DomainError):
    code = "training_data_too_large"
    kind = Kind.INVALID
    sentence = "{file} is larger than {limit_gb} GB: train on a sample of it."


class ColumnMixed(Sentence, DomainError):
    code = "training_column_mixed"
    kind = Kind.INVALID
    sentence = "Column {column} mixes numbers and text, for example {value}: clean it first."


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` keeps the file's order; every column has `rows` values."""

    columns: dict[str, Floats | Levels]
    rows: int
    sha256: str

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def get(self, name: str) -> Floats | Levels:
        try:
            return self.columns[name]
        except KeyError:
            raise ColumnMissing(column=name) from None

    def without(self, *names: str) -> "Table":
        kept = {name: values for name, values in self.columns.items() if name not in names}
        return Table(kept, self.rows, self.sha256)

    def take(self, rows: NDArray[np.int64]) -> "Table":
        taken = {
            name: [values[n] for n in rows] if isinstance(values, list) else values[rows]
            for name, values in self.columns.items()
        }
        return Table(taken, len(rows), "")


def read(source: str) -> Table:
    """The table of a file, or of standard input (CSV) for `-`."""
    name = "standard input" if source == STDIN else Path(source).name
    content = _bytes(source, name)
    import pyarrow as pa

    try:
        arrow = _arrow(content, source)
    except (pa.ArrowException, ValueError, KeyError) as error:
        problem = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
        raise DataUnreadable(file=name, problem=problem) from None
    if arrow.num_rows == 0:
        raise DataUnreadable(file=name, problem="it has no rows")
    names = arrow.column_names
    if len(set(names)) != len(names):
        raise DataUnreadable(file=name, problem="two columns have the same name")
    return of_arrow(arrow, hashlib.sha256(content).hexdigest())


def of_arrow(arrow: Any, sha256: str = "") -> Table:
    columns = {name: _column(name, arrow.column(name)) for name in arrow.column_names}
    return Table(columns, arrow.num_rows, sha256)


def matrix(table: Table, columns: Sequence[Column]) -> Floats:
    """The rows a model reads, in its order. Unseen levels are missing."""
    if not columns:
        return np.empty((table.rows, 0))
    return np.column_stack([_filled(_encoded(table, column), column) for column in columns])


def _filled(values: Floats, column: Column) -> Floats:
    return values if column.fill is None else np.where(np.isnan(values), column.fill, values)


def _encoded(table: Table, column: Column) -> Floats:
    values = table.get(column.name)
    if column.levels is not None:
        texts = values if isinstance(values, list) else _as_levels(values)
        levels = column.levels
        return np.array([np.nan if text is None else levels.get(text, np.nan) for text in texts])
    if isinstance(values, list):
        odd = next((value for value in values if value is not None), None)
        if odd is None:
            return np.full(table.rows, np.nan)
        raise ValueNotANumber(column=column.name, value=odd[:40])
    return values


def _as_levels(values: Floats) -> Levels:
    return [None if np.isnan(value) else format(value, "g") for value in values]


def _bytes(source: str, name: str) -> bytes:
    if source == STDIN:
        return sys.stdin.buffer.read()
    path = Path(source)
    if not path.is_file():
        raise DataUnreadable(file=name, problem="there is no such file")
    if path.stat().st_size > MOST_BYTES:
        raise DataTooLarge(file=name, limit_gb=MOST_BYTES // 1024**3)
    return path.read_bytes()


def _arrow(content: bytes, source: str) -> Any:
    if content[:4] == b"PAR1" or source.endswith(".parquet"):
        from pyarrow import parquet

        return parquet.read_table(io.BytesIO(content))
    from pyarrow import csv

    return csv.read_csv(io.BytesIO(content), convert_options=csv_options())


def csv_options(only: Sequence[str] = ()) -> Any:
    from pyarrow import csv

    return csv.ConvertOptions(
        null_values=_NULLS, strings_can_be_null=True, include_columns=list(only)
    )


def _column(name: str, values: Any) -> Floats | Levels:
    import pyarrow as pa

    kind = values.type
    if pa.types.is_dictionary(kind):
        values = values.cast(kind.value_type)
        kind = values.type
    if pa.types.is_null(kind):
        return np.full(len(values), np.nan)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _levels(name, values.to_pylist())
    if pa.types.is_temporal(kind) and not pa.types.is_duration(kind):
        values = values.cast(pa.timestamp("us")) if not pa.types.is_time(kind) else values
        values = values.cast(pa.int64())
    try:
        numbers = values.cast(pa.float64()).to_numpy()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return _levels(name, [None if v is None else str(v) for v in values.to_pylist()])
    numbers = numbers.astype(np.float64)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _levels(name: str, texts: Levels) -> Levels:
    """Text as it is. Numbers with a little text among them are a broken column, no category."""
    known = [text for text in texts if text is not None]
    odd = [text for text in known if not _is_number(text)]
    if odd and len(odd) * 2 < len(known):
        raise ColumnMixed(column=name, value=repr(odd[0][:40]))
    return texts


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
