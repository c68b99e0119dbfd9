"""After a change of engine: templates are made again from the selfies that are still kept."""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, jobs, storage
from kit.crypto import KeyDestroyed, person_key, vault_of
from kit.db import unit_of_work
from kit.storage import Blob, FileErased
from kyc import faces, pictures
from kyc.models import Verification
from kyc.verifications import template_place

DESCRIBE = "kyc.describe"
_AT_ONCE = 2000


@jobs.every("40 2 * * *", "kyc.renew_templates")
async def renew_templates(session: AsyncSession, *, now: datetime, tick: datetime) -> None:
    """Ask for the templates that another engine made than the one that makes them now."""
    engine = faces.default_engine().name
    numbers = await session.scalars(
        select(Verification.id)
        .join(Blob, Blob.id == Verification.selfie_blob_id)
        .where(
            Verification.template_engine != engine,
            Verification.template.is_not(None),
            Blob.erased_at.is_(None),
        )
        .order_by(Verification.template_at.desc())
        .limit(_AT_ONCE)
    )
    for number in numbers:
        await jobs.enqueue(
            session, DESCRIBE, key=f"describe:{engine}:{number}", verification_id=str(number)
        )


@jobs.effect(DESCRIBE, queue="heavy")
async def describe(context: jobs.Context, *, verification_id: str) -> None:
    """Describe one selfie's face by today's engine. What the check had found stays as it is."""
    with suppress(FileErased, KeyDestroyed):  # Destroyed since: nothing is left to look at.
        await _describe(context, UUID(verification_id))


async def _describe(context: jobs.Context, number: UUID) -> None:
    now = context.clock.now()
    async with unit_of_work(context.sessions) as session:
        verification = await session.get_one(Verification, number)
        described = verification.selfie_blob_id
        if described is None:
            return
        selfie = await storage.read(
            session, vault_of(session), described, actor=audit.SYSTEM, purpose="face template",
            now=now,
        )  # fmt: skip
    engine, template = await pictures.describe(selfie)
    async with unit_of_work(context.sessions) as session:
        verification = await session.get_one(Verification, number, with_for_update=True)
        if template is not None and verification.selfie_blob_id == described:
            key = await person_key(session, vault_of(session), verification.borrower_id, now=now)
            verification.template = key.seal(template_place(number), template)
            verification.template_engine, verification.template_at = engine, now
