"""Breaks: two people put our books right by the statement, and the ledger holds together."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from kit import four_eyes
from kit.audit import AuditEvent
from kit.crypto import vault_of
from kit.db import unit_of_work
from kit.ids import new_id
from kit.money import Money
from servicing import payment_requests, queries, rail_events, suspense, tasks
from servicing.ledger import balances
from servicing.models import (
    Loan,
    PaymentRequest,
    ReconciliationBreak,
    SuspenseItem,
)
from servicing.rails.base import (
    Direction,
    Outcome,
    OutcomeStatus,
    RailEvent,
    StatementLine,
)
from servicing.states import LoanStatus
from servicing.treasury import breaks
from tests.servicing.lending import ZONE, Lender, kes
from tests.servicing.treasury_acts import (
    UMA,
    USHA,
    act,
    compares,
    incoming,
    open_breaks,
    paid_out,
    sends,
    two_act,
)


async def only_break(lender: Lender, lines: list[StatementLine]) -> ReconciliationBreak:
    await compares(lender, lines)
    (found,) = await open_breaks(lender)
    return found


async def is_whole(lender: Lender, lines: list[StatementLine]) -> None:
    """Nothing differs any more, however often it is compared, and the books hold."""
    assert await compares(lender, lines) == []
    assert await open_breaks(lender) == []
    await lender.verifies()


async def trial(lender: Lender) -> dict[str, int]:
    async with lender.sessions() as session:
        return {row.account: row.net_minor for row in await balances.trial_balance(session)}


class TestExplain:
    async def test_moves_no_money_and_stays_explained(self, lender: Lender) -> None:
        loan = await lender.lends()
        before = await trial(lender)
        found = await only_break(lender, [])
        await act(lender, "explain", found.id, UMA)
        assert await open_breaks(lender) != []
        await compares(lender, [])

        assert (await act(lender, "explain", found.id, USHA)).is_confirmed

        await compares(lender, [])
        assert await open_breaks(lender) == []
        assert await trial(lender) == before
        async with lender.sessions() as session:
            trail = await session.scalars(
                select(AuditEvent.action).where(AuditEvent.subject == f"break:{found.id}")
            )
        assert list(trail) == ["break.explain.proposed", "break.explain.confirmed"]
        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE

    async def test_takes_two(self, lender: Lender) -> None:
        await lender.lends()
        found = await only_break(lender, [])
        await act(lender, "explain", found.id, UMA)

        with pytest.raises(four_eyes.SameStaff):
            await act(lender, "explain", found.id, UMA)

    async def test_of_what_is_not_there_is_refused(self, lender: Lender) -> None:
        with pytest.raises(breaks.BreakNotFound):
            await act(lender, "explain", new_id(), UMA)


class TestPutRight:
    async def test_takes_in_money_for_the_loan_that_it_names(self, lender: Lender) -> None:
        loan = await lender.lends()
        lines = [await paid_out(lender, loan), incoming("W9", loan.reference.lower(), kes(500))]
        found = await only_break(lender, lines)

        await two_act(lender, "put_right", found.id)

        assert (await lender.books(loan))["borrower_credit"] == "500.00"
        await is_whole(lender, lines)

    async def test_settles_an_order_that_the_statement_calls_by_another_name(
        self, lender: Lender
    ) -> None:
        """As M-Pesa's portal does: a payout by its receipt."""
        loan = await lender.opens()
        await lender.pays_out(loan)
        line = await paid_out(lender, loan)
        async with unit_of_work(lender.sessions) as session:
            (await queries.list_payouts(session, loan.id))[-1].rail_id = "W1"
        lines = [replace(line, reference="")]
        await two_act(lender, "put_right", (await only_break(lender, lines)).id)
        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE

    async def test_takes_in_money_whose_account_only_looks_like_a_prompt(
        self, lender: Lender
    ) -> None:
        loan = await lender.lends()
        typed = StatementLine(
            "RCPT9", "254712345678", Direction.COLLECT, kes(500), OutcomeStatus.SETTLED
        )
        lines = [await paid_out(lender, loan), typed]
        await two_act(lender, "put_right", (await only_break(lender, lines)).id)

        assert await lender.suspended() == ["500.00"]
        await is_whole(lender, lines)

    async def test_takes_in_money_of_nobody_into_suspense(self, lender: Lender) -> None:
        loan = await lender.lends()
        lines = [await paid_out(lender, loan), incoming("W9", "rent", kes(500))]
        found = await only_break(lender, lines)
        assert found.category == "unknown_reference"

        await two_act(lender, "put_right", found.id)

        assert await lender.suspended() == ["500.00"]
        await is_whole(lender, lines)

    async def test_told_by_the_rail_after_all_it_is_received_once(self, lender: Lender) -> None:
        loan = await lender.lends()
        lines = [await paid_out(lender, loan), incoming("W9", loan.reference, kes(500))]
        found = await only_break(lender, lines)
        await two_act(lender, "put_right", found.id)
        outcome = Outcome(OutcomeStatus.SETTLED, kes(500), "W9")
        late = RailEvent(
            "wallet", "E9", Direction.INCOMING, loan.reference, "W9", kes(500), outcome
        )

        async with unit_of_work(lender.sessions) as session:
            await rail_events.apply(session, late, on=lender.on, zone=ZONE, now=lender.now)

        assert (await lender.books(loan))["borrower_credit"] == "500.00"
        await is_whole(lender, lines)

    async def test_settles_an_order_that_waited_for_a_person(self, lender: Lender) -> None:
        loan = await lender.opens()
        await lender.pays_out(loan)
        lines = [await paid_out(lender, loan)]
        found = await only_break(lender, lines)
        assert found.category == "missing_here"

        await two_act(lender, "put_right", found.id)

        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE
        await is_whole(lender, lines)

    @pytest.mark.parametrize("asked", [True, False])
    async def test_takes_back_what_the_rail_took_back(self, lender: Lender, asked: bool) -> None:
        loan = await lender.lends()
        before = await lender.books(loan)
        came = await (pays_when_asked if asked else sends)(lender, loan)
        back = replace(came, status=OutcomeStatus.RETURNED)
        lines = [await paid_out(lender, loan), came, back]
        found = await only_break(lender, lines)
        assert found.category == "returned"

        await two_act(lender, "put_right", found.id)

        assert await lender.books(loan) == before
        await is_whole(lender, lines)

    async def test_posts_what_is_not_in_the_ledger(self, lender: Lender) -> None:
        loan = await lender.lends()
        came = await sends(lender, loan)
        lines = [await paid_out(lender, loan), came, incoming("W8", "rent", kes(7))]
        async with unit_of_work(lender.sessions) as session:
            session.add(
                SuspenseItem(
                    id=new_id(), reference="wallet:W8", reason="unknown_reference", rail="wallet",
                    amount_minor=7_00, currency="KES", received_on=lender.on, created_at=lender.now,
                )
            )  # fmt: skip
        found = await only_break(lender, lines)
        assert found.category == "not_posted"

        await two_act(lender, "put_right", found.id)

        await is_whole(lender, lines)

    @pytest.mark.parametrize("which", ["amount", "missing_at_rail", "charge"])
    async def test_is_no_answer_to_everything(self, lender: Lender, which: str) -> None:
        loan = await lender.lends()
        line = await paid_out(lender, loan)
        charge = replace(line, rail_id="F1", reference="NOTPROVIDED", amount=kes(35))
        lines = {
            "amount": [replace(line, amount=line.amount + Money(1, "KES"))],
            "missing_at_rail": [],
            "charge": [line, charge],
        }
        found = await only_break(lender, lines[which])

        with pytest.raises(breaks.BreakActNotPossible):
            await act(lender, "put_right", found.id, UMA)


