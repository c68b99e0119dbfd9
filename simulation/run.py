"""One seed from its first day to the quiet after the last: what happened, and what broke."""

import asyncio
import gc
import traceback
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import AbstractAsyncContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from kit import log
from servicing.rails import telegram
from servicing.states import FINAL, LoanStatus
from simulation import borrowers, bugs, database, digests, seeded
from simulation.cards import Cards
from simulation.checks import Broken, Inspector
from simulation.clock import end_of
from simulation.counter import Counter
from simulation.funders import Funders
from simulation.staff import Office
from simulation.world import Act, Size, World

QUIET_DAYS = 8


@dataclass
class Outcome:
    """What became of one seed."""

    seed: int
    days: int
    bug: str | None = None
    server: str = ""
    """The PostgreSQL server on which it was lived through; empty for SQLite."""
    failure: str | None = None
    """Which invariant did not hold, and how."""
    rule: str | None = None
    day: int | None = None
    step: int = 0
    digest: str = ""
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"seed {self.seed}"

    @property
    def replay(self) -> str:
        return f"kopa simulate --seed {self.seed} --days {self.days}{self._besides}"

    @property
    def _besides(self) -> str:
        bug = f" --bug {self.bug}" if self.bug else ""
        return f"{bug} --database {self.server}" if self.server else bug

    def as_document(self) -> dict[str, Any]:
        return {**asdict(self), "replay": self.replay}


Story = Callable[[World, Inspector, Office, Outcome], Awaitable[Broken | None]]


async def run(
    seed: int, engine: AsyncEngine, *, days: int, bug: str | None = None, size: Size | None = None
) -> Outcome:
    """Live `days` days, then some without faults until all has come to rest."""
    return await tell(Outcome(seed, days, bug), engine, size or Size(), _live)


async def tell(found: Outcome, engine: AsyncEngine, size: Size, live: Story) -> Outcome:
    """A world from its first moment: `live` says what happens in it."""
    world = World(found.seed, engine, size)
    with (
        seeded.identifiers(Random(found.seed), lambda: world.clock.at),  # noqa: S311
        world.reaper.watching(engine),
        bugs.planted(found.bug),
    ):
        world.hire()
        try:
            broken = await live(world, Inspector(world), Office(world), found)
        except Exception as failure:
            text = "".join(traceback.format_exception(failure))
            broken = Broken("nothing_falls_over", text)
        if broken is not None:
            found.rule, found.failure = broken.rule, broken.detail
            found.day = (world.clock.at - world.start).days
        async with world.sessions() as session:
            found.digest = await digests.of(session, world)
    found.step = world.step
    found.counts = {**_counts(world), **found.counts}
    return found


async def _live(
    world: World, inspector: Inspector, office: Office, found: Outcome
) -> Broken | None:
    others = _others(world, borrowers.settle_in(world))
    for _ in range(found.days):
        _plan_day(world, office)
        _plan_others(world, others)
        await world.live_until(world.clock.at + timedelta(days=1))
        if broken := await inspector.first():
            return broken
    world.heal()
    office.zeal = 1.0
    for n in range(QUIET_DAYS):
        _plan_day(world, office)
        _plan_others(world, others)
        await world.live_until(world.clock.at + timedelta(days=1))
        if broken := await inspector.first(at_the_end=n == QUIET_DAYS - 1):
            return broken
    return None


def _plan_day(world: World, office: Office) -> None:
    """When the worker's clock ticks, and when somebody is in the office."""
    random = world.random
    is_quiet = not world.reaper.chance
    if not is_quiet and random.random() < 0.03:
        world.is_down_until = world.clock.at + timedelta(hours=random.randint(5, 70))
    if not is_quiet:
        world.clock.error = timedelta(seconds=random.choice((0, 0, 0, -150, 150)))
    for hour in (2, 10, 18) if _is_waiting(world) else (12,) if random.random() < 0.2 else ():
        tick(world, "servicing.sweep", timedelta(hours=hour, minutes=random.randint(0, 59)))
    world.later("reconciliation", partial(_reconcile, world), timedelta(hours=3, minutes=30))
    midnight = end_of(world.zone, world.clock.at.astimezone().date())
    after = midnight + timedelta(minutes=random.randint(1, 40)) - world.clock.at
    lazy = 0.1 if _is_lending(world) else 0.7
    closes = 0 if random.random() < lazy and not is_quiet else random.choice((1, 1, 1, 2))
    for n in range(closes):
        tick(world, "servicing.clock", after % timedelta(days=1) + n * timedelta(minutes=15))
    if random.random() < 0.15:
        tick(world, "servicing.reminders", timedelta(hours=random.randint(5, 20)))
    world.later("office", office.work, timedelta(hours=9))


