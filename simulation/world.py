"""A world: the clock, the agenda of what happens when, rails, a worker, and whose turn it is."""

import heapq
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from kit import jobs
from kit.clock import business_date
from kit.config import Settings
from kit.crypto import Vault
from kit.db import Sessions, sessions_of, unit_of_work
from kit.errors import DomainError
from kit.ids import new_id
from kit.money import Money
from servicing import orders, rail_events
from servicing.disbursements import PAYOUTS
from servicing.funding.models import WithdrawalOf
from servicing.payment_requests import REQUESTS
from servicing.rails.base import Direction, RailEvent, Rails
from servicing.states import OrderStatus
from simulation.clock import Clock, day_in
from simulation.death import Killed, Reaper
from simulation.desk import CardDesk
from simulation.memory import Memory
from simulation.rail import NO_FAULTS, Faults, SimulatedRail, Transfer
from simulation.worker import Worker

PLACES = (
    ("Africa/Nairobi", "KES"),
    ("America/New_York", "USD"),
    ("Europe/London", "GBP"),
    ("Africa/Casablanca", "MAD"),
    ("America/Santiago", "CLP"),
    ("Australia/Lord_Howe", "AUD"),
    ("Pacific/Apia", "WST"),
    ("Asia/Kathmandu", "NPR"),
)
"""With and without summer time, on both hemispheres, far from UTC, without minor units."""
Act = Callable[[], Awaitable[None]]
Agreement = Callable[..., Awaitable[object]]
_VAULT = Vault([b"m" * 32], b"i" * 32)


@dataclass
class Funded:
    """What funders know of their own money, by the name of each payment."""

    sent: dict[str, tuple[UUID, Money]] = field(default_factory=dict)
    """By whose stake it is."""
    paid: dict[str, tuple[UUID, WithdrawalOf, Money]] = field(default_factory=dict)
    shared_at: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    """When interest and losses were shared out last."""


@dataclass(frozen=True)
class Size:
    """How much happens in a world."""

    borrowers: int = 3
    loan_days: tuple[int, ...] = (8, 16, 30)
    """In about so many days a loan is to be repaid: one of these in each world."""


