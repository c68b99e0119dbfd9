"""Verify a borrower: collect pictures, conclude from what the checks found, or let a person decide.

The checks themselves (`kyc.embedded`) take seconds and happen between two units of work:
`begin_check` in the first, `conclude` in the second.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.crypto import Vault, person_key
from kit.db import lock_key
from kit.errors import DomainError, Kind
from kit.ids import new_id
from kyc import checks, queries, readings
from kyc.checks import CheckResult
from kyc.models import Verification
from kyc.pictures import Inspection
from kyc.quality import Shot
from kyc.states import VERIFICATION, CheckKind, VerificationEvent, VerificationStatus

MAX_RETAKES = 3
"""After this many requests for a better picture the next one is taken as it is, and a person
looks: nobody is locked out for an old camera."""


class VerificationNotCollecting(DomainError):
    """A picture arrived when none is wanted: the check is running or over."""

    kind = Kind.CONFLICT
    code = "verification_not_collecting"


class PictureMissing(DomainError):
    kind = Kind.CONFLICT
    code = "picture_missing"


class ReasonMissing(DomainError):
    code = "verification_reason_missing"


class PersonVerdict(StrEnum):
    PASSED = "passed"
    REFUSED = "refused"


async def open(
    session: AsyncSession, borrower_id: UUID, *, clip_wanted: bool = False, now: datetime
) -> Verification:
    """The borrower's verification under way, or a new one."""
    await lock_key(session, f"verification:{borrower_id}")
    if (running := await queries.find_open(session, borrower_id)) is not None:
        return running
    verification = Verification(
        id=new_id(), borrower_id=borrower_id, status=VERIFICATION.initial,
        clip_wanted=clip_wanted, created_at=now,
    )  # fmt: skip
    session.add(verification)
    await session.flush()
    return verification


def ask_retake(verification: Verification, inspection: Inspection) -> bool:
    """Whether the borrower should take the picture again; counted, and not for ever."""
    _require_collecting(verification)
    asked = _retakes(verification, inspection.shot)
    if not inspection.findings or asked >= MAX_RETAKES:
        return False
    setattr(verification, f"{inspection.shot}_retakes", asked + 1)
    return True


def attach_document(
    session: AsyncSession, verification: Verification, blob_id: UUID, *, now: datetime
) -> None:
    """Use this stored picture as the document. A later one takes its place; none is deleted."""
    _attach(session, verification, Shot.DOCUMENT, blob_id, now=now)
    verification.document_retakes = 0  # The other side has its own tries.
    readings.forget(verification)


def attach_back(
    session: AsyncSession, verification: Verification, blob_id: UUID, *, now: datetime
) -> None:
    """The other side of the document."""
    _attach(session, verification, "back", blob_id, now=now)
    verification.wants_back = False


def attach_selfie(
    session: AsyncSession, verification: Verification, blob_id: UUID, *, now: datetime
) -> None:
    _attach(session, verification, Shot.SELFIE, blob_id, now=now)


def is_complete(verification: Verification) -> bool:
    """Everything is there that the checks look at."""
    return _missing(verification) is None


def begin_check(session: AsyncSession, verification: Verification, *, now: datetime) -> None:
    """Close the collection. Compare next, outside this unit of work, then `conclude`."""
    if (missing := _missing(verification)) is not None:
        raise PictureMissing(shot=missing)
    actor = f"borrower:{verification.borrower_id}"
    audit.move(
        session, VERIFICATION, verification, VerificationEvent.COMPLETED, actor=actor, now=now
    )
    verification.attempts += 1


async def conclude(
    session: AsyncSession,
    vault: Vault,
    verification: Verification,
    results: Sequence[CheckResult],
    *,
    now: datetime,
) -> None:
    """Pass what every check finds clear; everything else goes to a person."""
    for result in results:
        await checks.keep(session, vault, verification, result, now=now)
        if result.kind is CheckKind.FACE:
            await _remember_face(session, vault, verification, result, now)
    verification.reasons = list(dict.fromkeys(code for each in results for code in each.reasons))
    is_fine = all(result.verdict in checks.IS_FINE for result in results)
    event = VerificationEvent.MATCHED if is_fine else VerificationEvent.DOUBTED
    _move(session, verification, event, actor=audit.SYSTEM, now=now)


