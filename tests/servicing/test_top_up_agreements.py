"""A top-up takes three who agree, once, and keeps other changes away."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from kit.db import unit_of_work
from kit.four_eyes import SameStaff
from kit.state import InvalidTransition
from servicing import (
    amendments,
    self_service,
    top_ups,
)
from servicing.models import Loan
from servicing.rails.base import (
    NoSuchRail,
)
from servicing.states import AmendmentStatus
from tests.servicing.lending import Lender
from tests.servicing.test_amendments import (
    UMA,
    approves,
    consents,
    proposes,
)
from tests.servicing.topping_up import DAILY, TOP_UP, is_agreed, lends_more, payouts_of, running


@pytest.fixture
def lender(lender: Lender) -> Lender:
    return lends_more(lender)


@pytest.fixture
async def loan(lender: Lender) -> Loan:
    return await running(lender)


class TestAgreement:
    async def test_takes_all_three(self, lender: Lender, loan: Loan) -> None:
        amendment = await proposes(lender, loan, TOP_UP)
        with pytest.raises(amendments.ConsentMissing):
            await approves(lender, amendment)
        await consents(lender, loan, amendment)
        with pytest.raises(SameStaff):
            await approves(lender, amendment, UMA)

        assert len(await payouts_of(lender, loan)) == 1

    async def test_is_refused_when_the_rail_of_the_loan_is_gone(
        self, lender: Lender, loan: Loan
    ) -> None:
        amendment = await proposes(lender, loan, TOP_UP)
        await consents(lender, loan, amendment)
        lender.rail.name = "gsma"

        with pytest.raises(NoSuchRail):
            await approves(lender, amendment)

        assert len(await payouts_of(lender, loan)) == 1

    async def test_twice_pays_once(self, lender: Lender, loan: Loan) -> None:
        amendment = await proposes(lender, loan, TOP_UP)
        for _ in range(2):
            await consents(lender, loan, amendment)
        await approves(lender, amendment)
        with pytest.raises((InvalidTransition, top_ups.TopUpUnderWay)):
            await approves(lender, amendment)
        await consents(lender, loan, amendment)

        assert len(await payouts_of(lender, loan)) == 2

    async def test_keeps_other_changes_away_until_the_money_is_there(
        self, lender: Lender, loan: Loan
    ) -> None:
        second = await proposes(lender, loan, {**TOP_UP, "amount": "100"})
        gift = await proposes(lender, loan, {"type": "goodwill_credit", "amount": "5"})
        await consents(lender, loan, second)
        await is_agreed(lender, loan)

        for each in (second, gift):
            with pytest.raises(top_ups.TopUpUnderWay):
                await approves(lender, each)

        await lender.arrives(loan)
        assert (await approves(lender, gift)).status is AmendmentStatus.APPLIED
        await lender.verifies()

    async def test_is_measured_again_when_it_is_approved(self, lender: Lender, loan: Loan) -> None:
        amendment = await proposes(lender, loan, TOP_UP)
        await consents(lender, loan, amendment)
        await lender.closes_days_until(date(2027, 1, 22))

        with pytest.raises(amendments.ChangeNotPossible, match="overdue"):
            await approves(lender, amendment)

    async def test_the_database_insists(self, lender: Lender, loan: Loan) -> None:
        await proposes(lender, loan, TOP_UP)

        for status in ("paying", "failed", "applied"):
            with pytest.raises(IntegrityError):
                async with unit_of_work(lender.sessions) as session, session.begin_nested():
                    await session.execute(text(f"UPDATE amendments SET status = '{status}'"))

    async def test_the_database_allows_one_on_its_way(self, lender: Lender, loan: Loan) -> None:
        second = await proposes(lender, loan, {**TOP_UP, "amount": "100"})
        await consents(lender, loan, second)
        await is_agreed(lender, loan)

        with pytest.raises(IntegrityError, match=r"(?i)unique"):
            async with unit_of_work(lender.sessions) as session, session.begin_nested():
                await session.execute(
                    text("UPDATE amendments SET status = 'paying', approved_by = 'staff:x'")
                )


class TestSelfService:
    async def test_waits_for_the_money_too(self, lender: Lender) -> None:
        limits = {"date_moves_a_year": 2, "date_move_days": 10}
        lender.rules = {**lender.rules, "changes": limits}
        loan = await lender.lends(**DAILY)
        await is_agreed(lender, loan)
        due = date(2026, 12, 20)

        with pytest.raises(top_ups.TopUpUnderWay):
            async with unit_of_work(lender.sessions) as session:
                await self_service.ask(
                    session, loan.id, self_service.move_date(due, due + timedelta(days=5)),
                    borrower_id=loan.borrower_id, on=lender.on, now=lender.now,
                )  # fmt: skip
