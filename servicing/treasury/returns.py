"""Payouts that had arrived and came back: two of staff take the money back into the books.

The rail has to have said so itself, by a message or by its statement (docs/adr/0016).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, four_eyes
from kit.clock import business_date
from kit.errors import DomainError, Kind
from kit.four_eyes import Proposal
from kit.money import Money
from servicing import (
    disbursements,
    happenings,
    incidents,
    lending,
    living,
    messages,
    orders,
    queries,
    reconciliation,
    repayments,
    suspense,
)
from servicing.disbursements import PAYOUTS
from servicing.happenings import Happening
from servicing.ledger import flows
from servicing.ledger.rules import Event
from servicing.living import Act
from servicing.models import (
    Amendment,
    Loan,
    Payout,
    RailEventRow,
    ReconciliationBreak,
    Repayment,
)
from servicing.order_reviews import OrderNotFound
from servicing.rails.base import HINT, OutcomeStatus
from servicing.reconciliation import Category, Resolution
from servicing.states import PAYOUT, OrderEvent, OrderStatus
from servicing.treasury import held, lines


class PayoutNotSettled(DomainError):
    """It never arrived, or what came back of it is in the books."""

    kind = Kind.CONFLICT
    code = "payout_not_settled"


class ReturnNotProven(DomainError):
    """Neither a message of the rail nor its statement says that it came back."""

    kind = Kind.CONFLICT
    code = "return_not_proven"


class ReturnedAmountDiffers(DomainError):
    """What came back (`theirs`) is not what had left (`ours`)."""

    kind = Kind.CONFLICT
    code = "returned_amount_differs"


class ReturnNotPossible(DomainError):
    """Something was agreed on the loan since that cannot be without this money."""

    kind = Kind.CONFLICT
    code = "return_not_possible"


class Ending(StrEnum):
    UNDONE = "undone"
    """It is as if it had never been lent. A whole loan waits for its money again."""
    REPAID = "repaid"
    """The borrower has repaid some of the loan: it counts as one more payment of his."""
    SET_ASIDE = "set_aside"
    """The loan is repaid and over: it waits in suspense, for him."""


class Source(StrEnum):
    STATEMENT = "statement"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Proof:
    """What the rail says."""

    source: Source
    amount: Money
    on: date


@dataclass(frozen=True, slots=True)
class Returned:
    loan: Loan
    payout: Payout
    proof: Proof
    ending: Ending
    undone: dict[Event, Money]
    """What leaves the books again, by what it had been; empty where nothing is undone."""


async def proof_of(session: AsyncSession, payout: Payout, *, zone: str) -> Proof | None:
    """By the rail's statements, or else by its own, signed messages. What it took back since, so
    that the money is with the borrower after all, proves nothing."""
    rail = payout.rail or ""
    stated = (await lines.with_keys(session, rail, [payout.client_ref])).get(payout.client_ref, [])
    if any(line.is_back for line in stated):
        is_one_day = len(stated) == 2 and stated[0].day == stated[1].day
        # A statement may have the newest first: nothing comes back before it has left.
        last = max(stated, key=lambda line: line.is_back) if is_one_day else stated[-1]
        return Proof(Source.STATEMENT, last.amount, last.day) if last.is_back else None
    told = await session.scalar(
        select(RailEventRow)
        .where(
            RailEventRow.rail == rail,
            RailEventRow.client_ref == payout.client_ref,
            RailEventRow.status.in_((OutcomeStatus.SETTLED, OutcomeStatus.RETURNED)),
            RailEventRow.event_id.not_like(f"{HINT}%"),
        )
        .order_by(RailEventRow.id.desc())
        .limit(1)
    )
    if told is None or told.status != OutcomeStatus.RETURNED:
        return None  # A message that was late: the statement will tell.
    return Proof(Source.MESSAGE, told.amount, business_date(told.received_at, zone))


async def of_break(session: AsyncSession, found: ReconciliationBreak) -> Payout | None:
    """The payout that a break says came back, as long as we hold it for settled."""
    if found.category != Category.RETURNED or found.resolved_at is not None:
        return None
    payout = await orders.find(session, PAYOUTS, found.reference)
    is_held = payout is not None and payout.status is OrderStatus.SETTLED
    return payout if is_held and isinstance(payout, Payout) else None


async def look(
    session: AsyncSession, payout_id: UUID, *, on: date, zone: str, now: datetime
) -> Returned:
    """What taking it back would do today; nothing is written. Raises as `take_back` does."""
    payout = await session.get(Payout, payout_id)
    if payout is None:
        raise OrderNotFound()
    loan = await queries.get_loan(session, payout.loan_id)
    return await _look(session, loan, payout, Act(audit.SYSTEM, on, now), zone=zone)


async def take_back(
    session: AsyncSession,
    payout_id: UUID,
    *,
    staff_id: UUID,
    reason: str,
    on: date,
    zone: str,
    now: datetime,
) -> Proposal:
    """Two people take the whole payout back into the books, as `look` shows it.

    Its incident and its breaks are resolved with it, and the borrower is told once.
    """
    known = await session.get(Payout, payout_id)
    if known is None:
        raise OrderNotFound()
    await reconciliation.hold(session, known.rail or "")
    loan, order = await orders.locked(session, PAYOUTS, payout_id)
    assert isinstance(order, Payout)
    act = Act(f"staff:{staff_id}", on, now)
    found = await _look(session, loan, order, act, zone=zone)
    proposal = await four_eyes.agree(
        session, act="payout.take_back", subject=f"payout:{order.id}", staff_id=staff_id,
        reason=reason, now=now, amount=str(found.proof.amount), loan=loan.reference,
        ending=found.ending,
    )  # fmt: skip
    if proposal.is_confirmed:
        await _ENDINGS[found.ending](session, found, act)
        await _put_right(session, order, act)
    return proposal


async def _look(
    session: AsyncSession, loan: Loan, payout: Payout, act: Act, *, zone: str
) -> Returned:
    is_settled = payout.status is OrderStatus.SETTLED
    if not is_settled or await held.is_counted(session, payout.client_ref):
        raise PayoutNotSettled(status=payout.status)
    proof = await proof_of(session, payout, zone=zone)
    if proof is None:
        raise ReturnNotProven(payout=payout.client_ref)
    if proof.amount != payout.amount:
        raise ReturnedAmountDiffers(ours=str(payout.amount), theirs=str(proof.amount))
    try:
        undone = await _undone(session, await _reversals(session, loan, payout, act), act)
        return Returned(loan, payout, proof, Ending.UNDONE, undone)
    except living.NotPossible as refusal:
        ending = await _ending_of_money(session, loan, payout)
        if ending is None:
            raise ReturnNotPossible(reason=refusal.params.get("reason")) from None
        return Returned(loan, payout, proof, ending, {})


async def _reversals(
    session: AsyncSession, loan: Loan, payout: Payout, act: Act
) -> Sequence[tuple[Loan, Sequence[Happening]]]:
    if payout.amendment_id is None:
        return [(loan, await disbursements.reversals(session, loan, payout, act))]
    undone = await lending.reversals(session, payout, act)
    return [(each, [back]) for each, back in undone]


async def _undone(
    session: AsyncSession, reversals: Sequence[tuple[Loan, Sequence[Happening]]], act: Act
) -> dict[Event, Money]:
    found: Counter[Event] = Counter()
    for loan, back in reversals:
        terms = (await happenings.of_loan(session, loan)).story.terms
        day = max(act.on, loan.accrued_on or act.on)
        found.update(flows.of_life(await living.suppose(session, loan, act), terms, day))
        after = await living.suppose(session, loan, act, *back)
        found.subtract(flows.of_life(after, terms, day))
    currency = reversals[0][0].currency
    return {event: Money(minor, currency) for event, minor in found.items() if minor}


async def _ending_of_money(session: AsyncSession, loan: Loan, payout: Payout) -> Ending | None:
    """Of a loan that was repaid with other money, and so cannot be without this one."""
    if payout.amendment_id is not None:
        amendment = await session.get_one(Amendment, payout.amendment_id)
        if amendment.loan_id == loan.id:
            return None  # Payments do not stand against money on top.
    if await queries.find_repayment(session, _name(payout)) is not None:
        return None  # It was counted before, and that was taken back.
    paid = select(Repayment.id).where(Repayment.loan_id == loan.id, Repayment.reversed_on.is_(None))
    if await session.scalar(paid.limit(1)) is None:
        return None
    return Ending.REPAID if loan.status in repayments.REPAYABLE else Ending.SET_ASIDE


async def _undo(session: AsyncSession, found: Returned, act: Act) -> None:
    loan, payout = found.loan, found.payout
    if payout.amendment_id is None:
        await disbursements.take_back(session, loan, payout, act)
    else:
        done = await lending.come_back(session, loan, payout, on=act.on, now=act.now)
        assert done, f"{payout.client_ref} could be undone a moment ago"
    audit.move(session, PAYOUT, payout, OrderEvent.RETURN, actor=act.actor, now=act.now)


async def _repay(session: AsyncSession, found: Returned, act: Act) -> None:
    payout, lent_on = found.payout, found.loan.disbursed_on or act.on
    await repayments.receive(
        session, loan_id=found.loan.id, amount=payout.amount, rail_reference=_name(payout),
        on=max(min(found.proof.on, act.on), lent_on), now=act.now, rail=payout.rail,
    )  # fmt: skip


async def _set_aside(session: AsyncSession, found: Returned, act: Act) -> None:
    payout = found.payout
    await suspense.receive(
        session, reference=_name(payout), reason="payout_returned", amount=payout.amount,
        on=act.on, now=act.now, loan=found.loan, rail=payout.rail,
    )  # fmt: skip
    await messages.payout_set_aside(session, found.loan, payout, now=act.now)


def _name(payout: Payout) -> str:
    return held.name_back(payout.client_ref)


async def _put_right(session: AsyncSession, payout: Payout, act: Act) -> None:
    """What had asked for it. Whoever calls holds the rail's breaks."""
    await incidents.put_right(
        session, kind="payout_final_state_differs", subject=f"payout:{payout.id}",
        actor=act.actor, now=act.now,
    )  # fmt: skip
    rows = await session.scalars(
        select(ReconciliationBreak).where(
            ReconciliationBreak.rail == payout.rail,
            ReconciliationBreak.reference == payout.client_ref,
            ReconciliationBreak.category == Category.RETURNED,
            ReconciliationBreak.resolved_at.is_(None),
        )
    )
    for row in rows:
        row.resolved_at, row.resolution = act.now, Resolution.PUT_RIGHT


_ENDINGS = {Ending.UNDONE: _undo, Ending.REPAID: _repay, Ending.SET_ASIDE: _set_aside}
