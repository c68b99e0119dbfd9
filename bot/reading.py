"""Between the picture of a document and the next question: what stands on it is read.

That takes seconds: in a worker, outside of any transaction, and the borrower is told before.
"""

from contextlib import suppress
from dataclasses import replace
from uuid import UUID

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError

from bot import show, text
from bot.screens.base import Screen
from bot.text import Words, matching_locale
from kit import jobs
from kit.clock import business_date
from kit.config import Settings
from kit.db import unit_of_work
from kit.errors import DomainError
from kyc.documents import check as documents
from kyc.pictures import Inspection
from onboarding import identity
from onboarding.saving import StepNotAsked

log = structlog.get_logger(__name__)
SIDES = ("document", "document_back")


async def read(
    context: jobs.Context, application_id: UUID, step: str, seen: Inspection
) -> Inspection:
    """With what was read, where a good picture shows a side of the document.

    Nothing is read where a provider reads documents. What fails here is tried again by the check.
    """
    settings, now = context.service(Settings), context.clock.now()
    if step not in SIDES or seen.findings or "document" in settings.kyc_providers:
        return seen
    try:
        async with unit_of_work(context.sessions) as session:
            dossier = await identity.waiting_for(session, application_id, step)
            sides = await identity.sides_before(session, dossier, step, now=now)
    except StepNotAsked:
        return seen  # A repeat.
    texts = text.load()
    words = Words(texts, matching_locale(dossier.borrower.locale, texts))
    with suppress(TelegramAPIError):  # Nobody has to hear this.
        chat_id = dossier.borrower.telegram_id
        assert chat_id is not None
        await show.send(context.service(Bot), chat_id, Screen(words("photo-is-read")))
    try:
        on = business_date(now, settings.timezone)
        return replace(seen, reading=await documents.read([*sides, seen.content], on=on))
    except DomainError:
        return seen
    except Exception as fault:
        # Libraries raise whatever they stumble over in a picture: nobody waits for ever for that.
        log.error("document.not_read", error=type(fault).__name__)
        return seen
