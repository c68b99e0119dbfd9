"""Money that needs a person: listed for those who watch it, and moved by two who agree."""

from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from kit.audit import AuditEvent
from kit.crypto import Vault
from kit.db import Sessions, unit_of_work
from servicing import incidents, payment_requests, suspense
from servicing.models import (
    Loan,
    Payout,
    ReconciliationBreak,
)
from servicing.states import OrderStatus
from tests.api.conftest import SetClock
from tests.servicing.lending import START, Lender, kes

NOBODY = "00000000-0000-7000-8000-000000000000"
WHY = {"reason": "shown on the rail's own statement"}
SETTLED = WHY | {"rail_id": "W77", "settled_at": "2026-11-20T06:00:00Z"}


@pytest.fixture
async def loan(lender: Lender) -> Loan:
    """30,000 KES over three months from 20 November 2026."""
    return await lender.lends()


class TestPayouts:
    async def test_that_need_a_person_are_listed(
        self, aude: httpx.AsyncClient, lender: Lender, sessions: Sessions
    ) -> None:
        loan = await lender.opens()
        async with unit_of_work(sessions) as session:
            payout = await session.scalar(select(Payout).where(Payout.loan_id == loan.id))
            assert payout is not None
            payout.status = OrderStatus.NEEDS_REVIEW

        listed = (await aude.get("/v1/payouts")).json()["items"]

        assert [UUID(row["loan_id"]) for row in listed] == [loan.id]

    async def test_that_failed_are_sent_again_or_given_up(
        self, ada: httpx.AsyncClient, lender: Lender, sessions: Sessions
    ) -> None:
        loan = await lender.opens()
        path = f"/v1/loans/{loan.id}/payout"
        early = await ada.post(f"{path}/retry")
        async with unit_of_work(sessions) as session:
            payout = await session.scalar(select(Payout).where(Payout.loan_id == loan.id))
            assert payout is not None
            payout.status = OrderStatus.FAILED

        again = await ada.post(f"{path}/retry")
        twice = await ada.post(f"{path}/retry")
        async with unit_of_work(sessions) as session:
            payout = await session.get_one(Payout, UUID(again.json()["id"]))
            payout.status = OrderStatus.FAILED
        canceled = await ada.post(f"{path}/cancel")

        assert (early.status_code, early.json()["code"]) == (409, "payout_not_failed")
        assert (again.status_code, again.json()["attempt"]) == (201, 2)
        assert twice.status_code == 409
        assert (canceled.status_code, canceled.json()["status"]) == (200, "canceled")


