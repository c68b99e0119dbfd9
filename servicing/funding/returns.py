"""What funders earned and lost: read from the ledger day by day, and posted as the difference.

Nothing here is done once for a payment. It is told anew, up to the end of a day, what each funder
should have, and what differs from what he was given is posted. So a late run, a second run, or a
payment that was taken back all end in the same.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.ids import new_id
from kit.money import Money
from servicing.funding import books, pools
from servicing.funding.books import CAPITAL, LoanFlows, StakeBook
from servicing.funding.models import FundedLoan, LoanShare, Movement, Pool, StakeKind
from servicing.funding.shares import Bearer, apportion, bear
from servicing.ledger import posting
from servicing.ledger.rules import EntryKind, Event

_PPM = 1_000_000
_YEAR_DAYS = 365


@dataclass(slots=True)
class _News:
    """What the loans of a pool have brought one stake since the last time."""

    interest: int = 0
    lost: int = 0
    recovered: int = 0


async def settle(session: AsyncSession, pool: Pool, *, until: date, now: datetime) -> None:
    """Share out all interest and losses up to the end of `until`. Again: nothing is left to do."""
    await pools.lock(session, rail=pool.rail, currency=pool.currency)
    await session.refresh(pool, ["settled_on"])
    pool.settled_on = max(pool.settled_on or until, until)
    stakes = {each.stake.id: each for each in (await books.of_pool(session, pool)).stakes}
    if not stakes:
        return
    news = await _hear(session, pool, stakes, until=until, now=now)
    movements = []
    for stake_id, book in stakes.items():
        movements += await _movements(session, book, news[stake_id], until)
    if movements:
        await _post(session, pool, movements, until=until, now=now)


# A job tells the time once, at its start: its last entry may be written long after.
_LOOK_BACK = timedelta(days=1)


async def _hear(
    session: AsyncSession,
    pool: Pool,
    stakes: dict[UUID, StakeBook],
    *,
    until: date,
    now: datetime,
) -> dict[UUID, _News]:
    loans = books.unfinished(pool)
    rows = list(await session.scalars(select(FundedLoan).where(FundedLoan.loan_id.in_(loans))))
    shares = await books.shares_of(session, loans)
    flows = await books.flows_of(session, loans, until=until)
    news: dict[UUID, _News] = defaultdict(_News)
    for loan in sorted(rows, key=lambda row: row.loan_id):
        told = flows.get(loan.loan_id, LoanFlows())
        _share_interest(shares[loan.loan_id], told.interest, news)
        _share_loss(loan, shares[loan.loan_id], told.lost, stakes, news)
        loan.settled_on, loan.settled_at = until, now - _LOOK_BACK
    return news


def _share_interest(shares: list[LoanShare], interest: int, news: dict[UUID, _News]) -> None:
    parts = apportion(interest, [share.weight_minor for share in shares])
    for share, part in zip(shares, parts, strict=True):
        news[share.stake_id].interest += part - share.interest_minor
        share.interest_minor = part


def _share_loss(
    loan: FundedLoan,
    shares: list[LoanShare],
    lost: int,
    stakes: dict[UUID, StakeBook],
    news: dict[UUID, _News],
) -> None:
    """The lender bears what no stake has capital for, and so gets back first what is recovered."""
    bearers = [
        Bearer(book.stake.loss_order, share.weight_minor, book.capital, share.borne_minor)
        for share in shares
        for book in (stakes[share.stake_id],)
    ]
    new = lost - sum(share.borne_minor for share in shares) - loan.unborne_minor
    made_good = min(loan.unborne_minor, max(-new, 0))
    loan.unborne_minor -= made_good
    parts = bear(new + made_good, bearers)
    if new > 0:
        loan.unborne_minor += new - sum(parts)
    for share, part in zip(shares, parts, strict=True):
        share.borne_minor += part
        stakes[share.stake_id].capital -= part
        news[share.stake_id].lost += max(part, 0)
        news[share.stake_id].recovered += max(-part, 0)


async def _movements(
    session: AsyncSession, book: StakeBook, news: _News, until: date
) -> list[Movement]:
    due = await _due(session, book, book.collected + news.interest, until)
    earned = due - book.credited
    found = [
        Movement(stake_id=book.stake.id, event=event, amount_minor=minor)
        for event, minor in ((Event.LOSS_BORNE, news.lost), (Event.LOSS_RECOVERED, news.recovered))
        if minor
    ]
    if earned or news.interest:
        event = Event.RETURN_EARNED if earned >= 0 else Event.RETURN_UNEARNED
        found.append(
            Movement(
                stake_id=book.stake.id,
                event=event,
                amount_minor=abs(earned),
                interest_minor=news.interest,
            )
        )
    return found


async def _due(session: AsyncSession, book: StakeBook, collected: int, until: date) -> int:
    """All that the stake should have earned by the end of `until`, rounded down."""
    if book.stake.kind is StakeKind.SHARE:
        return collected * book.stake.rate_ppm // _PPM
    return int(await _fixed(session, book, until))


async def _fixed(session: AsyncSession, book: StakeBook, until: date) -> Fraction:
    """Actual days over 365 on the capital of each day's end."""
    rows = await session.execute(
        select(Movement.on, Movement.event, func.sum(Movement.amount_minor))
        .where(
            Movement.stake_id == book.stake.id,
            Movement.event.in_(CAPITAL),
            Movement.on <= until,
        )
        .group_by(Movement.on, Movement.event)
    )
    after = until + timedelta(days=1)
    minor_days = sum(CAPITAL[event] * int(minor) * (after - on).days for on, event, minor in rows)
    return Fraction(minor_days * book.stake.rate_ppm, _PPM * _YEAR_DAYS)


async def _post(
    session: AsyncSession, pool: Pool, movements: list[Movement], *, until: date, now: datetime
) -> None:
    """One entry for all of them."""
    sums: dict[Event, int] = defaultdict(int)
    for each in movements:
        sums[each.event] += each.amount_minor
    entry = None
    if any(sums.values()):
        entry = await posting.post(
            session, EntryKind.FUNDING,
            *((event, Money(minor, pool.currency)) for event, minor in sums.items()),
            reference=f"funding:{new_id()}", on=until, now=now,
        )  # fmt: skip
    for each in movements:
        each.id, each.on, each.created_at = new_id(), until, now
        each.entry_id = entry.id if entry is not None and each.amount_minor else None
    session.add_all(movements)
    await session.flush()
