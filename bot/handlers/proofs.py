"""Proofs that are wanted again after the application was sent: here the phone and its code.

New pictures come in by `bot.handlers.photos`, whoever asked for them.
"""

import re

from aiogram import F, Router
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Message, TelegramObject

from bot import places, refusals, sms
from bot.context import UpdateContext
from bot.handlers.own import OwnButton
from bot.handlers.where import Where
from bot.screens import questions
from bot.screens.base import Reply, reply
from onboarding import codes, proofs
from onboarding.saving import Contact
from onboarding.steps import StepKind

CODE = re.compile(rf"\s*(?:\d[\s-]*){{{codes.DIGITS}}}", re.ASCII)


class Wanted(Filter):
    """A proof of this kind is asked for beside the application or the loan."""

    def __init__(self, kind: StepKind) -> None:
        self.kind = kind

    async def __call__(self, event: TelegramObject, context: UpdateContext) -> bool:
        wanted = proofs.asked(context.dossier) if context.dossier is not None else None
        return wanted is not None and wanted.kind is self.kind


async def shared(message: Message, context: UpdateContext) -> Reply:
    assert message.contact is not None
    after = await proofs.give(
        context.session,
        context.known,
        step="phone",
        contact=Contact(message.contact.phone_number, message.contact.user_id),
        settings=context.office.settings,
        now=context.now,
    )
    asked = await sms.warned(context, after, await places.current(context.at(after)))
    return Reply((questions.thanks_for_phone(context.words), asked))


async def typed(message: Message, context: UpdateContext) -> Reply:
    after = await proofs.give(
        context.session,
        context.known,
        step="phone_code",
        text=message.text or "",
        settings=context.office.settings,
        now=context.now,
    )
    problem, place = after.problem, await places.current(context.at(after))
    words = context.words
    return refusals.under(words.refusal(problem) if problem else words("proof-phone-given"), place)


async def resend(_: CallbackQuery, context: UpdateContext) -> Reply:
    after = await proofs.resend_code(context.session, context.known, now=context.now)
    warning = await sms.warning(context, after)
    return refusals.under(
        warning or context.words("code-sent-again"), await places.current(context.at(after))
    )


async def rephone(_: CallbackQuery, context: UpdateContext) -> Reply:
    after = await proofs.change_phone(context.session, context.known)
    return reply(await places.current(context.at(after)))


def register(router: Router) -> None:
    router.message.register(shared, Where(F.contact), Wanted(StepKind.CONTACT))
    router.message.register(
        typed, Where(F.text.regexp(CODE, mode="fullmatch")), Wanted(StepKind.CODE)
    )
    router.callback_query.register(resend, OwnButton("resend"), Wanted(StepKind.CODE))
    router.callback_query.register(rephone, OwnButton("rephone"), Wanted(StepKind.CODE))