class TestOrdersInReview:
    @pytest.fixture
    async def payout(self, lender: Lender, sessions: Sessions) -> Payout:
        loan = await lender.opens()
        async with unit_of_work(sessions) as session:
            payout = await session.scalar(select(Payout).where(Payout.loan_id == loan.id))
            assert payout is not None
            payout.status = OrderStatus.NEEDS_REVIEW
            return payout

    async def test_are_settled_by_two(
        self, carl: httpx.AsyncClient, ada: httpx.AsyncClient, payout: Payout, sessions: Sessions
    ) -> None:
        path = f"/v1/payouts/{payout.id}/settle"

        proposed = await carl.post(path, json=SETTLED)
        [waiting] = (await ada.get("/v1/payouts")).json()["items"]
        confirmed = await ada.post(path, json=SETTLED)
        again = await carl.post(path, json=SETTLED)

        assert (proposed.status_code, waiting["status"]) == (200, "needs_review")
        assert confirmed.json()["confirmed_at"] is not None
        assert (again.status_code, again.json()["code"]) == (409, "order_not_in_review")
        loan = (await carl.get(f"/v1/loans/{payout.loan_id}")).json()
        assert (loan["status"], loan["payouts"][0]["rail_id"]) == ("active", "W77")
        assert loan["disbursed_on"] == "2026-11-20"
        async with sessions() as session:
            trail = await session.scalars(
                select(AuditEvent.action)
                .where(AuditEvent.subject == f"payout:{payout.id}")
                .order_by(AuditEvent.id)
            )
        assert list(trail)[-3:] == [
            "payout.settle.proposed",
            "payout.settle.confirmed",
            "payout.settle",
        ]

    async def test_are_failed_by_two_and_sent_again(
        self, carl: httpx.AsyncClient, ada: httpx.AsyncClient, payout: Payout
    ) -> None:
        path, body = f"/v1/payouts/{payout.id}/fail", WHY | {"failure_code": "never_came"}

        for client in (ada, carl):
            await client.post(path, json=body)
        again = await ada.post(f"/v1/loans/{payout.loan_id}/payout/retry")

        [failed] = (await ada.get("/v1/payouts", params={"status": "failed"})).json()["items"]
        assert failed["failure_code"] == "never_came"
        assert (again.status_code, again.json()["attempt"]) == (201, 2)

    async def test_of_borrowers_money_are_settled_too(
        self,
        carl: httpx.AsyncClient,
        ada: httpx.AsyncClient,
        loan: Loan,
        sessions: Sessions,
        vault: Vault,
        clock: SetClock,
    ) -> None:
        async with unit_of_work(sessions) as session:
            asked = await payment_requests.request(
                session, vault, loan_id=loan.id, amount=kes(500), on=START, now=clock.at
            )
            asked.status = OrderStatus.NEEDS_REVIEW
        [waiting] = (await carl.get("/v1/payment-requests")).json()["items"]
        for client in (carl, ada):
            await client.post(f"/v1/payment-requests/{waiting['id']}/settle", json=SETTLED)

        shown = (await carl.get(f"/v1/loans/{loan.id}")).json()
        assert [row["amount"]["amount"] for row in shown["repayments"]] == ["500.00"]
        assert (await carl.get("/v1/payment-requests")).json()["items"] == []

    async def test_are_not_settled_by_money_that_is_in_the_books(
        self, carl: httpx.AsyncClient, payout: Payout, lender: Lender, loan: Loan
    ) -> None:
        await lender.receives(loan, kes(500), rail_reference="wallet:RCPT1")
        path = f"/v1/payouts/{payout.id}/settle"

        known = await carl.post(path, json=SETTLED | {"rail_id": "RCPT1"})
        early = await carl.post(path, json=SETTLED | {"settled_at": "2026-11-19T06:00:00Z"})

        assert (known.status_code, known.json()["code"]) == (409, "rail_transfer_known")
        assert known.json()["detail"] == (
            f"wallet:RCPT1 is in the books already: as a repayment of loan {loan.reference}"
            " (wallet:RCPT1)."
        )
        assert (early.status_code, early.json()["code"]) == (422, "settled_before_ordered")
        assert (await carl.get("/v1/proposals")).json()["items"] == []

    async def test_are_settled_on_a_day_that_has_come_and_by_name(
        self, carl: httpx.AsyncClient, payout: Payout
    ) -> None:
        path = f"/v1/payouts/{payout.id}/settle"
        for wrong in (
            {"settled_at": "2026-12-01T00:00:00Z"},
            {"settled_at": "2026-11-20T06:00:00"},
            {"rail_id": ""},
            {"reason": " "},
        ):
            assert (await carl.post(path, json=SETTLED | wrong)).status_code == 422, wrong
        unknown = await carl.post(f"/v1/payouts/{NOBODY}/settle", json=SETTLED)

        assert (unknown.status_code, unknown.json()["code"]) == (404, "order_not_found")


