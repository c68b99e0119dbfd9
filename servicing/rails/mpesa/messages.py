"""What Daraja writes to us, read: results, answers to payment prompts, payments by reference."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from kit.money import InvalidAmount, Money
from servicing.rails.base import CallbackMalformed, each_name_once

CURRENCY = "KES"
_ZONE = ZoneInfo("Africa/Nairobi")
_RECEIPT = re.compile(r"[A-Za-z0-9]{6,20}\Z")
_TIMES = ("%Y%m%d%H%M%S", "%d.%m.%Y %H:%M:%S")
_TEXT_MAX = 80
_AMOUNTS = ("Amount", "TransactionAmount")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a request, sent to its ResultURL."""

    code: str
    values: Mapping[str, str]

    @property
    def is_success(self) -> bool:
        return self.code == "0"

    def amount(self, key: str) -> Money | None:
        return amount_of(self.values[key], key) if key in self.values else None

    def party(self, key: str) -> str:
        """`254708374149 - John Doe`: the number, in which digits may be masked."""
        return _readable(self.values.get(key, "").split(" - ")[0])[:_TEXT_MAX]

    def instant(self, key: str) -> datetime | None:
        return instant_of(self.values[key], key) if key in self.values else None


@dataclass(frozen=True, slots=True)
class Prompted:
    """What a customer made of a payment prompt."""

    checkout_id: str
    code: str
    amount: Money | None


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that a customer sends, or is about to send, by a reference."""

    receipt: str
    reference: str
    amount: Money
    shortcode: str


def read(body: bytes) -> dict[str, Any]:
    """Numbers stay the text they were: an amount never becomes a binary fraction."""
    try:
        content = json.loads(
            body, parse_float=str, parse_int=str, parse_constant=_no_number,
            object_pairs_hook=each_name_once,
        )  # fmt: skip
    except (ValueError, RecursionError) as error:
        raise CallbackMalformed(field="json") from error
    if not isinstance(content, dict):
        raise CallbackMalformed(field="json")
    return content


def result(content: Mapping[str, Any]) -> Result:
    said = _mapping(content, "Result")
    parameters = _listed(said.get("ResultParameters") or {}, "ResultParameters")
    pairs = [
        pair
        for each in parameters
        for pair in ([each] if "Key" in each else _listed(each.get("ResultParameter") or [], "Key"))
    ]
    return Result(code=_text(said, "ResultCode"), values=_pairs(pairs, "Key"))


def prompted(content: Mapping[str, Any]) -> Prompted:
    said = _mapping(_mapping(content, "Body"), "stkCallback")
    metadata = said.get("CallbackMetadata") or {}
    if not isinstance(metadata, dict):
        raise CallbackMalformed(field="CallbackMetadata")
    values = _pairs(metadata.get("Item") or [], "Name")
    return Prompted(
        checkout_id=_text(said, "CheckoutRequestID"),
        code=_text(said, "ResultCode"),
        amount=amount_of(values["Amount"], "Amount") if "Amount" in values else None,
    )


def payment(content: Mapping[str, Any]) -> Payment:
    amount = amount_of(_text(content, "TransAmount"), "TransAmount")
    if amount.minor <= 0:
        raise CallbackMalformed(field="TransAmount")
    return Payment(
        receipt=receipt_of(_text(content, "TransID"), "TransID"),
        reference=_readable(str(content.get("BillRefNumber") or ""))[:_TEXT_MAX],
        amount=amount,
        shortcode=_text(content, "BusinessShortCode"),
    )


def receipt_of(text: str, field: str) -> str:
    if not _RECEIPT.match(text):
        raise CallbackMalformed(field=field)
    return text.upper()


def amount_of(text: str, field: str) -> Money:
    try:
        return Money.parse(text, CURRENCY)
    except InvalidAmount as error:
        raise CallbackMalformed(field=field) from error


def instant_of(text: str, field: str) -> datetime:
    for form in _TIMES:
        try:
            # As an instant: what stands at the end of time is none.
            return datetime.strptime(text, form).replace(tzinfo=_ZONE).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    raise CallbackMalformed(field=field)


def timestamp(now: datetime) -> str:
    return now.astimezone(_ZONE).strftime(_TIMES[0])


def _pairs(items: object, name: str) -> dict[str, str]:
    """The first of two equal names counts: published examples have two parties of one name. Of
    amounts that differ none does."""
    pairs: dict[str, str] = {}
    for item in _listed(items, name):
        if item.get("Value") is not None:
            # Published examples write "Conversation ID" and "ConversationID".
            key, value = str(item.get(name)).replace(" ", ""), str(item["Value"])
            if key in _AMOUNTS and pairs.get(key, value) != value:
                raise CallbackMalformed(field=key)
            pairs.setdefault(key, value)
    return pairs


def _listed(items: object, field: str) -> list[dict[str, Any]]:
    """One of a kind comes without its list."""
    listed = [items] if isinstance(items, dict) else items
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise CallbackMalformed(field=field)
    return listed


def _mapping(content: Mapping[str, Any], field: str) -> dict[str, Any]:
    inner = content.get(field)
    if not isinstance(inner, dict):
        raise CallbackMalformed(field=field)
    return inner


def _text(content: Mapping[str, Any], field: str) -> str:
    value = content.get(field)
    if not isinstance(value, str) or not 0 < len(value) <= _TEXT_MAX or not value.isprintable():
        raise CallbackMalformed(field=field)
    return value


def _readable(text: str) -> str:
    """Whatever a payer typed; what no database keeps is left out."""
    return "".join(sign for sign in text if sign.isprintable()).strip()


def _no_number(constant: str) -> str:
    raise ValueError(constant)
