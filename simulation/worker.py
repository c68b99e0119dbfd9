"""Runs the real job rows one by one in an order of the seed: a worker that can die anywhere."""

import traceback
from datetime import datetime, timedelta
from random import Random

from sqlalchemy.exc import OperationalError

from kit import job_rows, jobs
from kit.db import unit_of_work
from kit.errors import TransientFailure
from kit.job_rows import JobRow
from servicing import tasks
from simulation.death import Killed, Reaper

QUEUES = frozenset({"default", "rail"})
"""Messages stay unsent: nobody here has a telephone."""
assert tasks, "the jobs of servicing are registered"
_ROUNDS = 20


class Worker:
    def __init__(self, context: jobs.Context, random: Random, reaper: Reaper) -> None:
        self._context, self._random, self._reaper = context, random, reaper
        self._not_before: dict[str, datetime] = {}
        self._failures: dict[str, int] = {}
        self._left = 0
        self._seen = -1
        self.ran = 0
        self.dead: list[str] = []
        """What the jobs said that nobody will run again."""

    async def work(self) -> None:
        """Every job that is ready, and those that they ask for."""
        for _ in range(_ROUNDS):
            if not self._may_find_any():
                return
            async with self._context.sessions() as session:
                waiting = await job_rows.list_waiting(session, QUEUES)
            now = self._context.clock.now()
            ready = [job for job in waiting if self._not_before.get(job.key, now) <= now]
            self._random.shuffle(ready)
            for job in ready:
                await self._run(job)

    def _may_find_any(self) -> bool:
        """Whether a job was written or left since the last look, or the pause of one is over."""
        now, seen = self._context.clock.now(), self._reaper.enqueued + self._left
        over = [key for key, until in self._not_before.items() if until <= now]
        for key in over:
            del self._not_before[key]
        is_new, self._seen = seen != self._seen, seen
        return is_new or bool(over)

    async def _run(self, job: JobRow) -> None:
        self.ran += 1
        self._reaper.arm()
        try:
            await self._attempt(job)
            self._reaper.point()
            await self._end(job, is_done=True)
        except Killed:
            self._left += 1  # Its row still waits: the next worker takes it.
        except jobs.Later as pause:
            self._pause(job, pause.seconds)
        except (TransientFailure, OperationalError) as failure:
            await self._failed(job, failure)
        except Exception as failure:
            await self._give_up(job, failure)
        finally:
            self._reaper.disarm()

    async def _attempt(self, job: JobRow) -> None:
        await jobs.JOBS[job.name].run(self._context, **job.arguments)

    async def _failed(self, job: JobRow, failure: Exception) -> None:
        failures = self._failures[job.key] = self._failures.get(job.key, 0) + 1
        if failures < jobs.TRIES:
            self._pause(job, min(0.5 * 4**failures, 600.0))
        else:
            await self._give_up(job, failure)

    async def _give_up(self, job: JobRow, failure: Exception) -> None:
        self._reaper.disarm()
        self.dead.append(f"{job.key}\n{''.join(traceback.format_exception(failure))}")
        await self._end(job, is_done=False)

    async def _end(self, job: JobRow, *, is_done: bool) -> None:
        async with unit_of_work(self._context.sessions) as session:
            await job_rows.end(session, job.key, is_done=is_done)

    def _pause(self, job: JobRow, seconds: float) -> None:
        self._not_before[job.key] = self._context.clock.now() + timedelta(seconds=seconds)
