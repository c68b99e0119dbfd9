"""Amendments over the API: seen before, proposed once, approved by another person, undone."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from kit.db import unit_of_work
from servicing import amendments
from servicing.models import Loan
from tests.servicing.lending import Lender

KEY = {"Idempotency-Key": "amendment-0001"}
GIFT = {"type": "goodwill_credit", "amount": "150"}
LATER = {"type": "reschedule", "from_due_date": "2026-12-20", "new_due_date": "2027-01-04"}


@pytest.fixture
async def loan(lender: Lender) -> Loan:
    return await lender.lends(day_count="actual/365")


async def proposed(client: httpx.AsyncClient, loan: Loan, change: dict[str, Any]) -> httpx.Response:
    body = {"change": change, "reason": "as agreed"}
    return await client.post(f"/v1/loans/{loan.id}/amendments", json=body, headers=KEY)


class TestPreview:
    async def test_shows_before_and_after(self, carl: httpx.AsyncClient, loan: Loan) -> None:
        answer = await carl.post(f"/v1/loans/{loan.id}/amendments/preview", json={"change": LATER})

        shown = answer.json()
        assert shown["before"][0]["due_on"] == "2026-12-20"
        assert shown["after"][0]["due_on"] == "2027-01-04"
        assert shown["needs_consent"]

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"type": "disbursement", "amount": "1"}, "change_not_possible"),
            ({**LATER, "new_due_date": "2026-02-30"}, "change_not_possible"),
            ({**LATER, "amount": "-1"}, "change_not_possible"),
            ({}, "change_not_possible"),
        ],
    )
    async def test_says_what_is_wrong(
        self, carl: httpx.AsyncClient, loan: Loan, change: dict[str, Any], code: str
    ) -> None:
        answer = await carl.post(f"/v1/loans/{loan.id}/amendments/preview", json={"change": change})

        assert (answer.status_code, answer.json()["code"]) == (422, code)


class TestAmend:
    async def test_takes_two_people(
        self, uma: httpx.AsyncClient, carl: httpx.AsyncClient, lender: Lender, loan: Loan
    ) -> None:
        amendment = (await proposed(uma, loan, GIFT)).json()
        alone = await uma.post(f"/v1/amendments/{amendment['id']}/approve")
        done = await carl.post(f"/v1/amendments/{amendment['id']}/approve")

        assert (alone.status_code, alone.json()["code"]) == (403, "second_staff_needed")
        assert (done.status_code, done.json()["status"]) == (200, "applied")
        assert (await lender.books(loan))["borrower_credit"] == "150.00"
        listed = (await uma.get(f"/v1/loans/{loan.id}/amendments")).json()
        assert [each["id"] for each in listed] == [amendment["id"]]
        await lender.verifies()

    async def test_is_proposed_once_for_a_key(self, uma: httpx.AsyncClient, loan: Loan) -> None:
        first, again = await proposed(uma, loan, GIFT), await proposed(uma, loan, GIFT)
        other = await proposed(uma, loan, {**GIFT, "amount": "151"})

        assert (first.status_code, again.json()["id"]) == (201, first.json()["id"])
        assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")

    async def test_waits_for_the_borrower(
        self, uma: httpx.AsyncClient, carl: httpx.AsyncClient, loan: Loan
    ) -> None:
        amendment = (await proposed(uma, loan, LATER)).json()
        answer = await carl.post(f"/v1/amendments/{amendment['id']}/approve")

        assert (answer.status_code, answer.json()["code"]) == (409, "consent_missing")

    async def test_can_be_refused_and_undone(
        self, uma: httpx.AsyncClient, carl: httpx.AsyncClient, lender: Lender, loan: Loan
    ) -> None:
        amendment = (await proposed(uma, loan, GIFT)).json()
        why = {"reason": "it was another loan"}
        await carl.post(f"/v1/amendments/{amendment['id']}/approve")
        late = await carl.post(f"/v1/amendments/{amendment['id']}/refuse", json=why)
        done = await carl.post(f"/v1/amendments/{amendment['id']}/reverse", json=why)

        assert late.status_code == 409
        assert done.json()["status"] == "reversed"
        assert "borrower_credit" not in await lender.books(loan)
        await lender.verifies()

    async def test_that_is_not_there(self, carl: httpx.AsyncClient) -> None:
        nobody = "00000000-0000-7000-8000-000000000000"
        answer = await carl.post(f"/v1/amendments/{nobody}/approve")

        assert (answer.status_code, answer.json()["code"]) == (404, "amendment_not_found")


TOP_UP = {"type": "top_up", "amount": "8000", "installments": 6}


class TestTopUp:
    @pytest.fixture
    def lender(self, lender: Lender) -> Lender:
        lender.product = {"amount_max_minor": 5_000_000}
        return lender

    async def test_shows_what_leaves_and_the_yearly_cost(
        self, carl: httpx.AsyncClient, loan: Loan
    ) -> None:
        answer = await carl.post(f"/v1/loans/{loan.id}/amendments/preview", json={"change": TOP_UP})

        shown = answer.json()
        assert shown["paid_out"] == {"amount": "8000.00", "currency": "KES"}
        assert float(shown["apr_before"]) > float(shown["apr_after"]) > 40

    async def test_is_paid_out_and_then_owed(
        self, uma: httpx.AsyncClient, carl: httpx.AsyncClient, lender: Lender, loan: Loan
    ) -> None:
        books = await lender.books(loan)
        amendment = (await proposed(uma, loan, TOP_UP)).json()
        async with unit_of_work(lender.sessions) as session:
            await amendments.consent(
                session, UUID(amendment["id"]), borrower_id=loan.borrower_id, now=lender.now
            )
        first = await carl.post(f"/v1/amendments/{amendment['id']}/approve")
        again = await carl.post(f"/v1/amendments/{amendment['id']}/approve")

        assert (first.status_code, first.json()["status"]) == (200, "paying")
        assert again.status_code == 409
        assert await lender.books(loan) == books
        sent = (await carl.get(f"/v1/loans/{loan.id}")).json()["payouts"]
        assert [each["amount"]["amount"] for each in sent] == ["29200.00", "8000.00"]

        await lender.arrives(loan)
        (listed,) = (await uma.get(f"/v1/loans/{loan.id}/amendments")).json()
        assert listed["status"] == "applied"
        path, why = f"/v1/amendments/{amendment['id']}/reverse", {"reason": "the shop sent it back"}
        alone = [(await uma.post(path, json=why)) for _ in range(2)]
        assert (alone[0].json()["status"], alone[1].json()["code"]) == (
            ("applied", "second_staff_needed")
        )
        assert (await carl.post(path, json=why)).json()["status"] == "reversed"
        await lender.verifies()

    async def test_above_what_the_product_lends_is_refused(
        self, carl: httpx.AsyncClient, loan: Loan
    ) -> None:
        much = {**TOP_UP, "amount": "20000.01"}
        answer = await carl.post(f"/v1/loans/{loan.id}/amendments/preview", json={"change": much})

        assert (answer.status_code, answer.json()["code"]) == (422, "change_not_possible")
        assert "amount must leave at most" in answer.text


class TestRefinance:
    async def test_opens_a_loan_and_ends_the_old_one(
        self, uma: httpx.AsyncClient, carl: httpx.AsyncClient, lender: Lender, loan: Loan
    ) -> None:
        change = {"type": "refinance", "installments": 6}
        seen = await carl.post(f"/v1/loans/{loan.id}/amendments/preview", json={"change": change})
        assert seen.json()["paid_out"]["amount"] == "0.00"
        amendment = (await proposed(uma, loan, change)).json()
        async with unit_of_work(lender.sessions) as session:
            await amendments.consent(
                session, UUID(amendment["id"]), borrower_id=loan.borrower_id, now=lender.now
            )
        done = await carl.post(f"/v1/amendments/{amendment['id']}/approve")

        assert (done.status_code, done.json()["status"]) == (200, "applied")
        loans = (await carl.get("/v1/loans")).json()["items"]
        assert [each["status"] for each in loans] == ["active", "closed"]
        assert loans[0]["application_id"] == amendment["id"]
        await lender.verifies()

    @pytest.mark.parametrize("also", ["L-1", ["L-1"], [7], {}, [None] * 10])
    async def test_of_loans_that_are_not_there_is_refused(
        self, carl: httpx.AsyncClient, loan: Loan, also: object
    ) -> None:
        change = {"type": "refinance", "installments": 6, "also": also}
        answer = await carl.post(f"/v1/loans/{loan.id}/amendments/preview", json={"change": change})

        assert (answer.status_code, answer.json()["code"]) == (422, "change_not_possible")
