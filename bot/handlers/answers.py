"""Answers to the questions of the journey: typed, pressed, shared, edited."""

import re

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from bot import places, refusals, sms
from bot.callbacks import Act
from bot.context import UpdateContext
from bot.handlers.own import OwnButton
from bot.handlers.where import Where
from bot.screens import questions
from bot.screens.base import Reply, Screen, reply
from bot.screens.questions import Asked
from bot.text import plain_amount
from onboarding import journey, steps, telemetry
from onboarding.dossiers import Dossier
from onboarding.saving import Contact
from onboarding.steps import StepKind

_CODE_LIKE = re.compile(r"\s*(?:\d[\s-]*){6}", re.ASCII)
_PRESSED = frozenset({StepKind.CHOICE, StepKind.WALLET, StepKind.AMOUNT})
_SHARED = frozenset({StepKind.CONTACT, StepKind.PHONE})


async def typed(message: Message, context: UpdateContext) -> Reply:
    dossier = context.dossier
    if dossier is None or not dossier.is_drafting:
        return await refusals.not_understood(context)
    return await _answer_typed(message, context, dossier)


async def shared(message: Message, context: UpdateContext) -> Reply:
    dossier, contact = context.dossier, message.contact
    step = steps.next_step(dossier) if dossier is not None and dossier.is_drafting else None
    if dossier is None or contact is None or step is None or step.kind not in _SHARED:
        return await refusals.not_understood(context)
    after = await journey.answer(
        context.session,
        dossier,
        step=step.name,
        contact=Contact(contact.phone_number, contact.user_id),
        settings=context.office.settings,
        now=context.now,
    )
    asked = await places.asked(context, after)
    if step.kind is StepKind.PHONE:
        return reply(asked)
    return Reply(
        (questions.thanks_for_phone(context.words), await sms.warned(context, after, asked))
    )


async def picked(_: CallbackQuery, callback_data: Act, context: UpdateContext) -> Reply:
    dossier = context.known
    step = steps.next_step(dossier) if dossier.is_drafting else None
    if step is None or step.kind not in _PRESSED:
        return await places.stale(context)
    before = await places.question(context, dossier, step)
    after = await _answer(context, dossier, step.name, callback_data.value)
    return Reply(
        (await places.asked(context, after),),
        settled=questions.answered(before, callback_data.value, context.words),
    )


async def edited(edited_message: Message, context: UpdateContext) -> Reply:
    """The borrower corrected an own message: while it is a draft, that corrects the answer."""
    dossier = context.dossier
    answered = None
    if dossier is not None and dossier.is_drafting and edited_message.text:
        answered = await telemetry.answered_by(
            context.session, dossier.draft.id, edited_message.message_id
        )
    if dossier is None or answered is None:
        return refusals.under(context.words("edit-not-taken"), await places.current(context))
    step = steps.find(dossier, answered)
    if step is None:
        raise journey.CannotChange(step=answered)
    asked = await places.question(context, dossier, step)
    after = await journey.edit_answer(
        context.session,
        dossier,
        step=answered,
        text=_meant(asked, edited_message.text or "", context),
        settings=context.office.settings,
        now=context.now,
    )
    return refusals.under(context.words("edit-taken"), await places.asked(context, after))


async def _answer_typed(message: Message, context: UpdateContext, dossier: Dossier) -> Reply:
    step, text = steps.next_step(dossier), message.text or ""
    if step is None or (step.kind is StepKind.CODE and not _CODE_LIKE.fullmatch(text)):
        # Words are no try at a code: there are only a few tries.
        return await refusals.not_understood(context)
    asked = await places.question(context, dossier, step)
    text = _meant(asked, text, context)
    after = await _answer(context, dossier, step.name, text, message.message_id)
    if after.problem is None:
        return Reply((await places.asked(context, after),))
    place: Screen = await places.current(context.at(after))
    return refusals.under(context.words.refusal(after.problem), place)


async def _answer(
    context: UpdateContext,
    dossier: Dossier,
    step: str,
    text: str,
    message_id: int | None = None,
) -> Dossier:
    return await journey.answer(
        context.session,
        dossier,
        step=step,
        text=text,
        message_id=message_id,
        settings=context.office.settings,
        now=context.now,
    )


def _meant(asked: Asked, typed: str, context: UpdateContext) -> str:
    """Labels become keys, and amounts are written in one way, before the journey reads them."""
    if asked.step.kind is StepKind.CHOICE:
        return questions.key_of(asked, typed, context.words)
    if asked.step.kind is StepKind.AMOUNT:
        return plain_amount(typed, asked.dossier.draft.currency or "")
    return typed


def register(router: Router) -> None:
    router.callback_query.register(picked, OwnButton("pick"))
    router.message.register(shared, Where(F.contact))
    # A command that nobody knows is no answer, however free the question.
    router.message.register(typed, Where(F.text & ~F.text.startswith("/")))
    router.edited_message.register(edited)
