"""Run heavy or dangerous work on pictures in separate processes with limits, off the event loop.

A file that eats memory or time ends the worker, never the program: the caller gets one clear
error and the next call a fresh worker.
"""

import asyncio
import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar, cast

from kit.errors import DomainError, Kind

P = ParamSpec("P")
T = TypeVar("T")

MEMORY_BYTES = 2 * 2**30
"""Address space: libraries and models reserve 500 MB of it, threads that wait 200 MB, the largest
picture 300 MB more, reading a page of 1,280 pixels 700 MB. Less than half of it is ever in use."""
CPU_SECONDS = 30
WORKERS = max(1, (os.cpu_count() or 1) // 2)


class PictureCheckFailed(DomainError):
    """The worker ran out of memory or time, or crashed, over this picture or a neighbor's."""

    kind = Kind.UNAVAILABLE
    code = "picture_check_failed"


@dataclass(frozen=True)
class _Refusal:
    """A DomainError between processes: exceptions with keyword arguments do not travel."""

    error: type[DomainError]
    params: dict[str, object]


_pool: ProcessPoolExecutor | None = None
_pool_lock = threading.Lock()


async def run(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """`function(*args)` in a worker. It must be a module-level function of picklable arguments."""
    pool = _current()
    loop = asyncio.get_running_loop()
    try:
        outcome = await loop.run_in_executor(pool, _call, function, args, kwargs)
    except BrokenProcessPool:
        _discard(pool)
        raise PictureCheckFailed() from None
    if isinstance(outcome, _Refusal):
        raise outcome.error(**outcome.params)
    return cast(T, outcome)


def close() -> None:
    """Stop the workers. The next `run` starts new ones."""
    if _pool is not None:
        _discard(_pool)


def _current() -> ProcessPoolExecutor:
    global _pool
    with _pool_lock:
        if _pool is None:
            _pool = ProcessPoolExecutor(
                WORKERS, mp_context=multiprocessing.get_context("forkserver"), initializer=_prepare
            )
        return _pool


def _discard(broken: ProcessPoolExecutor) -> None:
    global _pool
    with _pool_lock:
        if _pool is broken:
            _pool = None
    broken.shutdown(wait=False, cancel_futures=True)


def _prepare() -> None:
    # One thread each: the pool is the parallelism. Set before numpy is imported.
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    # A core dump would leave faces on the disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Ctrl-C is for the program, which then stops its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    """A program that was killed cannot stop its workers: they notice by themselves."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _call(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    # The kernel counts since the worker's start and ends it with SIGXCPU past the limit.
    resource.setrlimit(resource.RLIMIT_CPU, (spent + CPU_SECONDS, resource.RLIM_INFINITY))
    try:
        return function(*args, **kwargs)
    except DomainError as refusal:
        return _Refusal(type(refusal), refusal.params)
    except MemoryError:
        return _Refusal(PictureCheckFailed, {})
