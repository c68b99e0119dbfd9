"""Daraja's protocol over HTTP, and beside it the customer's phone and the organisation's portal."""

import asyncio
import base64
import binascii
import csv
import io
import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from fastapi import Body, Depends, FastAPI, Header, Request
from fastapi.responses import JSONResponse, PlainTextResponse

from kit.ids import new_id
from sandbox.mpesa import acts
from sandbox.mpesa.state import ZONE, Mpesa, Refused
from sandbox.store import Json

_MSISDN = re.compile(r"254\d{9}\Z")
_WHOLE = re.compile(r"[1-9]\d{0,5}\Z")
_FORBIDDEN = ("mpesa", "m-pesa", "safaricom", "exe", "exec", "cmd", "sql", "query")
_COLUMNS = (
    "Receipt No.", "Completion Time", "Initiation Time", "Details", "Transaction Status",
    "Paid In", "Withdrawn", "Balance", "Balance Confirmed", "Reason Type", "Other Party Info",
    "Linked Transaction ID", "A/C No.",
)  # fmt: skip
_FIELDS = {
    "b2c": ("OriginatorConversationID", "InitiatorName", "SecurityCredential", "CommandID",
            "Amount", "PartyA", "PartyB", "Remarks", "QueueTimeOutURL", "ResultURL"),
    "push": ("BusinessShortCode", "Password", "Timestamp", "TransactionType", "Amount", "PartyA",
             "PartyB", "PhoneNumber", "CallBackURL", "AccountReference", "TransactionDesc"),
    "push_query": ("BusinessShortCode", "Password", "Timestamp", "CheckoutRequestID"),
    "status": ("Initiator", "SecurityCredential", "CommandID", "PartyA", "IdentifierType",
               "ResultURL", "QueueTimeOutURL", "Remarks"),
    "register": ("ShortCode", "ResponseType", "ConfirmationURL", "ValidationURL"),
}  # fmt: skip
Content = Annotated[dict[str, Any], Body()]


def create_app(mpesa: Mpesa) -> FastAPI:
    app = FastAPI(title="M-Pesa (sandbox)", openapi_url=None)
    app.add_exception_handler(Refused, _refused)
    _token_route(app, mpesa)
    _order_routes(app, mpesa)
    _question_routes(app, mpesa)
    _other_routes(app, mpesa)
    return app


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)
    if error.status == 429:
        detail = {"errorcode": error.code}
        fault: Json = {"fault": {"faultstring": error.message, "detail": detail}}
        return JSONResponse(fault, status_code=429)
    body = {
        "requestId": f"{new_id().hex[-8:]}-1", "errorCode": error.code,
        "errorMessage": error.message,
    }  # fmt: skip
    return JSONResponse(body, status_code=error.status)


def _token_route(app: FastAPI, mpesa: Mpesa) -> None:
    @app.get("/oauth/v1/generate")
    async def generate(grant_type: str, authorization: Annotated[str, Header()] = "") -> Json:
        if failure := mpesa.door.take("no_token"):
            raise Refused(failure.status or 503, "503", "unavailable")
        expected = f"{mpesa.account.consumer_key}:{mpesa.account.consumer_secret}".encode()
        if authorization != f"Basic {base64.b64encode(expected).decode()}":
            raise Refused(400, "400.008.01", "Invalid Authentication passed")
        if grant_type != "client_credentials":
            raise Refused(400, "400.008.02", "Invalid grant type passed")
        return mpesa.new_token()


def _order_routes(app: FastAPI, mpesa: Mpesa) -> None:
    gate = [Depends(_gate(mpesa))]

    @app.post("/mpesa/b2c/v3/paymentrequest", dependencies=gate)
    async def b2c(order: Content) -> Json:
        _check(mpesa, order, "b2c", number=order.get("PartyB"), ours=order.get("PartyA"))
        return await _taken(mpesa, order, acts.pay_out, order["OriginatorConversationID"])

    @app.post("/mpesa/stkpush/v1/processrequest", dependencies=gate)
    async def push(order: Content) -> Json:
        _check(mpesa, order, "push", number=order.get("PhoneNumber"), ours=order.get("PartyB"))
        _check_password(mpesa, order)
        if len(order["AccountReference"]) > 12 or len(order["TransactionDesc"]) > 13:
            raise Refused(400, "400.002.02", "Bad Request - Invalid AccountReference")
        return await _taken(mpesa, order, acts.prompt, order["AccountReference"])


