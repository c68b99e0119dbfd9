"""Lists of what people resolve: what is open, and, when asked for, what is over."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api import exports, listings
from api.exports import Column, Fetch, Table
from servicing import incidents, reconciliation, resolved, suspense
from servicing.models import Incident, ReconciliationBreak, SuspenseItem
from servicing.resolved import R

T = TypeVar("T")


@dataclass(frozen=True)
class Kind(Generic[R]):
    model: type[R]
    list_open: Callable[..., Awaitable[Sequence[R]]]
    open: Table[R]
    over: Table[R]

    def table(self, *, is_over: bool | None) -> Table[R]:
        return self.over if is_over else self.open

    async def page(
        self, session: AsyncSession, *, is_over: bool | None, after: UUID | None, limit: int
    ) -> Sequence[R]:
        if is_over:
            return await resolved.list_over(session, self.model, after=after, limit=limit)
        return await self.list_open(session, after=after, limit=limit)

    def every(self, *, is_over: bool | None) -> Fetch[R]:
        async def fetch(session: AsyncSession, last: R | None) -> Sequence[R]:
            after = last.id if last is not None else None
            return await self.page(session, is_over=is_over, after=after, limit=exports.PAGE)

        return fetch


def _over(table: Table[T], *more: Column[T]) -> Table[T]:
    return Table(f"{table.name}-over", (*table.columns, *more))


SUSPENSE = Kind(
    SuspenseItem,
    suspense.list_open,
    listings.SUSPENSE,
    _over(
        listings.SUSPENSE,
        Column("Left", lambda row: row.resolved_at),
        Column("Given back by", lambda row: row.refund_reference),
    ),
)
INCIDENTS = Kind(
    Incident,
    incidents.list_open,
    listings.INCIDENTS,
    _over(listings.INCIDENTS, Column("Resolved", lambda row: row.resolved_at)),
)
BREAKS = Kind(
    ReconciliationBreak,
    reconciliation.list_open,
    listings.BREAKS,
    _over(
        listings.BREAKS,
        Column("Resolution", lambda row: row.resolution, is_code=True),
        Column("Resolved", lambda row: row.resolved_at),
    ),
)