class TestWriteOff:
    @pytest.mark.parametrize(("off", "lost"), [(1, 1), (-1, -1)])
    async def test_posts_one_minor_unit(self, lender: Lender, off: int, lost: int) -> None:
        loan = await lender.lends()
        line = await paid_out(lender, loan)
        lines = [replace(line, amount=line.amount + Money(off, "KES"))]
        found = await only_break(lender, lines)

        await two_act(lender, "write_off", found.id)

        books = await trial(lender)
        assert books["rail_differences"] == lost
        assert books["cash_wallet"] == -lines[0].amount.minor
        await compares(lender, lines)
        assert await open_breaks(lender) == []
        await lender.verifies()

    async def test_posts_a_charge_and_money_that_went_out_twice(self, lender: Lender) -> None:
        loan = await lender.lends()
        line = await paid_out(lender, loan)
        charge = replace(line, rail_id="F1", reference="NOTPROVIDED", amount=kes(35))
        await compares(lender, [line, line, charge])

        for found in await open_breaks(lender):
            await two_act(lender, "write_off", found.id)

        assert (await trial(lender))["rail_differences"] == (kes(35) + line.amount).minor
        assert await open_breaks(lender) == []

    async def test_posts_every_time_beyond_the_first(self, lender: Lender) -> None:
        loan = await lender.lends()
        line = await paid_out(lender, loan)
        lines = [line, line, line, line]
        found = await only_break(lender, lines)
        assert found.theirs_minor == 3 * line.amount.minor

        await two_act(lender, "write_off", found.id)

        assert (await trial(lender))["rail_differences"] == 3 * line.amount.minor
        assert (await trial(lender))["cash_wallet"] == -4 * line.amount.minor
        await compares(lender, lines)
        assert await open_breaks(lender) == []
        await lender.verifies()

    async def test_posts_what_was_taken_back_once_too_often(self, lender: Lender) -> None:
        loan = await lender.lends()
        came = await sends(lender, loan)
        back = replace(came, status=OutcomeStatus.RETURNED)
        lines = [await paid_out(lender, loan), came, back, back]
        await compares(lender, lines)
        returned, twice = sorted(await open_breaks(lender), key=lambda row: row.category)[::-1]

        await two_act(lender, "put_right", returned.id)
        await two_act(lender, "write_off", twice.id)

        assert (await trial(lender))["rail_differences"] == kes(500).minor
        assert (await lender.books(loan)).get("borrower_credit") is None
        await compares(lender, lines)
        assert await open_breaks(lender) == []
        await lender.verifies()

    async def test_posts_what_the_rail_took_back_after_we_had_given_it_back(
        self, lender: Lender
    ) -> None:
        loan = await lender.lends()
        came = incoming("W9", "rent", kes(500))
        lines = [await paid_out(lender, loan), came]
        found = await only_break(lender, lines)
        await two_act(lender, "put_right", found.id)
        await given_back(lender, "wallet:W9")
        lines.append(replace(came, status=OutcomeStatus.RETURNED))
        found = await only_break(lender, lines)
        with pytest.raises(breaks.BreakActNotPossible):
            await two_act(lender, "put_right", found.id)

        await two_act(lender, "write_off", found.id)

        assert (await trial(lender))["rail_differences"] == kes(500).minor
        await compares(lender, lines)
        assert await open_breaks(lender) == []
        await lender.verifies()

    async def test_is_no_answer_to_what_can_be_undone(self, lender: Lender) -> None:
        loan = await lender.lends()
        came = await sends(lender, loan)
        back = replace(came, status=OutcomeStatus.RETURNED)
        found = await only_break(lender, [await paid_out(lender, loan), came, back])

        with pytest.raises(breaks.BreakActNotPossible):
            await act(lender, "write_off", found.id, UMA)

    async def test_gains_nothing_from_money_of_nobody(self, lender: Lender) -> None:
        loan = await lender.lends()
        lines = [await paid_out(lender, loan), incoming("W9", "rent", kes(500))]
        found = await only_break(lender, lines)

        with pytest.raises(breaks.BreakActNotPossible):
            await act(lender, "write_off", found.id, UMA)


