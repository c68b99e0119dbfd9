"""The life of a loan in numbers that an accountant can check, and the books after every step.

30,000 at 3 % a month in three installments of 10,605.91, each with fees of 20 for us and 10 for
others. Of the money, 750 stay with us as a fee and 50 go to others: 29,200 are paid out.
"""

from datetime import date

from kit.money import Money
from servicing.models import Installment
from servicing.states import LoanStatus
from tests.servicing.lending import Lender, kes

SCHEDULE = """
    1  2026-12-20    9705.91   900.00   30.00
    2  2027-01-20    9997.09   608.82   30.00
    3  2027-02-20   10297.00   308.91   30.00
"""


def line(row: Installment) -> list[str]:
    parts = (row.principal_minor, row.interest_minor, row.fees_minor)
    return [str(row.n), row.due_on.isoformat(), *(Money(part, "KES").major for part in parts)]


class TestPaidOnTime:
    async def test_keeps_the_schedule(self, lender: Lender) -> None:
        loan = await lender.lends()

        rows = await lender.schedule(loan)
        assert [line(row) for row in rows] == [row.split() for row in SCHEDULE.split("\n")[1:-1]]

    async def test_gives_every_cent_its_place(self, lender: Lender) -> None:
        loan = await lender.lends()
        assert await lender.books(loan) == {
            "cash_wallet": "-29200.00",
            "loan_principal": "30000.00",
            "fee_income": "750.00",
            "third_party_payable": "50.00",
        }

        await lender.closes_days_until(date(2026, 12, 5))
        assert (await lender.books(loan))["interest_receivable"] == "420.00"  # 14 of 30 days

        for due_on in (date(2026, 12, 20), date(2027, 1, 20), date(2027, 2, 20)):
            await lender.closes_days_until(due_on)
            assert (await lender.owed(loan)).gross == kes("10635.91")
            await lender.receives(loan, kes("10635.91"))
            await lender.verifies()

        assert (await lender.sees(loan)).status is LoanStatus.CLOSED
        assert await lender.books(loan) == {
            "cash_wallet": "2707.73",
            "interest_income": "1817.73",
            "fee_income": "810.00",
            "third_party_payable": "80.00",
        }


class TestPaidLate:
    async def test_costs_the_late_fee_of_each_installment_once(self, lender: Lender) -> None:
        loan = await lender.lends()

        await lender.closes_days_until(date(2026, 12, 24))
        assert "penalties_receivable" not in await lender.books(loan)  # three days of grace

        await lender.closes_days_until(date(2027, 1, 15))
        assert (await lender.books(loan))["penalties_receivable"] == "425.44"  # 4 % of 10,635.91
        await lender.verifies()

        await lender.receives(loan, kes("11061.35"))
        assert (await lender.books(loan)).get("penalties_receivable") is None
        assert (await lender.owed(loan)).gross == kes(0)
        await lender.verifies()


class TestPaidEarly:
    async def test_owes_no_interest_of_days_to_come(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(date(2026, 12, 5))

        assert await lender.payoff(loan) == kes("30450.00")  # 15 of 30 days, no fee yet
        await lender.receives(loan, kes("30450"))

        assert (await lender.sees(loan)).closed_on == date(2026, 12, 5)
        books = await lender.books(loan)
        assert books["interest_income"] == "450.00"
        assert books.keys() == {
            "cash_wallet",
            "interest_income",
            "fee_income",
            "third_party_payable",
        }
        await lender.verifies()

    async def test_owes_only_the_principal_on_the_day_itself(self, lender: Lender) -> None:
        loan = await lender.lends()

        assert await lender.payoff(loan) == kes(30_000)

    async def test_waits_as_credit_until_something_falls_due(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(date(2026, 12, 5))
        await lender.receives(loan, kes(10_000))
        assert (await lender.books(loan))["borrower_credit"] == "10000.00"

        await lender.closes_days_until(date(2026, 12, 21))
        assert (await lender.owed(loan)).total == kes("635.91")
        assert "borrower_credit" not in await lender.books(loan)
        await lender.verifies()

    async def test_repays_the_loan_once_it_is_enough(self, lender: Lender) -> None:
        loan = await lender.lends(installments=1, due_dates=["2026-12-20"])
        await lender.closes_days_until(date(2026, 12, 10))
        await lender.receives(loan, kes(30_000))
        await lender.receives(loan, kes(599))  # of 600 interest so far
        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE

        await lender.receives(loan, kes(331))
        assert (await lender.sees(loan)).status is LoanStatus.CLOSED
        await lender.verifies()


class TestPaidTooMuch:
    async def test_leaves_the_rest_for_a_person_to_pay_back(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.receives(loan, kes(30_100))

        assert (await lender.sees(loan)).status is LoanStatus.CLOSED
        assert (await lender.books(loan))["suspense"] == "100.00"
        await lender.verifies()


class TestDatedFromTheDisbursement:
    async def test_every_due_date_moves_along(self, lender: Lender) -> None:
        loan = await lender.opens()
        lender.on = date(2026, 11, 24)
        await lender.arrives(loan)

        rows = await lender.schedule(loan)
        assert [row.due_on.isoformat() for row in rows] == [
            "2026-12-24",
            "2027-01-24",
            "2027-02-24",
        ]
        assert (await lender.sees(loan)).terms["disbursed_on"] == "2026-11-24"


class TestFeesOnTheFirstDay:
    async def test_are_due_at_once(self, lender: Lender) -> None:
        fees = [{"code": "entry", "amount": "100", "when": "upfront", "to": "lender"}]
        loan = await lender.lends(fees=fees)

        assert (await lender.owed(loan)).fees == kes(100)
        assert (await lender.books(loan))["fees_receivable"] == "100.00"
        await lender.verifies()


class TestInterestThatIsPutOff:
    async def test_is_earned_over_all_its_days(self, lender: Lender) -> None:
        loan = await lender.lends(fees=[], grace={"interest_payment": 2})
        await lender.closes_days_until(date(2026, 12, 6))

        earned = (await lender.books(loan))["interest_receivable"]
        assert kes(0) < kes(earned) < kes(900)
        await lender.verifies()
