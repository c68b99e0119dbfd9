"""The bot's own affairs: who it is, how it gets updates, its commands, its files."""

import re
from typing import Any
from urllib.parse import urlsplit

from sandbox.store import Json
from sandbox.telegram.files import DOWNLOAD_LIMIT
from sandbox.telegram.refusals import bad_request
from sandbox.telegram.requests import Call
from sandbox.telegram.state import Chat, Telegram

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}\Z", re.ASCII)
_COMMAND = re.compile(r"[a-z0-9_]{1,32}\Z", re.ASCII)
_LONGEST_POLL_SECONDS = 50


async def get_me(telegram: Telegram, call: Call) -> Json:
    return telegram.bot.user | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


async def get_updates(telegram: Telegram, call: Call) -> list[Json]:
    limit = min(max(int(call.get("limit", 100)), 1), 100)
    timeout = min(max(int(call.get("timeout", 0)), 0), _LONGEST_POLL_SECONDS)
    telegram.updates.allow(call.get("allowed_updates"))
    return await telegram.updates.poll(int(call.get("offset", 0)), limit, timeout)


async def set_webhook(telegram: Telegram, call: Call) -> bool:
    url = call.get("url", "")
    if not url:
        return await delete_webhook(telegram, call)
    # Telegram insists on https; a stand-in on loopback takes http as well.
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    secret = call.get("secret_token")
    if secret is not None and not _SECRET.match(secret):
        raise bad_request("secret token contains unallowed characters")
    if call.get("drop_pending_updates"):
        telegram.updates.clear()
    telegram.updates.allow(call.get("allowed_updates"))
    most = min(max(int(call.get("max_connections", 40)), 1), 100)
    telegram.updates.set_webhook({"url": url, "secret_token": secret, "max_connections": most})
    return True


async def delete_webhook(telegram: Telegram, call: Call) -> bool:
    if call.get("drop_pending_updates"):
        telegram.updates.clear()
    telegram.updates.set_webhook(None)
    return True


async def get_webhook_info(telegram: Telegram, call: Call) -> Json:
    webhook = telegram.updates.webhook or {}
    info: Json = {
        "url": webhook.get("url", ""),
        "has_custom_certificate": False,
        "pending_update_count": telegram.updates.pending_count,
    }
    for name in ("max_connections", "last_error_date", "last_error_message"):
        if name in webhook:
            info[name] = webhook[name]
    if telegram.updates.allowed:
        info["allowed_updates"] = telegram.updates.allowed
    return info


async def get_file(telegram: Telegram, call: Call) -> Json:
    entry = telegram.files.get(call["file_id"])
    if entry["file_size"] > DOWNLOAD_LIMIT:
        raise bad_request("file is too big")
    names = ("file_id", "file_unique_id", "file_size")
    return {name: entry[name] for name in names} | {"file_path": entry["path"]}


async def get_chat(telegram: Telegram, call: Call) -> Json:
    return telegram.find_chat(call.chat_id).described | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(
            (
                "unlimited_gifts",
                "limited_gifts",
                "unique_gifts",
                "premium_subscription",
                "gifts_from_channels",
            ),
            False,
        ),
    }


def _scope(scope: Json | None, language: str | None) -> str:
    scope = scope or {"type": "default"}
    return ":".join((scope["type"], str(scope.get("chat_id", "")), language or ""))


async def set_commands(telegram: Telegram, call: Call) -> bool:
    commands = call["commands"]
    if len(commands) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not _COMMAND.match(command["command"].removeprefix("/")):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(command["description"]) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    tidy = [
        {"command": c["command"].removeprefix("/"), "description": c["description"]}
        for c in commands
    ]
    key = _scope(call.get("scope"), call.get("language_code"))
    telegram.store.put("commands", key, {"commands": tidy})
    telegram.bus.publish("menu", "menu")
    return True


async def get_commands(telegram: Telegram, call: Call) -> list[Json]:
    return _commands(telegram, _scope(call.get("scope"), call.get("language_code")))


async def delete_commands(telegram: Telegram, call: Call) -> bool:
    telegram.store.delete("commands", _scope(call.get("scope"), call.get("language_code")))
    telegram.bus.publish("menu", "menu")
    return True


def _commands(telegram: Telegram, key: str) -> list[Json]:
    saved = telegram.store.get("commands", key)
    return saved["commands"] if saved else []


def commands_in(telegram: Telegram, chat: Chat) -> list[Json]:
    """What this person's menu lists: the narrowest scope first, the own language first."""
    scopes = ({"type": "chat", "chat_id": chat.id}, {"type": "all_private_chats"}, None)
    for scope in scopes:
        for language in (chat.user.get("language_code"), None):
            if commands := _commands(telegram, _scope(scope, language)):
                return commands
    return []


async def set_menu_button(telegram: Telegram, call: Call) -> bool:
    button = call.get("menu_button") or {"type": "default"}
    telegram.store.put("menu_button", call.get("chat_id") or "default", button)
    telegram.bus.publish("menu", "menu")
    return True


async def get_menu_button(telegram: Telegram, call: Call) -> Json:
    own = telegram.store.get("menu_button", call.get("chat_id") or "default")
    return own or telegram.store.get("menu_button", "default") or {"type": "default"}


def _setter(kind: str) -> Any:
    """Names and descriptions: kept per language and given back."""

    async def set_text(telegram: Telegram, call: Call) -> bool:
        text = {kind: call.get(kind) or ""}
        telegram.store.put(kind, call.get("language_code") or "default", text)
        return True

    return set_text


def _getter(kind: str, otherwise: str = "") -> Any:
    async def get_text(telegram: Telegram, call: Call) -> Json:
        own = telegram.store.get(kind, call.get("language_code") or "default")
        return own or telegram.store.get(kind, "default") or {kind: otherwise}

    return get_text


async def _accepted(telegram: Telegram, call: Call) -> bool:
    return True


METHODS = {
    "getMe": get_me,
    "logOut": _accepted,
    "close": _accepted,
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "getFile": get_file,
    "getChat": get_chat,
    "setMyCommands": set_commands,
    "getMyCommands": get_commands,
    "deleteMyCommands": delete_commands,
    "setChatMenuButton": set_menu_button,
    "getChatMenuButton": get_menu_button,
    "setMyName": _setter("name"),
    "getMyName": _getter("name", "Kopa"),
    "setMyDescription": _setter("description"),
    "getMyDescription": _getter("description"),
    "setMyShortDescription": _setter("short_description"),
    "getMyShortDescription": _getter("short_description"),
}
