"""Everything that no other handler wanted: one kind sentence, the same question, nothing lost."""

from aiogram import Router
from aiogram.types import CallbackQuery, ChatMemberUpdated, Message

from bot import places, refusals
from bot.context import UpdateContext
from bot.screens.base import Reply
from notifications import contacts


async def message(_: Message, context: UpdateContext) -> Reply:
    return await refusals.not_understood(context)


async def button(_: CallbackQuery, context: UpdateContext) -> Reply:
    return await places.stale(context)


async def membership(event: ChatMemberUpdated, context: UpdateContext) -> None:
    """The borrower blocked the bot, or came back."""
    if context.dossier is None:
        return
    contact = await contacts.find(context.session, context.dossier.borrower.id)
    if contact is None:
        return
    if event.new_chat_member.status == "kicked":
        contacts.telegram_blocked(context.session, contact, now=context.now)
    else:
        contacts.telegram_heard(contact)


def register(router: Router) -> None:
    router.message.register(message)
    router.callback_query.register(button)
    router.my_chat_member.register(membership)
