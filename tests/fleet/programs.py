"""Programs of the product as processes of their own: started, watched, killed, never left over."""

import base64
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from kit.jobs import sync_url
from tests.e2e.phone import Phone

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120.0
PATIENCE_SECONDS = 240.0
_PR_SET_PDEATHSIG = 1
_KEYS = {
    "KOPA_MASTER_KEY": base64.b64encode(b"m" * 32).decode(),
    "KOPA_INDEX_KEY": base64.b64encode(b"i" * 32).decode(),
}


@dataclass
class Program:
    name: str
    log: Path
    process: "subprocess.Popen[bytes]"

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def kill(self) -> None:
        """As the kernel does when memory is short: nothing is cleaned up."""
        self.signal(signal.SIGKILL)
        self.process.wait(20)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None


@dataclass
class Site:
    """One installation: an environment that all of its programs share, and the programs."""

    folder: Path
    environment: dict[str, str]
    programs: list[Program] = field(default_factory=list)
    phones: list[Phone] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.environment["KOPA_DATABASE_URL"]

    def start(self, name: str, *words: str, **environment: str) -> Program:
        log = self.folder / f"{name}-{len(self.programs)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "cli.main", *words],
                cwd=self.folder,  # A developer's .env is none of ours.
                env={**self.environment, **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=_dies_with_the_tests,
            )
        self.programs.append(Program(name, log, process))
        return self.programs[-1]

    def kopa(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """A command of this installation that ends by itself."""
        return subprocess.run(
            [sys.executable, "-m", "cli.main", *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def rows(self, statement: str, **values: Any) -> list[sa.Row[Any]]:
        engine = sa.create_engine(sync_url(self.url), poolclass=sa.NullPool)
        with engine.connect() as connection:
            return list(connection.execute(sa.text(statement), values))

    def phone(self, sandbox: str, first_name: str) -> Phone:
        people = httpx.get(f"{sandbox}/sandbox/api/people").raise_for_status().json()
        person = next(person for person in people if person["first_name"] == first_name)
        self.phones.append(Phone(sandbox, person["id"]))
        return self.phones[-1]

    def close(self) -> None:
        for phone in self.phones:
            phone.http.close()
        for program in self.programs:
            if program.is_running:
                program.kill()


def site(folder: Path, url: str, **environment: str) -> Site:
    folder.mkdir(parents=True, exist_ok=True)
    kept = ("PATH", "HOME", "LANG", "TMPDIR")
    given = {name: os.environ[name] for name in kept if name in os.environ}
    own = {"PYTHONPATH": str(ROOT), "KOPA_DATABASE_URL": url, "KOPA_VAR": str(folder / "var")}
    own["KOPA_LIVENESS"] = "off"  # The browser and the whole loan go through it.
    return Site(folder, given | _KEYS | own | environment)


def until(what: str, happens: Callable[[], Any], *programs: Program) -> Any:
    """Wait for a condition; `programs` have to live, and tell what they said when they do not."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := _quietly(happens)):
        dead = next((program for program in programs if not program.is_running), None)
        if dead is not None or time.monotonic() > deadline:
            said = "\n".join(program.said()[-3000:] for program in programs)
            raise AssertionError(f"{dead.name if dead else what} did not last:\n{said}")
        time.sleep(0.05)
    return found


def answers(address: str) -> Callable[[], bool]:
    return lambda: httpx.get(address, timeout=5).status_code == 200


def says(program: Program, words: str) -> Callable[[], bool]:
    return lambda: words in program.said()


def printed_variables(program: Program) -> dict[str, str]:
    """The variables that `kopa sandbox` prints, to be pasted into the product's environment."""
    pairs = [line.split("=", 1) for line in program.said().splitlines()]
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2 and pair[0].isupper()}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _quietly(happens: Callable[[], Any]) -> Any:
    try:
        return happens()
    except (httpx.HTTPError, sa.exc.DBAPIError):
        return None


def _dies_with_the_tests() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
