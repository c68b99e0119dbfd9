"""Members of staff for a sandbox in which nobody has an account: acts of two need two."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from api import staff
from api.roles import Role
from cli.installation import Installation
from kit.clock import SystemClock
from kit.db import unit_of_work

CAST = {
    "Ursula": Role.UNDERWRITER,
    "Carl": Role.COLLECTOR,
    "Anil": Role.ANALYST,
    "Ada": Role.ADMIN,
}


async def hire(installation: Installation) -> Mapping[str, str]:
    """Their names and passwords, as long as they have those that were made here.

    Never outside a sandbox: the caller sees to that. Sessions live in real time, and so do they.
    """
    file = installation.settings.var / "sandbox-staff.json"
    async with unit_of_work(installation.sessions) as session:
        is_new = not await staff.count(session)
    if is_new:
        await _add(installation, file)
    return await hired(installation)


async def hired(installation: Installation) -> Mapping[str, str]:
    """Who of them is still here, with the password that was made."""
    file = installation.settings.var / "sandbox-staff.json"
    if not file.exists():
        return {}
    made: dict[str, str] = json.loads(file.read_text())
    async with unit_of_work(installation.sessions) as session:
        members = {name: await staff.find(session, name) for name in made}
    return {
        name: password
        for name, password in made.items()
        if (member := members[name]) is not None
        and member.disabled_at is None
        and await staff.matches(member.password_hash, password)
    }


async def dismiss(installation: Installation) -> None:
    """Whose passwords were printed has no account where money is real."""
    for name in await hired(installation):
        async with unit_of_work(installation.sessions) as session:
            member = await staff.get(session, name)
            await staff.disable(session, member, now=SystemClock().now())


async def _add(installation: Installation, file: Path) -> None:
    made = {name: "-".join(secrets.token_hex(2) for _ in range(4)) for name in CAST}
    hashes = {name: await staff.hash_password(password) for name, password in made.items()}
    now = SystemClock().now()
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as kept:
        json.dump(made, kept)
    async with unit_of_work(installation.sessions) as session:
        for name, role in CAST.items():
            member, _ = await staff.add(session, name=name, role=role, now=now)
            await staff.set_password(session, member, hashes[name], now=now)
