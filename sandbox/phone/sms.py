"""The phone's own text messages."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from sandbox.sms import delivery
from sandbox.store import Json
from sandbox.world import World


class Writing(BaseModel):
    body: str = Field(min_length=1, max_length=1600)


def routes(world: World) -> APIRouter:
    router = APIRouter(prefix="/people/{person_id}/sms")

    @router.get("")
    async def inbox(person_id: int) -> list[Json]:
        return world.sms.of_phone(world.people.get(person_id).phone)

    @router.post("", status_code=201)
    async def write(person_id: int, writing: Writing) -> Json:
        """To the lender's number."""
        sender = world.people.get(person_id).phone
        return await delivery.receive(world.sms, sender=sender, body=writing.body)

    return router
