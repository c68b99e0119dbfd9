"""Money that came in, or back, once more than we hold: whose it is, a person says."""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from servicing import orders, queries, suspense
from servicing.models import Loan, ReconciliationBreak
from servicing.payment_requests import REQUESTS
from servicing.rails.base import Direction
from servicing.treasury import bounced, lines
from servicing.treasury.held import AGAIN
from servicing.treasury.models import StatedLine


async def take_in(
    session: AsyncSession, found: ReconciliationBreak, line: StatedLine, *, on: date, now: datetime
) -> bool:
    """Each time beyond the first waits in suspense. False, with nothing done, where what was taken
    back does not fit what came."""
    repeated = await _repeated(session, found)
    if repeated is None:
        return False
    for line, n in repeated:
        is_own = n == 1 and line.key != line.rail_id
        name = f"{line.rail}:{line.rail_id}"
        loan = await _loan_of(session, line)
        name = name if is_own else f"{AGAIN}{n}:{name}"
        await suspense.receive(
            session, reference=name[:120], reason="came_again", amount=line.amount, on=on,
            came_on=line.day, now=now, loan=loan, rail=line.rail, written=line.reference,
        )  # fmt: skip
        if is_own:
            line.key = line.rail_id  # From now on it is known by the rail's own name.
    await session.flush()
    return True


async def take_parts(
    session: AsyncSession, found: ReconciliationBreak, line: StatedLine, *, on: date, now: datetime
) -> bool:
    """Each further part of what came back waits in suspense. False where it is in the books."""
    parts = await bounced.further(session, line)
    for part in parts:
        if not await bounced.set_aside(session, part, on=on, now=now):
            return False
    return bool(parts)


async def _repeated(
    session: AsyncSession, found: ReconciliationBreak
) -> list[tuple[StatedLine, int]] | None:
    """Lines of that day, and which time each is under the rail's name for it, from 1."""
    stated = (await lines.with_keys(session, found.rail, [found.reference]))[found.reference]
    came = [line for line in stated if not line.is_back]
    back = [line for line in stated if line.is_back]
    times: dict[str, int] = {}
    numbered = []
    for line in came:
        times[line.rail_id] = times.get(line.rail_id, 0) + 1
        numbered.append((line, times[line.rail_id]))
    left = [(line, n) for line, n in numbered[1:] if line.day == found.day]
    for line in back[1:]:
        if line.day != found.day:
            continue
        twin = next((each for each in reversed(left) if each[0].amount == line.amount), None)
        if twin is None:
            return None
        left.remove(twin)
    return left


async def _loan_of(session: AsyncSession, line: StatedLine) -> Loan | None:
    if line.direction is Direction.COLLECT:
        asked = await orders.find(session, REQUESTS, line.key)
        return None if asked is None else await queries.get_loan(session, asked.loan_id)
    return await queries.find_by_reference(session, line.reference)
