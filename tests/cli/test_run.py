"""A program of which a part has died does not look alive."""

import asyncio
from unittest.mock import Mock

import click
import pytest

from cli import run


async def test_ends_when_a_part_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "gc", Mock())
    monkeypatch.setattr(asyncio.get_running_loop(), "add_signal_handler", Mock())

    async def dies() -> None:
        raise ValueError("no bot any more")

    async def ends() -> None: ...

    parts = [asyncio.ensure_future(part()) for part in (ends, dies)]
    with pytest.raises(click.ClickException, match="no bot any more"):
        await asyncio.wait_for(run._until_stopped(*parts), timeout=30)
