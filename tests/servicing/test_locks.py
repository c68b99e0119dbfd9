"""Whoever moves money locks in one order (docs/conventions.md): nobody waits in a ring."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kit.crypto import vault_of
from kit.db import Sessions, unit_of_work
from kit.errors import DomainError
from kit.four_eyes import Proposal
from servicing import (
    chargebacks,
    hand_entries,
    queries,
    reconciliation,
    refunds,
    repayments,
    suspense,
)
from servicing.ledger.chart import Account
from servicing.rails.base import Outcome, OutcomeStatus, StatementLine
from servicing.suspense import MoreThanByHand, Own
from tests.servicing.lending import Lender, kes
from tests.servicing.overpayments import overpaid
from tests.servicing.returned import takes_back
from tests.servicing.test_break_ends import asks, prompted
from tests.servicing.test_own_money import comes, says_own, trial, waiting
from tests.servicing.test_rail_events import arrives, event
from tests.servicing.treasury_acts import (
    DAY,
    UMA,
    USHA,
    act,
    compares,
    open_breaks,
    paid_out,
)

WAITING = """
SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def until_somebody_waits(sessions: Sessions, act: "asyncio.Future[Any]") -> None:
    async with sessions() as session:
        while await session.scalar(text(WAITING)) is None:
            assert not act.done(), act.exception() or act.result()
            await session.rollback()
            await asyncio.sleep(0.02)


# SQLite has one writer, who waits for nobody.
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("by_rail", [False, True])
async def test_a_refund_waits_for_a_payment_that_goes_back(
    own_sessions: Sessions, now: datetime, by_rail: bool
) -> None:
    lender = Lender(own_sessions, now)
    loan, item = await overpaid(lender)

    async def gives_back(who: UUID) -> Proposal:
        async with unit_of_work(own_sessions) as session:
            act: Awaitable[Proposal] = (
                refunds.order(
                    session, vault_of(session), item.id, staff_id=who, reason="r", now=now
                )
                if by_rail
                else suspense.refund(
                    session, item.id, reference="B1", staff_id=who, reason="r", on=lender.on,
                    now=now,
                )
            )  # fmt: skip
            return await act

    await gives_back(UMA)
    async with unit_of_work(own_sessions) as session:
        await queries.get_loan(session, loan.id, lock=True)
        giving = asyncio.ensure_future(gives_back(USHA))
        await until_somebody_waits(own_sessions, giving)
        last = (await queries.list_repayments(session, loan.id))[-1]
        await repayments.reverse(
            session, last.id, actor="system", reason="charged back", on=lender.on, now=now
        )

    with pytest.raises(suspense.SuspenseItemNotFound):
        await giving
    await lender.verifies()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("verb", ["put_right", "write_off", "explain", "take_back"])
async def test_an_act_on_a_break_waits_for_the_comparison_of_its_rail(
    own_sessions: Sessions, now: datetime, verb: str
) -> None:
    """It has replaced the statement's lines, and comes to the breaks afterwards."""
    lender = Lender(own_sessions, now)
    loan = await lender.lends()
    asked = await asks(lender, loan, Outcome(OutcomeStatus.SETTLED, kes(500), "W2"))
    line = await paid_out(lender, loan)
    last = {
        "put_right": prompted(asked, "W3"),
        "take_back": replace(line, status=OutcomeStatus.RETURNED),
    }
    lines = [line, prompted(asked, "W2"), last.get(verb, line)]
    await compares(lender, lines)
    (found,) = await open_breaks(lender)

    async def acts(who: UUID) -> Proposal:
        if verb == "take_back":
            return await takes_back(lender, loan, who)
        return await act(lender, verb, found.id, who)

    async def compare(lines: list[StatementLine]) -> None:
        await reconciliation.run(session, rail="wallet", day=DAY, lines=lines, now=now)

    await acts(UMA)
    async with unit_of_work(own_sessions) as session:
        await compare(lines)
        acting = asyncio.ensure_future(acts(USHA))
        await until_somebody_waits(own_sessions, acting)
        await compare(lines[:-1])

    with pytest.raises(DomainError):
        await acting
    assert await open_breaks(lender) == []
    await lender.verifies()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("typed", ["W77", "w77"])
