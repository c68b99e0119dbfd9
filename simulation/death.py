"""A process that dies: at a statement, at a commit, or before or after the outside is called."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import Session

_FARTHEST = 60


class Killed(BaseException):
    """The process is gone. What was not committed never was; nobody in it can say anything."""


class Reaper:
    """Lets some of the acts of a world die at one of their points."""

    def __init__(self, random: Random, chance: float, hear: Callable[[str], None]) -> None:
        self._random, self._hear = random, hear
        self.chance = chance
        self._left = 0
        self.deaths = 0
        self.commits = 0
        """That were tried: as long as there are none, nothing is new."""
        self.enqueued = 0
        """How often a job was written, whether it was committed or not."""

    def arm(self, by: Random | None = None) -> None:
        """Before an act: it may be the last one of its process."""
        random = by or self._random
        dies = random.random() < self.chance
        self._left = random.randint(1, _FARTHEST) if dies else 0

    def disarm(self) -> None:
        self._left = 0

    def point(self) -> None:
        """The process may end here."""
        if self._left:
            self._left -= 1
            if not self._left:
                self.deaths += 1
                raise Killed

    @contextmanager
    def watching(self, engine: AsyncEngine) -> Iterator[None]:
        """Every statement and every commit is such a point."""

        def point(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            self.enqueued += "workflow_input (" in statement
            self._hear(statement)
            self.point()

        def commit(*_: object) -> None:
            self.commits += 1
            self.point()

        event.listen(engine.sync_engine, "before_cursor_execute", point)
        event.listen(Session, "before_commit", commit)
        try:
            yield
        finally:
            event.remove(engine.sync_engine, "before_cursor_execute", point)
            event.remove(Session, "before_commit", commit)
