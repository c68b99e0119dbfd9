"""The door for trouble: what shall go wrong next, and how many times."""

from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field


class Trouble(BaseModel):
    """One order of trouble. `target` is a method, a number or an account; `*` means any."""

    model_config = ConfigDict(extra="forbid")

    kind: str
    target: str = "*"
    times: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    seconds: Annotated[float, Field(ge=0, le=3_600)] = 0
    code: str | int | None = None
    status: Annotated[int, Field(ge=400, le=599)] | None = None
    retry_after: Annotated[int, Field(ge=1)] | None = None
    description: str = ""


class UnknownTrouble(ValueError):
    pass


class Door:
    def __init__(self, *kinds: str) -> None:
        self.kinds = kinds
        self._orders: list[Trouble] = []

    def order(self, trouble: Trouble) -> None:
        if trouble.kind not in self.kinds:
            raise UnknownTrouble(f"kind is one of {', '.join(self.kinds)}")
        self._orders.append(trouble.model_copy())

    def take(self, kind: str, *targets: str) -> Trouble | None:
        """The oldest order of this kind that fits one of `targets`; it is used up once."""
        for trouble in self._orders:
            if trouble.kind == kind and trouble.target in ("*", *targets):
                trouble.times -= 1
                if trouble.times == 0:
                    self._orders.remove(trouble)
                return trouble
        return None

    def list(self) -> list[Trouble]:
        return list(self._orders)

    def clear(self) -> None:
        self._orders.clear()


def routes(door: Door) -> APIRouter:
    """GET what is still to happen, POST an order, DELETE all orders."""
    router = APIRouter()

    @router.get("/trouble")
    async def pending() -> list[Trouble]:
        return door.list()

    @router.post("/trouble", status_code=201)
    async def order(trouble: Trouble) -> list[Trouble]:
        try:
            door.order(trouble)
        except UnknownTrouble as error:
            raise HTTPException(422, str(error)) from error
        return door.list()

    @router.delete("/trouble", status_code=204)
    async def clear() -> None:
        door.clear()

    return router
