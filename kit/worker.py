"""A worker: runs the jobs of `kit.jobs`, ticks schedules, takes over from workers that died."""

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from croniter import croniter
from dbos import DBOS, DBOSPortableJSONSerializer
from sqlalchemy import String, delete, make_url, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kit import jobs
from kit.config import Settings
from kit.db import Base, insert_once, lock_key, unit_of_work

log = structlog.get_logger(__name__)

TICK_SECONDS = 1.0
STOP_SECONDS = 5.0


class JobSchedule(Base):
    """How far each schedule has come on our clock."""

    __tablename__ = "job_schedules"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    last_tick: Mapped[datetime]


class WorkerHeartbeat(Base):
    __tablename__ = "worker_heartbeats"

    executor_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    seen_at: Mapped[datetime]
    """Real time, also where the product's clock is moved."""


class Worker:
    def __init__(self, settings: Settings, context: jobs.Context) -> None:
        self._settings = settings
        self._context = context
        self._loops: list[asyncio.Task[None]] = []
        self._engine: DBOS | None = None
        self.executor_id = settings.worker_id or _own_id(settings.url)

    async def start(self) -> None:
        """Launch the engine inside the running loop, so that jobs share its database pool."""
        jobs.bind(self._context)
        if not _is_sqlite(self._settings.url):
            # Before the first job is taken: a worker that nobody has seen has no heir.
            await self._beat()
        self._engine = DBOS(
            config={
                "name": "kopa",
                "system_database_url": jobs.sync_url(self._settings.url),
                "executor_id": self.executor_id,
                "application_version": jobs.ENGINE_VERSION,
                "serializer": DBOSPortableJSONSerializer(),  # The default is pickle.
                "sys_db_pool_size": 20,
                "log_level": "ERROR",
                # Nobody here waits for the engine's own messages; whoever stops it waits so long.
                "notification_listener_polling_interval_sec": 0.5,
            }
        )
        await asyncio.to_thread(_launch, asyncio.get_running_loop())
        for name, queue in jobs.QUEUES.items():
            await DBOS.register_queue_async(
                name,
                worker_concurrency=queue.concurrency,
                limiter=({"limit": queue.per_second, "period": 1.0} if queue.per_second else None),
                polling_interval_sec=self._settings.job_polling_seconds,
            )
        self._every(TICK_SECONDS, self.tick)
        if not _is_sqlite(self._settings.url):
            dead_after = self._settings.worker_dead_after_seconds
            self._every(dead_after / 6, self._beat)
            self._every(dead_after / 3, self._reap)

    async def stop(self) -> None:
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        self._loops.clear()
        if self._engine is not None:
            await self._until_at_rest(self._engine)
        await asyncio.to_thread(DBOS.destroy)
        jobs.bind(None)

    @staticmethod
    async def _until_at_rest(engine: DBOS) -> None:
        """No new job is taken, and those in hand come to their end, or to their next pause.

        The engine's own wait looks once a second, and waits for those that pause as well.
        """
        for event in engine.background_thread_stop_events:
            event.set()
        deadline = asyncio.get_running_loop().time() + STOP_SECONDS
        while set(engine._active_workflows_set.activeList()) - jobs.SLEEPING:
            if asyncio.get_running_loop().time() > deadline:
                return
            await asyncio.sleep(0.02)

    async def tick(self) -> None:
        """Enqueue every schedule tick that our clock has passed."""
        now = self._context.clock.now()
        async with unit_of_work(self._context.sessions) as session:
            await lock_key(session, "job_schedules")
            for name, schedule in jobs.SCHEDULES.items():
                await _enqueue_due(session, name, schedule, now)

    async def catch_up(self) -> None:
        """Run every schedule tick that our clock has passed here and now, in order.

        For a clock that is moved on by hand: the ticks of a month need no queue.
        """
        now = self._context.clock.now()
        async with unit_of_work(self._context.sessions) as session:
            await lock_key(session, "job_schedules")
            due = {
                name: await _claim_due(session, name, schedule, now)
                for name, schedule in jobs.SCHEDULES.items()
            }
        for name, ticks in due.items():
            for tick in ticks:
                await jobs.JOBS[name].run(self._context, tick=tick.isoformat())

    async def until_idle(self, *, timeout_seconds: float = 30.0) -> None:
        """Wait until nothing is queued or running. Used where a clock is moved on by hand."""
        deadline = asyncio.get_running_loop().time() + timeout_seconds
        while not await jobs.is_idle(self._settings.url):
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError("jobs are still running")
            await asyncio.sleep(0.02)

    def _every(self, seconds: float, action: Callable[[], Awaitable[None]]) -> None:
        async def loop() -> None:
            while True:
                await asyncio.sleep(seconds)
                try:
                    await action()
                except Exception:
                    log.exception("worker.loop_failed", action=action.__name__)

        self._loops.append(asyncio.create_task(loop()))

    async def _beat(self) -> None:
        seen_at = datetime.now(UTC)
        async with unit_of_work(self._context.sessions) as session:
            wrote = await insert_once(
                session, WorkerHeartbeat, executor_id=self.executor_id, seen_at=seen_at
            )
            if not wrote:
                row = await session.get_one(WorkerHeartbeat, self.executor_id)
                row.seen_at = seen_at

    async def _reap(self) -> None:
        """Hand the work of workers that stopped beating back to their queues.

        The engine fences the old run: a worker that was only frozen fails at its next checkpoint.
        """
        oldest = datetime.now(UTC) - timedelta(seconds=self._settings.worker_dead_after_seconds)
        async with unit_of_work(self._context.sessions) as session:
            await lock_key(session, "worker_heartbeats")
            dead = list(
                await session.scalars(
                    select(WorkerHeartbeat.executor_id).where(
                        WorkerHeartbeat.seen_at < oldest,
                        # After a pause of this machine its own beat is late as well.
                        WorkerHeartbeat.executor_id != self.executor_id,
                    )
                )
            )
            if dead:
                # Private, and the only call that keeps queue, limits and the attempt counter.
                await asyncio.to_thread(DBOS._recover_pending_workflows, dead)
                await session.execute(
                    delete(WorkerHeartbeat).where(WorkerHeartbeat.executor_id.in_(dead))
                )
                log.warning("worker.took_over", dead=len(dead))


