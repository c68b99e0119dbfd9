"""Any table as a file: CSV or Excel, with the filter of the page or call that shows it."""

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query, Request
from fastapi.responses import Response, StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession

from api import auth, staff
from api.deps import Session, Staff, Today, Wired, Wiring
from kit import audit, tabular
from kit.db import Sessions, unit_of_work
from kit.tabular import Cell

R = TypeVar("R")
Fetch = Callable[[AsyncSession, R | None], Awaitable[Sequence[R]]]
"""The rows after this one, of which None is before the first; none at the end."""
PAGE = 1_000
_CHUNK = 64 * 1024


class Format(StrEnum):
    CSV = "csv"
    EXCEL = "xlsx"


_MEDIA_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.EXCEL: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {media.partition(";")[0]: {} for media in _MEDIA_TYPES.values()}}
}
"""For the description of routes that answer with files too."""


@dataclass(frozen=True)
class Column(Generic[R]):
    title: str
    value: Callable[[R], Cell]
    leads_to: Callable[[R], str | None] | None = None
    """The console's page about it."""
    is_code: bool = False
    """One word of ours or of a rail, which the console writes plainly."""


@dataclass(frozen=True)
class Table(Generic[R]):
    name: str
    """Of the file."""
    columns: Sequence[Column[R]]

    @property
    def titles(self) -> list[str]:
        return [column.title for column in self.columns]

    def cells(self, row: R) -> list[Cell]:
        return [column.value(row) for column in self.columns]


def period(since: date | None, until: date) -> str:
    """For the name of a file."""
    return f"{since}-{until}" if since else until.isoformat()


def listed(rows: Sequence[R]) -> Fetch[R]:
    """For lists that are short enough to have been read whole."""

    async def fetch(session: AsyncSession, last: R | None) -> Sequence[R]:
        return rows if last is None else []

    return fetch


async def asked_format(
    request: Request,
    format: Annotated[
        Format | None, Query(description="A file with all rows; `Accept` says the same.")
    ] = None,
) -> Format | None:
    if format is not None:
        return format
    accepted = request.headers.get("accept", "")
    for each, media in _MEDIA_TYPES.items():
        if media.partition(";")[0] in accepted:
            return each
    return None


def file_of(
    session: AsyncSession,
    wiring: Wiring,
    who: auth.Staff,
    format: Format,
    table: Table[R],
    fetch: Fetch[R],
    *,
    about: str,
) -> Response:
    """All rows, page by page, each page in a transaction of its own after that of the request, in
    which it is recorded who took it. `about` tells the file apart from others of the table."""
    audit.record(
        session, actor=who.actor, action="table.export", subject=f"table:{table.name}"[:80],
        now=wiring.clock.now(), format=format,
    )  # fmt: skip
    pages, zone = _pages(wiring.sessions, table, fetch), wiring.settings.timezone
    if format is Format.CSV:
        content = tabular.as_csv(table.titles, pages, zone=zone)
    else:
        content = _excel(table.titles, pages, zone)
    return StreamingResponse(
        content,
        media_type=_MEDIA_TYPES[format],
        headers={"Content-Disposition": f'attachment; filename="{table.name}-{about}.{format}"'},
    )


@dataclass(frozen=True)
class Exports:
    """What a route of the API needs to answer with a file instead of JSON."""

    session: AsyncSession
    wiring: Wiring
    who: auth.Staff
    day: str
    format: Format | None

    async def of(self, table: Table[R], fetch: Fetch[R], *, about: str = "") -> Response | None:
        """None: JSON is wanted. A file that says nothing else is called after the day."""
        if self.format is None:
            return None
        return file_of(
            self.session, self.wiring, self.who, self.format, table, fetch, about=about or self.day
        )


async def _exports(
    session: Session,
    wiring: Wired,
    who: Staff,
    today: Today,
    format: Annotated[Format | None, Depends(asked_format)],
) -> Exports:
    return Exports(session, wiring, who, today.isoformat(), format)


Export = Annotated[Exports, Depends(_exports)]


async def _pages(
    sessions: Sessions, table: Table[R], fetch: Fetch[R]
) -> AsyncIterator[list[list[Cell]]]:
    last: R | None = None
    async with unit_of_work(sessions) as session:
        names = await staff.names(session)
    while True:
        async with unit_of_work(sessions) as session:
            rows = await fetch(session, last)
            cells = [[_named(cell, names) for cell in table.cells(row)] for row in rows]
        if not rows:
            return
        yield cells
        last = rows[-1]


def _named(cell: Cell, names: Mapping[str, str]) -> Cell:
    return names.get(cell, cell) if isinstance(cell, str) else cell


async def _excel(titles: Sequence[str], pages: tabular.Pages, zone: str) -> AsyncIterator[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.xlsx"
        await tabular.as_excel(titles, pages, path, zone=zone)
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
