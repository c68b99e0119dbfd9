"""What happens to a message after it was accepted, and what comes back from a phone."""

import asyncio
import html
import re
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from sandbox.sms import errors, segments
from sandbox.sms.state import Sms, resource
from sandbox.store import Json
from sandbox.trouble import Trouble

_UNFINISHED = ("accepted", "queued", "sending", "sent")
_STOP = ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE")
_START = ("START", "YES", "UNSTOP")
_HELP = ("HELP", "INFO")
_STOPPED = (
    "You have successfully been unsubscribed. You will not receive any more messages"
    " from this number. Reply START to resubscribe."
)
_STARTED = (
    "You have successfully been re-subscribed to messages from this number."
    " Reply HELP for help. Reply STOP to unsubscribe. Msg&Data Rates May Apply."
)
_HELPED = "Reply STOP to unsubscribe. Msg&Data Rates May Apply."
_REPLY = re.compile(r"<Message[^>]*>(.*?)</Message>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")


def start(sms: Sms, message: Json) -> None:
    sms.outgoing.start(_deliver(sms, message["sid"]))


def resume(sms: Sms) -> None:
    """After a restart: what was under way goes on."""
    for message in list(sms.messages.values()):
        if message["direction"] != "inbound" and message["status"] in _UNFINISHED:
            start(sms, message)


async def _deliver(sms: Sms, sid: str) -> None:
    """queued, sent, then delivered or undelivered, each with a callback."""
    await asyncio.sleep(sms.account.delivery_seconds)
    if sid not in sms.messages or sms.messages[sid]["status"] not in _UNFINISHED:
        return
    message = sms.messages[sid]
    sent = sms.change(
        sid,
        status="sent",
        date_sent=sms.stamp(),
        num_segments=str(segments.count(message["body"])),
        **{"from": message["from"] or sms.account.number},
    )
    swapped = sms.door.take("reorder_callbacks", message["to"])
    if not swapped:
        await _tell(sms, sent)
    await asyncio.sleep(sms.account.delivery_seconds)
    if sid in sms.messages:
        await _tell(sms, _arrive(sms, sid, sms.door.take("undeliver", message["to"])))
    if swapped:
        await _tell(sms, sent)


def _arrive(sms: Sms, sid: str, trouble: Trouble | None) -> Json:
    if trouble is None:
        return sms.change(sid, status="delivered")
    code = int(trouble.code or 30003)
    reason = trouble.description or errors.DELIVERY.get(code, "Unknown error")
    return sms.change(sid, status="undelivered", error_code=code, error_message=reason)


async def _tell(sms: Sms, message: Json) -> None:
    """The status callback: Twilio tries again only when nobody answered at all."""
    if not message["callback"]:
        return
    if slow := sms.door.take("delay_callback", message["to"]):
        await asyncio.sleep(slow.seconds)
    if sms.door.take("lose_callback", message["to"]):
        return
    for _ in range(2 if sms.door.take("repeat_callback", message["to"]) else 1):
        await _post(sms, message["callback"], _status_form(message))


def _status_form(message: Json) -> dict[str, str]:
    form = {
        "AccountSid": message["account_sid"],
        "ApiVersion": message["api_version"],
        "From": message["from"] or "",
        "To": message["to"],
        "MessageSid": message["sid"],
        "SmsSid": message["sid"],
        "MessageStatus": message["status"],
        "SmsStatus": message["status"],
    }
    if message["messaging_service_sid"]:
        form["MessagingServiceSid"] = message["messaging_service_sid"]
    if message["error_code"] is not None:
        form["ErrorCode"] = str(message["error_code"])
    return form


async def _post(sms: Sms, url: str, form: dict[str, str]) -> str | None:
    """Posts a signed form; the body of a good answer, or None."""
    signature = RequestValidator(sms.account.auth_token).compute_signature(url, form)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": signature,
        "User-Agent": "TwilioProxy/1.1",
    }
    for pause in (0.5, 2.0, 0):
        response = await sms.outgoing.post(url, content=urlencode(form).encode(), headers=headers)
        if response is not None:
            return response.content.decode(errors="replace") if response.is_success else None
        await asyncio.sleep(pause)
    return None


async def receive(sms: Sms, *, sender: str, body: str) -> Json:
    """A person writes to our number. Twilio itself minds STOP, START and HELP."""
    message = sms.write(
        to=sms.account.number, sender=sender, body=body, direction="inbound", status="received"
    )
    word = body.strip().upper()
    if word in _STOP:
        _reply(sms, sender, _STOPPED)
        sms.set_stopped(sender, True)
    elif word in _START:
        sms.set_stopped(sender, False)
        _reply(sms, sender, _STARTED)
    elif word in _HELP:
        _reply(sms, sender, _HELPED)
    if sms.account.inbound_url:
        sms.outgoing.start(_forward(sms, message))
    return resource(message)


async def _forward(sms: Sms, message: Json) -> None:
    form = {
        "ToCountry": "",
        "SmsMessageSid": message["sid"],
        "NumMedia": "0",
        "SmsSid": message["sid"],
        "SmsStatus": "received",
        "Body": message["body"],
        "To": message["to"],
        "NumSegments": message["num_segments"],
        "MessageSid": message["sid"],
        "AccountSid": message["account_sid"],
        "From": message["from"],
        "ApiVersion": message["api_version"],
    }
    answer = await _post(sms, sms.account.inbound_url, form) or ""
    for found in _REPLY.findall(answer):
        _reply(sms, message["from"], html.unescape(_TAG.sub("", found)).strip())


def _reply(sms: Sms, to: str, body: str) -> None:
    if body and to not in sms.stopped:
        sender = sms.account.number
        start(
            sms,
            sms.write(to=to, sender=sender, body=body, direction="outbound-reply", status="queued"),
        )
