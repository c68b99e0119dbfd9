"""Durable jobs in the same database as everything else, on the one engine that we know (DBOS).

A job is enqueued in the caller's transaction under the natural key of its work, so it exists
exactly when the facts it works on do, and asking twice is asking once. A *task* runs in one unit
of work. An *effect* calls the outside and opens its own units of work. Both may run again after
a crash: whatever they change is guarded by unique keys of their own.
"""

import asyncio
import importlib
import itertools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar, cast

import structlog
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer
from sqlalchemy import URL, make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from kit.clock import Clock
from kit.db import Sessions, unit_of_work
from kit.errors import TransientFailure

log = structlog.get_logger(__name__)

# Fixed by hand: the engine's default is a hash of the code, which strands the work of yesterday.
ENGINE_VERSION = "1"
# With growing pauses of at most ten minutes: about three hours of an outage outside.
TRIES = 24
WORKFLOW = "kopa.job"
T = TypeVar("T")
CatchUp = Literal["all", "latest"]


@dataclass(frozen=True)
class Queue:
    """`concurrency`: jobs at once in one worker. `per_second`: starts over all workers."""

    concurrency: int
    per_second: int | None = None


# SQLite has one writer: more than five jobs at once only wait for each other.
QUEUES = {
    "default": Queue(concurrency=5),
    "rail": Queue(concurrency=3),
    "messages": Queue(concurrency=5, per_second=20),
    "heavy": Queue(concurrency=1),
    # One reckons while the other waits for the database.
    "close": Queue(concurrency=2),
}


class Later(Exception):
    """Raised by an effect: nothing is wrong, run me again after a pause."""

    def __init__(self, *, seconds: float) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


class JobFailed(Exception):
    """The job is dead: its tries are used up, or it failed in a way that trying cannot mend."""


@dataclass(frozen=True)
class Context:
    """What an effect works with."""

    sessions: Sessions
    clock: Clock
    services: Mapping[type, object] = field(default_factory=dict)

    def service(self, kind: type[T]) -> T:
        """The adapter that this installation uses for `kind` (a rail, a channel, an engine)."""
        return cast(T, self.services[kind])


@dataclass(frozen=True)
class _Job:
    run: Callable[..., Awaitable[None]]
    queue: str


@dataclass(frozen=True)
class Schedule:
    cron: str
    """Five cron fields, in UTC."""
    catch_up: CatchUp
    """Whether a tick that was missed (program off, clock moved on) runs late or is skipped."""


JOBS: dict[str, _Job] = {}
SCHEDULES: dict[str, Schedule] = {}
F = TypeVar("F", bound=Callable[..., Awaitable[None]])


def task(name: str, queue: str = "default") -> Callable[[F], F]:
    """Register `async def f(session, *, now, **arguments)`: one unit of work."""

    def register(function: F) -> F:
        async def run(context: Context, **arguments: Any) -> None:
            async with unit_of_work(context.sessions) as session:
                await function(session, now=context.clock.now(), **arguments)

        _register(name, _Job(run, queue))
        return function

    return register


def effect(name: str, queue: str = "default") -> Callable[[F], F]:
    """Register `async def f(context, **arguments)`: it calls the outside between units of work."""

    def register(function: F) -> F:
        _register(name, _Job(function, queue))
        return function

    return register


def every(cron: str, name: str, *, catch_up: CatchUp = "latest") -> Callable[[F], F]:
    """Register `async def f(session, *, now, tick)` for each tick of `cron` (UTC, our clock)."""

    def register(function: F) -> F:
        async def run(context: Context, tick: str) -> None:
            async with unit_of_work(context.sessions) as session:
                at = datetime.fromisoformat(tick)
                await function(session, now=context.clock.now(), tick=at)

        _register(name, _Job(run, "default"))
        SCHEDULES[name] = Schedule(cron, catch_up)
        return function

    return register


def _register(name: str, job: _Job) -> None:
    if name in JOBS:
        raise ValueError(f"two jobs are called {name}")
    if job.queue not in QUEUES:
        raise ValueError(f"no queue is called {job.queue}")
    JOBS[name] = job


def _find(name: str) -> _Job:
    """A job that nobody has imported yet lives in the `tasks` module of its room."""
    if name not in JOBS:
        importlib.import_module(f"{name.partition('.')[0]}.tasks")
    return JOBS[name]


