"""A loan lives: something is told, the engine tells its life again, what follows is written.

Installments are written where they differ, the ledger is moved by the difference, and the status
follows. Whoever calls holds the loan's lock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.errors import DomainError, Kind
from kit.ids import new_id
from servicing import accrual, happenings, projection, replay
from servicing import rules as agreed_rules
from servicing.early import ENDED
from servicing.fields import InvalidTerms
from servicing.happenings import Happening, Told
from servicing.ledger import balances, flows, posting
from servicing.ledger.chart import OUTSIDE, cash_of
from servicing.ledger.rules import EntryKind, Event
from servicing.life import Life, Status
from servicing.models import Loan, SuspenseItem
from servicing.replay import Story
from servicing.states import LOAN, OPEN, LoanStatus
from servicing.states import LoanEvent as Turn

OVERPAID = "overpaid"


class NotPossible(DomainError):
    """The loan's story would not hold together with it. `reason` says why, in English."""

    kind = Kind.CONFLICT
    code = "loan_event_not_possible"


@dataclass(frozen=True, slots=True)
class Act:
    """Who tells it, on which business day, and how its entries are called in the ledger."""

    actor: str
    on: date
    now: datetime
    references: Mapping[EntryKind, str] = field(default_factory=dict)
    rail: str | None = None
    """Which rail moves the money. None: the loan's."""


@dataclass(frozen=True, slots=True)
class Lived:
    told: Told
    life: Life
    on: date
    """The day up to which interest is in the ledger now."""


async def happen(session: AsyncSession, loan: Loan, act: Act, *events: Happening) -> Lived:
    """Tell it and write all that follows. What was told before, by its key, is not told again.

    With nothing to tell, the loan comes to the end of the day.
    """
    known = await happenings.of_loan(session, loan)
    new = [each for each in events if known.find(each.key) is None]
    day = max(act.on, loan.accrued_on or act.on)
    if loan.status is LoanStatus.ACTIVE and not agreed_rules.recalculates(loan.rules):
        await accrual.accrue(session, loan, on=day, now=act.now)
    after = happenings.supposed(loan, known, new, actor=act.actor, on=act.on, now=act.now)
    life = tell(after.story, day)
    session.add_all(after.rows[len(known.rows) :])
    await settle(session, loan, after, life, act, day=day)
    return Lived(after, life, day)


async def suppose(session: AsyncSession, loan: Loan, act: Act, *events: Happening) -> Life:
    """The life that would follow from it; nothing is written. Raises NotPossible."""
    known = await happenings.of_loan(session, loan)
    after = happenings.supposed(loan, known, events, actor=act.actor, on=act.on, now=act.now)
    return tell(after.story, max(act.on, loan.accrued_on or act.on))


def tell(story: Story, on: date) -> Life:
    try:
        return replay.at(story, on)
    except InvalidTerms as refusal:
        raise NotPossible(reason=str(refusal)) from None


async def settle(
    session: AsyncSession, loan: Loan, told: Told, life: Life, act: Act, *, day: date
) -> None:
    """Make installments, ledger and status what the life says they are at the end of `day`."""
    await projection.write(session, loan, life)
    await _set_aside(session, loan, life, act, day)
    wanted = flows.of_life(life, told.story.terms, day)
    moved = await balances.moved_on_loan(session, loan.id)
    await posting.adjust(
        session,
        {event: wanted[event] - moved[event] for event in Event},
        currency=loan.currency,
        references=act.references,
        on=day,
        now=act.now,
        loan_id=loan.id,
        cash=cash_of(act.rail or loan.rail),
    )
    is_lent = bool(life.draws)
    loan.disbursed_on = life.draws[0].on if is_lent else None
    loan.accrued_on = day if is_lent else None
    _turn(session, loan, life, act)


def _turn(session: AsyncSession, loan: Loan, life: Life, act: Act) -> None:
    turn = _TURNS.get((loan.status, life.status))
    if turn is not None:
        audit.move(session, LOAN, loan, turn, actor=act.actor, now=act.now)
    ended = loan.status in (LoanStatus.CLOSED, LoanStatus.WRITTEN_OFF)
    loan.closed_on = life.transactions[-1].on if loan.status is LoanStatus.CLOSED else None
    assert ended == (life.status in ENDED), f"{loan.reference} is {loan.status}, not {life.status}"


_TURNS = {
    (LoanStatus.PENDING_DISBURSEMENT, Status.ACTIVE): Turn.DISBURSED,
    (LoanStatus.ACTIVE, Status.PENDING): Turn.MONEY_RETURNED,
    (LoanStatus.ACTIVE, Status.CLOSED): Turn.REPAID_IN_FULL,
    (LoanStatus.ACTIVE, Status.OVERPAID): Turn.REPAID_IN_FULL,
    (LoanStatus.ACTIVE, Status.WRITTEN_OFF): Turn.WRITTEN_OFF,
    (LoanStatus.CLOSED, Status.ACTIVE): Turn.REOPENED,
    (LoanStatus.WRITTEN_OFF, Status.ACTIVE): Turn.REOPENED,
}


def _rail_of_rest(loan: Loan, act: Act) -> str | None:
    """By which it goes back. What came by no rail goes by the loan's."""
    return loan.rail if act.rail == OUTSIDE else act.rail


async def _set_aside(session: AsyncSession, loan: Loan, life: Life, act: Act, day: date) -> None:
    """What is left of the borrower's money when the loan has ended waits for a person."""
    if loan.status in OPEN and life.status not in ENDED:
        return  # It had not ended before either: nothing waits.
    left = life.credit if life.status in ENDED else 0
    items = list(
        await session.scalars(
            select(SuspenseItem).where(
                SuspenseItem.loan_id == loan.id, SuspenseItem.reason == OVERPAID
            )
        )
    )
    waiting = [item for item in items if item.resolved_at is None]
    if sum(item.amount_minor for item in waiting) == left:
        return
    for item in waiting:
        item.resolved_at = act.now
    if left:
        session.add(
            SuspenseItem(
                id=new_id(),
                reference=f"{OVERPAID}:{loan.id}:{len(items) + 1}",
                reason=OVERPAID,
                rail=waiting[-1].rail if waiting else _rail_of_rest(loan, act),
                loan_id=loan.id,
                amount_minor=left,
                currency=loan.currency,
                received_on=day,
                created_at=act.now,
            )
        )
