"""A funder's bank takes his payment back: it leaves his stake, as far as it is free."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kit.money import Money
from servicing.funding.capital import CapitalNotFree
from servicing.funding.models import Pool, Stake
from servicing.funding.taken_back import CapitalReturnDiffers
from servicing.ledger.chart import Account
from servicing.ledger.rules import Event
from servicing.models import ReconciliationRun
from servicing.rails.base import Balances, Outcome, OutcomeStatus, StatementLine
from servicing.treasury import positions
from servicing.treasury.breaks import BreakActNotPossible
from tests.servicing.funding.money import Treasury
from tests.servicing.funding.test_capital import stands, was_paid_in_long_ago
from tests.servicing.funding.test_statements import adds_up, read
from tests.servicing.lending import Lender, kes
from tests.servicing.test_amendments import amends
from tests.servicing.test_rail_events import arrives, event, waiting
from tests.servicing.treasury_acts import (
    DAY,
    NEXT,
    UMA,
    USHA,
    act,
    compares,
    incoming,
    open_breaks,
    paid_out,
    two_act,
)

CAME = incoming("W77", "from Acme", kes(50_000))
GONE = replace(CAME, status=OutcomeStatus.RETURNED)


@pytest.fixture
async def pool(treasury: Treasury) -> Pool:
    return await treasury.opens()


@pytest.fixture
async def stake(lender: Lender, treasury: Treasury, pool: Pool) -> Stake:
    """50,000 by the rail."""
    stake = await treasury.joins(pool)
    await arrives(lender, event("from Acme", kes(50_000), rail_id="W77"))
    await treasury.pays_in(stake, kes(50_000), reference="W77")
    return stake


async def says_it_went(lender: Lender, *others: StatementLine, gone: StatementLine = GONE) -> None:
    await compares(lender, [CAME, *others])
    await compares(lender, [gone], day=NEXT)


class TestPutRight:
    async def test_takes_it_out_of_the_stake(
        self, lender: Lender, treasury: Treasury, pool: Pool, stake: Stake
    ) -> None:
        await says_it_went(lender)
        (found,) = await open_breaks(lender)
        assert found.category == "returned"
        for verb in ("write_off", "own"):
            with pytest.raises(BreakActNotPossible):
                await act(lender, verb, found.id, UMA)

        await act(lender, "put_right", found.id, UMA)
        assert (await stands(lender))[Account.FUNDER_CAPITAL] == "50000.00"
        await act(lender, "put_right", found.id, USHA)

        assert await stands(lender) == {}
        assert (await treasury.stake_book(pool, stake.id)).capital == 0
        await says_it_went(lender)
        assert await open_breaks(lender) == []
        assert await self.parts(lender, CAME, GONE) == {"before_first_statement": kes(100_000)}
        await lender.verifies()

    async def parts(self, lender: Lender, *lines: StatementLine) -> dict[str, Money]:
        """Of the difference between what the rail holds and our ledger, on one day."""
        held = kes(100_000)
        await compares(lender, lines, balances=Balances(held, held))
        async with lender.sessions() as session:
            run = await session.get_one(ReconciliationRun, ("wallet", DAY))
            found = await positions.of_run(session, run)
        assert found is not None
        return dict(found.parts)

    async def test_also_where_staff_were_before_the_rail(
        self, lender: Lender, treasury: Treasury, pool: Pool
    ) -> None:
        stake = await treasury.joins(pool)
        await treasury.pays_in(stake, kes(50_000), reference="wallet:w77")
        await arrives(lender, event("from Acme", kes(50_000), rail_id="W77"))
        await compares(lender, [CAME])
        assert await open_breaks(lender) == []
        await says_it_went(lender)
        (found,) = await open_breaks(lender)

        await two_act(lender, "put_right", found.id)

        assert await stands(lender) == {}
        await says_it_went(lender)
        assert await open_breaks(lender) == []
        await lender.verifies()

    async def test_also_from_before_rails_were_in_its_name(
        self, lender: Lender, treasury: Treasury, pool: Pool
    ) -> None:
        await was_paid_in_long_ago(lender, await treasury.joins(pool), "W77")
        came = incoming("W77", "from Acme", kes(1_000))
        await compares(lender, [came, replace(came, status=OutcomeStatus.RETURNED)])
        (found,) = await open_breaks(lender)

        await two_act(lender, "put_right", found.id)

        assert await stands(lender) == {}
        await lender.verifies()

    async def test_ends_what_the_rail_itself_had_said(self, lender: Lender, stake: Stake) -> None:
        gone = event(
            "from Acme", kes(50_000), rail_id="W77",
            outcome=Outcome(OutcomeStatus.RETURNED, kes(50_000), "W77"),
        )  # fmt: skip
        await arrives(lender, gone)
        assert await lender.incidents() == ["chargeback_unknown"]
        await says_it_went(lender)
        (found,) = await open_breaks(lender)

        await two_act(lender, "put_right", found.id)

        assert await lender.incidents() == []
        await arrives(lender, replace(gone, event_id="once more"))
        await arrives(lender, event("from Acme", kes(50_000), rail_id="W77"))
        assert (await lender.incidents(), await waiting(lender)) == ([], [])
        await lender.verifies()

    async def test_is_a_break_where_a_corrected_statement_does_not_have_it(
        self, lender: Lender, treasury: Treasury, stake: Stake
    ) -> None:
        """The money is with us after all, and in no books."""
        await says_it_went(lender)
        (found,) = await open_breaks(lender)
        await two_act(lender, "put_right", found.id)
        for n in range(4):
            await compares(lender, [], day=NEXT + timedelta(days=n))

        (found,) = await open_breaks(lender)
        assert (found.category, found.ours_minor) == ("not_returned", kes(50_000).minor)
        for verb in ("put_right", "write_off", "own"):
            with pytest.raises(BreakActNotPossible):
                await act(lender, verb, found.id, UMA)
        await two_act(lender, "explain", found.id)
        await treasury.pays_in(stake, kes(50_000), reference="W77 again")

        assert (await stands(lender))[Account.FUNDER_CAPITAL] == "50000.00"
        await compares(lender, [], day=NEXT)
        assert await open_breaks(lender) == []
        await lender.verifies()

    async def test_takes_it_out_once_in_whatever_letters(
        self, lender: Lender, treasury: Treasury, stake: Stake
    ) -> None:
        await says_it_went(lender)
        (found,) = await open_breaks(lender)
        await two_act(lender, "put_right", found.id)
        await treasury.pays_in(stake, kes(50_000), reference="W99")

        await compares(lender, [replace(GONE, rail_id="w77")], day=NEXT)

        assert await open_breaks(lender) == []
        assert (await stands(lender))[Account.FUNDER_CAPITAL] == "50000.00"

    async def test_is_on_the_statement(
        self, lender: Lender, treasury: Treasury, pool: Pool, stake: Stake
    ) -> None:
        await says_it_went(lender)
        (found,) = await open_breaks(lender)
        await two_act(lender, "put_right", found.id)
        lender.on += timedelta(days=1)
        await treasury.settles(pool, lender.on - timedelta(days=1))

        told = await read(lender, stake)

        adds_up(told)
        assert told.moved[Event.CAPITAL_PAID_IN] == kes(50_000).minor
        assert told.moved[Event.CAPITAL_TAKEN_BACK] == kes(50_000).minor
        assert told.closing.capital_minor == 0


class TestWhatIsNotFree:
    async def refused(self, lender: Lender) -> dict[str, object]:
        (found,) = [row for row in await open_breaks(lender) if row.category == "returned"]
        with pytest.raises(CapitalNotFree) as refusal:
            await act(lender, "put_right", found.id, UMA)
        return dict(refusal.value.params)

    async def goes(self, lender: Lender) -> None:
        (found,) = [row for row in await open_breaks(lender) if row.category == "returned"]
        await two_act(lender, "put_right", found.id)
        await lender.verifies()

    async def test_is_lent_until_the_funder_pays_again(
        self, lender: Lender, treasury: Treasury, pool: Pool, stake: Stake
    ) -> None:
        loan = await lender.lends()
        await says_it_went(lender, await paid_out(lender, loan))
        assert await self.refused(lender) == {"free": "20000.00 KES"}

        await treasury.pays_in(stake, kes(50_000), reference="W78")
        await self.goes(lender)

        book = await treasury.stake_book(pool, stake.id)
        assert (book.capital, book.at_work, book.free) == (50_000_00, 30_000_00, 20_000_00)

    async def test_is_lost_until_somebody_pays_what_is_missing(
        self, lender: Lender, treasury: Treasury, pool: Pool, stake: Stake
    ) -> None:
        loan = await lender.lends()
        await says_it_went(lender, await paid_out(lender, loan))
        await amends(lender, loan, {"type": "write_off"})
        await treasury.settles(pool)
        assert await self.refused(lender) == {"free": "20000.00 KES"}

        await treasury.pays_in(stake, kes(30_000), reference="W78")
        await self.goes(lender)

        book = await treasury.stake_book(pool, stake.id)
        assert (book.capital, book.free) == (0, 0)

    async def test_is_promised_until_that_is_given_up(
        self, lender: Lender, treasury: Treasury, stake: Stake
    ) -> None:
        await treasury.withdraws(stake, kes(1))
        await says_it_went(lender)

        assert await self.refused(lender) == {"free": "49999.00 KES"}

    @pytest.mark.parametrize("amount", [kes(49_999), kes(50_001)])
    async def test_is_whole(self, lender: Lender, stake: Stake, amount: Money) -> None:
        await says_it_went(lender, gone=replace(GONE, amount=amount))
        (found,) = await open_breaks(lender)

        with pytest.raises(CapitalReturnDiffers):
            await act(lender, "put_right", found.id, UMA)

        assert (await stands(lender))[Account.FUNDER_CAPITAL] == "50000.00"