async def enqueue(
    session: AsyncSession,
    name: str,
    *,
    key: str,
    delay_seconds: float | None = None,
    **arguments: Any,
) -> None:
    """Write the job in the caller's transaction. The same `key` twice is one job, for ever.

    `arguments` are JSON values. `delay_seconds` is real time: use it for seconds, not for days.
    """
    job = _find(name)
    options: dict[str, Any] = {
        "workflow_name": WORKFLOW,
        "queue_name": job.queue,
        "workflow_id": key,
        "app_version": ENGINE_VERSION,
    }
    if delay_seconds:
        options["delay_seconds"] = delay_seconds
    client = client_for(session.get_bind().engine.url)
    await session.run_sync(
        lambda sync: client.enqueue_in_transaction(sync, options, name, arguments)  # type: ignore[arg-type]
    )


def sync_url(url: str | URL) -> str:
    """The engine's own connections are synchronous: same database, plain driver name."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        parsed = parsed.set(drivername="sqlite")
    return parsed.render_as_string(hide_password=False)


_clients: dict[str, DBOSClient] = {}


def client_for(url: str | URL) -> DBOSClient:
    address = sync_url(url)
    if address not in _clients:
        _clients[address] = DBOSClient(
            system_database_url=address,
            serializer=DBOSPortableJSONSerializer(),
            use_listen_notify=False,
            lazy=True,
        )
    return _clients[address]


def migrate(url: str) -> None:
    """Create or update the engine's own tables."""
    DBOS.migrate(sync_url(url))


_context: Context | None = None


def bind(context: Context | None) -> None:
    """Give the jobs of this process what they work with. Called by the worker."""
    global _context
    _context = context


SLEEPING: set[str] = set()
"""The keys of jobs of this process that wait until they run again."""


# A program that is killed, or stopped while a job waits, is no fault of the job: `TRIES` count.
@DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
async def _job(name: str, arguments: dict[str, Any]) -> None:
    failures = 0
    for _ in itertools.count():
        outcome = await _attempt(name, arguments)
        if outcome["state"] == "done":
            return
        if outcome["state"] == "later":
            await _sleep(outcome["seconds"])
            continue
        failures += 1
        if outcome["state"] == "failed" or failures >= TRIES:
            raise JobFailed(f"{name}: {outcome['why']}")
        await _sleep(min(0.5 * 4**failures, 600.0))


async def _sleep(seconds: float) -> None:
    key = DBOS.workflow_id
    assert key is not None, "only a job sleeps"
    SLEEPING.add(key)
    try:
        await DBOS.sleep_async(seconds)
    finally:
        SLEEPING.discard(key)


@DBOS.step(name="kopa.attempt")
async def _attempt(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """One try. Its answer, not an exception, says what comes next: the engine stores answers."""
    if _context is None:
        raise RuntimeError("the worker has not been given its context")
    try:
        await _find(name).run(_context, **arguments)
    except Later as pause:
        return {"state": "later", "seconds": pause.seconds}
    except (TransientFailure, OperationalError, InterfaceError, PoolTimeout) as failure:
        log.warning("job.retry", job=name, why=type(failure).__name__)
        return {"state": "transient", "why": type(failure).__name__}
    except asyncio.CancelledError:
        raise
    except Exception as failure:
        log.exception("job.failed", job=name)
        return {"state": "failed", "why": type(failure).__name__}
    return {"state": "done"}


@dataclass(frozen=True)
class DeadJob:
    key: str
    name: str
    arguments: dict[str, Any]
    error: str
    enqueued_at: datetime
    died_at: datetime
    """Both in real time, which a moved product clock leaves alone."""


async def list_dead(url: str | URL, *, limit: int = 100) -> list[DeadJob]:
    """Jobs that need a person, newest first."""
    rows = await client_for(url).list_workflows_async(
        status=["ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"], limit=limit, sort_desc=True
    )
    dead = []
    for row in rows:
        name, arguments = _input_of(row)
        at, died = (datetime.fromtimestamp((ms or 0) / 1_000, UTC) for ms in _times(row))
        dead.append(DeadJob(row.workflow_id, name, arguments, str(row.error), at, died))
    return dead


def _times(row: Any) -> tuple[int | None, int | None]:
    return row.created_at, row.completed_at or row.updated_at


def _input_of(row: Any) -> tuple[str, dict[str, Any]]:
    args: Any = (row.input or {}).get("args") or ("", {})
    return str(args[0]), dict(args[1])


async def retry(url: str | URL, key: str) -> None:
    """Run a dead job again under the same key, from the try that failed."""
    client = client_for(url)
    steps = await asyncio.to_thread(client.list_workflow_steps, key)
    last = max((step["function_id"] for step in steps), default=1)
    await asyncio.to_thread(client.rewind_workflow, key, start_step=last)


async def is_idle(url: str | URL) -> bool:
    """No job is waiting or running (delayed ones do not count)."""
    rows = await client_for(url).list_workflows_async(
        status=["ENQUEUED", "PENDING"], limit=1, load_input=False, load_output=False
    )
    return not rows
