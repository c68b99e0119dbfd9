"""A payout leaves when there is money for it, and waits when there is not."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from kit.db import unit_of_work
from kit.money import Money
from notifications.models import Notification
from servicing import queries, tasks
from servicing.amendments import ChangeNotPossible
from servicing.funding import checks, holds, pools
from servicing.funding.holds import PayoutNotHeld
from servicing.funding.models import FundedLoan, Hold, LoanShare, Pool
from servicing.models import Loan, Payout
from servicing.states import LoanStatus, OrderStatus
from tests.servicing.funding.money import BOTH, Treasury
from tests.servicing.lending import Lender, kes
from tests.servicing.test_amendments import amends
from tests.servicing.test_refinancing import another
from tests.servicing.topping_up import DAILY


async def status_of(lender: Lender, loan: Loan) -> OrderStatus:
    async with lender.sessions() as session:
        return (await queries.list_payouts(session, loan.id))[-1].status


async def held(lender: Lender) -> list[tuple[str, dict[str, str]]]:
    async with lender.sessions() as session:
        return [(hold.reason, hold.facts) for hold, _ in await holds.list_held(session)]


async def told(lender: Lender) -> list[str]:
    async with lender.sessions() as session:
        return list(await session.scalars(select(Notification.template)))


async def pool_of(lender: Lender, loan: Loan) -> str | None:
    async with lender.sessions() as session:
        return await session.scalar(
            select(Pool.code).join(FundedLoan).where(FundedLoan.loan_id == loan.id)
        )


async def floor(lender: Lender, minimum: Money) -> None:
    for staff_id in BOTH:
        async with unit_of_work(lender.sessions) as session:
            await pools.set_floor(
                session, rail="wallet", floor=minimum, staff_id=staff_id, reason="policy",
                now=lender.now,
            )  # fmt: skip


@pytest.fixture
async def pool(treasury: Treasury) -> Pool:
    """Open, with 50,000 of one funder: enough for one loan of 30,000, not for two."""
    pool = await treasury.opens()
    await treasury.pays_in(await treasury.joins(pool), kes(50_000))
    return pool


class TestWithoutFunding:
    async def test_nothing_changes(self, lender: Lender) -> None:
        loan = await lender.lends()

        assert loan.status is LoanStatus.ACTIVE
        assert await pool_of(lender, loan) is None

    async def test_a_pool_that_nobody_agreed_to_changes_nothing(
        self, lender: Lender, treasury: Treasury
    ) -> None:
        async with unit_of_work(lender.sessions) as session:
            await pools.create_pool(
                session, code="draft", currency="KES", rail="wallet", actor="staff:1",
                now=lender.now,
            )  # fmt: skip

        assert (await lender.lends()).status is LoanStatus.ACTIVE


class TestAdmit:
    async def test_takes_the_principal_from_the_pool_for_good(
        self, lender: Lender, treasury: Treasury, pool: Pool
    ) -> None:
        loan = await lender.opens()
        await lender.pays_out(loan)
        going = await treasury.book(pool)
        await lender.arrives(loan)
        there = await treasury.book(pool)

        assert (going.on_the_way, going.at_work, going.free) == (30_000_00, 0, 20_000_00)
        assert (there.on_the_way, there.at_work, there.free) == (0, 30_000_00, 20_000_00)

    async def test_gives_it_back_when_the_payout_fails(
        self, lender: Lender, treasury: Treasury, pool: Pool
    ) -> None:
        loan = await lender.opens()
        payout_id = await lender.pays_out(loan)
        async with unit_of_work(lender.sessions) as session:
            (await session.get_one(Payout, payout_id)).status = OrderStatus.FAILED

        assert (await treasury.book(pool)).free == 50_000_00

    async def test_holds_what_the_pool_has_no_money_for(
        self, lender: Lender, treasury: Treasury, pool: Pool
    ) -> None:
        await lender.lends()
        second = await lender.opens()
        await lender.pays_out(second)
        await lender.pays_out(second)

        assert await status_of(lender, second) is OrderStatus.HELD
        assert await held(lender) == [
            ("pool_floor", {"pool": "main", "most": "0.00", "would_be": "-10000.00"})
        ]
        assert (await told(lender)).count("disbursement_held") == 1
        assert len(lender.rail.sent) == 1
        assert (await treasury.book(pool)).free == 20_000_00

    async def test_lets_it_go_when_money_has_come(
        self, lender: Lender, treasury: Treasury, pool: Pool
    ) -> None:
        await lender.lends()
        second = await lender.opens()
        await lender.pays_out(second)
        stake = (await treasury.book(pool)).stakes[0].stake
        await treasury.pays_in(stake, kes(10_000))

        await lender.arrives(second)

        assert (await lender.sees(second)).status is LoanStatus.ACTIVE
        assert (await treasury.book(pool)).free == 0
        await lender.verifies()

    async def test_lets_it_go_when_a_loan_is_repaid(
        self, lender: Lender, treasury: Treasury, pool: Pool
    ) -> None:
        first = await lender.lends()
        second = await lender.opens()
        await lender.pays_out(second)
        await lender.receives(first, await lender.payoff(first))

        await lender.pays_out(second)

        assert await status_of(lender, second) is OrderStatus.PENDING

    async def test_asks_pools_in_their_order_and_keeps_to_what_they_take(
        self, lender: Lender, treasury: Treasury
    ) -> None:
        small = await treasury.opens("a-small", rank=2)
        other = await treasury.opens("b-other", rank=1, accepts={"product": ["farming"]})
        main = await treasury.opens("c-main", rank=3)
        for each, amount in ((small, 30_000), (other, 90_000), (main, 30_000)):
            await treasury.pays_in(await treasury.joins(each), kes(amount))

        loans = [await lender.lends(), await lender.lends()]
        none = await lender.opens()
        await lender.pays_out(none)

        assert [await pool_of(lender, loan) for loan in loans] == ["a-small", "c-main"]
        assert (await held(lender))[0][1]["pool"] == "a-small"

    async def test_holds_what_no_pool_takes(self, lender: Lender, treasury: Treasury) -> None:
        await treasury.opens(accepts={"country": ["UG"]})
        loan = await lender.opens()
        await lender.pays_out(loan)

        assert await held(lender) == [("no_pool", {})]

    async def test_divides_a_loan_by_what_each_funder_has_free(
        self, lender: Lender, treasury: Treasury
    ) -> None:
        pool = await treasury.opens()
        for amount in (10_000, 20_000, 30_000):
            await treasury.pays_in(await treasury.joins(pool), kes(amount))
        loan = await lender.lends()

        async with lender.sessions() as session:
            shares = await session.scalars(
                select(LoanShare).where(LoanShare.loan_id == loan.id).order_by(LoanShare.stake_id)
            )
            assert [row.weight_minor for row in shares] == [5_000_00, 10_000_00, 15_000_00]

    async def test_keeps_the_promised_and_the_floor(
        self, lender: Lender, treasury: Treasury
    ) -> None:
        pool = await treasury.opens(floor="5000")
        stake = await treasury.joins(pool)
        await treasury.pays_in(stake, kes(36_000))
        await treasury.withdraws(stake, kes(1_001))
        loan = await lender.opens()
        await lender.pays_out(loan)

        assert await held(lender) == [
            ("pool_floor", {"pool": "main", "most": "5000.00", "would_be": "4999.00"})
        ]

    async def test_limits_what_one_borrower_gets(self, lender: Lender, treasury: Treasury) -> None:
        pool = await treasury.opens(limits=[{"by": "borrower", "percent": "29.9"}])
        await treasury.pays_in(await treasury.joins(pool), kes(100_000))
        loan = await lender.opens()
        await lender.pays_out(loan)

        assert await held(lender) == [
            ("limit_borrower", {"pool": "main", "most": "29900.00", "would_be": "30000.00"})
        ]

    @pytest.mark.parametrize(
        ("policy", "why"),
        [
            ({}, "no_money"),
            ({"floor": "90000"}, "no_money"),
            ({"accepts": {"product": ["other"]}}, "no_money"),
            ({"limits": [{"by": "borrower", "percent": "29.9"}]}, "borrower"),
        ],
    )
    async def test_knows_what_the_borrower_waits_for(
        self, lender: Lender, treasury: Treasury, policy: dict[str, Any], why: str
    ) -> None:
        pool = await treasury.opens(**policy)
        if policy:
            await treasury.pays_in(await treasury.joins(pool), kes(100_000))
        loan = await lender.opens()
        await lender.pays_out(loan)

        async with lender.sessions() as session:
            assert await holds.why_of(session, loan) == why
        assert holds.Why.of(Hold(reason="limit_region")) == "limit"

    async def test_keeps_cash_at_the_rail(self, lender: Lender, treasury: Treasury) -> None:
        await floor(lender, kes(100))
        first = await lender.opens()
        await lender.pays_out(first)

        assert await held(lender) == [
            ("cash_floor", {"rail": "wallet", "most": "100.00", "would_be": "-29200.00"})
        ]


class TestMoreOnALoan:
    async def test_that_no_pool_lends_is_the_lenders_own(
        self, lender: Lender, treasury: Treasury
    ) -> None:
        lender.product = {"amount_max_minor": 90_000_00}
        loan = await lender.lends()
        await treasury.opens()
        await amends(lender, loan, {"type": "top_up", "amount": "5000", "installments": 3})
        await lender.pays_out(loan)

        assert await status_of(lender, loan) is OrderStatus.PENDING

    async def test_comes_from_the_pool_of_the_loan(
        self, lender: Lender, treasury: Treasury, pool: Pool
    ) -> None:
        lender.product = {"amount_max_minor": 90_000_00}
        loan = await lender.lends()
        await amends(lender, loan, {"type": "top_up", "amount": "5000", "installments": 3})
        await lender.arrives(loan)

        book = await treasury.book(pool)
        assert (book.at_work, book.free) == (35_000_00, 15_000_00)
        await lender.verifies()

    async def test_is_never_lent_from_money_at_another_rail(
        self, lender: Lender, treasury: Treasury, pool: Pool
    ) -> None:
        lender.product = {"amount_max_minor": 90_000_00}
        loan = await lender.lends()
        async with unit_of_work(lender.sessions) as session:
            (await pools.get_pool(session, pool.id)).rail = "gsma"
        await amends(lender, loan, {"type": "top_up", "amount": "5000", "installments": 3})

        await lender.pays_out(loan)

        assert [reason for reason, _ in await held(lender)] == ["no_pool"]
        assert (await treasury.book(pool)).on_the_way == 0

    async def test_that_takes_its_place_stays_with_its_funders(
        self, lender: Lender, treasury: Treasury, pool: Pool
    ) -> None:
        loan = await lender.lends()
        lender.on += timedelta(days=1)
        await amends(lender, loan, {"type": "refinance", "installments": 3})

        book = await treasury.book(pool)
        async with lender.sessions() as session:
            new = await session.scalar(select(Loan).where(Loan.id != loan.id))
        assert new is not None
        assert await pool_of(lender, new) == "main"
        assert (book.at_work, len(book.stakes)) == (new.principal_minor, 1)
        await lender.verifies()


class TestARefinance:
    @pytest.fixture
    def lender(self, lender: Lender) -> Lender:
        lender.product = {"amount_max_minor": 200_000_00}
        return lender

    async def refinances(self, lender: Lender, loan: Loan, **changed: Any) -> Loan:
        lender.on += timedelta(days=1)
        await amends(lender, loan, {"type": "refinance", "installments": 3, **changed})
        async with lender.sessions() as session:
            return (await queries.list_loans_of(session, loan.borrower_id))[0]

    async def test_never_moves_the_lenders_own_loan_onto_funders(
        self, lender: Lender, treasury: Treasury
    ) -> None:
        own = await lender.lends(**DAILY)
        pool = await treasury.opens()
        await treasury.pays_in(await treasury.joins(pool), kes(90_000))
        funded = await another(lender, own)
        for loan, other in ((funded, own), (own, funded)):
            with pytest.raises(ChangeNotPossible, match="same funders"):
                await self.refinances(lender, loan, also=[other.reference])

        book = await treasury.book(pool)
        assert (book.at_work, book.free) == (10_000_00, 80_000_00)
        assert (await lender.sees(own)).status is LoanStatus.ACTIVE
        await lender.verifies()

    async def test_is_divided_by_who_funded_which_loan(
        self, lender: Lender, treasury: Treasury
    ) -> None:
        pool = await treasury.opens()
        stakes = [await treasury.joins(pool)]
        await treasury.pays_in(stakes[0], kes(30_000))
        loan = await lender.lends(**DAILY)
        stakes.append(await treasury.joins(pool))
        await treasury.pays_in(stakes[1], kes(10_100))
        other = await another(lender, loan)

        new = await self.refinances(lender, loan, also=[other.reference])

        async with lender.sessions() as session:
            shares = await session.scalars(select(LoanShare).where(LoanShare.loan_id == new.id))
            parts = {share.stake_id: share.weight_minor for share in shares}
        assert sum(parts.values()) == new.principal_minor > 40_000_00
        assert 30_000_00 <= parts[stakes[0].id] < 30_040_00
        assert 10_000_00 <= parts[stakes[1].id] < 10_020_00
        assert (await treasury.book(pool)).at_work == new.principal_minor
        await lender.verifies()

    @pytest.mark.parametrize(
        ("capital", "limits", "why"),
        [
            (30_000, [], "pool_floor is 0.00, and it would be -2"),
            (90_000, [{"by": "borrower", "amount": "30010"}], "limit_borrower is 30010.00"),
        ],
    )
    async def test_without_money_is_refused_beyond_what_the_pool_lends(
        self, lender: Lender, treasury: Treasury, capital: int, limits: Any, why: str
    ) -> None:
        pool = await treasury.opens(limits=limits)
        await treasury.pays_in(await treasury.joins(pool), kes(capital))
        loan = await lender.lends(**DAILY)

        with pytest.raises(ChangeNotPossible, match=why):
            await self.refinances(lender, loan)

        assert (await treasury.book(pool)).at_work == 30_000_00
        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE

    async def test_with_money_waits_for_all_that_it_adds(
        self, lender: Lender, treasury: Treasury
    ) -> None:
        pool = await treasury.opens()
        stake = await treasury.joins(pool)
        await treasury.pays_in(stake, kes(35_000))
        loan = await lender.lends(**DAILY)
        new = await self.refinances(lender, loan, amount="5000")
        await lender.pays_out(new)
        (reason, facts), *_ = await held(lender)
        assert reason == "pool_floor"
        assert -40 < float(facts["would_be"]) < 0

        await treasury.pays_in(stake, kes(50))
        await lender.arrives(new)

        book = await treasury.book(pool)
        assert book.at_work == (await lender.sees(new)).principal_minor
        assert (book.on_the_way, 0 < book.free < 50_00) == (0, True)
        await lender.verifies()

    async def test_of_other_funders_is_found_by_verify(
        self, lender: Lender, treasury: Treasury
    ) -> None:
        loan = await lender.lends(**DAILY)
        new = await self.refinances(lender, loan)
        pool = await treasury.opens()
        stake = await treasury.joins(pool)
        async with unit_of_work(lender.sessions) as session:
            session.add(
                FundedLoan(loan_id=new.id, pool_id=pool.id, facts={}, created_at=lender.now)
            )
            await session.flush()
            session.add(LoanShare(loan_id=new.id, stake_id=stake.id, weight_minor=1))

        async with lender.sessions() as session:
            found = await checks.verify(session)

        assert found == [
            ("refinanced_by_its_funders", str(new.id), "1 loans of the lender, 1 pools")
        ]


class TestPeople:
    @pytest.fixture
    async def waiting(self, lender: Lender, treasury: Treasury, pool: Pool) -> UUID:
        await lender.lends()
        return await lender.pays_out(await lender.opens())

    async def test_two_release_it(
        self, lender: Lender, treasury: Treasury, pool: Pool, waiting: UUID
    ) -> None:
        for staff_id in BOTH:
            async with unit_of_work(lender.sessions) as session:
                await holds.release(
                    session, waiting, staff_id=staff_id, reason="a promise", now=lender.now
                )
        await tasks.disburse(lender.context, payout_id=str(waiting))

        assert await held(lender) == []
        book = await treasury.book(pool)
        assert (book.on_the_way, book.free) == (30_000_00, -10_000_00)

    async def test_one_does_not(self, lender: Lender, waiting: UUID) -> None:
        async with unit_of_work(lender.sessions) as session:
            await holds.release(
                session, waiting, staff_id=BOTH[0], reason="a promise", now=lender.now
            )
        await tasks.disburse(lender.context, payout_id=str(waiting))

        assert len(await held(lender)) == 1

    async def test_cancel_it_and_the_borrower_is_told(self, lender: Lender, waiting: UUID) -> None:
        async with unit_of_work(lender.sessions) as session:
            payout = await holds.cancel(session, waiting, actor="staff:1", now=lender.now)
        with pytest.raises(PayoutNotHeld):
            async with unit_of_work(lender.sessions) as session:
                await holds.cancel(session, waiting, actor="staff:1", now=lender.now)

        async with lender.sessions() as session:
            loan = await queries.get_loan(session, payout.loan_id)
        assert loan.status is LoanStatus.CANCELED
        assert "disbursement_canceled" in await told(lender)
        await lender.verifies()
