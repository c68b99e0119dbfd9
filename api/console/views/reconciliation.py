"""The rails' statements against our books: runs, what differed, and how it is put right."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import listings, resolved
from api.console import acts, drawing, forms
from api.console.door import HOME, AtDesk, Desk
from api.console.files import AskedFile
from api.console.forms import Flag, Key
from api.console.views.returned import back_of
from api.console.words import Refusal
from api.deps import Session
from api.v1 import reconciliation as calls
from api.v1.proposals import Reasoned
from kit import four_eyes
from kit.four_eyes import Proposal
from servicing import lookups, orders, reconciliation, waiting
from servicing.disbursements import PAYOUTS
from servicing.funding import taken_back
from servicing.treasury import breaks, positions, returns

router = APIRouter(prefix=HOME, include_in_schema=False)
_WHY = {
    "before_first_statement": "from before the first statement (say so under Pools and cash)",
    "day_before": "from the day before",
    "between_statements": "from days between two statements",
    "amount": "in other amounts",
    "other_day": "moved on another day",
    "missing_here": "in the statement alone",
    "missing_at_rail": "in our books alone",
    "by_hand": "in our books by hand",
    "not_explained": "not explained by the lines of the statement",
}
"""Of what a statement has more than our ledger, or less."""
_Agree = Callable[[AsyncSession, str], Awaitable[Proposal]]


@router.get("/reconciliation", name="list_breaks")
async def show_reconciliation(
    desk: AtDesk, session: Session, file: AskedFile, is_over: Flag = None, after: Key = None
) -> Response:
    lists = resolved.BREAKS
    breaks_file = await file.of(
        lists.table(is_over=is_over), lists.every(is_over=is_over), part="breaks"
    )
    taken = breaks_file or await file.of(listings.RUNS, listings.runs_of(), part="runs")
    return taken or await _overview(desk, session, after, is_over=is_over)


@router.post("/reconciliation/{rail}/{day}", name="reconcile_again")
async def reconcile_again(rail: str, day: date, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        await calls.reconcile_again(rail, day, session, desk.who, desk.now, desk.wiring)
        return "asked"

    async def again(session: AsyncSession, status: int, refusal: Refusal) -> Response:
        return await _overview(desk, session, None, status=status, refusal=refusal)

    return await acts.carry_out(desk, act, then=f"{HOME}/reconciliation", again=again)


@router.get("/breaks/{break_id}", name="list_breaks")
async def show_break(break_id: UUID, desk: AtDesk, session: Session) -> Response:
    return await _page(break_id, desk, session)


@router.post("/breaks/{break_id}/explain", name="explain_break")
async def explain_break(break_id: UUID, desk: AtDesk) -> Response:
    async def agree(session: AsyncSession, reason: str) -> Proposal:
        return await breaks.explain(
            session, break_id, staff_id=desk.who.id, reason=reason, now=desk.now
        )

    return await _agreed(break_id, desk, agree)


@router.post("/breaks/{break_id}/put-right", name="put_break_right")
async def put_break_right(break_id: UUID, desk: AtDesk) -> Response:
    async def agree(session: AsyncSession, reason: str) -> Proposal:
        return await breaks.put_right(
            session, break_id, staff_id=desk.who.id, reason=reason, on=desk.today,
            zone=desk.zone, now=desk.now,
        )  # fmt: skip

    return await _agreed(break_id, desk, agree)


@router.post("/breaks/{break_id}/write-off", name="write_break_off")
async def write_break_off(break_id: UUID, desk: AtDesk) -> Response:
    async def agree(session: AsyncSession, reason: str) -> Proposal:
        return await breaks.write_off(
            session, break_id, staff_id=desk.who.id, reason=reason, on=desk.today, now=desk.now
        )

    return await _agreed(break_id, desk, agree)


@router.post("/breaks/{break_id}/own", name="own_break")
async def own_break(break_id: UUID, desk: AtDesk) -> Response:
    async def agree(session: AsyncSession, reason: str) -> Proposal:
        return await breaks.own(
            session, break_id, staff_id=desk.who.id, reason=reason, on=desk.today, now=desk.now
        )

    return await _agreed(break_id, desk, agree)


async def _overview(
    desk: Desk,
    session: AsyncSession,
    after: UUID | None,
    *,
    is_over: bool | None = None,
    **answer: Any,
) -> Response:
    lists = resolved.BREAKS
    found = await lists.page(session, is_over=is_over, after=after, limit=drawing.PAGE_SIZE)
    runs = await reconciliation.list_runs(session)
    newest = {run.rail: run for run in reversed(runs)}
    waits = await waiting.open_breaks(session)
    return drawing.page(
        desk,
        "reconciliation.html",
        breaks=drawing.table(
            desk, lists.table(is_over=is_over), found, after=drawing.last_key(found), part="breaks"
        ),
        is_over=is_over,
        runs=drawing.table(desk, listings.RUNS, runs, part="runs"),
        newest=[
            (run, waits.get(run.rail, 0), await positions.of_run(session, run))
            for _, run in sorted(newest.items())
        ],
        why=_WHY,
        **{"refusal": None, **answer},
    )


async def _agreed(break_id: UUID, desk: Desk, agree: _Agree) -> Response:
    async def act(session: AsyncSession) -> str:
        return acts.outcome(await agree(session, forms.read(desk, Reasoned).reason))

    async def again(session: AsyncSession, status: int, refusal: Refusal) -> Response:
        return await _page(break_id, desk, session, status=status, refusal=refusal)

    return await acts.carry_out(desk, act, then=f"{HOME}/breaks/{break_id}", again=again)


async def _page(break_id: UUID, desk: Desk, session: AsyncSession, **answer: Any) -> Response:
    found = await lookups.get_break(session, break_id)
    payout = await returns.of_break(session, found)
    return drawing.page(
        desk,
        "break.html",
        found=found,
        payout=payout or await orders.find(session, PAYOUTS, found.reference),
        back=await back_of(desk, session, payout) if payout else None,
        paid_in=await taken_back.of_break(session, found),
        ours=listings.money(found.ours_minor, found.currency),
        theirs=listings.money(found.theirs_minor, found.currency),
        proposals=await four_eyes.list_open(session, subject=f"break:{found.id}"),
        names=await desk.names(session),
        **{"refusal": None, **answer},
    )
