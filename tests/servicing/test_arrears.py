"""Late loans in the database: today from their rows, the past from their events."""

import csv
import io
from datetime import date, timedelta

import pytest
from sqlalchemy import event

from kit.db import unit_of_work
from servicing import arrears, arrears_report, late_policy, living, queries, reassessments
from servicing.arrears import Arrears
from servicing.assessments import Assessment
from servicing.classification import Class
from servicing.events import Type
from servicing.expected_loss import Stage
from servicing.happenings import Happening
from servicing.late_policy import LatePolicy
from servicing.living import Act
from servicing.models import Loan
from tests.servicing.lending import START, Lender, kes

POLICY = late_policy.load(late_policy.FOLDER / "default.yaml")
INDIA = late_policy.load(late_policy.FOLDER / "in.yaml")
FIRST_DUE = date(2026, 12, 20)


async def seen(
    lender: Lender, on: date | None = None, policy: LatePolicy = POLICY
) -> list[Arrears]:
    async with lender.sessions() as session:
        return await arrears.list_arrears(session, policy, on=on or lender.on, today=lender.on)


async def only(lender: Lender, on: date | None = None) -> Assessment:
    (found,) = await seen(lender, on)
    return found.assessed


async def tells(lender: Lender, loan: Loan, type_: Type, **details: object) -> None:
    async with unit_of_work(lender.sessions) as session:
        locked = await queries.get_loan(session, loan.id, lock=True)
        told = Happening(type_, lender.on, f"test:{type_}", details=details)
        await living.happen(session, locked, Act("staff:1", lender.on, lender.now), told)


