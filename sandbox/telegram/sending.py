"""Everything a bot can put into a chat."""

import asyncio
import secrets
from typing import Any

from sandbox.store import Json
from sandbox.telegram import footage, markup_html
from sandbox.telegram import markup as markups
from sandbox.telegram.files import media_type
from sandbox.telegram.refusals import Refusal, bad_request
from sandbox.telegram.requests import Call, Upload
from sandbox.telegram.state import Chat, Telegram
from sandbox.telegram.text import (
    CAPTION_LIMIT,
    MESSAGE_LIMIT,
    Formatted,
    clean,
    finished,
    utf16_length,
)

_ACTIONS = (
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
)
_PHOTO_LIMIT = 10 * 1024 * 1024
_UPLOAD_LIMIT = 50 * 1024 * 1024
_NO_CAPTION = ("video_note", "sticker")


def formatted(call: Json, name: str, *, limit: int, what: str) -> Formatted:
    """The text in `name`, by parse mode or explicit entities, as the message will carry it."""
    entities_name = "entities" if name == "text" else "caption_entities"
    mode = (call.get("parse_mode") or "").lower()
    source = clean(call.get(name) or "")
    if mode == "html":
        raw = markup_html.parse(source)
    elif mode:
        raise bad_request("unsupported parse_mode: the sandbox knows HTML only")
    else:
        entities = [dict(entity) for entity in call.get(entities_name) or []]
        if any(entity["offset"] + entity["length"] > utf16_length(source) for entity in entities):
            raise bad_request("can't parse entities: an entity ends after the text")
        raw = Formatted(source, entities)
    return finished(raw, limit, what=what)


def text_content(call: Json) -> Json:
    shown = formatted(call, "text", limit=MESSAGE_LIMIT, what="message")
    if not shown.text:
        raise bad_request("message text is empty")
    content: Json = {"text": shown.text}
    if shown.entities:
        content["entities"] = shown.entities
    return content


def caption_content(call: Json) -> Json:
    shown = formatted(call, "caption", limit=CAPTION_LIMIT, what="message caption")
    content: Json = {}
    if shown.text:
        content["caption"] = shown.text
    if shown.entities:
        content["caption_entities"] = shown.entities
    return content


def _deliver(telegram: Telegram, chat: Chat, call: Call, content: Json) -> Json:
    """Write the message with what every send method takes: markup, reply, protection."""
    markup = markups.checked(call.get("reply_markup"))
    extras: Json = _reply(chat, call)
    if call.get("protect_content"):
        extras["has_protected_content"] = True
    if markup is not None and markups.is_inline(markup):
        tidy = markups.tidy(markup)
        if tidy["inline_keyboard"]:
            extras["reply_markup"] = tidy
    message = telegram.write(chat, telegram.bot.user, **content, **extras)
    if markup is not None and not markups.is_inline(markup):
        telegram.show_keyboard(chat, markups.as_shown(markup, message["message_id"]))
    return message


def _reply(chat: Chat, call: Call) -> Json:
    wanted = call.get("reply_parameters") or {"message_id": call.get("reply_to_message_id")}
    if wanted["message_id"] is None:
        return {}
    replied = chat.messages.get(wanted["message_id"])
    if replied is not None:
        return {"reply_to_message": without_reply(replied)}
    lenient = wanted.get("allow_sending_without_reply") or call.get("allow_sending_without_reply")
    if not lenient:
        raise bad_request("message to be replied not found")
    return {}


def without_reply(message: Json) -> Json:
    return {name: value for name, value in message.items() if name != "reply_to_message"}


async def send_message(telegram: Telegram, call: Call) -> Json:
    chat = telegram.writable_chat(call.chat_id)
    return _deliver(telegram, chat, call, text_content(call.arguments))


async def _media(telegram: Telegram, kind: str, source: str, details: Json, call: Call) -> Json:
    """The media part of a message, from a new upload or from a file that is known already."""
    if source.startswith("attach://"):
        upload = call.uploads.get(source.removeprefix("attach://"))
        if upload is None:
            raise bad_request("there is no file in the request for an attach:// link")
        if len(upload.content) > (_PHOTO_LIMIT if kind == "photo" else _UPLOAD_LIMIT):
            raise Refusal(413, "Request Entity Too Large")
        return await new_media(telegram, kind, upload, details)
    if source.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    known = telegram.files.find(source) or {}
    if kind not in known.get("media", {}):
        raise bad_request("wrong file identifier/HTTP URL specified")
    media: Json = known["media"]
    return media


