"""What is refused under `/console` is answered with a page that says what happened and what to do.

The same handlers as for the API decide; their answer is drawn instead of sent as JSON.
"""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from api import auth, problems
from api.console import door, drawing, words
from api.console.door import Desk
from api.console.words import Refusal
from kit.errors import DomainError
from onboarding.erasure import LawKeeps
from scoring.refusals import Sentence
from servicing.fields import InvalidTerms
from servicing.funding.capital import CapitalNotFree
from servicing.transfers import RailTransferKnown
from servicing.treasury.lumps import PartsStandAlready

RESUMES = "resumes"
"""A field of the door: something was to be sent when the session had ended."""
Handler = Callable[[Request, Exception], Awaitable[Response]]


def install(app: FastAPI) -> None:
    """After `problems.install`."""
    for failure, handler in list(app.exception_handlers.items()):
        app.add_exception_handler(failure, _as_page(cast(Handler, handler)))


def unexpected(request_id: str) -> Response:
    return _page(json.loads(bytes(problems.unexpected(request_id).body)), None)


def _as_page(handler: Handler) -> Handler:
    async def answered(request: Request, error: Exception) -> Response:
        if not drawing.wants_page(request):
            return await handler(request, error)
        if isinstance(error, auth.NotLoggedIn):
            return await _to_the_door(request)
        answer = await handler(request, error)
        shown = _page(json.loads(bytes(answer.body)), getattr(request.state, "desk", None))
        if (wait := answer.headers.get("retry-after")) is not None:
            shown.headers["Retry-After"] = wait
        return shown

    return answered


async def _to_the_door(request: Request) -> Response:
    """Then back to where one was. What was typed waits on the page of the door."""
    if request.method != "POST":
        return RedirectResponse(door.sign_in_path(request), 303)
    typed = await door.typed_of(request)
    typed.pop(door.PROOF, None)
    return door_page(request, status=401, path=request.url.path, kept={**typed, RESUMES: "yes"})


def refusal_of(refused: Exception) -> tuple[int, Refusal]:
    """The status, and what the page says."""
    if isinstance(refused, DomainError):
        known = words.refusal_of(refused.code)
        says = isinstance(refused, Sentence | RailTransferKnown | PartsStandAlready)
        if says and refused.code not in words.REFUSALS:
            known = replace(known, what=f"{refused} Nothing was done.")
        elif isinstance(refused, InvalidTerms):
            field = re.sub(r"\[(\d+)\]", lambda found: f", line {int(found[1]) + 1}", refused.field)
            known = replace(known, what=f"{words.field(field)}: {refused.reason}.")
        elif isinstance(refused, LawKeeps):
            until, law = refused.params["until"], refused.params["law"]
            known = replace(known, what=f"Kept until {until} by {law}. Nothing was done.")
        elif isinstance(refused, CapitalNotFree):
            known = replace(known, what=f"No more than {refused.params['free']} is there for it.")
        return problems.STATUS_OF[refused.kind], known
    assert isinstance(refused, ValidationError)
    known = words.refusal_of("invalid_request")
    return 422, replace(
        known,
        title="Please check what you typed",
        what=" ".join(map(_wrong, refused.errors(include_url=False, include_input=False))),
    )


def _wrong(error: ErrorDetails) -> str:
    what = error["msg"].removeprefix("Value error, ")
    if what.startswith("amount "):  # Said by an amount itself, whatever the field is called.
        return f"The {what}."
    about = error.get("ctx", {})
    known = words.WRONG.get(str(about.get("pattern", error["type"])))
    named = words.field(".".join(map(str, dict.fromkeys(error["loc"]))))
    return f"{named}: {known.format_map(about) if known else what}."


def door_page(
    request: Request,
    *,
    path: str,
    status: int = 200,
    refused: str = "",
    name: str = "",
    kept: dict[str, str] | None = None,
) -> Response:
    stranger = door.stranger_of(request)
    shown = drawing.bare(
        "sign_in.html",
        status=status,
        path=path,
        proof=door.proof_of(stranger),
        refusal=words.refusal_of(refused) if refused else None,
        name=name,
        kept=kept or {},
    )
    door.greet(shown, request.app.state.wiring, stranger)
    return shown


def _page(problem: dict[str, Any], desk: Desk | None) -> Response:
    draw = drawing.bare if desk is None else partial(drawing.page, desk)
    return draw(
        "refusal.html",
        status=problem["status"],
        refusal=words.refusal_of(problem["code"]),
        problem=problem,
    )
