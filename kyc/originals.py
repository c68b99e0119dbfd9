"""What was noticed in the upload of a document before it was cleaned: it cannot be seen later."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kyc.checks import CheckResult, Evidence
from kyc.documents import authenticity
from kyc.documents.authenticity import Reason, Signal
from kyc.models import Verification
from kyc.pictures import Inspection
from kyc.states import CheckKind, CheckVerdict

SOURCE = "kopa-authenticity-1"


def remember(verification: Verification, inspection: Inspection) -> None:
    verification.document_hash = inspection.image_hash
    verification.document_signals = [_kept(signal) for signal in inspection.signals]


async def noticed(session: AsyncSession, verification: Verification) -> list[dict[str, Any]]:
    """The signals of the upload, and whether another borrower has sent the same picture."""
    if verification.document_hash is None:
        return list(verification.document_signals)
    others = await session.scalars(
        select(Verification.document_hash).where(
            Verification.document_hash.is_not(None),
            Verification.borrower_id != verification.borrower_id,
        )
    )
    own = int(verification.document_hash, 16)
    apart = [authenticity.differing_bits(own, int(other, 16)) for other in others if other]
    nearest = min(apart, default=64)
    if nearest > authenticity.SAME_BITS:
        return list(verification.document_signals)
    seen = Signal(Reason.SEEN_BEFORE, nearest, authenticity.SAME_BITS)
    return [*verification.document_signals, _kept(seen)]


async def check(evidence: Evidence) -> CheckResult:
    """Any signal lets a person look."""
    signals: Sequence[Any] = evidence.noticed
    return CheckResult(
        kind=CheckKind.AUTHENTICITY,
        verdict=CheckVerdict.DOUBT if signals else CheckVerdict.CLEAR,
        source=SOURCE,
        reasons=tuple(signal["reason"] for signal in signals),
        numbers={"signals": list(signals)},
    )


def _kept(signal: Signal) -> dict[str, Any]:
    return {"reason": signal.reason, "measured": signal.measured, "limit": signal.limit}
