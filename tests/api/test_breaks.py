"""Breaks, refunds and charge-backs over HTTP: two agree, the books follow, the trail has it."""

from dataclasses import replace
from datetime import date

import httpx
import pytest
from sqlalchemy import select

from kit.audit import AuditEvent
from kit.crypto import vault_of
from kit.db import Sessions, unit_of_work
from kit.ids import new_id
from notifications import contacts
from servicing import suspense
from servicing.models import Loan
from servicing.rails.base import Balances, Direction, OutcomeStatus
from tests.api.conftest import SetClock
from tests.servicing.lending import ZONE, Lender, kes
from tests.servicing.treasury_acts import compares, incoming, paid_out

WHY = {"reason": "shown on the rail's own statement"}


@pytest.fixture
async def loan(lender: Lender) -> Loan:
    return await lender.lends()


async def both(*clients: httpx.AsyncClient, path: str) -> httpx.Response:
    for client in clients:
        answer = await client.post(path, json=WHY)
        assert answer.is_success, answer.text
    assert answer.json()["confirmed_at"] is not None
    return answer


class TestBreaks:
    async def test_are_put_right_written_off_and_explained(
        self,
        carl: httpx.AsyncClient,
        ada: httpx.AsyncClient,
        aude: httpx.AsyncClient,
        lender: Lender,
        loan: Loan,
        sessions: Sessions,
    ) -> None:
        await lender.receives(loan, kes(7), rail_reference="wallet:W7")
        short = incoming("W7", loan.reference, kes(6))
        lines = [short, incoming("W9", loan.reference, kes(500))]
        told = Balances(kes(100_000), kes(100_506))
        await compares(lender, lines, balances=told)
        listed = (await aude.get("/v1/reconciliation/breaks")).json()["items"]
        open_ = {row["category"]: row for row in listed}
        assert set(open_) == {"amount", "missing_here", "missing_at_rail"}

        await both(carl, ada, path=f"/v1/reconciliation/breaks/{open_['amount']['id']}/write-off")
        path = f"/v1/reconciliation/breaks/{open_['missing_here']['id']}/put-right"
        alone = [(await carl.post(path, json=WHY)).status_code for _ in range(2)]
        await both(ada, path=path)
        path = f"/v1/reconciliation/breaks/{open_['missing_at_rail']['id']}"
        wrong = await carl.post(f"{path}/put-right", json=WHY)
        await both(carl, ada, path=f"{path}/explain")
        gone = await carl.post(f"{path}/explain", json=WHY)
        forbidden = await aude.post(f"{path}/explain", json=WHY)

        assert (alone, forbidden.status_code) == ([200, 403], 403)
        assert (wrong.status_code, wrong.json()["code"]) == (409, "break_act_not_possible")
        assert (gone.status_code, gone.json()["code"]) == (404, "break_not_found")
        assert (await aude.get("/v1/reconciliation/breaks")).json()["items"] == []
        books = (await ada.get("/v1/ledger/trial-balance")).json()
        assert books["balanced"] is True
        await lender.verifies()
        async with sessions() as session:
            trail = await session.scalars(
                select(AuditEvent.action).where(AuditEvent.action.startswith("break."))
            )
        assert len(list(trail)) == 6

    async def test_are_the_lenders_own_money(
        self, carl: httpx.AsyncClient, ada: httpx.AsyncClient, lender: Lender
    ) -> None:
        await compares(lender, [replace(incoming("F1", "", kes(9)), direction=Direction.PAYOUT)])
        [found] = (await carl.get("/v1/reconciliation/breaks")).json()["items"]

        await both(carl, ada, path=f"/v1/reconciliation/breaks/{found['id']}/own")

        assert (await carl.get("/v1/reconciliation/breaks")).json()["items"] == []
        await lender.verifies()

    async def test_are_looked_for_again_when_staff_ask(
        self, carl: httpx.AsyncClient, loan: Loan
    ) -> None:
        other = await carl.post(f"/v1/reconciliation/nobody/{date(2026, 11, 20)}")

        assert other.status_code in (404, 503)


