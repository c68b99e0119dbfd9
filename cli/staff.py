"""`kopa staff`: who may use the staff API. Passwords are chosen by their owners, through it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

import click
from sqlalchemy.ext.asyncio import AsyncSession

import api.staff
from api.models import StaffMember
from api.roles import Role
from cli import documents
from cli.in_one_line import sentence
from kit import migrate
from kit.clock import SystemClock
from kit.config import Settings
from kit.db import create_engine, sessions_of, unit_of_work
from kit.errors import DomainError

T = TypeVar("T")
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
_SENTENCES = {
    "invalid_staff_name": "a name has 2 to 80 readable characters",
    "staff_name_taken": "there is a staff account of this name already",
    "staff_not_found": "there is no staff account of this name",
}


@click.group()
def staff() -> None:
    """Accounts of the staff API."""


@staff.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    required=True,
    help="What they may do.",
)
@_AS_JSON
def add(name: str, role: str, *, as_json: bool) -> None:
    """Make an account and print the token that opens it once, within a day."""

    async def made(session: AsyncSession, now: datetime) -> tuple[StaffMember, str]:
        return await api.staff.add(session, name=name, role=Role(role), now=now)

    _tell(*_run(made), as_json=as_json)


@staff.command()
@click.argument("name")
@_AS_JSON
def reset(name: str, *, as_json: bool) -> None:
    """Forget the password, end every session, and print a new one-time token."""

    async def anew(session: AsyncSession, now: datetime) -> tuple[StaffMember, str]:
        member = await api.staff.get(session, name)
        return member, await api.staff.reset(session, member, now=now)

    _tell(*_run(anew), as_json=as_json)


@staff.command()
@click.argument("name")
def disable(name: str) -> None:
    """Close the account and end its sessions at once."""

    async def closed(session: AsyncSession, now: datetime) -> str:
        member = await api.staff.get(session, name)
        await api.staff.disable(session, member, now=now)
        return member.name

    click.echo(f"{_run(closed)} can no longer log in.")


@staff.command(name="list")
@_AS_JSON
def list_members(*, as_json: bool) -> None:
    """Everybody who has an account."""

    async def listed(session: AsyncSession, now: datetime) -> list[dict[str, str]]:
        return [
            {"name": member.name, "role": member.role, "state": _state(member)}
            for member in await api.staff.list_members(session)
        ]

    rows = _run(listed)
    if as_json:
        documents.write(rows)
        return
    for row in rows:
        click.echo(f"{row['name']:<30} {row['role']:<12} {row['state']}")


def _state(member: StaffMember) -> str:
    if member.disabled_at is not None:
        return "disabled"
    return "open" if member.password_hash is not None else "waits for the first log-in"


def _tell(member: StaffMember, token: str, *, as_json: bool) -> None:
    if as_json:
        documents.write({"name": member.name, "role": member.role, "one_time_token": token})
        return
    click.echo(f"{member.name} ({member.role}) logs in once with this token, within 24 hours:")
    click.echo(f"  {token}")
    click.echo(
        "As the password, in the console (/console) or by POST /v1/session; then they choose one."
    )


def _run(work: Callable[[AsyncSession, datetime], Awaitable[T]]) -> T:
    try:
        return asyncio.run(_in_one_transaction(work))
    except DomainError as error:
        documents.refuse(_SENTENCES.get(error.code) or sentence(error))


async def _in_one_transaction(work: Callable[[AsyncSession, datetime], Awaitable[T]]) -> T:
    settings = Settings()
    settings.var.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(migrate.upgrade, settings.url)
    engine = create_engine(settings.url)
    try:
        async with unit_of_work(sessions_of(engine)) as session:
            return await work(session, SystemClock().now())
    finally:
        await engine.dispose()
