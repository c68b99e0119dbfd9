"""A worker as a process of its own that closes days: `python -m bench.closer URL NAME NOW`.

It is the worker of the product with the jobs of servicing, on a day that is given.
"""

import asyncio
import sys
from dataclasses import dataclass
from datetime import datetime

import uvicorn

import servicing.tasks  # noqa: F401 - the jobs that it runs
from bench.programs import vault
from kit import jobs, log
from kit.config import Settings
from kit.db import create_engine, sessions_of
from kit.worker import Worker

READY = "ready"


@dataclass(frozen=True)
class StandingClock:
    at: datetime

    def now(self) -> datetime:
        return self.at


async def _run(url: str, name: str, now: str) -> None:
    log.configure("ERROR")
    settings = Settings(_env_file=None, database_url=url, worker_id=name, currency="USD")
    engine = create_engine(url)
    services: dict[type, object] = {Settings: settings}
    clock = StandingClock(datetime.fromisoformat(now))
    worker = Worker(settings, jobs.Context(sessions_of(engine, vault()), clock, services))
    await worker.start()
    print(READY, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvicorn.Config("").get_loop_factory()) as runner:
        runner.run(_run(*sys.argv[1:]))
