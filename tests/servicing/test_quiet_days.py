"""Many loans at once come to the same as each by itself, entry for entry."""

import os
import random
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from kit.db import unit_of_work
from kit.money import Money
from servicing import day_close, happenings, living, projection, queries, replay, snapshots
from servicing.closing import parts
from servicing.closing.recalculated import Lives
from servicing.ledger import invariants, posting
from servicing.ledger.models import Entry, Line
from servicing.living import Act, NotPossible
from servicing.models import Installment, Loan
from servicing.product_rules import Advance, Payoff, Rest
from servicing.states import LoanStatus
from tests.servicing.lending import RULES, START, Lender, kes

BOOKS = int(os.environ.get("QUIET_BOOKS", "1"))
_COMPONENTS = ("penalty", "fee", "interest", "principal")
PAID_AHEAD = {
    "allocation_order": [
        f"{timing}_{component}"
        for timing in ("past_due", "due", "in_advance")
        for component in _COMPONENTS
    ]
}
_WAITS = [f"{timing}_{component}" for timing in ("past_due", "due") for component in _COMPONENTS]
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
RECALCULATED: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"day_count": "actual/365", "fees": []},
    {"day_count": "actual/actual", "frequency": "week", "installments": 8},
    {"method": "equal_principal", "frequency": "week", "installments": 6, "fees": []},
    {"method": "interest_only"},
    {"frequency": "week", "installments": 9, "grace": {"interest_payment": 2, "principal": 1}},
    {"frequency": "week", "installments": 9, "grace": {"interest_free": 3}},
    {"down_payment_percent": "10", "frequency": "week", "installments": 5},
    {"fees": [{"code": "entry", "amount": "100", "when": "upfront", "to": "third_party"}]},
    {"rate_changes": [{"from": "2026-12-05", "annual_rate_percent": "48"}]},
)
BESIDES: tuple[dict[str, Any], ...] = (
    {},
    {},
    {},
    RULES,
    PAID_AHEAD,
    {"cost_cap_percent_of_principal": "7", "late_fee_amount": "100"},
    {"penalty": {"kind": "daily", "percent": "36.5", "grace_days": 3}},
    {"allocation_order": "interest_principal_penalty_fee", "early_end": False},
    {"allocation_order": _WAITS},
    {"closing_tolerance": "5"},
)
"""What else the rules of a loan say whose interest is recalculated."""
CHANGES: tuple[Mapping[str, Any], ...] = (
    {"type": "restructure", "installments": 4, "annual_rate_percent": "24"},
    {"type": "rate_change", "annual_rate_percent": "48"},
    {"type": "reschedule", "extra_installments": 2},
    {"type": "pause", "of": "interest", "days": 9},
    {"type": "waiver", "of": ["interest", "penalty"]},
    {"type": "chargeback", "amount": "500"},
    {"type": "goodwill_credit", "amount": "333"},
    {"type": "charge", "charge": "fee", "amount": "77.77"},
    {"type": "disbursement", "amount": "4000"},
    {"type": "reage", "every": 1, "unit": "month", "installments": 3},
)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Said = tuple[str, str, str, list[posting.Moved]]
Lending = tuple[dict[str, Any], Mapping[str, Any]]
_INSTALLMENT = [column.name for column in Installment.__table__.c if "id" not in column.name]


def recalculated(dice: random.Random) -> Lending:
    """A product of which interest follows what is owed, in one of all its ways."""
    how = {
        "rest": dice.choice(list(Rest)),
        "advance": dice.choice(list(Advance)),
        "payoff": dice.choice(list(Payoff)),
        "compounds": dice.random() < 0.2,
    }
    besides = dice.choice(BESIDES)
    return dice.choice(RECALCULATED), {**besides, "interest_recalculation": how}


