"""Messages in the chat: in the person's language, with a fallback, whatever Telegram does."""

import pytest

from kit import jobs
from kit.db import unit_of_work
from notifications import contacts, delivery
from notifications.states import Channel, DeliveryStatus, Status
from tests.notifications.conftest import REACHED, Office
from tests.sandbox.serving import AMINA

DUE = {"loan": "L-1", "amount": "money:120000:KES", "due_on": "date:2031-03-06"}


class TestTelegram:
    async def test_reaches_the_chat_in_the_persons_language(self, office: Office) -> None:
        await office.set_contact(locale="es")

        row = await office.send(await office.notify())

        assert await office.chat() == [
            "🎉 Recibimos KES 1.500. El préstamo L-1 está pagado por completo: no debes nada."
            " ¡Gracias!"
        ]
        assert row.status is Status.SENT
        assert await office.texts() == []

    async def test_shows_a_button(self, office: Office) -> None:
        await office.send(
            await office.notify("reminder_before_due", params=DUE | {"button": "pay:1"})
        )

        message = (await office.sandbox.chat(AMINA))["messages"][-1]
        button = message["reply_markup"]["inline_keyboard"][0][0]
        assert button == {"text": "Pay now", "callback_data": "pay:1"}
        assert "<b>" not in message["text"]

    async def test_blocked_falls_back_to_sms_and_is_remembered(self, office: Office) -> None:
        await office.blocked()

        row = await office.send(await office.notify())

        assert (await office.texts())[0].startswith("Kopa Lending: we received KES 1,500. Loan L-1")
        assert row.status is Status.SENT
        assert (await office.contact()).telegram_blocked_at is not None
        first, _ = await office.deliveries(row.id)
        assert (first.channel, first.status) == (Channel.TELEGRAM, DeliveryStatus.FAILED)
        await office.send(await office.notify())
        assert len(await office.texts()) == 2

    async def test_without_fallback_it_fails(self, office: Office) -> None:
        await office.blocked()

        row = await office.send(await office.notify(fallback=False))

        assert (row.status, row.reason) == (Status.FAILED, "telegram_forbidden")
        assert await office.texts() == []

    async def test_a_chat_that_is_gone_falls_back(self, office: Office) -> None:
        await office.set_contact(telegram_chat_id=404)

        row = await office.send(await office.notify())

        assert row.status is Status.SENT
        assert len(await office.texts()) == 1

    async def test_writing_to_us_opens_the_chat_again(self, office: Office) -> None:
        await office.blocked()
        await office.send(await office.notify())
        await office.blocked(blocked=False)

        async with unit_of_work(office.sessions) as session:
            contacts.telegram_heard(await contacts.get(session, office.amina, lock=True))
        await office.send(await office.notify())

        assert len(await office.chat()) == 1

    async def test_a_crowd_is_waited_for(self, office: Office) -> None:
        await office.sandbox.trouble(
            "telegram", "fail", target="sendMessage", retry_after=7, times=6
        )
        identity = await office.notify()

        for _ in range(6):
            with pytest.raises(jobs.Later) as pause:
                await office.send(identity)
            assert pause.value.seconds == 7
        row = await office.send(identity)

        assert row.status is Status.SENT
        assert len(await office.chat()) == 1
        assert await office.texts() == []

    async def test_a_silent_server_ends_in_an_sms(self, office: Office) -> None:
        await office.sandbox.trouble("telegram", "fail", target="sendMessage", code=500, times=100)
        identity = await office.notify()

        for _ in range(delivery.TRIES - 1):
            with pytest.raises(jobs.Later):
                await office.send(identity)
        row = await office.send(identity)

        assert row.status in REACHED
        assert len(await office.texts()) == 1
