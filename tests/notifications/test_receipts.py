"""Receipts repeat, overtake each other and are forged; a delivery's end is told once."""

import itertools
from datetime import datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from twilio.request_validator import RequestValidator

from kit.config import Settings
from kit.crypto import Vault
from notifications import contacts, lifecycle, outbox, receipts, sealing, signature
from notifications.models import Delivery, Notification
from notifications.states import Channel, DeliveryStatus, Purpose, Status
from tests.notifications.conftest import Office

TOKEN = "12345"
SID = "SM" + "1" * 32


@pytest.fixture
async def sent(session: AsyncSession, vault: Vault, now: datetime) -> Notification:
    """A notification that Twilio has taken and about which it has said no more yet."""
    person_id = uuid4()
    await contacts.register(
        session,
        person_id=person_id,
        telegram_chat_id=None,
        locale="en",
        timezone="Africa/Nairobi",
        now=now,
    )
    await contacts.set_phone(
        session, vault, person_id=person_id, phone_e164="+254700000001", now=now
    )
    row = await outbox.notify(
        session,
        person_id=person_id,
        template="loan_closed",
        params={"loan": "L-1", "amount": "money:150000:KES"},
        key="k",
        purpose=Purpose.SERVICE,
        subject="loan:1",
        channels=[Channel.SMS],
        now=now,
    )
    identity = uuid4()
    session.add(
        Delivery(
            id=identity,
            notification_id=row.id,
            person_id=person_id,
            channel=Channel.SMS,
            attempt=1,
            provider_id=SID,
            status=DeliveryStatus.ACCEPTED,
            body=await sealing.seal_body(session, identity, person_id, "text", now=now),
            segments=1,
            tries=1,
            claimed_at=now,
        )
    )
    row.status = Status.SENT
    await session.flush()
    return row


async def told(
    session: AsyncSession, sent: Notification, status: str, now: datetime, code: str | None = None
) -> bool:
    (attempt,) = await lifecycle.deliveries_of(session, sent.id)
    return await receipts.apply(
        session, delivery_id=attempt.id, sid=SID, status=status, error_code=code, now=now
    )


class TestApply:
    @pytest.mark.parametrize("order", list(itertools.permutations(["queued", "sent", "delivered"])))
    async def test_any_order_and_any_repeat_end_the_same(
        self, session: AsyncSession, sent: Notification, now: datetime, order: tuple[str, ...]
    ) -> None:
        for status in (*order, *order):
            await told(session, sent, status, now)

        (attempt,) = await lifecycle.deliveries_of(session, sent.id)
        assert attempt.status is DeliveryStatus.DELIVERED
        assert sent.status is Status.DELIVERED

    @pytest.mark.parametrize("first", ["delivered", "undelivered"])
    async def test_the_first_end_stands(
        self, session: AsyncSession, sent: Notification, now: datetime, first: str
    ) -> None:
        assert await told(session, sent, first, now)
        second = "undelivered" if first == "delivered" else "delivered"

        assert not await told(session, sent, second, now, code="30005")
        assert sent.status == first
        assert (await contacts.get(session, sent.person_id)).phone_bad_at is None

    async def test_a_repeat_changes_nothing(
        self, session: AsyncSession, sent: Notification, now: datetime
    ) -> None:
        assert await told(session, sent, "undelivered", now, code="30005")
        assert not await told(session, sent, "undelivered", now + timedelta(hours=1), "30005")

        assert (await contacts.get(session, sent.person_id)).phone_bad_at == now
        assert (sent.status, sent.reason) == (Status.UNDELIVERED, "30005")

    @pytest.mark.parametrize(
        ("code", "bad", "opted_out", "status"),
        [
            ("30003", False, False, Status.HELD),
            ("30004", False, False, Status.UNDELIVERED),
            ("30005", True, False, Status.UNDELIVERED),
            ("30006", True, False, Status.UNDELIVERED),
            ("30007", False, False, Status.UNDELIVERED),
            ("30008", False, False, Status.HELD),
            ("21610", False, True, Status.UNDELIVERED),
            (None, False, False, Status.UNDELIVERED),
            ("99999", False, False, Status.UNDELIVERED),
        ],
    )
    async def test_a_code_means_what_the_gateway_says(
        self,
        session: AsyncSession,
        sent: Notification,
        now: datetime,
        code: str | None,
        bad: bool,
        opted_out: bool,
        status: Status,
    ) -> None:
        await told(session, sent, "undelivered", now, code)

        contact = await contacts.get(session, sent.person_id)
        assert (contact.phone_bad_at is not None) is bad
        assert (contact.sms_opted_out_at is not None) is opted_out
        assert sent.status is status

    async def test_a_canceled_one_is_not_tried_again(
        self, session: AsyncSession, sent: Notification, now: datetime
    ) -> None:
        sent.canceled_at = now

        await told(session, sent, "undelivered", now, "30003")

        assert sent.status is Status.UNDELIVERED

    async def test_another_messages_receipt_is_not_taken(
        self, session: AsyncSession, sent: Notification, now: datetime
    ) -> None:
        (attempt,) = await lifecycle.deliveries_of(session, sent.id)
        for delivery_id, sid in ((attempt.id, "SMother"), (uuid4(), SID), (None, "SMother")):
            assert not await receipts.apply(
                session,
                delivery_id=delivery_id,
                sid=sid,
                status="delivered",
                error_code=None,
                now=now,
            )
        assert not await told(session, sent, "exploded", now)

        assert attempt.status is DeliveryStatus.ACCEPTED

    async def test_a_sid_alone_is_enough(
        self, session: AsyncSession, sent: Notification, now: datetime
    ) -> None:
        assert await receipts.apply(
            session, delivery_id=None, sid=SID, status="delivered", error_code=None, now=now
        )


