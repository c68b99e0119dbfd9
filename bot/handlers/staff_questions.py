"""The answer to a question of staff: what the borrower writes next, unless it is a code."""

import re

from aiogram import F, Router
from aiogram.types import Message
from sqlalchemy import select

from bot import places, refusals
from bot.context import UpdateContext
from bot.handlers.where import Where
from bot.screens.base import Reply
from onboarding import cases, codes, dossiers, steps
from onboarding.dossiers import Dossier
from onboarding.models import Code
from onboarding.states import ApplicationStatus
from onboarding.steps import StepKind

_CODE = re.compile(rf"\s*(?:\d[\s-]*){{{codes.DIGITS}}}", re.ASCII)


async def answer(message: Message, context: UpdateContext) -> Reply:
    case = context.known.question
    assert case is not None
    await cases.reply(context.session, case, message.text or "", now=context.now)
    after = await dossiers.of(context.session, context.known.borrower)
    sentence = context.words("status-question-answered")
    return refusals.under(sentence, await places.current(context.at(after)))


async def _is_for_staff(message: Message, context: UpdateContext) -> bool:
    dossier = context.dossier
    if dossier is None or dossier.question is None:
        return False
    is_code = _CODE.fullmatch(message.text or "") is not None
    return not (is_code and await _waits_for_code(context, dossier))


async def _waits_for_code(context: UpdateContext, dossier: Dossier) -> bool:
    if dossier.is_drafting:
        step = steps.next_step(dossier)
        return step is not None and step.kind is StepKind.CODE
    application = dossier.application
    if application is None or application.status is not ApplicationStatus.OFFERED:
        return False
    # The phone has long been proven: a code that still works is one that signs.
    requested = select(Code.id).where(
        Code.borrower_id == dossier.borrower.id,
        Code.used_at.is_(None),
        Code.expires_at > context.now,
    )
    return await context.session.scalar(requested.limit(1)) is not None


def routes() -> Router:
    router = Router(name="staff_questions")
    router.message.register(answer, Where(F.text & ~F.text.startswith("/")), _is_for_staff)
    return router