def _others(world: World, people: list[borrowers.Borrower]) -> list[Act]:
    """Who has work each day besides: not in every world is everything."""
    found: list[Act] = [Counter(world, people).work]
    if telegram.takes(world.currency) and world.more.random() < 0.6:
        found.append(Cards(world, people).compare)
    if world.more.random() < 0.4:
        found.append(Funders(world).work)
    return found


def _plan_others(world: World, others: list[Act]) -> None:
    for n, work in enumerate(others):
        world.later("others", work, timedelta(hours=8 + n))


def _is_waiting(world: World) -> bool:
    """Whether there is something to ask the rail."""
    if world.known is None:
        return False
    orders = (*world.known[0].payouts.values(), *world.known[0].requests.values())
    return any(order.status not in FINAL for order in orders)


def _is_lending(world: World) -> bool:
    """Whether a day brings anything to any loan."""
    if world.known is None:
        return False
    return any(loan.status is LoanStatus.ACTIVE for loan in world.known[0].loans.values())


async def _reconcile(world: World) -> None:
    """When yesterday's statement has a line, and once in a while when it has none."""
    yesterday = (world.clock.at - timedelta(days=1)).date()
    has_moved = any(
        at.date() == yesterday
        for rail in world.rails
        for transfer in rail.transfers.values()
        for at, _ in transfer.moves
    )
    if has_moved or world.random.random() < 0.1:
        await world.tick("servicing.reconciliation")


def tick(world: World, schedule: str, after: timedelta) -> None:
    world.later(schedule, lambda: world.tick(schedule), after)


def _counts(world: World) -> dict[str, int]:
    counts = dict(world.counts)
    counts["deaths"], counts["jobs"] = world.reaper.deaths, world.worker.ran
    counts["transfers"] = sum(len(rail.transfers) for rail in world.rails)
    counts["refusals"] = sum(world.refused.values())
    return counts


Live = Callable[[int, AsyncEngine], Awaitable[Outcome]]
"""One world in a database of its own."""


def many(seeds: Sequence[int], live: Live, *, server: str = "", jobs: int = 1) -> Iterator[Outcome]:
    """World by world, as they end; `jobs` at a time in processes of their own."""
    with ExitStack() as stack:
        if server:
            template = stack.enter_context(database.template_on(server))
            work = partial(on_server, live, server, template)
        else:
            path = stack.enter_context(database.folder()) / "template.db"
            database.make_template(path)
            work = partial(on_sqlite, live, path)
        if jobs == 1:
            yield from map(work, seeds)
            return
        pool = stack.enter_context(ProcessPoolExecutor(jobs, mp_context=get_context("spawn")))
        for future in as_completed([pool.submit(_quietly, work, seed) for seed in seeds]):
            yield future.result()


def on_sqlite(live: Live, template: Path, seed: int) -> Outcome:
    return _alone(live, seed, database.on_sqlite(template))


def on_server(live: Live, server: str, template: str, seed: int) -> Outcome:
    outcome = _alone(live, seed, database.on_postgresql(server, template))
    outcome.server = server
    return outcome


def _alone(live: Live, seed: int, place: AbstractAsyncContextManager[AsyncEngine]) -> Outcome:
    async def simulate() -> Outcome:
        async with place as engine:
            return await live(seed, engine)

    with _without_collector():
        return asyncio.run(simulate())


@contextmanager
def _without_collector() -> Iterator[None]:
    """A world is thrown away as a whole: looking for garbage in it takes a third of the time."""
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect()
        gc.unfreeze()


def _quietly(work: Callable[[int], Outcome], seed: int) -> Outcome:
    """What the product logs about the faults of a world is of no use to anybody."""
    log.configure("CRITICAL")
    return work(seed)
