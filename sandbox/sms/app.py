"""The REST API for messages over HTTP, as the official SDK calls it."""

import asyncio
import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response

from sandbox.sms import delivery
from sandbox.sms.errors import TwilioError
from sandbox.sms.state import Sms, resource
from sandbox.store import Json

_MAX_PAGE = 1000


def create_app(sms: Sms) -> FastAPI:
    app = FastAPI(title="Twilio REST (sandbox)", openapi_url=None)
    # A client that rewrites only the host sends /2010-04-01/...; one that keeps the product's
    # name in the path sends /api/2010-04-01/...
    app.include_router(_routes(sms))
    app.include_router(_routes(sms), prefix="/api")
    return app


def _routes(sms: Sms) -> APIRouter:
    router = APIRouter(prefix="/2010-04-01/Accounts/{account}")

    @router.post("/Messages.json")
    async def create(account: str, request: Request) -> Response:
        return await _guarded(sms, account, request, _create)

    @router.get("/Messages.json")
    async def listing(account: str, request: Request) -> Response:
        return await _guarded(sms, account, request, _list)

    @router.get("/Messages/{sid}.json")
    async def fetch(account: str, sid: str, request: Request) -> Response:
        return await _guarded(sms, account, request, _fetch)

    @router.post("/Messages/{sid}.json")
    async def update(account: str, sid: str, request: Request) -> Response:
        return await _guarded(sms, account, request, _update)

    @router.delete("/Messages/{sid}.json")
    async def delete(account: str, sid: str, request: Request) -> Response:
        return await _guarded(sms, account, request, _delete)

    return router


async def _guarded(
    sms: Sms,
    account: str,
    request: Request,
    run: Callable[[Sms, Request], Awaitable[Response]],
) -> Response:
    try:
        _authenticate(sms, account, request)
        return await run(sms, request)
    except TwilioError as error:
        headers = {"Retry-After": "1"} if error.status == 429 else None
        return JSONResponse(error.answer(), status_code=error.status, headers=headers)


def _authenticate(sms: Sms, account: str, request: Request) -> None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        given = base64.b64decode(encoded, validate=True) if scheme.lower() == "basic" else b""
    except binascii.Error:
        given = b""
    expected = f"{sms.account.sid}:{sms.account.auth_token}".encode()
    if not hmac.compare_digest(given, expected):
        raise TwilioError(20003)
    if account != sms.account.sid:
        raise TwilioError(20404)


async def _form(request: Request) -> Json:
    return dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))


async def _create(sms: Sms, request: Request) -> Response:
    form = await _form(request)
    to = form.get("To", "")
    if slow := sms.door.take("delay", to):
        await asyncio.sleep(slow.seconds)
    if failure := sms.door.take("fail", to):
        code = int(failure.code or 20429)
        raise TwilioError(code, status=failure.status, message=failure.description)
    message = sms.create(form)
    delivery.start(sms, message)
    if lost := sms.door.take("lose_answer", to):
        await asyncio.sleep(lost.seconds)
        raise TwilioError(20500)
    return JSONResponse(resource(message), status_code=201)


async def _fetch(sms: Sms, request: Request) -> Response:
    return JSONResponse(resource(sms.get(request.path_params["sid"])))


async def _update(sms: Sms, request: Request) -> Response:
    """Redact a body, or cancel what has not gone out."""
    sid = request.path_params["sid"]
    message, form = sms.get(sid), await _form(request)
    if form.get("Status") == "canceled":
        if message["status"] not in ("accepted", "queued"):
            raise TwilioError(30409)
        message = sms.change(sid, status="canceled")
    if form.get("Body") == "":
        message = sms.change(sid, body="")
    return JSONResponse(resource(message))


async def _delete(sms: Sms, request: Request) -> Response:
    sms.delete(request.path_params["sid"])
    return Response(status_code=204)


async def _list(sms: Sms, request: Request) -> Response:
    query = request.query_params
    size = min(max(int(query.get("PageSize", 50)), 1), _MAX_PAGE)
    page = max(int(query.get("Page", 0)), 0)
    found = [message for message in reversed(sms.messages.values()) if _fits(message, dict(query))]
    shown = found[page * size : (page + 1) * size]
    has_more = len(found) > (page + 1) * size
    return JSONResponse(
        {
            "messages": [resource(message) for message in shown],
            "page": page,
            "page_size": size,
            "start": page * size,
            "end": page * size + max(len(shown) - 1, 0),
            "uri": _page_uri(request, page, size),
            "first_page_uri": _page_uri(request, 0, size),
            "previous_page_uri": _page_uri(request, page - 1, size) if page else None,
            "next_page_uri": _page_uri(request, page + 1, size) if has_more else None,
        }
    )


def _page_uri(request: Request, page: int, size: int) -> str:
    query = dict(request.query_params) | {"Page": str(page), "PageSize": str(size)}
    account = request.path_params["account"]
    return f"/2010-04-01/Accounts/{account}/Messages.json?{urlencode(query)}"


def _fits(message: Json, query: Json) -> bool:
    if query.get("To", message["to"]) != message["to"]:
        return False
    if query.get("From", message["from"]) != message["from"]:
        return False
    bounds = [
        (name, query[name]) for name in ("DateSent", "DateSent>", "DateSent<") if name in query
    ]
    if not bounds:
        return True
    if message["date_sent"] is None:
        return False
    day = parsedate_to_datetime(message["date_sent"]).date().isoformat()
    compared = {
        "DateSent": lambda bound: day == bound,
        "DateSent>": lambda bound: day >= bound,
        "DateSent<": lambda bound: day <= bound,
    }
    return all(compared[name](bound[:10]) for name, bound in bounds)
