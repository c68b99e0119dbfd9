"""Whatever is done to a loan, in whatever order: books, installments and a fresh telling agree.

`verifies` tells every loan again from its events and compares each column and posting event, so a
state that was reached step by step is the one that a fresh replay gives.
"""

import json
import random
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from kit.db import unit_of_work
from kit.errors import DomainError
from kit.money import Money
from servicing import amendments, early, happenings, queries, repayments, replay
from servicing.ledger import balances
from servicing.ledger.chart import RECEIVABLES, Account
from servicing.life import FEE, INTEREST, PENALTY, PRINCIPAL
from servicing.models import Loan
from servicing.states import AmendmentStatus, LoanStatus
from tests.servicing.lending import RULES, Lender, kes
from tests.servicing.test_amendments import amends, reverses

AHEAD = {"allocation_order": "penalty_fee_interest_principal"}
KINDS: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({"installments": 6}, {}),
    ({"installments": 5, "day_count": "actual/365"}, AHEAD),
    ({"installments": 4, "day_count": "actual/365"},
     {"interest_recalculation": {"advance": "reduce_installment"}}),
    ({"method": "flat", "installments": 8, "frequency": "week"},
     {"penalty": {"kind": "percent", "percent": "2", "grace_days": 2}}),
    ({"installments": 3, "down_payment_percent": "10", "fees": []}, {"closing_tolerance": "5"}),
)  # fmt: skip


