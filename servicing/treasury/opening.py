"""What was at a rail before its first movement was in the books: two people say how much."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import four_eyes
from kit.errors import DomainError, Kind
from kit.four_eyes import Proposal
from kit.money import InvalidAmount, Money
from servicing.funding import pools
from servicing.ledger import posting
from servicing.ledger.chart import cash_of
from servicing.ledger.models import Entry
from servicing.ledger.rules import EntryKind, Event


class OpeningBalanceIsSo(DomainError):
    """The books have just so much as the balance that this rail began with."""

    kind = Kind.CONFLICT
    code = "opening_balance_is_so"


async def of(session: AsyncSession, *, rail: str, currency: str) -> Money:
    """What stands. Zero: nobody has said that there was anything."""
    entry, _ = await _standing(session, rail, currency)
    if entry is None:
        return Money(0, currency)
    (line,) = await posting.lines_of(session, entry)
    return Money(line.amount_minor, currency)


async def say(
    session: AsyncSession, *, rail: str, amount: Money, staff_id: UUID, reason: str, on: date,
    now: datetime,
) -> Proposal:  # fmt: skip
    """The lender's own money, posted on `on`, in place of what was said before; zero takes that
    back. Raises InvalidAmount for less and OpeningBalanceIsSo."""
    if amount < amount.zero():
        raise InvalidAmount(amount=amount.major, currency=amount.currency)
    await pools.lock(session, rail=rail, currency=amount.currency)
    if amount == await of(session, rail=rail, currency=amount.currency):
        raise OpeningBalanceIsSo()
    proposal = await four_eyes.agree(
        session, act="cash.opening", subject=f"cash:{rail}:{amount.currency}", staff_id=staff_id,
        reason=reason, now=now, opening=amount.major,
    )  # fmt: skip
    if proposal.is_confirmed:
        entry, unused = await _standing(session, rail, amount.currency)
        if entry is not None:
            await posting.reverse(session, entry, on=on, now=now)
        if amount:
            await posting.post(
                session, EntryKind.DIFFERENCE, (Event.OWN_AT_START, amount), reference=unused,
                on=on, now=now, cash=cash_of(rail),
            )  # fmt: skip
    return proposal


async def _standing(session: AsyncSession, rail: str, currency: str) -> tuple[Entry | None, str]:
    """The entry that was not taken back, and the name of the next one."""
    found, n = None, 1
    while (entry := await posting.find(session, _name(rail, currency, n))) is not None:
        is_back = await posting.find(session, f"reversal:{entry.id}") is not None
        found, n = (None if is_back else entry), n + 1
    return found, _name(rail, currency, n)


def _name(rail: str, currency: str, n: int) -> str:
    """How the n-th entry is called, from 1."""
    return f"opening:{rail}:{currency}:{n}"
