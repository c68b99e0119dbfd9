"""Pictures for a newcomer who has none to send: a specimen document and a drawn selfie."""

import asyncio
import io
import secrets
from datetime import date
from enum import StrEnum
from typing import Annotated

import numpy as np
from fastapi import APIRouter, File, Form, HTTPException, UploadFile
from fastapi.responses import Response
from PIL import Image, ImageOps, UnidentifiedImageError
from pydantic import BaseModel, Field

from sandbox.people import Person
from sandbox.specimens import documents, faces, films
from sandbox.specimens.zones import Holder
from sandbox.world import World

_LOOKS = (faces.LINA, faces.OMAR, faces.ZARA)


class Kind(StrEnum):
    PASSPORT = "passport"
    CARD = "card"
    FRONT = "front"
    BACK = "back"
    SELFIE = "selfie"


class Wanted(BaseModel):
    """What shall stand on it; without a portrait it shows the face that is drawn for the person."""

    name: str = ""
    birth_date: date = date(1991, 3, 14)
    portrait: UploadFile | None = None


class Act(StrEnum):
    """What a drawn person can do before the camera."""

    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    BLINK_TWICE = "blink_twice"
    OPEN_MOUTH = "open_mouth"
    COME_CLOSER = "come_closer"


class Performance(BaseModel):
    """Who does what; without a portrait the face that is drawn for the person, or another one's."""

    acts: Annotated[list[Act], Field(min_length=1, max_length=5)]
    another: bool = False
    portrait: UploadFile | None = None


def routes(world: World) -> APIRouter:
    router = APIRouter()

    @router.post("/specimens/video_note")
    async def film(person_id: int, wanted: Annotated[Performance, Form(), File()]) -> Response:
        person = world.people.get(person_id)
        uploaded = None if wanted.portrait is None else await wanted.portrait.read()
        try:
            mp4 = await asyncio.to_thread(_acted, person, wanted, uploaded)
        except (UnidentifiedImageError, OSError, films.NoFaceToAct):
            raise HTTPException(422, "this file is no picture of a face") from None
        return Response(mp4, media_type="video/mp4")

    @router.post("/specimens/{kind}")
    async def specimen(
        person_id: int, kind: Kind, wanted: Annotated[Wanted, Form(), File()]
    ) -> Response:
        person = world.people.get(person_id)
        uploaded = None if wanted.portrait is None else await wanted.portrait.read()
        try:
            jpeg = await asyncio.to_thread(_drawn, person, kind, wanted, uploaded)
        except (UnidentifiedImageError, OSError):
            raise HTTPException(422, "this file is no picture of a face") from None
        return Response(jpeg, media_type="image/jpeg")

    return router


def _acted(person: Person, wanted: Performance, uploaded: bytes | None) -> bytes:
    if uploaded is None:
        pixels = faces.portrait(_LOOKS[(person.id + wanted.another) % len(_LOOKS)], width=420)
    else:
        portrait = ImageOps.exif_transpose(Image.open(io.BytesIO(uploaded))).convert("RGB")
        pixels = np.asarray(portrait)
    return films.record_clearly(pixels, wanted.acts, secrets.randbelow(1000))


def _drawn(person: Person, kind: Kind, wanted: Wanted, uploaded: bytes | None) -> bytes:
    look = _LOOKS[person.id % len(_LOOKS)]
    if kind is Kind.SELFIE:
        return documents.jpeg(Image.fromarray(faces.portrait(look, width=420, smile=0.5)))
    drawn = Image.fromarray(faces.portrait(look, width=420))
    portrait = drawn if uploaded is None else Image.open(io.BytesIO(uploaded))
    given, _, surname = (wanted.name or f"{person.first_name} {person.last_name}").rpartition(" ")
    holder = Holder(surname or "Utopian", given, wanted.birth_date, number=f"UT{person.id % 10**7}")
    return documents.shot(_page(kind, holder, portrait), holder)


def _page(kind: Kind, holder: Holder, portrait: Image.Image) -> Image.Image:
    match kind:
        case Kind.CARD:
            return documents.card(holder, portrait)
        case Kind.FRONT:
            return documents.front(holder, portrait)
        case Kind.BACK:
            return documents.back(holder)
    return documents.passport(holder, portrait)
