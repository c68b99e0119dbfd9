"""The daily look at stored decisions, on both databases: what it measures, raises and clears."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import jobs
from kit.clock import ShiftedClock, SystemClock
from kit.config import Settings
from kit.db import Sessions, unit_of_work
from kit.ids import new_id
from onboarding import watching
from onboarding.models import Application
from onboarding.states import ApplicationStatus
from scoring.models import Decision
from scoring.watching import alerts
from scoring.watching.models import RiskAlert, WatchMeasure
from scoring.watching.report import Alert, Kind, Measure
from tests.onboarding import watched_book
from tests.onboarding.watched_book import Book

SETTINGS = Settings(_env_file=None, timezone="Africa/Nairobi")


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return watched_book.model_that_remembers(tmp_path_factory.mktemp("model") / "amount")


async def measures(session: AsyncSession, now: datetime) -> dict[tuple[str, str], Measure]:
    (found,) = (await watching.looks(session, SETTINGS, now=now)).values()
    return {(each.kind, each.subject): each for each in found}


async def standing(session: AsyncSession) -> dict[str, RiskAlert]:
    return {f"{row.kind} {row.subject}": row for row in await alerts.list_standing(session)}


class TestLook:
    async def test_measures_a_steady_book_and_stays_silent(
        self, session: AsyncSession, texts: tuple[str, str], now: datetime
    ) -> None:
        book = await Book.of(session, texts, now)
        await book.decides(150, days_ago=300)
        await book.decides(120, days_ago=40)
        await book.decides(240, days_ago=3)

        found = await measures(session, now)

        assert {kind for kind, _ in found} == {
            Kind.SCORE_DRIFT, Kind.FEATURE_DRIFT, Kind.BAD_RATE, Kind.CALIBRATION, Kind.RANKING,
            Kind.APPROVAL_RATE, Kind.FAIRNESS,
        }  # fmt: skip
        assert not [each for each in found.values() if each.is_alarming]
        assert found[Kind.APPROVAL_RATE, ""].rows == 240
        lent = await session.scalar(
            select(func.count(Decision.id)).where(
                Decision.pd <= watched_book.CUT_OFF,
                Decision.created_at < now - timedelta(days=200),
            )
        )
        assert found[Kind.CALIBRATION, ""].rows == lent

    async def test_raises_keeps_and_clears_alerts(
        self, session: AsyncSession, texts: tuple[str, str], now: datetime
    ) -> None:
        book = await Book.of(session, texts, now)
        await book.decides(400, days_ago=300, riskier=0.25)
        await book.decides(120, days_ago=3, larger=60_000)

        await watching.keep(
            session, await watching.looks(session, SETTINGS, now=now), SETTINGS, now=now
        )

        name = f"model:{book.model.sha256[:16]}"
        raised = await standing(session)
        assert {f"calibration {name}", f"score_drift {name}", f"retraining_proposed {name}"} <= set(
            raised
        )
        evidence = raised[f"calibration {name}"].evidence
        assert evidence["found"] > evidence["stated"]
        because = raised[f"retraining_proposed {name}"].evidence["because"]
        assert "calibration" in because
        assert await alerts.count_unseen(session) == len(raised)

        later = now + timedelta(days=1)
        again = await watching.looks(session, SETTINGS, now=later)
        await watching.keep(session, again, SETTINGS, now=later)
        kept = await standing(session)
        assert kept[f"calibration {name}"].id == raised[f"calibration {name}"].id
        assert kept[f"calibration {name}"].stood_at == later

        await watching.keep(session, {}, SETTINGS, now=later)
        assert await standing(session) == {}
        ended = await session.get(RiskAlert, raised[f"calibration {name}"].id)
        assert ended is not None
        assert ended.cleared_at == later

    async def test_a_second_look_of_a_day_takes_the_place_of_the_first(
        self, session: AsyncSession, texts: tuple[str, str], now: datetime
    ) -> None:
        book = await Book.of(session, texts, now)
        await book.decides(60, days_ago=3)
        for _ in range(2):
            await watching.keep(
                session, await watching.looks(session, SETTINGS, now=now), SETTINGS, now=now
            )

        rows = list(await session.scalars(select(WatchMeasure)))
        assert len(rows) == len({(row.kind, row.subject) for row in rows}) > 3

    async def test_knows_when_staff_went_against_the_risk(
        self, session: AsyncSession, texts: tuple[str, str], now: datetime
    ) -> None:
        book = await Book.of(session, texts, now)
        await book.decides(20, days_ago=3)
        await book.decides(20, days_ago=3, larger=80_000)
        by_status = {
            status: list(
                await session.scalars(select(Application).where(Application.status == status))
            )
            for status in (ApplicationStatus.ACCEPTED, ApplicationStatus.DECLINED)
        }
        for application in by_status[ApplicationStatus.DECLINED][:3]:
            await book.staff_decides(application, "approve")
        for application in by_status[ApplicationStatus.ACCEPTED][:1]:
            await book.staff_decides(application, "approve")

        found = await measures(session, now)

        assert (found[Kind.OVERRIDE_RATE, ""].rows, found[Kind.OVERRIDE_RATE, ""].value) == (
            4,
            0.75,
        )

    async def test_looks_only_at_groups_that_the_lender_names(
        self, session: AsyncSession, texts: tuple[str, str], now: datetime
    ) -> None:
        book = await Book.of(session, texts, now)
        await book.decides(260, days_ago=3)
        nobody = SETTINGS.model_copy(update={"fairness_groups": ()})
        everybody = SETTINGS.model_copy(update={"fairness_groups": ("age", "region", "sex")})

        (without,) = (await watching.looks(session, nobody, now=now)).values()
        (looked,) = (await watching.looks(session, everybody, now=now)).values()

        assert not [each for each in without if each.kind is Kind.FAIRNESS]
        # Nobody told a region, and no document a sex: nothing is made up.
        assert [each.subject for each in looked if each.kind is Kind.FAIRNESS] == ["age"]

    async def test_looks_at_nothing_where_nothing_was_decided(
        self, session: AsyncSession, now: datetime
    ) -> None:
        assert await watching.looks(session, SETTINGS, now=now) == {}


class TestNight:
    async def test_looks_at_models_inputs_and_loans(
        self, sessions: Sessions, texts: tuple[str, str], now: datetime
    ) -> None:
        async with unit_of_work(sessions) as session:
            book = await Book.of(session, texts, now)
            await book.decides(120, days_ago=3, larger=150_000)  # Nobody is lent so much.
        clock = ShiftedClock(now - SystemClock().now())

        await watching.watch(jobs.Context(sessions, clock, {Settings: SETTINGS}))

        async with sessions() as session:
            assert "approval_rate" in {
                row.kind for row in await session.scalars(select(WatchMeasure))
            }
            assert [key for key in await standing(session) if key.startswith("score_drift")]


class TestInputs:
    async def test_notices_an_answer_that_many_give_at_once(
        self, session: AsyncSession, texts: tuple[str, str], now: datetime
    ) -> None:
        book = await Book.of(session, texts, now)
        for income in range(40_000, 60_000, 150):
            await book.decides(1, days_ago=20, monthly_income_minor=income)
        await book.decides(25, days_ago=3, monthly_income_minor=61_235)

        found = {
            alert.subject: alert
            for alert in await watching.suspicions(session, now=now)
            if alert.kind == "input_repeated"
        }

        assert found["input:monthly_income_minor"].evidence["value"] == "61235"
        assert found["input:monthly_income_minor"].evidence["times"] == 25

    async def test_is_not_surprised_by_what_was_always_so(
        self, session: AsyncSession, texts: tuple[str, str], now: datetime
    ) -> None:
        book = await Book.of(session, texts, now)
        await book.decides(150, days_ago=20)
        await book.decides(60, days_ago=3)

        assert await watching.suspicions(session, now=now) == []


class TestAlerts:
    async def test_a_note_stays_with_what_still_stands(
        self, session: AsyncSession, now: datetime
    ) -> None:
        alert = Alert("score_drift", "model:1", {"value": 1})
        (row,) = await alerts.settle(session, ["score_drift"], [alert], now=now)
        staff = new_id()

        await alerts.note(session, row.id, staff_id=staff, text="A campaign in May.", now=now)
        await alerts.settle(session, ["score_drift"], [alert], now=now + timedelta(days=1))

        (kept,) = await alerts.list_standing(session)
        assert (kept.seen_by, kept.note) == (staff, "A campaign in May.")
        assert await alerts.count_unseen(session) == 0

    async def test_other_kinds_are_left_alone(self, session: AsyncSession, now: datetime) -> None:
        await alerts.settle(session, ["a"], [Alert("a", "x", {})], now=now)

        await alerts.settle(session, ["b"], [], now=now)

        assert [row.kind for row in await alerts.list_standing(session)] == ["a"]

    async def test_refuse_what_is_not_there(self, session: AsyncSession, now: datetime) -> None:
        with pytest.raises(alerts.RiskAlertNotFound):
            await alerts.note(session, new_id(), staff_id=new_id(), text="x", now=now)
