"""Messages leave once, within hours, on the right channel, whatever the gateways do."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from kit import audit, jobs
from kit.db import unit_of_work
from kit.worker import Worker
from notifications import contacts, delivery, outbox
from notifications.models import Contact, Delivery, Notification
from notifications.states import Channel, DeliveryStatus, Purpose, Status
from tests.notifications.conftest import Office
from tests.sandbox.serving import AMINA

BOTH = [Channel.TELEGRAM, Channel.SMS]
DUE = {"loan": "L-1", "amount": "money:120000:KES", "due_on": "date:2031-03-06"}
LATE = {"loan": "L-1", "amount": "money:120000:KES", "days": 3}


async def blocked(office: Office, *, blocked: bool = True) -> None:
    await office.sandbox.http.post(f"/people/{AMINA}/block", json={"blocked": blocked})


async def set_contact(office: Office, **values: object) -> None:
    async with unit_of_work(office.sessions) as session:
        await session.execute(update(Contact).values(**values))


REACHED = (Status.SENT, Status.DELIVERED)
"""The receipt of an SMS may be here before we look."""


class TestTelegram:
    async def test_reaches_the_chat_in_the_persons_language(self, office: Office) -> None:
        await set_contact(office, locale="es")

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
        await blocked(office)

        row = await office.send(await office.notify())

        assert (await office.texts())[0].startswith("Kopa Lending: we received KES 1,500. Loan L-1")
        assert row.status is Status.SENT
        assert (await office.contact()).telegram_blocked_at is not None
        first, _ = await office.deliveries(row.id)
        assert (first.channel, first.status) == (Channel.TELEGRAM, DeliveryStatus.FAILED)
        await office.send(await office.notify())
        assert len(await office.texts()) == 2

    async def test_without_fallback_it_fails(self, office: Office) -> None:
        await blocked(office)

        row = await office.send(await office.notify(fallback=False))

        assert (row.status, row.reason) == (Status.FAILED, "telegram_forbidden")
        assert await office.texts() == []

    async def test_a_chat_that_is_gone_falls_back(self, office: Office) -> None:
        await set_contact(office, telegram_chat_id=404)

        row = await office.send(await office.notify())

        assert row.status is Status.SENT
        assert len(await office.texts()) == 1

    async def test_writing_to_us_opens_the_chat_again(self, office: Office) -> None:
        await blocked(office)
        await office.send(await office.notify())
        await blocked(office, blocked=False)

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


class TestSms:
    async def test_is_sent_and_confirmed_by_its_receipt(self, office: Office) -> None:
        identity = await office.send_code()

        row = await office.send(identity)
        assert row.status is Status.SENT
        await office.settle()

        assert (await office.row(identity)).status is Status.DELIVERED
        (attempt,) = await office.deliveries(identity)
        assert attempt.status is DeliveryStatus.DELIVERED
        assert attempt.segments == 1
        assert (await office.texts())[0].startswith("482913 is your Kopa Lending code.")

    async def test_through_a_messaging_service(self, office: Office) -> None:
        office.settings.twilio_messaging_service_sid = "MG" + "1" * 32

        await office.send(await office.send_code())

        (message,) = office.sandbox.world.sms.messages.values()
        assert message["messaging_service_sid"] == "MG" + "1" * 32

    @pytest.mark.parametrize(
        ("code", "flag"),
        [(21211, "phone_bad_at"), (21614, "phone_bad_at"), (21610, "sms_opted_out_at")],
    )
    async def test_a_refused_number_is_remembered_and_the_chat_is_used(
        self, office: Office, code: int, flag: str
    ) -> None:
        await office.sandbox.trouble("sms", "fail", code=code)

        row = await office.send(await office.notify(channels=[Channel.SMS]))

        assert getattr(await office.contact(), flag) is not None
        assert row.status is Status.SENT
        assert len(await office.chat()) == 1

    @pytest.mark.parametrize("code", [21408, 21606, 20003])
    async def test_our_own_fault_calls_an_operator(self, office: Office, code: int) -> None:
        await office.sandbox.trouble("sms", "fail", code=code)

        row = await office.send(await office.send_code())

        assert (row.status, row.reason) == (Status.FAILED, str(code))
        async with unit_of_work(office.sessions) as session:
            alarms = await session.scalars(
                select(audit.AuditEvent).where(
                    audit.AuditEvent.action == "notifications.operator_alarm"
                )
            )
            assert [alarm.facts for alarm in alarms] == [{"error_code": str(code)}]
        contact = await office.contact()
        assert (contact.phone_bad_at, contact.sms_opted_out_at) == (None, None)

    async def test_too_many_requests_are_waited_for(self, office: Office) -> None:
        await office.sandbox.trouble("sms", "fail", code=20429)
        identity = await office.send_code()

        with pytest.raises(jobs.Later):
            await office.send(identity)
        await office.send(identity)

        assert len(await office.texts()) == 1

    @pytest.mark.parametrize("trouble", [{"kind": "lose_answer"}, {"kind": "delay", "seconds": 3}])
    async def test_a_lost_answer_is_looked_up_and_not_sent_twice(
        self, office: Office, trouble: dict[str, object]
    ) -> None:
        await office.sandbox.trouble("sms", "lose_callback", times=9)
        await office.sandbox.trouble("sms", **trouble)  # type: ignore[arg-type]
        identity = await office.send_code()

        with pytest.raises(jobs.Later):
            await office.send(identity)
        (attempt,) = await office.deliveries(identity)
        assert attempt.status is DeliveryStatus.UNKNOWN
        await asyncio.sleep(1.5)  # The slow server has taken the message by now.
        row = await office.send(identity)

        assert row.status is Status.SENT
        assert len(await office.texts()) == 1
        (attempt,) = await office.deliveries(identity)
        assert attempt.provider_id in office.sandbox.world.sms.messages

    async def test_a_receipt_answers_for_a_lost_answer(self, office: Office) -> None:
        await office.sandbox.trouble("sms", "lose_answer")
        identity = await office.send_code()

        with pytest.raises(jobs.Later):
            await office.send(identity)
        await office.settle()
        row = await office.send(identity)

        assert row.status is Status.DELIVERED
        assert len(await office.texts()) == 1

    async def test_a_receipt_that_is_faster_than_the_answer_stands(self, office: Office) -> None:
        await office.sandbox.trouble("sms", "lose_answer", seconds=0.5)
        identity = await office.send_code()

        await office.send(identity)

        (attempt,) = await office.deliveries(identity)
        assert attempt.status is DeliveryStatus.DELIVERED

    async def test_the_same_words_sent_before_are_not_taken_for_it(self, office: Office) -> None:
        await office.send(await office.send_code())
        await office.sandbox.trouble("sms", "fail", code=20500, status=500)
        identity = await office.send_code()  # The same code again, to the same phone.

        with pytest.raises(jobs.Later):
            await office.send(identity)
        row = await office.send(identity)

        assert row.status in REACHED
        assert len(await office.texts()) == 2

    async def test_a_worker_that_died_in_the_call_is_followed_by_a_look_up(
        self, office: Office
    ) -> None:
        await office.sandbox.trouble("sms", "lose_callback", times=9)
        identity = await office.send_code()
        await office.send(identity)
        async with unit_of_work(office.sessions) as session:  # The answer was never written.
            await session.execute(update(Notification).values(status=Status.SENDING))
            await session.execute(
                update(Delivery).values(status=DeliveryStatus.SENDING, provider_id=None)
            )

        with pytest.raises(jobs.Later):
            await office.send(identity)  # It may still be under way.
        office.later(minutes=1)
        row = await office.send(identity)

        assert row.status is Status.SENT
        assert len(await office.texts()) == 1

    async def test_a_server_that_is_not_there_is_tried_again(self, office: Office) -> None:
        url, office.settings.twilio_api_url = office.settings.twilio_api_url, "http://127.0.0.1:9"
        identity = await office.send_code()

        with pytest.raises(jobs.Later):
            await office.send(identity)
        (attempt,) = await office.deliveries(identity)
        assert (attempt.status, attempt.error_code) == (DeliveryStatus.WAITING, "not_reachable")
        office.settings.twilio_api_url = url

    async def test_undelivered_moves_to_the_chat(self, office: Office) -> None:
        await office.sandbox.trouble("sms", "undeliver", code=30005)
        identity = await office.notify(channels=[Channel.SMS])

        await office.send(identity)
        await office.settle()
        row = await office.row(identity)
        assert (row.status, row.releases) == (Status.QUEUED, 1)
        row = await office.send(identity)

        assert row.status is Status.SENT
        assert len(await office.chat()) == 1
        assert (await office.contact()).phone_bad_at is not None

    async def test_a_phone_that_was_off_is_asked_three_times_in_a_day(self, office: Office) -> None:
        await office.sandbox.trouble("sms", "undeliver", code=30003, times=9)
        identity = await office.notify(channels=[Channel.SMS], fallback=False)

        held = []
        for _ in range(3):
            await office.send(identity)
            await office.settle()
            row = await office.row(identity)
            if row.status is Status.HELD:
                assert row.not_before is not None
                held.append(round((row.not_before - office.now) / timedelta(hours=1)))
                office.later(hours=held[-1], minutes=1)
                await office.release()

        assert held == [4, 20]
        assert (row.status, row.reason) == (Status.UNDELIVERED, "30003")
        assert [a.attempt for a in await office.deliveries(identity)] == [1, 2, 3]
        assert len(await office.texts()) == 3


class TestBothChannels:
    async def test_each_gets_it_once(self, office: Office) -> None:
        identity = await office.notify("reminder_before_due", params=DUE, channels=BOTH)

        await office.send(identity)
        await office.settle()

        assert len(await office.chat()) == 1
        assert len(await office.texts()) == 1
        assert (await office.row(identity)).status is Status.DELIVERED

    async def test_one_that_fails_does_not_hide_the_other(self, office: Office) -> None:
        await blocked(office)
        row = await office.send(
            await office.notify("reminder_before_due", params=DUE, channels=BOTH)
        )

        assert row.status is Status.SENT
        assert len(await office.texts()) == 1

    async def test_nothing_usable_is_suppressed(self, office: Office) -> None:
        await set_contact(office, telegram_chat_id=None, sms_opted_out_at=office.now)

        row = await office.send(await office.notify(channels=BOTH))

        assert (row.status, row.reason) == (Status.SUPPRESSED, "opted_out")
        assert await office.deliveries(row.id) == []


class TestHours:
    async def test_a_reminder_at_night_waits_for_the_morning(self, office: Office) -> None:
        office.later(hours=10)  # 20:00 in Nairobi.
        identity = await office.notify("reminder_before_due", params=DUE, purpose=Purpose.REMINDER)

        row = await office.send(identity)
        assert row.status is Status.HELD
        assert row.not_before is not None
        assert row.not_before.hour == 5  # 08:00 in Nairobi.
        await office.release()
        assert (await office.row(identity)).status is Status.HELD
        office.later(hours=12, minutes=1)
        await office.release()
        row = await office.send(identity)

        assert row.status is Status.SENT
        assert len(await office.chat()) == 1

    async def test_a_code_at_night_goes(self, office: Office) -> None:
        office.later(hours=17)

        assert (await office.send(await office.send_code())).status is Status.SENT

    async def test_a_late_worker_is_judged_by_its_own_hour(self, office: Office) -> None:
        identity = await office.notify("reminder_before_due", params=DUE, purpose=Purpose.REMINDER)
        office.later(hours=10)

        assert (await office.send(identity)).status is Status.HELD
        assert await office.chat() == []

    async def test_one_collection_message_a_day(self, office: Office) -> None:
        nudge = {"purpose": Purpose.COLLECTION, "params": LATE}
        first = await office.send(await office.notify("collection_nudge", **nudge))
        office.later(hours=2)
        second = await office.send(await office.notify("collection_nudge", **nudge))

        assert first.status is Status.SENT
        assert second.status is Status.HELD
        assert second.not_before is not None
        assert second.not_before.date() == (office.now + timedelta(days=1)).date()

    async def test_a_second_try_is_not_a_second_message_of_the_day(self, office: Office) -> None:
        await office.sandbox.trouble("telegram", "fail", target="sendMessage", retry_after=1)
        identity = await office.notify("collection_nudge", purpose=Purpose.COLLECTION, params=LATE)
        with pytest.raises(jobs.Later):
            await office.send(identity)

        assert (await office.send(identity)).status is Status.SENT

    async def test_not_after_its_use_is_over(self, office: Office) -> None:
        identity = await office.notify(
            "reminder_before_due",
            params=DUE | {"expires_on": "date:2031-03-05"},
            purpose=Purpose.REMINDER,
        )
        office.later(hours=14)  # Midnight in Nairobi.

        row = await office.send(identity)

        assert (row.status, row.reason) == (Status.SUPPRESSED, "expired")

    async def test_not_before_its_time(self, office: Office) -> None:
        identity = await office.notify(not_before=office.now + timedelta(hours=3))

        await office.release()
        assert (await office.row(identity)).status is Status.HELD
        office.later(hours=3)
        await office.release()

        assert (await office.send(identity)).status is Status.SENT


class TestStillWanted:
    async def test_a_canceled_one_is_not_sent(self, office: Office) -> None:
        identity = await office.notify()
        async with unit_of_work(office.sessions) as session:
            stopped = await outbox.cancel(
                session,
                subject="loan:1",
                purposes=[Purpose.SERVICE],
                reason="repaid",
                now=office.now,
            )

        row = await office.send(identity)

        assert stopped == 1
        assert (row.status, row.reason) == (Status.CANCELED, "repaid")
        assert await office.chat() == []

    async def test_one_under_way_is_not_tried_again(self, office: Office) -> None:
        await office.sandbox.trouble("telegram", "fail", target="sendMessage", code=500)
        identity = await office.notify()
        with pytest.raises(jobs.Later):
            await office.send(identity)
        async with unit_of_work(office.sessions) as session:
            await outbox.cancel(
                session,
                subject="loan:1",
                purposes=[Purpose.SERVICE],
                reason="repaid",
                now=office.now,
            )

        row = await office.send(identity)

        assert row.status is Status.CANCELED
        assert await office.chat() == []

    async def test_twice_is_once(self, office: Office) -> None:
        identity = await office.notify()

        await office.send(identity)
        await office.send(identity)

        assert len(await office.chat()) == 1

    async def test_two_workers_at_once_send_it_once(self, office: Office) -> None:
        identity = await office.send_code()

        outcomes = await asyncio.gather(
            office.send(identity), office.send(identity), return_exceptions=True
        )

        assert len(await office.texts()) == 1
        assert all(isinstance(o, Notification | jobs.Later) for o in outcomes)


class TestWorker:
    @pytest.fixture
    async def worker(self, office: Office, database_url: str) -> AsyncIterator[Worker]:
        office.settings.database_url = database_url
        office.settings.job_polling_seconds = 0.02
        worker = Worker(office.settings, office.context)
        await worker.start()
        yield worker
        await worker.stop()

    async def test_sends_now_and_releases_in_the_morning(
        self, office: Office, worker: Worker
    ) -> None:
        await worker.tick()
        await office.notify()
        office.later(hours=10)
        await office.notify("reminder_before_due", params=DUE, purpose=Purpose.REMINDER)
        await worker.until_idle()
        assert await office.chat() == [
            "🎉 We received KES 1,500. Loan L-1 is fully repaid: you owe nothing. Thank you!"
        ]

        office.later(hours=12, minutes=6)
        await worker.tick()
        await worker.until_idle()

        assert len(await office.chat()) == 2
