"""Proving that a living person is there: acts are asked for, a video note shows them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import storage
from kit.crypto import vault_of
from kit.errors import DomainError, Kind
from kyc import checks
from kyc import queries as verification_queries
from kyc.checks import CheckResult, Evidence
from kyc.liveness import asking
from kyc.liveness.asking import Waiver
from kyc.liveness.challenge import Challenge
from kyc.models import Verification
from onboarding import dossiers, identity, proofs, telemetry
from onboarding.dossiers import Dossier
from onboarding.saving import StepNotAsked
from onboarding.steps import StepKind
from scoring.behaviour import EventKind

STEP = "video"
_LOOKED_AT_FOR = timedelta(minutes=10)
"""After a challenge's time. What was not told by then never will be: another one may be begun."""


class ClipUnderWay(DomainError):
    """One answer to each challenge, and it is being looked at."""

    kind = Kind.CONFLICT
    code = "clip_under_way"


class ClipNotGood(DomainError):
    """Another one should be recorded; `problem` is the first thing that was not as it should be."""

    code = "clip_not_good"


@dataclass(frozen=True)
class Asked:
    """Where the borrower is with the video note."""

    challenge: Challenge | None = None
    """What they are doing now, in time."""
    seconds_left: int = 0
    is_looked_at: bool = False
    is_over: bool = False
    """No further challenge is given."""


NOTHING = Asked()


def asked(dossier: Dossier, *, now: datetime) -> Asked:
    verification = dossier.verification
    if verification is None:
        return NOTHING
    open_one = asking.current(verification)
    if _is_looked_at(dossier, open_one, now):
        return Asked(is_looked_at=True)
    if open_one is not None and now <= open_one.expires_at:
        return Asked(open_one, seconds_left=int((open_one.expires_at - now).total_seconds()))
    return Asked(is_over=asking.are_used_up(verification))


async def begin(session: AsyncSession, dossier: Dossier, *, now: datetime) -> Dossier:
    """The borrower is ready: ask for the acts."""
    verification = await _wanted(session, dossier)
    if asking.are_used_up(verification):
        return await give_up(session, dossier, now=now)
    asking.give(session, verification, now=now)
    dossier.draft.pending_photo = None
    return await _moved(session, dossier)


async def expect(
    session: AsyncSession, dossier: Dossier, *, sent_at: datetime, forwarded: bool, now: datetime
) -> Challenge:
    """A video note came: the challenge that it answers. Refused unless it can be an answer."""
    verification = await _wanted(session, dossier)
    if _is_looked_at(dossier, asking.current(verification), now):
        raise ClipUnderWay()
    answered = asking.require_answer(verification, sent_at=sent_at, forwarded=forwarded)
    dossier.draft.pending_photo = STEP
    await _moved(session, dossier)
    return answered


async def evidence(
    session: AsyncSession, application_id: UUID, nonce: str, *, now: datetime
) -> Evidence:
    """What the note is judged beside: what was asked, selfie and document. Looks are audited."""
    dossier = await identity.waiting_for(session, application_id, STEP)
    verification, answered = await _answered(session, dossier, nonce)
    assert verification.selfie_blob_id is not None
    assert verification.document_blob_id is not None
    return Evidence(
        document=await identity.read(session, verification.document_blob_id, now=now),
        selfie=await identity.read(session, verification.selfie_blob_id, now=now),
        challenge=answered.to_json(),
    )


async def receive(
    session: AsyncSession,
    *,
    application_id: UUID,
    nonce: str,
    content: bytes,
    result: CheckResult | None,
    now: datetime,
) -> Dossier:
    """Keep the note, or ask for another one (`problem`). `result`: None when a provider judges."""
    dossier, verification = await _heard(session, application_id, nonce)
    if result is not None and asking.is_worth_another(result):
        reasons = list(result.reasons)
        if asking.ask_again(session, verification, reasons, now=now):
            return (await _moved(session, dossier)).with_problem(ClipNotGood(problem=reasons[0]))
    blob = await storage.put(
        session, vault_of(session), person_id=dossier.borrower.id, kind="clip", content=content,
        media_type="video/mp4", now=now,
    )  # fmt: skip
    asking.attach(session, verification, blob.id, now=now)
    return await _settled(session, dossier, verification, result, now)