class Servicing:
    """Does to one loan what staff, borrowers and rails do, as the seed says."""

    def __init__(self, lender: Lender, seed: int) -> None:
        self.lender = lender
        self.dice = random.Random(seed)
        self.loan: Loan
        self.done: list[str] = []

    async def begin(self) -> None:
        terms, rules = self.dice.choice(KINDS)
        plain = {} if "penalty" in rules else RULES
        self.lender.rules = {**plain, **rules}
        self.loan = await self.lender.lends(**terms)

    async def step(self) -> None:
        acts = (self.days_go_by, self.days_go_by, self.money_comes, self.money_comes,
                self.money_comes_late, self.money_goes_back, self.staff_amend, self.staff_amend,
                self.an_amendment_is_reversed)  # fmt: skip
        act = self.dice.choice(acts)
        self.done.append(act.__name__)
        try:
            await act()
        except DomainError as refusal:
            self.done.append(refusal.code)

    async def days_go_by(self) -> None:
        days = self.dice.choice((1, 3, 9, 25))
        await self.lender.closes_days_until(self.lender.on + timedelta(days=days))

    async def money_comes(self, on: date | None = None) -> None:
        due, payoff = (await self.lender.owed(self.loan)).total, await self.lender.payoff(self.loan)
        amounts = [due.minor, due.minor // 3, payoff.minor, payoff.minor + 900, 2, 77_77]
        amount = max(self.dice.choices(amounts, (6, 4, 1, 1, 2, 3))[0], 1)
        await self.lender.receives(self.loan, Money(amount, "KES"), on=on or self.lender.on)

    async def money_comes_late(self) -> None:
        await self.money_comes(self.lender.on - timedelta(days=self.dice.choice((1, 4, 15))))

    async def money_goes_back(self) -> None:
        async with unit_of_work(self.lender.sessions) as session:
            known = await queries.list_repayments(session, self.loan.id)
            if known:
                await repayments.reverse(
                    session, self.dice.choice(known).id, actor="staff:1", reason="chargeback",
                    on=self.lender.on, now=self.lender.now,
                )  # fmt: skip

    async def staff_amend(self) -> None:
        await amends(self.lender, self.loan, await self.some_change())

    async def some_change(self) -> Mapping[str, Any]:
        on = self.lender.on
        rows = [row for row in await self.lender.schedule(self.loan) if row.due_on > on]
        due = rows[0].due_on if rows else on
        later = due + timedelta(days=self.dice.choice((2, 11)))
        moved = {"from_due_date": due.isoformat(), "new_due_date": later.isoformat()}
        until = (on + timedelta(days=9)).isoformat()
        parts = [{"due": due.isoformat(), "percent": "40"},
                 {"due": (due + timedelta(days=2)).isoformat(), "percent": "60"}]  # fmt: skip
        return self.dice.choice(
            (
                {"type": "reschedule", **moved},
                {"type": "reschedule", **moved, "following": False},
                {"type": "reschedule", "from_due_date": due.isoformat(), "extra_installments": 2},
                {"type": "pause", "of": "arrears", "start": on.isoformat(), "end": until},
                {"type": "pause", "of": "interest", "start": on.isoformat(), "end": until},
                {"type": "split", "from_due_date": due.isoformat(), "into": parts},
                {"type": "reage", "start": until, "unit": "week", "installments": 5},
                {"type": "reamortize"},
                {"type": "restructure", "installments": 4},
                {"type": "restructure", "installments": 3, "capitalize": ["interest", "penalty"]},
                {"type": "settlement", "amount": "15000", "until": until},
                {"type": "waiver", "of": "penalty"},
                {"type": "goodwill_credit", "amount": "77"},
                {"type": "chargeback", "amount": "55"},
                {"type": "refund", "amount": "3"},
                {"type": "write_off"},
            )
        )

    async def an_amendment_is_reversed(self) -> None:
        async with self.lender.sessions() as session:
            known = await amendments.list_of(session, self.loan.id)
        applied = [each for each in known if each.status is AmendmentStatus.APPLIED]
        if applied:
            await reverses(self.lender, self.dice.choice(applied))

    async def check(self) -> None:
        await self.lender.verifies()
        async with self.lender.sessions() as session:
            loan = await queries.get_loan(session, self.loan.id)
            told = await happenings.of_loan(session, loan)
            stands = await balances.of_loan(session, loan.id)
        assert loan.accrued_on is not None
        life = replay.at(told.story, loan.accrued_on)
        if loan.status is LoanStatus.ACTIVE:
            assert stands[Account.PRINCIPAL] == life.principal_owed
            assert stands[Account.PENALTIES] == sum(row.unpaid(PENALTY) for row in life.rows)
            payoff = sum(early.payoff(life, loan.accrued_on)) - life.credit
            assert max(payoff, 0) <= sum(stands[each] for each in RECEIVABLES)
        for row in life.rows:
            for component in (PENALTY, FEE, INTEREST, PRINCIPAL):
                assert row.unpaid(component) >= 0


@pytest.mark.parametrize("seed", range(6))
async def test_any_order_of_acts(lender: Lender, seed: int) -> None:
    servicing = Servicing(lender, seed)
    await servicing.begin()
    for _ in range(15):
        await servicing.step()
        try:
            await servicing.check()
        except AssertionError as wrong:
            raise AssertionError(f"after {servicing.done}: {wrong}") from wrong


class TestTheStory:
    async def test_is_an_input_of_the_replay_command(self, lender: Lender) -> None:
        loan = await lender.lends(day_count="actual/365")
        await lender.receives(loan, kes(1_000))
        await lender.closes_days_until(date(2026, 12, 25))
        await amends(lender, loan, {"type": "reage", "start": "2027-01-05", "installments": 4})
        async with lender.sessions() as session:
            fresh = await queries.get_loan(session, loan.id)
            document = happenings.as_document(fresh, await happenings.of_loan(session, fresh))

        story = replay.parse(json.loads(json.dumps(document)))
        life, _ = replay.after(story, len(story.events))

        rows = await lender.schedule(loan)
        assert [row.unpaid_minor for row in rows] == [row.outstanding for row in life.rows]

    async def test_is_never_changed(self, lender: Lender) -> None:
        await lender.lends()

        for wrong in ("UPDATE loan_events SET amount_minor = 1", "DELETE FROM loan_events"):
            with pytest.raises(IntegrityError):
                async with unit_of_work(lender.sessions) as session, session.begin_nested():
                    await session.execute(text(wrong))

    async def test_hears_a_fact_once(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.receives(loan, kes(100), rail_reference="wallet:1")
        await lender.receives(loan, kes(100), rail_reference="wallet:1")

        async with lender.sessions() as session:
            told = await happenings.of_loan(session, loan)
        assert [row.type for row in told.rows] == ["disbursement", "repayment"]
