"""Lists from a folder: loaded once, borrowers screened again, one case for a borrower's hits."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import jobs
from kit.db import Sessions, unit_of_work
from kit.four_eyes import SameStaff
from kit.ids import new_id
from kyc.checks import CheckResult, Evidence
from kyc.models import Verification
from kyc.screening import hits, lists
from kyc.screening.check import ON_A_LIST
from kyc.screening.models import Outcome, ScreeningHit, ScreeningList
from kyc.states import CheckKind, CheckVerdict
from onboarding import (
    agreements,
    cases,
    checking,
    decisioning,
    dossiers,
    erasure,
    journey,
    reviews,
    screening,
    tasks,
)
from onboarding.decisioning import Underwriter
from onboarding.models import Borrower, Case
from onboarding.states import ApplicationStatus, CaseKind
from tests.onboarding.judged import SAME, identified
from tests.onboarding.people import SETTINGS, Applicant

AMINA = b'name,birth_date\n"OTIENO, Amina Wanjiru",1991-03-14\n'
OTHERS = b"name\nBakari Odumbe\nMusa Velero\n"


class SetClock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def context(sessions: Sessions, now: datetime) -> jobs.Context:
    return jobs.Context(sessions, SetClock(now))


@pytest.fixture
async def amina(sessions: Sessions, now: datetime) -> Borrower:
    """She has sent both pictures."""
    async with unit_of_work(sessions) as session:
        applicant = Applicant(session, now)
        dossier = await applicant.answers_until(await applicant.begins(), "product")
        return dossier.borrower


async def load(context: jobs.Context, folder: Path, **files: bytes) -> list[str]:
    for name, content in files.items():
        (folder / f"{name}.csv").write_bytes(content)
    told = await screening.load(context.sessions, folder, now=context.clock.now())
    return [each.outcome for each in told]


async def rows(
    context: jobs.Context, table: type[Case | ScreeningHit]
) -> list[Case | ScreeningHit]:
    async with unit_of_work(context.sessions) as session:
        return list(await session.scalars(select(table)))


async def rescreen(context: jobs.Context, after: str | None = None) -> None:
    await screening.rescreen(context, run="run", after=after)


async def approve(context: jobs.Context, case_id: UUID, staff_id: UUID) -> None:
    async with unit_of_work(context.sessions) as session:
        await reviews.approve(
            session,
            await cases.get(session, case_id, lock=True),
            staff_id=staff_id,
            note="Another year of birth, another town.",
            underwriter=decisioning.load(SETTINGS),
            now=context.clock.now(),
        )


class TestLoad:
    async def test_twice_is_once(self, context: jobs.Context, tmp_path: Path) -> None:
        assert await load(context, tmp_path, peps=OTHERS) == ["loaded"]
        assert await load(context, tmp_path, peps=OTHERS) == ["unchanged"]
        assert await load(context, tmp_path, peps=OTHERS + b"Third Person\n") == ["loaded"]

        async with unit_of_work(context.sessions) as session:
            [current] = await lists.in_force(session)
            versions = await lists.versions(session)
        assert (current.entries, current.publisher) == (3, "own:peps")
        assert [version.superseded_at is None for version in versions] == [True, False]

    async def test_a_bad_file_leaves_the_list_as_it_was(
        self, context: jobs.Context, tmp_path: Path
    ) -> None:
        await load(context, tmp_path, peps=OTHERS)

        assert await load(context, tmp_path, peps=b"name\n\0") == ["screening_list_not_readable"]
        async with unit_of_work(context.sessions) as session:
            assert [row.entries for row in await lists.in_force(session)] == [2]

    async def test_a_list_that_lost_most_of_itself_is_refused(
        self, context: jobs.Context, tmp_path: Path
    ) -> None:
        await load(context, tmp_path, peps=OTHERS + b"Third Person\n")

        assert await load(context, tmp_path, peps=b"name\nMusa Velero\n") == [
            "screening_list_shrank"
        ]

    async def test_of_two_files_of_a_publisher_the_newer_counts(
        self, context: jobs.Context, tmp_path: Path
    ) -> None:
        xml = '<CONSOLIDATED_LIST dateGenerated="2026-0{}-01"><INDIVIDUALS><INDIVIDUAL><DATAID>1'
        xml += (
            "</DATAID><FIRST_NAME>MUSA</FIRST_NAME></INDIVIDUAL></INDIVIDUALS></CONSOLIDATED_LIST>"
        )
        for month, name in ((3, "a.xml"), (2, "b.xml")):
            (tmp_path / name).write_text(xml.format(month))

        assert await load(context, tmp_path) == ["loaded", "older"]

    async def test_a_version_that_is_replaced_while_it_is_read_is_read_again(
        self, context: jobs.Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await load(context, tmp_path, peps=OTHERS)
        in_force = lists.in_force

        async def replaced_then(session: AsyncSession) -> Sequence[ScreeningList]:
            rows = await in_force(session)
            (tmp_path / "peps.csv").write_bytes(OTHERS + b"Third Person\n")
            [found] = lists.found_in(tmp_path)
            await lists.keep(session, await lists.read(found), now=context.clock.now())
            return rows

        monkeypatch.setattr(lists, "in_force", replaced_then)
        async with unit_of_work(context.sessions) as session:
            index = await lists.index(session)
        assert index is not None
        assert len(index) == 3


class TestRescreening:
    async def test_goes_on_without_a_person_who_was_erased_meanwhile(
        self,
        context: jobs.Context,
        amina: Borrower,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        await load(context, tmp_path, peps=AMINA)
        search = asyncio.to_thread

        async def erased_then(*args: Any) -> Any:
            async with unit_of_work(context.sessions) as session:
                borrower = await session.get_one(Borrower, amina.id)
                await erasure.erase(session, borrower, why="asked", now=context.clock.now())
            return await search(*args)

        await rescreen(context, after=str(amina.id))  # The lists are in memory from here on.
        monkeypatch.setattr(asyncio, "to_thread", erased_then)
        await rescreen(context)

        assert not await rows(context, Case)

    async def test_opens_one_case_for_a_borrower_and_an_entry(
        self, context: jobs.Context, amina: Borrower, tmp_path: Path
    ) -> None:
        await load(context, tmp_path, peps=AMINA)
        await rescreen(context)
        await rescreen(context)
        await load(context, tmp_path, peps=AMINA + b"Bakari Odumbe,\n")
        await rescreen(context)

        [case] = await rows(context, Case)
        [hit] = await rows(context, ScreeningHit)
        assert isinstance(case, Case)
        assert isinstance(hit, ScreeningHit)
        assert (case.kind, case.borrower_id, case.needs_second) == (
            CaseKind.SCREENING,
            amina.id,
            True,
        )
        assert hit.case_id == case.id
        async with unit_of_work(context.sessions) as session:
            told = await hits.explained(session, hit, now=context.clock.now())
        assert (told["name"], told["birth"]) == ("OTIENO, Amina Wanjiru", "same_day")

    async def test_of_a_new_entry_opens_another(
        self, context: jobs.Context, amina: Borrower, tmp_path: Path
    ) -> None:
        await load(context, tmp_path, peps=AMINA)
        await rescreen(context)
        await load(context, tmp_path, more=AMINA)
        await rescreen(context)

        assert len(await rows(context, Case)) == 2

    async def test_goes_on_after_the_last_borrower_of_a_batch(
        self, context: jobs.Context, amina: Borrower, tmp_path: Path
    ) -> None:
        await load(context, tmp_path, peps=AMINA)
        await rescreen(context, after=str(amina.id))
        assert not await rows(context, Case)

        await rescreen(context, after=str(UUID(int=0)))
        assert len(await rows(context, Case)) == 1

    async def test_keeps_the_name_sealed(
        self, context: jobs.Context, amina: Borrower, tmp_path: Path
    ) -> None:
        await load(context, tmp_path, peps=AMINA)
        await rescreen(context)

        [hit] = await rows(context, ScreeningHit)
        assert isinstance(hit, ScreeningHit)
        assert b"amina" not in hit.found_sealed.lower()


class TestTheCheck:
    async def verdict(self, context: jobs.Context, borrower: Borrower) -> CheckVerdict:
        async with unit_of_work(context.sessions) as session:
            number = await session.scalar(
                select(Verification.id).where(Verification.borrower_id == borrower.id)
            )
            assert number is not None
            made_by = await checking.checks_of(session, number, {})
        typed = {"full_name": "Amina W. Otieno", "birth_date": "1991-03-14"}
        return (await made_by[CheckKind.SCREENING](Evidence(b"", b"", typed=typed))).verdict

    async def test_is_left_out_without_lists(self, context: jobs.Context, amina: Borrower) -> None:
        assert await self.verdict(context, amina) is CheckVerdict.SKIPPED

    async def test_doubts_until_two_of_staff_have_cleared_it(
        self, context: jobs.Context, amina: Borrower, tmp_path: Path
    ) -> None:
        await load(context, tmp_path, peps=AMINA)
        assert await self.verdict(context, amina) is CheckVerdict.DOUBT
        await rescreen(context)
        [case] = await rows(context, Case)
        first, second = new_id(), new_id()

        await approve(context, case.id, first)
        with pytest.raises(SameStaff):
            await approve(context, case.id, first)
        assert await self.verdict(context, amina) is CheckVerdict.DOUBT
        await approve(context, case.id, second)

        [hit] = await rows(context, ScreeningHit)
        assert isinstance(hit, ScreeningHit)
        assert hit.outcome is Outcome.CLEARED
        assert await self.verdict(context, amina) is CheckVerdict.CLEAR

    async def test_passing_an_identity_leaves_the_hits_of_another_case(
        self, context: jobs.Context, amina: Borrower, tmp_path: Path
    ) -> None:
        await load(context, tmp_path, peps=AMINA)
        await rescreen(context)
        async with unit_of_work(context.sessions) as session:
            case = await cases.open_case(
                session, kind=CaseKind.IDENTITY, borrower_id=amina.id, application_id=None,
                reasons=["blurred"], now=context.clock.now(),
            )  # fmt: skip

        await approve(context, case.id, new_id())

        [hit] = await rows(context, ScreeningHit)
        assert isinstance(hit, ScreeningHit)
        assert hit.outcome is None

    async def test_a_doubt_of_a_provider_takes_two_whatever_it_calls_it(
        self, context: jobs.Context, amina: Borrower
    ) -> None:
        doubt = CheckResult(CheckKind.SCREENING, CheckVerdict.DOUBT, "vendor", ("watchlist",))
        async with unit_of_work(context.sessions) as session:
            dossier = await dossiers.get(session, amina.id)
            assert dossier.verification is not None
            await tasks.conclude(
                session, dossier.verification.id, [doubt], decisioning.load(SETTINGS),
                now=context.clock.now(),
            )  # fmt: skip

        [case] = await rows(context, Case)
        assert isinstance(case, Case)
        assert (case.kind, case.needs_second) == (CaseKind.IDENTITY, True)


class TestANewLoan:
    """Her identity has passed before the list that names her came."""

    async def test_waits_for_two_of_staff_who_clear_the_hit(
        self, context: jobs.Context, tmp_path: Path, underwriter: Underwriter
    ) -> None:
        amina = await self.passes(context, underwriter)
        await self.is_listed(context, tmp_path)
        async with unit_of_work(context.sessions) as session:
            dossier = await dossiers.get(session, amina)
            await journey.submit(session, dossier, underwriter, now=context.clock.now())

        [listed, waits] = sorted(await self.cases(context), key=lambda case: case.id)
        assert (waits.kind, waits.reasons, waits.needs_second) == (
            CaseKind.IDENTITY,
            [ON_A_LIST],
            True,
        )
        for case in (listed, waits):
            assert await self.status(context, amina) is ApplicationStatus.IN_REVIEW
            await approve(context, case.id, new_id())
            await approve(context, case.id, new_id())
        assert await self.status(context, amina) is ApplicationStatus.OFFERED

    @pytest.mark.parametrize("outcome", [None, Outcome.CONFIRMED])
    async def test_is_not_signed_while_the_hit_stands(
        self,
        context: jobs.Context,
        tmp_path: Path,
        underwriter: Underwriter,
        outcome: Outcome | None,
    ) -> None:
        amina, now = await self.passes(context, underwriter), context.clock.now()
        async with unit_of_work(context.sessions) as session:
            dossier = await dossiers.get(session, amina)
            await journey.submit(session, dossier, underwriter, now=now)
        await self.is_listed(context, tmp_path)

        async with unit_of_work(context.sessions) as session:
            for hit in await hits.of_borrower(session, amina):
                hit.outcome = outcome
            dossier = await dossiers.get(session, amina)
            with pytest.raises(agreements.LoanLookedAt):
                await agreements.request_code(session, dossier, on=now.date(), now=now)
            with pytest.raises(agreements.LoanLookedAt):
                await agreements.accept(session, dossier, code="123456", on=now.date(), now=now)
        assert await self.status(context, amina) is ApplicationStatus.OFFERED

    async def passes(self, context: jobs.Context, underwriter: Underwriter) -> UUID:
        async with unit_of_work(context.sessions) as session:
            applicant = Applicant(session, context.clock.now())
            dossier = await applicant.answers_until(await applicant.begins(), None)
            await identified(applicant, dossier, SAME, underwriter)
            return dossier.borrower.id

    async def is_listed(self, context: jobs.Context, folder: Path) -> None:
        await load(context, folder, peps=AMINA)
        await rescreen(context)

    async def cases(self, context: jobs.Context) -> list[Case]:
        return [case for case in await rows(context, Case) if isinstance(case, Case)]

    async def status(self, context: jobs.Context, borrower_id: UUID) -> ApplicationStatus:
        async with unit_of_work(context.sessions) as session:
            return (await dossiers.get(session, borrower_id)).draft.status
