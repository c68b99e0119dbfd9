"""Shows the time and moves it on, telling every open page how far the walk has come."""

import asyncio
import math
from datetime import UTC, datetime, time, timedelta
from typing import Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field, model_validator

from sandbox.store import Json
from sandbox.world import World

_MOST_HOURS = 24 * 366
_AFTERNOON = time(15)
"""UTC: the middle of the working day for most of the people who try this out."""


class Move(BaseModel):
    hours: int = Field(default=0, ge=0, le=_MOST_HOURS)
    days: int = Field(default=0, ge=0, le=366)
    to: Literal["next_due"] | None = None
    person_id: int | None = None

    @model_validator(mode="after")
    def _says_how_far(self) -> "Move":
        if self.to == "next_due" and self.person_id is None:
            raise ValueError("person_id says whose next due date")
        if self.to is None and not self.hours and not self.days:
            raise ValueError("give hours, days or to=next_due")
        return self


def routes(world: World) -> APIRouter:
    router = APIRouter(prefix="/clock")
    walking = asyncio.Lock()

    @router.get("")
    async def show() -> Json:
        return {"now": world.control.now().isoformat(), "walking": walking.locked()}

    @router.post("/move")
    async def move(wanted: Move) -> Json:
        if walking.locked():
            raise HTTPException(409, "time is already on its way")
        async with walking:
            hours = await _hours(world, wanted)
            await _walk(world, hours)
        return {"now": world.control.now().isoformat(), "hours": hours}

    return router


async def _hours(world: World, wanted: Move) -> int:
    if wanted.to is None:
        return wanted.hours + 24 * wanted.days
    assert wanted.person_id is not None
    due = await world.control.next_due(wanted.person_id)
    if due is None:
        raise HTTPException(409, "nothing is due")
    left = datetime.combine(due, _AFTERNOON, UTC) - world.control.now()
    if left <= timedelta():
        raise HTTPException(409, f"the due date {due} is here already")
    return math.ceil(left / timedelta(hours=1))


async def _walk(world: World, hours: int) -> None:
    start = world.control.now()
    whole = timedelta(hours=hours)
    try:
        async for instant in world.control.move(hours):
            done = min((instant - start) / whole, 1.0)
            _tell(world, instant, done)
    finally:
        _tell(world, world.control.now(), None)


def _tell(world: World, now: datetime, done: float | None) -> None:
    world.bus.publish("clock", "clock", now=now.isoformat(), done=done)
