"""A person is forgotten in database, files and backups, or it is said what stands against it."""

import os
import shutil
import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from kit import crypto, dumps, jobs, storage
from kit.audit import AuditEvent
from kit.config import Settings
from kit.crypto import KeyDestroyed, PersonKeyRow, Vault
from kit.db import Sessions, sessions_of, unit_of_work
from kit.four_eyes import SameStaff
from kit.ids import new_id
from kit.money import Money
from kit.storage import Blob, FileErased
from kyc import custody
from kyc.models import Verification, VerificationCheck
from kyc.states import CheckKind, CheckVerdict, VerificationStatus
from onboarding import cases, dossiers, erasure, evidence, identity
from onboarding.models import Borrower, Case
from onboarding.states import CaseKind
from servicing import suspense
from servicing.models import Loan, SuspenseItem
from servicing.states import LoanStatus
from tests.onboarding.people import Applicant
from tests.postgres import Server

KEEPING = custody.retention("KE")
YEAR = timedelta(days=365)
CHAT = 7_100_000_071
"""Long enough to be told apart from other numbers."""


class SetClock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def sessions(engine: AsyncEngine, vault: Vault) -> Sessions:
    """Commits are real: what is proven is what lies on the disk."""
    return sessions_of(engine, vault)


@pytest.fixture
async def amina(sessions: Sessions, now: datetime) -> UUID:
    """She has sent both pictures, and her identity has passed."""
    async with unit_of_work(sessions) as session:
        applicant = Applicant(session, now, CHAT)
        dossier = await applicant.answers_until(await applicant.begins(), "product")
        assert dossier.verification is not None
        dossier.verification.status = VerificationStatus.PASSED
        dossier.verification.concluded_at = now + timedelta(hours=1)
        dossier.verification.template = b"her face"
        return dossier.borrower.id


async def lend(
    sessions: Sessions, borrower_id: UUID, status: LoanStatus, closed: date | None
) -> None:
    async with unit_of_work(sessions) as session:
        application = new_id()
        loan = Loan(
            application_id=application,
            borrower_id=borrower_id,
            reference=f"L{application.hex[-8:]}",
            status=status,
            terms={},
            rules={},
            currency="KES",
            principal_minor=100,
            disbursed_on=date(2023, 1, 2),
            closed_on=closed,
            created_at=datetime(2023, 1, 1, tzinfo=UTC),
        )
        session.add(loan)


async def pays_nobody(sessions: Sessions, now: datetime) -> None:
    """Her phone pays for a loan that there is not."""
    async with unit_of_work(sessions) as session:
        await suspense.receive(
            session, reference="E1", reason="unmatched", amount=Money(500, "KES"), on=now.date(),
            now=now, rail="wallet", written="rent", payer="+254712000071",
        )  # fmt: skip


async def ask(sessions: Sessions, borrower_id: UUID, staff_id: UUID, now: datetime) -> bool:
    async with unit_of_work(sessions) as session:
        proposal = await erasure.ask(
            session, borrower_id, keeping=KEEPING, staff_id=staff_id, reason="she asked", now=now
        )
        return proposal.is_confirmed


async def run_custody(sessions: Sessions, now: datetime) -> None:
    services: dict[type, object] = {Settings: Settings(_env_file=None, country="KE")}
    await erasure.erase_due(jobs.Context(sessions, SetClock(now), services))


async def verification_of(session: AsyncSession, borrower_id: UUID) -> Verification:
    found = select(Verification).where(Verification.borrower_id == borrower_id)
    return (await session.scalars(found)).one()


async def blobs_of(sessions: Sessions, borrower_id: UUID) -> dict[str, Blob]:
    async with unit_of_work(sessions) as session:
        rows = await session.scalars(select(Blob).where(Blob.person_id == borrower_id))
        return {row.kind: row for row in rows}


class TestAsking:
    async def test_takes_two_members_of_staff(
        self, sessions: Sessions, amina: UUID, now: datetime
    ) -> None:
        uma, usha = new_id(), new_id()

        assert not await ask(sessions, amina, uma, now)
        with pytest.raises(SameStaff):
            await ask(sessions, amina, uma, now)
        assert await ask(sessions, amina, usha, now)
        with pytest.raises(KeyDestroyed):
            await ask(sessions, amina, uma, now)

    @pytest.mark.parametrize(
        "status", [LoanStatus.PENDING_DISBURSEMENT, LoanStatus.ACTIVE, LoanStatus.WRITTEN_OFF]
    )
    async def test_waits_for_a_debt(
        self, sessions: Sessions, amina: UUID, now: datetime, status: LoanStatus
    ) -> None:
        await lend(sessions, amina, status, None)

        with pytest.raises(erasure.LoanIsOwed):
            await ask(sessions, amina, new_id(), now)

    async def test_waits_for_the_law_and_says_until_when(
        self, sessions: Sessions, amina: UUID, now: datetime
    ) -> None:
        await lend(sessions, amina, LoanStatus.CLOSED, date(2024, 2, 29))

        with pytest.raises(erasure.LawKeeps) as refused:
            await ask(sessions, amina, new_id(), now)

        assert refused.value.params["until"] == date(2031, 2, 28)
        assert "2009" in str(refused.value.params["law"])


