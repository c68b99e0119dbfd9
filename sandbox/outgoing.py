"""What the stand-ins do on their own: background work, and calls back to the product."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Response:
    status: int
    reason: str
    headers: list[tuple[bytes, bytes]]
    content: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


class Outgoing:
    """Owns the HTTP session and the running tasks, so that a stop leaves nothing behind."""

    def __init__(self, *, timeout_seconds: float = 30) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    @property
    def is_busy(self) -> bool:
        return bool(self._tasks)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("sandbox work failed", exc_info=error)

    async def post(
        self, url: str, *, content: bytes, headers: Mapping[str, str]
    ) -> Response | None:
        return await self.send("POST", url, content=content, headers=headers)

    async def send(
        self, method: str, url: str, *, content: bytes, headers: Mapping[str, str]
    ) -> Response | None:
        """The answer, or None when nobody answered."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        try:
            async with self._session.request(
                method, url, data=content, headers=headers, allow_redirects=False
            ) as answer:
                body = await answer.read()
                headers_read = [(name.lower(), value) for name, value in answer.raw_headers]
                return Response(answer.status, answer.reason or "", headers_read, body)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            _log.info("sandbox call to %s failed: %r", url, error)
            return None

    async def close(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None
