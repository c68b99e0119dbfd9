"""Around every request: an id, a limit on the body, headers, one log line, no stray exception."""

import re
import time
from collections.abc import Mapping
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.console import refusals
from api.console.door import HOME
from api.metrics import Metrics

log = structlog.get_logger(__name__)

BODY_BYTES_MAX = 256 * 1024
_LARGER = {"/v1/risk/models": 8 * 1024 * 1024}
"""A model is sent whole."""
UNMATCHED = "unmatched"
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}\Z")
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Guard:
    """`programs` answer for all paths under their prefix and bring rules of their own."""

    def __init__(
        self, app: ASGIApp, metrics: Metrics, *, https: bool, programs: Mapping[str, ASGIApp]
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._programs = {f"{prefix.rstrip('/')}/": run for prefix, run in programs.items()}
        self._headers = dict(_HEADERS)
        if https:
            self._headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        for prefix, program in self._programs.items():
            if f"{scope['path']}/".startswith(prefix):
                await program(scope, receive, send)
                return
        request_id = _request_id(Headers(scope=scope))
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        await self._measured(scope, receive, send, request_id)

    async def _measured(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        started, status = time.perf_counter(), 0

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, _limited(scope, receive), send_guarded)
        except Exception:
            log.exception("http.unexpected")
            if status:
                raise  # Half an answer has gone: the connection must break.
            answer = refusals if scope["path"].startswith(HOME) else problems
            await answer.unexpected(request_id)(scope, receive, send_guarded)
        seconds = time.perf_counter() - started
        route = _template(scope)
        self._metrics.answered(scope["method"], route, status, seconds)
        log.info(
            "http.request",
            method=scope["method"][:10],
            route=route,
            status_code=status,
            milliseconds=round(seconds * 1000, 1),
        )


def _request_id(headers: Headers) -> str:
    """The caller's own id, when it looks like one."""
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.match(given) else str(uuid4())


def _template(scope: Scope) -> str:
    """`/v1/loans/{loan_id}`: never the path itself, which names records."""
    route = scope.get("route")
    return str(getattr(route, "path", UNMATCHED)) if route is not None else UNMATCHED


def _limited(scope: Scope, receive: Receive) -> Receive:
    announced = Headers(scope=scope).get("content-length", "0")
    received = 0
    most = _LARGER.get(scope["path"], BODY_BYTES_MAX)

    async def receive_limited() -> Message:
        nonlocal received
        if announced.isdecimal() and int(announced[:20]) > most:
            raise HTTPException(413)
        message = await receive()
        received += len(message.get("body", b""))
        if received > most:
            raise HTTPException(413)
        return message

    return receive_limited