class TestErasure:
    async def test_leaves_nothing_that_opens_or_finds_the_person(
        self, sessions: Sessions, amina: UUID, now: datetime, vault: Vault, engine: AsyncEngine,
        tmp_path: Path, database_url: str, request: pytest.FixtureRequest,
    ) -> None:  # fmt: skip
        if not find_pg_dump(request, database_url):
            pytest.skip("a server was given to the tests, and no pg_dump that fits it")
        await pays_nobody(sessions, now)
        traces = await traces_of(sessions, amina, vault)
        assert all(bytes_in(database_url, tmp_path, trace) for trace in traces)
        words = (b"Amina Wanjiru Otieno", b"254712000071", b"14.03.1991", b"1991-03-14")
        assert not [word for word in words if bytes_in(database_url, tmp_path, word)]

        for staff_id in (new_id(), new_id()):
            await ask(sessions, amina, staff_id, now)
        await engine.dispose()

        assert not [trace for trace in traces if bytes_in(database_url, tmp_path, trace)]
        assert not [trace for trace in traces if bytes_in_backup(database_url, trace)]
        async with unit_of_work(sessions) as session:
            borrower = await session.get_one(Borrower, amina)
            assert (borrower.telegram_id, borrower.full_name_sealed) == (None, None)
            blob = await session.scalar(select(Blob.id).where(Blob.person_id == amina).limit(1))
            assert blob is not None
            with pytest.raises(KeyDestroyed):
                await storage.read(session, vault, blob, actor="x", purpose="proof", now=now)
            with pytest.raises(KeyDestroyed):
                await crypto.person_key(session, vault, amina, now=now)

    async def test_leaves_cases_that_staff_can_still_look_at(
        self, sessions: Sessions, amina: UUID, now: datetime
    ) -> None:
        async with unit_of_work(sessions) as session:
            dossier = await dossiers.get(session, amina)
            case = await cases.open_case(
                session, kind=CaseKind.CREDIT, borrower_id=amina,
                application_id=dossier.draft.id, reasons=["dti_high"], now=now,
            )  # fmt: skip
            await cases.explain(session, case, "Her shop is closed.", now=now)
            assert (await evidence.of_case(session, case, now=now)).messages
            await erasure.erase(session, dossier.borrower, why="asked", now=now)

            found = await evidence.of_case(session, case, now=now)
        assert not found.messages
        assert found.request is not None

    async def test_leaves_nothing_that_tells_of_their_health(
        self, sessions: Sessions, amina: UUID, now: datetime
    ) -> None:
        told = ["cannot_do_acts", "face_unsure"]
        async with unit_of_work(sessions) as session:
            verification = await verification_of(session, amina)
            verification.clip_waived, verification.reasons = told[0], told
            check = VerificationCheck(
                id=new_id(), verification_id=verification.id, attempt=1, kind=CheckKind.LIVENESS,
                verdict=CheckVerdict.DOUBT, source="test", reasons=told, created_at=now,
            )  # fmt: skip
            session.add(check)
            case = await cases.open_case(
                session, kind=CaseKind.IDENTITY, borrower_id=amina, application_id=None,
                reasons=told, now=now,
            )  # fmt: skip
            dossier = await dossiers.get(session, amina)
            await erasure.erase(session, dossier.borrower, why="asked", now=now)

        async with unit_of_work(sessions) as session:
            verification = await verification_of(session, amina)
            assert verification.clip_waived is None
            assert verification.reasons == ["face_unsure"]
            kept = await session.get_one(VerificationCheck, check.id)
            assert kept.reasons == ["face_unsure"]
            assert (await session.get_one(Case, case.id)).reasons == ["face_unsure"]

    async def test_lets_the_person_come_back_as_somebody_new(
        self, sessions: Sessions, amina: UUID, now: datetime
    ) -> None:
        for staff_id in (new_id(), new_id()):
            await ask(sessions, amina, staff_id, now)

        async with unit_of_work(sessions) as session:
            again = Applicant(session, now + timedelta(days=1), CHAT)
            dossier = await again.answers_until(await again.begins(), "birth_date")
        assert dossier.borrower.id != amina


