"""Signing in and out, and choosing a password."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api import auth, staff
from api.console import door, drawing, refusals
from api.console.door import HOME, AtDesk
from api.deps import Wired, address_of
from api.models import StaffMember
from kit.db import unit_of_work
from kit.errors import DomainError

entrance = APIRouter(prefix=HOME, include_in_schema=False)
router = APIRouter(prefix=HOME, include_in_schema=False)
_OF_THE_DOOR = ("next", "name", "password")


@entrance.get("/sign-in")
async def show_door(request: Request, next: str = HOME) -> Response:
    return refusals.door_page(request, path=door.path_within(next))


@entrance.post("/sign-in")
async def enter(request: Request, wiring: Wired) -> Response:
    typed = await door.typed_of(request)
    door.expect_stranger(request, typed)
    path, name, password = (typed.pop(field, "") for field in _OF_THE_DOOR)
    path = door.path_within(path)
    try:
        granted = await auth.log_in(
            wiring.sessions,
            wiring.vault,
            name=name[:80],
            password=password[: staff.PASSWORD_LENGTH_MAX],
            address=address_of(request),
            now=wiring.wall.now(),
        )
    except DomainError as refused:
        return refusals.door_page(
            request, path=path, status=401, refused=refused.code, name=name, kept=typed
        )
    async with unit_of_work(wiring.sessions) as session:
        await door.end_session(request, session, wiring)
    answer = _inside(path, typed, granted)
    door.let_in(answer, wiring, granted.token)
    return answer


def _inside(path: str, typed: dict[str, str], granted: auth.Granted) -> Response:
    if granted.must_choose_password:
        return RedirectResponse(f"{HOME}/password", 303)
    if typed.pop(refusals.RESUMES, ""):
        return drawing.bare(
            "resume.html", path=path, kept=typed, proof=door.proof_of(granted.token)
        )
    return RedirectResponse(path, 303)


@router.post("/sign-out", name="delete_session")
async def leave(desk: AtDesk) -> Response:
    async with unit_of_work(desk.wiring.sessions) as session:
        await auth.log_out(session, desk.who, now=desk.wiring.wall.now())
    answer = RedirectResponse(door.SIGN_IN, 303)
    door.see_out(answer)
    return answer


@router.get("/password", name="change_password")
async def show_password(desk: AtDesk) -> Response:
    return drawing.page(desk, "password.html", refusal=None)


@router.post("/password", name="change_password")
async def choose_password(desk: AtDesk) -> Response:
    try:
        password_hash = await staff.hash_password(desk.typed.pop("password", ""))
    except staff.PasswordTooWeak as refused:
        status, refusal = refusals.refusal_of(refused)
        return drawing.page(desk, "password.html", status=status, refusal=refusal)
    now = desk.wiring.wall.now()
    async with unit_of_work(desk.wiring.sessions) as session:
        member = await session.get_one(StaffMember, desk.who.id)
        await staff.set_password(session, member, password_hash, now=now)
        await staff.revoke_sessions(session, member, now=now, keep=desk.who.session_id)
    return RedirectResponse(f"{HOME}?said=password", 303)
