"""What M-Pesa does with orders, what customers do with their phones, and what is asked about."""

import asyncio
import json

from kit.ids import new_id
from sandbox.mpesa import bodies, callbacks
from sandbox.mpesa.state import Mpesa, Refused
from sandbox.store import Json

DONE = "The service request is processed successfully."
_ENDS = {
    1: "The balance is insufficient for the transaction.",
    1032: "Request cancelled by user",
    1037: "DS timeout user cannot be reached",
    2001: "The initiator information is invalid.",
}


def pay_out(mpesa: Mpesa, order: Json) -> Json:
    name = order["OriginatorConversationID"]
    if name in mpesa.orders:
        raise Refused(500, "500.002.1001", "Duplicate OriginatorConversationID.")
    conversation = f"AG_{mpesa.stamp()[:8]}_{new_id().hex[-20:]}"
    mpesa.orders[name] = order | {"conversation": conversation}
    mpesa.outgoing.start(_settle_payout(mpesa, mpesa.orders[name]))
    return {
        "ConversationID": conversation,
        "OriginatorConversationID": name,
        "ResponseCode": "0",
        "ResponseDescription": "Accept the service request successfully.",
    }


def prompt(mpesa: Mpesa, order: Json) -> Json:
    checkout = f"ws_CO_{mpesa.stamp()}{order['PhoneNumber'][-9:]}{new_id().hex[-4:]}"
    mpesa.prompts[checkout] = order | {
        "merchant": f"{new_id().hex[-4:]}-4853-{new_id().hex[-12:]}",
        "checkout": checkout,
        "code": None,
        "description": "",
    }
    mpesa.outgoing.start(_answer_prompt(mpesa, checkout))
    return {
        "MerchantRequestID": mpesa.prompts[checkout]["merchant"],
        "CheckoutRequestID": checkout,
        "ResponseCode": "0",
        "ResponseDescription": "Success. Request accepted for processing",
        "CustomerMessage": "Success. Request accepted for processing",
    }


def prompt_status(mpesa: Mpesa, checkout: str) -> Json:
    found = mpesa.prompts.get(checkout)
    if found is None:
        raise Refused(400, "400.002.02", "Bad Request - Invalid CheckoutRequestID")
    if found["code"] is None:
        raise Refused(500, "500.001.1001", "The transaction is being processed")
    return {
        "ResponseCode": "0",
        "ResponseDescription": "The service request has been accepted successsfully",
        "MerchantRequestID": found["merchant"],
        "CheckoutRequestID": checkout,
        "ResultCode": str(found["code"]),
        "ResultDesc": found["description"],
    }


def ask(mpesa: Mpesa, question: Json) -> Json:
    conversation = f"AG_{mpesa.stamp()[:8]}_{new_id().hex[-20:]}"
    mpesa.asked += 1
    mpesa.outgoing.start(_answer_question(mpesa, question, conversation))
    return {
        "OriginatorConversationID": f"{conversation[-6:]}-1",
        "ConversationID": conversation,
        "ResponseCode": "0",
        "ResponseDescription": "Accept the service request successfully.",
    }


async def pay_in(mpesa: Mpesa, *, msisdn: str, reference: str, shillings: int) -> Json:
    """A customer pays to our number by his own doing."""
    if mpesa.purse_of(msisdn) < shillings:
        raise Refused(409, "1", _ENDS[1])
    planned = {"receipt": f"S{new_id().hex[-9:]}".upper(), "reference": reference}
    if url := mpesa.urls.get("ValidationURL"):
        asked = {"kind": "payment", "msisdn": msisdn, "shillings": shillings, "status": "",
                 "at": mpesa.clock.now()} | planned  # fmt: skip
        answer = await callbacks.post(mpesa, url, bodies.payment(mpesa, asked))
        if answer is not None and answer.is_success and not _accepts(answer.content):
            raise Refused(409, "C2B00012", "Rejected")
    paid = mpesa.move("payment", msisdn, shillings, "Completed", **planned)
    _confirm(mpesa, paid)
    return paid


async def _settle_payout(mpesa: Mpesa, order: Json) -> None:
    name, number, amount = order["OriginatorConversationID"], order["PartyB"], int(order["Amount"])
    await asyncio.sleep(mpesa.account.settle_seconds)
    if slow := mpesa.door.take("delay_settlement", name, number):
        await asyncio.sleep(slow.seconds)
    code = 0
    if failure := mpesa.door.take("fail_later", name, number):
        code = int(failure.code or 1)
    elif not mpesa.knows_initiator(order["InitiatorName"], order["SecurityCredential"]):
        code = 2001
    elif mpesa.float_left() < amount:
        code = 1
    status = "Failed" if code else "Completed"
    moved = mpesa.move(
        "payout", number, -amount, status, originator=name, conversation=order["conversation"]
    )
    text = _ENDS.get(code, "Declined") if code else DONE
    told = bodies.payout_result(mpesa, moved, code, text)
    callbacks.announce(mpesa, order["ResultURL"], told, name, number)


async def _answer_prompt(mpesa: Mpesa, checkout: str) -> None:
    found = mpesa.prompts[checkout]
    number, amount, reference = (
        found["PhoneNumber"], int(found["Amount"]), found["AccountReference"],
    )  # fmt: skip
    await asyncio.sleep(mpesa.account.settle_seconds)
    if left := mpesa.door.take("leave_prompt", number, reference):
        await asyncio.sleep(left.seconds)
    code = 0 if mpesa.purse_of(number) >= amount else 1
    if answer := mpesa.door.take("answer_prompt", number, reference):
        code = int(answer.code or 1032)
    moved = None
    if code == 0:
        moved = mpesa.move("prompt", number, amount, "Completed", reference=reference)
    found |= {"code": code, "description": _ENDS.get(code, "Failed") if code else DONE}
    told = bodies.prompt_callback(found, moved)
    callbacks.announce(mpesa, found["CallBackURL"], told, number, reference)
    if moved is not None:
        _confirm(mpesa, moved)


async def _answer_question(mpesa: Mpesa, question: Json, conversation: str) -> None:
    await asyncio.sleep(mpesa.account.settle_seconds)
    found = mpesa.find(
        receipt=question.get("TransactionID", ""),
        originator=question.get("OriginalConversationID", ""),
    )
    told = bodies.status_result(mpesa, found, conversation)
    callbacks.announce(mpesa, question["ResultURL"], told, "status")


def _confirm(mpesa: Mpesa, paid: Json) -> None:
    if url := mpesa.urls.get("ConfirmationURL"):
        told = bodies.payment(mpesa, paid)
        callbacks.announce(mpesa, url, told, paid["msisdn"], paid["reference"])


def _accepts(content: bytes) -> bool:
    try:
        return str(json.loads(content).get("ResultCode")) == "0"
    except (ValueError, AttributeError):
        return True  # The registered ResponseType is "Completed".
