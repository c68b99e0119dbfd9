"""Nothing but payouts, very many, under all faults: none twice, none lost, none unexplained."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from servicing.states import OrderStatus
from simulation import run as worlds
from simulation.books import Position, Rows
from simulation.borrowers import settle_in
from simulation.checks import Broken, Inspector
from simulation.run import Outcome
from simulation.staff import Office
from simulation.world import Size, World

LOANS = 250
"""In one world."""
_DAYS = 5
_QUIET_DAYS = 10
"""What comes back late is found a day later, taken back by two, and sent once more."""
_SUMMED = ("loans", "orders", "paid", "paid_twice", "lost", "unexplained")


@dataclass
class Payouts(Outcome):
    loans: int = LOANS

    @property
    def replay(self) -> str:
        return f"kopa simulate --seed {self.seed} --disbursements {self.loans}{self._besides}"


async def run(seed: int, engine: AsyncEngine, *, loans: int = LOANS) -> Outcome:
    found = Payouts(seed, _DAYS, loans=loans)
    return await worlds.tell(found, engine, Size(loans, (365,)), _live)


def told(ended: Iterable[Outcome]) -> str:
    """What came of all of them together."""
    sums = Counter[str]()
    for outcome in ended:
        sums.update({name: outcome.counts.get(name, 0) for name in _SUMMED})
    return ", ".join(f"{sums[name]} {name.replace('_', ' ')}" for name in _SUMMED)


async def _live(
    world: World, inspector: Inspector, office: Office, found: Outcome
) -> Broken | None:
    settle_in(world)
    for n in range(_DAYS + _QUIET_DAYS):
        if n == _DAYS:
            world.heal()
            office.zeal = 1.0
        for hour in (1, 7, 13, 19):
            worlds.tick(world, "servicing.sweep", timedelta(hours=hour))
        worlds.tick(world, "servicing.reconciliation", timedelta(hours=3, minutes=30))
        world.later("office", office.work, timedelta(hours=9))
        await world.live_until(world.clock.at + timedelta(days=1))
    broken = await inspector.first(at_the_end=True)
    found.counts = sums(*world.known)
    return broken


def sums(rows: Rows, positions: Collection[Position]) -> dict[str, int]:
    """Loans, and what the rail paid for them. Money on top has an order of its own."""
    whole = {key: row for key, row in rows.payouts.items() if row.amendment_id is None}
    left = [
        (whole[each.key].loan_id, transfer)
        for each in positions
        for transfer in each.transfers
        if transfer.moves and each.key in whole
    ]
    paid = {loan_id for loan_id, _ in left}
    kept = Counter(loan_id for loan_id, transfer in left if transfer.net_minor)
    settled = {row.loan_id for row in whole.values() if row.status is OrderStatus.SETTLED}
    return {
        "loans": len(rows.loans),
        "orders": len(rows.payouts),
        "paid": len(paid),
        # What came back may go out again.
        "paid_twice": sum(number > 1 for number in kept.values()),
        "lost": len(settled - paid),
        "unexplained": sum(not each.is_square for each in positions),
    }