def _question_routes(app: FastAPI, mpesa: Mpesa) -> None:
    gate = [Depends(_gate(mpesa))]

    @app.post("/mpesa/stkpushquery/v1/query", dependencies=gate)
    async def push_query(question: Content) -> Json:
        _check(mpesa, question, "push_query", ours=question.get("BusinessShortCode"))
        _check_password(mpesa, question)
        return acts.prompt_status(mpesa, question["CheckoutRequestID"])

    @app.post("/mpesa/transactionstatus/v1/query", dependencies=gate)
    async def status(question: Content) -> Json:
        _check(mpesa, question, "status", ours=question.get("PartyA"))
        if not (question.get("TransactionID") or question.get("OriginalConversationID")):
            raise Refused(400, "400.002.02", "Bad Request - Invalid TransactionID")
        return await _taken(mpesa, question, acts.ask, "status")

    @app.post("/mpesa/c2b/v2/registerurl", dependencies=gate)
    async def register(urls: Content) -> Json:
        _check(mpesa, urls, "register", ours=urls.get("ShortCode"))
        for url in (urls["ConfirmationURL"], urls["ValidationURL"]):
            if any(word in url.lower() for word in _FORBIDDEN):
                raise Refused(400, "400.003.02", "Bad Request - Invalid URL")
        mpesa.urls = urls
        return {
            "OriginatorCoversationID": "19464-42108-1", "ResponseCode": "0",
            "ResponseDescription": "success",
        }  # fmt: skip


def _other_routes(app: FastAPI, mpesa: Mpesa) -> None:
    @app.post("/phone/pay", status_code=201)
    async def pay(
        msisdn: Annotated[str, Body()],
        reference: Annotated[str, Body()],
        shillings: Annotated[int, Body(gt=0)],
    ) -> Json:
        paid = await acts.pay_in(mpesa, msisdn=msisdn, reference=reference, shillings=shillings)
        return {"receipt": paid["receipt"]}

    @app.get("/portal/{day}.csv")
    async def statement(day: date) -> PlainTextResponse:
        """The organisation's account on one day of Nairobi."""
        out = io.StringIO()
        out.write(f"Organization Name:,Kopa Lending\nShort Code:,{mpesa.account.shortcode}\n\n")
        lines = csv.writer(out, lineterminator="\n")
        lines.writerow(_COLUMNS)
        for each in mpesa.movements:
            at = each["at"].astimezone(ZONE)
            if at.date() == day:
                lines.writerow(_line(each, f"{at:%d-%m-%Y %H:%M:%S}"))
        return PlainTextResponse(out.getvalue(), media_type="text/csv")


def _gate(mpesa: Mpesa) -> Callable[..., Any]:
    """What stands before M-Pesa: tokens and limits. What it stops was never passed on."""

    async def gate(authorization: Annotated[str, Header()] = "") -> None:
        if stop := mpesa.door.take("stop_at_gate"):
            code = str(stop.code or "policies.ratelimit.SpikeArrestViolation")
            raise Refused(stop.status or 429, code, "Spike arrest violation. Allowed rate : 5pm")
        if mpesa.door.take("forget_tokens"):
            mpesa.tokens.clear()
        if not mpesa.is_valid(authorization.removeprefix("Bearer ")):
            raise Refused(404, "404.001.03", "Invalid Access Token")

    return gate


async def _taken(
    mpesa: Mpesa, order: Json, act: Callable[[Mpesa, Json], Json], target: str
) -> Json:
    if slow := mpesa.door.take("delay", target):
        await asyncio.sleep(slow.seconds)
    if failure := mpesa.door.take("fail", target):
        raise Refused(failure.status or 503, str(failure.code or "500.003.1001"), "unavailable")
    if lost := mpesa.door.take("lose_order", target):
        await asyncio.sleep(lost.seconds)
        raise Refused(504, "504", "no answer in time")
    answer = act(mpesa, order)
    if lost := mpesa.door.take("lose_answer", target):
        await asyncio.sleep(lost.seconds)
        raise Refused(504, "504", "no answer in time")
    return answer


def _check(mpesa: Mpesa, order: Json, kind: str, *, ours: object, number: object = None) -> None:
    for field in _FIELDS[kind]:
        if not isinstance(order.get(field), str) or not order[field]:
            raise Refused(400, "400.002.02", f"Bad Request - Invalid {field}")
    if ours != mpesa.account.shortcode:
        raise Refused(400, "400.002.02", "Bad Request - Invalid ShortCode")
    if "Amount" in order and not _WHOLE.match(order["Amount"]):
        raise Refused(400, "400.002.02", "Bad Request - Invalid Amount")
    if number is not None and not _MSISDN.match(str(number)):
        raise Refused(400, "400.002.02", "Bad Request - Invalid PhoneNumber")


def _check_password(mpesa: Mpesa, order: Json) -> None:
    expected = mpesa.account.shortcode + mpesa.account.passkey + order["Timestamp"]
    try:
        given = base64.b64decode(order["Password"], validate=True)
    except binascii.Error:
        given = b""
    if given != expected.encode():
        raise Refused(500, "500.001.1001", "Wrong credentials")


def _line(each: Json, at: str) -> tuple[object, ...]:
    is_in, amount = each["shillings"] > 0, f"{each['shillings']:,}.00"
    reason = "Pay Bill Online" if is_in else "Business Payment to Customer via API"
    number = each["msisdn"]
    party = f"{number[:4]}****{number[-4:]} - JOHN DOE"
    return (
        each["receipt"], at, at, f"{reason} {party}", each["status"],
        amount if is_in else "", "" if is_in else amount, "0.00", "true", reason, party, "",
        each["reference"],
    )  # fmt: skip
