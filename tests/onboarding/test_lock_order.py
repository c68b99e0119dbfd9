"""Chat, jobs and staff lock a borrower before anything that is the borrower's: none waits in a
circle. PostgreSQL only: SQLite has one writer."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from kit.crypto import Vault
from kit.db import Sessions, sessions_of, unit_of_work
from kyc.checks import CheckResult
from kyc.models import Verification
from kyc.pictures import Inspection
from kyc.quality import Shot
from kyc.queries import get_verification
from kyc.states import CheckKind, CheckVerdict
from onboarding import cases, decisioning, dossiers, identity, reviews, tasks
from onboarding.decisioning import Underwriter
from onboarding.models import Application, Case
from onboarding.saving import StepNotAsked
from onboarding.states import CaseKind
from tests.onboarding.people import SETTINGS, Applicant

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

_WAITING = text(
    "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE NOT granted AND datname = current_database()"
)
Act = Callable[[AsyncSession, "World"], Awaitable[object]]


class World:
    """Amina has sent two photographs; a case about them waits for staff."""

    def __init__(self, sessions: Sessions, underwriter: Underwriter, now: datetime) -> None:
        self.sessions, self.underwriter, self.now = sessions, underwriter, now
        self.case_id = self.application_id = self.verification_id = UUID(int=0)

    async def begin(self) -> None:
        async with unit_of_work(self.sessions) as session:
            amina = Applicant(session, self.now)
            dossier = await amina.answers_until(await amina.begins(), "product")
            assert dossier.verification is not None
            case = await cases.open_case(
                session, kind=CaseKind.IDENTITY, borrower_id=dossier.borrower.id,
                application_id=dossier.draft.id, reasons=["blurred"], now=self.now,
            )  # fmt: skip
            self.case_id, self.application_id = case.id, dossier.draft.id
            self.verification_id = dossier.verification.id

    async def somebody_waits(self) -> None:
        """Returns once the database says so. A new look each time: it remembers the last one."""
        while True:
            async with self.sessions() as session:
                if await session.scalar(_WAITING):
                    return


@pytest.fixture
async def world(engine: AsyncEngine, vault: Vault, now: datetime) -> World:
    world = World(sessions_of(engine, vault), decisioning.load(SETTINGS), now)
    await world.begin()
    return world


async def declines(session: AsyncSession, world: World) -> None:
    case = await cases.get(session, world.case_id, lock=True)
    reasons = ["identity_not_confirmed"]
    await reviews.decline(
        session, case, staff_id=uuid4(), reasons=reasons, note="no", now=world.now
    )


async def concludes(session: AsyncSession, world: World) -> None:
    failed = CheckResult(CheckKind.FACE, CheckVerdict.DOUBT, "system", ("picture_not_readable",))
    await tasks.conclude(session, world.verification_id, [failed], world.underwriter, now=world.now)


async def looks_at_a_photo(session: AsyncSession, world: World) -> None:
    photo = Inspection(Shot.SELFIE, b"another", faces_found=1, findings=())
    with pytest.raises(StepNotAsked):
        await identity.receive_photo(
            session,
            application_id=world.application_id,
            step="selfie",
            inspection=photo,
            settings=SETTINGS,
            now=world.now,
        )


async def writes_to_the_case(session: AsyncSession, world: World) -> None:
    await cases.reply(session, await cases.get(session, world.case_id), "Yes.", now=world.now)
    await session.scalar(select(Case.id).where(Case.id == world.case_id).with_for_update())


async def sends_a_photo(session: AsyncSession, world: World) -> None:
    await get_verification(session, world.verification_id, lock=True)


async def answers(session: AsyncSession, world: World) -> None:
    await session.get_one(Application, world.application_id, with_for_update=True)


@pytest.mark.parametrize(
    ("first_the_chat", "meanwhile"),
    [(writes_to_the_case, declines), (sends_a_photo, concludes), (answers, looks_at_a_photo)],
)
async def test_nobody_waits_in_a_circle(world: World, first_the_chat: Act, meanwhile: Act) -> None:
    async def other() -> None:
        async with unit_of_work(world.sessions) as session:
            await meanwhile(session, world)

    async with asyncio.timeout(120), unit_of_work(world.sessions) as session:
        assert await dossiers.find(session, telegram_id=71, lock=True) is not None
        task = asyncio.create_task(other())
        await world.somebody_waits()
        await first_the_chat(session, world)
    await task
    async with world.sessions() as session:
        assert await session.get(Verification, world.verification_id) is not None
