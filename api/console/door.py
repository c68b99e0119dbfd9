"""Who stands at the desk: the session's cookie, the proof in each form, the table of roles.

A page asks the table of roles under the name of the API's route that shows or does the same.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from urllib.parse import parse_qsl, quote

import structlog
from fastapi import Depends, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import auth, roles, staff
from api.deps import Now, Today, Wired, Wiring
from kit.db import unit_of_work
from kit.errors import DomainError, Kind

HOME = "/console"
SIGN_IN = f"{HOME}/sign-in"
PROOF = "proof"
ONCE = "once"
_SESSION, _STRANGER = "kopa_console", "kopa_console_door"
_FIELDS_MAX = 40
_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")


class FormNotOurs(DomainError):
    """The form does not come from a page that this person was shown."""

    kind = Kind.FORBIDDEN
    code = "form_not_ours"


@dataclass(frozen=True)
class Desk:
    """What a page works with: who asks, when, and what was typed."""

    request: Request
    wiring: Wiring
    who: auth.Staff
    token: str
    now: datetime
    today: date
    typed: dict[str, str]
    key: str = ""
    """Of the form that was sent, as this page was drawn: sent again, it is the same form."""

    @property
    def once(self) -> str:
        """A new one for each form of a page."""
        return secrets.token_urlsafe(18)

    @property
    def proof(self) -> str:
        return proof_of(self.token)

    @property
    def zone(self) -> str:
        return self.wiring.settings.timezone

    def may(self, route: str) -> bool:
        return roles.allows(route, self.who.role)

    async def names(self, session: AsyncSession) -> dict[str, str]:
        return await staff.names(session)


async def typed_of(request: Request) -> dict[str, str]:
    if request.method != "POST":
        return {}
    body = (await request.body()).decode(errors="replace")
    try:
        typed = dict(parse_qsl(body, keep_blank_values=True, max_num_fields=_FIELDS_MAX))
    except ValueError:
        raise FormNotOurs() from None
    # Browsers end the lines of a text with two characters.
    return {name: text.replace("\r\n", "\n") for name, text in typed.items()}


async def entered(request: Request, wiring: Wired, now: Now, today: Today) -> Desk:
    """Guards every page but the door. The form's proof comes first: what a stranger typed is not
    kept over a new log-in."""
    token = request.cookies.get(_SESSION, "")
    typed = await typed_of(request)
    if request.method == "POST":
        _expect(typed.pop(PROOF, ""), token)
    key = typed.pop(ONCE, "")
    if key and not _KEY.fullmatch(key):
        raise FormNotOurs()
    async with unit_of_work(wiring.sessions) as session:
        who = await auth.identify(session, token, now=wiring.wall.now())
    structlog.contextvars.bind_contextvars(actor=who.actor)
    # Refusals are drawn for whoever stands here.
    desk = request.state.desk = Desk(request, wiring, who, token, now, today, typed, key)
    route = request.scope["route"].name
    if not roles.allows(route, who.role):
        raise auth.RoleForbids(role=who.role, action=route)
    return desk


AtDesk = Annotated[Desk, Depends(entered)]


def proof_of(token: str) -> str:
    """What only pages that were shown to the holder of this cookie know."""
    return hmac.new(token.encode(), b"console form", hashlib.sha256).hexdigest()


def stranger_of(request: Request) -> str:
    """The cookie of somebody who is about to sign in; a new one for who has none."""
    return request.cookies.get(_STRANGER) or secrets.token_urlsafe(24)


def expect_stranger(request: Request, typed: dict[str, str]) -> None:
    _expect(typed.pop(PROOF, ""), request.cookies.get(_STRANGER, ""))


def let_in(response: Response, wiring: Wiring, token: str) -> None:
    """It ends with the browser; how long the session lives is said by the session itself."""
    _set(response, wiring, _SESSION, token)
    response.delete_cookie(_STRANGER, path=HOME)


def greet(response: Response, wiring: Wiring, stranger: str) -> None:
    _set(response, wiring, _STRANGER, stranger)


def see_out(response: Response) -> None:
    response.delete_cookie(_SESSION, path=HOME)


async def end_session(request: Request, session: AsyncSession, wiring: Wiring) -> None:
    """Whoever signs in anew leaves no older session of this browser behind."""
    token = request.cookies.get(_SESSION, "")
    try:
        who = await auth.identify(session, token, now=wiring.wall.now())
    except auth.NotLoggedIn:
        return
    await auth.log_out(session, who, now=wiring.wall.now())


def path_within(path: str) -> str:
    """Where to go after the door: a page of the console, whatever the address said."""
    is_ours = path == HOME or path.startswith((f"{HOME}/", f"{HOME}?"))
    return path if is_ours and path.isprintable() and "\\" not in path else HOME


def sign_in_path(request: Request) -> str:
    """The door, and then this page again."""
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{SIGN_IN}?next={quote(request.url.path + query, safe='')}"


def _expect(given: str, token: str) -> None:
    if not token or not hmac.compare_digest(given.encode(), proof_of(token).encode()):
        raise FormNotOurs()


def _set(response: Response, wiring: Wiring, name: str, value: str) -> None:
    response.set_cookie(
        name, value, path=HOME, httponly=True, samesite="strict",
        secure=wiring.settings.base_url.startswith("https://"),
    )  # fmt: skip
