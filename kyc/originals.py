"""What was noticed in the upload of a document before it was cleaned: it cannot be seen later."""

from collections.abc import Sequence
from dataclasses import asdict
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


_SIDES = {"document": "document", "document_back": "back"}
"""By the picture's kind: what its columns begin with."""


def remember(verification: Verification, kind: str, inspection: Inspection) -> None:
    if (side := _SIDES.get(kind)) is not None:
        signals = [_kept(side, signal) for signal in inspection.signals]
        setattr(verification, f"{side}_hash", inspection.image_hash)
        setattr(verification, f"{side}_signals", signals)


async def noticed(session: AsyncSession, verification: Verification) -> list[dict[str, Any]]:
    """The signals of both sides, and whether another borrower has sent the same picture."""
    found: list[dict[str, Any]] = []
    for side in _SIDES.values():
        found += getattr(verification, f"{side}_signals")
        found += [_kept(side, seen) for seen in await _seen_before(session, verification, side)]
    return found


async def _seen_before(
    session: AsyncSession, verification: Verification, side: str
) -> list[Signal]:
    own, column = getattr(verification, f"{side}_hash"), getattr(Verification, f"{side}_hash")
    if own is None:
        return []
    others = await session.scalars(
        select(column).where(
            column.is_not(None), Verification.borrower_id != verification.borrower_id
        )
    )
    limit = authenticity.same_bits(own)
    nearest = min((authenticity.differing_bits(own, other) for other in others), default=limit + 1)
    return [Signal(Reason.SEEN_BEFORE, nearest, limit)] if nearest <= limit else []


async def check(evidence: Evidence) -> CheckResult:
    """Any signal lets a person look."""
    signals: Sequence[Any] = evidence.noticed
    return CheckResult(
        kind=CheckKind.AUTHENTICITY,
        verdict=CheckVerdict.DOUBT if signals else CheckVerdict.CLEAR,
        source=SOURCE,
        reasons=tuple(dict.fromkeys(signal["reason"] for signal in signals)),
        numbers={"signals": list(signals)},
    )


def _kept(side: str, signal: Signal) -> dict[str, Any]:
    return {"side": side, **asdict(signal)}
