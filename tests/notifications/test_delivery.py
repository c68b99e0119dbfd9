"""Messages leave once, within hours, on every channel that was asked for, while still wanted."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from kit import jobs
from kit.db import unit_of_work
from kit.worker import Worker
from notifications import hearing, outbox
from notifications.models import Notification
from notifications.states import Channel, Purpose, Status
from tests.notifications.conftest import Office

BOTH = [Channel.TELEGRAM, Channel.SMS]
DUE = {"loan": "L-1", "amount": "money:120000:KES", "due_on": "date:2031-03-06"}
LATE = {"loan": "L-1", "amount": "money:120000:KES", "days": 3}


class TestBothChannels:
    async def test_each_gets_it_once(self, office: Office) -> None:
        identity = await office.notify("reminder_before_due", params=DUE, channels=BOTH)

        await office.send(identity)
        await office.settle()

        assert len(await office.chat()) == 1
        assert len(await office.texts()) == 1
        assert (await office.row(identity)).status is Status.DELIVERED

    async def test_one_that_fails_does_not_hide_the_other(self, office: Office) -> None:
        await office.blocked()
        row = await office.send(
            await office.notify("reminder_before_due", params=DUE, channels=BOTH)
        )

        assert row.status is Status.SENT
        assert len(await office.texts()) == 1

    async def test_nothing_usable_is_suppressed(self, office: Office) -> None:
        await office.set_contact(telegram_chat_id=None, sms_opted_out_at=office.now)

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


class TestAwake:
    async def hears(self, office: Office) -> None:
        async with unit_of_work(office.sessions) as session:
            await hearing.heard(session, office.amina, now=office.now)

    async def test_who_has_just_written_is_answered_at_night(self, office: Office) -> None:
        office.later(hours=16)  # 02:00 in Nairobi.
        await self.hears(office)
        office.later(minutes=10)

        assert (await office.send(await office.notify())).status is Status.SENT

    async def test_what_waits_for_the_morning_goes_when_they_write(self, office: Office) -> None:
        office.later(hours=16)
        waiting = await office.notify()
        reminder = await office.notify("reminder_before_due", params=DUE, purpose=Purpose.REMINDER)
        for identity in (waiting, reminder):
            assert (await office.send(identity)).reason == "contact_hours"
        await self.hears(office)

        assert (await office.row(waiting)).status is Status.QUEUED
        assert (await office.send(waiting)).status is Status.SENT
        assert (await office.row(reminder)).status is Status.HELD

    async def test_what_is_to_be_said_later_still_waits(self, office: Office) -> None:
        identity = await office.notify(not_before=office.now + timedelta(hours=3))
        await self.hears(office)

        assert (await office.row(identity)).status is Status.HELD


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
