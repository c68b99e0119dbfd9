"""Photographs, as a photo or as a file: noted now, fetched and looked at by a job."""

from aiogram import Bot, F, Router
from aiogram.types import Message, Update

from bot import refusals, tasks
from bot.context import UpdateContext
from bot.handlers.where import Where
from bot.screens import status
from bot.screens.base import Reply, reply
from kit import jobs
from kyc.images import MAX_BYTES, PictureFormatUnsupported, PictureTooLarge
from onboarding import identity, proofs
from onboarding.steps import StepKind


async def photo(message: Message, context: UpdateContext, bot: Bot, event_update: Update) -> Reply:
    dossier = context.dossier
    step = proofs.current(dossier) if dossier is not None else None
    if dossier is None or step is None or step.kind is not StepKind.PHOTO:
        return await refusals.not_understood(context)
    file_id = _file_id(message)
    await identity.expect_photo(context.session, dossier, step=step.name)
    await jobs.enqueue(
        context.session,
        tasks.PHOTO,
        key=f"photo:{bot.id}:{event_update.update_id}",
        application_id=str(dossier.draft.id),
        step=step.name,
        file_id=file_id,
    )
    return reply(status.photo_is_looked_at(context.words))


def _file_id(message: Message) -> str:
    document = message.document
    if document is not None and not (document.mime_type or "").startswith("image/"):
        raise PictureFormatUnsupported()
    return file_id_of(message)


def file_id_of(message: Message) -> str:
    """Of the photo's largest size. What is too large is refused before it is fetched."""
    found = message.photo[-1] if message.photo else message.document
    assert found is not None
    if (found.file_size or 0) > MAX_BYTES:
        raise PictureTooLarge(limit_mb=MAX_BYTES // 2**20)
    return found.file_id


def register(router: Router) -> None:
    router.message.register(photo, Where(F.photo | F.document))
