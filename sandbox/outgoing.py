"""What the stand-ins do on their own: background work, and calls back to the product."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import Any

import httpx

_log = logging.getLogger(__name__)


class Outgoing:
    """Owns the HTTP client and the running tasks, so that a stop leaves nothing behind."""

    def __init__(self, *, timeout_seconds: float = 30) -> None:
        self._timeout_seconds = timeout_seconds
        self._client: httpx.AsyncClient | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("sandbox work failed", exc_info=error)

    async def post(
        self, url: str, *, content: bytes, headers: Mapping[str, str]
    ) -> httpx.Response | None:
        """The answer, or None when nobody answered."""
        if self._client is None:
            # Never through a proxy: whoever is called lives on this machine.
            self._client = httpx.AsyncClient(timeout=self._timeout_seconds, trust_env=False)
        try:
            return await self._client.post(url, content=content, headers=dict(headers))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            _log.info("sandbox call to %s failed: %r", url, error)
            return None

    async def close(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
            self._client = None