async def new_media(telegram: Telegram, kind: str, upload: Upload, details: Json) -> Json:
    if not upload.content:
        raise bad_request("file must be non-empty")
    if kind == "photo":
        media: Json = {"photo": await telegram.files.put_photo(upload.content)}
    else:
        kept = await telegram.files.put(kind, upload.name, upload.content)
        described = media_type(telegram.files.get(kept["file_id"]))
        media = {kind: kept | _description(kind, upload.name, described, details)}
        if kind == "video_note":
            media[kind] |= await _seen(telegram, upload.content)
    telegram.files.describe(media)
    return media


async def _seen(telegram: Telegram, content: bytes) -> Json:
    """Length, duration and thumbnail of a video note, where there is a film to look at."""
    seen = await asyncio.to_thread(footage.look, content)
    if seen is None:
        return {}
    kept = await telegram.files.put("photo", "thumbnail.jpg", seen.thumbnail)
    side = {"width": footage.THUMBNAIL_SIDE, "height": footage.THUMBNAIL_SIDE}
    return {"length": seen.length, "duration": seen.duration, "thumbnail": kept | side}


def _description(kind: str, name: str, mime: str, details: Json) -> Json:
    """What Telegram adds from the file itself. The sandbox trusts what the sender says of it."""

    def number(field: str, otherwise: int) -> int:
        return int(details.get(field) or otherwise)

    if kind == "video_note":
        return {"length": number("length", 384), "duration": number("duration", 1)}
    if kind == "voice":
        return {"duration": number("duration", 1), "mime_type": "audio/ogg"}
    if kind == "sticker":
        shape = {"type": "regular", "width": 512, "height": 512}
        return shape | {"is_animated": name.endswith(".tgs"), "is_video": name.endswith(".webm")}
    named = {"file_name": name, "mime_type": mime}
    if kind in ("video", "animation"):
        frame = {"width": number("width", 640), "height": number("height", 480)}
        return named | frame | {"duration": number("duration", 1)}
    if kind == "audio":
        return named | {"duration": number("duration", 1)}
    return named


def _sender(kind: str) -> Any:
    async def send(telegram: Telegram, call: Call) -> Json:
        chat = telegram.writable_chat(call.chat_id)
        caption = {} if kind in _NO_CAPTION else caption_content(call.arguments)
        media = await _media(telegram, kind, call[kind], call.arguments, call)
        return _deliver(telegram, chat, call, media | caption)

    return send


async def send_media_group(telegram: Telegram, call: Call) -> list[Json]:
    chat = telegram.writable_chat(call.chat_id)
    items = call["media"]
    if not 2 <= len(items) <= 10:
        raise bad_request("group must contain between 2 and 10 media")
    kinds = {item["type"] for item in items}
    if len(kinds) > 1 and not kinds <= {"photo", "video"}:
        raise bad_request("message type can't be used in an album with other types")
    contents = [
        caption_content(item) | await _media(telegram, item["type"], item["media"], item, call)
        for item in items
    ]
    group = str(secrets.randbits(53))
    return [
        _deliver(telegram, chat, call, content | {"media_group_id": group}) for content in contents
    ]


async def send_contact(telegram: Telegram, call: Call) -> Json:
    names = ("phone_number", "first_name", "last_name", "vcard")
    contact = {name: call[name] for name in names if call.get(name)}
    chat = telegram.writable_chat(call.chat_id)
    return _deliver(telegram, chat, call, {"contact": contact})


async def send_location(telegram: Telegram, call: Call) -> Json:
    location = {name: float(call[name]) for name in ("latitude", "longitude")}
    chat = telegram.writable_chat(call.chat_id)
    return _deliver(telegram, chat, call, {"location": location})


async def send_chat_action(telegram: Telegram, call: Call) -> bool:
    chat = telegram.writable_chat(call.chat_id)
    if call["action"] not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    telegram.bus.publish(chat.topic, "action", action=call["action"])
    return True


METHODS = {
    "sendMessage": send_message,
    "sendMediaGroup": send_media_group,
    "sendContact": send_contact,
    "sendLocation": send_location,
    "sendChatAction": send_chat_action,
    "sendPhoto": _sender("photo"),
    "sendDocument": _sender("document"),
    "sendVideo": _sender("video"),
    "sendVideoNote": _sender("video_note"),
    "sendVoice": _sender("voice"),
    "sendAudio": _sender("audio"),
    "sendAnimation": _sender("animation"),
    "sendSticker": _sender("sticker"),
}
