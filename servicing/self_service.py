"""What borrowers change by themselves: a date, a break, what becomes of money paid ahead."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.errors import DomainError, Kind
from kit.money import Money
from servicing import amendments, happenings, living, previews, queries, replay
from servicing import rules as agreed_rules
from servicing.amendments import Change
from servicing.events import MONEY_IN, Type
from servicing.happenings import Happening, Told
from servicing.life import Life
from servicing.living import Act
from servicing.models import Amendment, Loan
from servicing.previews import Preview
from servicing.states import AMENDMENT, AmendmentEvent, AmendmentStatus, LoanStatus

_YEAR = timedelta(days=365)


class ChangeNotOffered(DomainError):
    """The product does not offer it, or not now, or not once more this year."""

    kind = Kind.CONFLICT
    code = "change_not_offered"


class Ahead(StrEnum):
    """What money that is paid ahead does to the schedule."""

    SHORTER = "reduce_count"
    SMALLER = "reduce_installment"


@dataclass(frozen=True, slots=True)
class Offer:
    """A due date that may be moved, how far, at which price, and how often yet this year."""

    from_due_date: date
    earliest: date
    latest: date
    price: Money
    left: int


@dataclass(frozen=True, slots=True)
class Offers:
    date_move: Offer | None = None
    payment_break: Offer | None = None
    may_choose_ahead: bool = False


def move_date(from_due_date: date, new_due_date: date) -> Change:
    """That one due date, and no other."""
    return {**take_break(from_due_date, new_due_date), "following": False}


def take_break(from_due_date: date, new_due_date: date) -> Change:
    """That due date and all after it."""
    return {
        "type": Type.RESCHEDULE.value,
        "from_due_date": from_due_date.isoformat(),
        "new_due_date": new_due_date.isoformat(),
    }


async def offers(session: AsyncSession, loan: Loan, *, on: date) -> Offers:
    """What the borrower may do today. Who is late talks to a person first."""
    if loan.status is not LoanStatus.ACTIVE:
        return Offers()
    rows = [row for row in await queries.list_installments(session, loan.id) if row.unpaid_minor]
    ahead = agreed_rules.recalculates(loan.rules) and await _last_payment_on(session, loan)
    if not rows or rows[0].due_on < on:
        return Offers(may_choose_ahead=bool(ahead))
    limits = agreed_rules.from_document(loan.rules).changes
    first, following = rows[0].due_on, rows[1].due_on if len(rows) > 1 else date.max
    price = Money(limits.price_minor, loan.currency)
    moved, paused = await _used(session, loan, on=on)

    def offer(left: int, days: int, before: date) -> Offer | None:
        latest = min(first + timedelta(days=days), before - timedelta(days=1))
        if left <= 0 or latest <= first:
            return None
        return Offer(first, first + timedelta(days=1), latest, price, left)

    return Offers(
        offer(limits.date_moves_a_year - moved, limits.date_move_days, following),
        offer(limits.pauses_a_year - paused, limits.pause_days, date.max),
        bool(ahead),
    )


async def preview(
    session: AsyncSession, loan_id: UUID, change: Change, *, on: date, now: datetime
) -> Preview:
    """What the borrower is asked to agree to, with its price. Raises when it is not offered."""
    loan = await queries.get_loan(session, loan_id)
    return await _look(session, loan, change, on=on, now=now)


async def ask(
    session: AsyncSession,
    loan_id: UUID,
    change: Change,
    *,
    borrower_id: UUID,
    on: date,
    now: datetime,
) -> Amendment:
    """The borrower's own act: proposed, agreed to and told in one."""
    loan = await queries.get_loan(session, loan_id, lock=True)
    if loan.borrower_id != borrower_id:
        raise queries.LoanNotFound(loan_id=loan_id)
    seen = await _look(session, loan, change, on=on, now=now)
    actor = f"borrower:{borrower_id}"
    amendment = amendments.new_amendment(
        loan, change, seen, proposed_by=actor, reason="asked_by_borrower", on=on, now=now
    )
    session.add(amendment)
    audit.move(session, AMENDMENT, amendment, AmendmentEvent.CONSENT, actor=actor, now=now)
    amendment.consented_at = now
    await amendments.apply(session, loan, amendment, actor=actor, on=on, now=now)
    return amendment


