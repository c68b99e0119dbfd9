"""Places that are backed up and restored."""

import asyncio
import base64
import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url

from kit.crypto import Vault
from tests.cli.places import Place
from tests.postgres import Server


@pytest.fixture
def place(
    request: pytest.FixtureRequest,
    database_url: str,
    vault: Vault,
    now: datetime,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Place]:
    monkeypatch.setenv("KOPA_DATABASE_URL", database_url)
    monkeypatch.setenv("KOPA_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("KOPA_MASTER_KEY", base64.b64encode(b"m" * 32).decode())
    monkeypatch.setenv("KOPA_INDEX_KEY", base64.b64encode(b"i" * 32).decode())
    assert vault.signer is not None
    monkeypatch.setenv("KOPA_SEAL_KEY", vault.signer.private)
    place = Place(
        database_url, f"sqlite+aiosqlite:///{tmp_path}/fresh/kopa.db", tmp_path, vault, now,
        monkeypatch,
    )  # fmt: skip
    if database_url.startswith("sqlite"):
        yield place
        return
    server: Server = request.getfixturevalue("postgres")
    if server.binaries is not None:
        monkeypatch.setenv("PATH", f"{server.binaries}:{os.environ['PATH']}")
    elif shutil.which("pg_dump") is None:
        pytest.skip("a server was given to the tests, and no pg_dump that fits it")
    name = f"{make_url(database_url).database}_fresh"
    server.create(name)
    place.fresh = server.url(name)
    yield place
    server.drop(name)


@pytest.fixture
def lent(place: Place) -> Place:
    asyncio.run(place.lends())
    return place
