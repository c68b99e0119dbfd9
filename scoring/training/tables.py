"""A CSV or Parquet file as plain columns: numbers with NaN for missing, categories with None."""

import codecs
import hashlib
import io
import sys
from collections.abc import Collection, Iterable, Sequence
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
MOST_BYTES = 1024**3
MOST_VALUES = 200_000_000
"""Rows times columns: 1.6 GB as numbers."""
_NULLS = ["", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "#N/A", "-"]


class DataUnreadable(Sentence, DomainError):
    code = "training_data_unreadable"
    kind = Kind.INVALID
    sentence = "{file} cannot be read as a table: {problem}."


class DataTooLarge(Sentence, DomainError):
    code = "training_data_too_large"
    kind = Kind.INVALID
    sentence = "{file} is larger than {limit}: use a sample of it."


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


def read(source: str, words: Collection[str] = ()) -> Table:
    """The table of a file, or of standard input (CSV) for `-`. Columns of `words` are text,
    whatever they look like in this file."""
    name = "standard input" if source == STDIN else Path(source).name
    content = _bytes(source, name)
    import pyarrow as pa

    try:
        arrow = _arrow(content, source, name, words)
        if arrow.num_rows == 0:
            raise DataUnreadable(file=name, problem="it has no rows")
        if len(set(arrow.column_names)) != len(arrow.column_names):
            raise DataUnreadable(file=name, problem="two columns have the same name")
        return of_arrow(arrow, words, hashlib.sha256(content).hexdigest())
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        problem = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
        raise DataUnreadable(file=name, problem=problem) from None


def of_arrow(arrow: Any, words: Collection[str] = (), sha256: str = "") -> Table:
    columns = {
        name: _words(name, arrow.column(name))
        if name in words
        else _column(name, arrow.column(name))
        for name in arrow.column_names
    }
    return Table(columns, arrow.num_rows, sha256)


def words_of(columns: Iterable[Column]) -> set[str]:
    """What models read as levels, and none of them as a number."""
    read = {True: set[str](), False: set[str]()}
    for column in columns:
        read[column.levels is not None].add(column.name)
    return read[True] - read[False]


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
        texts = values if isinstance(values, list) else as_levels(values)
        levels = column.levels
        return np.array([np.nan if text is None else levels.get(text, np.nan) for text in texts])
    if isinstance(values, list):
        odd = next((value for value in values if value is not None), None)
        if odd is None:
            return np.full(table.rows, np.nan)
        raise ValueNotANumber(column=column.name, value=odd[:40])
    return values


def as_levels(values: Floats) -> Levels:
    return [None if np.isnan(value) else _level(float(value)) for value in values]


def as_code(text: str) -> str:
    """A number as short as it can be written; any other text as it is."""
    return _level(float(text)) if _is_number(text) else text


def _level(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def _bytes(source: str, name: str) -> bytes:
    """All of it, unless that is more than fits: a file tells its size before it is read."""
    if source == STDIN:
        content = sys.stdin.buffer.read(MOST_BYTES + 1)
        size = len(content)
    else:
        path = Path(source)
        if not path.is_file():
            raise DataUnreadable(file=name, problem="there is no such file")
        size = path.stat().st_size
        content = path.read_bytes() if size <= MOST_BYTES else b""
    if size > MOST_BYTES:
        raise DataTooLarge(file=name, limit=f"{MOST_BYTES // 1024**3} GB")
    return content


def _arrow(content: bytes, source: str, name: str, words: Collection[str]) -> Any:
    if content[:4] == b"PAR1" or source.endswith(".parquet"):
        from pyarrow import parquet

        facts = parquet.read_metadata(io.BytesIO(content))
        _hold_values(facts.num_rows * facts.num_columns, name)
        return parquet.read_table(io.BytesIO(content))
    from pyarrow import csv

    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ValueError("it is UTF-16: save it as UTF-8")
    header = content.split(b"\n", 1)[0]
    if b"," not in header and (b";" in header or b"\t" in header):
        raise ValueError("its columns are apart by semicolons or tabs: save it with commas")
    # Commas inside quotes only make this larger than it is.
    _hold_values(content.count(b",") + content.count(b"\n"), name)
    return csv.read_csv(io.BytesIO(content), convert_options=csv_options(words=words))


def csv_options(only: Sequence[str] = (), words: Collection[str] = ()) -> Any:
    import pyarrow as pa
    from pyarrow import csv

    return csv.ConvertOptions(
        null_values=_NULLS,
        strings_can_be_null=True,
        include_columns=list(only),
        column_types={name: pa.string() for name in words},
    )


def _hold_values(values: int, name: str) -> None:
    """A packed file of few bytes may unfold to many."""
    if values > MOST_VALUES:
        raise DataTooLarge(file=name, limit=f"{MOST_VALUES:,} values (rows times columns)")


def _column(name: str, values: Any) -> Floats | Levels:
    import pyarrow as pa

    kind = values.type
    if pa.types.is_dictionary(kind):
        values = values.cast(kind.value_type)
        kind = values.type
    if pa.types.is_null(kind):
        return np.full(len(values), np.nan)
    if any(is_text(kind) for is_text in _text_kinds()):
        return _levels(name, _text(name, values))
    try:
        numbers = _counted(values).cast(pa.float64()).to_numpy()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return _levels(name, pa.array([None if v is None else str(v) for v in values.to_pylist()]))
    numbers = numbers.astype(np.float64)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _text_kinds() -> tuple[Any, ...]:
    from pyarrow import types

    return types.is_string, types.is_large_string, types.is_binary, types.is_large_binary


def _counted(values: Any) -> Any:
    """Dates as microseconds since 1970, times of day since midnight; all else as it is."""
    import pyarrow as pa

    kind = values.type
    if pa.types.is_time32(kind):
        return values.cast(pa.int32())
    if pa.types.is_time64(kind):
        return values.cast(pa.int64())
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        # Years like 9999 are more microseconds than a number holds to the last digit.
        values = values.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
        kind = values.type
    if pa.types.is_integer(kind):
        # Nanoseconds since 1970 lose their last digits here, and no order that matters.
        return values.cast(pa.float64(), safe=False)
    return values


def _words(name: str, values: Any) -> Levels:
    import pyarrow as pa

    kind = values.type
    if pa.types.is_dictionary(kind):
        values = values.cast(kind.value_type)
        kind = values.type
    if pa.types.is_floating(kind):
        return as_levels(values.cast(pa.float64()).to_numpy())
    texts: Levels = _text(name, values).to_pylist()
    return texts


def _text(name: str, values: Any) -> Any:
    import pyarrow as pa

    try:
        return values.cast(pa.string())
    except pa.ArrowInvalid:
        problem = "it is not UTF-8: save it as UTF-8"
        raise DataUnreadable(file=f"Column {name}", problem=problem) from None


def _levels(name: str, texts: Any) -> Levels:
    """Text as it is, every word held once. Numbers with a little text among them are a broken
    column, no category."""
    coded = texts.dictionary_encode()
    coded = coded.combine_chunks() if hasattr(coded, "combine_chunks") else coded
    words = coded.dictionary.to_pylist()
    places = coded.indices.fill_null(len(words)).to_numpy()
    counts = np.bincount(places, minlength=len(words) + 1)
    odd = [n for n, word in enumerate(words) if not _is_number(word)]
    if odd and counts[odd].sum() * 2 < counts[:-1].sum():
        raise ColumnMixed(column=name, value=repr(words[odd[0]][:40]))
    shared: Levels = np.array([*words, None], dtype=object)[places].tolist()
    return shared


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
