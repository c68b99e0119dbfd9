"""Borrowers: they apply, and pay in all the ways in which people pay, or do not."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from kit.crypto import vault_of
from kit.ids import new_id
from kit.money import Money
from servicing import origination, payment_requests, queries, terms
from servicing import rules as agreed_rules
from servicing.models import Loan
from servicing.states import LoanStatus
from simulation.rail import Transfer
from simulation.world import World

_FEES: list[dict[str, Any]] = [
    {"code": "processing", "percent": "2.5", "when": "deducted", "to": "lender"},
    {"code": "stamp", "amount": "50", "when": "deducted", "to": "third_party"},
    {"code": "service", "amount": "20", "when": "per_installment", "to": "lender"},
    {"code": "insurance", "amount": "10", "when": "per_installment", "to": "third_party"},
]
PRODUCTS: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    (
        {"annual_rate_percent": "36", "installments": 3, "fees": _FEES},
        {"late_fee_percent": "4", "late_fee_after_days": 3},
    ),
    (
        {"annual_rate_percent": "52", "installments": 2, "method": "flat", "fees": _FEES[2:3]},
        {"late_fee_amount": "100", "late_fee_after_days": 1, "closing_tolerance": "1"},
    ),
    (
        {"annual_rate_percent": "24", "installments": 3},
        {"interest_recalculation": {"rest": "daily", "advance": "reduce_installment"}},
    ),
    (
        {"annual_rate_percent": "60", "installments": 1, "fees": _FEES[:1]},
        {"penalty": {"kind": "daily", "percent": "25", "cap_percent_of_principal": "20"}},
    ),
)
"""Terms and rules."""
OTHER_CURRENCY = "EUR"


@dataclass
class Borrower:
    """One person, with one loan after the other."""

    world: World
    person: UUID
    account: str
    loan_id: UUID | None = None
    application: UUID | None = None

    def begin(self) -> None:
        self.world.wish("apply", self.apply, timedelta(hours=self.world.random.randint(1, 90)))

    async def apply(self) -> None:
        """Killed before the commit, a person applies again, with the same application."""
        world, random = self.world, self.world.random
        self.application = self.application or new_id()
        product, rules = random.choice(PRODUCTS)
        count = product["installments"]
        agreed = terms.parse(
            {
                "currency": world.currency,
                "principal": str(random.randint(50, 900) * 100),
                "frequency": "day",
                "every": max(1, world.loan_days // count),
                "disbursed_on": world.today.isoformat(),
                "day_count": "actual/365",
                **product,
            }
        )
        kept = agreed_rules.parse(rules, world.currency)
        kept = replace(kept, amount_max_minor=agreed.principal.minor * 3)

        async def open_loan(session: AsyncSession) -> None:
            assert self.application is not None
            loan = await origination.open_loan(
                session, vault_of(session), application_id=self.application,
                borrower_id=self.person, terms=agreed, rules=kept, account=self.account,
                on=world.today, now=world.clock.now(),
            )  # fmt: skip
            self.loan_id = loan.id

        if await world.do(open_loan):
            self.application = None
            self._plan(world.today, world.loan_days, count)
        else:
            world.wish("apply", self.apply, timedelta(hours=1))

    def _plan(self, start: date, days: int, count: int) -> None:
        """About each due date they pay, or some days later, or never; then they come again."""
        random = self.world.random
        every = max(1, days // count)
        for n in range(1, count + 1):
            late = random.choice((-5, -1, 0, 0, 0, 1, 2, 6)) if random.random() < 0.93 else None
            if late is not None:
                self._at(start + timedelta(days=n * every + late), self.pay)
        self._at(start + timedelta(days=days + 12), self.pay_the_rest)
        self._at(start + timedelta(days=days + 18), self.come_again)

    def _at(self, day: date, act: Any) -> None:
        """Mostly by day; some just around midnight, where it matters which day it is."""
        world = self.world
        hour = world.random.randint(6, 22) if world.random.random() < 0.6 else 23
        local = datetime.combine(day, time(hour, world.random.randint(0, 59)), ZoneInfo(world.zone))
        if hour == 23 and world.random.random() < 0.5:
            local += timedelta(hours=1)
        after = max(local - world.clock.at, timedelta(minutes=1))
        world.wish(act.__name__, act, after)

    async def pay(self) -> None:
        loan, due, payoff = await self.debt()
        if loan is None or loan.status is LoanStatus.PENDING_DISBURSEMENT:
            return
        random = self.world.random
        amount = due if due.minor > 0 else Money(max(payoff.minor // 3, 100), loan.currency)
        way = random.choices(
            ("request", "send", "wrong", "twice", "more", "other"), (30, 30, 12, 8, 12, 8)
        )[0]
        if way == "request":
            await self._request(min(amount, payoff, key=lambda money: money.minor))
        elif way == "wrong":
            self._send(random.choice((loan.reference[:-1], "L-NOBODY", "hello")), amount)
        elif way == "other":
            self._send(loan.reference, Money(random.randint(100, 9_999), OTHER_CURRENCY))
        elif way == "more":
            self._send(loan.reference, amount + Money(random.randint(1, 90_000), loan.currency))
        else:
            for _ in range(2 if way == "twice" else 1):
                self._send(random.choice((loan.reference, f" {loan.reference.lower()} ")), amount)

    async def pay_the_rest(self) -> None:
        loan, _, payoff = await self.debt()
        if loan is None or loan.status is LoanStatus.PENDING_DISBURSEMENT:
            return
        if self.world.random.random() < 0.15:
            return  # Some never do.
        if not payoff.minor:  # It is over; some pay once more.
            payoff = Money(self.world.random.choice((0, 2_500)), loan.currency)
        if payoff.minor and self.world.random.random() < 0.5:
            await self._request(payoff)
        elif payoff.minor:
            self._send(loan.reference, payoff)

    async def come_again(self) -> None:
        loan, *_ = await self.debt()
        if loan is None or loan.status not in (LoanStatus.ACTIVE, LoanStatus.PENDING_DISBURSEMENT):
            await self.apply()
        else:
            self.world.wish("come_again", self.come_again, timedelta(days=4))

    async def debt(self) -> tuple[Loan | None, Money, Money]:
        world = self.world
        nothing = Money(0, world.currency)
        if self.loan_id is None:
            return None, nothing, nothing
        async with world.sessions() as session:
            loan = await queries.get_loan(session, self.loan_id)
            due = await queries.owed(session, loan, on=world.today)
            payoff = await queries.payoff_quote(session, loan, on=world.today)
        return loan, due.total, payoff.total

    async def _request(self, amount: Money) -> None:
        world, loan_id = self.world, self.loan_id
        assert loan_id is not None

        async def request(session: AsyncSession) -> None:
            await payment_requests.request(
                session, vault_of(session), loan_id=loan_id, amount=amount, on=world.today,
                now=world.clock.now(),
            )  # fmt: skip

        await world.do(request)

    def _send(self, reference: str, amount: Money) -> Transfer:
        rail = self.world.random.choice(self.world.rails)
        transfer = rail.receive(self.account, reference, amount)
        self.world.maybe_back(rail, transfer)
        return transfer


def settle_in(world: World) -> list[Borrower]:
    people = [Borrower(world, new_id(), f"25470000{n:04}") for n in range(world.size.borrowers)]
    for person in people:
        person.begin()
    return people
