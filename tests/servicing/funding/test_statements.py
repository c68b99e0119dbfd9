"""A funder's statement adds up, and its returns are what one reckons by hand."""

from datetime import date, timedelta
from fractions import Fraction

import pytest

from kit.db import unit_of_work
from kit.ids import new_id
from servicing import late_policy
from servicing.funding import holds, statements
from servicing.funding.models import Movement, Pool, Stake, StakeKind, WithdrawalOf
from servicing.funding.statements import NotSharedOut, Statement
from servicing.ledger.rules import Event
from servicing.papers import funder
from servicing.papers.words import Words
from tests.servicing.funding.money import BOTH, Treasury
from tests.servicing.lending import START, Lender, kes
from tests.servicing.test_amendments import amends

POLICY = late_policy.load(late_policy.of_country("KE"))
DAY = timedelta(days=1)


async def read(lender: Lender, stake: Stake, since: date = START) -> Statement:
    async with lender.sessions() as session:
        return await statements.of_stake(
            session, stake.id, POLICY, since=since, until=lender.on - DAY, today=lender.on
        )


async def pays_first(lender: Lender, treasury: Treasury, pool: Pool) -> None:
    """One loan of 30,000 pays its first installment: 900 of interest."""
    loan = await lender.lends()
    first, *_ = await lender.schedule(loan)
    await lender.closes_days_until(first.due_on)
    await lender.receives(loan, (await lender.owed(loan)).gross)
    await lender.closes_days_until(first.due_on + DAY)
    await treasury.settles(pool, lender.on - DAY)


def adds_up(found: Statement) -> None:
    moved = found.moved
    assert found.closing.capital_minor == (
        found.opening.capital_minor
        + moved[Event.CAPITAL_PAID_IN] + moved[Event.RETURN_REINVESTED]
        - moved[Event.CAPITAL_TAKEN_OUT] - moved[Event.CAPITAL_TAKEN_BACK]
        - moved[Event.LOSS_BORNE] + moved[Event.LOSS_RECOVERED]
    )  # fmt: skip
    assert found.closing.payable_minor == (
        found.opening.payable_minor + found.earned_minor
        - moved[Event.RETURN_PAID] - moved[Event.RETURN_REINVESTED]
    )  # fmt: skip


