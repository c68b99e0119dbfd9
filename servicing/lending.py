"""What an amendment's payout means for loans: money on top of one, or a new one for others."""

import dataclasses
from collections.abc import Collection, Sequence
from datetime import date, datetime
from types import ModuleType
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.money import Money
from servicing import living, messages, queries, refinancing, top_ups
from servicing.events import Type
from servicing.happenings import Happening
from servicing.ledger.rules import EntryKind
from servicing.living import Act
from servicing.models import Amendment, Loan, Payout
from servicing.rails.base import NoSuchRail
from servicing.states import AMENDMENT, PAYOUT, AmendmentEvent, OrderEvent
from servicing.treasury import held

KINDS = (Type.TOP_UP, Type.REFINANCE)


async def order(
    session: AsyncSession, loan: Loan, amendment: Amendment, *, rails: Collection[str],
    actor: str, on: date, now: datetime,
) -> None:  # fmt: skip
    """All have agreed. Where no money leaves, it is done at once."""
    await top_ups.nothing_under_way(session, loan)
    if Money.parse(amendment.preview["paid_out"], loan.currency).minor:
        rail = (await queries.last_payout(session, loan)).rail
        if rail is not None and rail not in rails:
            raise NoSuchRail(rail=rail)  # It would never leave.
    await _kind(amendment).order(session, loan, amendment, actor=actor, on=on, now=now)


async def arrive(
    session: AsyncSession, loan: Loan, payout: Payout, *, ordered_on: date, on: date, now: datetime
) -> None:
    """The borrower has the money: from `on` he owes it."""
    amendment = await _of(session, payout)
    await _kind(amendment).arrive(
        session, loan, payout, amendment, ordered_on=ordered_on, on=on, now=now
    )


async def fail(session: AsyncSession, loan: Loan, payout: Payout, *, now: datetime) -> None:
    """Proven: the borrower has nothing of it, so he owes nothing of it."""
    amendment = await _of(session, payout)
    audit.move(session, AMENDMENT, amendment, AmendmentEvent.FAIL, actor=audit.SYSTEM, now=now)
    if amendment.kind == Type.REFINANCE:
        refinancing.give_up(session, loan, now=now)
        loan = await queries.get_loan(session, amendment.loan_id)
    await messages.top_up_undone(session, loan, payout, now=now)


async def come_back(
    session: AsyncSession, loan: Loan, payout: Payout, *, on: date, now: datetime
) -> bool:
    """It had arrived and came back: it is as if it had never been lent.

    False when something was agreed since that cannot be without it: then a person has to look.
    """
    amendment = await _of(session, payout)
    try:
        act = returned(Act(audit.SYSTEM, on, now), payout)
        await _kind(amendment).untell(session, amendment, act)
    except living.NotPossible:
        return False
    audit.move(session, AMENDMENT, amendment, AmendmentEvent.REVERSE, actor=audit.SYSTEM, now=now)
    told = await queries.get_loan(session, amendment.loan_id)
    await messages.top_up_undone(session, told, payout, now=now)
    return True


async def reversals(
    session: AsyncSession, payout: Payout, act: Act
) -> Sequence[tuple[Loan, Happening]]:
    """What would undo it, loan by loan. Raises NotPossible as `come_back` says False."""
    amendment = await _of(session, payout)
    found: Sequence[tuple[Loan, Happening]] = await _kind(amendment).reversals(
        session, amendment, act
    )
    return found


def returned(act: Act, payout: Payout) -> Act:
    """Its entry in the ledger is called by the payout that it takes back."""
    names = {EntryKind.REVERSAL: f"{held.CAME_BACK}{payout.id}"}
    return dataclasses.replace(act, references=names, rail=payout.rail)


async def payout_of(session: AsyncSession, amendment_id: UUID) -> Payout | None:
    """The money that was sent for it; None where none had to be."""
    found: Payout | None = await session.scalar(
        select(Payout).where(Payout.amendment_id == amendment_id),
        execution_options={"populate_existing": True},
    )
    return found


async def take_back(session: AsyncSession, amendment: Amendment, act: Act) -> None:
    """Staff have shown that all of the money came back, and the rail did not tell."""
    payout = await payout_of(session, amendment.id)
    if payout is not None:
        audit.move(session, PAYOUT, payout, OrderEvent.RETURN, actor=act.actor, now=act.now)
        act = returned(act, payout)
    await _kind(amendment).untell(session, amendment, act)


def _kind(amendment: Amendment) -> ModuleType:
    return refinancing if amendment.kind == Type.REFINANCE else top_ups


async def _of(session: AsyncSession, payout: Payout) -> Amendment:
    return await session.get_one(Amendment, payout.amendment_id, populate_existing=True)
