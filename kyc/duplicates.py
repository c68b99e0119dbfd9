"""Was this face seen before, on another borrower? Exact, over every stored template.

A hit is a signal for the decision and evidence for a person, never a refusal: at a false-match
rate of one in a million some strangers still look alike, and twins do always.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.crypto import PersonKey, PersonKeyRow, Vault, person_key
from kyc import faces
from kyc.faces import Template
from kyc.models import Verification
from kyc.verifications import template_place

FACE_SEEN_BEFORE = "face_seen_before"
DUPLICATE_FMR = 1e-6
"""One search of a million borrowers finds one stranger."""


@dataclass(frozen=True)
class Hit:
    verification_id: UUID
    borrower_id: UUID
    distance: float


async def search_face(
    session: AsyncSession, vault: Vault, verification: Verification, *, now: datetime
) -> list[Hit]:
    """Other borrowers with the face of this verification, nearest first; kept as evidence."""
    await session.refresh(verification, ["template"])
    if verification.template is None:
        return []
    key = await person_key(session, vault, verification.borrower_id, now=now)
    probe = _opened(key, verification.id, verification.template)
    owners, gallery = await _others(session, vault, verification)
    assert verification.engine is not None
    limit = faces.by_full_name(verification.engine).threshold(DUPLICATE_FMR)
    hits = [Hit(*owners[n], distance) for n, distance in nearest(gallery, probe, limit)]
    verification.duplicates = [
        {
            "verification_id": str(hit.verification_id),
            "borrower_id": str(hit.borrower_id),
            "distance": hit.distance,
        }
        for hit in hits
    ]
    if hits:
        audit.record(
            session, actor=audit.SYSTEM, action="verification.face_seen_before",
            subject=f"verification:{verification.id}", now=now, hits=len(hits),
        )  # fmt: skip
    return hits


def nearest(gallery: NDArray[np.float32], probe: Template, limit: float) -> list[tuple[int, float]]:
    """Rows of the gallery within `limit` of the probe, with their distances, nearest first."""
    distances = np.linalg.norm(gallery - probe, axis=1)
    (rows,) = np.nonzero(distances <= limit)
    ordered = rows[np.argsort(distances[rows], kind="stable")]
    return [(int(row), round(float(distances[row]), 4)) for row in ordered]


async def _others(
    session: AsyncSession, vault: Vault, verification: Verification
) -> tuple[list[tuple[UUID, UUID]], NDArray[np.float32]]:
    """The templates of all other borrowers who were not erased, opened, by the same engine."""
    rows = await session.execute(
        select(
            Verification.id, Verification.borrower_id, Verification.template, PersonKeyRow.wrapped
        )
        .join(PersonKeyRow, PersonKeyRow.person_id == Verification.borrower_id)
        .where(
            Verification.borrower_id != verification.borrower_id,
            Verification.engine == verification.engine,
            Verification.template.is_not(None),
            PersonKeyRow.wrapped.is_not(None),
        )
        .order_by(Verification.id)
    )
    owners: list[tuple[UUID, UUID]] = []
    templates: list[Template] = []
    for verification_id, borrower_id, sealed, wrapped in rows:
        assert sealed is not None
        assert wrapped is not None
        key = PersonKey(vault.unwrap(f"person_keys.wrapped.{borrower_id}", wrapped))
        owners.append((verification_id, borrower_id))
        templates.append(_opened(key, verification_id, sealed))
    if not templates:
        return owners, np.empty((0, 128), dtype=np.float32)
    return owners, np.stack(templates)


def _opened(key: PersonKey, verification_id: UUID, sealed: bytes) -> Template:
    return np.frombuffer(key.open(template_place(verification_id), sealed), dtype=np.float32)
