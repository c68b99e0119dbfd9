"""What a gateway's refusal changes beyond its own message: the contact, or an operator's day."""

from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from notifications import contacts
from notifications.channels.base import Refusal
from notifications.models import Delivery

log = structlog.get_logger(__name__)


async def apply(
    session: AsyncSession, delivery: Delivery, refusal: Refusal, code: str, *, now: datetime
) -> None:
    if refusal is Refusal.ALARM:
        _alarm(session, delivery, code, now)
        return
    contact = await contacts.find(session, delivery.person_id, lock=True)
    if contact is None:
        return
    if refusal is Refusal.BLOCKED:
        contacts.telegram_blocked(session, contact, now=now)
    elif refusal is Refusal.BAD_NUMBER:
        contacts.phone_bad(session, contact, code=code, now=now)
    elif refusal is Refusal.OPTED_OUT:
        contacts.opt_out(session, contact, source="gateway", now=now)


def _alarm(session: AsyncSession, delivery: Delivery, code: str, now: datetime) -> None:
    """Kept in the audit trail as well: a log line alone may be missed."""
    log.error("notifications.operator_alarm", channel=delivery.channel, error_code=code)
    audit.record(
        session,
        actor=audit.SYSTEM,
        action="notifications.operator_alarm",
        subject=f"delivery:{delivery.id}",
        now=now,
        error_code=code,
    )
