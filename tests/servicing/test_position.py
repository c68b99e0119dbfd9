"""The position of cash names each part of what differs."""

from dataclasses import replace

from servicing.models import (
    ReconciliationRun,
)
from servicing.rails.base import (
    Balances,
    OutcomeStatus,
)
from servicing.treasury import positions
from tests.servicing.lending import Lender, kes
from tests.servicing.treasury_acts import (
    DAY,
    NEXT,
    compares,
    incoming,
    open_breaks,
    paid_out,
    sends,
    two_act,
)


class TestPosition:
    async def of(self, lender: Lender, day: object = DAY) -> tuple[str, dict[str, str]]:
        async with lender.sessions() as session:
            run = await session.get_one(ReconciliationRun, ("wallet", day))
            found = await positions.of_run(session, run)
        assert found is not None
        assert sum(part.minor for part in found.parts.values()) == found.difference.minor
        return found.ledger.major, {name: part.major for name, part in found.parts.items()}

    async def test_is_what_was_there_before_where_all_agrees(self, lender: Lender) -> None:
        loan = await lender.lends()
        await compares(
            lender, [await paid_out(lender, loan)], balances=Balances(kes(100_000), kes(70_800))
        )

        assert await self.of(lender) == ("-29200.00", {"before_first_statement": "100000.00"})

    async def test_names_each_part_of_a_difference(self, lender: Lender) -> None:
        loan = await lender.lends()
        came = await sends(lender, loan)
        line = await paid_out(lender, loan)
        short = replace(line, amount=kes(29_201))
        unheard = incoming("W7", "rent", kes(3))
        await compares(lender, [short, unheard], balances=Balances(kes(100_000), kes(70_805)))
        assert await self.of(lender) == (
            "-28700.00",
            {
                "before_first_statement": "100000.00",
                "amount": "-1.00",
                "missing_here": "3.00",
                "missing_at_rail": "-500.00",
                "not_explained": "3.00",
            },
        )

        await compares(lender, [came], day=NEXT, balances=Balances(kes(70_805), kes(71_305)))

        assert (await self.of(lender))[1]["other_day"] == "-500.00"
        assert await self.of(lender, NEXT) == (
            "-28700.00",
            {"day_before": "99505.00", "other_day": "500.00"},
        )

    async def test_follows_what_was_written_off_and_taken_back(self, lender: Lender) -> None:
        loan = await lender.lends()
        came = await sends(lender, loan)
        line = await paid_out(lender, loan)
        lines = [
            replace(line, amount=kes(29_201)), came, replace(came, status=OutcomeStatus.RETURNED),
        ]  # fmt: skip
        told = Balances(kes(100_000), kes(70_799))
        await compares(lender, lines, balances=told)
        for found in await open_breaks(lender):
            await two_act(
                lender, "put_right" if found.category == "returned" else "write_off", found.id
            )

        await compares(lender, lines, balances=told)

        assert await self.of(lender) == ("-29201.00", {"before_first_statement": "100000.00"})
