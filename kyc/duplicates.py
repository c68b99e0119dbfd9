"""Was this face, document, phone or account seen before, on another borrower?

A hit lets a person look, and never refuses anybody: at a false-match rate of one in a million some
strangers still look alike, twins do always, and families share telephones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.crypto import Vault
from kit.db import lock_key
from kyc import faces, gallery
from kyc.checks import CheckResult
from kyc.models import Verification
from kyc.states import CheckKind, CheckVerdict

DUPLICATE_FMR = 1e-6
"""One search of a million borrowers finds one stranger."""
_CANDIDATES = 32


class Seen(StrEnum):
    """What two borrowers have in common."""

    FACE = "face"
    DOCUMENT = "document"
    PHONE = "phone"
    ACCOUNT = "account"


@dataclass(frozen=True)
class Hit:
    kind: Seen
    borrower_id: UUID
    verification_id: UUID | None = None
    distance: float | None = None


async def check(
    session: AsyncSession,
    vault: Vault,
    verification: Verification,
    results: Sequence[CheckResult],
    *,
    shared: Mapping[Seen, Sequence[UUID]],
    now: datetime,
) -> CheckResult:
    """Search for what the other checks found out; keep the hits with the verification.

    `shared` are other borrowers that the caller knows to have the same phone or account.
    """
    # Two borrowers with one face, checked in the same moment, would each be the first.
    await lock_key(session, "duplicates")
    hits = [
        *await _faces(session, vault, verification, results, now),
        *await _documents(session, vault, verification, results),
        *(Hit(kind, borrower_id) for kind, ids in shared.items() for borrower_id in ids),
    ]
    verification.duplicates = [_kept(hit) for hit in hits]
    counts = {kind.value: sum(hit.kind is kind for hit in hits) for kind in Seen}
    if hits:
        audit.record(
            session, actor=audit.SYSTEM, action="verification.seen_before",
            subject=f"verification:{verification.id}", now=now, **counts,
        )  # fmt: skip
    return CheckResult(
        kind=CheckKind.DUPLICATES,
        verdict=CheckVerdict.DOUBT if hits else CheckVerdict.CLEAR,
        source="kopa",
        reasons=tuple(f"{kind}_seen_before" for kind, count in counts.items() if count),
        numbers={"hits": counts, "fmr": DUPLICATE_FMR},
    )


async def _faces(
    session: AsyncSession,
    vault: Vault,
    verification: Verification,
    results: Sequence[CheckResult],
    now: datetime,
) -> list[Hit]:
    """Other borrowers with this face, nearest first."""
    face = next((result for result in results if result.kind is CheckKind.FACE), None)
    engine = None if face is None else faces.find_engine(face.source)
    if face is None or face.template is None or engine is None:
        return []
    probe = np.frombuffer(face.template, dtype=np.float32)
    copy = await gallery.current(session, vault, face.source, now=now)
    likely = copy.nearest(probe, _CANDIDATES)
    rows = await session.execute(
        gallery.sealed_templates(face.source).where(
            Verification.id.in_(likely), Verification.borrower_id != verification.borrower_id
        )
    )
    limit = engine.threshold(DUPLICATE_FMR)
    found = [_hit(row, engine.distance(probe, gallery.opened(vault, row))) for row in rows]
    near = [hit for hit in found if hit.distance is not None and hit.distance <= limit]
    return sorted(near, key=lambda hit: hit.distance or 0.0)


def _hit(row: gallery.Sealed, distance: float) -> Hit:
    return Hit(Seen.FACE, row[1], row[0], round(distance, 4))


async def _documents(
    session: AsyncSession, vault: Vault, verification: Verification, results: Sequence[CheckResult]
) -> list[Hit]:
    """Other borrowers who showed a document of this country with this number, as it was read or
    as the borrower corrected it."""
    indexes = _document_indexes(vault, results)
    verification.document_index = indexes[0] if indexes else None
    rows = await session.execute(
        select(Verification.borrower_id, Verification.id).where(
            Verification.document_index.in_(indexes),
            Verification.borrower_id != verification.borrower_id,
        )
    )
    return [Hit(Seen.DOCUMENT, *row) for row in rows]


def _document_indexes(vault: Vault, results: Sequence[CheckResult]) -> list[str]:
    """Of the number by which the document is known from now on first: as it was read, or else
    whoever corrects it would hide it from later searches."""
    document = next((result for result in results if result.kind is CheckKind.DOCUMENT), None)
    found: Mapping[str, Any] = {} if document is None else document.found
    fields: Mapping[str, Any] = found.get("fields", {})
    read, country = fields.get("number", {}), fields.get("country", {}).get("value", "")
    numbers = [read.get("value", ""), found.get("corrected", {}).get("number", "")]
    return [
        vault.blind_index("verifications.document", f"{_plain(country)}:{_plain(number)}")
        for number in numbers
        if _plain(number)
    ]


def _plain(value: object) -> str:
    return "".join(filter(str.isalnum, str(value))).upper()


def _kept(hit: Hit) -> dict[str, Any]:
    return {
        "kind": hit.kind,
        "borrower_id": str(hit.borrower_id),
        "verification_id": hit.verification_id and str(hit.verification_id),
        "distance": hit.distance,
    }
