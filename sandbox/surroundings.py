"""What every stand-in works with: the time, a memory, the open pages, and calls of its own."""

from dataclasses import dataclass

from kit.clock import Clock
from sandbox.bus import Bus
from sandbox.outgoing import Outgoing
from sandbox.store import Store


@dataclass(frozen=True)
class Surroundings:
    clock: Clock
    store: Store
    bus: Bus
    outgoing: Outgoing