class TestTime:
    async def test_destroys_selfies_some_days_after_the_conclusion(
        self, sessions: Sessions, amina: UUID, now: datetime, vault: Vault
    ) -> None:
        await run_custody(sessions, now + timedelta(days=KEEPING.pictures_days))
        assert (await blobs_of(sessions, amina))["selfie"].erased_at is None

        await run_custody(sessions, now + timedelta(days=KEEPING.pictures_days + 1))

        blobs = await blobs_of(sessions, amina)
        assert blobs["selfie"].erased_at is not None
        assert blobs["document"].erased_at is None, "the law asks for the copy"
        async with unit_of_work(sessions) as session:
            with pytest.raises(FileErased):
                await storage.read(
                    session, vault, blobs["selfie"].id, actor="x", purpose="look", now=now
                )
            trail = select(AuditEvent).where(AuditEvent.action == "blob.erased")
            assert len((await session.scalars(trail)).all()) == 1

    @pytest.mark.parametrize(
        "status", [VerificationStatus.COLLECTING, VerificationStatus.NEEDS_PERSON]
    )
    async def test_destroys_pictures_that_nobody_came_back_for_and_asks_again(
        self, sessions: Sessions, amina: UUID, now: datetime, status: VerificationStatus
    ) -> None:
        async with unit_of_work(sessions) as session:
            verification = await verification_of(session, amina)
            verification.status, verification.concluded_at = status, None

        await run_custody(sessions, now + timedelta(days=KEEPING.unfinished_days + 1))

        assert all(blob.erased_at for blob in (await blobs_of(sessions, amina)).values())
        async with unit_of_work(sessions) as session:
            verification = await verification_of(session, amina)
            assert verification.status is VerificationStatus.COLLECTING
            later = now + timedelta(days=KEEPING.unfinished_days + 2)
            dossier = await Applicant(session, later, CHAT).answers_until(
                await dossiers.get(session, amina), "product"
            )
            assert dossier.verification is not None
            assert dossier.verification.status is VerificationStatus.CHECKING
            await identity.evidence(session, dossier, dossier.verification, now=later)

    async def test_forgets_who_never_got_a_loan(
        self, sessions: Sessions, amina: UUID, now: datetime
    ) -> None:
        await run_custody(sessions, now + timedelta(days=KEEPING.applicant_days - 1))
        assert await has_key(sessions, amina)

        await run_custody(sessions, now + timedelta(days=KEEPING.applicant_days + 1))
        assert not await has_key(sessions, amina)

    async def test_forgets_who_repaid_when_the_law_allows(
        self, sessions: Sessions, amina: UUID, now: datetime
    ) -> None:
        await lend(sessions, amina, LoanStatus.CLOSED, now.date())

        await run_custody(sessions, now + 6 * YEAR)
        assert await has_key(sessions, amina)
        await run_custody(sessions, now + 8 * YEAR)
        assert not await has_key(sessions, amina)

    async def test_never_forgets_who_owes(
        self, sessions: Sessions, amina: UUID, now: datetime
    ) -> None:
        await lend(sessions, amina, LoanStatus.WRITTEN_OFF, None)

        await run_custody(sessions, now + 30 * YEAR)
        assert await has_key(sessions, amina)


async def has_key(sessions: Sessions, person_id: UUID) -> bool:
    async with unit_of_work(sessions) as session:
        return (await session.get_one(PersonKeyRow, person_id)).wrapped is not None


async def traces_of(sessions: Sessions, person_id: UUID, vault: Vault) -> list[bytes]:
    """Bytes that lead to her: the wrapped key, sealed pictures, and hashes of her number,
    the Telegram account as the database writes it."""
    async with unit_of_work(sessions) as session:
        key = await session.get_one(PersonKeyRow, person_id)
        borrower = await session.get_one(Borrower, person_id)
        sealed = await session.scalar(
            select(Blob.sealed).where(Blob.person_id == person_id, Blob.kind == "selfie")
        )
        assert key.wrapped is not None
        assert borrower.phone_index is not None
        assert borrower.full_name_sealed is not None
        assert sealed is not None
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        chat = CHAT.to_bytes(6, "big") if is_sqlite else str(CHAT).encode()
        assert await session.scalar(select(SuspenseItem.payer_index)) == borrower.phone_index
        return [
            key.wrapped, sealed, borrower.full_name_sealed, borrower.phone_index.encode(), chat,
        ]  # fmt: skip


def bytes_in(url: str, var: Path, trace: bytes) -> bool:
    """In any file of the installation: the database with its log, keys, and whatever lies there."""
    if dumps.kind_of(url) != "sqlite":
        return bytes_in_backup(url, trace)
    with sqlite3.connect(dumps.sqlite_file(url)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    files = [Path(folder) / name for folder, _, names in os.walk(var) for name in names]
    return any(trace in file.read_bytes() for file in files)


def find_pg_dump(request: pytest.FixtureRequest, url: str) -> bool:
    if dumps.kind_of(url) == "sqlite":
        return True
    server: Server = request.getfixturevalue("postgres")
    if server.binaries is not None:
        monkeypatch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
        monkeypatch.setenv("PATH", f"{server.binaries}:{os.environ['PATH']}")
    return shutil.which("pg_dump") is not None


def bytes_in_backup(url: str, trace: bytes) -> bool:
    """In what `kopa backup` would seal."""
    with dumps.frozen(url) as frozen:
        whole = b"".join(frozen.chunks())
    return trace in whole or trace.hex().encode() in whole
