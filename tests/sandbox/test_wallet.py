"""The wallet rail over its wire, driven by httpx."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from tests.sandbox.serving import (
    AMINA,
    RAIL_KEY,
    RAIL_SECRET,
    Running,
    plain_server,
    running_sandbox,
    serving,
)

ACCOUNT = "12025550101"


class Product:
    """Our webhook: it takes only what is signed."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.app.post("/webhooks/rail/wallet")(self.receive)
        self.url = ""
        self.events: list[dict[str, Any]] = []
        self.refuse_next = 0

    async def receive(self, request: Request) -> Response:
        body = await request.body()
        expected = hmac.new(RAIL_SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert request.headers["X-Rail-Signature"] == f"sha256={expected}"
        if self.refuse_next:
            self.refuse_next -= 1
            return Response(status_code=503)
        self.events.append(json.loads(body))
        return Response(status_code=204)

    async def until(self, count: int) -> list[tuple[str, str]]:
        for _ in range(200):
            if len(self.events) >= count:
                break
            await asyncio.sleep(0.02)
        return [(e["transfer"]["reference"], e["transfer"]["status"]) for e in self.events]


@pytest.fixture
async def product() -> AsyncIterator[Product]:
    product = Product()
    async with serving(plain_server(product.app)) as base:
        product.url = f"{base}/webhooks/rail/wallet"
        yield product


@pytest.fixture
async def sandbox(product: Product) -> AsyncIterator[Running]:
    async with running_sandbox(rail_callback_url=product.url) as running:
        yield running


@pytest.fixture
async def rail(sandbox: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with rail_client(sandbox) as client:
        yield client


def rail_client(sandbox: Running, *, key: str = RAIL_KEY) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"{sandbox.base}/sandbox/wallet", headers={"Authorization": f"Bearer {key}"}
    )


def order(product: Product, **changes: Any) -> dict[str, Any]:
    return {
        "reference": "P-1",
        "direction": "payout",
        "account": ACCOUNT,
        "amount": "120.50",
        "currency": "USD",
        "description": "Your loan",
        "callback_url": product.url,
    } | changes


async def submit(
    rail: httpx.AsyncClient, body: dict[str, Any], key: str | None = None
) -> httpx.Response:
    headers = {"Idempotency-Key": key or body["reference"]}
    return await rail.post("/v1/transfers", json=body, headers=headers)


async def balance(sandbox: Running) -> str:
    wallet = (await sandbox.http.get(f"/people/{AMINA}/wallet")).json()
    return str(wallet["balances"][0]["amount"])


class TestPayout:
    async def test_it_settles_and_is_told_about(
        self, sandbox: Running, rail: httpx.AsyncClient, product: Product
    ) -> None:
        accepted = await submit(rail, order(product))
        assert accepted.status_code == 202
        assert accepted.json()["status"] == "pending"
        assert await product.until(1) == [("P-1", "settled")]

        found = (await rail.get("/v1/transfers", params={"reference": "P-1"})).json()
        assert found["id"] == accepted.json()["id"]
        assert found["status"] == "settled"
        assert found["amount"] == "120.50"
        assert found["settled_at"].endswith("+00:00")
        assert product.events[0]["transfer"] == found
        assert await balance(sandbox) == "620.50"

    async def test_the_same_again_is_the_same_answer(
        self, sandbox: Running, rail: httpx.AsyncClient, product: Product
    ) -> None:
        first = await submit(rail, order(product))
        await product.until(1)
        second = await submit(rail, order(product))
        assert second.json() == first.json()
        assert second.status_code == 202
        await asyncio.sleep(0.1)
        assert await balance(sandbox) == "620.50"

    @pytest.mark.parametrize(
        ("changes", "key"),
        [({"amount": "120.51"}, None), ({}, "another"), ({"reference": "P-2"}, "P-1")],
    )
    async def test_a_reference_or_key_is_never_used_for_another_order(
        self,
        sandbox: Running,
        rail: httpx.AsyncClient,
        product: Product,
        changes: dict[str, str],
        key: str | None,
    ) -> None:
        await submit(rail, order(product))
        refused = await submit(rail, order(product, **changes), key)
        assert (refused.status_code, refused.json()["code"]) == (409, "duplicate_reference")

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"account": "999"}, "unknown_account"),
            ({"amount": "1000000.01"}, "insufficient_funds"),
            ({"amount": "0"}, "invalid_amount"),
            ({"amount": "-5.00"}, "invalid_amount"),
            ({"amount": "1.005"}, "invalid_amount"),
            ({"amount": "1e3"}, "invalid_amount"),
            ({"amount": 5}, "invalid_amount"),
            ({"currency": "usd"}, "invalid_request"),
            ({"direction": "sideways"}, "invalid_request"),
        ],
    )
    async def test_rejections_leave_nothing(
        self, rail: httpx.AsyncClient, product: Product, changes: dict[str, Any], code: str
    ) -> None:
        refused = await submit(rail, order(product, **changes))
        assert (refused.status_code, refused.json()["code"]) == (422, code)
        found = await rail.get("/v1/transfers", params={"reference": "P-1"})
        assert found.status_code == 404

    async def test_pending_payouts_bind_the_float(
        self, sandbox: Running, rail: httpx.AsyncClient, product: Product
    ) -> None:
        await sandbox.trouble("wallet", "delay_settlement", seconds=5)
        assert (await submit(rail, order(product, amount="900000"))).status_code == 202
        refused = await submit(rail, order(product, reference="P-2", amount="200000"))
        assert refused.json()["code"] == "insufficient_funds"

    async def test_the_key_of_another_lender(self, sandbox: Running) -> None:
        async with rail_client(sandbox, key="wrong") as stranger:
            answer = await stranger.get("/v1/statement", params={"day": "2026-01-01"})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")

    async def test_accounts_are_looked_up(self, rail: httpx.AsyncClient) -> None:
        known = (await rail.get(f"/v1/accounts/{ACCOUNT}")).json()
        assert known == {"account": ACCOUNT, "name": "Amina Diallo", "exists": True}
        unknown = (await rail.get("/v1/accounts/1")).json()
        assert unknown == {"account": "1", "name": None, "exists": False}


