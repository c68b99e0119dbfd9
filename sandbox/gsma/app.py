"""The GSMA's paths, version 1.2: transactions, request states, responses, an account's list."""

import asyncio
import base64
import hmac
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Annotated

from fastapi import Depends, FastAPI, Form, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError

from kit.ids import new_id
from sandbox.gsma import shapes
from sandbox.store import Json
from sandbox.wallet import transfers
from sandbox.wallet.state import Refused, Wallet, instant

CLIENT_ID = "kopa"
_UUID = r"\A[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\z"
_PAGE = 50
_TOKEN_SECONDS = 3600
_DIRECTIONS = {"disbursement": "payout", "merchantpay": "collect"}


class Party(BaseModel):
    key: str = Field(min_length=1, max_length=256)
    value: str = Field(min_length=1, max_length=256)


class NewTransaction(BaseModel):
    amount: str = Field(pattern=r"\A(0|[1-9]\d{0,17})(\.\d{0,3}[1-9])?\z")
    currency: str = Field(pattern=r"\A[A-Z]{3}\z")
    debitParty: list[Party] = Field(min_length=1, max_length=10)  # noqa: N815
    creditParty: list[Party] = Field(min_length=1, max_length=10)  # noqa: N815
    requestingOrganisationTransactionReference: str = Field(  # noqa: N815
        default="", max_length=256
    )
    descriptionText: str = Field(default="", max_length=160)  # noqa: N815


class Doorman:
    """Who may call: by key, by name and password, or by a token that those two buy."""

    def __init__(self, wallet: Wallet) -> None:
        self._wallet = wallet
        self._tokens: dict[str, datetime] = {}

    def admit(self, authorization: str, api_key: str) -> None:
        secret = self._wallet.account.api_key
        basic = base64.b64encode(f"{CLIENT_ID}:{secret}".encode()).decode()
        if api_key and hmac.compare_digest(api_key.encode(), secret.encode()):
            return
        if hmac.compare_digest(authorization.encode(), f"Basic {basic}".encode()):
            return
        until = self._tokens.get(authorization.removeprefix("Bearer "))
        if until is None or until <= self._wallet.clock.now():
            raise Refused("unauthorized", "who are you?", status=401)

    def sell(self) -> Json:
        token = token_urlsafe(24)
        self._tokens[token] = self._wallet.clock.now() + timedelta(seconds=_TOKEN_SECONDS)
        return {"access_token": token, "token_type": "Bearer", "expires_in": _TOKEN_SECONDS}

    def forget(self) -> None:
        self._tokens.clear()


