"""The table of jobs that died, for pages and files alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api import listings
from api.exports import Column, Table
from kit import job_rows, jobs, log
from kit.jobs import DeadJob

MOST = 200
"""The newest. Where more have died, one cause has killed them all."""
_KINDS = {
    "payout_id": "payout",
    "request_id": "payment_request",
    "refund_id": "refund",
    "loan_id": "loan",
    "pool_id": "funding_pool",
}


@dataclass(frozen=True)
class Died:
    job: DeadJob
    failures: int

    @property
    def arguments(self) -> dict[str, Any]:
        """Without personal data."""
        return dict(log.redact(None, "", self.job.arguments))

    @property
    def subject(self) -> str | None:
        """The record about money that it works on, as the audit trail names it."""
        given = self.job.arguments
        named = {_KINDS[name]: value for name, value in given.items() if name in _KINDS}
        if "order_id" in given:
            named[str(given.get("kind"))] = given["order_id"]
        return next((f"{kind}:{key}" for kind, key in named.items() if _is_id(key)), None)

    @property
    def page(self) -> str:
        return f"/console/jobs/one?key={quote(self.job.key, safe='')}"


DEAD: Table[Died] = Table(
    "dead-jobs",
    (
        Column("What", lambda row: row.job.name, lambda row: row.page, is_code=True),
        Column("Why", lambda row: row.job.error),
        Column("Failures", lambda row: row.failures),
        Column("Died", lambda row: row.job.died_at),
        Column("Concerns", lambda row: row.subject, lambda row: _page_of(row.subject)),
        Column("Enqueued", lambda row: row.job.enqueued_at),
        Column("Key", lambda row: row.job.key),
    ),
)


async def list_died(session: AsyncSession, url: str) -> Sequence[Died]:
    """Newest first."""
    dead = await jobs.list_dead(url, limit=MOST)
    failures = await job_rows.failures_of(session, [job.key for job in dead])
    return [Died(job, failures.get(job.key, 0)) for job in dead]


def _is_id(value: object) -> bool:
    try:
        UUID(str(value))
    except ValueError:
        return False
    return True


def _page_of(subject: str | None) -> str | None:
    return listings.page_of(subject) if subject is not None else None
