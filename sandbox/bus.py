"""Tells open pages what has just happened, topic by topic."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sandbox.store import Json

_PATIENCE = 1_000


class Subscription:
    """What one page still has to be told. A page that stops reading is cut off, and comes back."""

    def __init__(self, topics: tuple[str, ...]) -> None:
        self.topics = topics
        self._events: asyncio.Queue[Json | None] = asyncio.Queue(_PATIENCE)
        self._cut = False

    def offer(self, event: Json) -> None:
        if not self._events.full():
            self._events.put_nowait(event)
        else:
            self._cut = True

    async def next(self, timeout: float) -> Json | None:
        """The next event, or None when nothing happened for `timeout` seconds."""
        if self._cut:
            raise EOFError
        try:
            event = await asyncio.wait_for(self._events.get(), timeout)
        except TimeoutError:
            return None
        if event is None:
            raise EOFError
        return event

    def drain(self) -> list[Json]:
        """Whatever has happened until now."""
        events = []
        while not self._events.empty():
            if (event := self._events.get_nowait()) is not None:
                events.append(event)
        return events

    def end(self) -> None:
        self._cut = True
        if not self._events.full():
            self._events.put_nowait(None)


class Bus:
    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    def publish(self, topic: str, kind: str, **facts: Any) -> None:
        for subscription in self._subscriptions:
            if topic in subscription.topics:
                subscription.offer({"topic": topic, "kind": kind, **facts})

    @contextmanager
    def subscribe(self, *topics: str) -> Iterator[Subscription]:
        subscription = Subscription(topics)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def close(self) -> None:
        for subscription in self._subscriptions:
            subscription.end()
