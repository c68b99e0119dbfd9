"""What is to be said exists exactly when the facts do, once, and in nobody's clear sight."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from kit import crypto
from kit.crypto import Vault
from kit.db import Sessions, unit_of_work
from notifications import contacts, outbox, sealing
from notifications.models import Contact, Notification
from notifications.states import Channel, Purpose, Status
from notifications.templates import ParameterMissing, TemplateUnknown

EVERYTHING = list(Purpose)


@pytest.fixture
async def amina(session: AsyncSession, vault: Vault, now: datetime) -> UUID:
    person_id = uuid4()
    await contacts.register(
        session,
        person_id=person_id,
        telegram_chat_id=71,
        locale="en",
        timezone="Africa/Nairobi",
        now=now,
    )
    await contacts.set_phone(
        session, vault, person_id=person_id, phone_e164="+254700000001", now=now
    )
    return person_id


PARAMS = {"loan": "L-7K3QFWX", "amount": "money:150000:KES"}


async def say(
    session: AsyncSession, person_id: UUID, now: datetime, key: str = "loan:1:closed", **given: Any
) -> Notification:
    values: dict[str, Any] = {
        "template": "loan_closed",
        "params": PARAMS,
        "purpose": Purpose.SERVICE,
        "subject": "loan:1",
    }
    return await outbox.notify(session, person_id=person_id, key=key, now=now, **(values | given))


async def jobs_for(session: AsyncSession, key: str) -> int:
    """Jobs of the engine under this key, read in the same transaction."""
    table = "workflow_status"
    if session.get_bind().dialect.name == "postgresql":
        table = "dbos.workflow_status"
    counted = await session.execute(
        text(f"SELECT count(*) FROM {table} WHERE workflow_uuid = :key"), {"key": key}
    )
    return int(counted.scalar_one())


class TestNotify:
    async def test_queues_a_job_in_the_same_transaction(
        self, session: AsyncSession, amina: UUID, now: datetime
    ) -> None:
        row = await say(session, amina, now)

        assert row.status is Status.QUEUED
        assert await jobs_for(session, f"send:{row.id}:0") == 1

    async def test_the_same_key_twice_is_one_message(
        self, session: AsyncSession, amina: UUID, now: datetime
    ) -> None:
        first = await say(session, amina, now)
        second = await say(session, amina, now, params=PARAMS | {"loan": "another"})

        assert first.id == second.id
        assert await session.scalar(select(func.count(Notification.id))) == 1
        assert await sealing.params_of(session, second, now=now) == PARAMS

    async def test_later_is_held_without_a_job(
        self, session: AsyncSession, amina: UUID, now: datetime
    ) -> None:
        row = await say(session, amina, now, not_before=now + timedelta(days=3))

        assert row.status is Status.HELD
        assert await jobs_for(session, f"send:{row.id}:0") == 0

    @pytest.mark.parametrize(
        ("given", "expires_at"),
        [
            ({}, None),
            # Until the end of the day in Nairobi.
            ({"expires_on": "date:2026-11-21"}, datetime(2026, 11, 21, 21, tzinfo=UTC)),
            ({"expires_on": "2026-11-21"}, datetime(2026, 11, 21, 21, tzinfo=UTC)),
            (
                {"expires_at": "2026-11-20T07:10:00+00:00"},
                datetime(2026, 11, 20, 7, 10, tzinfo=UTC),
            ),
        ],
    )
    async def test_knows_when_its_use_is_over(
        self,
        session: AsyncSession,
        amina: UUID,
        now: datetime,
        given: dict[str, str],
        expires_at: datetime | None,
    ) -> None:
        row = await say(session, amina, now, params=PARAMS | given)

        assert row.expires_at == expires_at

    async def test_what_cannot_be_rendered_is_refused_at_once(
        self, session: AsyncSession, amina: UUID, now: datetime
    ) -> None:
        with pytest.raises(ParameterMissing):
            await say(session, amina, now, params={})
        with pytest.raises(TemplateUnknown):
            await say(session, amina, now, template="unheard_of")

    async def test_an_erased_person_is_told_nothing_and_the_caller_goes_on(
        self, session: AsyncSession, amina: UUID, now: datetime
    ) -> None:
        await crypto.person_key(session, crypto.vault_of(session), amina, now=now)
        await crypto.shred(session, amina, now=now)

        row = await say(session, amina, now)

        assert (row.status, row.reason, row.params) == (Status.SUPPRESSED, "erased", None)
        assert await jobs_for(session, f"send:{row.id}:0") == 0


class TestPrivacy:
    async def test_nothing_is_in_clear_in_the_rows(
        self, session: AsyncSession, amina: UUID, now: datetime
    ) -> None:
        row = await say(
            session,
            amina,
            now,
            template="otp_code",
            params={"code": "482913", "minutes": 10},
            channels=[Channel.SMS],
        )
        await session.flush()

        for table in ("outbound_messages", "contacts", "workflow_status"):
            if table == "workflow_status" and session.get_bind().dialect.name == "postgresql":
                table = "dbos.workflow_status"
            stored = (await session.execute(text(f"SELECT * FROM {table}"))).all()
            assert stored
            everything = b"\n".join(raw(value) for line in stored for value in line)
            assert b"482913" not in everything
            assert b"minutes" not in everything
            assert b"254700000001" not in everything
        assert await sealing.params_of(session, row, now=now) == {"code": "482913", "minutes": 10}

    async def test_params_of_one_message_do_not_open_as_anothers(
        self, session: AsyncSession, amina: UUID, now: datetime
    ) -> None:
        first = await say(session, amina, now, key="one")
        second = await say(session, amina, now, key="two")
        second.params = first.params

        with pytest.raises(crypto.CannotOpen):
            await sealing.params_of(session, second, now=now)


def raw(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


class TestCancel:
    async def test_stops_what_is_queued_and_held_about_the_subject(
        self, session: AsyncSession, amina: UUID, now: datetime
    ) -> None:
        queued = await say(session, amina, now, key="a")
        held = await say(session, amina, now, key="b", not_before=now + timedelta(days=1))
        receipt = await say(session, amina, now, key="c", purpose=Purpose.CRITICAL)
        other = await say(session, amina, now, key="d", subject="loan:2")

        stopped = await outbox.cancel(
            session,
            subject="loan:1",
            purposes=[Purpose.SERVICE, Purpose.REMINDER],
            reason="repaid",
            now=now,
        )

        assert stopped == 2
        assert (queued.status, held.status) == (Status.CANCELED, Status.CANCELED)
        assert (receipt.status, other.status) == (Status.QUEUED, Status.QUEUED)
        assert queued.reason == "repaid"

    async def test_again_stops_nothing(
        self, session: AsyncSession, amina: UUID, now: datetime
    ) -> None:
        await say(session, amina, now)
        for expected in (1, 0):
            stopped = await outbox.cancel(
                session, subject="loan:1", purposes=EVERYTHING, reason="repaid", now=now
            )
            assert stopped == expected

    async def test_is_undone_with_the_transaction_it_is_part_of(
        self, sessions: Sessions, session: AsyncSession, amina: UUID, now: datetime
    ) -> None:
        """A repayment cancels the reminders and thanks; then its transaction fails."""
        reminder = await say(session, amina, now)
        await session.commit()

        async def repay() -> None:
            async with unit_of_work(sessions) as own:
                await outbox.cancel(
                    own, subject="loan:1", purposes=EVERYTHING, reason="repaid", now=now
                )
                await say(own, amina, now, key="thanks")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await repay()

        async with unit_of_work(sessions) as own:
            row = await own.get_one(Notification, reminder.id)
            assert (row.status, row.canceled_at) == (Status.QUEUED, None)
            assert await own.scalar(select(func.count(Notification.id))) == 1


class TestContacts:
    async def register(
        self, session: AsyncSession, person_id: UUID, now: datetime, **given: Any
    ) -> Contact:
        values: dict[str, Any] = {
            "telegram_chat_id": 99,
            "locale": "en",
            "timezone": "Africa/Nairobi",
        }
        return await contacts.register(session, person_id=person_id, now=now, **(values | given))

    async def test_registering_again_keeps_what_the_person_chose(
        self, session: AsyncSession, amina: UUID, now: datetime
    ) -> None:
        await contacts.set_locale(session, person_id=amina, locale="es")

        contact = await self.register(session, amina, now, telegram_chat_id=72, locale="en")

        assert (contact.telegram_chat_id, contact.locale) == (72, "es")

    async def test_a_chat_belongs_to_one_person(
        self, session: AsyncSession, amina: UUID, now: datetime
    ) -> None:
        with pytest.raises(contacts.ChatTaken):
            await self.register(session, uuid4(), now, telegram_chat_id=71)

    @pytest.mark.parametrize("zone", ["Mars/Base", "", "../etc/passwd"])
    async def test_a_zone_that_is_not_one(
        self, session: AsyncSession, amina: UUID, now: datetime, zone: str
    ) -> None:
        with pytest.raises(contacts.TimezoneUnknown):
            await self.register(session, uuid4(), now, timezone=zone)
        with pytest.raises(contacts.TimezoneUnknown):
            await contacts.set_timezone(session, person_id=amina, timezone=zone)

    @pytest.mark.parametrize("phone", ["0700000001", "+0123456789", "+25470000000a", "+1", ""])
    async def test_a_phone_that_is_not_one(
        self, session: AsyncSession, vault: Vault, amina: UUID, now: datetime, phone: str
    ) -> None:
        with pytest.raises(contacts.PhoneNotE164):
            await contacts.set_phone(session, vault, person_id=amina, phone_e164=phone, now=now)

    async def test_a_person_is_found_by_phone(
        self, session: AsyncSession, vault: Vault, amina: UUID
    ) -> None:
        found = await contacts.list_by_phone(session, vault, "+254700000001")

        assert [contact.person_id for contact in found] == [amina]
        assert await contacts.list_by_phone(session, vault, "+254700000002") == []

    async def test_a_phone_that_is_forgotten_takes_its_wishes_with_it(
        self, session: AsyncSession, vault: Vault, amina: UUID, now: datetime
    ) -> None:
        contact = await contacts.get(session, amina)
        contacts.opt_out(session, contact, source="sms", now=now)
        await contacts.forget_phone(session, person_id=amina, now=now)

        assert (contact.phone, contact.sms_opted_out_at) == (None, None)
        assert await contacts.list_by_phone(session, vault, "+254700000001") == []

    async def test_a_new_phone_is_good_until_proven_bad(
        self, session: AsyncSession, vault: Vault, amina: UUID, now: datetime
    ) -> None:
        contact = await contacts.get(session, amina)
        contacts.phone_bad(session, contact, code="30005", now=now)
        contacts.opt_out(session, contact, source="sms", now=now)

        await contacts.set_phone(
            session, vault, person_id=amina, phone_e164="+254700000002", now=now
        )

        assert contact.phone_bad_at is None
        assert contact.sms_opted_out_at == now

    async def test_the_same_phone_shown_again_gets_another_try(
        self, session: AsyncSession, vault: Vault, amina: UUID, now: datetime
    ) -> None:
        contact = await contacts.get(session, amina)
        contacts.phone_bad(session, contact, code="30005", now=now)

        await contacts.set_phone(
            session, vault, person_id=amina, phone_e164="+254700000001", now=now
        )

        assert contact.phone_bad_at is None

    async def test_a_stranger_is_not_found(self, session: AsyncSession) -> None:
        with pytest.raises(contacts.ContactNotFound):
            await contacts.get(session, uuid4())
