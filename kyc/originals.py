"""What was noticed in the upload of a document before it was cleaned: it cannot be seen later."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from kyc.checks import CheckResult, Evidence
from kyc.documents import authenticity
from kyc.documents.authenticity import Reason, Signal
from kyc.models import Verification
from kyc.pictures import Inspection
from kyc.states import CheckKind, CheckVerdict

SOURCE = "kopa-authenticity-1"

FRONT, BACK = "document", "document_back"
"""The pictures' kinds, and the sides that their signals name."""


def remember(verification: Verification, kind: str, inspection: Inspection) -> None:
    if kind == FRONT:
        verification.document_hash = inspection.image_hash
        verification.document_signals = _kept(FRONT, inspection.signals)
    elif kind == BACK:
        verification.back_hash = inspection.image_hash
        verification.back_signals = _kept(BACK, inspection.signals)


async def noticed(session: AsyncSession, verification: Verification) -> list[dict[str, Any]]:
    """The signals of both sides, and whether another borrower has sent the same picture."""
    fronts, backs = Verification.document_hash, Verification.back_hash
    others = Verification.borrower_id != verification.borrower_id
    return [
        *verification.document_signals,
        *_kept(FRONT, await _seen(session, verification.document_hash, fronts, others)),
        *verification.back_signals,
        *_kept(BACK, await _seen(session, verification.back_hash, backs, others)),
    ]


async def _seen(
    session: AsyncSession,
    own: str | None,
    hashes: InstrumentedAttribute[str | None],
    others: ColumnElement[bool],
) -> list[Signal]:
    """Whether one of the others' hashes is alike."""
    if own is None:
        return []
    theirs = await session.scalars(select(hashes).where(hashes.is_not(None), others))
    limit = authenticity.same_bits(own)
    nearest = min(
        (authenticity.differing_bits(own, other) for other in theirs if other), default=limit + 1
    )
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


def _kept(side: str, signals: Sequence[Signal]) -> list[dict[str, Any]]:
    return [{"side": side, **asdict(signal)} for signal in signals]
