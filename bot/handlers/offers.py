"""The offer: choose less or longer, ask for the code that signs it, sign."""

import re

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from bot import papers, places, refusals, sms
from bot.callbacks import Act
from bot.context import UpdateContext
from bot.handlers.own import OwnButton
from bot.handlers.where import Where
from bot.screens import offer
from bot.screens.base import Reply, Screen, in_place, reply
from onboarding import agreements, offers
from onboarding.codes import CodeTooSoon
from onboarding.states import ApplicationStatus

_ADJUST = re.compile(r"(\d{1,15})-(\w{1,10})", re.ASCII)
_CODE_LIKE = re.compile(r"\s*(?:\d[\s-]*){4,8}", re.ASCII)


async def adjust(_: CallbackQuery, callback_data: Act, context: UpdateContext) -> Reply:
    wanted = _ADJUST.fullmatch(callback_data.value)
    if wanted is None:
        return await places.stale(context)
    after = await offers.adjust(
        context.session,
        context.known,
        amount_minor=int(wanted[1]),
        term=wanted[2],
        now=context.now,
    )
    return in_place(await places.current(context.at(after)))


async def facts(_: CallbackQuery, context: UpdateContext) -> Reply:
    """What the screen says, as a paper to take home before signing."""
    found, product = offers.current(context.known, now=context.now)
    shown = offers.key_facts(found, product, context.on)
    return reply(
        papers.key_facts(
            shown, context.words, issuer=context.office.settings.lender_name, now=context.now
        )
    )


async def accept(_: CallbackQuery, context: UpdateContext) -> Reply:
    """Send the code that signs exactly what the screen shows."""
    dossier = context.known
    try:
        facts = await agreements.request_code(
            context.session, dossier, on=context.on, now=context.now
        )
    except CodeTooSoon as refused:
        # The code of a moment ago still signs: ask for that one.
        asked = await sms.warned(context, dossier, _code_asked(context))
        return refusals.under(context.words.refusal(refused), asked)
    asked = offer.code_asked(dossier, facts, context.words)
    return reply(await sms.warned(context, dossier, asked))


async def sign(message: Message, context: UpdateContext) -> Reply:
    dossier = context.known
    after = await agreements.accept(
        context.session, dossier, code=message.text or "", on=context.on, now=context.now
    )
    if after.problem is None:
        assert after.product is not None
        return reply(offer.accepted(after.product, context.words))
    return refusals.under(context.words.refusal(after.problem), _code_asked(context))


def _code_asked(context: UpdateContext) -> Screen:
    found, product = offers.current(context.known, now=context.now)
    facts = offers.key_facts(found, product, context.on)
    return offer.code_asked(context.known, facts, context.words)


async def _is_signing(message: Message, context: UpdateContext) -> bool:
    """Digits while an offer waits: the code from the SMS."""
    application = context.dossier.application if context.dossier else None
    is_offered = application is not None and application.status is ApplicationStatus.OFFERED
    return is_offered and _CODE_LIKE.fullmatch(message.text or "") is not None


def register(router: Router) -> None:
    router.callback_query.register(adjust, OwnButton("adjust"))
    router.callback_query.register(facts, OwnButton("facts"))
    router.callback_query.register(accept, OwnButton("accept"))
    router.message.register(sign, Where(F.text), _is_signing)
