"""The calculator and the consents: for people we do not know, and of whom nothing is kept."""

from aiogram import F, Router
from aiogram.types import CallbackQuery

from bot import places
from bot.callbacks import Price
from bot.context import UpdateContext
from bot.screens import calculator, consents
from bot.screens.base import Reply, in_place
from bot.screens.calculator import Choice
from onboarding import journey, products


async def show(_: CallbackQuery, callback_data: Price, context: UpdateContext) -> Reply:
    words = context.in_locale(callback_data.locale)
    choice = await _choice(context, callback_data)
    return in_place(await places.priced(context, choice, words))


async def apply(_: CallbackQuery, callback_data: Price, context: UpdateContext) -> Reply:
    if places.is_under_way(context.dossier):
        return await places.stale(context)
    words = context.in_locale(callback_data.locale)
    return in_place(consents.summary(await _choice(context, callback_data), words))


async def read(_: CallbackQuery, callback_data: Price, context: UpdateContext) -> Reply:
    words = context.in_locale(callback_data.locale)
    return in_place(consents.full(await _choice(context, callback_data), words))


async def agree(_: CallbackQuery, callback_data: Price, context: UpdateContext) -> Reply:
    """From here on we know the person."""
    if places.is_under_way(context.dossier):
        return await places.stale(context)
    words = context.in_locale(callback_data.locale)
    choice = await _choice(context, callback_data)
    dossier = await journey.begin(
        context.session,
        context.office.settings,
        telegram_id=context.person.id,
        chat_id=context.person.id,
        locale=words.locale,
        choice=journey.Choice(choice.product.code, choice.amount.minor, choice.term),
        now=context.now,
    )
    first = await places.current(context.at(dossier))
    return Reply((first,), settled=consents.agreed(words))


async def _choice(context: UpdateContext, pressed: Price) -> Choice:
    product = await products.get(context.session, pressed.product)
    return calculator.fitting(product, pressed.amount, pressed.term)


def register(router: Router) -> None:
    acts = {"show": show, "apply": apply, "read": read, "agree": agree}
    for act, handler in acts.items():
        router.callback_query.register(handler, Price.filter(F.act == act))