class TestStatement:
    async def test_of_a_share_of_interest(self, lender: Lender, treasury: Treasury) -> None:
        pool = await treasury.opens()
        stake = await treasury.joins(pool, rate_ppm=800_000)
        await treasury.pays_in(stake, kes(50_000))
        await pays_first(lender, treasury, pool)

        found = await read(lender, stake)

        adds_up(found)
        assert (found.opening.value_minor, found.closing.capital_minor) == (0, 50_000_00)
        assert (found.interest_minor, found.earned_minor, found.fees_minor) == (
            900_00, 720_00, 180_00
        )  # fmt: skip
        assert found.deployed_minor == 30_000_00
        assert found.closing.at_work_minor == 30_000_00 - found.repaid_minor
        book = await treasury.stake_book(pool, stake.id)
        assert found.closing.free_minor == book.free
        # 720 on 50,000, there for 31 days.
        assert found.irr == pytest.approx((1 + 720 / 50_000) ** (365 / 31) - 1, rel=1e-6)
        assert found.twr == pytest.approx(720 / 50_000)

    async def test_of_a_fixed_rate(self, lender: Lender, treasury: Treasury) -> None:
        """10 % a year on 36,500 are 10 a day, lent or not, from the day it came."""
        pool = await treasury.opens()
        stake = await treasury.joins(pool, terms=StakeKind.FIXED, rate_ppm=100_000)
        await treasury.pays_in(stake, kes(36_500))
        await lender.closes_days_until(START + timedelta(days=10))
        await treasury.settles(pool, lender.on - DAY)
        await treasury.pays_out(await treasury.withdraws(stake, kes(18_250)))
        await lender.closes_days_until(START + timedelta(days=20))
        await treasury.settles(pool, lender.on - DAY)

        whole, second = await read(lender, stake), await read(lender, stake, START + 10 * DAY)

        adds_up(whole)
        adds_up(second)
        assert (whole.earned_minor, second.earned_minor) == (150_00, 50_00)
        assert (whole.interest_minor, whole.fees_minor) == (0, -150_00)

    async def test_of_a_loss_and_what_came_of_it_later(
        self, lender: Lender, treasury: Treasury
    ) -> None:
        pool = await treasury.opens()
        junior = await treasury.joins(pool, loss_order=1)
        senior = await treasury.joins(pool, loss_order=2)
        await treasury.pays_in(junior, kes(6_000))
        await treasury.pays_in(senior, kes(54_000))
        bad = await lender.lends()
        first, *_ = await lender.schedule(bad)
        await lender.closes_days_until(first.due_on)
        await amends(lender, bad, {"type": "write_off"})
        await lender.closes_days_until(lender.on + DAY)
        await treasury.settles(pool, lender.on - DAY)
        lost = [(await read(lender, each)).closing for each in (junior, senior)]
        await lender.receives(bad, kes(25_000))
        await lender.closes_days_until(lender.on + DAY)
        await treasury.settles(pool, lender.on - DAY)

        after = [await read(lender, each) for each in (junior, senior)]

        # Of 30,000 lost the first 6,000 are the junior's; 25,000 recovered go to the senior first.
        assert [each.capital_minor for each in lost] == [0, 30_000_00]
        assert [each.closing.capital_minor for each in after] == [1_000_00, 54_000_00]
        for each in after:
            adds_up(each)
            assert each.closing.at_work_minor == 0
        await lender.verifies()

    async def test_leaves_what_the_lender_lost_with_the_lender(
        self, lender: Lender, treasury: Treasury
    ) -> None:
        pool = await treasury.opens()
        stake = await treasury.joins(pool)
        await treasury.pays_in(stake, kes(10_000))
        bad = await lender.opens()
        payout_id = await lender.pays_out(bad)
        for staff_id in BOTH:  # Let go in spite of a pool that has only a third of it.
            async with unit_of_work(lender.sessions) as session:
                await holds.release(
                    session, payout_id, staff_id=staff_id, reason="agreed", now=lender.now
                )
        await lender.arrives(bad)
        await lender.closes_days_until(lender.on + DAY)
        await amends(lender, bad, {"type": "write_off"})
        await treasury.settles(pool)
        await lender.closes_days_until(lender.on + DAY)
        await treasury.pays_in(stake, kes(5_000))
        capital = []
        for recovered in (100, 20_900, 3_000):
            await lender.receives(bad, kes(recovered))
            book = await treasury.book(pool)
            free = book.free
            await treasury.settles(pool)
            book = await treasury.book(pool)
            assert book.free == book.capital == free
            capital.append(book.capital)
            await lender.closes_days_until(lender.on + DAY)

        # 30,000 are lost and 10,000 borne: of what comes back the first 20,000 are the lender's.
        assert capital == [5_000_00, 6_000_00, 9_000_00]
        await lender.verifies()

    async def test_ends_with_the_last_day_that_is_shared_out(
        self, lender: Lender, treasury: Treasury
    ) -> None:
        pool = await treasury.opens()
        stake = await treasury.joins(pool, rate_ppm=800_000)
        await treasury.pays_in(stake, kes(50_000))
        with pytest.raises(NotSharedOut):
            await read(lender, stake)
        loan = await lender.lends()
        first, *_ = await lender.schedule(loan)
        await lender.closes_days_until(first.due_on)
        await treasury.settles(pool, first.due_on - DAY)
        await lender.receives(loan, (await lender.owed(loan)).gross)
        await lender.closes_days_until(first.due_on + DAY)

        before = await read(lender, stake)
        await treasury.settles(pool, first.due_on)
        after = await read(lender, stake)

        assert (before.until, before.asked_until) == (first.due_on - DAY, first.due_on)
        assert (before.interest_minor, before.earned_minor, before.repaid_minor) == (0, 0, 0)
        assert (after.until, after.asked_until) == (first.due_on, first.due_on)
        assert (after.interest_minor, after.earned_minor) == (900_00, 720_00)
        assert b"%PDF" in funder.pdf(before, "es", issuer="Kopa", now=lender.now)
        names = [line.name for line in funder.lines(before, Words("en"))]
        assert names[0] == "Shared out so far until the end of"

    async def test_shows_what_is_late_and_may_be_lost(
        self, lender: Lender, treasury: Treasury
    ) -> None:
        pool = await treasury.opens()
        stakes = [await treasury.joins(pool), await treasury.joins(pool)]
        await treasury.pays_in(stakes[0], kes(20_000))
        await treasury.pays_in(stakes[1], kes(40_000))
        await lender.lends()
        loan = await lender.lends()
        first, *_ = await lender.schedule(loan)
        await lender.closes_days_until(first.due_on + timedelta(days=40))
        await lender.receives(loan, await lender.payoff(loan))
        await treasury.settles(pool, lender.on - DAY)

        one, two = [await read(lender, each) for each in stakes]

        assert one.risk.at_risk[30].balance_minor == 20_000_00  # Yesterday both were late.
        assert (one.risk.at_risk[60].balance_minor, two.risk.whole.loans) == (0, 2)
        assert two.risk.at_risk[1].balance_minor == 40_000_00
        assert one.risk.whole.expected_loss_minor > 0


