"""Money on top of a running loan: owed from when it is there, and never without it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from kit.db import unit_of_work
from servicing import (
    amendments,
    incidents,
    orders,
    queries,
)
from servicing.disbursements import PAYOUTS
from servicing.jurisdictions.caps import CapPassed
from servicing.models import Amendment, Loan, Payout
from servicing.rails.base import (
    Outcome,
    OutcomeStatus,
)
from tests.servicing.lending import ZONE, Lender, kes
from tests.servicing.test_amendments import (
    approves,
    consents,
    proposes,
    sees,
)

TOP_UP: Mapping[str, Any] = {"type": "top_up", "amount": "12000", "installments": 6}
DAILY = {"day_count": "actual/365"}
GONE = Outcome(OutcomeStatus.FAILED, failure_code="unknown_account")


@pytest.fixture
def lender(lender: Lender) -> Lender:
    lender.product = {"amount_max_minor": kes(50_000).minor}
    return lender


@pytest.fixture
async def loan(lender: Lender) -> Loan:
    """Its first installment is paid, and three days of the second have passed."""
    loan = await lender.lends(**DAILY)
    await lender.closes_days_until(date(2026, 12, 20))
    await lender.receives(loan, (await lender.owed(loan)).total)
    await lender.closes_days_until(date(2026, 12, 23))
    return loan


async def is_agreed(lender: Lender, loan: Loan, change: Mapping[str, Any] = TOP_UP) -> Amendment:
    """All three have said yes: the payout is ordered."""
    amendment = await proposes(lender, loan, change)
    await consents(lender, loan, amendment)
    return await approves(lender, amendment)


async def is_lent(lender: Lender, loan: Loan, change: Mapping[str, Any] = TOP_UP) -> Amendment:
    amendment = await is_agreed(lender, loan, change)
    await lender.arrives(loan)
    return await fresh(lender, amendment)


async def fresh(lender: Lender, amendment: Amendment) -> Amendment:
    async with lender.sessions() as session:
        return await session.get_one(Amendment, amendment.id, populate_existing=True)


async def payouts_of(lender: Lender, loan: Loan) -> list[Payout]:
    async with lender.sessions() as session:
        return await queries.list_payouts(session, loan.id)


async def hears(lender: Lender, loan: Loan, outcome: Outcome) -> None:
    """The rail says something about the last payout."""
    payout = (await payouts_of(lender, loan))[-1]
    async with unit_of_work(lender.sessions) as session:
        await orders.apply(
            session, PAYOUTS, payout.id, outcome, on=lender.on, zone=ZONE, now=lender.now
        )


async def comes_back(lender: Lender, loan: Loan) -> None:
    amount = (await payouts_of(lender, loan))[-1].amount
    await hears(lender, loan, Outcome(OutcomeStatus.RETURNED, amount, "W1", "account_closed"))


async def open_incidents(lender: Lender) -> list[str]:
    async with lender.sessions() as session:
        return [incident.kind for incident in await incidents.list_open(session)]


async def twin(lender: Lender) -> Loan:
    """The same loan, to which nothing will happen."""
    loan = await lender.lends(**DAILY)
    await lender.closes_days_until(date(2026, 12, 20))
    await lender.receives(loan, (await lender.owed(loan)).total)
    return loan


class TestPreview:
    async def test_shows_what_leaves_and_what_it_costs(self, lender: Lender, loan: Loan) -> None:
        seen = await sees(lender, loan, TOP_UP)

        assert seen.paid_out == kes(12_000)
        assert len(seen.after) == 6
        assert seen.after[0].due_on == date(2027, 1, 23)
        assert seen.extra_cost > kes(12_000)
        assert seen.needs_consent
        assert seen.apr_before is not None
        assert seen.apr_after is not None
        # 36 % a year by the month, and no fees on the new money: (1 + 0.36/12) ** 12 - 1.
        assert 41 < float(seen.apr_after) < 43.5
        assert float(seen.apr_before) > float(seen.apr_after)  # the old schedule has fees to come

    async def test_changes_nothing(self, lender: Lender, loan: Loan) -> None:
        books, rows = await lender.books(loan), await lender.schedule(loan)
        await sees(lender, loan, TOP_UP)

        assert await lender.books(loan) == books
        assert [row.due_on for row in await lender.schedule(loan)] == [row.due_on for row in rows]

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({**TOP_UP, "amount": "30000"}, "amount must leave at most"),
            ({**TOP_UP, "amount": "0"}, "amount"),
            ({**TOP_UP, "amount": "-1"}, "amount"),
            ({**TOP_UP, "installments": 0}, "installments"),
            ({**TOP_UP, "start": "2026-12-23"}, "start"),
            ({"type": "top_up", "installments": 3}, "amount"),
        ],
    )
    async def test_names_the_field_that_is_wrong(
        self, lender: Lender, loan: Loan, change: dict[str, Any], why: str
    ) -> None:
        with pytest.raises(amendments.ChangeNotPossible) as refused:
            await sees(lender, loan, change)

        assert why in str(refused.value.params["reason"])

    async def test_is_for_products_that_lend_more(self, lender: Lender) -> None:
        lender.product = {}
        with pytest.raises(amendments.ChangeNotPossible, match="not offered"):
            await sees(lender, await lender.lends(), TOP_UP)

    async def test_lends_nothing_on_top_of_what_is_late(self, lender: Lender, loan: Loan) -> None:
        await lender.closes_days_until(date(2027, 1, 22))

        with pytest.raises(amendments.ChangeNotPossible, match="overdue"):
            await sees(lender, loan, TOP_UP)


class TestLaw:
    async def test_new_terms_keep_to_the_caps_of_today(self, lender: Lender) -> None:
        lender.product = {**lender.product, "jurisdiction": "CN/small_loan"}
        loan = await lender.lends(annual_rate_percent="12", fees=[])
        await lender.closes_days_until(date(2026, 12, 1))

        assert (await sees(lender, loan, TOP_UP)).paid_out == kes(12_000)
        for type_ in ("top_up", "restructure"):
            dear = {**TOP_UP, "type": type_, "annual_rate_percent": "30"}
            if type_ == "restructure":
                del dear["amount"]
            with pytest.raises(CapPassed):
                await sees(lender, loan, dear)
