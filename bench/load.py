"""Borrowers who write to a webhook: as fast as they are answered, or at a rate of their own."""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PATH = "/webhooks/telegram"
SECRET = "bench-secret"
_TIMEOUT_SECONDS = 30.0


@dataclass
class Webhook:
    port: int
    process: int
    """Whose webhook it is."""
    updates: int = 0
    """How many it was sent."""

    def __post_init__(self) -> None:
        self._seconds = _processor_seconds(self.process)

    @property
    def processor_ms_per_update(self) -> float:
        return 1_000 * (_processor_seconds(self.process) - self._seconds) / self.updates

    def request(self, update: bytes) -> bytes:
        self.updates += 1
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            f"X-Telegram-Bot-Api-Secret-Token: {SECRET}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(update)}\r\n\r\n"
        )
        return head.encode() + update


def _processor_seconds(process: int) -> float:
    # After the name in brackets: utime and stime are the fields 14 and 15.
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Connection:
    """One kept-alive connection to the webhook."""

    def __init__(self, webhook: Webhook) -> None:
        self._webhook = webhook

    async def __aenter__(self) -> "Connection":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._webhook.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def post(self, update: bytes) -> None:
        """Deliver one update and wait for the answer, which comes when all is done."""
        self._writer.write(self._webhook.request(update))
        head = await self._reader.readuntil(b"\r\n\r\n")
        status, _, headers = head.decode().partition("\r\n")
        if " 200 " not in f"{status} ":
            raise RuntimeError(f"the webhook answered {status}")
        for line in headers.lower().splitlines():
            if line.startswith("content-length:"):
                await self._reader.readexactly(int(line.partition(":")[2]))


async def at_full_speed(
    webhook: Webhook, borrowers: Sequence[Sequence[bytes]], *, at_once: int
) -> float:
    """Updates per second when `at_once` borrowers write, each when the last answer is there."""
    waiting = list(reversed(borrowers))

    async def write() -> None:
        async with Connection(webhook) as connection:
            while waiting:
                for update in waiting.pop():
                    await asyncio.wait_for(connection.post(update), _TIMEOUT_SECONDS)

    start = time.perf_counter()
    await asyncio.gather(*(write() for _ in range(at_once)))
    seconds = time.perf_counter() - start
    return sum(len(updates) for updates in borrowers) / seconds


async def at_a_rate(
    webhook: Webhook, borrowers: Sequence[Sequence[bytes]], *, per_second: float
) -> list[float]:
    """Seconds until each answer, counted from when the update was meant to be sent.

    Nobody waits for a slow answer before writing: what piles up is part of the measurement.
    """
    interval = len(borrowers) / per_second
    start = time.perf_counter() + 0.1

    async def write(place: int, updates: Sequence[bytes]) -> list[float]:
        taken = []
        async with Connection(webhook) as connection:
            for n, update in enumerate(updates):
                due = start + place / per_second + n * interval
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                await asyncio.wait_for(connection.post(update), _TIMEOUT_SECONDS)
                taken.append(time.perf_counter() - due)
        return taken

    every = await asyncio.gather(*(write(p, updates) for p, updates in enumerate(borrowers)))
    return [seconds for taken in every for seconds in taken]
