"""A person with a phone: talks to the real dispatcher; only the network to Telegram is replaced."""

import asyncio
import itertools
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiogram import Bot
from aiogram.client.session.base import BaseSession
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import (
    AnswerCallbackQuery,
    EditMessageText,
    GetFile,
    GetMe,
    GetUpdates,
    SendDocument,
    SendMessage,
    SendPhoto,
    TelegramMethod,
)
from aiogram.types import (
    BufferedInputFile,
    Chat,
    File,
    InlineKeyboardMarkup,
    Message,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    Update,
    User,
)

from bot.dispatcher import UpdateDispatcher

BOT = User(id=4242, is_bot=True, first_name="Kopa", username="kopa_bot")
DATE = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
CAPTION_MOST = 1024
numbers = itertools.count(1)


@dataclass
class Shown:
    """A message as it stands in the chat."""

    id: int
    text: str
    keyboard: Any = None
    file: BufferedInputFile | None = None

    @property
    def buttons(self) -> dict[str, str]:
        """Callback data by label."""
        if not isinstance(self.keyboard, InlineKeyboardMarkup):
            return {}
        return {
            button.text: button.callback_data or ""
            for row in self.keyboard.inline_keyboard
            for button in row
        }


@dataclass(eq=False)
class Telegram(BaseSession):
    """What Telegram would show, by chat; and the files that were sent to the bot."""

    chats: dict[int, list[Shown]] = field(default_factory=dict)
    reply_keyboards: dict[int, ReplyKeyboardMarkup | None] = field(default_factory=dict)
    toasts: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    calls: list[TelegramMethod[Any]] = field(default_factory=list)
    broken: list[Exception] = field(default_factory=list)
    """Raised by the next calls, one each."""
    waiting: list[Update] = field(default_factory=list)
    """Updates for long polling."""
    all_confirmed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        super().__init__()

    async def make_request(
        self, bot: Bot, method: TelegramMethod[Any], timeout: int | None = None
    ) -> Any:
        self.calls.append(method)
        if self.broken:
            raise self.broken.pop(0)
        match method:
            case SendMessage() | SendPhoto() | SendDocument():
                return self._send(method)
            case EditMessageText():
                return self._edit(method)
            case AnswerCallbackQuery():
                self.toasts.append(method.text or "")
                return True
            case GetFile():
                content = self.files[method.file_id]
                return File(
                    file_id=method.file_id,
                    file_unique_id=method.file_id,
                    file_size=len(content),
                    file_path=f"photos/{method.file_id}",
                )
            case GetMe():
                return BOT
            case GetUpdates():
                return await self._poll(method)
        return True

    async def _poll(self, method: GetUpdates) -> list[Update]:
        left = [one for one in self.waiting if one.update_id >= (method.offset or 0)]
        if self.waiting and not left:
            self.all_confirmed.set()
        self.waiting = left
        if not left:
            await asyncio.sleep(0.01)
        return left

    def _send(self, method: SendMessage | SendPhoto | SendDocument) -> Message:
        text, file = _content(method)
        chat_id = int(method.chat_id)
        keyboard = method.reply_markup
        if isinstance(keyboard, ReplyKeyboardMarkup):
            self.reply_keyboards[chat_id] = keyboard
        if isinstance(keyboard, ReplyKeyboardRemove):
            self.reply_keyboards[chat_id] = None
        shown = Shown(next(numbers), text, keyboard, file)
        self.chats.setdefault(chat_id, []).append(shown)
        return Message(
            message_id=shown.id, date=DATE, chat=Chat(id=chat_id, type="private"),
            from_user=BOT, text=text,
        )  # fmt: skip

    def _edit(self, method: EditMessageText) -> bool:
        text = _checked(method, method.text)
        shown = next(
            (one for one in self.chats[int(method.chat_id or 0)] if one.id == method.message_id),
            None,
        )
        if shown is None:
            raise TelegramBadRequest(method=method, message="message to edit not found")
        if (shown.text, shown.keyboard) == (method.text, method.reply_markup):
            raise TelegramBadRequest(method=method, message="message is not modified")
        shown.text, shown.keyboard = text, method.reply_markup
        return True

    async def stream_content(
        self, url: str, *_: Any, **__: Any
    ) -> AsyncGenerator[bytes, None]:  # fmt: skip
        yield self.files[url.rpartition("/")[2]]

    async def close(self) -> None:
        pass


def _content(
    method: SendMessage | SendPhoto | SendDocument,
) -> tuple[str, BufferedInputFile | None]:
    if isinstance(method, SendMessage):
        return _checked(method, method.text), None
    file = method.photo if isinstance(method, SendPhoto) else method.document
    assert isinstance(file, BufferedInputFile)
    assert len(method.caption or "") <= CAPTION_MOST
    return method.caption or "", file