class TestTheOwner:
    async def ask(self, sandbox: Running, rail: httpx.AsyncClient, product: Product) -> str:
        await submit(rail, order(product, reference="C-1", direction="collect", amount="40"))
        wallet = (await sandbox.http.get(f"/people/{AMINA}/wallet")).json()
        (request,) = wallet["requests"]
        assert (request["reference"], request["amount"]) == ("C-1", "40.00")
        return str(request["id"])

    async def answer(self, sandbox: Running, request: str, answer: str) -> httpx.Response:
        return await sandbox.http.post(
            f"/people/{AMINA}/wallet/requests/{request}", json={"answer": answer}
        )

    async def test_accepts_a_request(
        self, sandbox: Running, rail: httpx.AsyncClient, product: Product
    ) -> None:
        request = await self.ask(sandbox, rail, product)
        assert (await self.answer(sandbox, request, "accept")).json()["status"] == "settled"
        assert await product.until(1) == [("C-1", "settled")]
        assert await balance(sandbox) == "460.00"
        assert (await self.answer(sandbox, request, "accept")).status_code == 409
        assert await balance(sandbox) == "460.00"

    async def test_declines_a_request(
        self, sandbox: Running, rail: httpx.AsyncClient, product: Product
    ) -> None:
        request = await self.ask(sandbox, rail, product)
        await self.answer(sandbox, request, "decline")
        assert await product.until(1) == [("C-1", "failed")]
        assert product.events[0]["transfer"]["failure_code"] == "declined"
        assert await balance(sandbox) == "500.00"

    async def test_cannot_accept_what_is_not_there(
        self, sandbox: Running, rail: httpx.AsyncClient, product: Product
    ) -> None:
        body = order(product, reference="C-2", direction="collect", amount="500.01")
        request = (await submit(rail, body)).json()["id"]
        refused = await self.answer(sandbox, request, "accept")
        assert (refused.status_code, refused.json()["code"]) == (409, "insufficient_funds")

        top_up = {"amount": "10", "currency": "USD"}
        await sandbox.http.post(f"/people/{AMINA}/wallet/top-ups", json=top_up)
        assert (await self.answer(sandbox, request, "accept")).json()["status"] == "settled"
        assert await balance(sandbox) == "9.99"

    async def test_sends_money_by_reference(self, sandbox: Running, product: Product) -> None:
        payment = {"reference": "L-7K3QFWX", "amount": "25", "currency": "USD"}
        for _ in range(2):
            answer = await sandbox.http.post(f"/people/{AMINA}/wallet/payments", json=payment)
            assert answer.json()["direction"] == "incoming"
        assert await product.until(2) == [("L-7K3QFWX", "settled")] * 2
        assert len({event["transfer"]["id"] for event in product.events}) == 2
        assert await balance(sandbox) == "450.00"
        payment["amount"] = "450.01"
        refused = await sandbox.http.post(f"/people/{AMINA}/wallet/payments", json=payment)
        assert refused.json()["code"] == "insufficient_funds"


