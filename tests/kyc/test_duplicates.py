"""One face or document, two borrowers: found, noted, and never held against anybody by itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
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
from kyc.checks import CheckResult
from kyc.duplicates import Seen
from kyc.faces import Template
from kyc.gallery import Gallery
from kyc.models import Verification
from kyc.states import CheckKind, CheckVerdict, VerificationStatus
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
    """A borrower whose face was kept."""
    row = await checking(session, now, borrower_id=borrower_id)
    key = await person_key(session, vault, row.borrower_id, now=now)
    row.template = key.seal(template_place(row.id), template.tobytes())
    row.template_engine, row.template_at = engine, now
    await session.flush()
    return row


async def checking(
    session: AsyncSession, now: datetime, *, borrower_id: UUID | None = None
) -> Verification:
    row = Verification(
        id=new_id(),
        borrower_id=borrower_id or new_id(),
        status=VerificationStatus.PASSED,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return row


def seen_face(template: Template | None) -> CheckResult:
    content = None if template is None else template.tobytes()
    return CheckResult(CheckKind.FACE, CheckVerdict.CLEAR, ENGINE, template=content)


def seen_document(number: str, country: str = "UTO") -> CheckResult:
    fields = {"number": {"value": number}, "country": {"value": country}}
    return CheckResult(CheckKind.DOCUMENT, CheckVerdict.CLEAR, "kopa", found={"fields": fields})


async def searched(
    session: AsyncSession,
    vault: Vault,
    verification: Verification,
    *results: CheckResult,
    now: datetime,
    shared: Mapping[Seen, Sequence[UUID]] | None = None,
) -> CheckResult:
    return await duplicates.check(
        session, vault, verification, results, shared=shared or {}, now=now
    )


class TestFaces:
    async def test_are_found_on_other_borrowers_nearest_first(
        self, session: AsyncSession, vault: Vault, now: datetime
    ) -> None:
        near = await verified(session, vault, moved(face(1), 0.3), now)
        nearer = await verified(session, vault, moved(face(1), 0.1), now)
        await verified(session, vault, face(2), now)
        mine = await checking(session, now)

        result = await searched(session, vault, mine, seen_face(face(1)), now=now)

        assert result.verdict is CheckVerdict.DOUBT
        assert result.reasons == ("face_seen_before",)
        found = [UUID(hit["verification_id"]) for hit in mine.duplicates]
        assert found == [nearer.id, near.id]
        assert mine.duplicates[0]["distance"] == pytest.approx(0.1, abs=1e-4)

    async def test_are_kept_as_evidence_and_noted(
        self, session: AsyncSession, vault: Vault, now: datetime
    ) -> None:
        other = (await verified(session, vault, face(1), now)).borrower_id
        mine = await checking(session, now)
        number = mine.id

        await searched(session, vault, mine, seen_face(face(1)), now=now)
        await session.flush()
        session.expire_all()

        kept = await session.get_one(Verification, number)
        assert [hit["borrower_id"] for hit in kept.duplicates] == [str(other)]
        assert kept.status is VerificationStatus.PASSED
        actions = await session.scalars(select(AuditEvent.action))
        assert list(actions) == ["verification.seen_before"]

    async def test_are_found_when_they_came_after_an_earlier_search(
        self, session: AsyncSession, vault: Vault, now: datetime
    ) -> None:
        mine = await checking(session, now)
        before = await searched(session, vault, mine, seen_face(face(1)), now=now)
        await verified(session, vault, face(1), now + timedelta(minutes=1))
        later = now + timedelta(minutes=2)

        after = await searched(session, vault, mine, seen_face(face(1)), now=later)

        assert (before.verdict, after.verdict) == (CheckVerdict.CLEAR, CheckVerdict.DOUBT)

    async def test_of_the_same_borrower_are_not_held_against_them(
        self, session: AsyncSession, vault: Vault, now: datetime
    ) -> None:
        amina = new_id()
        await verified(session, vault, face(1), now, borrower_id=amina)
        mine = await checking(session, now, borrower_id=amina)

        result = await searched(session, vault, mine, seen_face(face(1)), now=now)

        assert result.verdict is CheckVerdict.CLEAR

    async def test_must_be_more_alike_than_two_pictures_of_one_person(
        self, session: AsyncSession, vault: Vault, now: datetime
    ) -> None:
        await verified(session, vault, moved(face(1), 0.45), now)
        mine = await checking(session, now)

        result = await searched(session, vault, mine, seen_face(face(1)), now=now)

        assert result.verdict is CheckVerdict.CLEAR

    async def test_of_different_engines_are_never_compared(
        self, session: AsyncSession, vault: Vault, now: datetime
    ) -> None:
        await verified(session, vault, face(1), now, engine="another-2.0")
        mine = await checking(session, now)

        result = await searched(session, vault, mine, seen_face(face(1)), now=now)

        assert result.verdict is CheckVerdict.CLEAR

    async def test_of_the_erased_are_not_found(
        self, session: AsyncSession, vault: Vault, now: datetime
    ) -> None:
        erased = await verified(session, vault, face(1), now)
        mine = await checking(session, now)
        before = await searched(session, vault, mine, seen_face(face(1)), now=now)
        await crypto.shred(session, erased.borrower_id, now=now)

        after = await searched(session, vault, mine, seen_face(face(1)), now=now)

        assert (before.verdict, after.verdict) == (CheckVerdict.DOUBT, CheckVerdict.CLEAR)

    async def test_without_a_template_there_is_nothing_to_search(
        self, session: AsyncSession, vault: Vault, now: datetime
    ) -> None:
        await verified(session, vault, face(1), now)
        mine = await checking(session, now)

        result = await searched(session, vault, mine, seen_face(None), now=now)

        assert result.verdict is CheckVerdict.CLEAR


class TestDocuments:
    async def test_a_number_that_another_borrower_showed(
        self, session: AsyncSession, vault: Vault, now: datetime
    ) -> None:
        first, second = await checking(session, now), await checking(session, now)
        await searched(session, vault, first, seen_document("L898902C3"), now=now)

        result = await searched(session, vault, second, seen_document("l 898902-c3"), now=now)

        assert result.reasons == ("document_seen_before",)
        assert [hit["borrower_id"] for hit in second.duplicates] == [str(first.borrower_id)]
        assert "L898902C3" not in (first.document_index or "")

    async def test_a_number_that_was_corrected_is_searched_for_and_hides_nothing(
        self, session: AsyncSession, vault: Vault, now: datetime
    ) -> None:
        first, second, third = [await checking(session, now) for _ in range(3)]
        await searched(session, vault, first, seen_document("L898902C3"), now=now)
        misread = seen_document("L89890203")
        misread.found["corrected"] = {"number": "L898902C3"}  # type: ignore[index]

        result = await searched(session, vault, second, misread, now=now)
        await searched(session, vault, third, seen_document("L89890203"), now=now)

        assert result.reasons == ("document_seen_before",)
        assert [hit["borrower_id"] for hit in third.duplicates] == [str(second.borrower_id)]

    async def test_the_same_number_of_another_country_is_another_document(
        self, session: AsyncSession, vault: Vault, now: datetime
    ) -> None:
        first, second = await checking(session, now), await checking(session, now)
        await searched(session, vault, first, seen_document("12345"), now=now)

        result = await searched(session, vault, second, seen_document("12345", "ESP"), now=now)

        assert result.verdict is CheckVerdict.CLEAR


class TestShared:
    async def test_a_phone_that_the_caller_knows_of_lets_a_person_look(
        self, session: AsyncSession, vault: Vault, now: datetime
    ) -> None:
        mine, other = await checking(session, now), new_id()

        result = await searched(session, vault, mine, now=now, shared={Seen.PHONE: [other]})

        assert result.reasons == ("phone_seen_before",)
        assert mine.duplicates[0]["borrower_id"] == str(other)


class TestGallery:
    def test_finds_what_a_slow_search_finds(self) -> None:
        templates = np.stack([face(seed) for seed in range(500)])
        owners = [(new_id(), new_id()) for _ in templates]
        gallery = Gallery()
        gallery.add(owners, templates)

        for seed in range(0, 500, 50):
            probe = moved(face(seed), 0.05)
            slow = np.argsort(np.linalg.norm(templates - probe, axis=1))[:1]
            assert gallery.nearest(probe, 1) == [owners[row][0] for row in slow]

    def test_forgets_whom_it_is_told_to_and_nobody_else(self) -> None:
        templates = np.stack([face(seed) for seed in range(20)])
        owners = [(new_id(), new_id()) for _ in templates]
        gallery = Gallery()
        gallery.add(owners, templates)

        gallery.remove(owners[7][1])

        assert len(gallery) == 19
        assert owners[7][0] not in gallery.nearest(templates[7], 19)
        assert gallery.nearest(templates[8], 1) == [owners[8][0]]

    def test_an_empty_one_finds_nobody(self) -> None:
        assert Gallery().nearest(face(1), 5) == []
