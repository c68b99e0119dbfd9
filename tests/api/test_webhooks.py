"""Webhooks of Twilio and of rails: forged ones have no effect, repeated ones have one."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import datetime

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from twilio.request_validator import RequestValidator

from api.app import create_app
from kit.clock import SystemClock
from kit.config import Settings
from kit.crypto import Vault
from kit.db import Base, Sessions, unit_of_work
from kit.ids import new_id
from notifications import contacts, sealing
from notifications.models import Contact, Delivery, InboundMessage, Notification
from notifications.states import Channel, DeliveryStatus, Purpose, Status
from servicing.models import Incident, Loan, RailEventRow, Repayment, SuspenseItem
from servicing.rails import configured
from servicing.rails.base import Rails
from tests.api.conftest import SetClock
from tests.servicing.lending import Lender

BASE = "https://kopa.example"
INBOUND = "/webhooks/twilio/inbound"
AMINA = "+254700000001"


@pytest.fixture
async def rails(settings: Settings) -> AsyncIterator[Rails]:
    rails = configured.rails(settings, SystemClock())
    yield rails
    await rails.main.close()


@pytest.fixture
def app(
    settings: Settings, sessions: Sessions, clock: SetClock, vault: Vault, rails: Rails
) -> FastAPI:
    return create_app(settings, sessions, clock, vault, services={Rails: rails}, wall=clock)


async def count(sessions: Sessions, model: type[Base]) -> int:
    async with sessions() as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0


async def reported(sessions: Sessions) -> set[str]:
    async with sessions() as session:
        return set(await session.scalars(select(Incident.kind)))


def signed(path: str, form: dict[str, str], base: str = BASE) -> dict[str, str]:
    """As Twilio's own library signs."""
    signature = RequestValidator("twilio-token").compute_signature(base + path, form)
    return {"X-Twilio-Signature": signature}


def message(body: str, sid: str = "SM1") -> dict[str, str]:
    return {"MessageSid": sid, "From": AMINA, "To": "+15005550006", "Body": body}


@pytest.fixture
async def amina(sessions: Sessions, vault: Vault, now: datetime) -> Contact:
    person_id = new_id()
    async with unit_of_work(sessions) as session:
        await contacts.register(
            session, person_id=person_id, telegram_chat_id=7, locale="en",
            timezone="Africa/Nairobi", now=now,
        )  # fmt: skip
        return await contacts.set_phone(
            session, vault, person_id=person_id, phone_e164=AMINA, now=now
        )


class TestTwilioInbound:
    async def test_takes_a_message_once(
        self, stranger: httpx.AsyncClient, sessions: Sessions, amina: Contact
    ) -> None:
        form = message("STOP")

        answers = [
            await stranger.post(INBOUND, data=form, headers=signed(INBOUND, form)) for _ in range(3)
        ]

        assert {answer.status_code for answer in answers} == {200}
        assert answers[0].headers["content-type"].startswith("text/xml")
        assert await count(sessions, InboundMessage) == 1
        async with sessions() as session:
            assert (await contacts.get(session, amina.person_id)).sms_opted_out_at is not None

    async def test_answers_in_twilios_language(
        self, stranger: httpx.AsyncClient, amina: Contact
    ) -> None:
        form = message("HELP")

        answer = await stranger.post(INBOUND, data=form, headers=signed(INBOUND, form))

        assert answer.text.startswith('<?xml version="1.0" encoding="UTF-8"?><Response><Message>')

    async def test_refuses_what_twilio_did_not_sign(
        self, stranger: httpx.AsyncClient, sessions: Sessions, amina: Contact
    ) -> None:
        form = message("STOP")
        good = signed(INBOUND, form)["X-Twilio-Signature"]
        changed = form | {"Body": "START"}
        forged: list[tuple[dict[str, str], dict[str, str]]] = [
            (form, {}),
            (form, {"X-Twilio-Signature": ""}),
            (form, {"X-Twilio-Signature": good[:-2]}),
            (form, {"X-Twilio-Signature": good.lower()}),
            (changed, {"X-Twilio-Signature": good}),
            (form | {"Extra": "1"}, {"X-Twilio-Signature": good}),
            (form, signed(INBOUND, form, base="https://evil.example")),
            (form, signed("/webhooks/twilio/status/1", form)),
        ]

        for body, headers in forged:
            answer = await stranger.post(INBOUND, data=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "webhook_forged"), headers

        assert await count(sessions, InboundMessage) == 0
        async with sessions() as session:
            assert (await contacts.get(session, amina.person_id)).sms_opted_out_at is None

    async def test_believes_our_address_and_not_the_requests(
        self, stranger: httpx.AsyncClient, amina: Contact
    ) -> None:
        form = message("hello")
        headers = signed(INBOUND, form) | {"Host": "evil.example", "X-Forwarded-Proto": "http"}

        assert (await stranger.post(INBOUND, data=form, headers=headers)).status_code == 200

    async def test_refuses_a_signed_form_without_its_parts(
        self, stranger: httpx.AsyncClient, sessions: Sessions
    ) -> None:
        form = {"MessageSid": "SM1", "Body": "x"}

        answer = await stranger.post(INBOUND, data=form, headers=signed(INBOUND, form))

        assert (answer.status_code, answer.json()["code"]) == (422, "webhook_not_understood")
        assert answer.json()["errors"][0]["where"] == "body.From"


