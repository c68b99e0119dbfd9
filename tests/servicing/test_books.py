"""Whatever happens to loans, in whatever order, the books are right after every step."""

import asyncio
import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.crypto import Vault
from kit.db import Sessions, sessions_of, unit_of_work
from kit.money import Money
from servicing import day_close, queries, repayments
from servicing.ledger import invariants
from servicing.ledger.models import Entry
from servicing.models import Loan, Repayment
from servicing.payment_requests import REQUESTS
from servicing.rails.base import Direction, Outcome, OutcomeStatus, RailEvent
from servicing.states import LoanStatus
from tests.servicing import card_payments as by_card
from tests.servicing.lending import ZONE, Lender, kes
from tests.servicing.reviews import asks_in_vain, comes, enters, settles

METHODS: tuple[dict[str, Any], ...] = (
    {"installments": 6},
    {"method": "flat", "installments": 8, "frequency": "week"},
    {"method": "bullet", "installments": 1, "due_dates": ["2027-01-04"], "fees": []},
    {"method": "interest_only", "installments": 3},
    {"method": "declining", "installments": 4, "grace": {"interest_payment": 2}},
    {"method": "declining", "installments": 3, "down_payment_percent": "10"},
    {"fees": [{"code": "entry", "amount": "100", "when": "upfront", "to": "third_party"}]},
)