class TestOverTheWire:
    async def test_repeated_and_reordered_callbacks(self, office: Office) -> None:
        await office.sandbox.trouble("sms", "reorder_callbacks")
        await office.sandbox.trouble("sms", "repeat_callback", times=2)
        identity = await office.send_code()

        await office.send(identity)
        await office.settle()

        assert (await office.row(identity)).status is Status.DELIVERED
        assert office.webhooks.refused == 0

    async def test_a_forged_one_is_refused(self, office: Office) -> None:
        await office.sandbox.trouble("sms", "lose_callback", times=9)
        identity = await office.send_code()
        await office.send(identity)
        (attempt,) = await office.deliveries(identity)
        url = signature.public_url(office.settings, f"/webhooks/twilio/status/{attempt.id}")
        form = {"MessageSid": str(attempt.provider_id), "MessageStatus": "failed"}

        async with httpx.AsyncClient() as stranger:
            for signed in ({}, {"X-Twilio-Signature": "Zm9yZ2Vk"}):
                answer = await stranger.post(url, data=form, headers=signed)
                assert answer.status_code == 403

        (attempt,) = await office.deliveries(identity)
        assert attempt.status in (DeliveryStatus.ACCEPTED, DeliveryStatus.SENT)


class TestSignature:
    url = "https://lender.example/webhooks/twilio/status/1"
    form = {"MessageSid": "SM1", "MessageStatus": "delivered"}

    @property
    def signed(self) -> str:
        return str(RequestValidator(TOKEN).compute_signature(self.url, self.form))

    def test_twilios_own(self) -> None:
        assert signature.valid(TOKEN, self.url, self.form, self.signed)

    def test_the_documented_example(self) -> None:
        """From Twilio's page "Security": a known answer that is not computed here."""
        form = {
            "CallSid": "CA1234567890ABCDE",
            "Caller": "+14158675309",
            "Digits": "1234",
            "From": "+14158675309",
            "To": "+18005551212",
        }
        url = "https://mycompany.com/myapp.php?foo=1&bar=2"

        assert signature.valid(TOKEN, url, form, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")

    @pytest.mark.parametrize(
        ("token", "path", "change", "signed"),
        [
            ("another", "", {}, None),
            ("", "", {}, None),
            (TOKEN, "/2", {}, None),
            (TOKEN, "", {"MessageStatus": "failed"}, None),
            (TOKEN, "", {"Extra": "1"}, None),
            (TOKEN, "", {}, ""),
        ],
    )
    def test_anything_changed(
        self, token: str, path: str, change: dict[str, str], signed: str | None
    ) -> None:
        given = self.signed if signed is None else signed

        assert not signature.valid(token, self.url + path, self.form | change, given)

    def test_the_address_is_the_public_one(self) -> None:
        settings = Settings(public_url="https://lender.example/")

        assert signature.public_url(settings, "/a", "b=1") == "https://lender.example/a?b=1"
