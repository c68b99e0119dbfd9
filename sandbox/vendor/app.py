"""Answers any check, signed; by its door it is slow, fails, forgets to sign, or talks nonsense."""

import asyncio
import hashlib
import hmac
import json
from typing import Annotated, Any

from fastapi import FastAPI, Header, Request, Response

from sandbox.trouble import Door

CHECKS = ("document", "authenticity", "face", "liveness", "duplicates", "screening")
_SIGNATURE = "X-Kopa-Signature"


class Vendor:
    def __init__(self, key: str) -> None:
        self.key = key
        self.door = Door("slow", "error", "unsigned", "nonsense", "doubt", "replay")
        self.asked: list[dict[str, Any]] = []
        """Every request that was understood, repeats included."""
        self.answers: dict[str, bytes] = {}
        """By idempotency key: the same question gets the same answer."""


def create_app(vendor: Vendor) -> FastAPI:
    app = FastAPI(title="Sandbox of identity checks", openapi_url=None)

    @app.post("/v1/checks")
    async def check(
        request: Request,
        idempotency_key: Annotated[str, Header()],
        x_kopa_signature: Annotated[str, Header()] = "",
    ) -> Response:
        body = await request.body()
        if not hmac.compare_digest(_signature(vendor, body), x_kopa_signature):
            return Response(status_code=401)
        asked = json.loads(body)
        if asked.get("check") not in CHECKS or asked.get("key") != idempotency_key:
            return Response(status_code=422)
        vendor.asked.append(asked)
        if (trouble := vendor.door.take("slow", asked["check"])) is not None:
            await asyncio.sleep(trouble.seconds)
        if (trouble := vendor.door.take("error", asked["check"])) is not None:
            return Response(status_code=trouble.status or 503)
        return _signed(vendor, idempotency_key, asked["check"])

    return app


def _signed(vendor: Vendor, key: str, kind: str) -> Response:
    content = vendor.answers.setdefault(key, _answer(vendor, kind))
    if vendor.door.take("nonsense", kind) is not None:
        content = b'{"verdict": "welcome"}'
    if vendor.door.take("replay", kind) is not None:
        key = "another question"
    headers = {_SIGNATURE: _signature(vendor, key.encode() + b"\n" + content)}
    if vendor.door.take("unsigned", kind) is not None:
        headers = {}
    return Response(content, media_type="application/json", headers=headers)


def _answer(vendor: Vendor, kind: str) -> bytes:
    doubts = vendor.door.take("doubt", kind)
    said = {
        "verdict": "clear" if doubts is None else "doubt",
        "reasons": [] if doubts is None else [str(doubts.code or "vendor_doubts")],
        "numbers": {"score": 0.99 if doubts is None else 0.41},
        "found": {},
    }
    return json.dumps(said).encode()


def _signature(vendor: Vendor, content: bytes) -> str:
    return f"sha256={hmac.new(vendor.key.encode(), content, hashlib.sha256).hexdigest()}"
