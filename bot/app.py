"""Puts the bot together: the client, the dispatcher with all handlers, polling or webhook."""

import structlog
from aiogram import Bot, F, Router
from aiogram.client.session.base import BaseSession
from aiogram.exceptions import AiogramError
from aiogram.types import BotCommand

from bot import polling, text
from bot.context import Office
from bot.dispatcher import UpdateDispatcher
from bot.handlers import (
    answers,
    changes,
    guarantees,
    loans,
    menu,
    offers,
    photos,
    prices,
    proofs,
    read_fields,
    staff_questions,
    steps,
    unexpected,
    video_notes,
)
from bot.handlers.where import Where
from bot.text import Words
from kit.clock import Clock
from kit.config import Settings
from kit.db import Sessions
from kit.text import DEFAULT_LOCALE, Texts
from notifications.channels import telegram
from onboarding.decisioning import Underwriter

log = structlog.get_logger(__name__)

WEBHOOK_PATH = "/webhooks/telegram"
COMMANDS = (
    "start",
    "status",
    "back",
    "loan",
    "schedule",
    "pay",
    "human",
    "language",
    "help",
    "cancel",
)


def create_bot(settings: Settings, session: BaseSession | None = None) -> Bot:
    return telegram.client(settings, session)


def create_dispatcher(
    sessions: Sessions,
    clock: Clock,
    settings: Settings,
    underwriter: Underwriter,
    texts: Texts | None = None,
) -> UpdateDispatcher:
    office = Office(sessions, clock, settings, texts or text.load(), underwriter)
    dispatcher = UpdateDispatcher(office)
    # The order matters: invitations come with /start, so before the other commands; then what
    # staff wait for, then what belongs to a place, then everything else. Two routers, not one for
    # each module: walking through routers and commands took a tenth of an update.
    commands = Router(name="commands")
    commands.message.filter(Where(F.text.startswith("/") | F.caption.startswith("/")))
    for register in (
        guarantees.register_commands,
        menu.register_commands,
        steps.register_commands,
        loans.register_commands,
    ):
        register(commands)
    others = Router(name="others")
    for register in (
        guarantees.register,
        menu.register,
        proofs.register,
        read_fields.register,
        steps.register,
        staff_questions.register,
        loans.register,
        changes.register,
        prices.register,
        offers.register,
        photos.register,
        video_notes.register,
        staff_questions.register_free_words,
        answers.register,
        unexpected.register,
    ):
        register(others)
    dispatcher.include_routers(commands, others)
    return dispatcher


async def run_polling(bot: Bot, dispatcher: UpdateDispatcher) -> None:
    """Take updates until cancelled."""
    try:
        await set_up(bot, dispatcher.office.texts)
    except AiogramError as failure:
        # The menu stays as it was; a start without Telegram waits for it in the loop below.
        log.warning("bot.set_up_failed", why=type(failure).__name__)
    await polling.run(bot, dispatcher)


async def set_up(bot: Bot, texts: Texts | None = None) -> None:
    """Show the commands in the chat's menu, in every language."""
    spoken = texts or text.load()
    for locale in spoken.locales:
        words = Words(spoken, locale)
        commands = [
            BotCommand(command=name, description=words.label(f"command-{name}"))
            for name in COMMANDS
        ]
        code = None if locale == DEFAULT_LOCALE else locale
        await bot.set_my_commands(commands, language_code=code)


async def register_webhook(bot: Bot, settings: Settings) -> None:
    secret = settings.telegram_webhook_secret.get_secret_value()
    await bot.set_webhook(
        settings.base_url + WEBHOOK_PATH,
        secret_token=secret or None,
        allowed_updates=polling.ALLOWED,
    )
