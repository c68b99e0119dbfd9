"""STOP is heard however it is worded, at once, on every path; one message has one effect."""

from datetime import datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from kit import jobs
from kit.crypto import Vault
from notifications import contacts, inbound, queries
from notifications.models import InboundMessage
from notifications.states import Channel, InboundKind, Purpose, Status
from tests.notifications.conftest import Office

PHONE = "+254700000001"
DUE = {"loan": "L-1", "amount": "money:120000:KES", "due_on": "date:2031-03-06"}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        *[(word, InboundKind.STOP) for word in ["STOP", "stop", "Stop!", "STOPALL", "unsubscribe"]],
        *[(word, InboundKind.STOP) for word in ["CANCEL", "End", "QUIT", "REVOKE", "OPTOUT"]],
        *[(word, InboundKind.STOP) for word in ["BAJA", "alto"]],
        *[
            (words, InboundKind.STOP)
            for words in (
                "STOP PLEASE",
                " stop. ",
                "please stop texting me",
                "Don't text me again",
                "don\u2019t write",
                "do not contact me",
                "I want to opt out",
                "no more messages!!",
                "Remove me from your list",
                "leave me alone",
                "No quiero recibir mensajes",
                "no más mensajes",
                "No me escriban más",
                "quiero darme de baja",
                "Dejen de enviarme SMS",
            )
        ],
        *[(word, InboundKind.START) for word in ("START", "yes", "Unstop.")],
        *[(word, InboundKind.HELP) for word in ("HELP", "info", "Ayuda", "help?")],
        *[(word, InboundKind.MENU) for word in ("1", " 2 ", "9.")],
        *[
            (words, InboundKind.TEXT)
            for words in (
                "When is it due?",
                "I cancel my trip to pay you",
                "at the end of the month",
                "yes I paid",
                "12",
                "",
                "🙂",
                "stopped by the office yesterday",
            )
        ],
    ],
)
def test_what_a_message_asks_for(body: str, kind: InboundKind) -> None:
    assert inbound.kind_of(body) is kind


@pytest.fixture
async def amina(session: AsyncSession, vault: Vault, now: datetime) -> UUID:
    person_id = uuid4()
    await contacts.register(
        session,
        person_id=person_id,
        telegram_chat_id=71,
        locale="es",
        timezone="Africa/Nairobi",
        now=now,
    )
    await contacts.set_phone(session, vault, person_id=person_id, phone_e164=PHONE, now=now)
    return person_id


async def hear(
    session: AsyncSession,
    vault: Vault,
    body: str,
    now: datetime,
    *,
    sid: str | None = None,
    phone: str = PHONE,
) -> str | None:
    return await inbound.receive(
        session,
        vault,
        sid=sid or f"SM{uuid4().hex}",
        from_phone=phone,
        body=body,
        lender="Kopa Lending",
        now=now,
    )


class TestReceive:
    async def test_stop_and_start(
        self, session: AsyncSession, vault: Vault, amina: UUID, now: datetime
    ) -> None:
        contact = await contacts.get(session, amina)
        assert await hear(session, vault, "STOP", now) is None
        assert contact.sms_opted_out_at == now
        assert await hear(session, vault, "start", now) is None
        assert contact.sms_opted_out_at is None

    async def test_stop_counts_for_everybody_with_the_phone(
        self, session: AsyncSession, vault: Vault, amina: UUID, now: datetime
    ) -> None:
        other = uuid4()
        await contacts.register(
            session, person_id=other, telegram_chat_id=72, locale="en", timezone="UTC", now=now
        )
        await contacts.set_phone(session, vault, person_id=other, phone_e164=PHONE, now=now)

        await hear(session, vault, "STOP", now)

        for person in (amina, other):
            assert (await contacts.get(session, person)).sms_opted_out_at == now

    @pytest.mark.parametrize("word", ["AYUDA", "1"])
    async def test_help_and_digits_are_answered_in_the_persons_language(
        self, session: AsyncSession, vault: Vault, amina: UUID, now: datetime, word: str
    ) -> None:
        answer = await hear(session, vault, word, now)

        assert answer is not None
        assert answer.startswith("Kopa Lending: te escribimos en Telegram")

    async def test_the_same_message_twice_has_one_effect(
        self, session: AsyncSession, vault: Vault, amina: UUID, now: datetime
    ) -> None:
        await hear(session, vault, "STOP", now, sid="SM1")
        await hear(session, vault, "START", now, sid="SM2")
        await hear(session, vault, "STOP", now, sid="SM1")

        assert (await contacts.get(session, amina)).sms_opted_out_at is None
        assert await hear(session, vault, "HELP", now, sid="SM3") is not None
        assert await hear(session, vault, "HELP", now, sid="SM3") is None
        assert await session.scalar(select(func.count(InboundMessage.id))) == 3

    async def test_a_stranger_is_kept_without_words_and_heard_later(
        self, session: AsyncSession, vault: Vault, amina: UUID, now: datetime
    ) -> None:
        await hear(session, vault, "STOP it is Bruno", now, phone="+254700000009")

        row = await session.scalar(select(InboundMessage))
        assert row is not None
        assert (row.person_id, row.body, row.kind) == (None, None, InboundKind.STOP)
        contact = await contacts.set_phone(
            session, vault, person_id=amina, phone_e164="+254700000009", now=now
        )
        assert contact.sms_opted_out_at == now

    async def test_words_are_sealed_and_shown_to_staff_only(
        self, session: AsyncSession, vault: Vault, amina: UUID, now: datetime
    ) -> None:
        await hear(session, vault, "I lost my job", now)

        stored = (await session.execute(text("SELECT body FROM inbound_messages"))).scalar_one()
        assert b"lost" not in bytes(stored)
        said = await queries.conversation(session, amina, actor="staff:1", now=now)
        assert [(line.text, line.about) for line in said] == [("I lost my job", "text")]