class TestReturns:
    """By hand, without a database."""

    @staticmethod
    def moved(event: Event, major: int, day: int) -> Movement:
        on = date(2025, 1, 1) + timedelta(days=day)
        return Movement(id=new_id(), event=event, amount_minor=major * 100, on=on)

    def test_irr_of_a_year(self) -> None:
        rows = [self.moved(Event.CAPITAL_PAID_IN, 1_000, 0)]

        found = statements.irr(0, 1_100_00, rows, date(2025, 1, 1), date(2025, 12, 31))

        assert found == pytest.approx(0.10)

    def test_irr_of_nothing_is_none(self) -> None:
        assert statements.irr(0, 0, [], date(2025, 1, 1), date(2025, 12, 31)) is None

    def test_money_that_comes_late_weighs_in_irr_and_not_in_twr(self) -> None:
        """10 % on 1,000 in the first half; nothing on 11,000 in the second."""
        rows = [
            self.moved(Event.CAPITAL_PAID_IN, 1_000, 0),
            self.moved(Event.RETURN_EARNED, 100, 180),
            self.moved(Event.CAPITAL_PAID_IN, 10_000, 181),
        ]

        irr = statements.irr(0, 11_100_00, rows, date(2025, 1, 1), date(2025, 12, 31))

        assert statements.twr(0, rows) == pytest.approx(0.10)
        assert irr is not None
        assert 0.01 < irr < 0.02

    def test_what_is_paid_out_is_no_loss(self) -> None:
        rows = [
            self.moved(Event.RETURN_EARNED, 10, 5),
            self.moved(Event.RETURN_PAID, 10, 6),
            self.moved(Event.LOSS_BORNE, 100, 7),
        ]

        grown = Fraction(1_010, 1_000) * Fraction(900, 1_000) - 1
        assert statements.twr(1_000_00, rows) == pytest.approx(float(grown))


class TestPaper:
    async def test_is_drawn_in_every_language(self, lender: Lender, treasury: Treasury) -> None:
        pool = await treasury.opens()
        stake = await treasury.joins(pool)
        await treasury.pays_in(stake, kes(50_000))
        await pays_first(lender, treasury, pool)
        await treasury.pays_out(await treasury.withdraws(stake, kes(7), WithdrawalOf.RETURN))
        found = await read(lender, stake)

        for locale in ("en", "es"):
            printed = funder.pdf(found, locale, issuer="Kopa", now=lender.now)
            assert printed.startswith(b"%PDF")
            assert printed == funder.pdf(found, locale, issuer="Kopa", now=lender.now)
        told = {line.name: line.value for line in funder.lines(found, Words("en"))}
        assert told["Interest collected on your part"] == kes(900)
        assert told["Return of the period, time-weighted (TWR)"] == "1.44 %"
