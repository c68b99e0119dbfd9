"""Acts of two people that wait for the second one."""

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import listings
from api.console import acts, door, drawing
from api.console.door import HOME, AtDesk, Desk
from api.console.files import AskedFile
from api.console.forms import Key
from api.console.words import Refusal
from api.deps import Session
from kit import four_eyes

router = APIRouter(prefix=f"{HOME}/proposals", include_in_schema=False)


@router.get("", name="list_proposals")
async def show_proposals(
    desk: AtDesk, session: Session, file: AskedFile, after: Key = None
) -> Response:
    every = listings.all_of(four_eyes.list_open)
    if (answer := await file.of(listings.PROPOSALS, every)) is not None:
        return answer
    return await _page(desk, session, after)


@router.post("/{proposal_id}/withdraw", name="withdraw_proposal")
async def withdraw_proposal(proposal_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        await four_eyes.withdraw(session, proposal_id, staff_id=desk.who.id, now=desk.now)
        return "withdrawn"

    async def again(session: AsyncSession, status: int, refusal: Refusal) -> Response:
        return await _page(desk, session, None, status=status, refusal=refusal)

    then = door.path_within(desk.typed.get("then", f"{HOME}/proposals"))
    return await acts.carry_out(desk, act, then=then, again=again)


async def _page(
    desk: Desk,
    session: AsyncSession,
    after: UUID | None,
    *,
    status: int = 200,
    refusal: Refusal | None = None,
) -> Response:
    rows = await four_eyes.list_open(session, after=after, limit=drawing.PAGE_SIZE)
    names = await desk.names(session)
    drawn = drawing.table(desk, listings.PROPOSALS, rows, names=names, after=drawing.last_key(rows))
    return drawing.page(desk, "proposals.html", status=status, refusal=refusal, proposals=drawn)
