"""Messages by SMS: sent once and confirmed by a receipt, whatever the gateway does."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from kit import audit, jobs
from kit.db import unit_of_work
from notifications.models import Delivery, Notification
from notifications.states import Channel, DeliveryStatus, Status
from tests.notifications.conftest import REACHED, Office


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
