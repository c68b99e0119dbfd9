"""The wallet rail over HTTP: transfers under our reference, signed callbacks, a daily statement."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import Any, TypeVar

import httpx

from kit.config import Settings
from kit.errors import TransientFailure
from kit.money import InvalidAmount, Money
from servicing.rails import http
from servicing.rails.base import (
    Ack,
    AckStatus,
    Balances,
    CallbackMalformed,
    Caps,
    Direction,
    Instruction,
    Outcome,
    OutcomeStatus,
    RailEvent,
    SignatureInvalid,
    StatementLine,
    Unbookable,
    readable,
)

T = TypeVar("T")
NAME = "wallet"
SIGNATURE = "x-rail-signature"
CALLBACK_PATH = "/webhooks/rail/wallet"
_REJECTED = 422
_MOST = 2**63 - 1
"""In minor units, what a database counts."""
_STATUSES = {
    "pending": OutcomeStatus.PENDING,
    "settled": OutcomeStatus.SETTLED,
    "failed": OutcomeStatus.FAILED,
    "returned": OutcomeStatus.RETURNED,
}


def of(settings: Settings) -> "WalletRail":
    return WalletRail(
        settings.rail_base_url,
        api_key=settings.rail_api_key.get_secret_value(),
        webhook_secret=settings.rail_webhook_secret.get_secret_value(),
        callback_url=settings.base_url + CALLBACK_PATH,
    )


class WalletRail:
    name = NAME
    caps = Caps(honours_keys=True)

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str,
        webhook_secret: str,
        callback_url: str,
        timeout_seconds: float = 10.0,
    ) -> None:
        self._secret = webhook_secret.encode()
        self._callback_url = callback_url
        self._client = http.client(
            base_url,
            timeout_seconds=timeout_seconds,
            headers={"Authorization": f"Bearer {api_key}"},
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def submit(self, instruction: Instruction) -> Ack:
        body = {
            "reference": instruction.client_ref,
            "direction": instruction.direction,
            # Wallets are named by the number without its plus.
            "account": instruction.account.removeprefix("+"),
            "amount": instruction.amount.major,
            "currency": instruction.amount.currency,
            "description": instruction.description,
            "callback_url": self._callback_url,
        }
        try:
            answer = await self._client.post(
                "/v1/transfers", json=body, headers={"Idempotency-Key": instruction.client_ref}
            )
            content = answer.json()
            if answer.is_success:
                return Ack(AckStatus.ACCEPTED, rail_id=str(content["id"]))
            if answer.status_code == _REJECTED:
                return Ack(AckStatus.REJECTED, code=str(content["code"])[:60])
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            pass
        # 409 too: something is there under our reference, and only asking tells what.
        return Ack(AckStatus.UNKNOWN)

    async def query(self, instruction: Instruction) -> Outcome:
        asked = {"reference": instruction.client_ref}
        try:
            answer = await self._client.get("/v1/transfers", params=asked)
            if answer.status_code == 404 and answer.json().get("code") == "not_found":
                return Outcome(OutcomeStatus.NOT_FOUND)
            if answer.is_success:
                return _outcome(answer.json())
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError, InvalidAmount):
            pass
        return Outcome(OutcomeStatus.UNKNOWN)

    def parse_callback(
        self, headers: Mapping[str, str], body: bytes, path: str = ""
    ) -> list[RailEvent]:
        given = next((value for key, value in headers.items() if key.lower() == SIGNATURE), "")
        expected = "sha256=" + hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        if not self._secret or not hmac.compare_digest(given.encode(), expected.encode()):
            raise SignatureInvalid()
        try:
            content = json.loads(body)
            transfer = content["transfer"]
            event = RailEvent(
                rail=NAME,
                event_id=str(content["event_id"])[:120],
                direction=Direction(transfer["direction"]),
                reference=readable(str(transfer["reference"]))[:80],
                rail_id=str(transfer["id"])[:80],
                amount=_amount(transfer),
                outcome=_outcome(transfer),
                account=_account(transfer),
            )
        except (ValueError, KeyError, TypeError, AttributeError, InvalidAmount) as error:
            raise CallbackMalformed(field=type(error).__name__) from error
        _check(event)
        return [event]

    async def statement(self, day: date, currency: str) -> list[StatementLine]:
        """Raises TransientFailure when the rail does not give one."""
        return await self._stated(
            day,
            currency,
            lambda content: [
                line for line in map(_statement_line, content["lines"]) if line.amount or line.wrong
            ],
        )

    async def balances(self, day: date, currency: str) -> Balances:
        return await self._stated(
            day,
            currency,
            lambda content: Balances(
                Money.parse(str(content["opening"]), currency),
                Money.parse(str(content["closing"]), currency),
            ),
        )

    async def _stated(self, day: date, currency: str, read: Callable[[Any], T]) -> T:
        try:
            answer = await self._client.get(
                "/v1/statement", params={"day": day.isoformat(), "currency": currency}
            )
            answer.raise_for_status()
            return read(answer.json())
        except (httpx.HTTPError, ValueError, KeyError, TypeError, InvalidAmount) as error:
            raise TransientFailure(f"statement of {day}: {type(error).__name__}") from error


def _check(event: RailEvent) -> None:
    names = {"event_id": event.event_id, "id": event.rail_id}
    wrong = [field for field, name in names.items() if not name or not name.isprintable()]
    if not 0 < event.amount.minor <= _MOST:
        wrong.append("amount")
    if wrong:
        about = readable(event.rail_id) or readable(event.event_id)
        raise Unbookable(about, wrong[0])


def _outcome(transfer: Mapping[str, Any]) -> Outcome:
    settled_at = transfer.get("settled_at")
    code = transfer.get("failure_code")
    return Outcome(
        status=_STATUSES[transfer["status"]],
        amount=_amount(transfer),
        rail_id=str(transfer["id"])[:80],
        failure_code=readable(str(code))[:60] if code else None,
        settled_at=_instant(settled_at) if settled_at else None,
    )


def _statement_line(line: Mapping[str, Any]) -> StatementLine:
    """Of an amount that is none, or below zero, it is doubtful."""
    amount, wrong = Money(0, str(line["currency"])), "amount"
    with suppress(InvalidAmount):
        given = _amount(line)
        if 0 <= given.minor <= _MOST:
            amount, wrong = given, ""
    return StatementLine(
        rail_id=readable(str(line["id"]))[:80],
        reference=readable(str(line["reference"]))[:80],
        direction=Direction(line["direction"]),
        amount=amount,
        status=_STATUSES[line["status"]],
        wrong=wrong,
    )


def _account(transfer: Mapping[str, Any]) -> str:
    """Wallets are named by the number without its plus."""
    return f"+{transfer['account']}"[:20] if transfer["direction"] == Direction.INCOMING else ""


def _amount(transfer: Mapping[str, Any]) -> Money:
    return Money.parse(str(transfer["amount"]), str(transfer["currency"]))


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return instant
