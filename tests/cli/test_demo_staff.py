"""A newcomer's way into the console of a sandbox, and into no other."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

import api.staff
from api import auth
from api.roles import Role
from cli import demo_staff, sandboxed
from cli.installation import Installation, opened
from kit.clock import SystemClock
from kit.config import Settings
from kit.db import unit_of_work

NOW = datetime(2026, 11, 20, 7, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return sandboxed.settings_for(Settings(_env_file=None, var=tmp_path))


async def enters(house: Installation, name: str, password: str) -> auth.Granted:
    return await auth.log_in(
        house.sessions, house.vault, name=name, password=password, address="", now=NOW
    )


async def test_they_are_hired_once_and_get_in(settings: Settings) -> None:
    async with opened(settings, SystemClock()) as house:
        first, again = await demo_staff.hire(house), await demo_staff.hire(house)
        for name, password in first.items():
            assert not (await enters(house, name, password)).must_choose_password

    assert first == again
    assert len(set(first.values())) == len(demo_staff.CAST)
    kept = settings.var / "sandbox-staff.json"
    assert kept.stat().st_mode & 0o077 == 0


async def test_who_chose_another_password_is_not_told_about(settings: Settings) -> None:
    async with opened(settings, SystemClock()) as house:
        await demo_staff.hire(house)
        chosen = await api.staff.hash_password("chosen by the member")
        async with unit_of_work(house.sessions) as session:
            carl = await api.staff.get(session, "Carl")
            await api.staff.set_password(session, carl, chosen, now=NOW)
            await api.staff.disable(session, await api.staff.get(session, "Ada"), now=NOW)

        assert set(await demo_staff.hire(house)) == {"Ursula", "Anil"}


async def test_where_money_is_real_they_have_no_account(settings: Settings) -> None:
    async with opened(settings, SystemClock()) as house:
        made = await demo_staff.hire(house)
        await demo_staff.dismiss(house)

        assert await demo_staff.hired(house) == {}
        for name, password in made.items():
            with pytest.raises(auth.LoginRefused):
                await enters(house, name, password)


async def test_nobody_is_hired_where_somebody_has_an_account(settings: Settings) -> None:
    async with opened(settings, SystemClock()) as house:
        async with unit_of_work(house.sessions) as session:
            await api.staff.add(session, name="Uma", role=Role.UNDERWRITER, now=NOW)

        assert await demo_staff.hire(house) == {}
        async with unit_of_work(house.sessions) as session:
            assert await api.staff.count(session) == 1