class TestTwilioStatus:
    @pytest.fixture
    async def delivery(self, sessions: Sessions, amina: Contact, now: datetime) -> Delivery:
        async with unit_of_work(sessions) as session:
            notification = Notification(
                id=new_id(), key="k", person_id=amina.person_id, template="otp_code",
                purpose=Purpose.CRITICAL, subject="s", channels=["sms"], fallback=False,
                status=Status.SENT, created_at=now,
            )  # fmt: skip
            session.add(notification)
            await session.flush()
            delivery_id = new_id()
            delivery = Delivery(
                id=delivery_id, notification_id=notification.id, person_id=amina.person_id,
                channel=Channel.SMS, attempt=1, provider_id="SM9", status=DeliveryStatus.ACCEPTED,
                body=await sealing.seal_body(
                    session, delivery_id, amina.person_id, "code", now=now
                ),
                segments=1, tries=1, claimed_at=now,
            )  # fmt: skip
            session.add(delivery)
            return delivery

    async def test_repeats_and_late_ones_are_safe(
        self, stranger: httpx.AsyncClient, sessions: Sessions, delivery: Delivery
    ) -> None:
        path = f"/webhooks/twilio/status/{delivery.id}"
        for status in ("sent", "delivered", "sent", "queued", "delivered"):
            form = {"MessageSid": "SM9", "MessageStatus": status}
            answer = await stranger.post(path, data=form, headers=signed(path, form))
            assert answer.status_code == 204

        async with sessions() as session:
            known = await session.get_one(Delivery, delivery.id)
            assert known.status is DeliveryStatus.DELIVERED

    async def test_forged_ones_change_nothing(
        self, stranger: httpx.AsyncClient, sessions: Sessions, delivery: Delivery
    ) -> None:
        form = {"MessageSid": "SM9", "MessageStatus": "failed", "ErrorCode": "21610"}
        path = f"/webhooks/twilio/status/{delivery.id}"
        other = f"/webhooks/twilio/status/{new_id()}"

        answers = [
            await stranger.post(path, data=form),
            await stranger.post(path, data=form, headers=signed(other, form)),
        ]

        assert [answer.status_code for answer in answers] == [401, 401]
        async with sessions() as session:
            known = await session.get_one(Delivery, delivery.id)
            assert known.status is DeliveryStatus.ACCEPTED

    async def test_of_messages_that_are_not_ours_are_taken_and_forgotten(
        self, stranger: httpx.AsyncClient
    ) -> None:
        path = f"/webhooks/twilio/status/{new_id()}"
        form = {"MessageSid": "SM0", "MessageStatus": "delivered"}

        answer = await stranger.post(path, data=form, headers=signed(path, form))

        assert answer.status_code == 204


