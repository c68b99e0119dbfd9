"""Tells the lender: once, unsigned, and with all that can go wrong on the way."""

import asyncio
import json

from sandbox.mpesa.state import Mpesa
from sandbox.outgoing import Response
from sandbox.store import Json


def announce(mpesa: Mpesa, url: str, body: Json, *targets: str) -> None:
    if mpesa.door.take("lose_callback", *targets):
        return
    if mpesa.door.take("misstate_amount", *targets):
        body = _one_more(body)
    mpesa.held_callbacks.append((url, body))
    if mpesa.door.take("repeat_callback", *targets):
        mpesa.held_callbacks.append((url, body))
    reorder = mpesa.door.take("reorder_callbacks", *targets)
    if reorder is None or reorder.times == 0:
        held, mpesa.held_callbacks = list(reversed(mpesa.held_callbacks)), []
        mpesa.outgoing.start(_deliver_all(mpesa, held, targets))


async def post(mpesa: Mpesa, url: str, body: Json) -> Response | None:
    return await mpesa.outgoing.post(
        url, content=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )


async def _deliver_all(
    mpesa: Mpesa, held: list[tuple[str, Json]], targets: tuple[str, ...]
) -> None:
    if slow := mpesa.door.take("delay_callback", *targets):
        await asyncio.sleep(slow.seconds)
    for url, body in held:
        await post(mpesa, url, body)


def _one_more(body: Json) -> Json:
    """The same message about one shilling more."""
    told: Json = json.loads(json.dumps(body))
    for each in _dicts(told):
        if "TransAmount" in each:
            each["TransAmount"] = f"{float(each['TransAmount']) + 1:.2f}"
        elif each.get("Key", each.get("Name")) in ("TransactionAmount", "Amount"):
            each["Value"] += 1
    return told


def _dicts(value: object) -> list[Json]:
    if isinstance(value, dict):
        return [value, *(inner for each in value.values() for inner in _dicts(each))]
    if isinstance(value, list):
        return [inner for each in value for inner in _dicts(each)]
    return []