async def _enqueue_due(
    session: AsyncSession, name: str, schedule: jobs.Schedule, now: datetime
) -> None:
    for tick in await _claim_due(session, name, schedule, now):
        moment = tick.isoformat()
        await jobs.enqueue(session, name, key=f"tick:{name}:{moment}", tick=moment)


async def _claim_due(
    session: AsyncSession, name: str, schedule: jobs.Schedule, now: datetime
) -> list[datetime]:
    """The ticks that are due, noted as taken in the caller's transaction."""
    row = await session.get(JobSchedule, name, with_for_update=True)
    if row is None:
        session.add(JobSchedule(name=name, last_tick=now))
        return []
    ticks = due_ticks(schedule, row.last_tick, now)
    if ticks:
        row.last_tick = ticks[-1]
    return ticks


def due_ticks(schedule: jobs.Schedule, after: datetime, until: datetime) -> list[datetime]:
    """The cron ticks in `(after, until]`: all of them, or only the newest."""
    if schedule.catch_up == "latest":
        newest = croniter(schedule.cron, until + timedelta(microseconds=1)).get_prev(datetime)
        return [newest] if newest > after else []
    ticks: list[datetime] = []
    ticker: Any = croniter(schedule.cron, after)
    while (tick := ticker.get_next(datetime)) <= until:
        ticks.append(tick)
    return ticks


def _launch(loop: asyncio.AbstractEventLoop) -> None:
    """Launch the engine in a thread, as if from `loop`, on which its jobs then run.

    It waits for the database: on the loop it would keep the transaction from ending that holds
    SQLite's write lock, and wait for it until both give up.
    """
    asyncio._set_running_loop(loop)
    try:
        DBOS.launch()
    finally:
        asyncio._set_running_loop(None)


def _is_sqlite(url: str) -> bool:
    return make_url(url).get_backend_name() == "sqlite"


def _own_id(url: str) -> str:
    """One process owns an embedded database, so its next start recovers what it left undone."""
    if _is_sqlite(url):
        return "local"
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