class TestOneLoan:
    async def test_a_new_loan_is_normal_and_performs(self, lender: Lender) -> None:
        await lender.lends()
        found = await only(lender)
        assert (found.loan_class, found.loss.stage) == (Class.NORMAL, Stage.PERFORMING)
        assert found.balance_minor == 3_000_000
        assert found.provision_minor == 30_000
        assert 0 < found.loss.recognized_minor < found.exposure_minor

    @pytest.mark.parametrize(
        ("late", "bucket", "found", "stage"),
        [
            (1, "1_30", Class.SPECIAL_MENTION, 1),
            (31, "31_60", Class.SPECIAL_MENTION, 2),
            (90, "61_90", Class.SPECIAL_MENTION, 3),
            (91, "91_plus", Class.SUBSTANDARD, 3),
        ],
    )
    async def test_grows_worse_by_the_day(
        self, lender: Lender, late: int, bucket: str, found: Class, stage: int
    ) -> None:
        await lender.lends()
        lender.on = FIRST_DUE + timedelta(days=late)
        one = await only(lender)
        assert one.standing.days_past_due == late
        assert one.standing.bucket is not None
        assert (one.standing.bucket.name, one.loan_class, one.loss.stage) == (bucket, found, stage)

    async def test_in_default_everything_lost_given_default(self, lender: Lender) -> None:
        await lender.lends()
        lender.on = FIRST_DUE + timedelta(days=100)
        one = await only(lender)
        assert one.exposure_minor > one.balance_minor
        assert one.loss.recognized_minor == -(-one.exposure_minor * 45 // 100)

    async def test_the_past_is_told_from_the_events(self, lender: Lender) -> None:
        loan = await lender.lends()
        lender.on = FIRST_DUE + timedelta(days=10)
        before = await only(lender)
        await lender.receives(loan, kes(11_000))
        lender.on = lender.on + timedelta(days=5)

        assert (await only(lender)).standing.days_past_due == 0
        again = await only(lender, FIRST_DUE + timedelta(days=9))
        assert again.standing.days_past_due == 9
        assert again.balance_minor == before.balance_minor

    async def test_a_loan_that_ended_since_was_there(self, lender: Lender) -> None:
        loan = await lender.lends()
        lender.on = START + timedelta(days=5)
        await lender.receives(loan, await lender.payoff(loan))
        assert await seen(lender) == []
        lender.on = START + timedelta(days=6)
        (one,) = await seen(lender, START + timedelta(days=2))
        assert one.loan_id == loan.id

    async def test_rows_and_events_tell_the_same(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.receives(loan, kes(4_000))
        for days in (0, 12, 45):
            await lender.closes_days_until(FIRST_DUE + timedelta(days=days + 1))
            day, from_rows = lender.on, await only(lender)
            lender.on += timedelta(days=1)
            assert await only(lender, day) == from_rows
            lender.on = day

    async def test_paused_days_do_not_count(self, lender: Lender) -> None:
        loan = await lender.lends()
        lender.on = FIRST_DUE + timedelta(days=20)
        start, end = FIRST_DUE + timedelta(days=5), FIRST_DUE + timedelta(days=15)
        await tells(
            lender, loan, Type.PAUSE, of="arrears", start=start.isoformat(), end=end.isoformat()
        )
        assert (await only(lender)).standing.days_past_due == 10
        async with lender.sessions() as session:
            fresh = await queries.get_loan(session, loan.id)
            days = await arrears.days_past_due(session, [fresh], on=lender.on)
            ten = await arrears.list_late(session, days=10, on=lender.on)
            eleven = await arrears.list_late(session, days=11, on=lender.on)
        assert days == {loan.id: 10}
        assert ([each.id for each in ten], eleven) == ([loan.id], [])

    async def test_that_are_late_come_page_by_page(self, lender: Lender) -> None:
        """The newest is left out: it is paid."""
        loans = [await lender.lends() for _ in range(3)]
        lender.on = FIRST_DUE + timedelta(days=4)
        await lender.receives(loans[2], kes(11_000))
        async with lender.sessions() as session:
            (first,) = await arrears.list_late(session, days=4, on=lender.on, limit=1)
            rest = await arrears.list_late(session, days=4, on=lender.on, after=first.id)
        assert (first.id, [each.id for each in rest]) == (loans[1].id, [loans[0].id])

    async def test_a_due_date_that_counts_is_a_late_day_for_all(self, lender: Lender) -> None:
        lender.rules = {**lender.rules, "dpd_rule": {"counts_due_date": True}}
        loan = await lender.lends()
        lender.on = FIRST_DUE + timedelta(days=1)
        async with lender.sessions() as session:
            found = await arrears.list_late(session, days=2, on=lender.on)
        assert [each.id for each in found] == [loan.id]

    async def test_spread_anew_it_is_watched(self, lender: Lender) -> None:
        loan = await lender.lends()
        lender.on = FIRST_DUE + timedelta(days=5)
        start = lender.on + timedelta(days=30)
        await tells(lender, loan, Type.REAGE, start=start.isoformat(), installments=3)
        found = await only(lender)
        assert found.standing.overdue_minor == kes(30).minor  # The fee stays where it was.
        assert (found.loan_class, found.loss.stage) == (Class.SPECIAL_MENTION, 2)

    async def test_a_worse_pd_raises_the_stage(self, lender: Lender) -> None:
        loan = await lender.lends()
        async with unit_of_work(lender.sessions) as session:
            (await session.get_one(Loan, loan.id)).pd_ppm = 50_000
        calm = await only(lender)
        async with unit_of_work(lender.sessions) as session:
            await reassessments.reassess(
                session, loan.id, pd_ppm=200_000, actor="staff:1", now=lender.now
            )
        worried = await only(lender)
        assert (calm.loss.stage, worried.loss.stage) == (1, 2)
        assert worried.loss.recognized_minor > 3 * calm.loss.recognized_minor

    async def test_the_rate_is_kept_with_the_loan(self, lender: Lender) -> None:
        loan = await lender.lends()
        assert loan.effective_rate_ppm is not None
        assert loan.effective_rate_ppm > 360_000  # 36 % nominal, and fees
        kept = await only(lender)
        async with unit_of_work(lender.sessions) as session:
            (await session.get_one(Loan, loan.id)).effective_rate_ppm = None
        found = await only(lender)
        assert found.loss == kept.loss


class TestBorrowers:
    async def test_the_worst_loan_counts_where_the_policy_says_so(self, lender: Lender) -> None:
        old = await lender.lends()
        lender.on = FIRST_DUE + timedelta(days=95)
        new = await lender.lends()
        async with unit_of_work(lender.sessions) as session:
            (await session.get_one(Loan, new.id)).borrower_id = old.borrower_id

        by_loan = {each.loan_id: each.assessed.loan_class for each in await seen(lender)}
        by_borrower = {
            each.loan_id: each.assessed.loan_class for each in await seen(lender, policy=INDIA)
        }
        assert by_loan == {old.id: Class.SUBSTANDARD, new.id: Class.NORMAL}
        assert by_borrower == {old.id: Class.SUBSTANDARD, new.id: Class.SUBSTANDARD}


class TestReport:
    @pytest.fixture
    async def rows(self, lender: Lender) -> list[Arrears]:
        """One loan 40 days late, one just paid out."""
        await lender.lends()
        lender.on = FIRST_DUE + timedelta(days=40)
        await lender.lends()
        return await seen(lender)

    async def test_parts_add_up(self, rows: list[Arrears]) -> None:
        (book,) = arrears_report.books(rows)
        for parts in (book.buckets, book.classes, book.stages):
            for name in ("loans", "balance_minor", "provision_minor", "expected_loss_minor"):
                total = sum(getattr(group, name) for group in parts.values())
                assert total == getattr(book.whole, name)

    async def test_par_counts_whole_balances(self, rows: list[Arrears]) -> None:
        (book,) = arrears_report.books(rows)
        assert [group.loans for group in book.at_risk.values()] == [1, 1, 0, 0]
        assert arrears_report.percent(book, book.at_risk[30]) == "50.00"
        assert book.buckets["31_60"].balance_minor == 3_000_000
        assert book.buckets["31_60"].overdue_minor > 2 * 1_000_000

    async def test_csv_has_the_latest_first(self, rows: list[Arrears]) -> None:
        first, second = csv.DictReader(io.StringIO(arrears_report.as_csv(rows)))
        assert (first["days_past_due"], second["days_past_due"]) == ("40", "0")
        assert (first["class"], first["stage"], first["balance"]) == (
            "special_mention",
            "2",
            "30000.00",
        )

    async def test_reads_all_loans_at_once(self, lender: Lender, rows: list[Arrears]) -> None:
        for _ in range(3):
            await lender.lends()
        asked: list[str] = []
        async with lender.sessions() as session:
            connection = (await session.connection()).sync_connection
            assert connection is not None

            def heard(_c: object, _x: object, statement: str, *_rest: object) -> None:
                asked.append(statement)

            event.listen(connection, "before_cursor_execute", heard)
            found = await arrears.list_arrears(session, POLICY, on=lender.on, today=lender.on)
            event.remove(connection, "before_cursor_execute", heard)
        assert len(found) == 5
        assert len([each for each in asked if each.startswith("SELECT")]) <= 5
