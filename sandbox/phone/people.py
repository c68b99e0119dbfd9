"""Who there is, and somebody new."""

from fastapi import APIRouter

from sandbox.people import NewPerson, Person
from sandbox.world import World


def routes(world: World) -> APIRouter:
    router = APIRouter(prefix="/people")

    @router.get("")
    async def everybody() -> list[Person]:
        return world.people.list()

    @router.post("", status_code=201)
    async def add(newcomer: NewPerson) -> Person:
        return world.add_person(newcomer)

    return router
