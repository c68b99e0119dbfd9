"""Keyboards, refused for the reasons for which Telegram refuses them."""

from urllib.parse import urlsplit

from sandbox.store import Json
from sandbox.telegram.refusals import bad_request

_INLINE_ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)
_MOST_BUTTONS = 100
_DATA_BYTES = 64


def checked(markup: Json | None) -> Json | None:
    """The markup as it was given, after the checks."""
    if not markup:
        return None
    if "inline_keyboard" in markup:
        _count(markup["inline_keyboard"])
        for button in _buttons(markup["inline_keyboard"]):
            _check_inline(button)
    elif "keyboard" in markup:
        _count(markup["keyboard"])
        for button in _buttons(markup["keyboard"]):
            if isinstance(button, dict) and not button.get("text", "").strip():
                raise bad_request("can't parse keyboard button: text can't be empty")
    return markup


def is_inline(markup: Json | None) -> bool:
    return bool(markup) and "inline_keyboard" in (markup or {})


def tidy(markup: Json) -> Json:
    """An inline keyboard as messages carry it: no empty rows, only what was set."""
    rows = [
        [{name: value for name, value in button.items() if value is not None} for button in row]
        for row in markup["inline_keyboard"]
        if row
    ]
    return {"inline_keyboard": rows}


def as_shown(markup: Json, message_id: int) -> Json | None:
    """What a reply markup leaves under the person's input field; None clears it."""
    if markup.get("remove_keyboard"):
        return None
    if "keyboard" in markup:
        rows = [
            [{"text": button} if isinstance(button, str) else button for button in row]
            for row in markup["keyboard"]
        ]
        return {**markup, "keyboard": rows, "message_id": message_id}
    return {**markup, "message_id": message_id}


def _buttons(rows: list[list[Json]]) -> list[Json]:
    return [button for row in rows for button in row]


def _count(rows: list[list[Json]]) -> None:
    if len(_buttons(rows)) > _MOST_BUTTONS:
        raise bad_request("reply markup is too long")


def _check_inline(button: Json) -> None:
    if not button.get("text", "").strip():
        raise bad_request("can't parse inline keyboard button: text can't be empty")
    actions = [name for name in _INLINE_ACTIONS if button.get(name) is not None]
    if not actions:
        raise bad_request(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    if len(actions) > 1:
        raise bad_request("can't parse inline keyboard button: exactly one action is allowed")
    data = button.get("callback_data")
    if data is not None and not 1 <= len(data.encode()) <= _DATA_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    if (url := button.get("url")) is not None:
        _check_url(url)


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https", "tg") or not (parts.netloc or parts.scheme == "tg"):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
