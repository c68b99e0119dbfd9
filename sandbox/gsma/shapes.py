"""What the wallet's transfers look like in the GSMA's words."""

import json
import re
from datetime import datetime
from uuid import UUID, uuid5

from kit.money import Money
from sandbox.store import Json
from sandbox.wallet.state import Wallet

TONGUE = "gsma"
LENDER = {"key": "organisationid", "value": "kopa"}
"""The lender's account with this provider."""
_NAMES = UUID("0b3f6f3c-4a5e-4d4e-8f2a-0a6b7c8d9e0f")
_KINDS = {"payout": "disbursement", "collect": "merchantpay", "incoming": "merchantpay"}
_CODES = {
    "unknown_account": ("identification", "identifierError"),
    "insufficient_funds": ("businessRule", "insufficientFunds"),
    "invalid_amount": ("validation", "formatError"),
    "invalid_callback_url": ("validation", "formatError"),
    "duplicate_reference": ("businessRule", "duplicateRequest"),
    "unauthorized": ("authorisation", "clientAuthorisationError"),
    "declined": ("authorisation", "requestDeclined"),
    "account_closed": ("businessRule", "incorrectState"),
    "unavailable": ("serviceUnavailable", "genericError"),
    "timeout": ("serviceUnavailable", "genericError"),
    "not_found": ("identification", "identifierError"),
    "invalid_request": ("validation", "formatError"),
}
_HTTP = {"authorisation": 401, "identification": 404, "internal": 500, "serviceUnavailable": 503}


def server_id(transfer: Json) -> str:
    return str(uuid5(_NAMES, transfer["id"]))


def error(code: str, text: str = "", *, at: datetime) -> Json:
    """A code of ours, or `category:code` of theirs."""
    category, _, named = code.partition(":")
    if not named:
        category, named = _CODES.get(code, ("businessRule", "genericError"))
    told = {"errorCategory": category, "errorCode": named, "errorDateTime": at.isoformat()}
    return told | ({"errordescription": text[:256]} if text else {})


def status_of(told: Json) -> int:
    return _HTTP.get(told["errorCategory"], 400)


def amount(minor: int, currency: str) -> str:
    major = Money(minor, currency).major
    return re.sub(r"\.?0+\Z", "", major) if "." in major else major


def is_made(transfer: Json) -> bool:
    """There is a transaction once money has moved."""
    return transfer["status"] in ("settled", "returned")


def transaction(transfer: Json) -> Json:
    payer, payee = [_person(transfer)], [LENDER]
    if transfer["direction"] == "payout":
        payer, payee = payee, payer
    is_back = transfer["status"] == "returned"
    return {
        "transactionReference": transfer["id"],
        "requestingOrganisationTransactionReference": transfer["reference"],
        "type": _KINDS[transfer["direction"]],
        "transactionStatus": "reversed" if is_back else "completed",
        "amount": amount(transfer["amount_minor"], transfer["currency"]),
        "currency": transfer["currency"],
        "debitParty": payer,
        "creditParty": payee,
        "descriptionText": transfer["description"],
        "creationDate": transfer["created_at"],
        "modificationDate": transfer["returned_at"] if is_back else transfer["settled_at"],
    }


def reversal(transfer: Json) -> Json:
    """The transaction by which another one was taken back."""
    taken = transaction(transfer)
    return taken | {
        "transactionReference": f"R{transfer['id'][1:]}",
        "originalTransactionReference": transfer["id"],
        "requestingOrganisationTransactionReference": "",
        "type": "reversal",
        "transactionStatus": "completed",
        "debitParty": taken["creditParty"],
        "creditParty": taken["debitParty"],
        "creationDate": transfer["returned_at"],
    }


def request_state(transfer: Json, *, at: datetime) -> Json:
    status = {"pending": "pending", "failed": "failed"}.get(transfer["status"], "completed")
    state: Json = {
        "serverCorrelationId": server_id(transfer),
        "status": status,
        "notificationMethod": "callback" if transfer["callback_url"] else "polling",
        "pollLimit": 100,
    }
    if status == "completed":
        state["objectReference"] = transfer["id"]
    elif status == "failed":
        state["error"] = error(transfer["failure_code"], at=at)
    elif transfer["direction"] == "collect":
        state["pendingReason"] = "waits for the payer"
    return state


def told(wallet: Wallet, event_id: str, transfer: Json) -> Json:
    """A callback: the transaction as it is, or why there is none."""
    now = wallet.clock.now()
    is_failure = transfer["status"] == "failed"
    body = error(transfer["failure_code"], at=now) if is_failure else transaction(transfer)
    headers = {"Content-Type": "application/json; charset=utf-8", "X-Date": now.isoformat()}
    if key := transfer.get("key"):
        headers["X-CorrelationID"] = key
    return {"method": "PUT", "headers": headers, "body": json.dumps(body)}


def _person(transfer: Json) -> Json:
    return {"key": "msisdn", "value": f"+{transfer['account']}"}
