"""Reminding before and on the due date, and nudging after it: which message, when, by what way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.states import Channel, Purpose
from servicing import debts, messages, queries
from servicing.models import Installment, Loan
from servicing.queries import NextDue
from servicing.states import LoanStatus

_CHAT = (Channel.TELEGRAM,)
_CHAT_AND_SMS = (Channel.TELEGRAM, Channel.SMS)
BATCH = 500


@dataclass(frozen=True, slots=True)
class Reminder:
    """`days` after the due date (negative: before it), from `hour` on by the lender's clock."""

    kind: str
    days: int
    hour: int
    template: str
    purpose: Purpose
    channels: tuple[Channel, ...] = _CHAT

    def moment(self, due_on: date, zone: ZoneInfo) -> datetime:
        return datetime.combine(due_on + timedelta(days=self.days), time(self.hour), tzinfo=zone)


# The evening before is when a reminder helps most; after the due date, room to talk.
PLAN = (
    Reminder("due_in_3_days", -3, 10, "reminder_before_due", Purpose.REMINDER),
    Reminder("due_tomorrow", -1, 17, "reminder_before_due", Purpose.REMINDER, _CHAT_AND_SMS),
    Reminder("due_today", 0, 8, "reminder_due_today", Purpose.REMINDER),
    Reminder("late_1", 1, 10, "reminder_overdue", Purpose.COLLECTION),
    Reminder("late_3", 3, 10, "reminder_overdue", Purpose.COLLECTION, _CHAT_AND_SMS),
    Reminder("late_7", 7, 10, "collection_nudge", Purpose.COLLECTION, _CHAT_AND_SMS),
)
# A reminder that was missed for a whole day is not sent late.
FRESH = timedelta(days=1)


async def list_candidates(
    session: AsyncSession, *, on: date, after: UUID | None = None
) -> list[UUID]:
    """Running loans with something unpaid whose due date lies in the days of the plan."""
    first = on - timedelta(days=PLAN[-1].days + 1)
    last = on - timedelta(days=PLAN[0].days)
    query = (
        select(Loan.id)
        .join(Installment, Installment.loan_id == Loan.id)
        .where(
            Loan.status == LoanStatus.ACTIVE,
            Installment.settled_on.is_(None),
            Installment.due_on.between(first, last),
        )
        .distinct()
        .order_by(Loan.id)
        .limit(BATCH)
    )
    return list(await session.scalars(query if after is None else query.where(Loan.id > after)))


async def remind(session: AsyncSession, loan_id: UUID, *, zone: str, now: datetime) -> None:
    """Say what is to be said to this borrower now, if anything. Saying it again changes nothing."""
    loan = await queries.get_loan(session, loan_id, lock=True)
    today = now.astimezone(ZoneInfo(zone)).date()
    coming = await queries.next_due(session, loan, on=today)
    if coming is None:
        return
    reminder = newest(PLAN, coming.due_on, ZoneInfo(zone), now)
    if reminder is None:
        return
    amount = coming.amount
    if coming.is_overdue:
        rows = await queries.list_installments(session, loan.id)
        credit = await queries.credit(session, loan)
        amount = debts.debt(debts.due(rows, today), credit=credit).total
    await messages.remind(
        session,
        loan,
        reminder.template,
        key=f"rem:{loan.id}:{coming.installment.id}:{reminder.kind}",
        purpose=reminder.purpose,
        channels=reminder.channels,
        now=now,
        amount=messages.spoken(amount),
        due_on=messages.spoken_day(coming.due_on),
        days=(today - coming.due_on).days,
        button=messages.PAY,
        **_expiry(reminder, coming),
    )


def newest(
    plan: Sequence[Reminder], due_on: date, zone: ZoneInfo, now: datetime
) -> Reminder | None:
    """The last reminder of the plan whose moment has come, while it is fresh."""
    begun = [each for each in plan if each.moment(due_on, zone) <= now]
    if not begun or now - begun[-1].moment(due_on, zone) >= FRESH:
        return None
    return begun[-1]


def _expiry(reminder: Reminder, coming: NextDue) -> dict[str, str]:
    """What asks to pay on time is of no use once the due date is over."""
    return {"expires_on": messages.spoken_day(coming.due_on)} if reminder.days <= 0 else {}
