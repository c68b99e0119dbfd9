"""What faces ask about loans: what comes next, how late, the statement, the lists of staff."""

from datetime import date, timedelta

from kit.crypto import vault_of
from kit.db import unit_of_work
from kit.ids import new_id
from servicing import history, origination, queries, statements, terms
from servicing.history import LoanHistory
from servicing.models import Loan
from servicing.rules import LoanRules
from servicing.states import LoanStatus
from tests.servicing.lending import ACCOUNT, TERMS, Lender, kes

DUE = date(2026, 12, 20)


async def next_due(lender: Lender, loan: Loan) -> tuple[int, date, str, bool] | None:
    async with lender.sessions() as session:
        coming = await queries.next_due(session, await lender.sees(loan), on=lender.on)
    if coming is None:
        return None
    return coming.installment.n, coming.due_on, coming.amount.major, coming.is_overdue


class TestNextDue:
    async def test_is_the_first_that_money_is_needed_for(self, lender: Lender) -> None:
        loan = await lender.lends()
        assert await next_due(lender, loan) == (1, DUE, "10635.91", False)

        await lender.receives(loan, kes(636))
        assert await next_due(lender, loan) == (1, DUE, "9999.91", False)

        await lender.receives(loan, kes(10_000))
        assert await next_due(lender, loan) == (2, date(2027, 1, 20), "10635.82", False)

    async def test_is_overdue_the_day_after(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(DUE)
        assert await next_due(lender, loan) == (1, DUE, "10635.91", False)

        await lender.closes_days_until(DUE + timedelta(days=1))
        assert await next_due(lender, loan) == (1, DUE, "10635.91", True)

    async def test_is_nothing_before_and_after_the_loan(self, lender: Lender) -> None:
        assert await next_due(lender, await lender.opens()) is None
        repaid = await lender.lends()
        await lender.receives(repaid, kes(30_000))

        assert await next_due(lender, repaid) is None


class TestOutstanding:
    async def test_is_all_that_is_left_by_the_schedule(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.receives(loan, kes(100))
        async with lender.sessions() as session:
            left = await queries.outstanding(session, await lender.sees(loan))

        assert (left.gross, left.total) == (kes("31907.73"), kes("31807.73"))


class TestStatement:
    async def test_runs_from_the_money_lent_to_nothing(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.receives(loan, kes(1_000))
        await lender.closes_days_until(date(2026, 12, 22))
        await lender.receives(loan, await lender.payoff(loan))

        async with lender.sessions() as session:
            rows = await statements.rows_of(session, loan)
        assert (rows[0].kind, rows[0].charged, rows[0].balance) == (
            "disbursement", kes(30_000), kes(30_000),
        )  # fmt: skip
        assert (rows[1].kind, rows[1].paid, rows[1].balance) == (
            "repayment", kes(1_000), kes(29_000),
        )  # fmt: skip
        assert rows[-1].balance == kes(0)
        assert [row.on for row in rows] == sorted(row.on for row in rows)


class TestLists:
    async def test_find_the_open_loan_of_a_borrower(self, lender: Lender) -> None:
        loan = await lender.lends()
        async with lender.sessions() as session:
            found = await queries.find_open_loan(session, loan.borrower_id)
            assert found is not None
            assert found.id == loan.id
            assert await queries.find_open_loan(session, new_id()) is None
        await lender.receives(loan, kes(30_000))
        async with lender.sessions() as session:
            assert await queries.find_open_loan(session, loan.borrower_id) is None
            assert [one.id for one in await queries.list_loans_of(session, loan.borrower_id)] == [
                loan.id
            ]

    async def test_page_and_filter_for_staff(self, lender: Lender) -> None:
        late, repaid, waiting = await lender.lends(), await lender.lends(), await lender.opens()
        await lender.receives(repaid, kes(30_000))
        async with lender.sessions() as session:

            async def listed(**wanted: object) -> list[object]:
                return [loan.id for loan in await queries.list_loans(session, **wanted)]  # type: ignore[arg-type]

            assert await listed() == [waiting.id, repaid.id, late.id]
            assert await listed(limit=1, after=waiting.id) == [repaid.id]
            assert await listed(status=LoanStatus.CLOSED) == [repaid.id]
            assert await listed(overdue_on=DUE) == []
            assert await listed(overdue_on=DUE + timedelta(days=1)) == [late.id]


class TestHistory:
    async def again(self, lender: Lender, borrower_id: object) -> LoanHistory:
        async with lender.sessions() as session:
            return await history.of_borrower(session, borrower_id, on=lender.on)  # type: ignore[arg-type]

    async def test_knows_repaid_loans_and_the_worst_delay(self, lender: Lender) -> None:
        loan = await lender.lends()
        assert await self.again(lender, loan.borrower_id) == LoanHistory(0, None)

        await lender.closes_days_until(DUE + timedelta(days=6))
        assert await self.again(lender, loan.borrower_id) == LoanHistory(0, 6)

        await lender.receives(loan, await lender.payoff(loan))
        await lender.closes_days_until(DUE + timedelta(days=30))
        assert await self.again(lender, loan.borrower_id) == LoanHistory(1, 6)

    async def test_of_somebody_new_is_empty(self, lender: Lender) -> None:
        assert await self.again(lender, new_id()) == LoanHistory(0, None)

    async def test_leaves_out_what_was_never_paid_out(self, lender: Lender) -> None:
        async with unit_of_work(lender.sessions) as session:
            loan = await origination.open_loan(
                session, vault_of(session), application_id=new_id(), borrower_id=new_id(),
                terms=terms.parse(TERMS), rules=LoanRules(), account=ACCOUNT, on=lender.on,
                now=lender.now,
            )  # fmt: skip
        lender.on += timedelta(days=90)

        assert await self.again(lender, loan.borrower_id) == LoanHistory(0, None)