async def refuse(
    session: AsyncSession, *, application_id: UUID, nonce: str, why: DomainError, now: datetime
) -> Dossier:
    """What came is no film that can be looked at: another one, or a person."""
    dossier, verification = await _heard(session, application_id, nonce)
    if asking.ask_again(session, verification, [why.code], now=now):
        return (await _moved(session, dossier)).with_problem(why)
    asking.waive(session, verification, Waiver.CHALLENGES_USED_UP, now=now)
    return await _settled(session, dossier, verification, None, now)


async def lose(
    session: AsyncSession, *, application_id: UUID, nonce: str, why: DomainError, now: datetime
) -> Dossier:
    """The note did not reach us, which is nobody's fault: another one, as if none was asked."""
    dossier, verification = await _heard(session, application_id, nonce)
    asking.take_back(session, verification, now=now)
    return (await _moved(session, dossier)).with_problem(why)


async def give_up(session: AsyncSession, dossier: Dossier, *, now: datetime) -> Dossier:
    """The borrower cannot do the acts, or no challenge is left: a person looks."""
    verification = await _wanted(session, dossier)
    over = asked(dossier, now=now).is_over
    why = Waiver.CHALLENGES_USED_UP if over else Waiver.CANNOT_DO_ACTS
    asking.waive(session, verification, why, now=now)
    dossier.draft.pending_photo = None
    return await _settled(session, dossier, verification, None, now)


def _is_looked_at(dossier: Dossier, answered: Challenge | None, now: datetime) -> bool:
    if dossier.draft.pending_photo != STEP or answered is None:
        return False
    return now <= answered.expires_at + _LOOKED_AT_FOR


async def _wanted(session: AsyncSession, dossier: Dossier) -> Verification:
    """The verification that waits for a video note, held. Raises StepNotAsked."""
    current = proofs.current(dossier)
    if current is None or current.kind is not StepKind.VIDEO or dossier.verification is None:
        raise StepNotAsked(step=STEP)
    return await verification_queries.get_verification(session, dossier.verification.id, lock=True)


async def _heard(
    session: AsyncSession, application_id: UUID, nonce: str
) -> tuple[Dossier, Verification]:
    """Nobody waits for this note any more, whatever became of it."""
    dossier = await identity.waiting_for(session, application_id, STEP)
    verification, _ = await _answered(session, dossier, nonce)
    dossier.draft.pending_photo = None
    return dossier, verification


async def _answered(
    session: AsyncSession, dossier: Dossier, nonce: str
) -> tuple[Verification, Challenge]:
    """Raises StepNotAsked when another challenge was given since."""
    assert dossier.verification is not None
    number = dossier.verification.id
    verification = await verification_queries.get_verification(session, number, lock=True)
    answered = asking.current(verification)
    if answered is None or answered.nonce != nonce:
        raise StepNotAsked(step=STEP)
    return verification, answered


async def _settled(
    session: AsyncSession,
    dossier: Dossier,
    verification: Verification,
    result: CheckResult | None,
    now: datetime,
) -> Dossier:
    """The collection is complete: the check begins, with what was judged already."""
    if dossier.is_drafting:
        telemetry.record(session, dossier.draft.id, EventKind.ANSWERED, STEP, now=now)
    await identity.check_when_complete(session, dossier, verification, now=now)
    if result is not None:
        await checks.keep(session, vault_of(session), verification, result, now=now)
    return await _moved(session, dossier)


async def _moved(session: AsyncSession, dossier: Dossier) -> Dossier:
    dossier.draft.version += 1
    await session.flush()
    return await dossiers.of(session, dossier.borrower)
