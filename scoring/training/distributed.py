"""One booster trained by many processes: LightGBM's data-parallel learning, with Dask to start it.

Each worker holds its own rows, builds their histograms, and all agree on every split. LightGBM's
own Dask classes cut the columns into bins by what each worker has, bag each worker's rows by
themselves, and hang when workers stop early at different rounds (its issues 3835 and 6351). Here
all workers take the bins of one sample, do not bag, and stop early on the same held-out rows, so
they must stop together.

Without L2 and directions the trees are those of one process. With them they may differ, as one
process never looks again at a column that had no split worth making in the node above.
"""

import socket
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlparse

import numpy as np
from numpy.typing import NDArray

from scoring.cluster import WorkerLost

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = tuple[Floats, Ints]
ATTEMPTS = 3
_TOGETHER = {"tree_learner": "data", "bagging_freq": 0, "time_out": 5}


def boost(
    client: Any,
    shards: Mapping[str, Sequence[Any]],
    *,
    bins: Floats,
    held: Rows,
    settings: Mapping[str, Any],
    rounds: int,
    patience: int,
) -> str:
    """The text of the booster. `shards` are futures of rows by the address of their worker.

    LightGBM's sockets now and then break while workers find each other (its issue 4074): then all
    begin anew.
    """
    plan = {"rounds": rounds, "patience": patience, "settings": {**settings, **_TOGETHER}}
    # Not under a name made of what is in it: the same rows scattered again, while their last owner
    # is still letting go of them, would go with those.
    shared = client.scatter([bins, held], broadcast=True, hash=False)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _boost_once(client, shards, shared, plan)
        except Exception as error:
            from lightgbm.basic import LightGBMError

            if not isinstance(error, LightGBMError):
                raise
            if attempt == ATTEMPTS:
                raise WorkerLost(problem=str(error)[:160]) from None
    raise AssertionError


def _boost_once(
    client: Any, shards: Mapping[str, Sequence[Any]], shared: Sequence[Any], plan: Mapping[str, Any]
) -> str:
    from distributed import wait

    addresses = [address for address, futures in shards.items() if futures]
    sockets = [_on(client, address, _bind) for address in addresses]
    ports = client.gather(
        [_on(client, at, _port, bound) for at, bound in zip(addresses, sockets, strict=True)]
    )
    machines = [f"{_host(a)}:{port}" for a, port in zip(addresses, ports, strict=True)]
    trained = [
        _on(client, at, _train, list(shards[at]), *shared, plan, machines, port, bound)
        for at, port, bound in zip(addresses, ports, sockets, strict=True)
    ]
    wait(trained)  # type: ignore[no-untyped-call]
    texts: list[str] = client.gather(trained)
    return texts[0]


def addresses(client: Any) -> list[str]:
    return sorted(client.scheduler_info(n_workers=-1)["workers"])


def _on(client: Any, address: str, work: Any, *arguments: Any) -> Any:
    return client.submit(work, *arguments, workers=[address], allow_other_workers=False, pure=False)


def _host(address: str) -> str:
    return urlparse(address).hostname or address


def _bind() -> socket.socket:
    """Held until the training takes the port: nobody else gets it meanwhile."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("", 0))
    return bound


def _port(bound: socket.socket) -> int:
    port: int = bound.getsockname()[1]
    return port


def _train(
    shards: Sequence[Rows],
    bins: Floats,
    held: Rows,
    plan: Mapping[str, Any],
    machines: Sequence[str],
    port: int,
    bound: socket.socket,
) -> str:
    import lightgbm
    from distributed import get_worker

    settings = {**plan["settings"], "num_threads": get_worker().state.nthreads}
    like = lightgbm.Dataset(bins, params=settings).construct()
    rows = np.concatenate([rows for rows, _ in shards])
    answers = np.concatenate([answers for _, answers in shards])
    data = lightgbm.Dataset(rows, answers, reference=like, params=settings).construct()
    test = lightgbm.Dataset(*held, reference=data, params=settings).construct()
    network = {"machines": ",".join(machines), "num_machines": len(machines)}
    bound.close()
    booster = lightgbm.train(
        {**settings, **(network if len(machines) > 1 else {}), "local_listen_port": port},
        data,
        num_boost_round=plan["rounds"],
        valid_sets=[test],
        callbacks=[lightgbm.early_stopping(plan["patience"], verbose=False)],
    )
    text: str = booster.model_to_string(num_iteration=booster.best_iteration)
    booster.free_network()
    return text
