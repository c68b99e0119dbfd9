"""A program of which a part has died does not look alive."""

import asyncio
import socket
from pathlib import Path
from unittest.mock import Mock

import click
import pytest
from click.testing import CliRunner

from cli import run
from cli.main import kopa


def test_a_port_that_is_taken_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"VAR": tmp_path / "var", "DATABASE_URL": "", "SANDBOX": "true"}.items():
        monkeypatch.setenv(f"KOPA_{name}", str(value))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        result = CliRunner().invoke(kopa, ["run", "--port", str(port)])

    assert result.exit_code == 1
    assert f"Port {port} on 127.0.0.1 cannot be opened" in result.stderr


async def test_ends_when_a_part_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "gc", Mock())
    monkeypatch.setattr(asyncio.get_running_loop(), "add_signal_handler", Mock())

    async def dies() -> None:
        raise ValueError("no bot any more")

    async def ends() -> None: ...

    parts = [asyncio.ensure_future(part()) for part in (ends, dies)]
    with pytest.raises(click.ClickException, match="no bot any more"):
        await asyncio.wait_for(run._until_stopped(*parts), timeout=30)
