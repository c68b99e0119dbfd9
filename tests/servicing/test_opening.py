"""What was at a rail before the books began: said by two, corrected, and no difference any more."""

from uuid import UUID

import pytest

from kit.db import unit_of_work
from kit.four_eyes import ProposalDiffers, SameStaff
from kit.money import InvalidAmount, Money
from servicing.ledger import balances
from servicing.models import ReconciliationRun
from servicing.rails.base import Balances
from servicing.treasury import opening, positions
from tests.servicing.lending import Lender, kes
from tests.servicing.treasury_acts import DAY, UMA, USHA, compares, paid_out


async def says(lender: Lender, amount: Money, *who: UUID) -> None:
    for staff_id in who or (UMA, USHA):
        async with unit_of_work(lender.sessions) as session:
            await opening.say(
                session, rail="wallet", amount=amount, staff_id=staff_id, on=lender.on,
                reason="the wallet's statement of the day before", now=lender.now,
            )  # fmt: skip


async def books(lender: Lender) -> dict[str, str]:
    """In major units, all that is not nothing; the lender's own is what is said to have been."""
    async with lender.sessions() as session:
        rows = await balances.trial_balance(session)
        stands = await opening.of(session, rail="wallet", currency="KES")
    found = {row.account.value: Money(row.net_minor, "KES").major for row in rows if row.net_minor}
    assert found.get("lender_funds", "0.00") == stands.major
    return found


class TestSay:
    async def test_takes_two(self, lender: Lender) -> None:
        await says(lender, kes(100_000), UMA)
        assert await books(lender) == {}
        with pytest.raises(SameStaff):
            await says(lender, kes(100_000), UMA)
        with pytest.raises(ProposalDiffers):
            await says(lender, kes(100_001), USHA)

        await says(lender, kes(100_000), USHA)

        assert await books(lender) == {"cash_wallet": "100000.00", "lender_funds": "100000.00"}
        await lender.verifies()

    async def test_is_corrected_in_both_directions_and_taken_back(self, lender: Lender) -> None:
        for amount in (kes(100_000), kes(90_000), kes("100000.01"), kes(0), kes(90_000)):
            await says(lender, amount)

            cash = (await books(lender)).get("cash_wallet", "0.00")
            assert cash == amount.major
        await lender.verifies()

    async def test_refuses_what_changes_nothing_and_less_than_nothing(self, lender: Lender) -> None:
        with pytest.raises(opening.OpeningBalanceIsSo):
            await says(lender, kes(0))
        with pytest.raises(InvalidAmount):
            await says(lender, kes(-1))
        await says(lender, kes(5))
        with pytest.raises(opening.OpeningBalanceIsSo):
            await says(lender, kes(5))

        assert (await books(lender))["cash_wallet"] == "5.00"

    async def test_is_of_a_rail_and_a_currency(self, lender: Lender) -> None:
        await says(lender, kes(5))
        await says(lender, Money(7_00, "USD"))

        async with lender.sessions() as session:
            of = [
                await opening.of(session, rail=rail, currency=currency)
                for rail, currency in (("wallet", "KES"), ("wallet", "USD"), ("mpesa", "KES"))
            ]
        assert of == [kes(5), Money(7_00, "USD"), kes(0)]

    async def test_leaves_no_difference_to_the_statement(self, lender: Lender) -> None:
        loan = await lender.lends()
        await compares(
            lender, [await paid_out(lender, loan)], balances=Balances(kes(100_000), kes(70_800))
        )
        await says(lender, kes(100_000))

        async with lender.sessions() as session:
            run = await session.get_one(ReconciliationRun, ("wallet", DAY))
            found = await positions.of_run(session, run)
        assert found is not None
        assert (found.ledger, found.difference) == (kes(70_800), kes(0))
