"""Payouts that come back after they had settled: what the rail says, and what two of staff do."""

from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import func, select

from kit.crypto import vault_of
from kit.db import unit_of_work
from kit.four_eyes import Proposal
from kit.money import Money
from notifications.models import Notification
from servicing import disbursements, rail_events
from servicing.ledger import balances
from servicing.models import Loan
from servicing.rails.base import (
    HINT,
    Direction,
    Outcome,
    OutcomeStatus,
    RailEvent,
    StatementLine,
)
from servicing.treasury import returns
from tests.servicing.lending import ZONE, Lender
from tests.servicing.topping_up import (
    payouts_of,
)
from tests.servicing.treasury_acts import (
    UMA,
    USHA,
    compares,
    paid_out,
)

NEXT_DAY = date(2026, 12, 5)
WALLETS = "cash_wallet"


async def says(
    lender: Lender,
    loan: Loan,
    amount: Money | None = None,
    *,
    event: str = "E9",
    name: str = "W1",
    hint: bool = False,
) -> None:
    """The rail tells that the last payout came back; `name`: how it calls the transfer."""
    payout = (await payouts_of(lender, loan))[-1]
    back = amount or payout.amount
    outcome = Outcome(OutcomeStatus.RETURNED, back, name, "account_closed")
    told = RailEvent(
        "wallet", f"{HINT}{event}" if hint else event, Direction.PAYOUT, payout.client_ref, name,
        back, outcome, is_hint=hint,
    )  # fmt: skip
    async with unit_of_work(lender.sessions) as session:
        await rail_events.apply(session, told, on=lender.on, zone=ZONE, now=lender.now)


async def differs(lender: Lender, lines: list[StatementLine]) -> list[str]:
    """By today's statement; what borrowers paid in cash is in none."""
    found = await compares(lender, lines, day=lender.now.date())
    return [each.category for each in found if each.category != "missing_at_rail"]


async def states(lender: Lender, loan: Loan, amount: Money | None = None) -> list[StatementLine]:
    """Today's statement has it."""
    line = replace(await paid_out(lender, loan), status=OutcomeStatus.RETURNED)
    lines = [line if amount is None else replace(line, amount=amount)]
    await compares(lender, lines, day=lender.now.date())
    return lines


async def takes_back(lender: Lender, loan: Loan, *people: Any) -> Proposal:
    payout = (await payouts_of(lender, loan))[-1]
    for who in people or (UMA, USHA):
        async with unit_of_work(lender.sessions) as session:
            done = await returns.take_back(
                session, payout.id, staff_id=who, reason="seen at the rail", on=lender.on,
                zone=ZONE, now=lender.now,
            )  # fmt: skip
    return done


async def looks(lender: Lender, loan: Loan) -> returns.Returned:
    payout = (await payouts_of(lender, loan))[-1]
    async with lender.sessions() as session:
        return await returns.look(session, payout.id, on=lender.on, zone=ZONE, now=lender.now)


async def sends_again(lender: Lender, loan: Loan, account: str | None = None) -> None:
    async with unit_of_work(lender.sessions) as session:
        await disbursements.retry(
            session, vault_of(session), loan.id, actor="staff:1", now=lender.now, account=account
        )
    await lender.arrives(loan)


async def trial(lender: Lender) -> dict[str, int]:
    async with lender.sessions() as session:
        rows = await balances.trial_balance(session)
    return {row.account: row.net_minor for row in rows if row.net_minor}


async def told(lender: Lender, loan: Loan, template: str) -> int:
    async with lender.sessions() as session:
        return (
            await session.scalar(
                select(func.count(Notification.id)).where(
                    Notification.person_id == loan.borrower_id, Notification.template == template
                )
            )
            or 0
        )