async def choose_ahead(
    session: AsyncSession, loan_id: UUID, choice: Ahead, *, borrower_id: UUID, on: date,
    now: datetime,
) -> Preview:  # fmt: skip
    """Fewer installments or smaller ones, for what was paid ahead last and from now on."""
    loan = await queries.get_loan(session, loan_id, lock=True)
    if loan.borrower_id != borrower_id:
        raise queries.LoanNotFound(loan_id=loan_id)
    if not (await offers(session, loan, on=on)).may_choose_ahead:
        raise ChangeNotOffered()
    told = await happenings.of_loan(session, loan)
    chosen = await _chosen(session, loan, told, choice, on=on)
    day = max(on, loan.accrued_on or on)
    before = living.tell(told.story, day)
    act = Act(f"borrower:{borrower_id}", on, now)
    after: Life = (await living.happen(session, loan, act, chosen)).life
    zero = Money(0, loan.currency)
    return previews.compare(loan, chosen.type, before, after, on=day, price=zero)


async def preview_ahead(
    session: AsyncSession, loan_id: UUID, choice: Ahead, *, on: date, now: datetime
) -> Preview:
    """What the choice would do today. Nothing is written."""
    loan = await queries.get_loan(session, loan_id)
    told = await happenings.of_loan(session, loan)
    chosen = await _chosen(session, loan, told, choice, on=on)
    day = max(on, loan.accrued_on or on)
    supposed = happenings.supposed(loan, told, [chosen], actor=audit.SYSTEM, on=day, now=now)
    before, after = living.tell(told.story, day), replay.at(supposed.story, day)
    zero = Money(0, loan.currency)
    return previews.compare(loan, chosen.type, before, after, on=day, price=zero)


async def _chosen(
    session: AsyncSession, loan: Loan, told: Told, choice: Ahead, *, on: date
) -> Happening:
    """Told for the day before the payment, so that the payment itself is treated like this."""
    paid_on = await _last_payment_on(session, loan)
    counts_on = max((paid_on or on) - timedelta(days=1), told.last_change_on)
    details = {"transaction": "advance", "rule": choice.value}
    return Happening(Type.FUTURE_RULE, counts_on, f"ahead:{len(told.rows) + 1}", details=details)


async def _look(
    session: AsyncSession, loan: Loan, change: Change, *, on: date, now: datetime
) -> Preview:
    allowed = await offers(session, loan, on=on)
    offer = allowed.date_move if change.get("following") is False else allowed.payment_break
    asked = {name: change.get(name) for name in ("type", "from_due_date", "new_due_date")}
    nothing_else = change.keys() <= {*asked, "following"}
    if offer is None or asked["type"] != Type.RESCHEDULE or not nothing_else:
        raise ChangeNotOffered()
    wanted = str(asked["new_due_date"])
    if asked["from_due_date"] != offer.from_due_date.isoformat() or not (
        offer.earliest.isoformat() <= wanted <= offer.latest.isoformat()
    ):
        raise ChangeNotOffered()
    told = await happenings.of_loan(session, loan)
    return amendments.look(loan, told, change, on=on, now=now, price=offer.price)


async def _used(session: AsyncSession, loan: Loan, *, on: date) -> tuple[int, int]:
    """Dates moved and breaks taken in the year before `on`."""
    rows = await session.scalars(
        select(Amendment).where(
            Amendment.loan_id == loan.id,
            Amendment.status == AmendmentStatus.APPLIED,
            Amendment.proposed_by == f"borrower:{loan.borrower_id}",
            Amendment.applied_on > on - _YEAR,
        )
    )
    moves = [row.change.get("following") is False for row in rows]
    return sum(moves), len(moves) - sum(moves)


async def _last_payment_on(session: AsyncSession, loan: Loan) -> date | None:
    told = await happenings.of_loan(session, loan)
    paid = [row.on for row in told.rows if row.type in MONEY_IN and not told.is_reversed(row)]
    return max(paid, default=None)
