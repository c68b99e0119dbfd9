"""Many loans at once come to the same as each by itself, entry for entry."""

import os
import random
import re
from collections import defaultdict
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from kit.db import unit_of_work
from kit.money import Money
from servicing import day_close
from servicing.closing import parts
from servicing.ledger import posting
from servicing.ledger.models import Entry, Line
from servicing.models import Loan
from servicing.states import LoanStatus
from tests.servicing.lending import RULES, Lender, kes

BOOKS = int(os.environ.get("QUIET_BOOKS", "1"))
_COMPONENTS = ("penalty", "fee", "interest", "principal")
PAID_AHEAD = {
    "allocation_order": [
        f"{timing}_{component}"
        for timing in ("past_due", "due", "in_advance")
        for component in _COMPONENTS
    ]
}
LENDING: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({"day_count": "actual/365", "fees": []}, {}),
    ({}, RULES),
    ({}, PAID_AHEAD),
    ({"method": "flat", "installments": 8, "frequency": "week"}, RULES),
    ({"installments": 4, "grace": {"interest_payment": 2}}, {"late_fee_amount": "100"}),
    ({"down_payment_percent": "10"}, RULES),
    ({"fees": [{"code": "entry", "amount": "100", "when": "upfront", "to": "third_party"}]}, {}),
    ({}, {"interest_recalculation": {"advance": "reduce_installment"}}),
    ({}, {"penalty": {"kind": "daily", "percent": "36.5", "grace_days": 3}}),
)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Said = tuple[str, str, str, list[posting.Moved]]


class Twins:
    """Pairs of the same loan with the same life: the first is closed alone, the other with all."""

    def __init__(self, lender: Lender, seed: int) -> None:
        self.lender = lender
        self.dice = random.Random(seed)
        self.pairs: list[tuple[Loan, Loan]] = []
        self.quiet = 0

    async def begin(self) -> None:
        for changed, rules in self.dice.sample(LENDING, 5):
            self.lender.rules = rules
            alone, with_all = await self.lender.lends(**changed), await self.lender.lends(**changed)
            self.pairs.append((alone, with_all))

    async def days_pass(self) -> None:
        """Closed late sometimes: then one close brings several days."""
        lender = self.lender
        by = timedelta(days=self.dice.choice((1, 1, 2, 3, 7)))
        lender.on, lender.now = lender.on + by, lender.now + by
        day = lender.on - timedelta(days=1)
        for alone, _ in self.pairs:
            async with unit_of_work(lender.sessions) as session:
                await day_close.close_loan(session, alone.id, on=day, now=lender.now)
        async with unit_of_work(lender.sessions) as session:
            await parts.begin(session, [day], now=lender.now)
            while batch := await day_close.take(session, day, 1, now=lender.now):
                self.quiet += len(batch.loans) - len(batch.left)
                for loan_id in batch.left:
                    await day_close.close_left(session, loan_id, batch=batch, now=lender.now)
                await day_close.move_on(session, batch, failed=0, now=lender.now)

    async def somebody_pays(self) -> None:
        pair = self.dice.choice(self.pairs)
        due, payoff = (await self.lender.owed(pair[0])).total, await self.lender.payoff(pair[0])
        amount = self.dice.choice((due, due, kes(1), kes(7_777), payoff))
        for loan in pair:
            if (await self.lender.sees(loan)).status is LoanStatus.ACTIVE:
                await self.lender.receives(loan, max(amount, Money(1, "KES")))

    async def assert_same(self) -> None:
        for alone, with_all in self.pairs:
            assert await self.said(with_all) == await self.said(alone)
            fresh = [await self.lender.sees(loan) for loan in (alone, with_all)]
            assert fresh[0].status is fresh[1].status
            assert fresh[0].accrued_on == fresh[1].accrued_on

    async def said(self, loan: Loan) -> list[Said]:
        """The loan's entries without the ids in them."""
        async with self.lender.sessions() as session:
            rows = await session.scalars(select(Entry).where(Entry.loan_id == loan.id))
            lines = await session.scalars(select(Line).where(Line.loan_id == loan.id))
            below: dict[UUID, list[posting.Moved]] = defaultdict(list)
            for line in lines:
                moved = (line.event, line.debit, line.credit, line.amount_minor, line.currency)
                below[line.entry_id].append(moved)
            found = []
            for entry in rows:
                body = posting.body_of(entry.kind, below[entry.id], entry.posted_on, loan.id)
                assert entry.body_sha256 == body
                name = _UUID.sub("*", entry.reference)
                found.append(
                    (name, entry.kind.value, str(entry.posted_on), sorted(below[entry.id]))
                )
        return sorted(found)


@pytest.mark.parametrize("seed", range(BOOKS))
async def test_as_each_by_itself(lender: Lender, seed: int) -> None:
    twins = Twins(lender, seed)
    await twins.begin()
    for _ in range(30):
        await twins.days_pass()
        if twins.dice.random() < 0.4:
            await twins.somebody_pays()
    await twins.assert_same()
    assert twins.quiet > 100
    await lender.verifies()
