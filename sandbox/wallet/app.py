"""The rail's protocol over HTTP, version 1."""

import asyncio
import hmac
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import Depends, FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from kit.money import Money
from sandbox.store import Json
from sandbox.wallet import transfers
from sandbox.wallet.state import Refused, Wallet, instant, public


def create_app(wallet: Wallet) -> FastAPI:
    async def authenticate(authorization: Annotated[str, Header()] = "") -> None:
        expected = f"Bearer {wallet.account.api_key}".encode()
        if not hmac.compare_digest(authorization.encode(), expected):
            raise Refused("unauthorized", "the API key is wrong", status=401)

    app = FastAPI(
        title="Wallet rail (sandbox)", openapi_url=None, dependencies=[Depends(authenticate)]
    )
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    _order_routes(app, wallet)
    _read_routes(app, wallet)
    return app


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)
    body = {"code": error.code, "message": error.message}
    return JSONResponse(body, status_code=error.status)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    field = str(first["loc"][-1])
    code = "invalid_amount" if field == "amount" else "invalid_request"
    return JSONResponse({"code": code, "message": f"{field}: {first['msg']}"}, status_code=422)


def _order_routes(app: FastAPI, wallet: Wallet) -> None:
    @app.post("/v1/transfers", status_code=202)
    async def submit(
        order: transfers.Order, idempotency_key: Annotated[str, Header(min_length=1)]
    ) -> Json:
        targets = (order.account, order.reference)
        if slow := wallet.door.take("delay", *targets):
            await asyncio.sleep(slow.seconds)
        if failure := wallet.door.take("fail", *targets):
            code = str(failure.code or "unavailable")
            raise Refused(code, failure.description or code, status=failure.status or 503)
        transfer = transfers.submit(wallet, idempotency_key, order)
        if lost := wallet.door.take("lose_answer", *targets):
            await asyncio.sleep(lost.seconds)
            raise Refused("timeout", "no answer in time", status=504)
        # The first answer again, whatever happened since: progress is asked for with GET.
        return {"id": transfer["id"], "reference": transfer["reference"], "status": "pending"}


def _read_routes(app: FastAPI, wallet: Wallet) -> None:
    @app.get("/v1/transfers")
    async def find(reference: str) -> Json:
        transfer = wallet.find_by_reference(reference)
        if transfer is None:
            raise Refused("not_found", "no transfer has this reference", status=404)
        return public(transfer)

    @app.get("/v1/transfers/{transfer_id}")
    async def get(transfer_id: str) -> Json:
        if transfer_id not in wallet.transfers:
            raise Refused("not_found", "no such transfer", status=404)
        return public(wallet.transfers[transfer_id])

    @app.get("/v1/accounts/{account}")
    async def account(account: str) -> Json:
        owner = wallet.people.find_by_account(account)
        name = None if owner is None else f"{owner.first_name} {owner.last_name}".strip()
        return {"account": account, "name": name, "exists": owner is not None}

    @app.get("/v1/statement")
    async def statement(day: date, currency: str | None = None) -> Json:
        return _statement(wallet, day, currency or wallet.account.currency)


def _statement(wallet: Wallet, day: date, currency: str) -> Json:
    """The lender's account on one UTC day. `booked` is negative when money left it."""
    start = datetime.combine(day, time(), UTC)
    end = start + timedelta(days=1)
    lines = [
        m["transfer"] | {"booked": Money(-m["minor"], currency).major, "booked_at": m["at"]}
        for m in wallet.movements
        if m["transfer"] is not None
        and m["currency"] == currency
        and start <= instant(m["at"]) < end
    ]
    return {
        "day": day.isoformat(),
        "currency": currency,
        "opening": wallet.lender_balance(currency, before=start).major,
        "lines": lines,
        "closing": wallet.lender_balance(currency, before=end).major,
    }
