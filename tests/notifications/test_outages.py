"""While no gateway can be reached: tried again for as long as the message is of use."""

import pytest

from kit import jobs
from notifications import delivery
from notifications.states import Purpose, Status
from tests.notifications.conftest import Office

DUE = {"loan": "L-1", "amount": "money:120000:KES", "due_on": "date:2031-03-06"}


class TestAnOutage:
    async def test_is_outlasted_when_there_is_no_other_way(self, office: Office) -> None:
        await office.sandbox.trouble("telegram", "fail", target="sendMessage", code=502, times=7)
        identity = await office.notify(fallback=False)

        pauses = []
        for _ in range(7):
            with pytest.raises(jobs.Later) as later:
                await office.send(identity)
            pauses.append(later.value.seconds)
            office.later(seconds=later.value.seconds)
        row = await office.send(identity)

        assert pauses == [2, 8, 32, 128, 512, 600, 600]
        assert row.status is Status.SENT

    async def test_a_reminder_is_not_tried_for_longer_than_two_hours(self, office: Office) -> None:
        await office.sandbox.trouble("telegram", "fail", target="sendMessage", code=502, times=99)
        identity = await office.notify(
            "reminder_before_due", params=DUE, purpose=Purpose.REMINDER, fallback=False
        )
        for _ in range(6):
            with pytest.raises(jobs.Later):
                await office.send(identity)
        office.later(hours=2)
        row = await office.send(identity)

        assert (row.status, row.reason) == (Status.FAILED, "not_reachable")

    async def test_a_code_is_not_sent_when_it_no_longer_works(self, office: Office) -> None:
        url, office.settings.twilio_api_url = office.settings.twilio_api_url, "http://127.0.0.1:9"
        identity = await office.send_code()
        for _ in range(delivery.TRIES + 2):
            with pytest.raises(jobs.Later):
                await office.send(identity)
        office.later(minutes=10)
        office.settings.twilio_api_url = url
        row = await office.send(identity)

        assert row.reason == "expired"
        assert await office.texts() == []
