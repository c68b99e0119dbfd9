"""Invoices: the bot shows one, is asked before the card is charged, and is told when it was."""

import asyncio
import secrets
from dataclasses import dataclass
from enum import StrEnum

from sandbox.store import Json
from sandbox.telegram.markup import checked, tidy
from sandbox.telegram.refusals import bad_request
from sandbox.telegram.requests import Call
from sandbox.telegram.state import Chat, Checkout, Telegram
from sandbox.telegram.text import utf16_length

_TITLE_MOST, _DESCRIPTION_MOST, _PAYLOAD_BYTES, _START_MOST = 32, 255, 128, 64
# As published in https://core.telegram.org/bots/payments/currencies.json on some day: about 1 to
# 10,000 US dollars. Of other currencies any amount is taken here.
_LIMITS = {
    "EUR": (82, 827_805),
    "GBP": (72, 720_365),
    "INR": (7_455, 74_550_499),
    "KES": (10_790, 107_901_556),
    "MXN": (2_006, 20_064_380),
    "NGN": (37_949, 379_491_204),
    "TZS": (231_899, 2_318_999_676),
    "UGX": (3_606, 36_066_184),
    "USD": (100, 1_000_000),
}
_ANY = (1, 10**12)


class Card(StrEnum):
    GOOD = "good"
    DECLINED = "declined"


class Outcome(StrEnum):
    PAID = "paid"
    REFUSED = "refused"
    """By the bot, with a sentence."""
    UNANSWERED = "unanswered"
    """The bot said nothing in time."""
    DECLINED = "declined"
    """By the bank, after the bot had agreed."""


@dataclass(frozen=True)
class Paid:
    outcome: Outcome
    text: str = ""
    """What Telegram shows to the person."""
    update_ids: tuple[int, ...] = ()


async def send_invoice(telegram: Telegram, call: Call) -> Json:
    chat = telegram.writable_chat(call.chat_id)
    invoice = _invoice(telegram, call)
    total = f"Pay {invoice['total_amount']} {invoice['currency']}"
    markup = checked(call.get("reply_markup")) or {
        "inline_keyboard": [[{"text": total, "pay": True}]]
    }
    rows = tidy(markup)["inline_keyboard"]
    if not rows or not rows[0][0].get("pay"):
        raise bad_request("the first button must be a Pay button")
    message = telegram.write(
        chat, telegram.bot.user, invoice=invoice, reply_markup={"inline_keyboard": rows}
    )
    telegram.store.put("invoice", message["message_id"], {"payload": call["payload"]})
    return message


def _invoice(telegram: Telegram, call: Call) -> Json:
    for name, most in (("title", _TITLE_MOST), ("description", _DESCRIPTION_MOST)):
        if not 1 <= utf16_length(call[name]) <= most:
            raise bad_request(f"INVOICE_{name.upper()}_INVALID")
    if not 1 <= len(call["payload"].encode()) <= _PAYLOAD_BYTES:
        raise bad_request("INVOICE_PAYLOAD_INVALID")
    if len(call.get("start_parameter") or "") > _START_MOST:
        raise bad_request("START_PARAM_INVALID")
    if not telegram.bot.provider_token or call.get("provider_token") != telegram.bot.provider_token:
        raise bad_request("PAYMENT_PROVIDER_INVALID")
    currency, total = call["currency"], sum(price["amount"] for price in call["prices"])
    least, most = _LIMITS.get(currency, _ANY)
    if not least <= total <= most:
        raise bad_request("CURRENCY_TOTAL_AMOUNT_INVALID")
    return {
        "title": call["title"],
        "description": call["description"],
        "start_parameter": call.get("start_parameter") or "",
        "currency": currency,
        "total_amount": total,
    }


async def answer_checkout(telegram: Telegram, call: Call) -> bool:
    if not call["ok"] and not call.get("error_message"):
        raise bad_request("ERROR_TEXT_EMPTY")
    asked = telegram.checkouts.pop(call["pre_checkout_query_id"], None)
    if asked is None:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    asked.refusal = None if call["ok"] else call["error_message"]
    asked.is_answered.set()
    return True


async def pay(telegram: Telegram, chat: Chat, message_id: int, card: Card) -> Paid:
    """The person has given the card and presses Pay."""
    message = chat.messages.get(message_id)
    invoice = message.get("invoice") if message else None
    kept = telegram.store.get("invoice", message_id)
    if message is None or invoice is None or kept is None or chat.blocked:
        raise bad_request("there is no invoice to pay")
    if kept.get("is_paid"):
        raise bad_request("this invoice is paid already")
    facts = {
        "currency": invoice["currency"],
        "total_amount": invoice["total_amount"],
        "invoice_payload": kept["payload"],
    }
    asked, asking = Checkout(), str(secrets.randbits(63))
    telegram.checkouts[asking] = asked
    question = {"id": asking, "from": chat.user, **facts}
    update_id = telegram.push("pre_checkout_query", question, chat)
    try:
        async with asyncio.timeout(telegram.bot.checkout_seconds):
            await asked.is_answered.wait()
    except TimeoutError:
        telegram.checkouts.pop(asking, None)
        text = "The bot didn't respond in time. Nothing was charged."
        return Paid(Outcome.UNANSWERED, text, (update_id,))
    if asked.refusal is not None:
        return Paid(Outcome.REFUSED, asked.refusal, (update_id,))
    if card is Card.DECLINED:
        text = "Your card was declined. Nothing was charged."
        return Paid(Outcome.DECLINED, text, (update_id,))
    return Paid(Outcome.PAID, "", (update_id, _charge(telegram, chat, message, kept, facts)))


def _charge(telegram: Telegram, chat: Chat, message: Json, kept: Json, facts: Json) -> int:
    telegram.store.put("invoice", message["message_id"], kept | {"is_paid": True})
    telegram.change(chat, {k: v for k, v in message.items() if k != "reply_markup"})
    payment = facts | {
        "telegram_payment_charge_id": f"{telegram.bot.id}_{chat.id}_{secrets.token_hex(12)}",
        "provider_payment_charge_id": f"ch_{secrets.token_hex(12)}",
    }
    paid = telegram.write(chat, chat.user, successful_payment=payment)
    return telegram.push("message", paid, chat)


METHODS = {"sendInvoice": send_invoice, "answerPreCheckoutQuery": answer_checkout}
