"""What can be taken away from a page: its tables with all of their rows, and proofs."""

from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Query
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import exports
from api.console.door import AtDesk, Desk
from api.deps import Session
from api.exports import Fetch, Format, Table

R = TypeVar("R")


@dataclass(frozen=True)
class File:
    desk: Desk
    session: AsyncSession
    format: Format | None
    part: str

    async def of(
        self, table: Table[R], fetch: Fetch[R], *, part: str = "", about: str = ""
    ) -> Response | None:
        """None: the page is wanted, or another of its tables. A file that says nothing else is
        called after the day."""
        if self.format is None or self.part != part:
            return None
        return exports.file_of(
            self.session, self.desk.wiring, self.desk.who, self.format, table, fetch,
            about=about or self.desk.today.isoformat(),
        )  # fmt: skip


async def _asked(
    desk: AtDesk,
    session: Session,
    format: Annotated[Format | None, Query()] = None,
    part: Annotated[str, Query(max_length=40)] = "",
) -> File:
    return File(desk, session, format, part)


AskedFile = Annotated[File, Depends(_asked)]


def attachment(content: str, name: str) -> Response:
    return Response(
        content,
        media_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
