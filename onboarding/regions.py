"""The region of a borrower as a keyed hash: loans are counted by it, and nobody can read it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.crypto import Vault, person_key, vault_of
from onboarding.models import Borrower
from onboarding.saving import place

_AT_ONCE = 1_000


def index_of(vault: Vault, text: str) -> str:
    """Of the town, which is written first: `Kisumu, Kondele`."""
    return vault.blind_index("borrowers.region_index", town(text).casefold())


def town(text: str) -> str:
    return " ".join(text.partition(",")[0].split())


async def name_of(session: AsyncSession, borrower: Borrower, *, now: datetime) -> str:
    assert borrower.region_sealed is not None
    key = await person_key(session, vault_of(session), borrower.id, now=now)
    return town(key.open_text(place("region_sealed", borrower), borrower.region_sealed))


async def index_new(session: AsyncSession, *, now: datetime) -> None:
    """Of those who have said where they live since the last time."""
    new = select(Borrower).where(
        Borrower.region_sealed.is_not(None), Borrower.region_index.is_(None)
    )
    while found := list(await session.scalars(new.order_by(Borrower.id).limit(_AT_ONCE))):
        for borrower in found:
            name = await name_of(session, borrower, now=now)
            borrower.region_index = index_of(vault_of(session), name)
        await session.flush()
