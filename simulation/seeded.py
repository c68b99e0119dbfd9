"""Identifiers from the seed instead of from the system, so that a world is the same every time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from random import Random
from typing import Any
from unittest.mock import patch
from uuid import UUID

from kit import ids


class _Uuids:
    """Time-ordered like the real ones, and never behind the one before."""

    def __init__(self, random: Random, now: Callable[[], datetime]) -> None:
        self._random, self._now = random, now
        self._last = 0

    def uuid7(self) -> UUID:
        place = int(self._now().timestamp() * 1000) << 12
        self._last = max(place, self._last + 1)
        millis, count = self._last >> 12, self._last & 0xFFF
        tail = self._random.getrandbits(62)
        return UUID(int=millis << 80 | 7 << 76 | count << 64 | 2 << 62 | tail)


class _Letters:
    def __init__(self, random: Random) -> None:
        self._random = random

    def choice(self, letters: Sequence[Any]) -> Any:
        return self._random.choice(letters)


@contextmanager
def identifiers(random: Random, now: Callable[[], datetime]) -> Iterator[None]:
    with (
        patch.object(ids, "uuid_utils", _Uuids(random, now)),
        patch.object(ids, "secrets", _Letters(random)),
    ):
        yield
