"""Money that came back, or was taken back, otherwise than it had moved: it waits in suspense.

An order of which all came back is undone (`returns`, `servicing.refunds`). A part of it, more than
it, and what people had paid outside are nobody's until two of staff say whose they are.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from servicing import chargebacks, orders, queries, suspense
from servicing.disbursements import PAYOUTS
from servicing.models import Loan, SuspenseItem
from servicing.orders import Orders
from servicing.rails.base import Direction
from servicing.refunds import REFUNDS
from servicing.treasury import held, lines
from servicing.treasury.held import Held
from servicing.treasury.models import StatedLine

_KINDS: Sequence[Orders] = (PAYOUTS, REFUNDS)


async def is_for_nobody(session: AsyncSession, line: StatedLine) -> bool:
    """Whether nobody has a right to it: nobody had ordered it or paid it outside, the rail took
    back more than had come, or what we had given back."""
    if line.direction is Direction.PAYOUT:
        return line.key not in await held.by_key(session, line.rail, [line.key])
    if 0 < await undone_minor(session, line) < line.amount_minor:
        return True
    return await chargebacks.was_given_back(session, line.rail, line.key)


async def set_aside(session: AsyncSession, line: StatedLine, *, on: date, now: datetime) -> bool:
    """Take in what the rail's statement says came back. False, with nothing done, where it has
    another way into the books, or is in them."""
    if not line.is_back or line.direction is not Direction.PAYOUT:
        return False
    is_ordered, loan = await _sent_for(session, line)
    ours = (await held.by_key(session, line.rail, [line.key])).get(line.key)
    if ours is None or not ours.has_moved:
        return False
    rail = None if is_ordered else line.rail
    before = (await held.came_back(session, {line.key: rail})).get(line.key, [])
    is_whole = is_ordered and ours.amount == line.amount
    is_next = await _is_next(session, line, ours) if ours.is_back else not is_whole
    if not is_next or len(before) == held.PARTS_MAX:
        return False
    await suspense.receive(
        session, reference=held.name_back(line.key, rail, len(before) + 1),
        reason="came_back", amount=line.amount, on=on, came_on=line.day, now=now, loan=loan,
        rail=line.rail,
    )  # fmt: skip
    return True


async def is_covered(session: AsyncSession, line: StatedLine) -> bool:
    """Whether all that came back by the day of `line`, of money that left once, is no more than
    had left: nobody gains by it, in how many parts it came."""
    stated = (await lines.with_keys(session, line.rail, [line.key]))[line.key]
    back = [each for each in stated if each.is_back]
    ours = (await held.by_key(session, line.rail, [line.key])).get(line.key)
    is_out = line.is_back and line.direction is Direction.PAYOUT
    if not is_out or ours is None or not ours.has_moved or len(stated) > len(back) + 1:
        return False
    return sum(each.amount_minor for each in back if each.day <= line.day) <= ours.amount.minor


async def further(session: AsyncSession, line: StatedLine) -> list[StatedLine]:
    """Parts that came back on the day of `line`, after the first one, and are not in the books.
    Empty where all of it is undone, or more came back than had left."""
    ours = (await held.by_key(session, line.rail, [line.key])).get(line.key)
    if ours is None or (ours.is_back and not ours.parts) or not await is_covered(session, line):
        return []
    stated = (await lines.with_keys(session, line.rail, [line.key]))[line.key]
    first, *later = [each for each in stated if each.is_back]
    of_day = [each for each in later if each.day == line.day]
    others = [first, *(each for each in later if each.day != line.day)]
    return [each for each in lines.besides([*others, *of_day], ours.parts) if each in of_day]


async def keep_rest(session: AsyncSession, line: StatedLine, *, on: date, now: datetime) -> bool:
    """The rail took back a part of what had come in: it is as if it had never come, and the rest
    waits for its payer. False, with nothing done, where that is not so."""
    if not line.is_back or line.direction is Direction.PAYOUT:
        return False
    every = await chargebacks.find_by_key(session, line.rail, line.key)
    came = every[-1] if every else None
    if came is None or came.currency != line.currency or came.amount_minor <= line.amount_minor:
        return False
    loan_id, rest = came.loan_id, came.amount - line.amount
    loan = None if loan_id is None else await queries.get_loan(session, loan_id, lock=True)
    name = chargebacks.name_of(every[0])
    if not await chargebacks.take_back(session, name, came.amount, on=on, now=now):
        return False
    await suspense.receive(
        session, reference=held.name_rest(line.rail, line.key), reason="not_taken_back",
        amount=rest, on=on, came_on=chargebacks.came_on(came), now=now, loan=loan, rail=line.rail,
    )  # fmt: skip
    return True


async def undone_minor(session: AsyncSession, line: StatedLine) -> int:
    """What with us came back, or was taken back, of the money of the line."""
    ours = (await held.by_key(session, line.rail, [line.key])).get(line.key)
    back = None if ours is None else ours.came_back
    return back.minor if back is not None and back.currency == line.currency else 0


async def _is_next(session: AsyncSession, line: StatedLine, ours: Held) -> bool:
    """Whether it is not among the parts that are in the books, which are no more than had left."""
    stated = (await lines.with_keys(session, line.rail, [line.key]))[line.key]
    in_all = sum(each.amount_minor for each in stated if each.is_back)
    have = sum(part.minor for part in ours.parts)
    return bool(ours.parts) and have + line.amount_minor <= min(in_all, ours.amount.minor)


async def _sent_for(session: AsyncSession, line: StatedLine) -> tuple[bool, Loan | None]:
    """Whether an order of ours sent it, and for which loan; the loan is locked then."""
    for kind in _KINDS:
        order = await orders.find(session, kind, line.key)
        if order is not None:
            return True, (await orders.locked(session, kind, order.id))[0]
    loan_id = await session.scalar(
        select(SuspenseItem.loan_id).where(
            SuspenseItem.refund_reference == line.key,
            func.coalesce(SuspenseItem.rail, "wallet") == line.rail,
        )
    )
    return False, None if loan_id is None else await queries.get_loan(session, loan_id)
