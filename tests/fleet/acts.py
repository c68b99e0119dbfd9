"""What a victim has in hand, act by act: it counts itself, and we read it, also when it is dead."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager

ORIGINATION, DISBURSEMENT, REPAYMENT, DAY_CLOSE = ACTS = (
    "origination",
    "disbursement",
    "repayment",
    "day close",
)


class Acts:
    """Counters in memory that outlives whoever writes there."""

    def __init__(self) -> None:
        # Only the victim writes, and there only its event loop: nothing to lock.
        context = multiprocessing.get_context("forkserver")
        self._begun = context.RawArray("Q", len(ACTS))
        self._ended = context.RawArray("Q", len(ACTS))

    @contextmanager
    def doing(self, act: str) -> Iterator[None]:
        number = ACTS.index(act)
        self._begun[number] += 1
        try:
            yield
        finally:
            self._ended[number] += 1

    def begun(self, act: str) -> int:
        return int(self._begun[ACTS.index(act)])

    def under_way(self) -> list[str]:
        counts = zip(ACTS, self._begun, self._ended, strict=True)
        return [act for act, begun, ended in counts if begun > ended]
