"""What waited in a backup may have left since, or not: then the gate is asked as ever."""

from contextlib import suppress
from datetime import timedelta

import pytest

from kit import jobs
from kit.db import unit_of_work
from servicing import orders, queries, tasks
from servicing.disbursements import PAYOUTS
from servicing.ledger import balances
from servicing.ledger.chart import cash_of
from servicing.models import Loan, Payout
from servicing.rails.base import Ack, AckStatus, Caps, Outcome, OutcomeStatus
from servicing.states import LoanStatus, OrderStatus
from tests.servicing.funding.money import Treasury
from tests.servicing.funding.test_gate import floor, held, pool_of, status_of, told
from tests.servicing.lending import Lender, kes


async def payout_of(lender: Lender, loan: Loan) -> Payout:
    async with lender.sessions() as session:
        return (await queries.list_payouts(session, loan.id))[-1]


async def is_restored(lender: Lender) -> None:
    """From a backup of this moment, a while later."""
    lender.now += timedelta(hours=3)
    async with unit_of_work(lender.sessions) as session:
        await tasks.presume_sent(session, rail="wallet", now=lender.now)


async def sweeps(lender: Lender) -> None:
    """As the sweeper would, a minute later."""
    lender.now += timedelta(minutes=1)
    async with unit_of_work(lender.sessions) as session:
        due = await orders.take_due(session, PAYOUTS, now=lender.now)
    for order_id in due:
        with suppress(jobs.Later):
            await tasks.inquire(lender.context, kind="payout", order_id=str(order_id))


async def available(lender: Lender) -> int:
    account = cash_of("wallet")
    async with lender.sessions() as session:
        cash = (await balances.cash(session, accounts=[account])).get((account, "KES"))
    return cash.available_minor if cash else 0


async def test_held_below_the_floor_stays_held(lender: Lender) -> None:
    await floor(lender, kes(0))
    loan = await lender.opens()
    await lender.pays_out(loan)
    assert await status_of(lender, loan) is OrderStatus.HELD
    before = await held(lender)

    await is_restored(lender)
    await lender.verifies()
    await sweeps(lender)
    waiting = await payout_of(lender, loan)
    await lender.verifies()
    await sweeps(lender)

    assert (waiting.status, waiting.tries) == (OrderStatus.CREATED, 0)
    assert waiting.submitted_at is None
    assert lender.rail.sent == []
    assert await status_of(lender, loan) is OrderStatus.HELD
    assert (await payout_of(lender, loan)).tries == 0
    assert await held(lender) == before
    assert (await told(lender)).count("disbursement_held") == 1
    assert await available(lender) == 0
    await lender.verifies()


async def test_waits_for_its_pool_and_goes_when_it_has_money(
    lender: Lender, treasury: Treasury
) -> None:
    pool = await treasury.opens()
    stake = await treasury.joins(pool)
    await treasury.pays_in(stake, kes(50_000))
    await lender.lends()
    second = await lender.opens()  # The gate was never asked about it.

    await is_restored(lender)
    await sweeps(lender)
    await sweeps(lender)

    assert await status_of(lender, second) is OrderStatus.HELD
    assert len(lender.rail.sent) == 1
    assert (await treasury.book(pool)).free == 20_000_00

    await treasury.pays_in(stake, kes(10_000))
    await lender.arrives(second)

    assert await pool_of(lender, second) == "main"
    assert (await treasury.book(pool)).free == 0
    await lender.verifies()


async def test_what_left_since_is_on_its_way_before_others_ask(lender: Lender) -> None:
    """Money for one of two: one has left, so the other, which asks no sooner, waits."""
    await lender.receives(await lender.lends(), kes(59_000))
    waits, left = await lender.opens(), await lender.opens()
    await floor(lender, kes(0))
    lender.rail.knows[(await payout_of(lender, left)).client_ref] = Outcome(OutcomeStatus.UNKNOWN)
    sent = len(lender.rail.sent)

    await is_restored(lender)
    lender.now += timedelta(minutes=1)
    await lender.pays_out(waits)
    with pytest.raises(jobs.Later):
        await lender.pays_out(left)
    assert await available(lender) == 600_00
    await lender.verifies()
    await sweeps(lender)

    assert len(lender.rail.sent) == sent
    assert await status_of(lender, left) is OrderStatus.UNKNOWN
    assert await status_of(lender, waits) is OrderStatus.HELD
    lender.rail.knows[(await payout_of(lender, left)).client_ref] = Outcome(
        OutcomeStatus.SETTLED, (await payout_of(lender, left)).amount, "W2"
    )
    await lender.pays_out(left)
    assert (await lender.sees(left)).status is LoanStatus.ACTIVE
    assert await available(lender) == 600_00
    await lender.verifies()


async def test_what_was_let_go_before_the_backup_is_sent_again_without_asking(
    lender: Lender, treasury: Treasury
) -> None:
    pool = await treasury.opens()
    await treasury.pays_in(await treasury.joins(pool), kes(50_000))
    loan = await lender.opens()
    lender.rail.acks = [Ack(AckStatus.NOT_SENT, code="no_token")]
    with pytest.raises(jobs.Later):
        await lender.pays_out(loan)
    await treasury.sets(pool, {"limits": [{"by": "borrower", "amount": "1"}]})

    await is_restored(lender)
    await lender.pays_out(loan)

    assert await status_of(lender, loan) is OrderStatus.PENDING
    assert len(lender.rail.sent) == 2
    assert (await treasury.book(pool)).on_the_way == 30_000_00
    await lender.verifies()


async def test_a_count_of_tries_lets_nothing_go(lender: Lender) -> None:
    """Only what was promised to it does."""
    await floor(lender, kes(0))
    loan = await lender.opens()
    payout = await payout_of(lender, loan)
    async with unit_of_work(lender.sessions) as session:
        (await session.get_one(Payout, payout.id)).tries = 1

    await lender.pays_out(loan)

    assert await status_of(lender, loan) is OrderStatus.HELD
    assert lender.rail.sent == []


async def test_that_a_rail_without_keys_denies_is_for_a_person(lender: Lender) -> None:
    """It may carry a reference out twice, and its denial is no proof."""
    await floor(lender, kes(0))
    loan = await lender.opens()
    await lender.pays_out(loan)
    lender.rail.caps = Caps(honours_keys=False)

    await is_restored(lender)
    await sweeps(lender)

    assert await status_of(lender, loan) is OrderStatus.NEEDS_REVIEW
    assert await available(lender) == -29_200_00
    assert await lender.incidents() == ["payout_denied_by_rail"]
    await lender.verifies()
