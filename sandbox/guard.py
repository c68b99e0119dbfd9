"""Keeps the sandbox to this machine: no other name, no other site's script."""

from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Guard:
    """Refuses a foreign Host (a rebound name) and a foreign Origin (another page's request)."""

    def __init__(self, app: ASGIApp, *, hosts: tuple[str, ...] = ()) -> None:
        self.app = app
        self.hosts = (*_LOOPBACK, *hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._is_ours(scope):
            refusal = PlainTextResponse("the sandbox answers on this machine only\n", 403)
            await refusal(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get(b"host", "")
        if urlsplit(f"//{host}").hostname not in self.hosts:
            return False
        origin = headers.get(b"origin")
        return origin is None or urlsplit(origin).netloc == host
