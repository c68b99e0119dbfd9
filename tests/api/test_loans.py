"""Loans over the API: what is owed, money that staff record once, and the books."""

import json

import httpx
import pytest
from sqlalchemy import func, select

from kit.audit import AuditEvent
from kit.config import Settings
from kit.db import Sessions, unit_of_work
from servicing import suspense
from servicing.models import Loan, Repayment
from tests.api.conftest import SetClock
from tests.servicing.lending import START, Lender, kes

NOBODY = "00000000-0000-7000-8000-000000000000"
KEY = {"Idempotency-Key": "receipt-0001"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """One member of staff may enter less than 1,000."""
    return settings.model_copy(update={"hand_money_two_from": "1000"})


@pytest.fixture
async def loan(lender: Lender) -> Loan:
    """30,000 KES over three months from 20 November 2026."""
    return await lender.lends()


def paid(amount: str, **changed: object) -> dict[str, object]:
    money = {"amount": amount, "currency": "KES"}
    return {"money": money, "reference": "R-1", "paid_on": "2026-11-20"} | changed


async def number_of_repayments(sessions: Sessions) -> int:
    async with sessions() as session:
        return await session.scalar(select(func.count(Repayment.id))) or 0


class TestShow:
    async def test_schedule_and_balances(self, carl: httpx.AsyncClient, loan: Loan) -> None:
        shown = (await carl.get(f"/v1/loans/{loan.id}")).json()

        assert shown["principal"] == {"amount": "30000.00", "currency": "KES"}
        assert [row["due_on"] for row in shown["installments"]] == [
            "2026-12-20",
            "2027-01-20",
            "2027-02-20",
        ]
        assert shown["owed"]["total"]["amount"] == "0.00"
        assert float(shown["outstanding"]["total"]["amount"]) > 30_000
        assert shown["payouts"][0]["status"] == "settled"
        assert shown["days_past_due"] == 0

    async def test_ledger_lines_and_statement(self, carl: httpx.AsyncClient, loan: Loan) -> None:
        lines = (await carl.get(f"/v1/loans/{loan.id}/ledger")).json()
        statement = (await carl.get(f"/v1/loans/{loan.id}/statement")).json()

        assert {(line["debit"], line["credit"]) for line in lines} >= {
            ("loan_principal", "cash_wallet")
        }
        assert statement[0]["kind"] == "disbursement"
        assert set(statement[0]["balance"]) == {"amount", "currency"}

    async def test_unknown_ids(self, carl: httpx.AsyncClient) -> None:
        for path in (f"/v1/loans/{NOBODY}", f"/v1/loans/{NOBODY}/ledger"):
            answer = await carl.get(path)
            assert (answer.status_code, answer.json()["code"]) == (404, "loan_not_found")
        assert (await carl.get("/v1/loans/1")).status_code == 422
        assert (await carl.get("/v1/loans/1' OR '1'='1")).status_code == 422


class TestList:
    async def test_by_status_reference_and_days_late(
        self, carl: httpx.AsyncClient, loan: Loan, clock: SetClock
    ) -> None:
        async def ids(**wanted: object) -> list[str]:
            answer = await carl.get("/v1/loans", params=wanted)  # type: ignore[arg-type]
            return [item["id"] for item in answer.json()["items"]]

        assert await ids(status="active") == [str(loan.id)]
        assert await ids(status="closed") == []
        assert await ids(reference=loan.reference.lower()) == [str(loan.id)]
        assert await ids(min_days_past_due=1) == []
        clock.at = clock.at.replace(month=12, day=23)
        assert await ids(min_days_past_due=3) == [str(loan.id)]
        assert await ids(min_days_past_due=4) == []


class TestReceive:
    async def test_records_the_money_once_for_a_key(
        self, carl: httpx.AsyncClient, loan: Loan, sessions: Sessions
    ) -> None:
        path = f"/v1/loans/{loan.id}/repayments"

        first = await carl.post(path, json=paid("500"), headers=KEY)
        again = await carl.post(path, json=paid("500"), headers=KEY)
        other = await carl.post(path, json=paid("501"), headers=KEY)

        assert first.status_code == 201
        assert first.json()["amount"] == {"amount": "500.00", "currency": "KES"}
        assert (again.status_code, again.json()) == (201, first.json())
        assert again.headers["idempotency-replayed"] == "true"
        assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
        assert await number_of_repayments(sessions) == 1

    async def test_records_a_receipt_once_for_all_keys(
        self, carl: httpx.AsyncClient, loan: Loan, sessions: Sessions
    ) -> None:
        path = f"/v1/loans/{loan.id}/repayments"
        await carl.post(path, json=paid("500"), headers=KEY)

        same = await carl.post(path, json=paid("500"), headers={"Idempotency-Key": "another-key"})
        more = await carl.post(path, json=paid("600"), headers={"Idempotency-Key": "a-third-key"})

        assert same.status_code == 201
        assert (more.status_code, more.json()["code"]) == (409, "rail_reference_reused")
        assert await number_of_repayments(sessions) == 1

    async def test_takes_two_for_much(
        self, carl: httpx.AsyncClient, ada: httpx.AsyncClient, loan: Loan, sessions: Sessions
    ) -> None:
        path, body = f"/v1/loans/{loan.id}/repayments", paid("1000")

        first = await carl.post(path, json=body, headers=KEY)
        replayed = await carl.post(path, json=body, headers=KEY)
        alone = await carl.post(path, json=body, headers={"Idempotency-Key": "another-key"})

        assert (first.status_code, first.json()["act"]) == (201, "repayment.enter")
        assert replayed.json() == first.json()
        assert (alone.status_code, alone.json()["code"]) == (403, "second_staff_needed")
        assert await number_of_repayments(sessions) == 0

        other = await ada.post(path, json=paid("1001"), headers=KEY)
        done = await ada.post(path, json=body, headers={"Idempotency-Key": "of-ada-herself"})

        assert (other.status_code, other.json()["code"]) == (409, "proposal_differs")
        assert (done.status_code, done.json()["amount"]["amount"]) == (201, "1000.00")
        assert await number_of_repayments(sessions) == 1

    async def test_refuses_what_a_rail_has_brought(
        self, carl: httpx.AsyncClient, loan: Loan, sessions: Sessions, clock: SetClock
    ) -> None:
        async with unit_of_work(sessions) as session:
            await suspense.receive(
                session, reference=f"wallet:{paid('500')['reference']}", reason="unknown_reference",
                amount=kes(500), on=START, now=clock.at, rail="wallet",
            )  # fmt: skip

        refused = await carl.post(f"/v1/loans/{loan.id}/repayments", json=paid("500"), headers=KEY)

        assert (refused.status_code, refused.json()["code"]) == (409, "rail_transfer_known")
        assert refused.json()["params"]["stands_as"] == "suspense"
        assert await number_of_repayments(sessions) == 0

    async def test_says_who_recorded_it(
        self, carl: httpx.AsyncClient, loan: Loan, sessions: Sessions
    ) -> None:
        await carl.post(f"/v1/loans/{loan.id}/repayments", json=paid("500"), headers=KEY)

        me = (await carl.get("/v1/me")).json()["id"]
        async with sessions() as session:
            actor = await session.scalar(
                select(AuditEvent.actor).where(AuditEvent.action == "repayment.record")
            )
        assert actor == f"staff:{me}"

    async def test_refuses_amounts_that_are_none(
        self, carl: httpx.AsyncClient, loan: Loan, sessions: Sessions
    ) -> None:
        for amount in (
            *["-1", "0", "0.00", "NaN", "Infinity", "1e400", "1e3", "1.005", "1,000", "٣"],
            "",
            " ",
            "9" * 30,
        ):
            answer = await carl.post(
                f"/v1/loans/{loan.id}/repayments", json=paid(amount), headers=KEY
            )

            assert answer.status_code == 422, amount
            assert answer.json()["errors"][0]["where"].startswith("body.money"), amount
        assert await number_of_repayments(sessions) == 0

    async def test_refuses_what_is_not_meant(
        self, carl: httpx.AsyncClient, loan: Loan, sessions: Sessions
    ) -> None:
        good = json.dumps(paid("5"))
        for meant, said in (
            ('"5"', "5"),
            ('"5"', "NaN"),
            ('"5"', "1e400"),
            ('"5"', "null"),
            ("R-1", "R\\u0000"),
            ("R-1", "\\u202eR"),
            ("R-1", "\\ud800"),
            ("KES", "ZZZ"),
            ("KES", "kes"),
            ("2026-11-20", "2026-02-30"),
            ("2026-11-20", "yesterday"),
            ('"reference"', '"loan_id": 1, "reference"'),
        ):
            assert meant in good
            answer = await carl.post(
                f"/v1/loans/{loan.id}/repayments",
                content=good.replace(meant, said),
                headers=KEY | {"Content-Type": "application/json"},
            )

            assert answer.status_code == 422, said
            assert answer.json()["errors"], said
        assert await number_of_repayments(sessions) == 0

    async def test_refuses_other_money_and_other_days(
        self, carl: httpx.AsyncClient, loan: Loan
    ) -> None:
        path = f"/v1/loans/{loan.id}/repayments"
        dollars = {"amount": "5", "currency": "USD"}

        for body, code in (
            (paid("5", money=dollars), "repayment_in_other_currency"),
            (paid("5", paid_on="2026-11-21"), "paid_in_future"),
        ):
            answer = await carl.post(path, json=body, headers=KEY)
            assert (answer.status_code, answer.json()["code"]) == (422, code)

    async def test_needs_a_key(self, carl: httpx.AsyncClient, loan: Loan) -> None:
        path = f"/v1/loans/{loan.id}/repayments"

        for headers in ({}, {"Idempotency-Key": "short"}, {"Idempotency-Key": "x" * 201}):
            answer = await carl.post(path, json=paid("5"), headers=headers)
            assert answer.status_code == 422
            assert answer.json()["errors"][0]["where"] == "header.idempotency-key"


class TestBooks:
    async def test_balance(self, aude: httpx.AsyncClient, loan: Loan) -> None:
        books = (await aude.get("/v1/ledger/trial-balance")).json()
        portfolio = (await aude.get("/v1/portfolio")).json()

        assert books["balanced"] is True
        assert len(books["balances"]) >= 3
        assert portfolio["loans"] == {"active": 1}
        owed = {row["account"]: row["net"]["amount"] for row in portfolio["owed"]}
        assert owed["loan_principal"] == "30000.00"

    async def test_of_a_day_before_anything_are_empty(
        self, aude: httpx.AsyncClient, loan: Loan
    ) -> None:
        books = (await aude.get("/v1/ledger/trial-balance?until=2020-01-01")).json()

        assert books["balances"] == []
