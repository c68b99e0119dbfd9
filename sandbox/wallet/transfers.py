"""What the rail does: takes orders, settles them, and lets the owner of a wallet act."""

import asyncio
import json
from urllib.parse import urlsplit

from pydantic import BaseModel, Field

from kit.money import InvalidAmount, Money
from sandbox.store import Json
from sandbox.wallet import callbacks
from sandbox.wallet.state import Refused, Wallet, public


class Order(BaseModel):
    reference: str = Field(min_length=1, max_length=64)
    direction: str = Field(pattern=r"\A(payout|collect)\z")
    account: str = Field(min_length=1, max_length=64)
    amount: str = Field(min_length=1, max_length=24)
    currency: str = Field(pattern=r"\A[A-Z]{3}\z")
    description: str = Field(default="", max_length=200)
    callback_url: str = Field(default="", max_length=500)


def submit(wallet: Wallet, key: str, order: Order, *, tongue: str = "") -> Json:
    """Accept an order, or find the one that the same key has given before."""
    body = json.dumps(order.model_dump(), sort_keys=True)
    known = _ordered_before(wallet, key, order)
    if known is not None:
        if known["key"] != key or known["order"] != body:
            raise Refused(
                "duplicate_reference", "the reference or key was used for another order", status=409
            )
        return known
    money = _checked(wallet, order)
    transfer = wallet.open_transfer(
        direction=order.direction,
        account=order.account,
        money=money,
        reference=order.reference,
        description=order.description,
        callback_url=order.callback_url,
        key=key,
        order=body,
        tongue=tongue,
    )
    if order.direction == "payout":
        wallet.outgoing.start(_settle_payout(wallet, transfer["id"]))
    return transfer


def _ordered_before(wallet: Wallet, key: str, order: Order) -> Json | None:
    by_reference = wallet.find_by_reference(order.reference)
    if by_reference is not None:
        return by_reference
    return next((t for t in wallet.transfers.values() if t.get("key") == key), None)


def _checked(wallet: Wallet, order: Order) -> Money:
    money = parsed(order.amount, order.currency)
    if order.callback_url and urlsplit(order.callback_url).scheme not in ("http", "https"):
        raise Refused("invalid_callback_url", "callback_url is an http(s) address")
    if wallet.people.find_by_account(order.account) is None:
        raise Refused("unknown_account", f"no account {order.account}")
    if refusal := wallet.door.take("reject", order.account, order.reference):
        raise Refused(str(refusal.code or "rejected"), refusal.description or "rejected")
    if order.direction == "payout" and wallet.available(order.currency) < money:
        raise Refused("insufficient_funds", "the float does not cover this payout")
    return money


def parsed(amount: str, currency: str) -> Money:
    try:
        money = Money.parse(amount, currency)
    except InvalidAmount:
        raise Refused("invalid_amount", f"not an amount of {currency}: {amount}") from None
    if money.minor <= 0:
        raise Refused("invalid_amount", "an amount is more than zero")
    return money


def resume(wallet: Wallet) -> None:
    """After a restart: payouts that were on their way arrive."""
    for transfer in list(wallet.transfers.values()):
        if transfer["direction"] == "payout" and transfer["status"] == "pending":
            wallet.outgoing.start(_settle_payout(wallet, transfer["id"]))
    callbacks.resume(wallet)


async def _settle_payout(wallet: Wallet, transfer_id: str) -> None:
    await asyncio.sleep(wallet.account.settle_seconds)
    transfer = wallet.transfers[transfer_id]
    targets = (transfer["account"], transfer["reference"])
    if slow := wallet.door.take("delay_settlement", *targets):
        await asyncio.sleep(slow.seconds)
    if failure := wallet.door.take("fail_later", *targets):
        _fail(wallet, transfer, str(failure.code or "account_closed"))
        return
    settled = _settle(wallet, transfer, text=transfer["description"] or "Received")
    if back := wallet.door.take("return_later", *targets):
        await asyncio.sleep(back.seconds)
        take_back(wallet, settled["id"], str(back.code or "account_closed"))


def _settle(wallet: Wallet, transfer: Json, *, text: str) -> Json:
    """Money moves: to the owner for a payout, away from the owner for everything else."""
    settled = wallet.change(
        transfer["id"], status="settled", settled_at=wallet.clock.now().isoformat()
    )
    sign = 1 if transfer["direction"] == "payout" else -1
    wallet.move(
        owner=transfer["account"],
        minor=sign * transfer["amount_minor"],
        transfer=settled,
        text=text,
        currency=transfer["currency"],
    )
    callbacks.announce(wallet, settled)
    return settled


def _fail(wallet: Wallet, transfer: Json, code: str) -> Json:
    failed = wallet.change(transfer["id"], status="failed", failure_code=code)
    callbacks.announce(wallet, failed)
    return failed


def take_back(wallet: Wallet, transfer_id: str, code: str) -> None:
    """A payout that had arrived goes back to the lender."""
    returned = wallet.change(
        transfer_id,
        status="returned",
        failure_code=code,
        returned_at=wallet.clock.now().isoformat(),
    )
    wallet.move(
        owner=returned["account"],
        minor=-returned["amount_minor"],
        transfer=returned,
        text="Returned",
        currency=returned["currency"],
    )
    callbacks.announce(wallet, returned)


def answer_request(wallet: Wallet, account: str, transfer_id: str, *, accept: bool) -> Json:
    """The owner of the wallet accepts or declines a request for money."""
    transfer = wallet.transfers.get(transfer_id)
    if transfer is None or transfer["account"] != account or transfer["direction"] != "collect":
        raise Refused("not_found", "there is no such request", status=404)
    if transfer["status"] != "pending":
        raise Refused("already_answered", "this request was answered before", status=409)
    if not accept:
        return public(_fail(wallet, transfer, "declined"))
    if wallet.balance(account, transfer["currency"]) < wallet.amount(transfer):
        raise Refused("insufficient_funds", "your balance does not cover this", status=409)
    return public(_settle(wallet, transfer, text=transfer["description"] or "Paid"))


def pay(wallet: Wallet, account: str, *, reference: str, money: Money) -> Json:
    """The owner sends money by reference, unasked."""
    if wallet.balance(account, money.currency) < money:
        raise Refused("insufficient_funds", "your balance does not cover this", status=409)
    transfer = wallet.open_transfer(
        direction="incoming",
        account=account,
        money=money,
        reference=reference,
        description="",
        callback_url=wallet.account.callback_url,
        tongue=wallet.account.callback_tongue,
    )
    return public(_settle(wallet, transfer, text="Sent"))


def top_up(wallet: Wallet, account: str, money: Money) -> None:
    """Money from elsewhere, such as a salary: the lender has no part in it."""
    wallet.move(
        owner=account, minor=money.minor, transfer=None, text="Top-up", currency=money.currency
    )
