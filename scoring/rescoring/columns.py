"""Parts of a table: a column of snapshots, or the model's own columns."""

from collections.abc import Sequence
from typing import Any

from scoring.model.predictor import ColumnMissing, Model
from scoring.rescoring import sources
from scoring.rescoring.sources import ID, SNAPSHOT, Batch, RowsUnreadable


def wanted(names: Sequence[str], model: Model, *, file: str) -> list[str]:
    """Nothing else is read from the file."""
    if len(set(names)) != len(names):
        raise RowsUnreadable(file=file, problem="two columns have the same name")
    found = [SNAPSHOT] if SNAPSHOT in names else list(model.names)
    for name in found:
        if name not in names:
            raise ColumnMissing(column=name)
    return [*found, *([ID] if ID in names and ID not in found else [])]


def batch(table: Any, model: Model, *, file: str, first: int) -> Batch:
    from scoring.training import tables

    numbers = range(first, first + table.num_rows)
    names = table.column_names
    ids = table.column(ID).to_pylist() if ID in names else numbers
    if SNAPSHOT in names:
        texts = table.column(SNAPSHOT).to_pylist()
        read = [
            sources.read(text or "", file=file, row=row)
            for text, row in zip(texts, numbers, strict=True)
        ]
        rows = sources.rows_of(read, model)
    else:
        inputs = model.manifest.columns
        known = tables.of_arrow(table.select(model.names), tables.words_of(inputs))
        rows = tables.matrix(known, inputs)
    return Batch([str(each) for each in ids], rows)
