"""Staff see what was said to a person, never a code; and nothing of it is in the logs."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from sqlalchemy import select

from kit import audit, crypto, jobs, log
from kit.db import unit_of_work
from notifications import queries
from notifications.queries import Direction, Said
from notifications.states import Channel, DeliveryStatus, Status
from tests.notifications.conftest import AMINAS_PHONE, Office


async def conversation(office: Office) -> list[Said]:
    async with unit_of_work(office.sessions) as session:
        return await queries.conversation(session, office.amina, actor="staff:7", now=office.now)


class TestConversation:
    async def test_both_sides_in_order_and_codes_hidden(self, office: Office) -> None:
        await office.send(await office.notify())
        office.later(minutes=1)
        await office.send(await office.send_code())
        await office.settle()
        office.later(minutes=1)
        await office.answers("I paid")

        said = await conversation(office)

        assert [(line.direction, line.channel, line.text) for line in said] == [
            (
                Direction.OUT,
                Channel.TELEGRAM,
                "🎉 We received <b>KES 1,500</b>. Loan L-1 is fully repaid: you owe nothing."
                " Thank you!",
            ),
            (Direction.OUT, Channel.SMS, "***"),
            (Direction.IN, Channel.SMS, "I paid"),
        ]
        assert [line.status for line in said] == ["sent", "delivered", "received"]

    async def test_reading_is_recorded(self, office: Office) -> None:
        await conversation(office)

        async with unit_of_work(office.sessions) as session:
            event = await session.scalar(
                select(audit.AuditEvent).where(audit.AuditEvent.action == "conversation.read")
            )
        assert event is not None
        assert (event.actor, event.subject) == ("staff:7", f"contact:{office.amina}")

    async def test_an_erased_persons_words_are_gone(self, office: Office) -> None:
        await office.send(await office.notify())
        await office.answers("I paid")
        async with unit_of_work(office.sessions) as session:
            await crypto.shred(session, office.amina, now=office.now)

        assert [line.text for line in await conversation(office)] == [None, None]

    async def test_what_was_queued_for_an_erased_person_is_dropped(self, office: Office) -> None:
        identity = await office.notify()
        async with unit_of_work(office.sessions) as session:
            await crypto.shred(session, office.amina, now=office.now)

        row = await office.send(identity)

        assert (row.status, row.reason) == (Status.SUPPRESSED, "erased")
        assert await office.chat() == []


class TestMessages:
    async def test_are_shown_with_every_attempt_newest_first(self, office: Office) -> None:
        await office.blocked()
        await office.send(await office.notify())
        await office.settle()
        office.later(minutes=1)
        waiting = await office.notify()

        async with unit_of_work(office.sessions) as session:
            newest, oldest = await queries.list_messages(session, office.amina)
            page = await queries.list_messages(session, office.amina, after=waiting, limit=1)

        assert (newest.notification.id, newest.deliveries) == (waiting, [])
        assert [(row.channel, row.status) for row in oldest.deliveries] == [
            (Channel.TELEGRAM, DeliveryStatus.FAILED),
            (Channel.SMS, DeliveryStatus.DELIVERED),
        ]
        assert [sent.notification.id for sent in page] == [oldest.notification.id]


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    """Whatever is logged at any level: our own lines as they leave, libraries' as they are."""
    caught: list[Any] = []

    class Catcher(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if not record.name.startswith(("sandbox", "uvicorn", "httpx", "httpcore")):
                caught.append(record.getMessage())

    def keep(_: object, __: str, event: Any) -> Any:
        caught.append(repr(log.redact(None, "", dict(event))))
        raise structlog.DropEvent

    handler, root = Catcher(logging.DEBUG), logging.getLogger()
    level, configured = root.level, structlog.get_config()
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    structlog.configure(processors=[keep])
    yield caught
    root.removeHandler(handler)
    root.setLevel(level)
    structlog.configure(**configured)


async def test_no_code_and_no_phone_is_ever_logged(office: Office, lines: list[Any]) -> None:
    await office.sandbox.trouble("sms", "lose_answer")
    identity = await office.send_code()
    with pytest.raises(jobs.Later):
        await office.send(identity)
    await office.send(identity)
    await office.sandbox.trouble("sms", "fail", code=21408)
    await office.send(await office.send_code())
    await office.settle()

    everything = "\n".join(map(str, lines))
    assert "operator_alarm" in everything
    assert "482913" not in everything
    assert AMINAS_PHONE.removeprefix("+") not in everything
