"""How training rows were spread, kept in the manifest: what drift is measured against later."""

from collections.abc import Sequence
from typing import Any

from scoring.model.manifest import Column
from scoring.training.tables import Floats, Table
from scoring.watching import drift


def of(table: Table, columns: Sequence[Column], pds: Floats) -> dict[str, Any]:
    """`pds` are probabilities of held-out rows, as they would have been told when deciding."""
    return {
        "scores": drift.reference(pds.tolist()).to_json(),
        "features": {
            column.name: drift.reference(_values(table, column.name)).to_json()
            for column in columns
        },
    }


def _values(table: Table, name: str) -> list[float | str | None]:
    values = table.get(name)
    return list(values) if isinstance(values, list) else values.tolist()
