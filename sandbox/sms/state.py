"""The messages of one Twilio account: what was sent, what arrived, who said STOP."""

import re
import secrets
from dataclasses import dataclass
from email.utils import format_datetime
from urllib.parse import urlsplit

from sandbox.sms import errors, segments
from sandbox.sms.errors import TwilioError
from sandbox.store import Json
from sandbox.surroundings import Surroundings
from sandbox.trouble import Door

TROUBLES = (
    "fail",
    "delay",
    "lose_answer",
    "undeliver",
    "delay_callback",
    "lose_callback",
    "repeat_callback",
    "reorder_callbacks",
)
_E164 = re.compile(r"\+[1-9]\d{6,14}\Z", re.ASCII)
_ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}\Z", re.ASCII)
_BODY_LIMIT = 1600


@dataclass(frozen=True)
class SmsAccount:
    sid: str
    auth_token: str
    number: str
    inbound_url: str = ""
    """Where an inbound message is posted; empty: nowhere."""
    delivery_seconds: float = 0.3


class Sms:
    def __init__(self, account: SmsAccount, surroundings: Surroundings) -> None:
        self.account = account
        self.clock = surroundings.clock
        self.store = surroundings.store
        self.bus = surroundings.bus
        self.outgoing = surroundings.outgoing
        self.door = Door(*TROUBLES)
        self.messages: dict[str, Json] = {m["sid"]: m for m in self.store.list("sms")}
        self.stopped: set[str] = {entry["phone"] for entry in self.store.list("sms_stopped")}

    def create(self, form: Json) -> Json:
        """A checked outbound message, accepted or queued; delivery is another's work."""
        to, sender, service, body = self._checked(form)
        return self.write(
            to=to,
            sender=None if service else sender,
            body=body,
            direction="outbound-api",
            status="accepted" if service else "queued",
            service=service,
            callback=form.get("StatusCallback", ""),
        )

    def _checked(self, form: Json) -> tuple[str, str, str | None, str]:
        to, sender = form.get("To", ""), form.get("From", "")
        service, body = form.get("MessagingServiceSid"), form.get("Body", "")
        if not to:
            raise TwilioError(21604)
        if not sender and not service:
            raise TwilioError(21603)
        if not body:
            raise TwilioError(21602)
        if len(body) > _BODY_LIMIT:
            raise TwilioError(21617)
        if not service:
            self._check_sender(sender)
        self._check_recipient(to)
        _check_callback(form.get("StatusCallback", ""))
        return to, sender, service, body

    def _check_sender(self, sender: str) -> None:
        if sender in errors.MAGIC_FROM:
            raise TwilioError(errors.MAGIC_FROM[sender])
        own = sender in (self.account.number, errors.MAGIC_SENDER)
        if not own and not _ALPHANUMERIC.match(sender):
            raise TwilioError(21606 if _E164.match(sender) else 21212)

    def _check_recipient(self, to: str) -> None:
        if to in errors.MAGIC_TO:
            raise TwilioError(errors.MAGIC_TO[to])
        if not _E164.match(to):
            raise TwilioError(21211, message=f"Invalid 'To' Phone Number: {to[:40]}")
        if to in self.stopped:
            raise TwilioError(21610)

    def write(
        self,
        *,
        to: str,
        sender: str | None,
        body: str,
        direction: str,
        status: str,
        service: str | None = None,
        callback: str = "",
    ) -> Json:
        sid = "SM" + secrets.token_hex(16)
        stamp = self.stamp()
        message = {
            "sid": sid,
            "account_sid": self.account.sid,
            "messaging_service_sid": service,
            "to": to,
            "from": sender,
            "body": body,
            "status": status,
            "direction": direction,
            "num_segments": "0" if service else str(segments.count(body)),
            "num_media": "0",
            "error_code": None,
            "error_message": None,
            "price": None,
            "price_unit": "USD",
            "api_version": "2010-04-01",
            "date_created": stamp,
            "date_updated": stamp,
            "date_sent": None,
            "callback": callback,
            "number": self.store.next_number("sms"),
        }
        self.keep(message)
        return message

    def stamp(self) -> str:
        return format_datetime(self.clock.now())

    def keep(self, message: Json) -> None:
        self.messages[message["sid"]] = message
        self.store.put("sms", message["sid"], message)
        for phone in (message["to"], message["from"]):
            self.bus.publish(f"sms:{phone}", "sms", message=resource(message))

    def change(self, sid: str, **facts: object) -> Json:
        message = self.messages[sid] | facts | {"date_updated": self.stamp()}
        self.keep(message)
        return message

    def get(self, sid: str) -> Json:
        try:
            return self.messages[sid]
        except KeyError:
            raise TwilioError(20404) from None

    def delete(self, sid: str) -> None:
        self.get(sid)
        del self.messages[sid]
        self.store.delete("sms", sid)

    def set_stopped(self, phone: str, stopped: bool) -> None:
        if stopped:
            self.stopped.add(phone)
            self.store.put("sms_stopped", phone, {"phone": phone})
        else:
            self.stopped.discard(phone)
            self.store.delete("sms_stopped", phone)

    def of_phone(self, phone: str) -> list[Json]:
        """What this phone's inbox shows: what it wrote, and what has reached it."""
        return [
            resource(message)
            for message in self.messages.values()
            if message["from"] == phone or (message["to"] == phone and _has_arrived(message))
        ]


def _has_arrived(message: Json) -> bool:
    return bool(message["status"] == "delivered")


def _check_callback(url: str) -> None:
    if not url:
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise TwilioError(21609)


def resource(message: Json) -> Json:
    """The message as the REST API shows it."""
    shown = {name: part for name, part in message.items() if name not in ("callback", "number")}
    uri = f"/2010-04-01/Accounts/{message['account_sid']}/Messages/{message['sid']}"
    return shown | {"uri": f"{uri}.json", "subresource_uris": {"media": f"{uri}/Media.json"}}
