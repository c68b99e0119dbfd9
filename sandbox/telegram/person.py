"""What a person does in the chat: writes, presses, sends, edits, blocks."""

import secrets
from typing import Any

from sandbox.store import Json
from sandbox.telegram import text as texts
from sandbox.telegram.refusals import Refusal, bad_request
from sandbox.telegram.requests import Upload
from sandbox.telegram.sending import caption_content, new_media, without_reply
from sandbox.telegram.state import Chat, Pressed, Telegram

_EDITABLE_SECONDS = 48 * 3600


async def say(
    telegram: Telegram, chat: Chat, text: str, *, reply_to: int | None = None
) -> list[int]:
    """Write a text. The app cuts a long one into several messages; returns the updates' ids."""
    whole = texts.clean(text).strip()
    if not whole:
        raise bad_request("message text is empty")
    sent = []
    for part in _pages(whole):
        content = _text(part) | _reply(chat, reply_to)
        sent.append(_send(telegram, chat, content))
    _put_keyboard_away(telegram, chat, text=whole, replied=reply_to)
    return sent


async def send_file(
    telegram: Telegram, chat: Chat, kind: str, upload: Upload, *, caption: str, details: Json
) -> int:
    """Send a file. The app turns a large photo down to size by itself, so no limit holds here."""
    _refuse_when_blocked(chat)
    try:
        content = await new_media(telegram, kind, upload, details)
    except Refusal as refusal:
        if kind == "photo":
            raise bad_request("this file is no picture that can be sent") from refusal
        raise
    return _send(telegram, chat, content | caption_content({"caption": caption}))


async def share_contact(
    telegram: Telegram, chat: Chat, *, phone: str, first_name: str, user_id: int | None
) -> int:
    """Someone's contact. The app writes the number without a plus, and as a reply to the button."""
    contact: Json = {"phone_number": phone.removeprefix("+"), "first_name": first_name}
    if user_id is not None:
        contact["user_id"] = user_id
    asked = chat.keyboard["message_id"] if chat.keyboard and user_id == chat.id else None
    update_id = _send(telegram, chat, {"contact": contact} | _reply(chat, asked))
    _put_keyboard_away(telegram, chat, text=None, replied=asked)
    return update_id


async def press(telegram: Telegram, chat: Chat, message_id: int, data: str) -> tuple[int, str]:
    """Press an inline button; returns the update's id and the query's."""
    _refuse_when_blocked(chat)
    message = _existing(chat, message_id)
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    if data not in [button.get("callback_data") for row in rows for button in row]:
        raise bad_request("there is no such button")
    query_id = str(secrets.randbits(63))
    telegram.callbacks[query_id] = Pressed(chat.id, message_id, telegram.now)
    query = {
        "id": query_id,
        "from": chat.user,
        "message": message,
        "chat_instance": str(chat.id),
        "data": data,
    }
    return telegram.push("callback_query", query, chat), query_id


async def edit(telegram: Telegram, chat: Chat, message_id: int, text: str) -> int:
    _refuse_when_blocked(chat)
    message = _existing(chat, message_id)
    if message["from"]["id"] != chat.id or not ({"text", "caption"} & message.keys()):
        raise bad_request("message can't be edited")
    if telegram.now - message["date"] > _EDITABLE_SECONDS:
        raise bad_request("message can't be edited: it is too old")
    whole = texts.clean(text).strip()
    if not whole:
        raise bad_request("message text is empty")
    content = _text(whole) if "text" in message else caption_content({"caption": whole})
    kept = {name: part for name, part in message.items() if name != "entities"}
    changed = kept | content | {"edit_date": telegram.now}
    telegram.change(chat, changed)
    return telegram.push("edited_message", changed, chat)


def set_blocked(telegram: Telegram, chat: Chat, blocked: bool) -> int | None:
    """Block or unblock the bot, which is told about it. None when nothing changed."""
    if chat.blocked == blocked:
        return None
    chat.blocked = blocked
    telegram.save(chat)
    telegram.bus.publish(chat.topic, "blocked", blocked=blocked)
    states = [_membership(telegram, blocked=state) for state in (not blocked, blocked)]
    change = {
        "chat": chat.described,
        "from": chat.user,
        "date": telegram.now,
        "old_chat_member": states[0],
        "new_chat_member": states[1],
    }
    return telegram.push("my_chat_member", change, chat)


def _membership(telegram: Telegram, *, blocked: bool) -> Json:
    if blocked:
        return {"user": telegram.bot.user, "status": "kicked", "until_date": 0}
    return {"user": telegram.bot.user, "status": "member"}


def _refuse_when_blocked(chat: Chat) -> None:
    if chat.blocked:
        raise Refusal(403, "You blocked this bot: unblock it first")


def _send(telegram: Telegram, chat: Chat, content: dict[str, Any]) -> int:
    _refuse_when_blocked(chat)
    if not chat.started:
        chat.started = True
        telegram.save(chat)
    message = telegram.write(chat, chat.user, **content)
    return telegram.push("message", message, chat)


def _text(text: str) -> Json:
    shown = texts.finished(texts.Formatted(text), texts.MESSAGE_LIMIT, what="message")
    entities = {"entities": shown.entities} if shown.entities else {}
    return {"text": shown.text} | entities


def _pages(text: str) -> list[str]:
    pages, page, size = [], "", 0
    for character in text:
        width = 2 if ord(character) > 0xFFFF else 1
        if size + width > texts.MESSAGE_LIMIT:
            pages.append(page)
            page, size = "", 0
        page += character
        size += width
    return [page for page in [*pages, page] if page.strip()]


def _existing(chat: Chat, message_id: int) -> Json:
    if message_id not in chat.messages:
        raise bad_request("message not found")
    return chat.messages[message_id]


def _reply(chat: Chat, message_id: int | None) -> Json:
    if message_id is None or message_id not in chat.messages:
        return {}
    return {"reply_to_message": without_reply(chat.messages[message_id])}


def _put_keyboard_away(
    telegram: Telegram, chat: Chat, *, text: str | None, replied: int | None
) -> None:
    keyboard = chat.keyboard
    if keyboard is None:
        return
    if keyboard.get("force_reply"):
        used = replied == keyboard["message_id"]
    else:
        labels = [button["text"] for row in keyboard["keyboard"] for button in row]
        used = bool(keyboard.get("one_time_keyboard")) and (text is None or text in labels)
    if used:
        telegram.show_keyboard(chat, None)
