"""The whole product as a person starts it: `kopa run` in a process of its own."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from kit.clock import SystemClock
from tests.conftest import SHARED
from tests.e2e.phone import Phone
from tests.kyc import drawn

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90.0
FACES = SHARED / "data" / "faces"
BEGINS = datetime(2027, 7, 6, 15, tzinfo=UTC)
"""A working day wherever a number may be at home, with no holiday in the two months ahead: what is
sent to people is not held back until the morning."""


@dataclass
class Lender:
    """A running installation with its sandbox."""

    base: str
    environment: dict[str, str]
    log: Path
    open: list[httpx.Client] = field(default_factory=list)

    def phone(self, first_name: str) -> Phone:
        people = httpx.get(f"{self.base}/sandbox/api/people").raise_for_status().json()
        person = next(person for person in people if person["first_name"] == first_name)
        phone = Phone(self.base, person["id"])
        self.open.append(phone.http)
        return phone

    def kopa(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a `kopa` command against this installation."""
        return subprocess.run(
            [sys.executable, "-m", "cli.main", *words],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    def staff(self, name: str, role: str) -> httpx.Client:
        """A member of staff, logged in with the one-time token and a password of their own."""
        made = self.kopa("staff", "add", name, "--role", role, "--json")
        assert made.returncode == 0, made.stderr
        client = httpx.Client(base_url=f"{self.base}/v1", timeout=30)
        self.open.append(client)
        opened = _log_in(client, name, json.loads(made.stdout)["one_time_token"])
        client.headers["Authorization"] = f"Bearer {opened['token']}"
        password = secrets.token_urlsafe(16)
        client.put("/me/password", json={"password": password}).raise_for_status()
        return client


def _log_in(client: httpx.Client, name: str, secret: str) -> dict[str, Any]:
    answer = client.post("/session", json={"name": name, "password": secret})
    opened: dict[str, Any] = answer.raise_for_status().json()
    return opened


@pytest.fixture
def liveness() -> str:
    """Stories of something else override it: drawing and judging a film takes seconds."""
    return "required"


@pytest.fixture
def lender(database_url: str, tmp_path: Path, liveness: str) -> Iterator[Lender]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = ("PATH", "HOME", "LANG", "TMPDIR")
    _begin_at(BEGINS, tmp_path / "var")
    environment = {name: os.environ[name] for name in kept if name in os.environ} | {
        "KOPA_DATABASE_URL": database_url,
        "KOPA_VAR": str(tmp_path / "var"),
        "KOPA_PORT": str(port),
        "KOPA_LIVENESS": liveness,
        "PYTHONPATH": str(ROOT),
    }
    log = tmp_path / "kopa.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "run"],
            cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    running = Lender(f"http://127.0.0.1:{port}", environment, log)
    try:
        _until_ready(running, process)
        yield running
    finally:
        for client in running.open:
            client.close()
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _begin_at(moment: datetime, var: Path) -> None:
    """Set the sandbox's clock before the program reads it."""
    var.mkdir()
    offset = moment - SystemClock().now()
    (var / "clock.json").write_text(json.dumps({"offset_seconds": offset.total_seconds()}))


def _until_ready(running: Lender, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{running.base}/health/ready", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError(running.log.read_text()[-4000:])


@pytest.fixture(scope="session")
def faces() -> Path:
    if not FACES.exists():
        pytest.skip("needs the photographs of ../shared/data/faces")
    return FACES


@pytest.fixture(scope="session")
def passport(faces: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the person in `img20.jpg` and `img21.jpg`."""
    return drawn.passport_file(tmp_path_factory.mktemp("documents"), faces / "img20.jpg")
