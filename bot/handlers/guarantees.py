"""Guarantors read an invitation, agree with a code or decline; borrowers name another one."""

import re

from aiogram import F, Router
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.types import CallbackQuery, Message

from bot import places, refusals
from bot.callbacks import Vouch
from bot.context import UpdateContext
from bot.handlers import Handler
from bot.handlers.own import OwnButton
from bot.handlers.where import Where
from bot.screens import guarantee
from bot.screens.base import Reply, Screen, reply
from kit.errors import DomainError
from onboarding import answers, guarantees, guarantors
from onboarding.models import Borrower, is_open

_INVITE = r"^\s*[Vv]-[0-9A-Za-z]{8}\s*$"
_CODE_LIKE = re.compile(r"\s*(?:\d[\s-]*){6}", re.ASCII)
_NUMBER = re.compile(r"\s*\+?(?:\d[\s().-]*){9,15}", re.ASCII)


async def opened(_: Message, context: UpdateContext, command: CommandObject) -> Screen:
    """The link in the message to a guarantor."""
    return await _read(context, command.args or "")


async def typed_invite(message: Message, context: UpdateContext) -> Screen:
    return await _read(context, message.text or "")


async def read(_: CallbackQuery, callback_data: Vouch, context: UpdateContext) -> Screen:
    return await _read(context, callback_data.invite)


async def agree(_: CallbackQuery, callback_data: Vouch, context: UpdateContext) -> Reply:
    await guarantors.agree(
        context.session,
        _reader(context),
        callback_data.invite,
        telegram_id=context.person.id,
        locale=context.words.locale,
        now=context.now,
    )
    return reply(guarantee.code_asked(context.words))


async def decline(_: CallbackQuery, callback_data: Vouch, context: UpdateContext) -> Reply:
    await guarantors.decline(
        context.session, _reader(context), callback_data.invite, now=context.now
    )
    return reply(guarantee.done("guarantee-declined", context.words))


async def withdraw(_: CallbackQuery, callback_data: Vouch, context: UpdateContext) -> Reply:
    await guarantors.withdraw(
        context.session, context.known.borrower, callback_data.invite, now=context.now
    )
    return reply(guarantee.done("guarantee-withdrawn", context.words))


async def sign(message: Message, context: UpdateContext) -> Reply:
    signed = await guarantors.consent(
        context.session,
        context.known.borrower,
        message.text or "",
        context.office.underwriter,
        now=context.now,
    )
    if isinstance(signed, DomainError):
        return refusals.under(context.words.refusal(signed), guarantee.code_asked(context.words))
    return reply(guarantee.done("guarantee-consented", context.words))


async def another(_: CallbackQuery, context: UpdateContext) -> Reply:
    after = await guarantors.replace(context.session, context.known, now=context.now)
    return reply(await places.current(context.at(after)))


async def named(message: Message, context: UpdateContext) -> Reply:
    """The borrower names the next person, by a contact or a number."""
    typed = message.contact.phone_number if message.contact else message.text or ""
    number = answers.phone(typed, context.office.settings.country)
    after = await guarantors.name_another(context.session, context.known, number, now=context.now)
    return reply(await places.current(context.at(after)))


async def _read(context: UpdateContext, invite: str) -> Screen:
    reader = _reader(context)
    reading = await guarantors.read(context.session, reader, invite, now=context.now)
    return guarantee.read(reading, invite.strip().upper(), reader is not None, context.words)


def _reader(context: UpdateContext) -> Borrower | None:
    return context.dossier.borrower if context.dossier else None


async def _is_signing(message: Message, context: UpdateContext) -> bool:
    if context.dossier is None or _CODE_LIKE.fullmatch(message.text or "") is None:
        return False
    return await guarantors.waits_for_code(
        context.session, context.dossier.borrower, now=context.now
    )


async def _is_naming(message: Message, context: UpdateContext) -> bool:
    """A number or a contact, from a borrower whose sent application lacks a guarantor."""
    dossier = context.dossier
    if dossier is None or dossier.application is None or dossier.is_drafting:
        return False
    if not is_open(dossier.application) or not guarantees.is_needed(dossier):
        return False
    if message.contact is None and _NUMBER.fullmatch(message.text or "") is None:
        return False
    standing = await guarantees.standing_of(context.session, dossier)
    return standing is guarantees.Standing.MISSING


def register_commands(router: Router) -> None:
    router.message.register(opened, CommandStart(deep_link=True, magic=F.args.regexp(_INVITE)))
    router.message.register(opened, Command("guarantee", magic=F.args.regexp(_INVITE)))


def register(router: Router) -> None:
    router.message.register(typed_invite, Where(F.text.regexp(_INVITE)))
    acts: dict[str, Handler] = {
        "read": read,
        "agree": agree,
        "decline": decline,
        "withdraw": withdraw,
    }
    for act, handler in acts.items():
        router.callback_query.register(handler, Vouch.filter(F.act == act))
    router.callback_query.register(another, OwnButton("another"))
    router.message.register(sign, Where(F.text), _is_signing)
    router.message.register(named, Where(F.contact | F.text), _is_naming)