class World:
    def __init__(self, seed: int, engine: AsyncEngine, size: Size) -> None:
        self.random = Random(seed)  # noqa: S311
        self.size = size
        self.zone, self.currency = self.random.choice(PLACES)
        self.loan_days = self.random.choice(size.loan_days)
        first = date(2026, 1, 1) + timedelta(days=self.random.randrange(365))
        self.start = datetime.combine(first, time(), UTC)
        self.clock = Clock(self.start)
        self.memory = Memory(engine.dialect.name)
        self.reaper = Reaper(self.random, chance=0.03, hear=self.memory.hear)
        self.sessions: Sessions = sessions_of(engine, _VAULT)
        self.rails = self._rails()
        self.more = Random(f"{seed}: cards, counter, funders")  # noqa: S311
        """A stream of their own: what they do changes nothing of what others had drawn."""
        self.desk: CardDesk | None = None
        self.till: dict[str, Money] = {}
        """What came outside the rails, by its receipt; below zero: what was given back so."""
        self.funded = Funded()
        self._services: dict[type, object] = {
            Rails: Rails(tuple(self.rails)),
            Settings: Settings(timezone=self.zone, currency=self.currency),
            orders.Payees: orders.Payees(),
            Vault: _VAULT,
        }
        self.context = jobs.Context(self.sessions, self.clock, self._services)
        self.worker = Worker(self.context, self.random, self.reaper)
        self.is_down_until = self.start
        self.is_at_rest = False
        self.taken: list[tuple[RailEvent, date]] = []
        """Callbacks that we have answered for, and the day that it was then for Kopa: from then on
        they are ours to lose."""
        self.counts: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.known: Any = None
        """What the last look found: on a day on which nothing waits nobody needs to look again."""
        self.step = 0
        self.staff: tuple[UUID, ...] = ()
        self._agenda: list[tuple[datetime, int, str, Act]] = []
        self._numbers = itertools.count()

    def _rails(self) -> list[SimulatedRail]:
        faults = Faults(unkept_keys=float(self.random.random() < 0.25))
        skew = timedelta(seconds=self.random.randint(-300, 300))
        main = SimulatedRail("wallet", self, self.random, faults, skew=skew)
        if self.random.random() < 0.7:
            return [main]
        return [main, SimulatedRail("gsma", self, self.random, faults, skew=-skew)]

    def take_cards(self) -> CardDesk:
        """From here on the lender has a provider for cards in Telegram."""
        self.desk = CardDesk(self, self.more)
        self._services[Rails] = Rails(tuple(self.all_rails))
        return self.desk

    @property
    def all_rails(self) -> list[SimulatedRail]:
        return [*self.rails, self.desk] if self.desk is not None else self.rails

    # Time.

    def wish(self, what: str, act: Act, after: timedelta) -> None:
        """Something that a borrower will do, unless the world has come to rest."""

        async def do() -> None:
            if not self.is_at_rest:
                await act()

        self.later(what, do, after)

    def later(self, what: str, act: Act, after: timedelta) -> None:
        entry = (self.clock.at + after, next(self._numbers), what, act)
        heapq.heappush(self._agenda, entry)

    async def live_until(self, end: datetime) -> None:
        """Everything that happens up to `end`, in order; the worker gets its turn after each."""
        while self._agenda and self._agenda[0][0] <= end:
            at, _, what, act = heapq.heappop(self._agenda)
            self.clock.at = max(at, self.clock.at)
            self.step += 1
            self.counts[what] += 1
            await act()
            if self.is_up:
                await self.worker.work()
        self.clock.at = end

    @property
    def is_up(self) -> bool:
        return self.clock.at >= self.is_down_until

    @property
    def today(self) -> date:
        """As Kopa sees it."""
        return business_date(self.clock.now(), self.zone)

    # People and processes.

    async def do(
        self, work: Callable[[AsyncSession], Awaitable[object]], by: Random | None = None
    ) -> bool:
        """One act of a person in one transaction; whether it was done and known to be done."""
        self.reaper.arm(by)
        try:
            async with unit_of_work(self.sessions) as session:
                await work(session)
            return True
        except Killed:
            return False
        except DomainError as refusal:
            self.refused[refusal.code] += 1
            return False
        finally:
            self.reaper.disarm()

    async def both(self, act: Agreement, **given: Any) -> None:
        """One of staff proposes and another confirms; a third finds nothing left to do."""
        for staff_id in self.more.sample(self.staff, 3):
            await self.do(partial(act, staff_id=staff_id, **given), by=self.more)

    async def tick(self, schedule: str, tick: datetime | None = None) -> None:
        """What the worker's clock does, at the moments that the world chooses.

        A tick that nobody was there for, or that died, comes later.
        """
        tick = tick or self.clock.now().replace(second=0, microsecond=0)
        self.reaper.arm()
        try:
            if self.is_up:
                await jobs.JOBS[schedule].run(self.context, tick=tick.isoformat())
                return
        except Killed:
            pass
        finally:
            self.reaper.disarm()
        wait = max(self.is_down_until - self.clock.at, timedelta(minutes=1))
        if jobs.SCHEDULES[schedule].catch_up == "all":
            self.later(schedule, lambda: self.tick(schedule, tick), wait)

    # What rails ask of the world.

    def ring(self, rail: SimulatedRail, event: RailEvent, after: timedelta) -> None:
        async def ring() -> None:
            self.reaper.arm()
            await self.deliver(rail, event)
            self.reaper.disarm()

        self.later("callback", ring, after)

    def ring_final(self, rail: SimulatedRail, event: RailEvent, after: timedelta) -> None:
        async def ring() -> None:
            kind = PAYOUTS if event.direction is Direction.PAYOUT else REQUESTS
            async with self.sessions() as session:
                order = await orders.find(session, kind, event.reference)
            if order is not None and order.status is OrderStatus.SETTLED:
                await self.deliver(rail, event)

        self.later("old news", ring, after)

    async def deliver(self, rail: SimulatedRail, event: RailEvent) -> None:
        """As the webhook does it. Who does not hear us answer tells it again."""
        now = self.clock.now()
        try:
            async with unit_of_work(self.sessions) as session:
                await rail_events.apply(
                    session, event, on=business_date(now, self.zone), zone=self.zone, now=now
                )
            self.reaper.point()
            self.taken.append((event, day_in(self.zone, now)))
        except Killed:
            self.ring(rail, event, timedelta(minutes=5))

    def decide(self, rail: SimulatedRail, transfer: Transfer) -> None:
        """What becomes of an order that the rail has."""
        roll, faults = self.random.random(), rail.faults
        is_payout = transfer.direction is Direction.PAYOUT
        fails = faults.fails if is_payout else 0.15
        when = timedelta(minutes=self.random.choice((1, 3, 20, 300, 1500)))

        async def act() -> None:
            if roll < fails:
                rail.fail(transfer, "account_closed" if is_payout else "declined")
            else:
                rail.settle(transfer)
                self.maybe_back(rail, transfer)

        self.later("rail decides", act, when)

    def maybe_back(self, rail: SimulatedRail, transfer: Transfer) -> None:
        if self.random.random() >= rail.faults.comes_back:
            return

        async def act() -> None:
            rail.give_back(transfer)

        self.later("money goes back", act, timedelta(hours=self.random.randint(1, 120)))

    def heal(self) -> None:
        """From here on nothing goes wrong any more, and no borrower wants anything."""
        self.is_at_rest = True
        self.reaper.chance = 0.0
        self.clock.error = timedelta()
        self.is_down_until = self.clock.at
        for rail in self.all_rails:
            rail.faults = replace(NO_FAULTS, unkept_keys=rail.faults.unkept_keys)

    def hire(self) -> None:
        self.staff = tuple(new_id() for _ in range(3))
