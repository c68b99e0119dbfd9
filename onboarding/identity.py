"""Proving who the borrower is: pictures come in, the check runs beside the questions."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, jobs, storage
from kit.config import Settings
from kit.crypto import vault_of
from kit.errors import DomainError
from kyc import originals, readings, verifications
from kyc import queries as verification_queries
from kyc.checks import Evidence
from kyc.models import Verification
from kyc.pictures import Inspection
from onboarding import dossiers, journey, proofs, read_fields, steps, telemetry
from onboarding.dossiers import Dossier
from onboarding.models import Application
from onboarding.read_fields import ReadField
from onboarding.saving import StepNotAsked
from onboarding.states import APPLICATION, ApplicationEvent
from scoring.behaviour import EventKind


class PictureNotGood(DomainError):
    """The picture should be taken again; `problem` is the first thing that is wrong with it."""

    code = "picture_not_good"


async def expect_photo(session: AsyncSession, dossier: Dossier, *, step: str) -> None:
    """A picture for `step` is on its way. Refused unless it is the question being asked."""
    current = proofs.current(dossier)
    if current is None or current.name != step or current.kind is not steps.StepKind.PHOTO:
        raise StepNotAsked(step=step)
    dossier.draft.pending_photo = step
    await session.flush()


async def receive_photo(
    session: AsyncSession,
    *,
    application_id: UUID,
    step: str,
    inspection: Inspection,
    settings: Settings,
    now: datetime,
) -> Dossier:
    """Keep the cleaned picture, or ask for a better one (`problem`). With all, check them."""
    dossier = await waiting_for(session, application_id, step)
    verification = await verifications.open(
        session, dossier.borrower.id, clip_wanted=settings.liveness == "required", now=now
    )
    dossier.draft.verification_id = verification.id
    dossier.draft.pending_photo = None
    dossier.draft.version += 1
    if verifications.ask_retake(verification, inspection):
        problem = PictureNotGood(step=step, problem=inspection.findings[0].problem)
        return (await dossiers.of(session, dossier.borrower)).with_problem(problem)
    blob = await storage.put(
        session, vault_of(session), person_id=dossier.borrower.id, kind=step,
        content=inspection.content, media_type="image/jpeg", now=now,
    )  # fmt: skip
    _ATTACH[step](session, verification, blob.id, now=now)
    originals.remember(verification, step, inspection)
    if inspection.reading is not None:
        await readings.keep(session, verification, inspection.reading, now=now)
    elif step == "document_back":
        readings.set_aside(verification)
    if dossier.is_drafting:
        telemetry.record(session, application_id, EventKind.ANSWERED, step, now=now)
    await session.flush()
    await check_when_complete(session, dossier, verification, now=now)
    return await dossiers.of(session, dossier.borrower)


_ATTACH = {
    "document": verifications.attach_document,
    "document_back": verifications.attach_back,
    "selfie": verifications.attach_selfie,
}


async def sides_before(
    session: AsyncSession, dossier: Dossier, step: str, *, now: datetime
) -> list[bytes]:
    """The pictures of the document that belong before the one for `step`."""
    verification = dossier.verification
    if step != "document_back" or verification is None or verification.document_blob_id is None:
        return []
    return [await read(session, verification.document_blob_id, now=now)]


async def forget_photo(session: AsyncSession, application_id: UUID, step: str) -> Dossier:
    """The picture for `step` could not be fetched or read: the question stands as it was."""
    await dossiers.hold_owner(session, Application, application_id)
    application = await session.get_one(Application, application_id, with_for_update=True)
    if application.pending_photo != step:
        raise StepNotAsked(step=step)
    application.pending_photo = None
    await session.flush()
    return await dossiers.get(session, application.borrower_id)


async def skip_back(session: AsyncSession, dossier: Dossier, *, now: datetime) -> Dossier:
    """The borrower says that the other side is empty: what the front says has to do."""
    verification = _asked_about(dossier, "document_back")
    verification.wants_back = False
    return await _told(session, dossier, verification, "document_back", now)


async def confirm_fields(session: AsyncSession, dossier: Dossier, *, now: datetime) -> Dossier:
    """What was read, with the borrower's corrections, is right."""
    verification = _asked_about(dossier, "read_fields")
    verification.fields_confirmed_at = now
    return await _told(session, dossier, verification, "read_fields", now)