class TestRail:
    path = "/webhooks/rail/wallet"

    @pytest.fixture
    async def loan(self, sessions: Sessions, clock: SetClock) -> Loan:
        return await Lender(sessions, clock.at).lends()

    def told(self, loan: Loan, amount: str = "500.00", event: str = "e1") -> bytes:
        transfer = {
            "id": "W77", "reference": loan.reference, "direction": "incoming",
            "account": "254700000001", "amount": amount, "currency": "KES", "status": "settled",
            "settled_at": "2026-11-20T07:00:00+00:00",
        }  # fmt: skip
        return json.dumps({"event_id": event, "transfer": transfer}).encode()

    def signed(self, body: bytes, key: str = "rail-secret") -> dict[str, str]:
        digest = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
        return {"X-Rail-Signature": f"sha256={digest}"}

    async def test_takes_an_event_once(
        self, stranger: httpx.AsyncClient, sessions: Sessions, loan: Loan
    ) -> None:
        body = self.told(loan)

        for _ in range(3):
            answer = await stranger.post(self.path, content=body, headers=self.signed(body))
            assert answer.status_code == 204

        assert await count(sessions, Repayment) == 1

    async def test_takes_the_same_money_once_under_another_event(
        self, stranger: httpx.AsyncClient, sessions: Sessions, loan: Loan
    ) -> None:
        for event in ("e1", "e2"):
            body = self.told(loan, event=event)
            await stranger.post(self.path, content=body, headers=self.signed(body))

        assert await count(sessions, RailEventRow) == 2
        assert await count(sessions, Repayment) == 1

    async def test_refuses_what_the_rail_did_not_sign(
        self, stranger: httpx.AsyncClient, sessions: Sessions, loan: Loan
    ) -> None:
        body, more = self.told(loan), self.told(loan, "5000.00")
        good = self.signed(body)["X-Rail-Signature"]

        for content, headers in (
            (body, {}),
            (body, {"X-Rail-Signature": good.removeprefix("sha256=")}),
            (body, {"X-Rail-Signature": good[:-1]}),
            (body, self.signed(body, key="guess")),
            (body, self.signed(body, key="")),
            (more, {"X-Rail-Signature": good}),
            (body + b" ", {"X-Rail-Signature": good}),
        ):
            answer = await stranger.post(self.path, content=content, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "rail_signature_invalid")

        assert await count(sessions, RailEventRow) == 0
        assert await count(sessions, Repayment) == 0

    async def test_takes_note_of_what_it_cannot_read_and_asks_for_no_more(
        self, stranger: httpx.AsyncClient, sessions: Sessions, loan: Loan
    ) -> None:
        bodies = (b"", b"{", b"[]", b"null", b"{}", self.told(loan, "NaN"), b"\xff")
        for body in bodies * 2:
            answer = await stranger.post(self.path, content=body, headers=self.signed(body))
            assert answer.status_code == 204

        assert await count(sessions, RailEventRow) == 0
        assert await reported(sessions) == {"rail_event_unreadable"}
        async with sessions() as session:
            facts = [each.facts for each in await session.scalars(select(Incident))]
        assert len(facts) == len(bodies), "once for each"
        assert all(set(each) == {"field"} for each in facts)

    async def test_takes_note_of_what_no_account_can_hold_and_asks_for_no_more(
        self, stranger: httpx.AsyncClient, sessions: Sessions, loan: Loan
    ) -> None:
        for amount in ("0.00", "-500.00"):
            body = self.told(loan, amount)
            for _ in range(2):
                answer = await stranger.post(self.path, content=body, headers=self.signed(body))
                assert answer.status_code == 204

        assert await reported(sessions) == {"rail_event_unbookable"}
        assert await count(sessions, Incident) == 1
        assert await count(sessions, RailEventRow) == 0

    async def test_takes_money_whatever_its_payer_typed(
        self, stranger: httpx.AsyncClient, sessions: Sessions, loan: Loan
    ) -> None:
        body = self.told(loan).replace(loan.reference.encode(), b"rent\\u0000" * 9)

        answer = await stranger.post(self.path, content=body, headers=self.signed(body))

        assert answer.status_code == 204
        assert await count(sessions, SuspenseItem) == 1

    async def test_of_no_rail_of_ours(self, stranger: httpx.AsyncClient) -> None:
        answer = await stranger.post("/webhooks/rail/daraja/paid", content=b"{}")

        assert (answer.status_code, answer.json()["code"]) == (404, "rail_not_found")

    async def test_about_a_payout_that_we_never_ordered_is_an_incident(
        self, stranger: httpx.AsyncClient, sessions: Sessions, loan: Loan
    ) -> None:
        event = json.loads(self.told(loan))
        event["transfer"] |= {"direction": "payout", "reference": "P-unknown"}
        body = json.dumps(event).encode()

        answer = await stranger.post(self.path, content=body, headers=self.signed(body))

        assert answer.status_code == 204
        assert await count(sessions, Incident) == 1
        assert await count(sessions, Repayment) == 0