class TestSuspense:
    async def test_money_without_an_owner_is_given_to_a_loan_once(
        self,
        carl: httpx.AsyncClient,
        ada: httpx.AsyncClient,
        loan: Loan,
        sessions: Sessions,
        clock: SetClock,
    ) -> None:
        async with unit_of_work(sessions) as session:
            await suspense.receive(
                session, reference="wallet:W5", reason="unknown_reference",
                amount=kes(700), on=START, now=clock.at,
            )  # fmt: skip
        [item] = (await carl.get("/v1/suspense")).json()["items"]
        path, body = f"/v1/suspense/{item['id']}/assign", WHY | {"loan_id": str(loan.id)}

        proposed = await carl.post(path, json=body)
        alone = await carl.post(path, json=body)
        [waiting] = (await ada.get("/v1/proposals")).json()["items"]
        confirmed = await ada.post(path, json=body)
        again = await carl.post(path, json=body)

        assert item["amount"] == {"amount": "700.00", "currency": "KES"}
        assert (proposed.status_code, proposed.json()["confirmed_at"]) == (200, None)
        assert (alone.status_code, alone.json()["code"]) == (403, "second_staff_needed")
        assert (waiting["act"], waiting["facts"]) == ("suspense.assign", {"loan": str(loan.id)})
        assert confirmed.json()["confirmed_at"] is not None
        assert (again.status_code, again.json()["code"]) == (404, "suspense_item_not_found")
        shown = (await carl.get(f"/v1/loans/{loan.id}")).json()
        assert [row["amount"]["amount"] for row in shown["repayments"]] == ["700.00"]
        assert (await carl.get("/v1/suspense")).json()["items"] == []

    async def test_is_given_back_by_a_payment_that_two_have_seen(
        self, carl: httpx.AsyncClient, ada: httpx.AsyncClient, sessions: Sessions, clock: SetClock
    ) -> None:
        async with unit_of_work(sessions) as session:
            await suspense.receive(
                session, reference="wallet:W5", reason="unknown_reference", amount=kes(700),
                on=START, now=clock.at,
            )  # fmt: skip
        [item] = (await carl.get("/v1/suspense")).json()["items"]
        path = f"/v1/suspense/{item['id']}/refund"

        for client in (carl, ada):
            answer = await client.post(path, json=WHY | {"reference": "BANK-1"})
        other = await carl.post(f"/v1/suspense/{NOBODY}/refund", json=WHY | {"reference": "B"})

        assert answer.json()["facts"] == {"reference": "BANK-1"}
        assert (await carl.get("/v1/suspense")).json()["items"] == []
        books = (await ada.get("/v1/ledger/trial-balance")).json()
        assert books["balanced"] is True
        assert (other.status_code, other.json()["code"]) == (404, "suspense_item_not_found")

    async def test_is_the_lenders_own(
        self, carl: httpx.AsyncClient, ada: httpx.AsyncClient, sessions: Sessions, clock: SetClock
    ) -> None:
        async with unit_of_work(sessions) as session:
            await suspense.receive(
                session, reference="wallet:W5", reason="unknown_reference", amount=kes(700),
                on=START, now=clock.at,
            )  # fmt: skip
        [item] = (await carl.get("/v1/suspense")).json()["items"]
        path = f"/v1/suspense/{item['id']}/own"

        nobody = await carl.post(path, json=WHY | {"of": "a friend"})
        for client in (carl, ada):
            answer = await client.post(path, json=WHY | {"of": "lender"})

        assert (nobody.status_code, answer.json()["facts"]) == (422, {"of": "lender"})
        assert (await carl.get("/v1/suspense")).json()["items"] == []
        books = (await ada.get("/v1/ledger/trial-balance")).json()
        assert "lender_funds" in str(books)

    async def test_stays_where_it_is_when_the_proposal_is_withdrawn(
        self, carl: httpx.AsyncClient, ada: httpx.AsyncClient, sessions: Sessions, clock: SetClock
    ) -> None:
        async with unit_of_work(sessions) as session:
            await suspense.receive(
                session, reference="wallet:W5", reason="unknown_reference", amount=kes(700),
                on=START, now=clock.at,
            )  # fmt: skip
        [item] = (await carl.get("/v1/suspense")).json()["items"]
        path = f"/v1/suspense/{item['id']}/refund"
        proposed = (await carl.post(path, json=WHY | {"reference": "BANK-1"})).json()

        differs = await ada.post(path, json=WHY | {"reference": "BANK-2"})
        withdrawn = await ada.post(f"/v1/proposals/{proposed['id']}/withdraw")
        again = await ada.post(f"/v1/proposals/{proposed['id']}/withdraw")

        assert (differs.status_code, differs.json()["code"]) == (409, "proposal_differs")
        assert (withdrawn.status_code, again.status_code) == (200, 404)
        assert (await ada.get("/v1/proposals")).json()["items"] == []
        assert len((await carl.get("/v1/suspense")).json()["items"]) == 1

    async def test_that_a_card_paid_is_lost_when_it_left_twice(
        self, carl: httpx.AsyncClient, ada: httpx.AsyncClient, lender: Lender
    ) -> None:
        loan = await lender.lends()
        payment = await lender.receives(
            loan, kes(500), rail_reference="telegram:T5", rail="telegram"
        )
        path = f"/v1/repayments/{payment.id}"
        for client in (carl, ada):
            await client.post(f"{path}/charge-back", json=WHY)

        for client in (carl, ada):
            answer = await client.post(f"{path}/write-off", json=WHY)
        again = await carl.post(f"{path}/write-off", json=WHY)
        nobodys = await carl.post(f"/v1/suspense/{NOBODY}/write-off", json=WHY)

        assert (answer.status_code, answer.json()["act"]) == (200, "repayment.write_off")
        assert (again.status_code, again.json()["code"]) == (409, "written_off_before")
        assert nobodys.json()["code"] == "suspense_item_not_found"
        assert "rail_differences" in str((await ada.get("/v1/ledger/trial-balance")).json())