class TestStopOnEveryPath:
    """Over the wire: Amina's phone says STOP, then each way of sending is tried."""

    async def test_a_queued_sms_is_not_sent(self, office: Office) -> None:
        identity = await office.notify(
            "reminder_before_due", params=DUE, channels=[Channel.SMS], fallback=False
        )
        await office.answers("Stop please")

        row = await office.send(identity)

        assert (row.status, row.reason) == (Status.SUPPRESSED, "opted_out")
        assert await office.texts() == []

    async def test_a_held_one_is_not_sent_in_the_morning(self, office: Office) -> None:
        office.later(hours=14)
        identity = await office.notify(
            "reminder_before_due",
            params=DUE,
            purpose=Purpose.REMINDER,
            channels=[Channel.SMS],
            fallback=False,
        )
        assert (await office.send(identity)).status is Status.HELD
        await office.answers("No me escriban")
        office.later(hours=10)
        await office.release()

        assert (await office.send(identity)).status is Status.SUPPRESSED

    async def test_no_fallback_to_sms(self, office: Office) -> None:
        await office.answers("STOP")
        await office.sandbox.http.post("/people/71000001/block", json={"blocked": True})

        row = await office.send(await office.notify())

        assert (row.status, row.reason) == (Status.FAILED, "telegram_forbidden")
        assert await office.texts() == []

    async def test_no_second_try(self, office: Office) -> None:
        await office.sandbox.trouble("sms", "fail", code=20500, status=500)
        identity = await office.notify(channels=[Channel.SMS], fallback=False)
        with pytest.raises(jobs.Later):
            await office.send(identity)
        await office.answers("stop texting me")

        row = await office.send(identity)

        assert (row.status, row.reason) == (Status.FAILED, "no_longer_allowed")
        assert await office.texts() == []

    async def test_the_other_channel_of_two_still_goes(self, office: Office) -> None:
        await office.answers("STOP")

        row = await office.send(await office.notify(channels=[Channel.TELEGRAM, Channel.SMS]))

        assert row.status is Status.SENT
        assert len(await office.chat()) == 1
        assert await office.texts() == []

    async def test_codes_are_still_sent_where_the_carrier_lets_them(self, office: Office) -> None:
        await office.answers("please stop")  # Not a carrier's word: only we have heard it.

        assert (await office.send(await office.send_code())).status is Status.SENT

    async def test_the_carriers_stop_refuses_codes_too(self, office: Office) -> None:
        await office.answers("STOP")

        row = await office.send(await office.send_code())

        assert (row.status, row.reason) == (Status.FAILED, "21610")

    async def test_start_opens_it_again(self, office: Office) -> None:
        await office.answers("STOP")
        await office.answers("START")

        row = await office.send(await office.notify(channels=[Channel.SMS]))

        assert row.status is Status.SENT
        assert len(await office.texts()) == 1

    async def test_help_is_answered(self, office: Office) -> None:
        await office.answers("2")
        await office.settle()

        inbox = (await office.sandbox.http.get("/people/71000001/sms")).json()
        assert any("Reply STOP to end SMS" in message["body"] for message in inbox)
        assert office.webhooks.refused == 0
