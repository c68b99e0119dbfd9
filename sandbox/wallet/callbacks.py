"""Tells the lender what became of a transfer: at least once, until it is taken."""

import asyncio
import hashlib
import hmac
import json

from kit.ids import new_id
from sandbox.store import Json
from sandbox.wallet.state import Wallet, public

_LONGEST_PAUSE_SECONDS = 30.0


def announce(wallet: Wallet, transfer: Json) -> None:
    """Queue a callback with the transfer as it is now."""
    url = transfer["callback_url"]
    targets = (transfer["account"], transfer["reference"])
    if not url or wallet.door.take("lose_callback", *targets):
        return
    event_id = f"E{new_id().hex}"
    tell = wallet.tongues.get(transfer.get("tongue", ""), _signed)
    event = {"event_id": event_id, "url": url, "targets": targets} | tell(
        wallet, event_id, transfer
    )
    wallet.store.put("callback", event_id, event)
    wallet.held_callbacks.append(event)
    if wallet.door.take("repeat_callback", *targets):
        wallet.held_callbacks.append(event)
    reorder = wallet.door.take("reorder_callbacks", *targets)
    if reorder is None or reorder.times == 0:
        _release(wallet)


def _release(wallet: Wallet) -> None:
    """Out goes what was held back for the sake of disorder, the latest first."""
    events, wallet.held_callbacks = list(reversed(wallet.held_callbacks)), []
    wallet.outgoing.start(_deliver_all(wallet, events))


def resume(wallet: Wallet) -> None:
    """After a restart: what was not taken goes out again."""
    for event in wallet.store.list("callback"):
        wallet.outgoing.start(_deliver(wallet, event))


async def _deliver_all(wallet: Wallet, events: list[Json]) -> None:
    for event in events:
        await _deliver(wallet, event)


async def _deliver(wallet: Wallet, event: Json) -> None:
    if slow := wallet.door.take("delay_callback", *event["targets"]):
        await asyncio.sleep(slow.seconds)
    pause = 0.2
    while True:
        response = await wallet.outgoing.send(
            event["method"], event["url"], content=event["body"].encode(), headers=event["headers"]
        )
        if response is not None and response.is_success:
            wallet.store.delete("callback", event["event_id"])
            return
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


def _signed(wallet: Wallet, event_id: str, transfer: Json) -> Json:
    body = json.dumps({"event_id": event_id, "transfer": public(transfer)})
    secret = wallet.account.webhook_secret.encode()
    headers = {
        "Content-Type": "application/json",
        "X-Rail-Signature": "sha256=" + hmac.new(secret, body.encode(), hashlib.sha256).hexdigest(),
    }
    return {"method": "POST", "headers": headers, "body": body}
