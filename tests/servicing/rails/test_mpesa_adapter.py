"""What the M-Pesa adapter sends and reads, held to what Safaricom publishes."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import FastAPI, Request, Response

from kit.config import Settings
from servicing.rails.base import (
    AckStatus,
    Direction,
    Instruction,
    OutcomeStatus,
)
from servicing.rails.mpesa import daraja
from servicing.rails.mpesa import rail as mpesa
from servicing.rails.mpesa.rail import MpesaRail
from tests.sandbox.serving import plain_server, serving
from tests.servicing.lending import HandClock, kes
from tests.servicing.rails.mpesa_published import B2C_ACCEPTED, PUSH_ACCEPTED, REF
from tests.servicing.rails.mpesa_street import NUMBER, settings_for

NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
OUT = Instruction(REF, Direction.PAYOUT, f"+{NUMBER}", kes(10), "Loan L-7K3QFWX")
ASK = replace(OUT, client_ref="C" + REF[1:], direction=Direction.COLLECT)
TOKEN: dict[str, Any] = {"access_token": "SGWcJPtNtYNPGm6uSYR9yPYrAI3Bm", "expires_in": "3599"}
B2C, PUSH = "/mpesa/b2c/v3/paymentrequest", "/mpesa/stkpush/v1/processrequest"
PUSH_QUERY, STATUS = "/mpesa/stkpushquery/v1/query", "/mpesa/transactionstatus/v1/query"


@dataclass
class Gate:
    """Answers as it is told, and keeps what it was sent."""

    says: list[tuple[int, Any]] = field(default_factory=list)
    tokens: int = 0
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/oauth/v1/generate")
        async def token() -> dict[str, Any]:
            self.tokens += 1
            return TOKEN

        @app.post("/{path:path}")
        async def anything(path: str, request: Request) -> Response:
            self.sent.append((f"/{path}", await request.json()))
            status, body = self.says.pop(0) if self.says else (200, B2C_ACCEPTED)
            content = body if isinstance(body, str) else json.dumps(body)
            return Response(content, status_code=status, media_type="application/json")

        return app


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for("http://127.0.0.1:9", tmp_path)


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOW)


@asynccontextmanager
async def at(gate: Gate, settings: Settings, clock: HandClock) -> AsyncIterator[MpesaRail]:
    async with serving(plain_server(gate.app())) as base:
        rail = mpesa.of(settings.model_copy(update={"mpesa_base_url": base}), clock)
        yield rail
        await rail.close()


async def _takes_and_hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    asked = await reader.readuntil(b"\r\n\r\n")
    if asked.startswith(b"GET"):
        token = json.dumps(TOKEN).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n")
        writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(token), token))
    await writer.drain()
    writer.close()


def error(code: str, message: str) -> dict[str, str]:
    return {"requestId": "11728-2929992-1", "errorCode": code, "errorMessage": message}


class TestRequests:
    async def test_a_payout_is_as_published(self, settings: Settings, clock: HandClock) -> None:
        gate = Gate()
        async with at(gate, settings, clock) as rail:
            ack = await rail.submit(OUT)

        ((path, body),) = gate.sent
        assert (ack.status, ack.rail_id) == (AckStatus.ACCEPTED, B2C_ACCEPTED["ConversationID"])
        assert path == B2C
        assert list(body) == [
            "OriginatorConversationID", "InitiatorName", "SecurityCredential", "CommandID",
            "Amount", "PartyA", "PartyB", "Remarks", "QueueTimeOutURL", "ResultURL", "Occassion",
        ]  # fmt: skip
        assert (body["OriginatorConversationID"], body["Amount"]) == (REF, "10")
        assert (body["PartyA"], body["PartyB"]) == ("600997", NUMBER)
        assert len(base64.b64decode(body["SecurityCredential"])) == 256
        assert body["ResultURL"].startswith("https://kopa.example/webhooks/rail/daraja/payout/")

    async def test_a_prompt_is_as_published(self, settings: Settings, clock: HandClock) -> None:
        gate = Gate([(200, PUSH_ACCEPTED)])
        async with at(gate, settings, clock) as rail:
            ack = await rail.submit(ASK)

        ((path, body),) = gate.sent
        assert ack.rail_id == PUSH_ACCEPTED["CheckoutRequestID"]
        assert path == PUSH
        assert list(body) == [
            "BusinessShortCode", "Password", "Timestamp", "TransactionType", "Amount", "PartyA",
            "PartyB", "PhoneNumber", "CallBackURL", "AccountReference", "TransactionDesc",
        ]  # fmt: skip
        assert base64.b64decode(body["Password"]) == b"600997sandbox-passkey20261120100000"
        assert body["AccountReference"] == "0193a5b2c3d4"
        assert len(body["TransactionDesc"]) <= 13

    async def test_a_question_is_as_published(self, settings: Settings, clock: HandClock) -> None:
        gate = Gate()
        async with at(gate, settings, clock) as rail:
            await rail.query(OUT)
            await rail.confirm("NEF61H8J60")

        (path, of_order), (_, of_receipt) = gate.sent
        assert path == STATUS
        assert of_order["OriginalConversationID"] == REF
        assert of_receipt["TransactionID"] == "NEF61H8J60"
        assert (of_order["CommandID"], of_order["IdentifierType"]) == (
            "TransactionStatusQuery",
            "4",
        )

    async def test_no_address_holds_a_word_that_daraja_refuses(
        self, settings: Settings, clock: HandClock
    ) -> None:
        gate = Gate()
        async with at(gate, settings, clock) as rail:
            await rail.submit(OUT)
            await rail.register()

        for _, body in gate.sent:
            for url in (value for key, value in body.items() if key.endswith("URL")):
                assert not [
                    word
                    for word in ("mpesa", "m-pesa", "safaricom", "exe", "cmd", "sql", "query")
                    if word in url.lower()
                ]

    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"amount": kes("10.50")}, "whole_shillings_only"),
            ({"amount": replace(kes(10), currency="USD")}, "currency_not_offered"),
            ({"account": "12025550101"}, "not_a_kenyan_number"),
            ({"account": "25470000000"}, "not_a_kenyan_number"),
        ],
    )
    @pytest.mark.parametrize("order", [OUT, ASK])
    async def test_what_it_cannot_do_is_not_sent(
        self,
        settings: Settings,
        clock: HandClock,
        order: Instruction,
        changed: dict[str, Any],
        code: str,
    ) -> None:
        rail = mpesa.of(settings, clock)  # Nobody answers there.

        ack = await rail.submit(replace(order, **changed))

        assert (ack.status, ack.code) == (AckStatus.REJECTED, code)
        await rail.close()


class TestAnswers:
    @pytest.mark.parametrize(
        ("status", "body", "means"),
        [
            (400, error("400.002.02", "Bad Request - Invalid Amount"), AckStatus.REJECTED),
            (429, {"fault": {"faultstring": "Spike arrest violation. Allowed rate : 5pm",
             "detail": {"errorcode": "policies.ratelimit.SpikeArrestViolation"}}},
             AckStatus.NOT_SENT),
            (500, error("500.003.02", "Spike Arrest Violation"), AckStatus.NOT_SENT),
            (500, error("500.003.03", "Quota Violation"), AckStatus.NOT_SENT),
            (403, "<html>", AckStatus.NOT_SENT),
            (404, error("404.001.01", "Resource not found"), AckStatus.NOT_SENT),
            # From here on nobody knows.
            (400, error("400.002.02", "Bad Request - Duplicate OriginatorConversationID"),
             AckStatus.UNKNOWN),
            (200, "[" * 100_000, AckStatus.UNKNOWN),
            (500, error("500.003.02", "System is busy. Please try again."), AckStatus.UNKNOWN),
            (500, error("500.002.1001", "Duplicate OriginatorConversationID."), AckStatus.UNKNOWN),
            (500, error("500.001.1001", "Server Error"), AckStatus.UNKNOWN),
            (503, "", AckStatus.UNKNOWN),
            (400, "<html>", AckStatus.UNKNOWN),
            (200, "<html>", AckStatus.UNKNOWN),
            (200, "[]", AckStatus.UNKNOWN),
            (200, {**B2C_ACCEPTED, "ResponseCode": "1"}, AckStatus.UNKNOWN),
            (302, "", AckStatus.UNKNOWN),
        ],
    )  # fmt: skip
    async def test_prove_what_they_prove(
        self, settings: Settings, clock: HandClock, status: int, body: Any, means: AckStatus
    ) -> None:
        async with at(Gate([(status, body)]), settings, clock) as rail:
            assert (await rail.submit(OUT)).status is means

    async def test_that_never_come_are_unknown(self, settings: Settings, clock: HandClock) -> None:
        """The order is read, and the line goes dead."""
        server = await asyncio.start_server(_takes_and_hangs_up, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        there = {"mpesa_base_url": f"http://{host}:{port}"}
        async with server:
            rail = mpesa.of(settings.model_copy(update=there), clock)
            assert (await rail.submit(OUT)).status is AckStatus.UNKNOWN
            assert (await rail.query(OUT)).status is OutcomeStatus.UNKNOWN
            await rail.close()

    async def test_of_nobody_prove_that_nothing_was_sent(
        self, settings: Settings, clock: HandClock
    ) -> None:
        rail = mpesa.of(settings, clock)

        assert (await rail.submit(OUT)).status is AckStatus.NOT_SENT
        assert (await rail.query(OUT)).status is OutcomeStatus.UNKNOWN
        await rail.close()

    @pytest.mark.parametrize(
        ("status", "body", "means"),
        [
            (200, {"ResultCode": "0"}, OutcomeStatus.SETTLED),
            (200, {"ResultCode": "1032"}, OutcomeStatus.FAILED),
            (200, {"ResultCode": "1"}, OutcomeStatus.FAILED),
            (200, {"ResultCode": "4999"}, OutcomeStatus.PENDING),
            (200, {"ResultCode": "26"}, OutcomeStatus.UNKNOWN),
            (200, {}, OutcomeStatus.UNKNOWN),
            (200, {"ResultCode": "0", "CheckoutRequestID": "ws_CO_other"}, OutcomeStatus.UNKNOWN),
            (500, error("500.001.1001", "The transaction is being processed"),
             OutcomeStatus.PENDING),
            (500, error("500.001.1001", "The transaction is still under processing"),
             OutcomeStatus.PENDING),
            (500, error("500.001.1001", "Wrong credentials"), OutcomeStatus.UNKNOWN),
            (429, "", OutcomeStatus.UNKNOWN),
        ],
    )  # fmt: skip
    async def test_about_a_prompt(
        self, settings: Settings, clock: HandClock, status: int, body: Any, means: OutcomeStatus
    ) -> None:
        if status == 200:
            body = {**PUSH_ACCEPTED, **body}
        async with at(Gate([(status, body)]), settings, clock) as rail:
            asked = replace(ASK, rail_id=PUSH_ACCEPTED["CheckoutRequestID"])

            found = await rail.query(asked)

        assert found.status is means
        assert found.amount == (kes(10) if means is OutcomeStatus.SETTLED else None)


class TestToken:
    async def test_is_kept_and_renewed_before_it_ends(
        self, settings: Settings, clock: HandClock
    ) -> None:
        gate = Gate()
        async with at(gate, settings, clock) as rail:
            await asyncio.gather(*(rail.submit(OUT) for _ in range(5)))
            assert gate.tokens == 1

            clock.at += timedelta(seconds=3599 - 60)
            await rail.submit(OUT)

        assert gate.tokens == 2

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (401, ""),
            (404, error("404.001.03", "Invalid Access Token")),
            (400, error("400.003.01", "Invalid Access Token")),
        ],
    )
    async def test_that_is_refused_is_renewed_once(
        self, settings: Settings, clock: HandClock, status: int, body: Any
    ) -> None:
        refusal = (status, body)
        gate = Gate([refusal, (200, B2C_ACCEPTED), refusal, refusal])
        async with at(gate, settings, clock) as rail:
            assert (await rail.submit(OUT)).status is AckStatus.ACCEPTED
            assert (await rail.submit(OUT)).status is AckStatus.NOT_SENT

        assert (gate.tokens, len(gate.sent)) == (3, 4)

    @pytest.mark.parametrize(
        ("lasts", "means"),
        [("soon", AckStatus.NOT_SENT), (None, AckStatus.NOT_SENT), (10**30, AckStatus.ACCEPTED),
         (-1, AckStatus.ACCEPTED)],
    )  # fmt: skip
    async def test_of_no_sense_is_none(
        self, settings: Settings, clock: HandClock, monkeypatch: pytest.MonkeyPatch, lasts: Any,
        means: AckStatus,
    ) -> None:  # fmt: skip
        monkeypatch.setitem(TOKEN, "expires_in", lasts)
        async with at(Gate(), settings, clock) as rail:
            assert (await rail.submit(OUT)).status is means


class TestCredential:
    def test_takes_a_certificate_in_either_form(self, settings: Settings, tmp_path: Path) -> None:
        assert settings.mpesa_certificate is not None
        text = settings.mpesa_certificate.read_bytes()
        binary = tmp_path / "cert.cer"
        binary.write_bytes(x509.load_pem_x509_certificate(text).public_bytes(Encoding.DER))

        for path in (settings.mpesa_certificate, binary):
            assert len(base64.b64decode(daraja.security_credential("secret", path))) == 256

    def test_refuses_what_is_no_certificate(self, tmp_path: Path) -> None:
        nothing = tmp_path / "nothing.cer"
        nothing.write_bytes(b"nothing")

        with pytest.raises(ValueError):  # noqa: PT011 - whatever the library says
            daraja.security_credential("secret", nothing)