def create_app(wallet: Wallet) -> FastAPI:
    wallet.tongues[shapes.TONGUE] = shapes.told
    doorman = Doorman(wallet)

    async def authenticate(
        authorization: Annotated[str, Header()] = "", x_api_key: Annotated[str, Header()] = ""
    ) -> None:
        if wallet.door.take("forget_tokens"):
            doorman.forget()
        doorman.admit(authorization, x_api_key)

    app = FastAPI(
        title="Mobile money (sandbox)", openapi_url=None, dependencies=[Depends(authenticate)]
    )

    async def refused(request: Request, error: Exception) -> JSONResponse:
        told = _error_of(error, wallet.clock.now())
        return JSONResponse(told, status_code=shapes.status_of(told))

    for kind in (Refused, RequestValidationError, ValidationError):
        app.add_exception_handler(kind, refused)

    @app.middleware("http")
    async def dated(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        answer = await call_next(request)
        answer.headers["X-Date"] = wallet.clock.now().isoformat()
        return answer

    @app.post("/oauth/token")
    async def token(grant_type: Annotated[str, Form(pattern="client_credentials")]) -> Json:
        return doorman.sell()

    _order_routes(app, wallet)
    _supporting_routes(app, wallet)
    _account_routes(app, wallet)
    return app


def _error_of(error: Exception, now: datetime) -> Json:
    if isinstance(error, Refused):
        return shapes.error(error.code, error.message, at=now)
    assert isinstance(error, RequestValidationError | ValidationError)
    first = error.errors()[0]
    return shapes.error("invalid_request", f"{first['loc'][-1]}: {first['msg']}", at=now)


def _order_routes(app: FastAPI, wallet: Wallet) -> None:
    @app.post("/transactions/type/{kind}")
    async def create(
        kind: str,
        body: NewTransaction,
        response: Response,
        x_correlationid: Annotated[str, Header(pattern=_UUID)],
        x_callback_url: Annotated[str, Header()] = "",
    ) -> Json:
        order = _order_of(kind, body, x_callback_url)
        if slow := wallet.door.take("delay", order.account, order.reference):
            await asyncio.sleep(slow.seconds)
        if failure := wallet.door.take("fail", order.account, order.reference):
            raise Refused(str(failure.code or "unavailable"), failure.description or "not now")
        response.status_code, answer = await _take(wallet, x_correlationid, order)
        return answer

    @app.get("/transactions/{reference}")
    async def transaction(reference: str) -> Json:
        for told in _transactions(wallet):
            if told["transactionReference"] == reference:
                return told
        raise Refused("not_found", "no such transaction")


async def _take(wallet: Wallet, key: str, order: transfers.Order) -> tuple[int, Json]:
    """Unlike our own protocol, this one refuses a key that it has had."""
    if _find(wallet, lambda transfer: transfer.get("key") == key):
        raise Refused("duplicate_reference", "this correlation id was used before")
    transfer = transfers.submit(wallet, key, order, tongue=shapes.TONGUE)
    targets = (order.account, order.reference)
    if lost := wallet.door.take("lose_answer", *targets):
        await asyncio.sleep(lost.seconds)
        raise Refused("timeout", "no answer in time")
    if not wallet.door.take("answer_at_once", *targets):
        return 202, shapes.request_state(transfer, at=wallet.clock.now())
    while (now := wallet.transfers[transfer["id"]])["status"] == "pending":  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    return 201, shapes.transaction(now)


def _find(wallet: Wallet, is_it: Callable[[Json], bool]) -> Json | None:
    return next(filter(is_it, wallet.transfers.values()), None)


def _order_of(kind: str, body: NewTransaction, callback_url: str) -> transfers.Order:
    if kind not in _DIRECTIONS:
        raise Refused("validation:transactionTypeError", "not offered")
    is_payout = kind == "disbursement"
    ours, theirs = body.debitParty[0], body.creditParty[0]
    if not is_payout:
        ours, theirs = theirs, ours
    if ours.model_dump() != shapes.LENDER:
        raise Refused("authorisation:requestingPartyAuthorisationError", "not your account")
    return transfers.Order(
        reference=body.requestingOrganisationTransactionReference or str(new_id()),
        direction=_DIRECTIONS[kind],
        account=theirs.value.removeprefix("+"),
        amount=body.amount,
        currency=body.currency,
        description=body.descriptionText,
        callback_url=callback_url,
    )


def _supporting_routes(app: FastAPI, wallet: Wallet) -> None:
    @app.get("/requeststates/{server_id}")
    async def state(server_id: str) -> Json:
        transfer = _find(wallet, lambda transfer: shapes.server_id(transfer) == server_id)
        if transfer is None:
            raise Refused("not_found", "no such request")
        return shapes.request_state(transfer, at=wallet.clock.now())

    @app.get("/responses/{correlation_id}")
    async def response(correlation_id: str) -> Json:
        transfer = _find(wallet, lambda transfer: transfer.get("key") == correlation_id)
        if transfer is not None and shapes.is_made(transfer):
            return {"link": f"/transactions/{transfer['id']}"}
        # The specification speaks of resources that were created: a request may not count as one.
        if transfer is None or wallet.door.take("hide_pending", transfer["account"]):
            raise Refused("not_found", "nothing came under this correlation id")
        return {"link": f"/requeststates/{shapes.server_id(transfer)}"}


def _account_routes(app: FastAPI, wallet: Wallet) -> None:
    @app.get("/accounts/{key}/{value}/transactions")
    async def listed(
        key: str,
        value: str,
        response: Response,
        since: Annotated[datetime, Query(alias="fromDateTime")],
        until: Annotated[datetime, Query(alias="toDateTime")],
        limit: int = _PAGE,
        offset: int = 0,
    ) -> list[Json]:
        if {"key": key, "value": value} != shapes.LENDER:
            raise Refused("not_found", "no such account")
        found = [
            told
            for told in reversed(_transactions(wallet))
            if since <= instant(told["creationDate"]) <= until
        ]
        page = found[offset : offset + min(limit, _PAGE)]
        response.headers["X-Records-Available-Count"] = str(len(found))
        response.headers["X-Records-Returned-Count"] = str(len(page))
        return page


def _transactions(wallet: Wallet) -> list[Json]:
    """Oldest first."""
    made = [t for t in wallet.transfers.values() if shapes.is_made(t)]
    told = [shapes.transaction(t) for t in made]
    told += [shapes.reversal(t) for t in made if t["status"] == "returned"]
    return sorted(told, key=lambda each: str(each["creationDate"]))
