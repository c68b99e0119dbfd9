"""One running installation: what every program of it opens at its start and closes at its end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import click
from aiogram import Bot
from sqlalchemy.ext.asyncio import AsyncEngine

import bot.tasks
import bot.video_notes
import kyc.tasks
import notifications.delivery
import onboarding.erasure
import onboarding.tasks
import onboarding.watching
import scoring.tasks
import servicing.card_tasks
import servicing.funding.tasks
import servicing.tasks
from bot.app import create_bot
from kit import jobs, migrate
from kit.clock import Clock
from kit.config import Settings
from kit.crypto import Vault, open_vault
from kit.db import Sessions, create_engine, sessions_of, unit_of_work
from kit.errors import DomainError
from kit.worker import Worker
from notifications.channels.base import SmsChannel
from notifications.channels.telegram import TelegramChannel
from notifications.channels.twilio import TwilioSms
from onboarding import catalog, decisioning
from onboarding.decisioning import Underwriter
from onboarding.payees import KnownPayees
from servicing.orders import Payees
from servicing.rails import configured
from servicing.rails.base import Rails

# A worker runs every job there is, so it imports every room's tasks.
TASKS = (
    bot.tasks,
    bot.video_notes,
    kyc.tasks,
    notifications.delivery,
    onboarding.erasure,
    onboarding.tasks,
    onboarding.watching,
    scoring.tasks,
    servicing.card_tasks,
    servicing.funding.tasks,
    servicing.tasks,
)


@dataclass(frozen=True)
class Installation:
    settings: Settings
    clock: Clock
    engine: AsyncEngine
    vault: Vault
    sessions: Sessions
    underwriter: Underwriter
    bot: Bot
    context: jobs.Context

    def worker(self) -> Worker:
        return Worker(self.settings, self.context)


@asynccontextmanager
async def opened(settings: Settings, clock: Clock) -> AsyncIterator[Installation]:
    """Bring the database to the newest schema and products, and connect the adapters."""
    settings.var.mkdir(parents=True, exist_ok=True)
    migrate.upgrade(settings.url)
    engine = create_engine(settings.url)
    vault = open_vault(settings)
    sessions = sessions_of(engine, vault)
    underwriter = decisioning.load(settings)
    try:
        async with unit_of_work(sessions) as session:
            await catalog.load(session, settings.products_file, now=clock.now())
    except DomainError as refused:
        await engine.dispose()
        raise click.UsageError(f"{settings.products_file}: {refused}") from None
    try:
        async with unit_of_work(sessions) as session:
            await decisioning.settle_line_up(session, settings, now=clock.now())
    except DomainError as refused:
        await engine.dispose()
        raise click.UsageError(f"the risk line-up cannot decide: {refused}") from None
    telegram, sms = create_bot(settings), TwilioSms(settings)
    rails = configured.rails(settings, clock)
    services: dict[type, object] = {
        Settings: settings,
        Vault: vault,
        Underwriter: underwriter,
        Bot: telegram,
        TelegramChannel: TelegramChannel(telegram),
        SmsChannel: sms,
        Rails: rails,
        Payees: KnownPayees(),
    }
    try:
        yield Installation(
            settings=settings,
            clock=clock,
            engine=engine,
            vault=vault,
            sessions=sessions,
            underwriter=underwriter,
            bot=telegram,
            context=jobs.Context(sessions, clock, services),
        )
    finally:
        await telegram.session.close()
        await sms.close()
        for rail in rails.all:
            await rail.close()
        await engine.dispose()
