"""Sums of the database say of a pool what its books say loan by loan."""

from collections import Counter
from datetime import timedelta

from kit.db import unit_of_work
from kit.ids import new_id
from servicing import orders, repayments
from servicing.funding import books, pools, standing
from servicing.funding.models import Pool
from tests.servicing.funding.money import Treasury
from tests.servicing.lending import Lender, kes
from tests.servicing.test_amendments import amends


class Facts(orders.Payees):
    """Every other loan is for a shop."""

    asked = 0

    async def facts_of(self, *_: object, **__: object) -> dict[str, str]:
        self.asked += 1
        return {"product": "business" if self.asked % 2 else "personal", "country": "KE"}


async def agrees(lender: Lender, pool: Pool) -> None:
    async with lender.sessions() as session:
        fresh = await pools.get_pool(session, pool.id)
        book = await books.of_pool(session, fresh)
        for borrower_id in (new_id(), *(each.borrower_id for each in book.exposures)):
            stands = await standing.of_pool(session, fresh, borrower_id=borrower_id)
            assert (stands.capital, stands.free) == (book.capital, book.free)
            wanted: Counter[object] = Counter()
            for each in book.exposures:
                is_his = each.borrower_id == borrower_id
                wanted[is_his, frozenset(each.facts.items())] += each.minor
            assert wanted == Counter(
                {
                    (each.borrower_id == borrower_id, frozenset(each.facts.items())): each.minor
                    for each in stands.exposures
                }
            )
            for ours, theirs in zip(stands.stakes, book.stakes, strict=True):
                assert abs(ours.free - theirs.free) <= len(book.exposures) + 1


async def test_through_the_life_of_a_pool(lender: Lender, treasury: Treasury) -> None:
    lender.payees = Facts()
    lender.product = {"amount_max_minor": 90_000_00}
    pool = await treasury.opens()
    await agrees(lender, pool)
    for amount in (70_001, 50_003, 33_333):
        await treasury.pays_in(await treasury.joins(pool), kes(amount))
    loans = [await lender.lends(principal=each) for each in ("10000", "7001", "30003")]
    await agrees(lender, pool)

    await lender.pays_out(await lender.opens(principal="5000"))  # On its way.
    paid = await lender.receives(loans[0], kes(4_000))
    await lender.receives(loans[1], await lender.payoff(loans[1]))
    await amends(lender, loans[2], {"type": "top_up", "amount": "5000", "installments": 3})
    await lender.pays_out(loans[2])
    await agrees(lender, pool)

    await amends(lender, loans[0], {"type": "write_off"})
    await agrees(lender, pool)
    await treasury.settles(pool)
    await lender.closes_days_until(lender.on + timedelta(days=1))
    await lender.receives(loans[0], kes(1_111))
    await agrees(lender, pool)
    await treasury.settles(pool)
    await agrees(lender, pool)
    async with unit_of_work(lender.sessions) as session:
        await repayments.reverse(
            session, paid.id, actor="system", reason="bounced", on=lender.on, now=lender.now
        )
    await agrees(lender, pool)
    await lender.verifies()


async def test_reads_no_single_loan(lender: Lender, treasury: Treasury) -> None:
    pool = await treasury.opens()
    await treasury.pays_in(await treasury.joins(pool), kes(90_000))
    for _ in range(5):
        await lender.lends(principal="1000")

    async with lender.sessions() as session:
        stands = await standing.of_pool(
            session, await pools.get_pool(session, pool.id), borrower_id=new_id()
        )
        (together,) = stands.exposures
        assert together.minor == kes(5_000).minor
        assert len(stands.stakes) == 1