class Chaos:
    """Does to a few loans what life does, as the seed says."""

    def __init__(self, lender: Lender, seed: int) -> None:
        self.lender = lender
        self.dice = random.Random(seed)
        self.loans: list[Loan] = []

    async def step(self) -> None:
        acts = (self.time_passes, self.time_passes, self.somebody_pays, self.somebody_pays,
                self.a_payment_repeats, self.a_payment_goes_back)  # fmt: skip
        await self.dice.choice(acts)()

    async def begin(self) -> None:
        for changed in self.dice.sample(METHODS, 2):
            self.loans.append(await self.lender.lends(**changed))

    async def time_passes(self) -> None:
        days = self.dice.choice((1, 1, 5, 12))
        await self.lender.closes_days_until(self.lender.on + timedelta(days=days))

    async def somebody_pays(self) -> None:
        loan = self.dice.choice(self.loans)
        due, payoff = (await self.lender.owed(loan)).total, await self.lender.payoff(loan)
        amounts = [due.minor, due.minor // 3, payoff.minor, payoff.minor - 1, 1, 77_77]
        weights = (6, 4, 1, 1, 2, 3)
        amount = Money(max(self.dice.choices(amounts, weights)[0], 1), "KES")
        if (await self.lender.sees(loan)).status is LoanStatus.ACTIVE:
            repayment = await self.lender.receives(loan, amount)
            settled = sum(share[2] for share in repayment.allocation["shares"])
            assert settled + repayment.allocation["in_advance"] == amount.minor

    async def a_payment_repeats(self) -> None:
        if (known := await self.some_repayment()) is not None:
            loan = await self.lender.sees(Loan(id=known.loan_id))
            again = await self.lender.receives(
                loan, known.amount, rail_reference=known.rail_reference
            )
            assert again.id == known.id

    async def a_payment_goes_back(self) -> None:
        if (known := await self.some_repayment()) is None:
            return
        async with unit_of_work(self.lender.sessions) as session:
            await repayments.reverse(
                session, known.id, actor="staff:1", reason="chargeback", on=self.lender.on,
                now=self.lender.now,
            )  # fmt: skip

    async def some_repayment(self) -> Repayment | None:
        async with self.lender.sessions() as session:
            found = list(await session.scalars(select(Repayment).order_by(Repayment.id)))
        return self.dice.choice(found) if found else None


@pytest.mark.parametrize("seed", range(4))
async def test_chaos(lender: Lender, seed: int) -> None:
    chaos = Chaos(lender, seed)
    await chaos.begin()
    for _ in range(25):
        await chaos.step()
        await lender.verifies()


class TestAtTheSameTime:
    @pytest.fixture
    def lender(self, own_sessions: Sessions, now: object) -> Lender:
        return Lender(own_sessions, now)  # type: ignore[arg-type]

    async def test_one_reference_is_posted_once(self, lender: Lender) -> None:
        loan = await lender.lends()

        got = await asyncio.gather(
            *(lender.receives(loan, kes(100), rail_reference="wallet:W1") for _ in range(6))
        )

        assert len({repayment.id for repayment in got}) == 1
        assert (await lender.books(loan))["borrower_credit"] == "100.00"

    async def test_many_payments_and_a_close_lose_nothing(self, lender: Lender) -> None:
        loan = await lender.lends()
        lender.on += timedelta(days=30)

        async def close() -> None:
            async with unit_of_work(lender.sessions) as session:
                await day_close.close(session, on=lender.on, now=lender.now)

        await asyncio.gather(
            close(), *(lender.receives(loan, kes(1_000)) for _ in range(6)), close()
        )

        assert (await lender.owed(loan)).total == kes("4635.91")
        await lender.verifies()

    async def test_callback_and_question_settle_a_payout_once(self, lender: Lender) -> None:
        from servicing import rail_events, tasks

        loan = await lender.opens()
        payout_id = await lender.pays_out(loan)
        async with lender.sessions() as session:
            (payout,) = await queries.list_payouts(session, loan.id)
        outcome = Outcome(OutcomeStatus.SETTLED, payout.amount, "W1")
        lender.rail.knows[payout.client_ref] = outcome

        async def call_back(event_id: str) -> None:
            event = RailEvent("wallet", event_id, Direction.PAYOUT, payout.client_ref, "W1",
                              payout.amount, outcome)  # fmt: skip
            async with unit_of_work(lender.sessions) as session:
                await rail_events.apply(session, event, on=lender.on, zone=ZONE, now=lender.now)

        ask = {"kind": "payout", "order_id": str(payout_id)}
        await asyncio.gather(
            call_back("E1"), tasks.inquire(lender.context, **ask), call_back("E1"),
            tasks.inquire(lender.context, **ask), call_back("E2"),
        )  # fmt: skip

        assert (await lender.books(loan))["cash_wallet"] == "-29200.00"
        async with lender.sessions() as session:
            assert await session.scalar(select(func.count(Entry.id))) == 1


class TestVerify:
    """Wrong books are found: each test bends one thing behind the product's back."""

    async def violations(self, lender: Lender, *statements: str) -> set[str]:
        async with unit_of_work(lender.sessions) as session:
            for statement in statements:
                await session.execute(text(statement))
        async with lender.sessions() as session:
            return {violation.rule for violation in await invariants.verify(session)}

    @pytest.fixture
    async def loan(self, lender: Lender) -> Loan:
        loan = await lender.lends()
        await lender.closes_days_until(lender.on + timedelta(days=35))
        await lender.receives(loan, kes(1_000))
        return loan

    @pytest.mark.parametrize(
        ("statement", "rule"),
        [
            ("UPDATE installments SET principal_paid_minor = 1 WHERE n = 2", "schedule_is_ledger"),
            ("UPDATE installments SET interest_minor = 1 WHERE n = 1 AND 1 = 0 OR n = 2",
             "schedule_is_ledger"),
            ("UPDATE installments SET penalties_minor = penalties_minor + 1 WHERE n = 1",
             "schedule_is_ledger"),
            ("UPDATE loans SET accrued_on = disbursed_on", "schedule_is_ledger"),
            ("UPDATE installments SET due_on = '2030-01-01' WHERE n = 3", "story_is_schedule"),
            ("DELETE FROM installments WHERE n = 3", "story_is_schedule"),
            ("UPDATE loans SET accrued_on = disbursed_on", "story_is_ledger"),
            ("UPDATE loans SET status = 'closed'", "ended_is_zero"),
            ("UPDATE payouts SET amount_minor = 1", "payout_is_posted"),
            ("UPDATE payouts SET status = 'failed'", "payout_is_posted"),
            ("INSERT INTO suspense_items (id, reference, reason, amount_minor, currency,"
             " received_on, created_at) VALUES ('ffffffffffffffffffffffffffffffff', 'x', 'x', 5,"
             " 'KES', '2026-11-20', '2026-11-20')", "suspense_is_listed"),
            ("INSERT INTO suspense_items (id, reference, reason, amount_minor, currency,"
             " received_on, created_at, resolved_at, refund_reference) SELECT id, rail_reference,"
             " 'x', 5, 'KES', paid_on, received_at, received_at, 'R' FROM repayments",
             "money_came_once"),
        ],
    )  # fmt: skip
    async def test_finds(self, lender: Lender, loan: Loan, statement: str, rule: str) -> None:
        await lender.verifies()

        assert rule in await self.violations(lender, statement)

    @pytest.mark.parametrize(
        ("event", "debit", "credit"),
        [
            ("never_heard_of", "cash_wallet", "fee_income"),
            ("rail_over", "cash_wallet", "fee_income"),
            ("rail_over", "fee_income", "cash_wallet"),
        ],
    )
    async def test_finds_a_line_that_no_rule_explains(
        self, lender: Lender, event: str, debit: str, credit: str
    ) -> None:
        await lender.lends()
        line = (
            "INSERT INTO ledger_lines (id, entry_id, event, debit, credit, amount_minor, currency)"
            " VALUES ('fffffffffffffffffffffffffffffff1', 'ffffffffffffffffffffffffffffffff',"
            f" '{event}', '{debit}', '{credit}', 5, 'KES')"
        )
        entry = (
            "INSERT INTO ledger_entries (id, reference, body_sha256, kind, posted_on, created_at)"
            " VALUES ('ffffffffffffffffffffffffffffffff', 'x', 'x', 'difference', '2026-11-20',"
            " '2026-11-20')"
        )

        assert await self.violations(lender, line, entry) == {"line_follows_its_rule"}

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE repayments SET rail_reference = 'wallet:RCPT9' WHERE rail_reference"
            " LIKE 'wallet:%'",
            "UPDATE repayments SET rail_reference = 'staff:RCPT9' WHERE rail_reference"
            " LIKE 'wallet:%'",
            "UPDATE payment_requests SET rail_id = 'RCPT9'",
            "UPDATE payment_requests SET rail_id = 'rcpt9' WHERE rail_id = 'RCPT8'",
            "UPDATE repayments SET rail_reference = 'staff:Rcpt9' WHERE amount_minor = 50100",
            "INSERT INTO suspense_items (id, reference, reason, amount_minor, currency,"
            " received_on, created_at) VALUES ('ffffffffffffffffffffffffffffffff',"
            " 'wallet:RCPT9', 'x', 5, 'KES', '2026-11-20', '2026-11-20')",
        ],
    )
    async def test_finds_a_transfer_that_stands_twice(
        self, lender: Lender, loan: Loan, statement: str
    ) -> None:
        first, second = [await asks_in_vain(lender, loan, kes(each)) for each in (500, 501)]
        await settles(lender, REQUESTS, first.id, "RCPT9")
        await settles(lender, REQUESTS, second.id, "RCPT8")
        await lender.verifies()

        assert "transfer_stands_once" in await self.violations(lender, statement)

    async def test_finds_a_charge_that_stands_as_a_request_too(self, lender: Lender) -> None:
        loan = await by_card.takes_cards(lender)
        for amount, charge in ((500, by_card.CHARGE), (501, "another")):
            asked = await by_card.asks(lender, loan, kes(amount))
            provider = by_card.PROVIDER if charge == by_card.CHARGE else "ch_another"
            paid = by_card.paid(lender, asked, telegram_id=charge, provider_id=provider)
            await by_card.hears(lender, paid)
        await lender.verifies()

        stolen = (
            "UPDATE repayments SET rail_reference = 'telegram:another' WHERE amount_minor = 50100"
        )
        assert "transfer_stands_once" in await self.violations(lender, stolen)

    async def test_finds_an_entry_by_hand_of_what_a_rail_brought(
        self, lender: Lender, loan: Loan
    ) -> None:
        await comes(lender, "RCPT9", loan.reference, kes(500))
        await enters(lender, loan, kes(500), "RCPT8")
        await lender.verifies()

        for name in ("RCPT9", "wallet:RCPT9"):
            doubled = (
                f"UPDATE repayments SET rail_reference = 'staff:{name}'"
                " WHERE rail_reference LIKE 'staff:%'"
            )
            assert "transfer_stands_once" in await self.violations(lender, doubled)

    async def test_finds_an_entry_that_was_deleted(
        self, engine: AsyncEngine, vault: Vault, now: object
    ) -> None:
        """Somebody with the database's own keys can switch the triggers off. It still shows."""
        lender = Lender(sessions_of(engine, vault), now)  # type: ignore[arg-type]
        loan = await lender.lends()
        await lender.receives(loan, kes(1_000))
        off, reference = ["DROP TRIGGER ledger_lines_no_delete"], "%repayment%"
        if engine.dialect.name == "postgresql":
            off = ["ALTER TABLE ledger_lines DISABLE TRIGGER ALL"]
        stolen = (
            "DELETE FROM ledger_lines WHERE entry_id IN "
            f"(SELECT id FROM ledger_entries WHERE reference LIKE '{reference}')"
        )

        assert "entry_has_lines" in await self.violations(lender, *off, stolen)