async def correct_field(session: AsyncSession, dossier: Dossier, step: str) -> Dossier:
    """Ask what stands there instead. That we misread it says nothing of the borrower's ways."""
    _asked_about(dossier, "read_fields")
    if steps.find(dossier, step) not in steps.CORRECTIONS:
        raise StepNotAsked(step=step[:40])
    dossier.draft.asked_step = step
    dossier.draft.version += 1
    await session.flush()
    return await dossiers.of(session, dossier.borrower)


async def fields(session: AsyncSession, dossier: Dossier, *, now: datetime) -> list[ReadField]:
    """What was read on the document, to be confirmed."""
    said = await typed(session, dossier, now=now)
    return await read_fields.shown(session, dossier, said, now=now)


def _asked_about(dossier: Dossier, step: str) -> Verification:
    current = proofs.current(dossier)
    if current is None or current.name != step or dossier.verification is None:
        raise StepNotAsked(step=step)
    return dossier.verification


async def _told(
    session: AsyncSession, dossier: Dossier, verification: Verification, step: str, now: datetime
) -> Dossier:
    if dossier.draft.asked_step == step:
        dossier.draft.asked_step = None
    dossier.draft.version += 1
    if dossier.is_drafting:
        telemetry.record(session, dossier.draft.id, EventKind.ANSWERED, step, now=now)
    await session.flush()
    await check_when_complete(session, dossier, verification, now=now)
    return await dossiers.of(session, dossier.borrower)


async def check_when_complete(
    session: AsyncSession, dossier: Dossier, verification: Verification, *, now: datetime
) -> None:
    if not verifications.is_complete(verification):
        return
    await start_check(session, verification.id, now=now)
    if not dossier.is_drafting:
        _send_again(session, dossier, now)


async def start_check(session: AsyncSession, verification_id: UUID, *, now: datetime) -> None:
    verification = await verification_queries.get_verification(session, verification_id, lock=True)
    verifications.begin_check(session, verification, now=now)
    await jobs.enqueue(
        session,
        "onboarding.identify",
        key=f"identify:{verification_id}:{verification.attempts}",
        verification_id=str(verification_id),
    )


async def evidence(
    session: AsyncSession, dossier: Dossier, verification: Verification, *, now: datetime
) -> Evidence:
    """What the checks look at: pictures, film, and what the borrower said. Each look is audited."""
    document, selfie = verification.document_blob_id, verification.selfie_blob_id
    assert document is not None
    assert selfie is not None
    clip, back = verification.clip_blob_id, verification.back_blob_id
    zone = ZoneInfo(dossier.borrower.timezone)
    return Evidence(
        document=await read(session, document, now=now),
        selfie=await read(session, selfie, now=now),
        back=await read(session, back, now=now) if back is not None else None,
        told=await readings.opened(session, verification, now=now),
        clip=await read(session, clip, now=now) if clip is not None else None,
        challenge=verification.challenge,
        clip_waived=verification.clip_waived,
        noticed=await originals.noticed(session, verification),
        typed=await typed(session, dossier, now=now),
        on=now.astimezone(zone).date(),
    )


async def typed(session: AsyncSession, dossier: Dossier, *, now: datetime) -> dict[str, str]:
    """What the borrower wrote that stands on a document, too."""
    return {
        name: await journey.known_value(session, dossier, name, now=now)
        for name in _TYPED
        if steps.BY_NAME[name].is_answered(dossier)
    }


_TYPED = ("full_name", "birth_date")
"""Steps whose answers stand on a document, too."""


async def read(session: AsyncSession, blob_id: UUID, *, now: datetime) -> bytes:
    return await storage.read(
        session,
        vault_of(session),
        blob_id,
        actor=audit.SYSTEM,
        purpose="identity check",
        now=now,
    )


async def waiting_for(session: AsyncSession, application_id: UUID, step: str) -> Dossier:
    """Whose file is on its way. Raises StepNotAsked when it is not any more."""
    await dossiers.hold_owner(session, Application, application_id)
    application = await session.get(Application, application_id, with_for_update=True)
    if application is None:
        raise dossiers.NoApplication()
    dossier = await dossiers.get(session, application.borrower_id, lock=True)
    if dossier.draft.pending_photo != step or not proofs.is_missing(dossier, step):
        raise StepNotAsked(step=step)
    return dossier


def _send_again(session: AsyncSession, dossier: Dossier, now: datetime) -> None:
    """The application waits for the check as it did when it was sent."""
    actor = f"borrower:{dossier.borrower.id}"
    audit.move(session, APPLICATION, dossier.draft, ApplicationEvent.SUBMIT, actor=actor, now=now)