class Twins:
    """Pairs of the same loan with the same life: the first is closed alone, the other with all."""

    def __init__(self, lender: Lender, seed: int) -> None:
        self.lender = lender
        self.dice = random.Random(seed)
        self.pairs: list[tuple[Loan, Loan]] = []
        self.quiet = 0
        self.changes = 0
        self.lives = Lives()

    async def begin(self, lending: Sequence[Lending]) -> None:
        for changed, rules in lending:
            self.lender.rules = rules
            alone, with_all = await self.lender.lends(**changed), await self.lender.lends(**changed)
            self.pairs.append((alone, with_all))

    async def days_pass(self) -> None:
        """Closed late sometimes: then one close brings several days."""
        lender = self.lender
        if self.dice.random() < 0.2:
            self.lives = Lives()  # another worker
        by = timedelta(days=self.dice.choice((1, 1, 2, 3, 7)))
        lender.on, lender.now = lender.on + by, lender.now + by
        day = lender.on - timedelta(days=1)
        for alone, _ in self.pairs:
            async with unit_of_work(lender.sessions) as session:
                await day_close.close_loan(session, alone.id, on=day, now=lender.now)
        async with unit_of_work(lender.sessions) as session:
            await parts.begin(session, [day], now=lender.now)
            while batch := await day_close.take(session, day, 1, now=lender.now, lives=self.lives):
                self.quiet += len(batch.loans) - len(batch.left)
                for loan_id in batch.left:
                    await day_close.close_left(session, loan_id, batch=batch, now=lender.now)
                await day_close.move_on(session, batch, failed=0, now=lender.now)

    async def somebody_pays(self) -> None:
        pair = self.dice.choice(self.pairs)
        due, payoff = (await self.lender.owed(pair[0])).total, await self.lender.payoff(pair[0])
        amount = self.dice.choice((due, due, kes(1), kes(7_777), payoff))
        back = self.dice.choice((0, 0, 0, 1, 6))
        on = max(self.lender.on - timedelta(days=back), START)
        for loan in pair:
            if (await self.lender.sees(loan)).status is LoanStatus.ACTIVE:
                await self.lender.receives(loan, max(amount, Money(1, "KES")), on=on)

    async def something_changes(self) -> None:
        """Told to both, or refused for both."""
        pair, change = self.dice.choice(self.pairs), dict(self.dice.choice(CHANGES))
        told = []
        for loan in pair:
            fresh = await self.lender.sees(loan)
            if fresh.status is LoanStatus.ACTIVE:
                told.append(await self.tells(fresh, dict(change)))
        assert told in ([], [True, True], [False, False])
        self.changes += True in told

    async def tells(self, loan: Loan, change: dict[str, Any]) -> bool:
        on = self.lender.on
        later = [row.due_on for row in await self.lender.schedule(loan) if row.due_on > on]
        soon = later[0] if later else on + timedelta(days=9)
        match change["type"]:
            case "restructure" | "reage":
                change["start"] = (on + timedelta(days=20)).isoformat()
            case "rate_change":
                change["from"] = on.isoformat()
            case "reschedule":
                change["from_due_date"] = soon.isoformat()
            case "pause":
                ends = on + timedelta(days=change.pop("days"))
                change |= {"start": on.isoformat(), "end": ends.isoformat()}
            case "charge":
                change["due"] = soon.isoformat()
        key = f"test:{self.lender.now}:{change['type']}"
        events = happenings.of_change(change, key=key, on=on, price=Money(0, "KES"))
        act = Act("staff:1", on, self.lender.now)
        try:
            async with unit_of_work(self.lender.sessions) as session:
                fresh = await queries.get_loan(session, loan.id, lock=True)
                await living.happen(session, fresh, act, *events)
        except (NotPossible, IntegrityError):
            return False
        return True

    async def assert_same(self) -> None:
        for alone, with_all in self.pairs:
            assert await self.said(with_all) == await self.said(alone)
            assert await self.rows(with_all) == await self.rows(alone)
            assert await self.snapshot(with_all) == await self.snapshot(alone)
            fresh = [await self.lender.sees(loan) for loan in (alone, with_all)]
            assert fresh[0].status is fresh[1].status
            assert fresh[0].accrued_on == fresh[1].accrued_on

    async def rows(self, loan: Loan) -> list[list[Any]]:
        found = await self.lender.schedule(loan)
        return [[getattr(row, name) for name in _INSTALLMENT] for row in found]

    async def snapshot(self, loan: Loan) -> dict[str, Any]:
        """By the events. Installments are what the life says."""
        async with self.lender.sessions() as session:
            fresh = await queries.get_loan(session, loan.id)
            told = await happenings.of_loan(session, fresh)
        day = fresh.accrued_on or self.lender.on
        life = replay.at(told.story, day)
        if fresh.status is LoanStatus.ACTIVE:
            said = list(projection.rows_of(life))
            known = await self.lender.schedule(loan)
            assert said == [{name: getattr(row, name) for name in said[0]} for row in known]
        return snapshots.take(life, day)

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
    await twins.begin(twins.dice.sample(LENDING, 5))
    for _ in range(30):
        await twins.days_pass()
        if twins.dice.random() < 0.4:
            await twins.somebody_pays()
    await twins.assert_same()
    assert twins.quiet > 100
    await lender.verifies()


@pytest.mark.parametrize("seed", range(BOOKS))
async def test_where_interest_is_recalculated(lender: Lender, seed: int) -> None:
    twins = Twins(lender, seed)
    await twins.begin([recalculated(twins.dice) for _ in range(6)])
    for day in range(30):
        await twins.days_pass()
        if twins.dice.random() < 0.4:
            await twins.somebody_pays()
        if twins.dice.random() < 0.15:
            await twins.something_changes()
        if day % 5 == 4:
            await twins.assert_same()
    assert twins.quiet > 60
    async with lender.sessions() as session:
        found = await invariants.verify(session)
    # What is lent on top here, no rail has paid out.
    assert [each for each in found if each.rule != "payout_is_posted"] == []
