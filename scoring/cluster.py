"""Workers of a Dask that is already there, or some on this machine: for work past one process."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kit.errors import DomainError, Kind
from scoring.refusals import Sentence

PATIENCE = "10s"
"""How long to look for a scheduler."""


class ClusterUnreachable(Sentence, DomainError):
    code = "cluster_unreachable"
    kind = Kind.INVALID
    sentence = "There is no Dask scheduler with workers at {address}."


class WorkerLost(Sentence, DomainError):
    """Killed, out of memory, or gone from the network."""

    code = "cluster_worker_lost"
    kind = Kind.CONFLICT
    sentence = "A worker was lost while it worked: {problem}."


@contextmanager
def connect(*, workers: int = 0, address: str | None = None) -> Iterator[Any]:
    """A Dask client. Workers of our own are processes with one thread each, and end with it."""
    import dask
    from distributed import Client, LocalCluster
    from distributed.client import FutureCancelledError
    from distributed.scheduler import KilledWorker

    try:
        if address is None:
            with (
                dask.config.set({"distributed.worker.daemon": True}),
                LocalCluster(  # type: ignore[no-untyped-call]
                    n_workers=workers,
                    threads_per_worker=1,
                    dashboard_address="127.0.0.1:0",  # Several may run beside each other.
                    memory_limit=0,
                    silence_logs=logging.ERROR,
                ) as cluster,
                Client(cluster) as client,  # type: ignore[no-untyped-call]
            ):
                yield client
        else:
            with _client(address) as client:
                yield client
    except (KilledWorker, FutureCancelledError) as error:
        raise WorkerLost(problem=str(error).splitlines()[0][:160]) from None


def _client(address: str) -> Any:
    from distributed import Client

    try:
        client = Client(address, timeout=PATIENCE)  # type: ignore[no-untyped-call]
        if not client.scheduler_info(n_workers=1)["workers"]:
            client.close()  # type: ignore[no-untyped-call]
            raise ClusterUnreachable(address=address)
    except (OSError, ValueError):
        raise ClusterUnreachable(address=address) from None
    return client
