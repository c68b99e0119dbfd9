"""The lists in force: read from a folder, kept by version, and in memory to search in."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from kit import audit
from kit.db import lock_key
from kit.errors import DomainError
from kit.ids import new_id
from kyc import workers
from kyc.screening import entries
from kyc.screening.entries import Listing, ListNotReadable
from kyc.screening.index import Index
from kyc.screening.models import ScreeningList
from kyc.screening.readers import folder
from kyc.screening.readers.folder import Found

_SHRINKS_TO = 0.5
_IN_FORCE = (
    select(ScreeningList)
    .where(ScreeningList.superseded_at.is_(None))
    .order_by(ScreeningList.publisher)
)


class ListShrank(DomainError):
    """It has less than half of the entries that it had: more likely a broken download."""

    code = "screening_list_shrank"


class FolderNotReadable(DomainError):
    code = "screening_folder_not_readable"


@dataclass(frozen=True)
class Read:
    found: Found
    listing: Listing
    sha256: str


def found_in(place: Path) -> list[Found]:
    try:
        return folder.found_in(place)
    except OSError:
        raise FolderNotReadable(folder=str(place)) from None


async def read(found: Found) -> Read:
    """In a separate process with limits: a hostile file ends that one, and nothing is loaded."""
    try:
        listing, sha256 = await workers.run(folder.read, found)
    except workers.PictureCheckFailed:
        raise ListNotReadable(why="it takes too much memory or time") from None
    return Read(found, listing, sha256)


async def keep(
    session: AsyncSession, read: Read, *, may_shrink: bool = False, now: datetime
) -> ScreeningList | None:
    """Put the new version in force. None when it is the one in force already."""
    listing = read.listing
    await lock_key(session, f"screening:{listing.publisher}")
    current = await session.scalar(
        select(ScreeningList).where(
            ScreeningList.publisher == listing.publisher, ScreeningList.superseded_at.is_(None)
        )
    )
    if current is not None:
        if current.sha256 == read.sha256:
            return None
        if not may_shrink and len(listing.entries) < current.entries * _SHRINKS_TO:
            raise ListShrank(publisher=listing.publisher, before=current.entries)
        current.superseded_at, current.content = now, None
        await session.flush()
    version = ScreeningList(
        id=new_id(),
        publisher=listing.publisher,
        published_on=listing.published_on,
        files=read.found.label[:200],
        sha256=read.sha256,
        entries=len(listing.entries),
        content=entries.packed(listing.entries),
        loaded_at=now,
    )
    session.add(version)
    audit.record(
        session, actor=audit.SYSTEM, action="screening_list.loaded",
        subject=f"screening_list:{version.id}", now=now,
        publisher=version.publisher, entries=version.entries, sha256=version.sha256,
    )  # fmt: skip
    await session.flush()
    return version


async def in_force(session: AsyncSession) -> Sequence[ScreeningList]:
    return (await session.scalars(_IN_FORCE)).all()


async def versions(session: AsyncSession) -> Sequence[ScreeningList]:
    """All that ever were in force, newest first."""
    return (await session.scalars(select(ScreeningList).order_by(ScreeningList.id.desc()))).all()


_indexed: tuple[tuple[UUID, ...], Index] | None = None


async def index(session: AsyncSession) -> Index | None:
    """The lists in force in this process's memory; None when there are none."""
    global _indexed
    ids = tuple(row.id for row in await in_force(session))
    if not ids:
        return None
    if _indexed is None or _indexed[0] != ids:
        # One statement for which and what: another process may replace a list at any moment.
        rows = (await session.scalars(_IN_FORCE.options(undefer(ScreeningList.content)))).all()
        packed = [(row.publisher, row.content) for row in rows if row.content is not None]
        _indexed = tuple(row.id for row in rows), await asyncio.to_thread(_built, packed)
    return _indexed[1]


def _built(packed: Sequence[tuple[str, bytes]]) -> Index:
    return Index((publisher, entries.unpacked(content)) for publisher, content in packed)
