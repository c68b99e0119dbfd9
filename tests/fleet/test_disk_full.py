"""A full disk: what does not fit is refused, what was acknowledged stays, and room mends it."""

import json
import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Protocol

import pytest

from kit import migrate
from tests.fleet import storm
from tests.fleet.storm import Full, Storm
from tests.postgres import own_server

NEVER_FULL = 200
pytestmark = pytest.mark.xdist_group("fleet")


class Disk(Protocol):
    def fill(self, program: BaseProcess) -> None: ...

    def empty(self, program: BaseProcess) -> None: ...


class Mounted:
    """A small disk of its own, filled to the last byte."""

    def __init__(self, folder: Path) -> None:
        self.ballast = folder / "ballast"

    def fill(self, program: BaseProcess) -> None:
        with self.ballast.open("wb", buffering=0) as file:
            for size in (1 << 20, 1 << 10):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    continue

    def empty(self, program: BaseProcess) -> None:
        self.ballast.unlink()


class Limited:
    """Where nobody lets us mount: the kernel refuses to let the program's files grow."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, program: BaseProcess) -> None:
        log = (self.folder / "kopa.db-wal").stat().st_size
        self._limit(program, log)

    def empty(self, program: BaseProcess) -> None:
        if program.is_alive():
            self._limit(program, resource.RLIM_INFINITY)

    @staticmethod
    def _limit(program: BaseProcess, size: int) -> None:
        assert program.pid is not None
        resource.prlimit(program.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@contextmanager
def mounted(size: str) -> Iterator[Path | None]:
    """A small disk, where we may mount one; a server's user can walk there too."""
    folder = Path(tempfile.mkdtemp(prefix="kopa-disk-"))
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=777", "kopa-test", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        folder.rmdir()
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
        folder.rmdir()


def test_sqlite_refuses_what_does_not_fit(tmp_path: Path) -> None:
    with mounted("16m") as folder:
        disk: Disk = Mounted(folder) if folder else Limited(tmp_path)
        holds_out(f"sqlite+aiosqlite:///{folder or tmp_path}/kopa.db", disk, tmp_path / "site")


def test_postgresql_refuses_what_does_not_fit(tmp_path: Path) -> None:
    with mounted("192m") as folder:
        if folder is None or os.environ.get("TEST_DATABASE_URL"):
            pytest.skip("only root mounts a small disk, for a server of our own")
        with own_server(None, disk=folder) as server:
            server.create(name := "kopa_template_full")
            holds_out(server.url(name), Mounted(folder), tmp_path)


def holds_out(url: str, disk: Disk, folder: Path) -> None:
    migrate.upgrade(url)
    with storm.brewing(folder, url, seed=1) as weather:
        weather.begins()
        program = weather.starts()
        weather.opens()
        weather.comes_to_rest(program)  # What finds the disk full at its start does not start.
        disk.fill(program)
        is_refused(weather)
        is_refused(weather)
        assert program.is_alive()
        weather.misses_nothing()

        disk.empty(program)  # Room while it runs: it goes on, and is full again.
        weather.opens()
        disk.fill(program)
        weather.pays()  # The rail tells it until it is taken.
        is_refused(weather)
        program.kill()
        program.join()
        disk.empty(program)

        weather.calms_down()
        weather.moved_once()
        verified = weather.site.kopa("ledger", "verify", "--json")
        assert verified.returncode == 0, verified.stdout + verified.stderr
        assert json.loads(verified.stdout)["violations"] == []


def is_refused(weather: Storm) -> None:
    """Sooner or later: what is allocated already can still be written to."""
    for _ in range(NEVER_FULL):
        try:
            weather.opens()
        except Full:
            return
    raise AssertionError("the disk is never full")
