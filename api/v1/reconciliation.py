"""Where the rails' statements differ from our books, and what staff do about it."""

from datetime import date, datetime
from uuid import UUID

from fastapi import APIRouter, Depends, Response, status
from sqlalchemy.ext.asyncio import AsyncSession

from api import listings, resolved
from api.deps import Now, Session, Staff, Today, Wired, permitted
from api.exports import FILES, Export
from api.schemas import MoneyShown, Page, PageSize, Record, Shown
from api.v1.proposals import ProposalShown, Reasoned
from kit import audit, jobs
from kit.four_eyes import Proposal
from servicing import rail_files, reconciliation
from servicing.models import ReconciliationBreak, ReconciliationRun
from servicing.rails.base import Rails
from servicing.treasury import breaks, positions

router = APIRouter(
    prefix="/v1/reconciliation", tags=["treasury"], dependencies=[Depends(permitted)]
)


class BreakShown(Record):
    rail: str
    day: date
    category: str
    reference: str
    ours: MoneyShown | None
    theirs: MoneyShown | None
    told: str | None
    """What the rail's own messages last said of it."""
    resolution: str | None
    resolved_at: datetime | None


class RunShown(Shown):
    rail: str
    day: date
    matched: int
    late: int
    """Of these, moved on another day than the statement's."""
    breaks: int
    ran_at: datetime
    opening: MoneyShown | None
    closing: MoneyShown | None
    """What the statement says that the account held."""
    ledger: MoneyShown | None
    """What the ledger says at the end of that day."""
    difference: MoneyShown | None
    parts: dict[str, MoneyShown]
    """What makes the difference."""


@router.get("/breaks", response_model=Page[BreakShown], responses=FILES)
async def list_breaks(
    session: Session,
    export: Export,
    is_over: bool = False,
    after: UUID | None = None,
    limit: PageSize = 50,
) -> Page[BreakShown] | Response:
    """Lines of the rails' statements that differ from our books. `is_over`: those that have mended
    or were resolved, newest first."""
    lists = resolved.BREAKS
    every = lists.every(is_over=is_over)
    if (file := await export.of(lists.table(is_over=is_over), every)) is not None:
        return file
    rows = await lists.page(session, is_over=is_over, after=after, limit=limit)
    return Page.of([_break(row) for row in rows], limit)


@router.get("/runs", response_model=list[RunShown], responses=FILES)
async def list_reconciliations(
    session: Session, export: Export, rail: str | None = None
) -> list[RunShown] | Response:
    """The newest days, and what each rail held beside what our ledger says. A file has all."""
    if (file := await export.of(listings.RUNS, listings.runs_of(rail))) is not None:
        return file
    rows = await reconciliation.list_runs(session, rail=rail)
    return [await _run(session, row) for row in rows]


@router.post("/{rail}/{day}", status_code=status.HTTP_202_ACCEPTED)
async def reconcile_again(
    rail: str, day: date, session: Session, who: Staff, now: Now, wiring: Wired
) -> dict[str, str]:
    """Fetch that day's statement again and compare. What has mended is closed by itself."""
    name = wiring.service(Rails).get(rail).name
    await jobs.enqueue(
        session, rail_files.RECONCILE, key=f"reconcile:{name}:{day}:{now.isoformat()}",
        rail=name, day=day.isoformat(),
    )  # fmt: skip
    audit.record(
        session, actor=who.actor, action="reconciliation.ask", subject=f"{name}:{day}", now=now
    )
    return {"rail": name, "day": day.isoformat()}


@router.post("/breaks/{break_id}/explain", response_model=ProposalShown)
async def explain_break(
    break_id: UUID, body: Reasoned, session: Session, who: Staff, now: Now
) -> Proposal:
    """It is understood, say two people. It moves no money."""
    return await breaks.explain(session, break_id, staff_id=who.id, reason=body.reason, now=now)


@router.post("/breaks/{break_id}/put-right", response_model=ProposalShown)
async def put_break_right(
    break_id: UUID,
    body: Reasoned,
    session: Session,
    who: Staff,
    now: Now,
    today: Today,
    wiring: Wired,
) -> Proposal:
    """Our books follow the statement: money is taken in, an order settled, an entry posted."""
    return await breaks.put_right(
        session, break_id, staff_id=who.id, reason=body.reason, on=today,
        zone=wiring.settings.timezone, now=now,
    )  # fmt: skip


@router.post("/breaks/{break_id}/write-off", response_model=ProposalShown)
async def write_break_off(
    break_id: UUID, body: Reasoned, session: Session, who: Staff, now: Now, today: Today
) -> Proposal:
    """The difference is lost, a charge of the rail's, or gained: it is posted as that."""
    return await breaks.write_off(
        session, break_id, staff_id=who.id, reason=body.reason, on=today, now=now
    )


@router.post("/breaks/{break_id}/own", response_model=ProposalShown)
async def own_break(
    break_id: UUID, body: Reasoned, session: Session, who: Staff, now: Now, today: Today
) -> Proposal:
    """The lender took it out, or moved it to another account, himself: no loss and no charge."""
    return await breaks.own(
        session, break_id, staff_id=who.id, reason=body.reason, on=today, now=now
    )


def _break(row: ReconciliationBreak) -> BreakShown:
    return BreakShown(
        id=row.id,
        rail=row.rail,
        day=row.day,
        category=row.category,
        reference=row.reference,
        ours=_money(row.ours_minor, row.currency),
        theirs=_money(row.theirs_minor, row.currency),
        told=row.told,
        resolution=row.resolution,
        resolved_at=row.resolved_at,
    )


async def _run(session: AsyncSession, row: ReconciliationRun) -> RunShown:
    position = await positions.of_run(session, row)
    return RunShown(
        rail=row.rail,
        day=row.day,
        matched=row.matched,
        late=row.late,
        breaks=row.breaks,
        ran_at=row.ran_at,
        opening=_money(row.opening_minor, row.currency),
        closing=_money(row.closing_minor, row.currency),
        ledger=MoneyShown.of(position.ledger) if position else None,
        difference=MoneyShown.of(position.difference) if position else None,
        parts={name: MoneyShown.of(part) for name, part in position.parts.items()}
        if position
        else {},
    )


def _money(minor: int | None, currency: str | None) -> MoneyShown | None:
    return MoneyShown.of_minor(minor, currency) if minor is not None and currency else None