def decide_by_person(
    session: AsyncSession,
    verification: Verification,
    *,
    actor: str,
    verdict: PersonVerdict,
    reason: str,
    now: datetime,
) -> None:
    """Settle a doubtful verification. Pictures, numbers and the machine's reasons stay."""
    passed = verdict is PersonVerdict.PASSED
    event = VerificationEvent.APPROVED if passed else VerificationEvent.DENIED
    _move(session, verification, event, actor=actor, now=now, reason=_stated(reason))


def send_back(
    session: AsyncSession,
    verification: Verification,
    shots: Collection[Shot],
    *,
    actor: str,
    reason: str,
    now: datetime,
) -> None:
    """Ask the borrower for these pictures again. The audit trail keeps which were judged."""
    _move(
        session, verification, VerificationEvent.SENT_BACK, actor=actor, now=now,
        reason=_stated(reason),
        document_blob_id=str(verification.document_blob_id),
        selfie_blob_id=str(verification.selfie_blob_id),
    )  # fmt: skip
    for shot in shots:
        setattr(verification, f"{shot}_blob_id", None)
        setattr(verification, f"{shot}_retakes", 0)
    if Shot.DOCUMENT in shots:
        readings.forget(verification)


def template_place(verification_id: UUID) -> str:
    """Where a template is sealed to."""
    return f"verifications.template.{verification_id}"


def _attach(
    session: AsyncSession, verification: Verification, shot: str, blob_id: UUID, *, now: datetime
) -> None:
    _require_collecting(verification)
    audit.record(
        session, actor=f"borrower:{verification.borrower_id}", action=f"verification.{shot}",
        subject=f"verification:{verification.id}", now=now, blob_id=str(blob_id),
    )  # fmt: skip
    setattr(verification, f"{shot}_blob_id", blob_id)


def _require_collecting(verification: Verification) -> None:
    if verification.status is not VerificationStatus.COLLECTING:
        raise VerificationNotCollecting(status=verification.status)


def _retakes(verification: Verification, shot: Shot) -> int:
    document = shot is Shot.DOCUMENT
    return verification.document_retakes if document else verification.selfie_retakes


def _missing(verification: Verification) -> str | None:
    if verification.document_blob_id is None:
        return Shot.DOCUMENT
    if verification.wants_back:
        return "back"
    if verification.read_fields and verification.fields_confirmed_at is None:
        return "fields"
    if verification.selfie_blob_id is None:
        return Shot.SELFIE
    is_settled = verification.clip_blob_id is not None or verification.clip_waived is not None
    return "clip" if verification.clip_wanted and not is_settled else None


async def _remember_face(
    session: AsyncSession,
    vault: Vault,
    verification: Verification,
    result: CheckResult,
    now: datetime,
) -> None:
    verification.engine = result.source
    verification.distance = result.numbers.get("distance")
    verification.threshold = result.numbers.get("threshold")
    verification.fmr = result.numbers.get("fmr")
    verification.problems = list(result.numbers.get("problems", ()))
    if result.template is not None:
        key = await person_key(session, vault, verification.borrower_id, now=now)
        verification.template = key.seal(template_place(verification.id), result.template)
        verification.template_engine, verification.template_at = result.source, now


def _move(
    session: AsyncSession,
    verification: Verification,
    event: VerificationEvent,
    *,
    actor: str,
    now: datetime,
    **facts: str,
) -> None:
    audit.move(session, VERIFICATION, verification, event, actor=actor, now=now, **facts)
    if verification.status in (VerificationStatus.PASSED, VerificationStatus.REFUSED):
        verification.concluded_at, verification.decided_by = now, actor


def _stated(reason: str) -> str:
    if not (reason := reason.strip()):
        raise ReasonMissing()
    return reason[:500]