async def test_a_rail_waits_for_staff_who_enter_the_same_transfer(
    own_sessions: Sessions, now: datetime, typed: str
) -> None:
    """In whatever letters they have typed its name: it would stand in the books twice."""
    lender = Lender(own_sessions, now)
    loan = await lender.lends()

    async with unit_of_work(own_sessions) as session:
        await hand_entries.receive(
            session, loan_id=loan.id, amount=kes(500), reference=typed, on=lender.on, now=now
        )
        coming = asyncio.ensure_future(arrives(lender, event("a slip", kes(500), rail_id="W77")))
        await until_somebody_waits(own_sessions, coming)
    await coming

    assert await lender.suspended() == []
    assert await lender.incidents() == ["incoming_stands_elsewhere"]
    await lender.verifies()


class TestTheCashBox:
    """Cash that staff entered is taken to the bank, says one pair; it never came, says another."""

    async def two_things_are_said(self, lender: Lender) -> tuple[UUID, UUID]:
        """By the first of each pair: of the item in suspense, and of the entry by hand."""
        loan = await lender.lends()
        async with unit_of_work(lender.sessions) as session:
            entered = await hand_entries.receive(
                session, loan_id=loan.id, amount=kes(700), reference="box 1", on=lender.on,
                now=lender.now,
            )  # fmt: skip
        await comes(lender, "W9", kes(700), OutcomeStatus.SETTLED)
        item_id = (await waiting(lender)).id
        await says_own(lender, item_id, UMA, Own.BY_HAND)
        async with unit_of_work(lender.sessions) as session:
            await self.never_came(lender, session, entered.id, UMA)
        return item_id, entered.id

    async def never_came(
        self, lender: Lender, session: AsyncSession, entered_id: UUID, who: UUID
    ) -> None:
        await chargebacks.charge_back(
            session, entered_id, staff_id=who, reason="it is not there", on=lender.on,
            now=lender.now,
        )  # fmt: skip

    @pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
    async def test_has_nothing_left_for_the_bank_once_the_money_never_came(
        self, own_sessions: Sessions, now: datetime
    ) -> None:
        lender = Lender(own_sessions, now)
        item_id, entered_id = await self.two_things_are_said(lender)
        async with unit_of_work(own_sessions) as session:
            await self.never_came(lender, session, entered_id, USHA)
            banking = asyncio.ensure_future(says_own(lender, item_id, USHA, Own.BY_HAND))
            await until_somebody_waits(own_sessions, banking)

        with pytest.raises(MoreThanByHand):
            await banking
        assert Account.CASH_OUTSIDE not in await trial(lender)
        await lender.verifies()

    @pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
    async def test_is_told_short_when_what_never_came_was_banked(
        self, own_sessions: Sessions, now: datetime
    ) -> None:
        lender = Lender(own_sessions, now)
        item_id, entered_id = await self.two_things_are_said(lender)

        async def goes_back() -> None:
            async with unit_of_work(own_sessions) as session:
                await self.never_came(lender, session, entered_id, USHA)

        async with unit_of_work(own_sessions) as session:
            await suspense.own(
                session, item_id, of=Own.BY_HAND, staff_id=USHA, reason="we sent it",
                on=lender.on, now=now,
            )  # fmt: skip
            going = asyncio.ensure_future(goes_back())
            await until_somebody_waits(own_sessions, going)
        await going

        assert (await trial(lender))[Account.CASH_OUTSIDE] == -kes(700).minor
        assert await lender.incidents() == ["cash_box_short"]
        await lender.verifies()

    async def test_is_never_short_without_a_word(
        self, own_sessions: Sessions, now: datetime
    ) -> None:
        """Whoever is first, on either database."""
        lender = Lender(own_sessions, now)
        item_id, entered_id = await self.two_things_are_said(lender)

        async def goes_back() -> None:
            async with unit_of_work(own_sessions) as session:
                await self.never_came(lender, session, entered_id, USHA)

        banked, went = await asyncio.gather(
            says_own(lender, item_id, USHA, Own.BY_HAND), goes_back(), return_exceptions=True
        )

        left = (await trial(lender)).get(Account.CASH_OUTSIDE, 0)
        told = await lender.incidents()
        assert went is None
        assert (banked is None, left, told) == (True, -kes(700).minor, ["cash_box_short"]) or (
            isinstance(banked, MoreThanByHand), left, told) == (True, 0, [])  # fmt: skip
        await lender.verifies()
