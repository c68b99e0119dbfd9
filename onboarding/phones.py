"""A proven phone that is lost: two of staff take it back, and the borrower proves another one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from kit import four_eyes
from kit.four_eyes import Proposal
from notifications import contacts, outbox
from notifications.states import Channel, Purpose
from onboarding import dossiers
from onboarding.codes import PhoneNotProven
from onboarding.dossiers import Dossier
from onboarding.models import Borrower, Code, is_open


async def reset(
    session: AsyncSession, borrower_id: UUID, *, staff_id: UUID, reason: str, now: datetime
) -> Proposal:
    """Forget the number with all that would still reach it, once two people agree."""
    dossier = await dossiers.get(session, borrower_id, lock=True)
    proven_at = dossier.borrower.phone_verified_at
    if proven_at is None:
        raise PhoneNotProven()
    proposal = await four_eyes.agree(
        session, act="borrower.reset_phone", subject=f"borrower:{borrower_id}",
        staff_id=staff_id, reason=reason, now=now, proven_at=proven_at.isoformat(),
    )  # fmt: skip
    if proposal.is_confirmed:
        await _forget(session, dossier, now)
        await _tell(session, dossier.borrower, proposal, now)
    return proposal


async def _forget(session: AsyncSession, dossier: Dossier, now: datetime) -> None:
    borrower, application = dossier.borrower, dossier.application
    borrower.phone_sealed = borrower.phone_index = borrower.phone_verified_at = None
    borrower.phone_reset_at = now
    if application is not None and is_open(application):
        # Money must not go to a wallet that somebody else may hold by now.
        application.wallet_sealed = application.wallet_index = None
        application.version += 1
    await session.execute(
        update(Code)
        .where(Code.borrower_id == borrower.id, Code.used_at.is_(None), Code.expires_at > now)
        .values(expires_at=now)
    )
    await contacts.forget_phone(session, person_id=borrower.id, now=now)
    await outbox.cancel_sms(session, person_id=borrower.id, reason="phone_reset", now=now)


async def _tell(
    session: AsyncSession, borrower: Borrower, proposal: Proposal, now: datetime
) -> None:
    await outbox.notify(
        session,
        person_id=borrower.id,
        template="phone_reset",
        params={"button": "status"},
        key=f"phone_reset:{proposal.id}",
        purpose=Purpose.CRITICAL,
        subject=f"borrower:{borrower.id}",
        channels=(Channel.TELEGRAM,),
        fallback=False,
        now=now,
    )
