"""Logging in and out, and who one is."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, status
from pydantic import Field, StringConstraints

from api import auth, staff
from api.deps import Session, Staff, Wired, address_of, permitted
from api.models import StaffMember
from api.roles import Role
from api.schemas import Record, Shown, Strict, Word

_Secret = Annotated[str, StringConstraints(min_length=1, max_length=staff.PASSWORD_LENGTH_MAX)]

door = APIRouter(prefix="/v1", tags=["session"])
router = APIRouter(prefix="/v1", tags=["session"], dependencies=[Depends(permitted)])


class Credentials(Strict):
    name: Word
    password: _Secret = Field(description="Or the one-time token of a new account.")


class NewPassword(Strict):
    password: _Secret


class SessionShown(Shown):
    token: str
    expires_at: datetime
    must_choose_password: bool


class Me(Record):
    name: str
    role: Role


@door.post("/session", status_code=status.HTTP_201_CREATED, response_model=SessionShown)
async def create_session(body: Credentials, request: Request, wiring: Wired) -> auth.Granted:
    """A token for eight hours. Unknown names and wrong passwords are answered alike."""
    return await auth.log_in(
        wiring.sessions,
        wiring.vault,
        name=body.name,
        password=body.password,
        address=address_of(request),
        now=wiring.wall.now(),
    )


@router.delete("/session", status_code=status.HTTP_204_NO_CONTENT)
async def delete_session(session: Session, who: Staff, wiring: Wired) -> None:
    """The token is worth nothing from now on."""
    await auth.log_out(session, who, now=wiring.wall.now())


@router.get("/me", response_model=Me)
async def get_me(who: Staff) -> auth.Staff:
    return who


@router.put("/me/password", status_code=status.HTTP_204_NO_CONTENT)
async def change_password(body: NewPassword, session: Session, who: Staff, wiring: Wired) -> None:
    """Every other session of the account ends."""
    member = await session.get_one(StaffMember, who.id)
    password_hash = await staff.hash_password(body.password)
    now = wiring.wall.now()
    await staff.set_password(session, member, password_hash, now=now)
    await staff.revoke_sessions(session, member, now=now, keep=who.session_id)
