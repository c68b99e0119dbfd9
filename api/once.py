"""What a POST creates is created once: the same Idempotency-Key is answered the same."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

from fastapi import Header, Response, status
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from kit import idempotency

Key = Annotated[str, Header(pattern=r"^[\x21-\x7e]{8,200}$")]
_CREATED = status.HTTP_201_CREATED


async def created(
    session: AsyncSession,
    create: Callable[[], Awaitable[BaseModel]],
    *,
    scope: str,
    key: str,
    body: BaseModel,
    now: datetime,
) -> Response:
    """The answer to `create()`, or the one that this key was given before."""
    return await done(session, create, scope=scope, key=key, body=body, now=now, status=_CREATED)


async def done(
    session: AsyncSession,
    act: Callable[[], Awaitable[BaseModel]],
    *,
    scope: str,
    key: str,
    body: BaseModel,
    now: datetime,
    status: int = status.HTTP_200_OK,
) -> Response:
    """The same for an act that creates nothing."""
    asked = body.model_dump(mode="json")
    known = await idempotency.recall(session, scope=scope, key=key, body=asked)
    if known is not None:
        replayed = {"Idempotency-Replayed": "true"}
        return JSONResponse(known.answer, status_code=known.status, headers=replayed)
    answer = (await act()).model_dump(mode="json")
    idempotency.remember(
        session, scope=scope, key=key, body=asked, status=status, answer=answer, now=now
    )
    return JSONResponse(answer, status_code=status)
