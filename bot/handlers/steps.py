"""Moving about in the draft: back, change, another number, send, cancel."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot import places, refusals, sms
from bot.callbacks import Act
from bot.context import UpdateContext
from bot.handlers import Handler
from bot.handlers.own import OwnButton
from bot.screens import status
from bot.screens.base import Reply, in_place, reply
from onboarding import journey
from onboarding.models import is_open


async def back(_: Message | CallbackQuery, context: UpdateContext) -> Reply:
    after = await journey.go_back(context.session, context.known, now=context.now)
    return reply(await places.asked(context, after))


async def keep(_: CallbackQuery, context: UpdateContext) -> Reply:
    """The question was opened again, and its answer is right as it was."""
    after = await journey.keep_answer(context.session, context.known)
    return reply(await places.asked(context, after))


async def change(_: CallbackQuery, callback_data: Act, context: UpdateContext) -> Reply:
    after = await journey.change(
        context.session, context.known, callback_data.value, now=context.now
    )
    return reply(await places.asked(context, after))


async def resend(_: CallbackQuery, context: UpdateContext) -> Reply:
    after = await journey.resend_code(context.session, context.known, now=context.now)
    place = await places.current(context.at(after))
    warning = await sms.warning(context, after)
    return refusals.under(warning or context.words("code-sent-again"), place)


async def rephone(_: CallbackQuery, context: UpdateContext) -> Reply:
    after = await journey.change_phone(context.session, context.known, now=context.now)
    return reply(await places.asked(context, after))


async def submit(_: CallbackQuery, context: UpdateContext) -> Reply:
    after = await journey.submit(
        context.session, context.known, context.office.underwriter, now=context.now
    )
    screen = await places.current(context.at(after))
    return Reply((screen,), settled=context.words("summary-sent"))


async def ask_cancel(_: Message, context: UpdateContext) -> Reply:
    dossier = context.dossier
    if dossier is None or dossier.application is None or not is_open(dossier.application):
        place = await places.current(context)
        return refusals.under(context.words("cancel-nothing"), place)
    return reply(status.cancel_question(dossier, context.words))


async def cancel(_: CallbackQuery, context: UpdateContext) -> Reply:
    after = await journey.cancel(context.session, context.known, now=context.now)
    return in_place(await places.current(context.at(after)))


def register_commands(router: Router) -> None:
    router.message.register(back, Command("back"))
    router.message.register(ask_cancel, Command("cancel"))


def register(router: Router) -> None:
    acts: dict[str, Handler] = {
        "back": back,
        "keep": keep,
        "change": change,
        "resend": resend,
        "rephone": rephone,
        "submit": submit,
        "cancel": cancel,
        "refuse": ask_cancel,
    }
    for act, handler in acts.items():
        router.callback_query.register(handler, OwnButton(act))