def _checked(method: TelegramMethod[Any], text: str | None) -> str:
    if text is None or not text.strip() or len(text) > 4096:
        raise TelegramBadRequest(method=method, message="message text is empty or too long")
    return text


class Chatter:
    """Somebody who writes to the bot. Each act returns the new messages of the bot as one text."""

    def __init__(
        self,
        dispatcher: UpdateDispatcher,
        bot: Bot,
        *,
        telegram_id: int = 7001,
        name: str = "Amina",
        language: str = "en",
    ) -> None:
        assert isinstance(bot.session, Telegram)
        self.telegram = bot.session
        self.dispatcher, self.bot = dispatcher, bot
        self.id = telegram_id
        self.user = {
            "id": telegram_id, "is_bot": False, "first_name": name, "language_code": language,
        }  # fmt: skip

    @property
    def chat(self) -> list[Shown]:
        return self.telegram.chats.setdefault(self.id, [])

    @property
    def last(self) -> Shown:
        return self.chat[-1]

    @property
    def labels(self) -> list[str]:
        return list(self.last.buttons)

    async def says(self, text: str) -> str:
        return await self.sends(self.message(text=text))

    async def presses(self, label: str) -> str:
        """Press the newest button whose label contains `label`."""
        for shown in reversed(self.chat):
            for text, data in shown.buttons.items():
                if label in text:
                    return await self.sends(self.press(shown, data))
        raise AssertionError(f"no button {label!r} in {[one.buttons for one in self.chat[-2:]]}")

    async def shares_contact(self, phone: str, *, of: int | None = -1) -> str:
        """One's own contact, or with `of` that of another account (None: of nobody's)."""
        contact: dict[str, Any] = {"phone_number": phone, "first_name": "A"}
        if of is not None:
            contact["user_id"] = self.id if of == -1 else of
        return await self.sends(self.message(contact=contact))

    async def sends_photo(self, content: bytes, *, as_file: bool = False) -> str:
        file_id = f"file{next(numbers)}"
        self.telegram.files[file_id] = content
        described = {"file_id": file_id, "file_unique_id": file_id, "file_size": len(content)}
        if as_file:
            document = described | {"file_name": "photo.jpg", "mime_type": "image/jpeg"}
            return await self.sends(self.message(document=document))
        small = described | {"width": 90, "height": 90, "file_size": 900}
        large = described | {"width": 900, "height": 900}
        return await self.sends(self.message(photo=[small, large]))

    async def sends_note(self, content: bytes = b"film", *, at: datetime, **more: Any) -> str:
        """Record a video note, which Telegram dates."""
        file_id = f"file{next(numbers)}"
        self.telegram.files[file_id] = content
        note = {
            "file_id": file_id, "file_unique_id": file_id, "file_size": len(content),
            "length": 400, "duration": 6,
        }  # fmt: skip
        return await self.sends(
            self.message(video_note=note, **{"date": int(at.timestamp()), **more})
        )

    async def edits(self, message_id: int, text: str) -> str:
        update = self.message(text=text)
        edited = update.pop("message") | {"message_id": message_id, "edit_date": 1}
        return await self.sends(update | {"edited_message": edited})

    async def sends(self, update: dict[str, Any]) -> str:
        before, states = len(self.chat), [(one.id, one.text) for one in self.chat]
        await self.dispatcher.feed_raw_update(self.bot, update)
        changed = [
            one.text
            for one, state in zip(self.chat, states, strict=False)
            if (one.id, one.text) != state
        ]
        return "\n".join([*changed, *(one.text for one in self.chat[before:])])

    def update(self, update: dict[str, Any]) -> Update:
        """As polling gets it."""
        return Update.model_validate(update, context={"bot": self.bot})

    def message(self, **content: Any) -> dict[str, Any]:
        number = next(numbers)
        message = {
            "message_id": number,
            "date": int(DATE.timestamp()),
            "chat": {"id": self.id, "type": "private", "first_name": "A"},
            "from": self.user,
            **content,
        }
        if str(content.get("text", "")).startswith("/"):
            length = len(content["text"].split()[0])
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        return {"update_id": number, "message": message}

    def press(self, shown: Shown, data: str) -> dict[str, Any]:
        number = next(numbers)
        query: dict[str, Any] = {
            "id": str(number),
            "from": self.user,
            "chat_instance": "1",
            "data": data,
            "message": {
                "message_id": shown.id,
                "date": int(DATE.timestamp()),
                "chat": {"id": self.id, "type": "private", "first_name": "A"},
                "from": BOT.model_dump(exclude_none=True),
                "text": shown.text,
            },
        }
        if isinstance(shown.keyboard, InlineKeyboardMarkup):
            query["message"]["reply_markup"] = shown.keyboard.model_dump(exclude_none=True)
        return {"update_id": number, "callback_query": query}
