"""Fetches a video note, has it judged outside any transaction, and tells what came of it."""

import contextlib
from dataclasses import dataclass, field, replace
from uuid import UUID

from aiogram import Bot
from aiogram.enums import ChatAction
from aiogram.exceptions import TelegramAPIError

from bot import context as contexts
from bot import places, show, tasks
from bot.screens import video
from bot.screens.base import Screen
from kit import jobs
from kit.config import Settings
from kit.db import unit_of_work
from kit.errors import DomainError
from kyc.checks import CheckResult, Evidence
from kyc.liveness import check, clips
from kyc.states import CheckKind
from onboarding import checking, video_notes
from onboarding.models import Application
from onboarding.saving import StepNotAsked

NOTE = "bot.video_note"


@dataclass(frozen=True)
class Judged:
    content: bytes = field(repr=False)
    result: CheckResult | None
    """None where a provider judges it, later."""


@jobs.effect(NOTE)
async def note(context: jobs.Context, *, application_id: str, nonce: str, file_id: str) -> None:
    """Download, judge beside selfie and document; then keep it or ask for another one."""
    bot, number = context.service(Bot), UUID(application_id)
    try:
        chat_id, evidence = await _evidence(context, number, nonce)
    except (StepNotAsked, tasks.NoChat):
        return  # A repeat, or the question has been settled since.
    with contextlib.suppress(TelegramAPIError):
        await bot.send_chat_action(chat_id, ChatAction.TYPING)
    seen: Judged | DomainError
    try:
        content = await tasks.download(bot, file_id, clips.ClipTooLarge, clips.MAX_BYTES)
        seen = await _judged(context.service(Settings), replace(evidence, clip=content), content)
    except DomainError as unusable:
        seen = unusable
    await answer(context, number, nonce, seen)


async def answer(
    context: jobs.Context, application_id: UUID, nonce: str, seen: Judged | DomainError
) -> None:
    """What was seen in the note is settled in one transaction, then told."""
    try:
        chat_id, screens = await _settle(context, application_id, nonce, seen)
    except (StepNotAsked, tasks.NoChat):
        return
    await show.send(context.service(Bot), chat_id, *screens)


async def _evidence(
    context: jobs.Context, application_id: UUID, nonce: str
) -> tuple[int, Evidence]:
    async with unit_of_work(context.sessions) as session:
        chat_id = await tasks.hold(session, Application, application_id)
        return chat_id, await video_notes.evidence(
            session, application_id, nonce, now=context.clock.now()
        )


async def _judged(settings: Settings, evidence: Evidence, content: bytes) -> Judged:
    if CheckKind.LIVENESS in settings.kyc_providers:
        return Judged(content, None)
    return Judged(content, await checking.make(CheckKind.LIVENESS, check.check, evidence))


async def _settle(
    context: jobs.Context, application_id: UUID, nonce: str, seen: Judged | DomainError
) -> tuple[int, list[Screen]]:
    now = context.clock.now()
    async with unit_of_work(context.sessions) as session:
        chat_id = await tasks.hold(session, Application, application_id)
        if isinstance(seen, Judged):
            dossier = await video_notes.receive(
                session, application_id=application_id, nonce=nonce, content=seen.content,
                result=seen.result, now=now,
            )  # fmt: skip
        else:
            settle = video_notes.refuse
            if isinstance(seen, tasks.FileNotFetched):
                settle = video_notes.lose
            dossier = await settle(
                session, application_id=application_id, nonce=nonce, why=seen, now=now
            )
        here = contexts.resumed(tasks.office(context), session, dossier, now)
        if dossier.problem is not None:
            place = await places.current(here)
            return chat_id, [place.under(video.problem(dossier.problem, here.words))]
        return chat_id, [video.taken(dossier, here.words), await places.asked(here, dossier)]
