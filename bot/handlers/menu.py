"""What can be asked for at any time: start, status, help, language, a person."""

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from bot import places, refusals
from bot.callbacks import Language, Menu
from bot.context import UpdateContext
from bot.handlers import Handler
from bot.handlers.where import Where
from bot.screens import language, ways
from bot.screens.base import Reply, Screen, buttons, in_place, paragraphs, reply
from bot.text import Words
from kit import text
from onboarding import cases, journey, proofs
from onboarding.steps import StepKind


async def start(_: Message, context: UpdateContext) -> Screen:
    """Begin, or go on. What follows /start in a link is not looked at."""
    if context.dossier is None:
        return _languages(context)
    return await places.asked(context, context.dossier)


async def status(_: Message | CallbackQuery, context: UpdateContext) -> Screen:
    if context.dossier is None:
        return await places.current(context)
    return await places.asked(context, context.dossier)


async def prices(_: CallbackQuery, context: UpdateContext) -> Screen:
    if places.is_under_way(context.dossier):
        return await places.current(context)
    return await places.price_list(context)


async def help_(_: Message | CallbackQuery, context: UpdateContext) -> Screen:
    words = context.words
    to = Menu.STATUS if context.dossier else Menu.PRICES
    dossier = context.dossier
    step = proofs.current(dossier) if dossier is not None else None
    is_at_video = step is not None and step.kind is StepKind.VIDEO
    return Screen(
        paragraphs(words("help-video") if is_at_video else None, words("help")),
        buttons(
            [ways.to(to, words)],
            [ways.to(Menu.LANGUAGE, words), (words.label("button-human"), Menu.HUMAN)],
        ),
    )


async def choose_language(_: Message | CallbackQuery, context: UpdateContext) -> Screen:
    return _languages(context)


async def set_language(_: CallbackQuery, callback_data: Language, context: UpdateContext) -> Reply:
    words = context.in_locale(callback_data.locale)
    if context.dossier is None:
        return in_place(await places.price_list(context, words))
    after = await journey.set_locale(
        context.session, context.dossier, words.locale, now=context.now
    )
    place = await places.current(context.at(after))
    return Reply((place,), settled=words("language-changed"))


async def human(
    _: Message | CallbackQuery, context: UpdateContext, command: CommandObject | None = None
) -> Reply:
    """A person takes over; what is written after /human is passed on."""
    words = context.words
    if context.dossier is None:
        return refusals.under(words("human-unknown"), await places.current(context))
    case, place = await cases.ask_for_person(
        context.session, context.dossier, text=command.args if command else None, now=context.now
    )
    zone = context.dossier.borrower.timezone
    sentence = words(
        "human-waiting",
        reference=case.reference,
        place=place,
        due=text.moment(case.due_at, words.locale, zone),
    )
    back = Screen(words("help-here"), buttons([ways.to(Menu.STATUS, words)]))
    return reply(back.under(sentence))


def _languages(context: UpdateContext) -> Screen:
    texts = context.office.texts
    return language.choose(Words(texts, locale) for locale in texts.locales)


def register_commands(router: Router) -> None:
    commands: dict[str, Handler] = {
        "start": start,
        "status": status,
        "help": help_,
        "language": choose_language,
        "human": human,
    }
    for command, handler in commands.items():
        router.message.register(handler, Command(command))


def register(router: Router) -> None:
    menu: dict[str, Handler] = {
        Menu.STATUS: status,
        Menu.PRICES: prices,
        Menu.HELP: help_,
        Menu.LANGUAGE: choose_language,
        Menu.HUMAN: human,
    }
    for word, handler in menu.items():
        router.callback_query.register(handler, Where(F.data == word))
    router.callback_query.register(set_language, Language.filter())
