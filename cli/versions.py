"""What the commands about models and policies share: the database, names of versions, of staff."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import click
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, migrate
from kit.clock import SystemClock
from kit.config import Settings
from kit.crypto import open_vault
from kit.db import Sessions, create_engine, reading, sessions_of
from migrations.tables import load_models
from scoring import line_up, versions
from scoring.line_up import Pair
from scoring.model import loading
from scoring.model.predictor import Model
from scoring.models import Seat
from scoring.queries import Period

T = TypeVar("T")
DAY = click.DateTime(["%Y-%m-%d"])


def now() -> datetime:
    return SystemClock().now()


def run(act: Callable[[Sessions], Awaitable[T]]) -> T:
    """With this installation's database, at its newest schema."""
    load_models()
    settings = Settings()
    settings.var.mkdir(parents=True, exist_ok=True)

    async def acted() -> T:
        await asyncio.to_thread(migrate.upgrade, settings.url)
        engine = create_engine(settings.url)
        try:
            return await act(sessions_of(engine, open_vault(settings)))
        finally:
            await engine.dispose()

    return asyncio.run(acted())


def period(since: datetime | None, until: datetime | None) -> Period:
    """Days as the command line gives them: `until` is the last one, and counts."""
    if since is not None and until is not None and until < since:
        raise click.UsageError("the last day is before the first")
    return Period(
        since.replace(tzinfo=UTC) if since else None,
        until.replace(tzinfo=UTC) + timedelta(days=1) if until else None,
    )


async def model_named(session: AsyncSession, name: str) -> str:
    """A folder, which is registered on the way, or the beginning of a hash that is kept."""
    if _is_there(name, folder=True):
        found = await versions.register_folder(session, Path(name), actor=audit.SYSTEM, now=now())
        return found.sha256
    return await versions.find_model(session, name)


async def model_tried(sessions: Sessions, name: str) -> Model:
    """The same, but nothing is kept."""
    if _is_there(name, folder=True):
        return versions.for_applications(*loading.texts(Path(name)))
    async with reading(sessions) as session:
        return await versions.get_model(session, await versions.find_model(session, name))


async def policy_named(session: AsyncSession, name: str) -> str:
    if _is_there(name, folder=False):
        text = versions.text_of(Path(name))
        found = await versions.register_policy(session, text, actor=audit.SYSTEM, now=now())
        return found.sha256
    return await versions.find_policy(session, name)


async def pair_named(
    session: AsyncSession, model: str | None, policy: str | None, product: str
) -> Pair:
    """What is not named is the champion's."""
    holder = line_up.champion(await line_up.standing(session), product)
    return Pair(
        await model_named(session, model) if model else _stands(holder).model_sha256,
        await policy_named(session, policy) if policy else _stands(holder).policy_sha256,
    )


def _stands(holder: Seat | None) -> Seat:
    if holder is None:
        raise click.UsageError("nothing decides yet: name both a model and a policy")
    return holder


async def staff_named(session: AsyncSession, name: str, route: str) -> UUID:
    """Refused when the API would refuse it to them."""
    import api.staff
    from api import roles

    member = await api.staff.get(session, name)
    if member.disabled_at is not None or not roles.allows(route, member.role):
        raise click.UsageError(f"the role of {name} does not allow this")
    return member.id


def _is_there(name: str, *, folder: bool) -> bool:
    return Path(name).is_dir() if folder else Path(name).is_file()
