"""A loan of a pool whose money came back: the pool has it again, and can lend it once more."""

from datetime import date

from tests.servicing.funding.money import Treasury
from tests.servicing.funding.test_outlook import looks
from tests.servicing.lending import Lender, kes
from tests.servicing.returned import says, sends_again, takes_back


async def test_is_free_again_and_expected_no_more(lender: Lender, treasury: Treasury) -> None:
    pool = await treasury.opens()
    stake = await treasury.joins(pool)
    await treasury.pays_in(stake, kes(31_000))
    loan = await lender.lends()
    await lender.closes_days_until(date(2026, 12, 5))
    await treasury.settles(pool)
    assert (await treasury.book(pool)).at_work == kes(30_000).minor
    await says(lender, loan)

    await takes_back(lender, loan)
    await treasury.settles(pool)

    book = await treasury.book(pool)
    assert (book.at_work, book.on_the_way, book.free) == (0, 0, kes(31_000).minor)
    seen = await looks(lender)
    assert seen.available_minor == kes(31_000).minor
    assert [period.inflow.expected for period in seen.periods] == [0, 0, 0]
    await lender.verifies()

    await sends_again(lender, loan)

    book = await treasury.book(pool)
    assert (book.at_work, book.free) == (kes(30_000).minor, kes(1_000).minor)
    assert (await looks(lender)).periods[1].inflow.expected > 0
    await lender.verifies()
