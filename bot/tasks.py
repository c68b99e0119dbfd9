"""Beside the conversation: fetching what was sent, and forgetting which updates were handled."""

import io
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import aiohttp
from aiogram import Bot
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import context as contexts
from bot import places, reading, show, text
from bot.context import Office
from bot.models import TelegramUpdate
from bot.screens.base import Screen
from kit import jobs
from kit.config import Settings
from kit.db import unit_of_work
from kit.errors import DomainError, TransientFailure
from kyc import images, pictures
from kyc.images import PictureTooLarge
from kyc.pictures import Inspection
from kyc.quality import Shot
from onboarding import case_files, cases, dossiers, identity
from onboarding.case_files import Clean
from onboarding.decisioning import Underwriter
from onboarding.dossiers import Dossier
from onboarding.models import Application, Borrower, Case
from onboarding.saving import StepNotAsked

PHOTO = "bot.photo"
FILE = "bot.file"
REPEATS_FOR = timedelta(days=7)
"""Telegram keeps an update for a day; after a week none comes again."""
_PASSING = (
    TelegramNetworkError, TelegramServerError, TelegramRetryAfter,
    # What breaks while a file comes in is not wrapped.
    aiohttp.ClientError, TimeoutError,
)  # fmt: skip


class NoChat(Exception):
    """The person was erased since."""


class FileNotFetched(DomainError):
    """Telegram does not give it out, or not any more."""

    code = "file_not_fetched"


@jobs.effect(PHOTO)
async def photo(
    context: jobs.Context, *, application_id: str, step: str, file_id: str, chat_id: object = None
) -> None:
    """Download, clean and check outside any transaction; then keep it or ask for a better one.

    `chat_id`: older jobs carry one. Jobs are kept for ever and must not say whose chat it was.
    """
    bot = context.service(Bot)
    seen: Inspection | DomainError
    try:
        content = await download(bot, file_id, PictureTooLarge, images.MAX_BYTES)
        inspected = await _INSPECT[step](content)
        seen = await reading.read(context, UUID(application_id), step, inspected)
    except DomainError as unusable:
        seen = unusable
    await answer(context, UUID(application_id), step, seen)


_INSPECT: Mapping[str, Callable[[bytes], Awaitable[Inspection]]] = {
    "document": partial(pictures.inspect, shot=Shot.DOCUMENT),
    "document_back": pictures.inspect_back,
    "selfie": partial(pictures.inspect, shot=Shot.SELFIE),
}


async def answer(
    context: jobs.Context,
    application_id: UUID,
    step: str,
    seen: Inspection | DomainError,
) -> None:
    """What was seen in the picture is settled in one transaction, then told."""
    try:
        chat_id, screens = await _settle(context, application_id, step, seen)
    except (StepNotAsked, NoChat):
        return  # A repeat, or the question has been settled since.
    await show.send(context.service(Bot), chat_id, *screens)


@jobs.effect(FILE)
async def file(
    context: jobs.Context, *, case_id: str, file_id: str, chat_id: object = None
) -> None:
    """Fetch and clean what a borrower sent to staff; then keep it, or say why not."""
    bot = context.service(Bot)
    sent: Clean | DomainError
    try:
        content = await download(bot, file_id, PictureTooLarge, images.MAX_BYTES)
        sent = await case_files.cleaned(content)
    except DomainError as unusable:
        sent = unusable
    try:
        chat_id, screen = await _keep(context, UUID(case_id), sent)
    except NoChat:
        return
    await show.send(bot, chat_id, screen)


async def _keep(
    context: jobs.Context, case_id: UUID, sent: Clean | DomainError
) -> tuple[int, Screen]:
    now = context.clock.now()
    async with unit_of_work(context.sessions) as session:
        chat_id = await hold(session, Case, case_id)
        if isinstance(sent, Clean):
            case = await case_files.keep(session, case_id, sent, now=now)
        else:
            case = await cases.get(session, case_id)
        dossier = await dossiers.get(session, case.borrower_id)
        here = contexts.resumed(office(context), session, dossier, now)
        words = here.words
        said = words.refusal(sent) if isinstance(sent, DomainError) else words("file-passed-on")
        return chat_id, (await places.current(here)).under(said)


async def download(bot: Bot, file_id: str, too_large: type[DomainError], most: int) -> bytes:
    """Raises `too_large` as soon as more than `most` bytes have come, whatever was announced."""
    kept = _Bounded(too_large(limit_mb=most // 2**20), most)
    try:
        await bot.download(file_id, kept)
    except _PASSING as failure:
        raise TransientFailure(type(failure).__name__) from failure
    except TelegramAPIError:
        raise FileNotFetched() from None
    return kept.getvalue()


class _Bounded(io.BytesIO):
    def __init__(self, too_large: DomainError, most: int) -> None:
        super().__init__()
        self._too_large, self._most = too_large, most

    def write(self, chunk: Any) -> int:
        if self.tell() + len(chunk) > self._most:
            raise self._too_large
        return super().write(chunk)


async def _settle(
    context: jobs.Context,
    application_id: UUID,
    step: str,
    seen: Inspection | DomainError,
) -> tuple[int, list[Screen]]:
    now = context.clock.now()
    async with unit_of_work(context.sessions) as session:
        chat_id = await hold(session, Application, application_id)
        if isinstance(seen, DomainError):
            dossier = await identity.forget_photo(session, application_id, step)
            return chat_id, await _again(office(context), session, dossier, seen, now)
        dossier = await identity.receive_photo(
            session, application_id=application_id, step=step, inspection=seen,
            settings=context.service(Settings), now=now,
        )  # fmt: skip
        if dossier.problem is not None:
            return chat_id, await _again(office(context), session, dossier, dossier.problem, now)
        here = contexts.resumed(office(context), session, dossier, now)
        return chat_id, [Screen(here.words("photo-good")), await places.asked(here, dossier)]


async def hold(session: AsyncSession, owned: type[Application | Case], id_: UUID) -> int:
    """Let nobody else change the borrower's affairs; their chat. Raises NoChat."""
    await dossiers.hold_owner(session, owned, id_)
    chat_id = await session.scalar(
        select(Borrower.telegram_id)
        .join(owned, owned.borrower_id == Borrower.id)
        .where(owned.id == id_)
    )
    if chat_id is None:
        raise NoChat
    return chat_id


async def _again(
    office: Office, session: AsyncSession, dossier: Dossier, why: DomainError, now: datetime
) -> list[Screen]:
    """The question stands; say in one sentence what to do better."""
    here = contexts.resumed(office, session, dossier, now)
    problem = why.params.get("problem")
    sentence = (
        here.words(f"photo-problem-{str(problem).replace('_', '-')}")
        if problem is not None
        else here.words.refusal(why)
    )
    place = await places.current(here)
    return [place.under(f"{sentence} {here.words('photo-again')}")]


@jobs.every("20 3 * * *", "bot.forget_updates")
async def forget_updates(session: AsyncSession, *, now: datetime, tick: datetime) -> None:
    old = TelegramUpdate.received_at < now - REPEATS_FOR
    await session.execute(delete(TelegramUpdate).where(old))


def office(context: jobs.Context) -> Office:
    return Office(
        sessions=context.sessions,
        clock=context.clock,
        settings=context.service(Settings),
        texts=text.load(),
        underwriter=context.service(Underwriter),
    )
