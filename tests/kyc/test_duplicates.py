"""One face, two borrowers: found, noted, and never held against anybody by itself."""

from datetime import datetime
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import crypto
from kit.audit import AuditEvent
from kit.crypto import Vault, person_key
from kit.ids import new_id
from kyc import duplicates
from kyc.faces import Template
from kyc.models import Verification
from kyc.states import VerificationStatus
from kyc.verifications import template_place

ENGINE = "face_recognition-1.3.0"


def face(seed: int) -> Template:
    """A random point as far from the others as strangers' faces are."""
    point = np.random.default_rng(seed).normal(size=128)
    return np.asarray(0.6 * point / np.linalg.norm(point), dtype=np.float32)


def moved(template: Template, by: float) -> Template:
    step = np.zeros(128, dtype=np.float32)
    step[0] = by
    return np.asarray(template + step, dtype=np.float32)


async def verified(
    session: AsyncSession,
    vault: Vault,
    template: Template,
    now: datetime,
    *,
    borrower_id: UUID | None = None,
    engine: str = ENGINE,
) -> Verification:
    row = Verification(
        id=new_id(),
        borrower_id=borrower_id or new_id(),
        status=VerificationStatus.PASSED,
        engine=engine,
        created_at=now,
    )
    key = await person_key(session, vault, row.borrower_id, now=now)
    row.template = key.seal(template_place(row.id), template.tobytes())
    session.add(row)
    await session.flush()
    return row


class TestSearchFace:
    async def test_finds_the_same_face_on_another_borrower_nearest_first(
        self, session: AsyncSession, vault: Vault, now: datetime
    ) -> None:
        near = await verified(session, vault, moved(face(1), 0.3), now)
        nearer = await verified(session, vault, moved(face(1), 0.1), now)
        await verified(session, vault, face(2), now)
        mine = await verified(session, vault, face(1), now)

        hits = await duplicates.search_face(session, vault, mine, now=now)

        assert [hit.verification_id for hit in hits] == [nearer.id, near.id]
        assert hits[0].distance == pytest.approx(0.1, abs=1e-4)

    async def test_keeps_what_it_found_and_changes_no_verdict(
        self, session: AsyncSession, vault: Vault, now: datetime
    ) -> None:
        other = (await verified(session, vault, face(1), now)).borrower_id
        mine = await verified(session, vault, face(1), now)
        number = mine.id

        await duplicates.search_face(session, vault, mine, now=now)
        await session.flush()
        session.expire_all()

        kept = await session.get_one(Verification, number)
        assert [hit["borrower_id"] for hit in kept.duplicates] == [str(other)]
        assert kept.status is VerificationStatus.PASSED
        actions = await session.scalars(select(AuditEvent.action))
        assert list(actions) == ["verification.face_seen_before"]

    async def test_does_not_hold_own_earlier_verifications_against_a_borrower(
        self, session: AsyncSession, vault: Vault, now: datetime
    ) -> None:
        amina = new_id()
        await verified(session, vault, face(1), now, borrower_id=amina)
        mine = await verified(session, vault, face(1), now, borrower_id=amina)

        assert await duplicates.search_face(session, vault, mine, now=now) == []

    async def test_is_stricter_than_the_match_of_two_pictures(
        self, session: AsyncSession, vault: Vault, now: datetime
    ) -> None:
        await verified(session, vault, moved(face(1), 0.45), now)
        mine = await verified(session, vault, face(1), now)

        assert await duplicates.search_face(session, vault, mine, now=now) == []

    async def test_never_compares_numbers_of_different_engines(
        self, session: AsyncSession, vault: Vault, now: datetime
    ) -> None:
        await verified(session, vault, face(1), now, engine="another-2.0")
        mine = await verified(session, vault, face(1), now)

        assert await duplicates.search_face(session, vault, mine, now=now) == []

    async def test_cannot_find_who_was_erased(
        self, session: AsyncSession, vault: Vault, now: datetime
    ) -> None:
        erased = await verified(session, vault, face(1), now)
        await crypto.shred(session, erased.borrower_id, now=now)
        mine = await verified(session, vault, face(1), now)

        assert await duplicates.search_face(session, vault, mine, now=now) == []

    async def test_without_a_template_there_is_nothing_to_search(
        self, session: AsyncSession, vault: Vault, now: datetime
    ) -> None:
        await verified(session, vault, face(1), now)
        mine = Verification(borrower_id=new_id(), created_at=now)
        session.add(mine)
        await session.flush()

        assert await duplicates.search_face(session, vault, mine, now=now) == []


class TestNearest:
    def test_is_exact(self) -> None:
        gallery = np.stack([face(seed) for seed in range(500)])
        probe = moved(face(321), 0.05)

        ((row, distance),) = duplicates.nearest(gallery, probe, limit=0.378)

        assert row == 321
        assert distance == pytest.approx(0.05, abs=1e-4)
