"""Statements that a test writes by hand, and what two of staff do about breaks."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from kit.db import unit_of_work
from kit.four_eyes import Proposal
from kit.ids import new_id
from kit.money import Money
from servicing import queries, reconciliation
from servicing.models import (
    Loan,
    ReconciliationBreak,
)
from servicing.rails.base import Balances, Direction, OutcomeStatus, StatementLine
from servicing.reconciliation import Break
from servicing.treasury import breaks
from tests.servicing.lending import ZONE, Lender, kes

UMA, USHA = new_id(), new_id()
DAY, NEXT = date(2026, 11, 20), date(2026, 11, 21)


def incoming(rail_id: str, reference: str, amount: Money) -> StatementLine:
    return StatementLine(rail_id, reference, Direction.INCOMING, amount, OutcomeStatus.SETTLED)


async def paid_out(lender: Lender, loan: Loan) -> StatementLine:
    """The line of a loan's payout."""
    async with lender.sessions() as session:
        payout = (await queries.list_payouts(session, loan.id))[-1]
    return StatementLine(
        "W1", payout.client_ref, Direction.PAYOUT, payout.amount, OutcomeStatus.SETTLED
    )


async def sends(lender: Lender, loan: Loan) -> StatementLine:
    """500 by hand, and how the statement has it."""
    await lender.receives(loan, kes(500), rail_reference="wallet:W2")
    return incoming("W2", loan.reference, kes(500))


async def compares(
    lender: Lender,
    lines: Sequence[StatementLine],
    *,
    day: date = DAY,
    balances: Balances | None = None,
) -> list[Break]:
    async with unit_of_work(lender.sessions) as session:
        return await reconciliation.run(
            session, rail="wallet", day=day, lines=lines, balances=balances, now=lender.now
        )


async def open_breaks(lender: Lender) -> list[ReconciliationBreak]:
    async with lender.sessions() as session:
        return await reconciliation.list_open(session)


async def act(lender: Lender, verb: str, break_id: UUID, who: UUID) -> Proposal:
    given: dict[str, Any] = {"staff_id": who, "reason": "seen with the rail", "now": lender.now}
    if verb != "explain":
        given["on"] = lender.on
    if verb == "put_right":
        given["zone"] = ZONE
    async with unit_of_work(lender.sessions) as session:
        done: Proposal = await getattr(breaks, verb)(session, break_id, **given)
        return done


async def two_act(lender: Lender, verb: str, break_id: UUID) -> Proposal:
    await act(lender, verb, break_id, UMA)
    return await act(lender, verb, break_id, USHA)
