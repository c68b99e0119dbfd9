"""Whatever moves later goes where a loan's own money went, and by the same rail."""

import pytest

from kit.crypto import vault_of
from kit.db import unit_of_work
from servicing import amendments, payment_requests, queries, tasks
from servicing.models import Loan
from servicing.rails.base import Direction
from tests.servicing.lending import ACCOUNT, Lender, kes
from tests.servicing.test_amendments import sees
from tests.servicing.test_refinancing import MORE, REFINANCE, new_loan
from tests.servicing.topping_up import DAILY, TOP_UP, is_agreed, payouts_of


@pytest.fixture
async def loan(lender: Lender) -> Loan:
    lender.product = {"amount_max_minor": kes(80_000).minor}
    return await lender.lends(**DAILY)


async def test_money_on_top_goes_by_the_rail_of_the_loan(lender: Lender, loan: Loan) -> None:
    """Another rail may take new orders by now: the account is none of its."""
    await is_agreed(lender, loan, TOP_UP)

    assert (await payouts_of(lender, loan))[-1].rail == "wallet"


async def test_a_new_loan_for_the_old_goes_by_its_rail(lender: Lender, loan: Loan) -> None:
    new = await new_loan(lender, await is_agreed(lender, loan, MORE))

    assert (await payouts_of(lender, new))[-1].rail == "wallet"


async def test_a_loan_without_money_of_its_own_has_that_of_the_one_before(
    lender: Lender, loan: Loan
) -> None:
    new = await new_loan(lender, await is_agreed(lender, loan, REFINANCE))
    lender.rail.sent.clear()

    async with unit_of_work(lender.sessions) as session:
        asked = await payment_requests.request(
            session, vault_of(session), loan_id=new.id, amount=kes(500), on=lender.on,
            now=lender.now,
        )  # fmt: skip
    await tasks.collect(lender.context, request_id=str(asked.id))
    await is_agreed(lender, new, TOP_UP)
    await lender.arrives(new)

    assert [(each.direction, each.account) for each in lender.rail.sent] == [
        (Direction.COLLECT, ACCOUNT),
        (Direction.PAYOUT, ACCOUNT),
    ]
    await lender.verifies()


@pytest.mark.parametrize("change", [TOP_UP, MORE])
async def test_what_the_rail_cannot_move_is_not_promised(
    lender: Lender, loan: Loan, change: dict[str, str]
) -> None:
    async with unit_of_work(lender.sessions) as session:
        (await queries.get_loan(session, loan.id, lock=True)).rail = "mpesa"

    with pytest.raises(amendments.ChangeNotPossible, match=r"amount must be a multiple of 1\.00"):
        await sees(lender, loan, {**change, "amount": "5000.50"})

    assert (await sees(lender, loan, {**change, "amount": "5001"})).paid_out == kes(5_001)
