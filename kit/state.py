"""State machines as tables: the whole life of a row is read in one glance."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from kit.errors import DomainError, Kind

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


class InvalidTransition(DomainError):
    kind = Kind.CONFLICT
    code = "invalid_transition"


@dataclass(frozen=True)
class Machine(Generic[S, E]):
    """`table` maps (state, event) to the next state; anything that is not in it is refused."""

    name: str
    initial: S
    table: Mapping[tuple[S, E], S]

    def after(self, state: S, event: E) -> S:
        try:
            return self.table[state, event]
        except KeyError:
            raise InvalidTransition(machine=self.name, state=state, event=event) from None

    def allows(self, state: S, event: E) -> bool:
        return (state, event) in self.table

    def events(self, state: S) -> frozenset[E]:
        return frozenset(event for origin, event in self.table if origin == state)

    def mermaid(self) -> str:
        arrows = [f"    {a} --> {b}: {event}" for (a, event), b in self.table.items()]
        return "\n".join(["stateDiagram-v2", f"    [*] --> {self.initial}", *arrows])
