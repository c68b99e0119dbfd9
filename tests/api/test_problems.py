"""Bad input and broken insides: one problem that says what and where, and nothing changed."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from sqlalchemy import func, select
from starlette.responses import PlainTextResponse

from api.app import create_app
from api.deps import Now, Session
from api.middleware import BODY_BYTES_MAX
from api.models import LoginAttempt
from kit import audit, log
from kit.clock import Clock
from kit.config import Settings
from kit.crypto import Vault
from kit.db import Sessions
from kit.errors import TransientFailure
from tests.api.conftest import client_of

LOG_IN = "/v1/session"
JSON = {"Content-Type": "application/json"}
WRONG: tuple[tuple[object, str], ...] = (
    ({}, "body.name"),
    ({"name": None, "password": "x"}, "body.name"),
    ({"name": 7, "password": "x"}, "body.name"),
    ({"name": ["Uma"], "password": "x"}, "body.name"),
    ({"name": "", "password": "x"}, "body.name"),
    ({"name": "U" * 81, "password": "x"}, "body.name"),
    ({"name": "U\x00ma", "password": "x"}, "body.name"),
    ({"name": "U\u202ema", "password": "x"}, "body.name"),
    ({"name": "\ud800", "password": "x"}, "body.name"),
    ({"name": "Uma", "password": "x", "role": "admin"}, "body.role"),
    ({"name": "Uma", "password": "x", "\x1b[2J": 1}, "body.\ufffd[2J"),
    ({"name": "Uma", "password": "x", "\ud800": 1}, "body"),
    ([], "body"),
    ("Uma", "body"),
    (None, "body"),
)
"""What nobody means by logging in, and where it is wrong."""


def is_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["type"] == f"urn:kopa:error:{code}"
    return body


class TestBody:
    async def test_that_is_not_json(self, stranger: httpx.AsyncClient) -> None:
        bodies = b"{", b'{"name": }', b"nonsense", b"\x00", b"{'name': 'Uma'}", b'{"name": "Uma",}'
        for body in bodies:
            answer = await stranger.post(LOG_IN, content=body, headers=JSON)

            problem = is_problem(answer, 422, "invalid_request")
            assert problem["errors"][0]["where"].startswith("body"), body

    async def test_that_no_reader_can_read(self, stranger: httpx.AsyncClient) -> None:
        for body in (b"\xff\xfe{", b"[" * 100_000, b'{"name": ' + b"9" * 5_000 + b"}"):
            answer = await stranger.post(LOG_IN, content=body, headers=JSON)

            is_problem(answer, 400, "malformed_body")

    async def test_that_says_something_else(self, stranger: httpx.AsyncClient) -> None:
        for body, where in WRONG:
            answer = await stranger.post(LOG_IN, content=json.dumps(body), headers=JSON)

            problem = is_problem(answer, 422, "invalid_request")
            assert where in [error["where"] for error in problem["errors"]], body

    async def test_is_not_repeated_in_the_answer(self, stranger: httpx.AsyncClient) -> None:
        answer = await stranger.post(LOG_IN, json={"name": ["+254700000001"], "password": 4711})

        assert "254700" not in answer.text
        assert "4711" not in answer.text

    async def test_that_is_too_large(self, stranger: httpx.AsyncClient) -> None:
        announced = await stranger.post(LOG_IN, content=b" " * (BODY_BYTES_MAX + 1))

        async def unannounced() -> AsyncIterator[bytes]:
            for _ in range(20):
                yield b" " * (BODY_BYTES_MAX // 10)

        streamed = await stranger.post(LOG_IN, content=unannounced())

        for answer in (announced, streamed):
            is_problem(answer, 413, "body_too_large")

    async def test_that_is_refused_changes_nothing(
        self, stranger: httpx.AsyncClient, sessions: Sessions
    ) -> None:
        await stranger.post(LOG_IN, json={"name": "U\x00ma", "password": "x"})

        async with sessions() as session:
            assert await session.scalar(select(func.count(LoginAttempt.id))) == 0


class TestRoute:
    async def test_that_does_not_exist(self, stranger: httpx.AsyncClient) -> None:
        is_problem(await stranger.get("/v1/nothing/../x"), 404, "route_not_found")
        is_problem(await stranger.get("/%00%ff"), 404, "route_not_found")

    async def test_that_knows_no_such_method(self, stranger: httpx.AsyncClient) -> None:
        is_problem(await stranger.patch(LOG_IN), 405, "method_not_allowed")


class TestRequestId:
    async def test_is_the_callers_own_when_it_is_decent(self, stranger: httpx.AsyncClient) -> None:
        answer = await stranger.get("/x", headers={"X-Request-ID": "trace-0001"})

        assert answer.json()["request_id"] == "trace-0001"

    @pytest.mark.parametrize("given", ["a b", "x" * 65, "<script>", "short"])
    async def test_is_ours_otherwise(self, stranger: httpx.AsyncClient, given: str) -> None:
        answer = await stranger.get("/x", headers={"X-Request-ID": given})

        assert answer.headers["x-request-id"] != given


def broken_routes() -> APIRouter:
    router = APIRouter(prefix="/broken")

    @router.post("/commit", status_code=201)
    async def commit(session: Session, now: Now) -> dict[str, str]:
        """Everything is fine until the transaction is committed."""
        audit.record(session, actor="system", action="a", subject="b", now=now)
        row = next(iter(session.new))
        row.actor = None
        return {"status": "created"}

    @router.get("/inside")
    async def inside() -> None:
        raise ZeroDivisionError("secret-dsn://uma:pw@db")

    @router.get("/outside")
    async def outside() -> None:
        raise TransientFailure("the rail did not answer")

    return router


class TestBroken:
    @pytest.fixture
    async def client(
        self, settings: Settings, sessions: Sessions, clock: Clock, vault: Vault
    ) -> AsyncIterator[httpx.AsyncClient]:
        app = create_app(settings, sessions, clock, vault, routers=[broken_routes()])
        async with client_of(app) as client:
            yield client

    async def test_commit_is_never_a_201(self, client: httpx.AsyncClient) -> None:
        is_problem(await client.post("/broken/commit"), 500, "unexpected_error")

    async def test_inside_tells_no_secret(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/broken/inside")

        is_problem(answer, 500, "unexpected_error")
        assert "secret" not in answer.text
        assert "Zero" not in answer.text

    async def test_outside_says_when_to_come_again(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/broken/outside")

        is_problem(answer, 503, "temporarily_unavailable")
        assert answer.headers["retry-after"] == "5"


class TestHeaders:
    async def test_stand_on_every_answer(self, stranger: httpx.AsyncClient) -> None:
        for path in ("/health/live", "/v1/me", "/nothing"):
            headers = (await stranger.get(path)).headers

            assert headers["cache-control"] == "no-store"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
            assert "default-src 'none'" in headers["content-security-policy"]
            assert headers["strict-transport-security"].startswith("max-age=")


class TestLog:
    @pytest.fixture(autouse=True)
    def talkative(self) -> Iterator[None]:
        log.configure("INFO")
        yield
        log.configure("ERROR")

    async def test_names_the_route_and_no_record(
        self, uma: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
    ) -> None:
        await uma.get("/v1/me?phone=%2B254700000001")

        lines = capsys.readouterr().out
        assert "/v1/me" in lines
        assert "254700" not in lines
        assert "token of Uma" not in lines


class TestPrograms:
    async def test_get_every_request_under_their_prefix(
        self, settings: Settings, sessions: Sessions, clock: Clock, vault: Vault
    ) -> None:
        program = PlainTextResponse("mine")
        app: FastAPI = create_app(settings, sessions, clock, vault, programs={"/sandbox": program})

        async with client_of(app) as client:
            large = await client.post("/sandbox/x", content=b" " * (BODY_BYTES_MAX + 1))
            beside = await client.get("/sandboxed")

        assert large.text == "mine"
        assert "content-security-policy" not in large.headers
        assert beside.status_code == 404
