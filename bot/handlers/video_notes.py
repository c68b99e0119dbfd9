"""The video note that answers a challenge: noted now, fetched and judged by a job."""

from aiogram import Bot, F, Router
from aiogram.types import CallbackQuery, Message, Update

from bot import places, refusals
from bot.context import UpdateContext
from bot.handlers.own import OwnButton
from bot.handlers.where import Where
from bot.screens import video
from bot.screens.base import Reply, reply
from bot.video_notes import NOTE
from kit import jobs
from kyc.liveness import clips
from onboarding import proofs, video_notes
from onboarding.steps import StepKind


async def note(message: Message, context: UpdateContext, bot: Bot, event_update: Update) -> Reply:
    dossier, sent = context.dossier, message.video_note
    step = proofs.current(dossier) if dossier is not None else None
    if dossier is None or sent is None or step is None or step.kind is not StepKind.VIDEO:
        return await refusals.not_understood(context)
    if (sent.file_size or 0) > clips.MAX_BYTES:
        raise clips.ClipTooLarge(limit_mb=clips.MAX_BYTES // 2**20)
    challenge = await video_notes.expect(
        context.session, dossier,
        sent_at=message.date, forwarded=message.forward_origin is not None,
        now=context.now,
    )  # fmt: skip
    await jobs.enqueue(
        context.session,
        NOTE,
        key=f"video_note:{bot.id}:{event_update.update_id}",
        application_id=str(dossier.draft.id),
        nonce=challenge.nonce,
        file_id=sent.file_id,
    )
    return reply(video.is_looked_at(context.words))


async def ready(_: CallbackQuery, context: UpdateContext) -> Reply:
    after = await video_notes.begin(context.session, context.known, now=context.now)
    return reply(await places.asked(context, after))


async def unable(_: CallbackQuery, context: UpdateContext) -> Reply:
    after = await video_notes.give_up(context.session, context.known, now=context.now)
    return Reply((video.taken(after, context.words), await places.asked(context, after)))


def register(router: Router) -> None:
    router.message.register(note, Where(F.video_note))
    router.callback_query.register(ready, OwnButton("ready"))
    router.callback_query.register(unable, OwnButton("unable"))