class TestIncidents:
    async def test_incidents_and_breaks_are_listed(
        self, aude: httpx.AsyncClient, sessions: Sessions, clock: SetClock
    ) -> None:
        async with unit_of_work(sessions) as session:
            await incidents.report(session, kind="odd", subject="wallet:1", now=clock.at, told="x")
            session.add(
                ReconciliationBreak(
                    rail="wallet", day=START, category="amount", reference="W1",
                    ours_minor=100, theirs_minor=None, currency="KES",
                )
            )  # fmt: skip

        [incident] = (await aude.get("/v1/incidents")).json()["items"]
        [found] = (await aude.get("/v1/reconciliation/breaks")).json()["items"]

        assert (incident["kind"], incident["facts"]) == ("odd", {"told": "x"})
        assert (found["ours"]["amount"], found["theirs"]) == ("1.00", None)

    async def test_come_page_by_page(
        self, aude: httpx.AsyncClient, sessions: Sessions, clock: SetClock
    ) -> None:
        async with unit_of_work(sessions) as session:
            for n in range(3):
                await incidents.report(session, kind="odd", subject=f"wallet:{n}", now=clock.at)
        seen, after = [], None
        for most in (2, 2):
            asked = {"limit": most} | ({"after": after} if after else {})
            page = (await aude.get("/v1/incidents", params=asked)).json()
            seen += [each["subject"] for each in page["items"]]
            after = page["next"]

        assert seen == ["wallet:0", "wallet:1", "wallet:2"]
        assert after is None

    async def test_are_resolved_by_two(
        self, carl: httpx.AsyncClient, ada: httpx.AsyncClient, sessions: Sessions, clock: SetClock
    ) -> None:
        async with unit_of_work(sessions) as session:
            await incidents.report(session, kind="odd", subject="wallet:1", now=clock.at, told="x")
        [incident] = (await carl.get("/v1/incidents")).json()["items"]
        path = f"/v1/incidents/{incident['id']}/resolve"

        await carl.post(path, json=WHY)
        assert len((await carl.get("/v1/incidents")).json()["items"]) == 1
        resolved = await ada.post(path, json=WHY)
        again = await ada.post(path, json=WHY)

        assert resolved.json()["confirmed_at"] is not None
        assert (await carl.get("/v1/incidents")).json()["items"] == []
        assert (again.status_code, again.json()["code"]) == (404, "incident_not_found")
