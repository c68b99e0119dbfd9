"""Where and how a person can be reached, and what they asked us not to do."""

import re
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.crypto import Vault, person_key
from kit.db import insert_once
from kit.errors import DomainError, Kind
from notifications.models import Contact, InboundMessage
from notifications.states import InboundKind

_E164 = re.compile(r"\+[1-9]\d{6,14}")


class ContactNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "contact_not_found"


class ChatTaken(DomainError):
    """The chat already belongs to another person."""

    kind = Kind.CONFLICT
    code = "chat_belongs_to_another"


class TimezoneUnknown(DomainError):
    code = "timezone_unknown"


class PhoneNotE164(DomainError):
    code = "phone_not_e164"


async def register(
    session: AsyncSession,
    *,
    person_id: UUID,
    telegram_chat_id: int | None,
    locale: str,
    timezone: str,
    now: datetime,
) -> Contact:
    """Know the person's chat, language and zone.

    Again: the chat is taken over; language and zone stay what the person has chosen since.
    """
    if not is_timezone(timezone):
        raise TimezoneUnknown(timezone=timezone)
    if telegram_chat_id is not None:
        owner = await session.scalar(
            select(Contact.person_id).where(Contact.telegram_chat_id == telegram_chat_id)
        )
        if owner not in (None, person_id):
            raise ChatTaken()
    wrote = await insert_once(
        session,
        Contact,
        person_id=person_id,
        telegram_chat_id=telegram_chat_id,
        locale=locale,
        timezone=timezone,
        created_at=now,
    )
    contact = await session.get(Contact, person_id, with_for_update=True)
    if contact is None:
        raise ChatTaken()
    if not wrote and telegram_chat_id is not None:
        contact.telegram_chat_id = telegram_chat_id
        telegram_heard(contact)
    return contact


async def get(session: AsyncSession, person_id: UUID, *, lock: bool = False) -> Contact:
    contact = await find(session, person_id, lock=lock)
    if contact is None:
        raise ContactNotFound()
    return contact


async def find(session: AsyncSession, person_id: UUID, *, lock: bool = False) -> Contact | None:
    return await session.get(
        Contact, person_id, with_for_update=lock or None, populate_existing=lock
    )


async def list_by_phone(session: AsyncSession, vault: Vault, phone: str) -> list[Contact]:
    return await list_by_index(session, phone_index(vault, phone))


async def list_by_index(session: AsyncSession, index: str) -> list[Contact]:
    """By the blind index of a phone, where the phone itself was not kept."""
    rows = await session.scalars(
        select(Contact)
        .where(Contact.phone_index == index)
        .order_by(Contact.created_at, Contact.person_id)
    )
    return list(rows)


def phone_index(vault: Vault, phone_e164: str) -> str:
    return vault.blind_index("contacts.phone", phone_e164)


async def set_phone(
    session: AsyncSession, vault: Vault, *, person_id: UUID, phone_e164: str, now: datetime
) -> Contact:
    if not _E164.fullmatch(phone_e164):
        raise PhoneNotE164()
    contact = await get(session, person_id, lock=True)
    index = phone_index(vault, phone_e164)
    contact.phone_bad_at = None  # Shown again, also the same number deserves another try.
    if contact.phone_index == index:
        return contact
    key = await person_key(session, vault, person_id, now=now)
    contact.phone = key.seal(_place(person_id), phone_e164)
    contact.phone_index = index
    if await _last_wish(session, index) is InboundKind.STOP:
        # The number said STOP before we knew whose it is. It still holds.
        contact.sms_opted_out_at = contact.sms_opted_out_at or now
    return contact


async def forget_phone(session: AsyncSession, *, person_id: UUID, now: datetime) -> Contact:
    """The number is no longer this person's. What was wished for it does not bind another one."""
    contact = await get(session, person_id, lock=True)
    contact.phone = contact.phone_index = contact.phone_bad_at = contact.sms_opted_out_at = None
    _note(session, contact, "contact.phone_forgotten", now)
    return contact


async def forget(session: AsyncSession, *, person_id: UUID) -> None:
    """Nothing leads to the person any more: no chat, no number, no hash of it."""
    contact = await find(session, person_id, lock=True)
    if contact is not None:
        contact.telegram_chat_id = contact.phone = contact.phone_index = None
    await session.execute(
        update(InboundMessage).where(InboundMessage.person_id == person_id).values(phone_index="")
    )


async def phone_of(
    session: AsyncSession, vault: Vault, contact: Contact, *, now: datetime
) -> str | None:
    if contact.phone is None:
        return None
    key = await person_key(session, vault, contact.person_id, now=now)
    return key.open_text(_place(contact.person_id), contact.phone)


async def set_locale(session: AsyncSession, *, person_id: UUID, locale: str) -> Contact:
    contact = await get(session, person_id, lock=True)
    contact.locale = locale
    return contact


async def set_timezone(session: AsyncSession, *, person_id: UUID, timezone: str) -> Contact:
    if not is_timezone(timezone):
        raise TimezoneUnknown(timezone=timezone)
    contact = await get(session, person_id, lock=True)
    contact.timezone = timezone
    return contact


def telegram_blocked(session: AsyncSession, contact: Contact, *, now: datetime) -> None:
    if contact.telegram_blocked_at is None:
        contact.telegram_blocked_at = now
        _note(session, contact, "contact.telegram_blocked", now)


def telegram_heard(contact: Contact) -> None:
    """The person wrote in the chat, so the chat works again."""
    contact.telegram_blocked_at = None


def phone_bad(session: AsyncSession, contact: Contact, *, code: str, now: datetime) -> None:
    if contact.phone_bad_at is None:
        contact.phone_bad_at = now
        _note(session, contact, "contact.phone_bad", now, code=code)


def opt_out(session: AsyncSession, contact: Contact, *, source: str, now: datetime) -> None:
    """No more SMS but the critical ones, from any of our programmes, from now on."""
    if contact.sms_opted_out_at is None:
        contact.sms_opted_out_at = now
        _note(session, contact, "contact.sms_opted_out", now, source=source)


def opt_in(session: AsyncSession, contact: Contact, *, source: str, now: datetime) -> None:
    if contact.sms_opted_out_at is not None:
        contact.sms_opted_out_at = None
        _note(session, contact, "contact.sms_opted_in", now, source=source)


def is_timezone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _note(
    session: AsyncSession, contact: Contact, action: str, now: datetime, **facts: str
) -> None:
    subject = f"contact:{contact.person_id}"
    audit.record(session, actor=audit.SYSTEM, action=action, subject=subject, now=now, **facts)


async def _last_wish(session: AsyncSession, index: str) -> InboundKind | None:
    return await session.scalar(
        select(InboundMessage.kind)
        .where(
            InboundMessage.phone_index == index,
            InboundMessage.kind.in_([InboundKind.STOP, InboundKind.START]),
        )
        .order_by(InboundMessage.received_at.desc(), InboundMessage.id.desc())
        .limit(1)
    )


def _place(person_id: UUID) -> str:
    return f"contacts.phone.{person_id}"
