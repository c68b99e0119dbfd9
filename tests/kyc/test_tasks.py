"""A better engine arrives: faces are described again from the selfies that are still kept."""

from datetime import datetime

import numpy as np
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from kit import job_rows, jobs, storage
from kit.clock import ShiftedClock
from kit.crypto import Vault, person_key
from kit.db import Sessions, unit_of_work
from kit.ids import new_id
from kyc import faces, images, pictures, tasks
from kyc.models import Verification
from kyc.states import VerificationStatus
from kyc.verifications import template_place
from tests.kyc.drawn import LINA, portrait

OLD = "older-1.0"


async def verified(
    session: AsyncSession, vault: Vault, now: datetime, *, keeps_selfie: bool = True
) -> Verification:
    row = Verification(
        id=new_id(), borrower_id=new_id(), status=VerificationStatus.PASSED, created_at=now,
        engine=OLD, template_engine=OLD, template_at=now,
    )  # fmt: skip
    key = await person_key(session, vault, row.borrower_id, now=now)
    row.template = key.seal(template_place(row.id), bytes(512))
    if keeps_selfie:
        blob = await storage.put(
            session, vault, person_id=row.borrower_id, kind="selfie",
            content=images.encode(portrait(LINA, width=220)), media_type="image/jpeg", now=now,
        )  # fmt: skip
        row.selfie_blob_id = blob.id
    session.add(row)
    await session.flush()
    return row


async def destroy_selfie(session: AsyncSession, row: Verification, now: datetime) -> None:
    blob = await session.get_one(storage.Blob, row.selfie_blob_id)
    storage.erase(session, blob, reason="time_over", now=now)
    await session.flush()


class TestDescribe:
    async def test_makes_the_template_anew_and_leaves_the_finding(
        self, sessions: Sessions, vault: Vault, now: datetime
    ) -> None:
        async with unit_of_work(sessions) as session:
            number = (await verified(session, vault, now)).id

        await tasks.describe(jobs.Context(sessions, ShiftedClock()), verification_id=str(number))

        async with unit_of_work(sessions) as session:
            row = await session.get_one(Verification, number)
            await session.refresh(row, ["template"])
            key = await person_key(session, vault, row.borrower_id, now=now)
            assert row.template is not None
            opened = np.frombuffer(key.open(template_place(number), row.template), np.float32)
        assert row.engine == OLD
        assert row.template_engine == faces.default_engine().name
        (face,) = faces.default_engine().detect(portrait(LINA))
        fresh = faces.default_engine().embed(portrait(LINA), face)
        limit = faces.default_engine().threshold(faces.SAME_FMR)
        assert faces.default_engine().distance(opened, fresh) < limit

    async def test_leaves_a_template_whose_selfie_was_destroyed(
        self, sessions: Sessions, vault: Vault, now: datetime
    ) -> None:
        async with unit_of_work(sessions) as session:
            number = (await verified(session, vault, now, keeps_selfie=False)).id

        await tasks.describe(jobs.Context(sessions, ShiftedClock()), verification_id=str(number))

        async with unit_of_work(sessions) as session:
            assert (await session.get_one(Verification, number)).template_engine == OLD

    async def test_leaves_a_template_whose_selfie_custody_has_destroyed(
        self, sessions: Sessions, vault: Vault, now: datetime
    ) -> None:
        async with unit_of_work(sessions) as session:
            row = await verified(session, vault, now)
            await destroy_selfie(session, row, now)
            number = row.id

        await tasks.describe(jobs.Context(sessions, ShiftedClock()), verification_id=str(number))

        async with unit_of_work(sessions) as session:
            assert (await session.get_one(Verification, number)).template_engine == OLD

    async def test_leaves_the_template_of_a_selfie_that_came_since(
        self, sessions: Sessions, vault: Vault, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with unit_of_work(sessions) as session:
            number = (await verified(session, vault, now)).id

        async def slowly(selfie: bytes) -> tuple[str, bytes]:
            async with unit_of_work(sessions) as session:
                row = await session.get_one(Verification, number)
                row.selfie_blob_id = new_id()
            return "newer-2.0", bytes(512)

        monkeypatch.setattr(pictures, "describe", slowly)

        await tasks.describe(jobs.Context(sessions, ShiftedClock()), verification_id=str(number))

        async with unit_of_work(sessions) as session:
            assert (await session.get_one(Verification, number)).template_engine == OLD


class TestRenewTemplates:
    async def test_asks_for_those_of_another_engine_whose_selfie_is_kept(
        self, session: AsyncSession, vault: Vault, now: datetime
    ) -> None:
        older = await verified(session, vault, now)
        await verified(session, vault, now, keeps_selfie=False)
        await destroy_selfie(session, await verified(session, vault, now), now)
        current = await verified(session, vault, now)
        current.template_engine = faces.default_engine().name
        await session.flush()

        await tasks.renew_templates(session, now=now, tick=now)

        waiting = await job_rows.list_waiting(session, frozenset({"heavy"}))
        assert [row.key.rsplit(":")[-1] for row in waiting] == [str(older.id)]
