"""Running the house: jobs that died, the trail of who did what."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response, status
from pydantic import Field

from api import listings
from api.deps import Now, Session, Staff, Wired, permitted
from api.exports import FILES, Export
from api.schemas import Page, PageSize, Record, Shown, Sought, Strict
from kit import audit, jobs, log
from kit.db import unit_of_work
from kit.errors import DomainError, Kind

router = APIRouter(prefix="/v1", tags=["operations"], dependencies=[Depends(permitted)])
_DEAD_SHOWN = 200


class JobNotDead(DomainError):
    """Only a job that died can be run again."""

    kind = Kind.NOT_FOUND
    code = "job_not_dead"


class DeadJobShown(Shown):
    key: str
    name: str
    arguments: dict[str, Any]
    error: str
    enqueued_at: datetime
    died_at: datetime


class Retry(Strict):
    key: Annotated[str, Field(min_length=1, max_length=300)]


class AuditShown(Record):
    at: datetime
    actor: str
    action: str
    subject: str
    facts: dict[str, Any]


@router.get("/jobs/dead", response_model=list[DeadJobShown])
async def list_dead_jobs(wiring: Wired) -> list[DeadJobShown]:
    """Jobs that need a person, newest first."""
    dead = await jobs.list_dead(wiring.settings.url, limit=_DEAD_SHOWN)
    return [
        DeadJobShown(
            key=job.key,
            name=job.name,
            arguments=dict(log.redact(None, "", job.arguments)),
            error=job.error,
            enqueued_at=job.enqueued_at,
            died_at=job.died_at,
        )
        for job in dead
    ]


@router.post("/jobs/dead/retry", status_code=status.HTTP_202_ACCEPTED)
async def retry_job(body: Retry, wiring: Wired, who: Staff, now: Now) -> dict[str, str]:
    """Run it again under the same key, from the try that failed."""
    # Outside any transaction: the job engine writes to the same database.
    if body.key not in {job.key for job in await jobs.list_dead(wiring.settings.url, limit=1_000)}:
        raise JobNotDead()
    async with unit_of_work(wiring.sessions) as session:
        audit.record(
            session, actor=who.actor, action="job.retry", subject=f"job:{body.key}"[:80], now=now
        )
    await jobs.retry(wiring.settings.url, body.key)
    return {"key": body.key, "status": "queued"}


@router.get("/audit", response_model=Page[AuditShown], responses=FILES)
async def list_audit(
    session: Session,
    export: Export,
    subject: Sought | None = None,
    actor: Sought | None = None,
    after: UUID | None = None,
    limit: PageSize = 50,
) -> Page[AuditShown] | Response:
    """Newest first: of one record (`loan:<id>`), of one actor (`staff:<id>`), or of all."""
    if (file := await export.of(listings.AUDIT, listings.trail(subject, actor))) is not None:
        return file
    rows = await audit.list_events(session, subject=subject, actor=actor, after=after, limit=limit)
    return Page.of([AuditShown.model_validate(row) for row in rows], limit)
