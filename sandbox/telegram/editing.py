"""Changing and removing what is in a chat, and answering a pressed button."""

from sandbox.store import Json
from sandbox.telegram import markup as markups
from sandbox.telegram.refusals import bad_request
from sandbox.telegram.requests import Call
from sandbox.telegram.sending import caption_content, text_content
from sandbox.telegram.state import Chat, Telegram

_DELETABLE_SECONDS = 48 * 3600
_QUERY_SECONDS = 15 * 60
_ANSWER_LIMIT = 200
_CAPTIONED = ("photo", "video", "document", "audio", "animation", "voice")


def _own_message(telegram: Telegram, call: Call) -> tuple[Chat, Json]:
    if call.get("message_id") is None:
        raise bad_request("message identifier is not specified")
    chat = telegram.writable_chat(call.chat_id)
    message = chat.messages.get(call["message_id"])
    if message is None:
        raise bad_request("message to edit not found")
    if message["from"]["id"] != telegram.bot.id:
        raise bad_request("message can't be edited")
    return chat, message


def _replace(telegram: Telegram, chat: Chat, old: Json, call: Call, content: Json) -> Json:
    """`content` names the parts that are replaced; a part that is None is taken away."""
    markup = markups.checked(call.get("reply_markup"))
    if markup is not None and not markups.is_inline(markup):
        raise bad_request("inline keyboard expected")
    keyboard = markups.tidy(markup) if markup else None
    if keyboard is not None and not keyboard["inline_keyboard"]:
        keyboard = None
    parts = old | content | {"reply_markup": keyboard}
    changed = {name: part for name, part in parts.items() if part is not None}
    if changed == old:
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly"
            " the same as a current content and reply markup of the message"
        )
    changed["edit_date"] = telegram.now
    telegram.change(chat, changed)
    return changed


async def edit_text(telegram: Telegram, call: Call) -> Json:
    chat, message = _own_message(telegram, call)
    if "text" not in message:
        raise bad_request("there is no text in the message to edit")
    content = {"entities": None} | text_content(call.arguments)
    return _replace(telegram, chat, message, call, content)


async def edit_caption(telegram: Telegram, call: Call) -> Json:
    chat, message = _own_message(telegram, call)
    if not any(kind in message for kind in _CAPTIONED):
        raise bad_request("there is no caption in the message to edit")
    content = {"caption": None, "caption_entities": None} | caption_content(call.arguments)
    return _replace(telegram, chat, message, call, content)


async def edit_markup(telegram: Telegram, call: Call) -> Json:
    chat, message = _own_message(telegram, call)
    return _replace(telegram, chat, message, call, {})


def _delete_one(telegram: Telegram, chat: Chat, message_id: int) -> bool:
    message = chat.messages.get(message_id)
    if message is None:
        return False
    if telegram.now - message["date"] > _DELETABLE_SECONDS:
        raise bad_request("message can't be deleted for everyone")
    telegram.remove(chat, message_id)
    return True


async def delete(telegram: Telegram, call: Call) -> bool:
    chat = telegram.find_chat(call.chat_id)
    if not _delete_one(telegram, chat, call["message_id"]):
        raise bad_request("message to delete not found")
    return True


async def delete_many(telegram: Telegram, call: Call) -> bool:
    chat = telegram.find_chat(call.chat_id)
    for message_id in call["message_ids"]:
        _delete_one(telegram, chat, message_id)
    return True


async def answer_callback(telegram: Telegram, call: Call) -> bool:
    text = call.get("text") or ""
    if len(text) > _ANSWER_LIMIT:
        raise bad_request("MESSAGE_TOO_LONG")
    asked = telegram.callbacks.pop(call["callback_query_id"], None)
    if asked is None or telegram.now - asked.asked_at > _QUERY_SECONDS:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    telegram.bus.publish(
        f"chat:{asked.chat_id}",
        "answer",
        query_id=call["callback_query_id"],
        message_id=asked.message_id,
        text=text,
        show_alert=bool(call.get("show_alert")),
    )
    return True


METHODS = {
    "editMessageText": edit_text,
    "editMessageCaption": edit_caption,
    "editMessageReplyMarkup": edit_markup,
    "deleteMessage": delete,
    "deleteMessages": delete_many,
    "answerCallbackQuery": answer_callback,
}