async def given_back(lender: Lender, reference: str) -> None:
    for staff_id in (UMA, USHA):
        async with unit_of_work(lender.sessions) as session:
            item_id = await session.scalar(
                select(SuspenseItem.id).where(SuspenseItem.reference == reference)
            )
            assert item_id is not None
            await suspense.refund(
                session, item_id, reference="M-1", staff_id=staff_id, reason="not ours",
                on=lender.on, now=lender.now,
            )  # fmt: skip


async def pays_when_asked(lender: Lender, loan: Loan) -> StatementLine:
    async with unit_of_work(lender.sessions) as session:
        asked: PaymentRequest = await payment_requests.request(
            session, vault_of(session), loan_id=loan.id, amount=kes(500), on=lender.on,
            now=lender.now,
        )  # fmt: skip
    await tasks.collect(lender.context, request_id=str(asked.id))
    outcome = Outcome(OutcomeStatus.SETTLED, kes(500), "W2")
    event = RailEvent("wallet", "E2", Direction.COLLECT, asked.client_ref, "W2", kes(500), outcome)
    async with unit_of_work(lender.sessions) as session:
        await rail_events.apply(session, event, on=lender.on, zone=ZONE, now=lender.now)
    return StatementLine("W2", asked.client_ref, Direction.COLLECT, kes(500), OutcomeStatus.SETTLED)
