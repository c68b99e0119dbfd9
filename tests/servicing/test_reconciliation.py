"""Our orders, our ledger and the rail's statement, compared line by line."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from kit.db import unit_of_work
from servicing import queries, reconciliation, suspense
from servicing.models import (
    Loan,
    PaymentRequest,
    ReconciliationBreak,
    ReconciliationRun,
)
from servicing.payment_requests import REQUESTS
from servicing.rails.base import Direction, OutcomeStatus, StatementLine
from servicing.reconciliation import Break, Category, Resolution
from tests.servicing.lending import Lender, kes
from tests.servicing.reviews import asks_in_vain, settles
from tests.servicing.treasury_acts import two_act

DAY, NEXT = date(2026, 11, 20), date(2026, 11, 21)


async def lines_of(lender: Lender, loan: Loan) -> list[StatementLine]:
    """What the statement of a rail that agrees with us says: the payout, and 500 sent by phone."""
    async with lender.sessions() as session:
        (payout,) = await queries.list_payouts(session, loan.id)
    return [
        StatementLine("W1", payout.client_ref, Direction.PAYOUT, payout.amount,
                      OutcomeStatus.SETTLED),
        StatementLine("W2", loan.reference, Direction.INCOMING, kes(500), OutcomeStatus.SETTLED),
    ]  # fmt: skip


async def compares(lender: Lender, lines: list[StatementLine], *, day: date = DAY) -> list[Break]:
    async with unit_of_work(lender.sessions) as session:
        return await reconciliation.run(
            session, rail="wallet", day=day, lines=lines, now=lender.now
        )


async def open_breaks(lender: Lender) -> list[ReconciliationBreak]:
    async with lender.sessions() as session:
        return await reconciliation.list_open(session)


async def runs(lender: Lender) -> dict[date, tuple[int, int, int]]:
    """How many lines matched, of these late, and how many breaks there are."""
    async with lender.sessions() as session:
        found = await reconciliation.list_runs(session)
    return {row.day: (row.matched, row.late, row.breaks) for row in found}


@pytest.fixture
async def loan(lender: Lender) -> Loan:
    loan = await lender.lends()
    await lender.receives(loan, kes(500), rail_reference="wallet:W2")
    return loan


class TestRun:
    async def test_finds_nothing_where_all_agree(self, lender: Lender, loan: Loan) -> None:
        assert await compares(lender, await lines_of(lender, loan)) == []

    async def test_money_out_that_the_rail_does_not_know(self, lender: Lender, loan: Loan) -> None:
        payout, incoming = await lines_of(lender, loan)

        (found,) = await compares(lender, [incoming])

        assert found == Break(Category.MISSING_AT_RAIL, payout.reference, kes(29_200), None)

    async def test_money_in_that_we_do_not_know(self, lender: Lender, loan: Loan) -> None:
        payout, incoming = await lines_of(lender, loan)
        unheard = replace(incoming, rail_id="W9")

        (found,) = await compares(lender, [payout, incoming, unheard])

        assert found == Break(Category.MISSING_HERE, "W9", None, kes(500))

    @pytest.mark.parametrize("which", [0, 1])
    async def test_another_amount(self, lender: Lender, loan: Loan, which: int) -> None:
        lines = await lines_of(lender, loan)
        ours, lines[which] = lines[which].amount, replace(lines[which], amount=kes(1))

        (found,) = await compares(lender, lines)

        assert (found.category, found.ours, found.theirs) == (Category.AMOUNT, ours, kes(1))

    async def test_money_that_moved_twice(self, lender: Lender, loan: Loan) -> None:
        payout, incoming = await lines_of(lender, loan)

        (found,) = await compares(lender, [payout, incoming, payout])

        assert (found.category, found.theirs) == (Category.DUPLICATE, payout.amount)

    async def test_money_that_moved_three_times(self, lender: Lender, loan: Loan) -> None:
        payout, incoming = await lines_of(lender, loan)

        (found,) = await compares(lender, [payout, incoming, payout, payout])

        assert (found.category, found.theirs) == (Category.DUPLICATE, payout.amount * 2)

    async def test_twice_and_once_back_is_as_if_once(self, lender: Lender, loan: Loan) -> None:
        payout, incoming = await lines_of(lender, loan)
        back = replace(payout, status=OutcomeStatus.RETURNED)

        found = await compares(lender, [payout, incoming, payout, back, back])

        assert [each.category for each in found] == [Category.RETURNED]

    async def test_what_is_wrong_twice_in_the_same_way_is_one_break(
        self, lender: Lender, loan: Loan
    ) -> None:
        payout, incoming = await lines_of(lender, loan)
        back = replace(payout, status=OutcomeStatus.RETURNED)

        await compares(lender, [payout, incoming, payout, payout, back, back])

        kept = {row.category for row in await open_breaks(lender)}
        assert kept == {Category.DUPLICATE, Category.RETURNED}
        async with lender.sessions() as session:
            run = await session.get_one(ReconciliationRun, ("wallet", DAY))
        assert (run.matched, run.breaks) == (1, 2)

    async def test_money_that_came_back(self, lender: Lender, loan: Loan) -> None:
        payout, incoming = await lines_of(lender, loan)

        (found,) = await compares(
            lender, [payout, incoming, replace(payout, status=OutcomeStatus.RETURNED)]
        )

        assert found.category is Category.RETURNED

    async def test_keeps_its_breaks_once(self, lender: Lender, loan: Loan) -> None:
        await compares(lender, [])
        before = await open_breaks(lender)
        await compares(lender, [])

        kept = await open_breaks(lender)
        assert [row.id for row in kept] == [row.id for row in before]
        assert {(row.category, row.ours_minor) for row in kept} == {
            ("missing_at_rail", 29_200_00),
            ("missing_at_rail", 500_00),
        }

    async def test_forgets_what_has_mended(self, lender: Lender, loan: Loan) -> None:
        await compares(lender, [])

        await compares(lender, await lines_of(lender, loan))

        assert await open_breaks(lender) == []

    async def test_leaves_alone_what_a_person_resolved(self, lender: Lender, loan: Loan) -> None:
        await compares(lender, [])
        async with unit_of_work(lender.sessions) as session:
            for kept in await reconciliation.list_open(session):
                kept.resolved_at, kept.resolution = lender.now, Resolution.EXPLAINED

        await compares(lender, [])

        assert await open_breaks(lender) == []

    async def test_money_out_that_we_never_ordered(self, lender: Lender, loan: Loan) -> None:
        lines = await lines_of(lender, loan)
        fee = replace(lines[0], rail_id="F1", reference="NOTPROVIDED", amount=kes(35))

        found = await compares(lender, [*lines, fee, replace(fee, rail_id="F2")])

        assert [(each.category, each.reference) for each in found] == [
            (Category.UNKNOWN_REFERENCE, "F1"),
            (Category.UNKNOWN_REFERENCE, "F2"),
        ]

    async def test_money_in_that_names_no_loan(self, lender: Lender, loan: Loan) -> None:
        payout, incoming = await lines_of(lender, loan)
        stray = replace(incoming, rail_id="W9", reference="rent")

        (found,) = await compares(lender, [payout, incoming, stray])

        assert found == Break(Category.UNKNOWN_REFERENCE, "W9", None, kes(500))

    async def test_money_in_that_waits_in_suspense_agrees(self, lender: Lender, loan: Loan) -> None:
        payout, incoming = await lines_of(lender, loan)
        async with unit_of_work(lender.sessions) as session:
            await suspense.receive(
                session, reference="wallet:W9", reason="unknown_reference", amount=kes(7),
                on=lender.on, now=lender.now, rail="wallet",
            )  # fmt: skip
        stray = replace(incoming, rail_id="W9", reference="rent", amount=kes(7))

        assert await compares(lender, [payout, incoming, stray]) == []


class TestLate:
    async def test_a_line_of_the_next_day_mends_the_day_before(
        self, lender: Lender, loan: Loan
    ) -> None:
        payout, incoming = await lines_of(lender, loan)
        await compares(lender, [incoming])
        assert [row.category for row in await open_breaks(lender)] == ["missing_at_rail"]

        assert await compares(lender, [payout], day=NEXT) == []

        assert await open_breaks(lender) == []
        assert await runs(lender) == {DAY: (1, 0, 0), NEXT: (1, 1, 0)}

    async def test_a_statement_that_comes_before_that_of_the_day_before(
        self, lender: Lender, loan: Loan
    ) -> None:
        payout, incoming = await lines_of(lender, loan)
        await compares(lender, [payout], day=NEXT)

        assert await compares(lender, [incoming]) == []

    async def test_the_same_money_on_two_days_is_a_duplicate_of_the_later(
        self, lender: Lender, loan: Loan
    ) -> None:
        payout, incoming = await lines_of(lender, loan)
        await compares(lender, [payout, incoming], day=NEXT)
        assert await open_breaks(lender) == []

        assert await compares(lender, [payout, incoming]) == []

        kept = await open_breaks(lender)
        assert {(row.day, row.category) for row in kept} == {(NEXT, "duplicate")}

    async def test_a_corrected_statement_mends_its_own_duplicate(
        self, lender: Lender, loan: Loan
    ) -> None:
        payout, incoming = await lines_of(lender, loan)
        await compares(lender, [payout, incoming])
        await compares(lender, [payout], day=NEXT)
        assert [row.category for row in await open_breaks(lender)] == ["duplicate"]

        await compares(lender, [incoming])

        assert await open_breaks(lender) == []


class TestSettledAfterwards:
    """Into a day that was compared before: no statement will ever speak of it again."""

    @pytest.fixture
    async def asked(self, lender: Lender, loan: Loan) -> PaymentRequest:
        asked = await asks_in_vain(lender, loan, kes(300))
        await compares(lender, await lines_of(lender, loan))
        lender.now += timedelta(days=3)
        lender.on += timedelta(days=3)
        when = datetime(2026, 11, 20, 9, tzinfo=UTC)
        assert await settles(lender, REQUESTS, asked.id, "MADEUP", at=when) == "settled"
        return asked

    async def test_is_compared_with_it_again(self, lender: Lender, asked: PaymentRequest) -> None:
        assert await compares(lender, [], day=NEXT) == []

        (found,) = await open_breaks(lender)
        assert (found.day, found.category) == (DAY, Category.MISSING_AT_RAIL)
        assert (found.reference, found.ours_minor) == (asked.client_ref, 30_000)

    async def test_mends_when_a_statement_has_it(
        self, lender: Lender, loan: Loan, asked: PaymentRequest
    ) -> None:
        line = StatementLine(
            "MADEUP", asked.client_ref, Direction.COLLECT, kes(300), OutcomeStatus.SETTLED
        )
        await compares(lender, [], day=NEXT)
        await compares(lender, [*await lines_of(lender, loan), line])

        assert await open_breaks(lender) == []

    async def test_stays_as_people_have_explained_it(
        self, lender: Lender, asked: PaymentRequest
    ) -> None:
        await compares(lender, [], day=NEXT)
        (found,) = await open_breaks(lender)
        await two_act(lender, "explain", found.id)
        await compares(lender, [], day=NEXT)

        assert await open_breaks(lender) == []

    async def test_of_a_day_that_was_never_compared_waits_for_its_statement(
        self, lender: Lender, loan: Loan
    ) -> None:
        await compares(lender, [], day=NEXT)

        assert await open_breaks(lender) == []
