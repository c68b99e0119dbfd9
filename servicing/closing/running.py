"""A loan that runs, as far as the end of a day asks for it, and what a day does to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from servicing.ledger.rules import Event


@dataclass(frozen=True, slots=True)
class Running:
    id: UUID
    currency: str
    accrued_on: date | None
    rules: Mapping[str, Any]


class Changed(NamedTuple):
    """An installment as it is from now on."""

    id: UUID
    interest_minor: int
    principal_minor: int


@dataclass(frozen=True, slots=True)
class Brought:
    """What a day brings to a loan; nothing is something too."""

    amounts: dict[Event, int]
    """Each more than nothing."""
    changed: list[Changed] = field(default_factory=list)
