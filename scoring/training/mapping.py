"""A mapping file: how the columns of somebody's data become the features of a Kopa applicant."""

from pathlib import Path
from typing import Annotated

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kit.errors import DomainError, Kind
from scoring.features import registry
from scoring.model.predictor import ColumnMissing, ValueNotANumber
from scoring.refusals import Sentence
from scoring.training import tables
from scoring.training.tables import Floats, Levels, Table


class MappingRefused(Sentence, DomainError):
    code = "training_mapping_refused"
    kind = Kind.INVALID
    sentence = "The mapping file cannot be used: {problem}."


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Part):
    """One feature: the product of its columns, each translated by its own map first."""

    columns: tuple[str, ...] = Field(min_length=1)
    maps: dict[str, dict[str, float | str]] = {}
    """Per column: what each of its values means. A value that is not listed is missing."""
    why: str
    """Why this column may stand for this feature. It is printed in the model card."""


class Mapping(_Part):
    target: str
    title: str
    source: str = ""
    """Who made the data, and under which licence."""
    population_bad_rate: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Share of bad loans to expect in the population, when the sample was drawn to hold more."""
    features: dict[str, Source] = Field(min_length=1)
    left_out: dict[str, str] = {}
    """Columns that were not used, and why."""
    limits: tuple[str, ...] = ()
    """What a reader of the model card must know."""

    @property
    def words(self) -> set[str]:
        """Columns of the data that are text, whatever a file of them looks like."""
        read = {True: set[str](), False: set[str]()}
        for name, source in self.features.items():
            for column in source.columns:
                read[column in source.maps or registry.get(name).category].add(column)
        return read[True] - read[False]


def read(path: Path) -> Mapping:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise MappingRefused(problem=f"{path.name} cannot be read") from None
    return parse(text)


def parse(text: str) -> Mapping:
    try:
        mapping = Mapping.model_validate(yaml.safe_load(text))
    except yaml.YAMLError:
        raise MappingRefused(problem="it is not YAML") from None
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in detail["loc"]) or "the file"
        raise MappingRefused(problem=f"{place}: {detail['msg']}") from None
    unknown = [name for name in mapping.features if not registry.is_known(name)]
    if unknown:
        raise MappingRefused(problem=f"there is no feature called {unknown[0]}")
    return mapping


def apply(mapping: Mapping, table: Table) -> Table:
    """The mapped features, and the target under its own name when the data has it."""
    columns = {name: _feature(name, source, table) for name, source in mapping.features.items()}
    if mapping.target in table:
        columns[mapping.target] = table.get(mapping.target)
    return Table(columns, table.rows, table.sha256)


def _feature(name: str, source: Source, table: Table) -> Floats | Levels:
    if registry.get(name).category:
        column = source.columns[0]
        texts = _texts(table, column)
        translated = source.maps.get(column)
        if translated is None:
            return texts
        return [None if value is None else str(value) for value in _translated(translated, texts)]
    product = np.ones(table.rows)
    for column in source.columns:
        product = product * _numbers(table, column, source.maps.get(column))
    return product


def _numbers(table: Table, column: str, translated: dict[str, float | str] | None) -> Floats:
    values = table.get(column)
    if translated is not None:
        meant = _translated(translated, _texts(table, column))
        return np.array([np.nan if value is None else float(value) for value in meant])
    if isinstance(values, list):
        odd = next((value for value in values if value is not None), "text")
        raise ValueNotANumber(column=column, value=odd[:40])
    return values


def _translated(written: dict[str, float | str], texts: Levels) -> list[float | str | None]:
    """Of a code as it is written, or else of the number that it is: 1.0 and 01 are 1."""
    codes = {tables.as_code(code): value for code, value in written.items()} | written

    def meant(text: str) -> float | str | None:
        return codes[text] if text in codes else codes.get(tables.as_code(text))

    return [None if text is None else meant(text) for text in texts]


def _texts(table: Table, column: str) -> Levels:
    if column not in table:
        raise ColumnMissing(column=column)
    values = table.get(column)
    if isinstance(values, list):
        return values
    return tables.as_levels(values)
