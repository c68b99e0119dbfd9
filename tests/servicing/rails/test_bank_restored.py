"""A database that is restored beside the folder of another day, or beside none."""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from kit import jobs
from kit.db import unit_of_work
from servicing import orders, queries, tasks
from servicing.disbursements import PAYOUTS
from servicing.models import Loan, Payout
from servicing.rails.base import Direction, Instruction
from servicing.states import LoanStatus, OrderStatus
from tests.servicing.lending import Lender
from tests.servicing.rails.bank import ELSEWHERE, rail_for
from tests.servicing.reviews import settles


@pytest.fixture
def first(lender: Lender, tmp_path: Path) -> Path:
    """The folder of the first machine."""
    lender.account, lender.rail = ELSEWHERE, rail_for(lender, tmp_path / "first")
    return tmp_path / "first"


async def payout_of(lender: Lender, loan: Loan) -> Payout:
    async with lender.sessions() as session:
        return (await queries.list_payouts(session, loan.id))[-1]


async def moves(lender: Lender, folder: Path) -> int:
    """The database of the backup comes to another machine; how many orders may have left."""
    lender.rail = rail_for(lender, folder)
    lender.now += timedelta(hours=3)
    async with unit_of_work(lender.sessions) as session:
        return await tasks.presume_sent(session, rail="iso20022", now=lender.now)


async def leaves(lender: Lender, loan: Loan) -> None:
    """After the backup, as the restored database knows nothing of it."""
    order = await payout_of(lender, loan)
    await lender.rail.submit(
        Instruction(
            order.client_ref, Direction.PAYOUT, lender.account, order.amount, loan.reference
        )
    )


async def is_being_handed_over(lender: Lender, loan: Loan) -> None:
    payout_id = (await payout_of(lender, loan)).id
    async with unit_of_work(lender.sessions) as session:
        _, order = await orders.locked(session, PAYOUTS, payout_id)
        order.status, order.tries, order.rail = OrderStatus.SUBMITTING, 1, "iso20022"
        await orders.promise(session, PAYOUTS, loan, order, now=lender.now)


def handed_over(folder: Path) -> int:
    return len(list((folder / "out").iterdir()))


async def test_a_payment_that_may_have_left_is_not_handed_over_again(
    lender: Lender, first: Path, tmp_path: Path
) -> None:
    loan = await lender.opens()
    await leaves(lender, loan)

    assert await moves(lender, tmp_path / "second") == 1
    await lender.pays_out(loan)

    assert (handed_over(first), handed_over(tmp_path / "second")) == (1, 0)
    assert (await payout_of(lender, loan)).status is OrderStatus.NEEDS_REVIEW
    assert await lender.incidents() == ["payout_restored"]
    await lender.verifies()
    assert await settles(lender, PAYOUTS, (await payout_of(lender, loan)).id, "B1") == "settled"
    assert (await lender.sees(loan)).status is LoanStatus.ACTIVE
    await lender.verifies()


async def test_nor_with_the_folder_as_it_was_at_the_backup(lender: Lender, first: Path) -> None:
    loan = await lender.opens()

    await moves(lender, first)
    await lender.pays_out(loan)

    assert handed_over(first) == 0
    assert (await payout_of(lender, loan)).status is OrderStatus.NEEDS_REVIEW


async def test_nor_what_was_being_handed_over_at_the_backup(
    lender: Lender, first: Path, tmp_path: Path
) -> None:
    loan = await lender.opens()
    await is_being_handed_over(lender, loan)

    assert await moves(lender, tmp_path / "second") == 1
    await lender.pays_out(loan)

    assert handed_over(tmp_path / "second") == 0
    assert (await payout_of(lender, loan)).status is OrderStatus.NEEDS_REVIEW
    assert await lender.incidents() == ["payout_restored"]
    await lender.verifies()


@pytest.mark.parametrize("is_younger", [True, False])
async def test_a_folder_that_is_younger_than_an_order_knows_nothing_of_it(
    lender: Lender, tmp_path: Path, *, is_younger: bool
) -> None:
    """We died while the order was handed over; the disk with the folder is lost, too."""
    lender.account = ELSEWHERE
    loan = await lender.opens()
    await is_being_handed_over(lender, loan)
    lender.now += timedelta(hours=1 if is_younger else -1)
    lender.rail = rail_for(lender, tmp_path)
    lender.now += timedelta(days=1)

    with suppress(jobs.Later):
        await lender.pays_out(loan)

    assert handed_over(tmp_path) == (not is_younger)
    expected = OrderStatus.UNKNOWN if is_younger else OrderStatus.PENDING
    assert (await payout_of(lender, loan)).status is expected