class TestTrouble:
    async def test_callbacks_come_until_they_are_taken(
        self, rail: httpx.AsyncClient, product: Product
    ) -> None:
        product.refuse_next = 2
        await submit(rail, order(product))
        assert await product.until(1) == [("P-1", "settled")]

    async def test_a_time_out_after_the_money_went(
        self, sandbox: Running, rail: httpx.AsyncClient, product: Product
    ) -> None:
        await sandbox.trouble("wallet", "lose_answer", target="P-1", seconds=0.1)
        assert (await submit(rail, order(product))).status_code == 504
        assert (await submit(rail, order(product))).status_code == 202
        await product.until(1)
        assert await balance(sandbox) == "620.50"

    async def test_callbacks_are_lost_doubled_and_swapped(
        self, sandbox: Running, rail: httpx.AsyncClient, product: Product
    ) -> None:
        await sandbox.trouble("wallet", "lose_callback", target="P-1")
        await sandbox.trouble("wallet", "repeat_callback", target="P-2")
        await sandbox.trouble("wallet", "reorder_callbacks", times=2)
        for reference in ("P-1", "P-2", "P-3"):
            await submit(rail, order(product, reference=reference, amount="1"))
        told = await product.until(3)
        assert [reference for reference, _ in told] == ["P-3", "P-2", "P-2"]
        assert product.events[1]["event_id"] == product.events[2]["event_id"]

    async def test_refused_failed_and_returned(
        self, sandbox: Running, rail: httpx.AsyncClient, product: Product
    ) -> None:
        await sandbox.trouble("wallet", "reject", code="account_blocked")
        assert (await submit(rail, order(product))).json()["code"] == "account_blocked"
        await sandbox.trouble("wallet", "fail", status=503)
        assert (await submit(rail, order(product))).status_code == 503

        await sandbox.trouble("wallet", "fail_later", code="account_closed")
        await submit(rail, order(product))
        assert await product.until(1) == [("P-1", "failed")]
        assert product.events[0]["transfer"]["failure_code"] == "account_closed"

        await sandbox.trouble("wallet", "return_later")
        await submit(rail, order(product, reference="P-2"))
        assert (await product.until(3))[1:] == [("P-2", "settled"), ("P-2", "returned")]
        assert await balance(sandbox) == "500.00"


class TestStatement:
    async def test_the_day_adds_up(
        self, sandbox: Running, rail: httpx.AsyncClient, product: Product
    ) -> None:
        await submit(rail, order(product))
        await product.until(1)
        payment = {"reference": "L-1", "amount": "20", "currency": "USD"}
        await sandbox.http.post(f"/people/{AMINA}/wallet/payments", json=payment)

        today = sandbox.clock.now().date().isoformat()
        statement = (await rail.get("/v1/statement", params={"day": today})).json()
        assert [line["booked"] for line in statement["lines"]] == ["-120.50", "20.00"]
        assert [line["reference"] for line in statement["lines"]] == ["P-1", "L-1"]
        assert (statement["opening"], statement["closing"]) == ("1000000.00", "999899.50")

        later = (await rail.get("/v1/statement", params={"day": "2990-01-01"})).json()
        assert later["lines"] == []
        assert later["opening"] == later["closing"] == "999899.50"


async def test_a_restart_settles_what_was_under_way(tmp_path: Path, product: Product) -> None:
    async with running_sandbox(folder=tmp_path) as before, rail_client(before) as rail:
        await before.trouble("wallet", "delay_settlement", seconds=60)
        await submit(rail, order(product))
        await asyncio.sleep(0.1)
        assert await balance(before) == "500.00"

    async with running_sandbox(folder=tmp_path) as after, rail_client(after) as rail:
        assert await product.until(1) == [("P-1", "settled")]
        assert (await submit(rail, order(product))).status_code == 202
        assert await balance(after) == "620.50"
