"""What people answer by SMS: they opt out, opt in, ask for help; the rest is kept for staff."""

import re
import unicodedata
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.crypto import KeyDestroyed, Vault, person_key
from kit.db import insert_once, lock_key
from kit.ids import new_id
from notifications import contacts, templates
from notifications.models import Contact, InboundMessage
from notifications.states import Channel, InboundKind

# The carriers' words come first: they change the consent at the carrier too. A wish that is
# worded in another way must be honoured as well.
_STOP_WORDS = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
    | {"baja", "alto", "cancelar", "parar"}
)
_STOP_PHRASES = re.compile(
    r"\bstop\b|\bunsubscribe|\bopt(ing)? ?out\b|\bremove me\b|\bleave me alone\b"
    r"|\bno more (texts?|messages?|sms)\b|\bdo(n.?t| not) (text|message|write|contact)\b"
    r"|\b(de|darme|denme|dar) (de )?baja\b|\bno me (escrib|mand|envi|contact|molest)"
    r"|\bno (mas|quiero|deseo)( recibir)?( mas)? (mensajes|sms)\b"
    r"|\bdejen? de (escrib|envi|mand)"
)
_START_WORDS = frozenset({"start", "yes", "unstop"})
_HELP_WORDS = frozenset({"help", "info", "ayuda"})


async def receive(
    session: AsyncSession,
    vault: Vault,
    *,
    sid: str,
    from_phone: str,
    body: str,
    lender: str,
    now: datetime,
) -> str | None:
    """Take an SMS in, once for its `sid`. The answer to give, or None for silence."""
    index = contacts.phone_index(vault, from_phone)
    # A phone's wishes are taken in one after the other.
    await lock_key(session, f"inbound:{index}")
    people = await contacts.list_by_phone(session, vault, from_phone)
    kind = kind_of(body)
    if not await _keep(session, vault, people, sid=sid, index=index, body=body, kind=kind, now=now):
        return None
    for person in people:
        if kind is InboundKind.STOP:
            contacts.opt_out(session, person, source="sms", now=now)
        elif kind is InboundKind.START:
            contacts.opt_in(session, person, source="sms", now=now)
    if kind in (InboundKind.HELP, InboundKind.MENU):
        locale = people[0].locale if people else "en"
        words = templates.render("sms_help", Channel.SMS, locale, {}, lender=lender)
        return words.text
    return None


def kind_of(body: str) -> InboundKind:
    words = _folded(body)
    if words in _STOP_WORDS or _STOP_PHRASES.search(words):
        return InboundKind.STOP
    if words in _START_WORDS:
        return InboundKind.START
    if words in _HELP_WORDS:
        return InboundKind.HELP
    if len(words) == 1 and words.isdigit():
        return InboundKind.MENU
    return InboundKind.TEXT


def _folded(body: str) -> str:
    """Lower case, without accents and punctuation, single spaces."""
    bare = "".join(
        c for c in unicodedata.normalize("NFKD", body.casefold()) if not unicodedata.combining(c)
    )
    return " ".join(re.sub(r"[^\w' ]|_", " ", bare).split())


async def _keep(
    session: AsyncSession,
    vault: Vault,
    people: list[Contact],
    *,
    sid: str,
    index: str,
    body: str,
    kind: InboundKind,
    now: datetime,
) -> bool:
    if await session.scalar(select(InboundMessage.id).where(InboundMessage.provider_id == sid)):
        return False
    identity = new_id()
    person_id = people[0].person_id if people else None
    return await insert_once(
        session,
        InboundMessage,
        id=identity,
        provider_id=sid,
        person_id=person_id,
        phone_index=index,
        body=await _sealed(session, vault, person_id, identity, body, now),
        kind=kind,
        received_at=now,
    )


async def _sealed(
    session: AsyncSession,
    vault: Vault,
    person_id: UUID | None,
    identity: UUID,
    body: str,
    now: datetime,
) -> bytes | None:
    if person_id is None:
        return None
    try:
        key = await person_key(session, vault, person_id, now=now)
    except KeyDestroyed:
        return None
    return key.seal(place_of(identity), body)


def place_of(message_id: UUID) -> str:
    return f"inbound_messages.body.{message_id}"
