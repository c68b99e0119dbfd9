"""Whoever writes in the chat is awake: noted once a minute, and never for somebody who leaves."""

from datetime import datetime

from sqlalchemy import select

from kit.db import unit_of_work
from notifications.models import Contact
from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender
from tests.journeys.story import Story


async def heard_at(lender: Lender) -> datetime | None:
    async with unit_of_work(lender.sessions) as session:
        return await session.scalar(select(Contact.heard_at))


async def test_is_noted_to_the_minute(lender: Lender, amina: Chatter) -> None:
    await Story(lender, amina).begins()
    await amina.says("/status")
    first = lender.clock.now()
    assert await heard_at(lender) == first
    lender.clock.move(seconds=59)
    await amina.says("/status")
    assert await heard_at(lender) == first
    lender.clock.move(seconds=1)
    await amina.says("/status")

    assert await heard_at(lender) == lender.clock.now()


async def test_counts_also_when_the_answer_was_refused_before(
    lender: Lender, amina: Chatter
) -> None:
    story = Story(lender, amina)
    await story.begins()
    await story.until("birth_date")
    lender.clock.move(minutes=5)
    await amina.says("yesterday")
    lender.clock.move(seconds=5)
    await amina.says("/status")

    assert await heard_at(lender) == lender.clock.now()


async def test_leaving_is_not_writing(lender: Lender, amina: Chatter) -> None:
    await Story(lender, amina).begins()
    before = await heard_at(lender)
    lender.clock.move(minutes=5)
    member = {"user": {"id": 4242, "is_bot": True, "first_name": "Kopa"}}
    change = amina.message()["message"] | {
        "old_chat_member": member | {"status": "member"},
        "new_chat_member": member | {"status": "kicked", "until_date": 0},
    }
    await amina.sends({"update_id": 999_999, "my_chat_member": change})

    assert await heard_at(lender) == before
