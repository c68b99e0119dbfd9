"""Loans for the tests of servicing: opened, paid out and repaid through public functions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from kit import jobs
from kit.clock import Clock
from kit.config import Settings
from kit.crypto import vault_of
from kit.db import Sessions, unit_of_work
from kit.ids import new_id
from kit.money import Money
from servicing import (
    day_close,
    incidents,
    orders,
    origination,
    queries,
    repayments,
    suspense,
    tasks,
    terms,
)
from servicing import rules as agreed_rules
from servicing.debts import Debt
from servicing.disbursements import PAYOUTS
from servicing.ledger import balances, invariants
from servicing.models import Installment, Loan, Repayment
from servicing.rails.base import (
    Ack,
    AckStatus,
    Caps,
    Instruction,
    Outcome,
    OutcomeStatus,
    RailEvent,
    Rails,
    StatementLine,
)

START = date(2026, 11, 20)
TERMS = {
    "principal": "30000",
    "currency": "KES",
    "annual_rate_percent": "36",
    "method": "declining",
    "frequency": "month",
    "installments": 3,
    "day_count": "30/360",
    "disbursed_on": START.isoformat(),
    "fees": [
        {"code": "processing", "percent": "2.5", "when": "deducted", "to": "lender"},
        {"code": "stamp", "amount": "50", "when": "deducted", "to": "third_party"},
        {"code": "service", "amount": "20", "when": "per_installment", "to": "lender"},
        {"code": "insurance", "amount": "10", "when": "per_installment", "to": "third_party"},
    ],
}
RULES = {"late_fee_percent": "4", "late_fee_after_days": 3}
ACCOUNT = "254700000001"
ZONE = "Africa/Nairobi"
SETTINGS = Settings(timezone=ZONE, currency="KES")


def kes(major: int | str) -> Money:
    return Money.parse(str(major), "KES")


class PaperRail:
    """A rail that takes every order and says what the test tells it to say."""

    name = "wallet"

    def __init__(self) -> None:
        self.caps = Caps(honours_keys=True)
        self.sent: list[Instruction] = []
        self.acks: list[Ack] = []
        """What to answer next; then ACCEPTED."""
        self.knows: dict[str, Outcome] = {}

    async def submit(self, instruction: Instruction) -> Ack:
        self.sent.append(instruction)
        return self.acks.pop(0) if self.acks else Ack(AckStatus.ACCEPTED, "W1")

    async def query(self, instruction: Instruction) -> Outcome:
        return self.knows.get(instruction.client_ref, Outcome(OutcomeStatus.NOT_FOUND))

    def parse_callback(
        self, headers: Mapping[str, str], body: bytes, path: str = ""
    ) -> list[RailEvent]:
        return []

    async def statement(self, day: date, currency: str) -> list[StatementLine]:
        return []

    async def close(self) -> None:
        return None


@dataclass
class HandClock:
    at: datetime

    def now(self) -> datetime:
        return self.at


@dataclass
class Lender:
    """Drives one test's loans, each step a transaction, on a date that the test moves."""

    sessions: Sessions
    now: datetime
    on: date = START
    rail: Any = field(default_factory=PaperRail)
    account: str = ACCOUNT
    payees: orders.Payees = field(default_factory=orders.Payees)
    payments: int = 0
    rules: Mapping[str, Any] = field(default_factory=lambda: RULES)
    product: Mapping[str, Any] = field(default_factory=dict)
    """What else of its product a loan keeps: the largest amount, the place."""

    @property
    def context(self) -> jobs.Context:
        clock: Clock = HandClock(self.now)
        services = {Rails: Rails((self.rail,)), Settings: SETTINGS, orders.Payees: self.payees}
        return jobs.Context(self.sessions, clock, services)

    async def opens(self, **changed: Any) -> Loan:
        agreed = terms.parse({**TERMS, **changed})
        rules = replace(agreed_rules.parse(self.rules, "KES"), **self.product)
        async with unit_of_work(self.sessions) as session:
            return await origination.open_loan(
                session, vault_of(session), application_id=new_id(), borrower_id=new_id(),
                terms=agreed, rules=rules, account=self.account, on=self.on, now=self.now,
            )  # fmt: skip

    async def lends(self, **changed: Any) -> Loan:
        """A loan whose money has arrived."""
        loan = await self.opens(**changed)
        await self.arrives(loan)
        return await self.sees(loan)

    async def arrives(self, loan: Loan) -> None:
        """The payout goes out, and the rail says that it settled."""
        payout_id = await self.pays_out(loan)
        async with unit_of_work(self.sessions) as session:
            amount = (await queries.list_payouts(session, loan.id))[-1].amount
            await orders.apply(
                session, PAYOUTS, payout_id, Outcome(OutcomeStatus.SETTLED, amount, "W1"),
                on=self.on, zone=ZONE, now=self.now,
            )  # fmt: skip

    async def pays_out(self, loan: Loan) -> UUID:
        """Run the payout's job, as a worker would."""
        async with unit_of_work(self.sessions) as session:
            payout_id = (await queries.list_payouts(session, loan.id))[-1].id
        await tasks.disburse(self.context, payout_id=str(payout_id))
        return payout_id

    async def receives(self, loan: Loan, amount: Money, **changed: Any) -> Repayment:
        self.payments += 1
        given: dict[str, Any] = {
            "rail_reference": f"wallet:{self.payments}",
            "on": self.on,
            "now": self.now,
        }
        async with unit_of_work(self.sessions) as session:
            return await repayments.receive(
                session, loan_id=loan.id, amount=amount, **(given | changed)
            )

    async def closes_days_until(self, day: date) -> None:
        """Close every day before `day`, which then is today."""
        while self.on < day:
            async with unit_of_work(self.sessions) as session:
                await day_close.close(session, on=self.on, now=self.now)
            self.on += timedelta(days=1)
            self.now += timedelta(days=1)

    async def sees(self, loan: Loan) -> Loan:
        async with self.sessions() as session:
            return await queries.get_loan(session, loan.id)

    async def schedule(self, loan: Loan) -> list[Installment]:
        async with self.sessions() as session:
            return await queries.list_installments(session, loan.id)

    async def owed(self, loan: Loan) -> Debt:
        async with self.sessions() as session:
            return await queries.owed(session, await queries.get_loan(session, loan.id), on=self.on)

    async def payoff(self, loan: Loan) -> Money:
        async with self.sessions() as session:
            fresh = await queries.get_loan(session, loan.id)
            return (await queries.payoff_quote(session, fresh, on=self.on)).total

    async def books(self, loan: Loan) -> dict[str, str]:
        """The loan's accounts that are not at zero, in major units."""
        async with self.sessions() as session:
            stands = await balances.of_loan(session, loan.id)
        return {account: Money(m, "KES").major for account, m in stands.items() if m}

    async def suspended(self) -> list[str]:
        async with self.sessions() as session:
            return [item.amount.major for item in await suspense.list_open(session)]

    async def incidents(self) -> list[str]:
        async with self.sessions() as session:
            return [incident.kind for incident in await incidents.list_open(session)]

    async def verifies(self) -> None:
        async with self.sessions() as session:
            found = await invariants.verify(session)
            assert found == [], found
