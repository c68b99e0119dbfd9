"""What was read on the document: right, or corrected; and a document without another side."""

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from bot import places, refusals
from bot.callbacks import Act
from bot.context import UpdateContext
from bot.handlers import Handler
from bot.handlers.own import OwnButton
from bot.handlers.proofs import Wanted
from bot.handlers.where import Where
from bot.screens import questions
from bot.screens.base import Reply, lines, reply
from onboarding import identity, proofs
from onboarding.steps import StepKind


async def right(_: CallbackQuery, context: UpdateContext) -> Reply:
    dossier = context.known
    step = proofs.current(dossier)
    if step is None or step.kind is not StepKind.CONFIRM:
        return await places.stale(context)
    shown = questions.question(await places.question(context, dossier, step), context.words)
    after = await identity.confirm_fields(context.session, dossier, now=context.now)
    said = context.words("answer-given", answer=context.words.label("button-read-right"))
    return Reply((await places.asked(context, after),), settled=lines(shown, said))


async def misread(_: CallbackQuery, callback_data: Act, context: UpdateContext) -> Reply:
    after = await identity.correct_field(context.session, context.known, callback_data.value)
    return reply(await places.asked(context, after))


async def no_back(_: CallbackQuery, context: UpdateContext) -> Reply:
    after = await identity.skip_back(context.session, context.known, now=context.now)
    return reply(await places.asked(context, after))


async def typed(message: Message, context: UpdateContext) -> Reply:
    """A correction beside an application that was sent; those of a draft are answers."""
    dossier = context.known
    wanted = proofs.asked(dossier)
    assert wanted is not None
    after = await proofs.give(
        context.session,
        dossier,
        step=wanted.name,
        text=message.text or "",
        settings=context.office.settings,
        now=context.now,
    )
    return refusals.under(context.words("edit-taken"), await places.current(context.at(after)))


def register(router: Router) -> None:
    acts: dict[str, Handler] = {"right": right, "misread": misread, "no_back": no_back}
    for act, handler in acts.items():
        router.callback_query.register(handler, OwnButton(act))
    for kind in (StepKind.TEXT, StepKind.DATE):
        router.message.register(typed, Where(F.text & ~F.text.startswith("/")), Wanted(kind))
