"""Borrowers against the lists: when they prove who they are, and again when a list changes."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, jobs
from kit.config import Settings
from kit.crypto import KeyDestroyed, PersonKeyRow, person_key, vault_of
from kit.db import Sessions, unit_of_work
from kit.errors import DomainError
from kyc.checks import CheckResult
from kyc.models import Verification
from kyc.screening import check, hits, lists
from kyc.screening.index import Index
from kyc.screening.lists import Read
from kyc.screening.matching import Hit, Person
from kyc.states import CheckKind
from onboarding import cases
from onboarding.models import Borrower
from onboarding.saving import place
from onboarding.states import CaseKind

BATCH = 100
"""Borrowers whose names are opened at once."""


GOOD = ("loaded", "unchanged", "older")
"""Every other outcome of a file is a refusal."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Loaded:
    """What became of one list in the folder."""

    files: str
    publisher: str | None
    entries: int | None
    outcome: str
    """`loaded`, `unchanged`, `older` than another file of the publisher, or a refusal's code."""
    why: str = ""


async def load(
    sessions: Sessions, folder: Path, *, may_shrink: bool = False, now: datetime
) -> list[Loaded]:
    """Put what is new in the folder in force, and screen every borrower again if anything is."""
    reads, told = [], []
    for found in lists.found_in(folder):
        try:
            reads.append(await lists.read(found))
        except DomainError as refused:
            told.append(_refused(found.label, None, refused))
    newest = {read.listing.publisher: read for read in sorted(reads, key=_age)}
    for read in reads:
        if newest[read.listing.publisher] is not read:
            told.append(_told(read, "older"))
            continue
        try:
            async with unit_of_work(sessions) as session:
                version = await lists.keep(session, read, may_shrink=may_shrink, now=now)
                if version is not None:
                    await start(session, f"rescreen:{version.id}")
            told.append(_told(read, "unchanged" if version is None else "loaded"))
        except DomainError as refused:
            told.append(_refused(read.found.label, read, refused))
    return sorted(told, key=lambda each: each.files)


async def start(session: AsyncSession, run: str, after: UUID | None = None) -> None:
    """One batch of the run; it asks for the next. Whatever is done stays done after a crash."""
    await jobs.enqueue(
        session, "onboarding.rescreen", key=f"{run}:{after or 'start'}",
        run=run, after=str(after) if after else None,
    )  # fmt: skip


@jobs.every("23 * * * *", "onboarding.look_for_lists")
async def look_for_lists(session: AsyncSession, *, now: datetime, tick: datetime) -> None:
    """Lists that the lender has put into the folder since."""
    await jobs.enqueue(session, "onboarding.load_lists", key=f"load_lists:{tick.isoformat()}")


@jobs.effect("onboarding.load_lists", queue="heavy")
async def load_lists(context: jobs.Context) -> None:
    folder = context.service(Settings).screening_dir
    if folder is None:
        return
    for told in await load(context.sessions, folder, now=context.clock.now()):
        if told.outcome not in GOOD:
            log.error("screening.refused", files=told.files, why=told.outcome)


@jobs.effect("onboarding.rescreen", queue="heavy")
async def rescreen(context: jobs.Context, *, run: str, after: str | None) -> None:
    """The next borrowers against the lists in force. Names are open only in memory."""
    async with unit_of_work(context.sessions) as session:
        index = await lists.index(session)
        ids = await _next(session, UUID(after) if after else None)
        persons = [(one, await person_of(session, one, now=context.clock.now())) for one in ids]
    if index is None or not ids:
        return
    found = await asyncio.to_thread(_search, index, persons)
    async with unit_of_work(context.sessions) as session:
        for borrower_id, of_one in found:
            with suppress(KeyDestroyed):  # Erased since the names were read.
                await open_case(session, borrower_id, of_one, now=context.clock.now())
        audit.record(
            session, actor=audit.SYSTEM, action="borrowers.screened",
            subject=f"borrower:{ids[-1]}", now=context.clock.now(), persons=len(ids), run=run,
        )  # fmt: skip
        await start(session, run, ids[-1])


def _search(
    index: Index, persons: Sequence[tuple[UUID, Person | None]]
) -> list[tuple[UUID, list[Hit]]]:
    return [
        (borrower_id, of_one)
        for borrower_id, person in persons
        if person is not None and (of_one := index.search(person, persons_only=True))
    ]


async def person_of(session: AsyncSession, borrower_id: UUID, *, now: datetime) -> Person | None:
    """Name and birth in plain words; None as long as the borrower has not said them."""
    borrower = await session.get_one(Borrower, borrower_id)
    if borrower.full_name_sealed is None:
        return None
    key = await person_key(session, vault_of(session), borrower_id, now=now)
    name = key.open_text(place("full_name_sealed", borrower), borrower.full_name_sealed)
    born = borrower.birth_date_sealed
    return Person(
        name,
        date.fromisoformat(key.open_text(place("birth_date_sealed", borrower), born))
        if born is not None
        else None,
    )


async def open_case(
    session: AsyncSession, borrower_id: UUID, found: Sequence[Hit], *, now: datetime
) -> None:
    """A case for the hits that nobody has seen yet. To clear it, two people have to agree."""
    explained = [hit.explained() for hit in found]
    new = await hits.record(session, borrower_id, explained, now=now)
    if not new:
        return
    case = await cases.open_case(
        session, kind=CaseKind.SCREENING, borrower_id=borrower_id, application_id=None,
        reasons=[check.ON_A_LIST], needs_second=True, now=now,
    )  # fmt: skip
    for hit in new:
        hit.case_id = case.id


async def remember(
    session: AsyncSession, borrower_id: UUID, results: Sequence[CheckResult], *, now: datetime
) -> None:
    """The hits of an identity's check, whose own case a person looks at."""
    for result in results:
        if result.kind is CheckKind.SCREENING:
            await hits.record(session, borrower_id, result.found.get("hits", ()), now=now)


async def _next(session: AsyncSession, after: UUID | None) -> Sequence[UUID]:
    """Borrowers with a verification who were not erased, in the order of their ids."""
    verified = select(Verification.id).where(Verification.borrower_id == Borrower.id).exists()
    query = (
        select(Borrower.id)
        .join(PersonKeyRow, PersonKeyRow.person_id == Borrower.id)
        .where(verified, PersonKeyRow.wrapped.is_not(None))
        .order_by(Borrower.id)
        .limit(BATCH)
    )
    if after is not None:
        query = query.where(Borrower.id > after)
    return (await session.scalars(query)).all()


def _age(read: Read) -> tuple[date, str]:
    return read.listing.published_on or date.min, read.found.label


def _told(read: Read, outcome: str) -> Loaded:
    listing = read.listing
    return Loaded(read.found.label, listing.publisher, len(listing.entries), outcome)


def _refused(files: str, read: Read | None, refused: DomainError) -> Loaded:
    why = ", ".join(str(value) for value in refused.params.values())
    if read is None:
        return Loaded(files, None, None, refused.code, why)
    return replace(_told(read, refused.code), why=why)
