"""What a person does in the chat, and what the chat shows."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, File, Form, Query, UploadFile
from fastapi.responses import Response
from pydantic import BaseModel

from sandbox.people import Person
from sandbox.phone import specimens
from sandbox.store import Json
from sandbox.telegram import account, payments, person
from sandbox.telegram.files import media_type
from sandbox.telegram.requests import Upload
from sandbox.telegram.state import Chat
from sandbox.world import World

Wait = Annotated[float, Query(ge=0, le=60)]
"""How many seconds to wait until the bot has taken what was done."""

_SHOWN_IN_PLACE = ("image/jpeg", "image/png", "image/webp", "video/", "audio/")


class Kind(StrEnum):
    PHOTO = "photo"
    DOCUMENT = "document"
    VIDEO = "video"
    VIDEO_NOTE = "video_note"
    VOICE = "voice"
    AUDIO = "audio"
    STICKER = "sticker"


class Saying(BaseModel):
    text: str
    reply_to: int | None = None


class Pressing(BaseModel):
    message_id: int
    data: str


class Paying(BaseModel):
    """An invoice, with a card that works or that the bank declines."""

    message_id: int
    card: payments.Card = payments.Card.GOOD


class Editing(BaseModel):
    message_id: int
    text: str


class Contact(BaseModel):
    """Empty: the person's own contact, as the button shares it."""

    phone: str | None = None
    first_name: str | None = None
    user_id: int | None = None


class Blocking(BaseModel):
    blocked: bool


class Details(BaseModel):
    """What the page knows of a film: the app would tell it as well."""

    file: UploadFile
    caption: str = ""
    duration: float = 0
    length: int = 0
    width: int = 0
    height: int = 0


def routes(world: World) -> APIRouter:
    router = APIRouter(prefix="/people/{person_id}")
    _writing_routes(router, world)
    _touching_routes(router, world)
    _paying_routes(router, world)
    _reading_routes(router, world)
    router.include_router(specimens.routes(world))
    return router


def _chat(world: World, person_id: int) -> Chat:
    return world.telegram.enrol(world.people.get(person_id))


async def _done(
    world: World, chat: Chat, wait: float, act: Callable[[], Awaitable[list[int]]]
) -> Json:
    """Do it; with `wait`, also say whether the bot has taken it and what happened in the chat."""
    with world.bus.subscribe(chat.topic) as subscription:
        updates = await act()
        taken = None
        if wait:
            taken = all([await world.telegram.updates.taken(u, wait) for u in updates])
        return {"update_ids": updates, "taken": taken, "events": subscription.drain()}


def _writing_routes(router: APIRouter, world: World) -> None:
    telegram = world.telegram

    @router.post("/say")
    async def say(person_id: int, saying: Saying, wait: Wait = 0) -> Json:
        chat = _chat(world, person_id)

        async def act() -> list[int]:
            return await person.say(telegram, chat, saying.text, reply_to=saying.reply_to)

        return await _done(world, chat, wait, act)

    @router.post("/send/{kind}")
    async def send(
        person_id: int, kind: Kind, details: Annotated[Details, Form(), File()], wait: Wait = 0
    ) -> Json:
        chat = _chat(world, person_id)
        upload = Upload(details.file.filename or "file", await details.file.read())
        facts = details.model_dump(exclude={"file", "caption"})

        async def act() -> list[int]:
            caption = details.caption
            return [
                await person.send_file(
                    telegram, chat, kind.value, upload, caption=caption, details=facts
                )
            ]

        return await _done(world, chat, wait, act)

    @router.post("/contact")
    async def contact(person_id: int, contact: Contact, wait: Wait = 0) -> Json:
        chat = _chat(world, person_id)
        shared = _shared(world.people.get(person_id), contact)

        async def act() -> list[int]:
            return [
                await person.share_contact(
                    telegram,
                    chat,
                    phone=str(shared.phone),
                    first_name=str(shared.first_name),
                    user_id=shared.user_id,
                )
            ]

        return await _done(world, chat, wait, act)


def _shared(owner: Person, contact: Contact) -> Contact:
    if contact.phone is None:
        return Contact(phone=owner.phone, first_name=owner.first_name, user_id=owner.id)
    return contact.model_copy(update={"first_name": contact.first_name or "Somebody"})


def _touching_routes(router: APIRouter, world: World) -> None:
    telegram = world.telegram

    @router.post("/press")
    async def press(person_id: int, pressing: Pressing, wait: Wait = 0) -> Json:
        chat = _chat(world, person_id)
        queries: list[str] = []

        async def act() -> list[int]:
            pressed = await person.press(telegram, chat, pressing.message_id, pressing.data)
            queries.append(pressed[1])
            return [pressed[0]]

        return await _done(world, chat, wait, act) | {"query_id": queries[0]}

    @router.post("/edit")
    async def edit(person_id: int, editing: Editing, wait: Wait = 0) -> Json:
        chat = _chat(world, person_id)

        async def act() -> list[int]:
            return [await person.edit(telegram, chat, editing.message_id, editing.text)]

        return await _done(world, chat, wait, act)

    @router.post("/block")
    async def block(person_id: int, blocking: Blocking, wait: Wait = 0) -> Json:
        chat = _chat(world, person_id)

        async def act() -> list[int]:
            update = person.set_blocked(telegram, chat, blocking.blocked)
            return [] if update is None else [update]

        return await _done(world, chat, wait, act)


def _paying_routes(router: APIRouter, world: World) -> None:
    telegram = world.telegram

    @router.post("/pay")
    async def pay(person_id: int, paying: Paying, wait: Wait = 0) -> Json:
        chat = _chat(world, person_id)
        ends: list[payments.Paid] = []

        async def act() -> list[int]:
            ends.append(await payments.pay(telegram, chat, paying.message_id, paying.card))
            return list(ends[0].update_ids)

        done = await _done(world, chat, wait, act)
        return done | {"outcome": ends[0].outcome, "text": ends[0].text}


def _reading_routes(router: APIRouter, world: World) -> None:
    @router.get("/chat")
    async def show(person_id: int) -> Json:
        return shown(world, _chat(world, person_id))

    @router.get("/files/{file_id}")
    async def file(person_id: int, file_id: str) -> Response:
        entry = world.telegram.files.get(file_id)
        kind = media_type(entry)
        headers = {
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, max-age=3600",
        }
        if not kind.startswith(_SHOWN_IN_PLACE):
            headers["Content-Disposition"] = "attachment"
        content = await world.telegram.files.read(entry)
        return Response(content, media_type=kind, headers=headers)


def shown(world: World, chat: Chat) -> Json:
    return {
        "bot": world.telegram.bot.user,
        "messages": list(chat.messages.values()),
        "keyboard": chat.keyboard,
        "commands": account.commands_in(world.telegram, chat),
        "blocked": chat.blocked,
        "started": chat.started,
    }
