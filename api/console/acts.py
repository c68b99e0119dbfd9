"""Carries out what a form asks for, in a transaction of its own; a refusal shows the form again."""

from collections.abc import Awaitable, Callable

from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from api.console import refusals
from api.console.door import Desk
from api.console.words import Refusal
from kit import idempotency
from kit.db import reading, unit_of_work
from kit.errors import DomainError
from kit.four_eyes import Proposal

Act = Callable[[AsyncSession], Awaitable[str]]
"""What was done, as a key of `words.DONE`."""
Again = Callable[[AsyncSession, int, Refusal], Awaitable[Response]]
"""The page of the form once more, with what was typed."""


async def carry_out(desk: Desk, act: Act, *, then: str, again: Again) -> Response:
    async def in_one() -> str:
        async with unit_of_work(desk.wiring.sessions) as session:
            return await _once(session, desk, act)

    return await answer(desk, in_one, then=then, again=again)


async def _once(session: AsyncSession, desk: Desk, act: Act) -> str:
    """A form that is sent again, as by a browser that heard no answer, does nothing more."""
    if not desk.key:
        return await act(session)
    form = idempotency.fingerprint([desk.request.url.path, desk.typed])
    scope = f"console:{desk.who.id}:{form}"
    known = await idempotency.recall(session, scope=scope, key=desk.key, body=form)
    if known is not None:
        return str(known.answer["done"])
    done = await act(session)
    idempotency.remember(
        session, scope=scope, key=desk.key, body=form, status=303, answer={"done": done},
        now=desk.now,
    )  # fmt: skip
    return done


def only_looks(desk: Desk) -> bool:
    """The other button of a form: show what it would do."""
    return "look" in desk.typed


async def look(
    desk: Desk, show: Callable[[AsyncSession], Awaitable[Response]], *, again: Again
) -> Response:
    """The page with what the form would do; nothing is done."""
    try:
        async with reading(desk.wiring.sessions) as session:
            return await show(session)
    except (DomainError, ValidationError) as refused:
        return await _refuse(desk, refused, again)


async def answer(
    desk: Desk, act: Callable[[], Awaitable[str]], *, then: str, again: Again
) -> Response:
    """For an act that keeps transactions of its own."""
    try:
        done = await act()
    except (DomainError, ValidationError) as refused:
        return await _refuse(desk, refused, again)
    return RedirectResponse(f"{then}?said={done}", 303)


async def _refuse(desk: Desk, refused: Exception, again: Again) -> Response:
    status, refusal = refusals.refusal_of(refused)
    async with unit_of_work(desk.wiring.sessions) as session:
        return await again(session, status, refusal)


def outcome(proposal: Proposal) -> str:
    return "confirmed" if proposal.is_confirmed else "proposed"
