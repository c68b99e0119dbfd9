"""What staff see of late loans: the portfolio, one line for each loan, and a loan's page."""

import csv
import io

import httpx
import pytest
from sqlalchemy import select

from kit.audit import AuditEvent
from kit.db import Sessions
from servicing.models import Loan
from tests.api.conftest import SetClock
from tests.servicing.lending import Lender


@pytest.fixture
async def loan(lender: Lender, clock: SetClock) -> Loan:
    """30,000 KES; today its first installment has been due for 40 days."""
    loan = await lender.lends()
    clock.at = clock.at.replace(year=2027, month=1, day=29)
    return loan


class TestPortfolio:
    async def test_by_bucket_class_and_stage(self, ada: httpx.AsyncClient, loan: Loan) -> None:
        shown = (await ada.get("/v1/portfolio/late")).json()

        assert (shown["on"], shown["policy"]) == ("2027-01-29", "default")
        (book,) = shown["books"]
        assert book["whole"]["balance"] == {"amount": "30000.00", "currency": "KES"}
        assert {days: each["share_percent"] for days, each in book["at_risk"].items()} == {
            "1": "100.00",
            "30": "100.00",
            "60": "0.00",
            "90": "0.00",
        }
        assert book["buckets"]["31_60"]["loans"] == 1
        assert book["classes"]["special_mention"]["provision"]["amount"] == "600.00"
        assert float(book["stages"]["2"]["expected_loss"]["amount"]) > 0

    async def test_a_day_before(self, ada: httpx.AsyncClient, loan: Loan) -> None:
        shown = (await ada.get("/v1/portfolio/late", params={"on": "2026-12-20"})).json()

        assert shown["books"][0]["buckets"]["current"]["loans"] == 1

    async def test_a_day_that_has_not_come(self, ada: httpx.AsyncClient, loan: Loan) -> None:
        answer = await ada.get("/v1/portfolio/late", params={"on": "2027-01-30"})

        assert (answer.status_code, answer.json()["code"]) == (422, "day_not_reached")

    async def test_nothing_is_lent(self, ada: httpx.AsyncClient) -> None:
        assert (await ada.get("/v1/portfolio/late")).json()["books"] == []

    async def test_one_line_for_each_loan(self, carl: httpx.AsyncClient, loan: Loan) -> None:
        answer = await carl.get("/v1/portfolio/late.csv")

        assert answer.headers["content-type"].startswith("text/csv")
        (line,) = csv.DictReader(io.StringIO(answer.text))
        assert (line["loan"], line["days_past_due"], line["class"]) == (
            loan.reference,
            "40",
            "special_mention",
        )


class TestLoanPage:
    async def test_says_how_late_it_is(self, carl: httpx.AsyncClient, loan: Loan) -> None:
        shown = (await carl.get(f"/v1/loans/{loan.id}")).json()

        late = shown["lateness"]
        assert shown["days_past_due"] == late["days_past_due"] == 40
        assert (late["since"], late["bucket"]) == ("2026-12-20", "31_60")
        assert (late["loan_class"], late["stage"]) == ("special_mention", 2)
        assert late["expected_loss"] == late["lifetime_loss"]

    async def test_is_silent_about_a_loan_that_does_not_run(
        self, carl: httpx.AsyncClient, lender: Lender
    ) -> None:
        waiting = await lender.opens()

        assert (await carl.get(f"/v1/loans/{waiting.id}")).json()["lateness"] is None


class TestReassess:
    async def test_counts_from_now_on_and_is_recorded(
        self, uma: httpx.AsyncClient, loan: Loan, sessions: Sessions
    ) -> None:
        path = f"/v1/loans/{loan.id}/pd"
        low = (await uma.put(path, json={"pd_ppm": 10_000})).json()
        high = (await uma.put(path, json={"pd_ppm": 500_000})).json()

        losses = [float(each["expected_loss"]["amount"]) for each in (low, high)]
        assert losses[0] < losses[1]
        async with sessions() as session:
            found = await session.scalars(
                select(AuditEvent).where(AuditEvent.action == "loan.reassess")
            )
            assert [each.facts["pd_ppm"] for each in found] == [10_000, 500_000]

    @pytest.mark.parametrize("bad", [-1, 1_000_001, "0.5", None])
    async def test_refuses_what_is_no_probability(
        self, uma: httpx.AsyncClient, loan: Loan, bad: object
    ) -> None:
        answer = await uma.put(f"/v1/loans/{loan.id}/pd", json={"pd_ppm": bad})

        assert answer.status_code == 422
