"""The chats of one bot: who is there, what was said, what the keyboard shows."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import aiogram.types

from sandbox.people import Person
from sandbox.store import Json
from sandbox.surroundings import Surroundings
from sandbox.telegram.files import Files
from sandbox.telegram.refusals import BLOCKED, Refusal, bad_request
from sandbox.telegram.updates import Updates
from sandbox.trouble import Door

TROUBLES = (
    "fail",
    "delay",
    "lose_answer",
    "repeat_update",
    "drop_update",
    "reorder_updates",
)


@dataclass(frozen=True)
class BotAccount:
    token: str
    first_name: str = "Kopa"
    username: str = "kopa_sandbox_bot"
    provider_token: str = ""
    """With which invoices are taken; empty: none are."""
    checkout_seconds: float = 10.0
    """How long the bot may think about a payment."""

    @property
    def id(self) -> int:
        return int(self.token.partition(":")[0])

    @property
    def user(self) -> Json:
        return {
            "id": self.id,
            "is_bot": True,
            "first_name": self.first_name,
            "username": self.username,
        }


@dataclass
class Chat:
    user: Json
    started: bool = False
    """A bot cannot write to somebody who never wrote to it."""
    blocked: bool = False
    keyboard: Json | None = None
    """The reply keyboard or forced reply that the person sees now, with its message's id."""
    messages: dict[int, Json] = field(default_factory=dict)

    @property
    def id(self) -> int:
        chat_id: int = self.user["id"]
        return chat_id

    @property
    def described(self) -> Json:
        names = ("id", "first_name", "last_name", "username")
        return {name: self.user[name] for name in names if name in self.user} | {"type": "private"}

    @property
    def topic(self) -> str:
        return f"chat:{self.id}"


@dataclass(frozen=True)
class Pressed:
    chat_id: int
    message_id: int
    asked_at: int


@dataclass
class Checkout:
    """A payment that waits for the bot's answer."""

    refusal: str | None = None
    is_answered: asyncio.Event = field(default_factory=asyncio.Event)


class Telegram:
    """Everything that the Bot API server knows. Methods and doors act on it."""

    def __init__(self, bot: BotAccount, surroundings: Surroundings) -> None:
        self.bot = bot
        self.clock = surroundings.clock
        self.store = surroundings.store
        self.bus = surroundings.bus
        self.outgoing = surroundings.outgoing
        self.door = Door(*TROUBLES)
        self.files = Files(self.store)
        self.updates = Updates(self.store, self.outgoing, self.door, self.clock)
        self.callbacks: dict[str, Pressed] = {}
        """Callback queries that wait for an answer."""
        self.checkouts: dict[str, Checkout] = {}
        """Payments that the bot was asked about."""
        self.chats: dict[int, Chat] = {}
        self._restore()

    def _restore(self) -> None:
        for saved in self.store.list("chat"):
            self.chats[saved["user"]["id"]] = Chat(**saved)
        for message in self.store.list("message"):
            self.chats[message["chat"]["id"]].messages[message["message_id"]] = message

    @property
    def now(self) -> int:
        return int(self.clock.now().timestamp())

    def enrol(self, person: Person) -> Chat:
        """The person's chat with the bot, made when it is not there yet."""
        if person.id not in self.chats:
            user = {"id": person.id, "is_bot": False, "first_name": person.first_name}
            if person.last_name:
                user["last_name"] = person.last_name
            user |= {"username": person.username, "language_code": person.language_code}
            self.chats[person.id] = Chat(user)
            self.save(self.chats[person.id])
        return self.chats[person.id]

    def save(self, chat: Chat) -> None:
        self.store.put(
            "chat",
            chat.id,
            {
                "user": chat.user,
                "started": chat.started,
                "blocked": chat.blocked,
                "keyboard": chat.keyboard,
            },
        )

    def find_chat(self, chat_id: int) -> Chat:
        chat = self.chats.get(chat_id)
        if chat is None or not chat.started:
            raise bad_request("chat not found")
        return chat

    def writable_chat(self, chat_id: int) -> Chat:
        chat = self.find_chat(chat_id)
        if chat.blocked:
            raise Refusal(403, BLOCKED)
        return chat

    def write(self, chat: Chat, sender: Json, **content: Any) -> Json:
        """A new message in the chat, checked against the Bot API's own description."""
        message = {
            "message_id": self.store.next_number("message"),
            "from": sender,
            "chat": chat.described,
            "date": self.now,
            **content,
        }
        aiogram.types.Message.model_validate(message)
        self.keep(chat, message)
        self.bus.publish(chat.topic, "message", message=message)
        return message

    def keep(self, chat: Chat, message: Json) -> None:
        chat.messages[message["message_id"]] = message
        self.store.put("message", message["message_id"], message)

    def change(self, chat: Chat, message: Json) -> None:
        """A message in a new form: `message` replaces the one with its id."""
        aiogram.types.Message.model_validate(message)
        self.keep(chat, message)
        self.bus.publish(chat.topic, "edit", message=message)

    def remove(self, chat: Chat, message_id: int) -> None:
        del chat.messages[message_id]
        self.store.delete("message", message_id)
        if chat.keyboard is not None and chat.keyboard["message_id"] == message_id:
            self.show_keyboard(chat, None)
        self.bus.publish(chat.topic, "delete", message_id=message_id)

    def show_keyboard(self, chat: Chat, keyboard: Json | None) -> None:
        chat.keyboard = keyboard
        self.save(chat)
        self.bus.publish(chat.topic, "keyboard", keyboard=keyboard)

    def push(self, kind: str, payload: Json, chat: Chat) -> int:
        """Tell the bot; returns the update's id."""
        update: Json = {"update_id": self.store.next_number("update", 10_000_001), kind: payload}
        aiogram.types.Update.model_validate(update)
        self.updates.push(update, chat.id)
        update_id: int = update["update_id"]
        return update_id
