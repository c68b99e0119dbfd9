"""The stand-in for Daraja, by plain HTTP: it refuses what Daraja refuses."""

import asyncio
import base64
from typing import Any

import httpx
import pytest

from tests.sandbox.serving import Running

ORDER = {
    "OriginatorConversationID": "P1", "InitiatorName": "kopa", "SecurityCredential": "none",
    "CommandID": "BusinessPayment", "Amount": "10", "PartyA": "600997",
    "PartyB": "254705912645", "Remarks": "Loan", "QueueTimeOutURL": "http://127.0.0.1:9/",
    "ResultURL": "http://127.0.0.1:9/", "Occassion": "",
}  # fmt: skip
PUSH = {
    "BusinessShortCode": "600997",
    "Password": base64.b64encode(b"600997sandbox-passkey20261120100000").decode(),
    "Timestamp": "20261120100000", "TransactionType": "CustomerPayBillOnline", "Amount": "10",
    "PartyA": "254705912645", "PartyB": "600997", "PhoneNumber": "254705912645",
    "CallBackURL": "http://127.0.0.1:9/", "AccountReference": "0193a5b2c3d4",
    "TransactionDesc": "Loan payment",
}  # fmt: skip
B2C, STK = "/mpesa/b2c/v3/paymentrequest", "/mpesa/stkpush/v1/processrequest"


async def token(sandbox: Running, secret: str = "sandbox-secret") -> httpx.Response:
    async with httpx.AsyncClient(base_url=f"{sandbox.base}/sandbox/mpesa") as http:
        return await http.get(
            "/oauth/v1/generate", params={"grant_type": "client_credentials"},
            auth=("sandbox-key", secret),
        )  # fmt: skip


async def call(sandbox: Running, path: str, body: dict[str, Any]) -> httpx.Response:
    bearer = (await token(sandbox)).json()["access_token"]
    async with httpx.AsyncClient(base_url=f"{sandbox.base}/sandbox/mpesa") as http:
        return await http.post(path, json=body, headers={"Authorization": f"Bearer {bearer}"})


class TestGate:
    async def test_gives_a_token_for_almost_an_hour(self, sandbox: Running) -> None:
        assert (await token(sandbox)).json()["expires_in"] == "3599"
        assert (await token(sandbox, "wrong")).status_code == 400

    async def test_passes_nothing_on_without_one(self, sandbox: Running) -> None:
        async with httpx.AsyncClient(base_url=f"{sandbox.base}/sandbox/mpesa") as http:
            answer = await http.post(B2C, json=ORDER)

        assert answer.json()["errorCode"] == "404.001.03"
        assert sandbox.world.mpesa.orders == {}

    async def test_is_stopped_by_the_door_for_trouble(self, sandbox: Running) -> None:
        await sandbox.trouble("mpesa", "stop_at_gate")

        answer = await call(sandbox, B2C, ORDER)

        assert answer.status_code == 429
        assert "SpikeArrestViolation" in answer.text


class TestOrders:
    async def test_are_taken_once_under_one_name(self, sandbox: Running) -> None:
        first, second = await call(sandbox, B2C, ORDER), await call(sandbox, B2C, ORDER)

        assert first.json()["ResponseCode"] == "0"
        assert (second.status_code, second.json()["errorCode"]) == (500, "500.002.1001")

    @pytest.mark.parametrize(
        ("path", "body", "changed"),
        [
            (B2C, ORDER, {"Amount": "10.50"}),
            (B2C, ORDER, {"Amount": "0"}),
            (B2C, ORDER, {"Amount": 10}),
            (B2C, ORDER, {"PartyB": "+254705912645"}),
            (B2C, ORDER, {"PartyA": "600000"}),
            (B2C, ORDER, {"ResultURL": ""}),
            (STK, PUSH, {"AccountReference": "thirteen-char"}),
            (STK, PUSH, {"TransactionDesc": "fourteen chars"}),
        ],
    )
    async def test_that_are_wrong_are_refused(
        self, sandbox: Running, path: str, body: dict[str, Any], changed: dict[str, Any]
    ) -> None:
        answer = await call(sandbox, path, body | changed)

        assert (answer.status_code, answer.json()["errorCode"]) == (400, "400.002.02")
        assert (sandbox.world.mpesa.orders, sandbox.world.mpesa.prompts) == ({}, {})

    async def test_with_a_wrong_password_are_refused(self, sandbox: Running) -> None:
        answer = await call(sandbox, STK, PUSH | {"Timestamp": "20261120100001"})

        assert (answer.status_code, answer.json()["errorMessage"]) == (500, "Wrong credentials")

    async def test_by_an_initiator_that_it_cannot_read_move_nothing(self, sandbox: Running) -> None:
        await call(sandbox, B2C, ORDER)
        while sandbox.world.outgoing.is_busy:  # noqa: ASYNC110 - it has no end to wait for
            await asyncio.sleep(0.01)

        (moved,) = sandbox.world.mpesa.movements
        assert moved["status"] == "Failed"


class TestRegistration:
    @pytest.mark.parametrize("word", ["mpesa", "Safaricom", "query", "exec"])
    async def test_refuses_words_in_an_address(self, sandbox: Running, word: str) -> None:
        urls = {
            "ShortCode": "600997", "ResponseType": "Completed",
            "ConfirmationURL": f"https://kopa.example/{word}", "ValidationURL": "https://x.example/",
        }  # fmt: skip

        answer = await call(sandbox, "/mpesa/c2b/v2/registerurl", urls)

        assert answer.status_code == 400
        assert sandbox.world.mpesa.urls == {}
