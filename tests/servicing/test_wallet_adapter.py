"""What the wallet rail's adapter makes of answers and callbacks, good ones and nonsense."""

import hashlib
import hmac
import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI, Response

from kit.errors import TransientFailure
from kit.money import Money
from servicing.rails.base import (
    AckStatus,
    CallbackMalformed,
    Direction,
    Instruction,
    OutcomeStatus,
    SignatureInvalid,
    Unbookable,
)
from tests.sandbox.serving import AMINA, RAIL_SECRET, plain_server, running_sandbox, serving
from tests.servicing.lending import kes
from tests.servicing.wires import wallet_rail

ACCOUNT = "12025550101"


class TestAdapter:
    async def test_nobody_there_is_unknown(self) -> None:
        rail = wallet_rail("http://127.0.0.1:9")
        order = Instruction("P1", Direction.PAYOUT, ACCOUNT, kes(1), "Loan")

        assert (await rail.submit(order)).status is AckStatus.UNKNOWN
        assert (await rail.query(order)).status is OutcomeStatus.UNKNOWN
        with pytest.raises(TransientFailure):
            await rail.statement(datetime.now(UTC).date(), "KES")
        await rail.close()

    @pytest.mark.parametrize(
        "garbage",
        ["", "<html>", "null", "[]", '{"id": 1}', '{"status": "gone", "id": "1"}',
         '{"id":"1","status":"settled","amount":"x","currency":"KES"}'],
    )  # fmt: skip
    async def test_nonsense_is_unknown(self, garbage: str) -> None:
        app = FastAPI()

        @app.api_route("/{path:path}", methods=["GET", "POST"])
        async def anything(path: str) -> Response:
            return Response(garbage, media_type="application/json")

        async with serving(plain_server(app)) as base:
            rail = wallet_rail(base)
            order = Instruction("P1", Direction.PAYOUT, ACCOUNT, kes(1), "Loan")
            assert (await rail.query(order)).status is OutcomeStatus.UNKNOWN
            with suppress(TransientFailure):
                await rail.statement(datetime.now(UTC).date(), "KES")
                raise AssertionError("nonsense is not a statement")
            await rail.close()

    async def test_a_wrong_key_moves_nothing_and_says_nothing(self) -> None:
        async with running_sandbox() as sandbox:
            rail = wallet_rail(f"{sandbox.base}/sandbox/wallet", api_key="wrong")
            order = Instruction("P1", Direction.PAYOUT, ACCOUNT, kes(1), "Loan")

            assert (await rail.submit(order)).status is AckStatus.UNKNOWN
            shown = (await sandbox.http.get(f"/people/{AMINA}/wallet")).json()
            assert shown["movements"] == []
            await rail.close()


class TestCallback:
    body = json.dumps(
        {"event_id": "E1",
         "transfer": {"id": "W1", "reference": "P1", "direction": "payout", "amount": "12.50",
                      "currency": "KES", "status": "settled", "failure_code": None,
                      "settled_at": "2026-11-20T07:00:00+00:00"}}
    ).encode()  # fmt: skip

    def signed(self, body: bytes, secret: str = RAIL_SECRET) -> dict[str, str]:
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return {"x-rail-signature": f"sha256={digest}"}

    def test_is_read(self) -> None:
        (event,) = wallet_rail("http://rail").parse_callback(self.signed(self.body), self.body)

        assert event.amount == Money(12_50, "KES")
        assert event.outcome.settled_at == datetime(2026, 11, 20, 7, tzinfo=UTC)

    def test_that_is_not_signed_is_refused(self) -> None:
        rail = wallet_rail("http://rail")
        for headers in ({}, self.signed(self.body, "other"), self.signed(self.body + b" ")):
            with pytest.raises(SignatureInvalid):
                rail.parse_callback(headers, self.body)

    def test_without_a_secret_of_ours_nothing_is_believed(self) -> None:
        rail = wallet_rail("http://rail", webhook_secret="")

        with pytest.raises(SignatureInvalid):
            rail.parse_callback(self.signed(self.body, ""), self.body)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b'"payout"', b'"theft"'),
            (b'"12.50"', b'"12.505"'),
            (b'"KES"', b'"kes"'),
            (b'"settled"', b'"melted"'),
            (b"+00:00", b""),
            (b'"transfer"', b'"nothing"'),
            (b"{", b"["),
        ],
    )
    def test_that_cannot_be_read_is_refused(self, old: bytes, new: bytes) -> None:
        body = self.body.replace(old, new, 1)

        with pytest.raises(CallbackMalformed):
            wallet_rail("http://rail").parse_callback(self.signed(body), body)

    @pytest.mark.parametrize(
        ("old", "new", "field"),
        [
            (b'"12.50"', b'"0.00"', "amount"),
            (b'"12.50"', b'"-12.50"', "amount"),
            (b'"12.50", "currency": "KES"', b'"999999999999999", "currency": "CLF"', "amount"),
            (b'"W1"', b'"W\\u00001"', "id"),
            (b'"E1"', b'"E\\u00001"', "event_id"),
            (b'"E1"', b'""', "event_id"),
        ],
    )
    def test_that_no_account_can_hold_is_not_asked_for_again(
        self, old: bytes, new: bytes, field: str
    ) -> None:
        assert old in self.body
        body = self.body.replace(old, new, 1)

        with pytest.raises(Unbookable) as refused:
            wallet_rail("http://rail").parse_callback(self.signed(body), body)
        assert (refused.value.about, refused.value.field) == ("W1", field)

    def test_keeps_of_what_a_payer_typed_what_can_be_kept(self) -> None:
        body = self.body.replace(b'"P1"', b'" L-7K\\u0000\\u0007\\u202e "', 1)
        (event,) = wallet_rail("http://rail").parse_callback(self.signed(body), body)

        assert event.reference == "L-7K"
