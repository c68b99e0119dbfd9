"""Pictures for a newcomer who has none to send: a specimen document and a drawn selfie."""

import asyncio
import io
from datetime import date
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, File, Form, HTTPException, UploadFile
from fastapi.responses import Response
from PIL import Image, UnidentifiedImageError
from pydantic import BaseModel

from sandbox.people import Person
from sandbox.specimens import documents, faces
from sandbox.specimens.zones import Holder
from sandbox.world import World

_LOOKS = (faces.LINA, faces.OMAR, faces.ZARA)


class Kind(StrEnum):
    PASSPORT = "passport"
    CARD = "card"
    SELFIE = "selfie"


class Wanted(BaseModel):
    """What shall stand on it; without a portrait it shows the face that is drawn for the person."""

    name: str = ""
    birth_date: date = date(1991, 3, 14)
    portrait: UploadFile | None = None


def routes(world: World) -> APIRouter:
    router = APIRouter()

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


def _drawn(person: Person, kind: Kind, wanted: Wanted, uploaded: bytes | None) -> bytes:
    look = _LOOKS[person.id % len(_LOOKS)]
    if kind is Kind.SELFIE:
        return documents.jpeg(Image.fromarray(faces.portrait(look, width=420, smile=0.5)))
    drawn = Image.fromarray(faces.portrait(look, width=420))
    portrait = drawn if uploaded is None else Image.open(io.BytesIO(uploaded))
    given, _, surname = (wanted.name or f"{person.first_name} {person.last_name}").rpartition(" ")
    holder = Holder(surname or "Utopian", given, wanted.birth_date, number=f"UT{person.id % 10**7}")
    return documents.shot(holder, portrait, is_card=kind is Kind.CARD)