class TestReturnedPayouts:
    async def test_are_shown_and_taken_back_by_two(
        self,
        carl: httpx.AsyncClient,
        ada: httpx.AsyncClient,
        aude: httpx.AsyncClient,
        lender: Lender,
        loan: Loan,
    ) -> None:
        line = await paid_out(lender, loan)
        [payout] = (await carl.get("/v1/payouts", params={"status": "settled"})).json()["items"]
        path = f"/v1/payouts/{payout['id']}/take-back"
        unproven = [await aude.get(path), await carl.post(path, json=WHY)]
        await compares(lender, [line, replace(line, status=OutcomeStatus.RETURNED)])
        [found] = (await aude.get("/v1/reconciliation/breaks")).json()["items"]

        seen = (await aude.get(path)).json()
        proposed = await carl.post(path, json=WHY)
        forbidden = await aude.post(path, json=WHY)
        done = await ada.post(f"/v1/reconciliation/breaks/{found['id']}/put-right", json=WHY)
        again = await carl.post(path, json=WHY)

        assert [(each.status_code, each.json()["code"]) for each in unproven] == [
            (409, "return_not_proven")
        ] * 2
        assert (seen["ending"], seen["source"], seen["on"]) == (
            "undone", "statement", "2026-11-20",
        )  # fmt: skip
        assert seen["amount"] == {"amount": "29200.00", "currency": "KES"}
        assert {event: amount["amount"] for event, amount in seen["undone"].items()} == {
            "principal_disbursed": "29200.00",
            "fee_deducted": "750.00",
            "third_party_fee_deducted": "50.00",
        }
        assert (proposed.json()["confirmed_at"], forbidden.status_code) == (None, 403)
        assert done.json()["confirmed_at"] is not None
        assert (again.status_code, again.json()["code"]) == (409, "payout_not_settled")
        assert (await aude.get("/v1/reconciliation/breaks")).json()["items"] == []
        assert await lender.books(loan) == {}
        await lender.verifies()

        sent = await ada.post(f"/v1/loans/{loan.id}/payout/retry")
        assert (sent.status_code, sent.json()["attempt"]) == (201, 2)

    async def test_leave_a_loan_that_can_be_looked_at(
        self,
        carl: httpx.AsyncClient,
        ada: httpx.AsyncClient,
        uma: httpx.AsyncClient,
        lender: Lender,
        loan: Loan,
        clock: SetClock,
    ) -> None:
        await lender.closes_days_until(date(2026, 12, 28))
        clock.at = lender.now
        back = replace(await paid_out(lender, loan), status=OutcomeStatus.RETURNED)
        await compares(lender, [back], day=lender.now.date())
        [found] = (await carl.get("/v1/reconciliation/breaks")).json()["items"]
        await both(carl, ada, path=f"/v1/reconciliation/breaks/{found['id']}/put-right")

        shown = (await uma.get(f"/v1/loans/{loan.id}")).json()
        assert (shown["status"], shown["disbursed_on"]) == ("pending_disbursement", None)
        for path in ("", "/ledger", "/statement", "/statement.pdf", "/schedule.png"):
            answer = await uma.get(f"/v1/loans/{loan.id}{path}")
            assert answer.status_code == 200, (path, answer.text)
        for path in ("", "?on=2026-12-20"):
            late = await uma.get(f"/v1/portfolio/late{path}")
            assert late.status_code == 200, late.text

    async def test_of_another_amount_wait_in_suspense(
        self, carl: httpx.AsyncClient, ada: httpx.AsyncClient, lender: Lender, loan: Loan
    ) -> None:
        line = await paid_out(lender, loan)
        short = replace(line, status=OutcomeStatus.RETURNED, amount=kes(29_100))
        await compares(lender, [line, short])
        [found] = (await carl.get("/v1/reconciliation/breaks")).json()["items"]

        [payout] = (await carl.get(f"/v1/loans/{loan.id}")).json()["payouts"]
        refused = await carl.post(f"/v1/payouts/{payout['id']}/take-back", json=WHY)

        await both(carl, ada, path=f"/v1/reconciliation/breaks/{found['id']}/put-right")

        assert (refused.status_code, refused.json()["code"]) == (409, "returned_amount_differs")
        assert (await carl.get("/v1/reconciliation/breaks")).json()["items"] == []
        [item] = (await carl.get("/v1/suspense")).json()["items"]
        assert item["amount"]["amount"] == "29100.00"

    async def test_that_are_not_there_are_not_found(self, carl: httpx.AsyncClient) -> None:
        path = f"/v1/payouts/{new_id()}/take-back"

        for answer in (await carl.get(path), await carl.post(path, json=WHY)):
            assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")


class TestSuspense:
    async def test_is_proposed_and_sent_back(
        self,
        carl: httpx.AsyncClient,
        ada: httpx.AsyncClient,
        lender: Lender,
        loan: Loan,
        sessions: Sessions,
    ) -> None:
        async with unit_of_work(sessions) as session:
            await contacts.register(
                session, person_id=loan.borrower_id, telegram_chat_id=7, locale="en",
                timezone=ZONE, now=lender.now,
            )  # fmt: skip
            await contacts.set_phone(
                session, vault_of(session), person_id=loan.borrower_id,
                phone_e164="+254700000009", now=lender.now,
            )  # fmt: skip
            await suspense.receive(
                session, reference="wallet:W5", reason="unknown_reference", amount=kes(700),
                on=lender.on, now=lender.now, rail="wallet", written="rent",
                payer="254700000009",
            )  # fmt: skip
        [item] = (await carl.get("/v1/suspense")).json()["items"]
        assert item["written"] == "rent"
        assert item["proposals"] == [
            {"loan_id": str(loan.id), "loan_reference": loan.reference,
             "why": ["phone_of_borrower"]}
        ]  # fmt: skip
        nobody = await carl.post(f"/v1/suspense/{item['id']}/send-back", json=WHY)
        assert (nobody.status_code, nobody.json()["code"]) == (409, "nobody_to_refund")
        await lender.receives(loan, await lender.payoff(loan) - kes(1))
        await lender.receives(loan, kes(401))
        listed = (await carl.get("/v1/suspense")).json()["items"]
        over = next(row for row in listed if row["reason"] == "overpaid")

        await both(carl, ada, path=f"/v1/suspense/{over['id']}/send-back")

        [refund] = (await ada.get("/v1/refunds", params={"status": "created"})).json()["items"]
        assert refund["amount"]["amount"] == "400.00"
        again = await carl.post(f"/v1/suspense/{over['id']}/send-back", json=WHY)
        assert (again.status_code, again.json()["code"]) == (409, "refund_under_way")
        await lender.verifies()


async def test_a_repayment_is_charged_back_by_two(
    carl: httpx.AsyncClient, ada: httpx.AsyncClient, lender: Lender, loan: Loan
) -> None:
    paid = await lender.receives(loan, kes(500))

    await both(carl, ada, path=f"/v1/repayments/{paid.id}/charge-back")

    again = await carl.post(f"/v1/repayments/{paid.id}/charge-back", json=WHY)
    assert (again.status_code, again.json()["code"]) == (409, "repayment_reversed")
    assert "borrower_credit" not in await lender.books(loan)
    assert (await paid_out(lender, loan)).amount == kes(29_200)
    await lender.verifies()
