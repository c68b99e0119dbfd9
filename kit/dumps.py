"""A whole database out and in: as it is at one moment, while others write.

SQLite by its online backup, PostgreSQL by its own programs `pg_dump` and `pg_restore`.
"""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import make_url

from kit import migrate, restoring, sealed_files

CHUNK_BYTES = 1 << 20
_PAGES = 2000
_SCHEMA_OBJECTS = """
    SELECT count(*) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
    WHERE n.nspname NOT LIKE 'pg_%' AND n.nspname <> 'information_schema'
        AND relname <> 'restore_unfinished'
"""


class CannotDump(Exception):
    """The database, or the program that reads or writes it, does not go along."""


@dataclass(frozen=True)
class Frozen:
    """A database at one moment."""

    url: str
    snapshot: str | None
    """Of PostgreSQL: who reads the same moment begins with it."""
    chunks: Callable[[], Iterator[bytes]]


def kind_of(url: str) -> str:
    return make_url(url).get_backend_name()


@contextmanager
def frozen(url: str) -> Iterator[Frozen]:
    opened = _frozen_sqlite if kind_of(url) == "sqlite" else _frozen_postgresql
    with opened(url) as database:
        yield database


@contextmanager
def loaded(url: str, chunks: Iterable[bytes]) -> Iterator[str]:
    """Fill an empty database, all of it or nothing, and give its address to whoever finishes it.

    Until then no program starts on it. SQLite has it under another name until the end of the block,
    PostgreSQL has `kit.restoring`'s mark, which is for the block to take away. A PostgreSQL in
    which the mark is already is not filled again: what is left to do is what comes after.
    """
    if kind_of(url) == "sqlite":
        with _loaded_file(sqlite_file(url), chunks) as part:
            yield f"sqlite+aiosqlite:///{part}"
        return
    with migrate.alone(url):  # Programs that start meanwhile wait.
        refuse_used(url)
        if _is_empty(url):
            _load_postgresql(url, chunks)
    yield url


def read_through(kind: str, chunks: Iterable[bytes]) -> None:
    """See that `chunks` are a whole dump, and leave nothing behind."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            _write_part(Path(folder) / "kopa.db", chunks)
    else:
        _restore(["--file", "/dev/null"], chunks, None)


def refuse_used(url: str) -> None:
    """Raise unless there is nothing yet, or what was begun can be finished."""
    if kind_of(url) == "sqlite":
        path = sqlite_file(url)
        found = [p for end in ("", "-wal", "-shm") if (p := Path(f"{path}{end}")).exists()]
        if found:
            raise CannotDump(f"{found[0]} is there already: move it to another place")
        return
    if not _is_empty(url) and not restoring.is_marked(url):
        raise CannotDump("the database is not empty: make a new one")


def refuse_finished(url: str) -> None:
    """Raise where no restore waits to be finished: a lender's orders are not presumed sent."""
    if kind_of(url) == "sqlite":
        if not (path := sqlite_file(url)).exists():
            raise CannotDump(f"there is no {path}")
    elif _is_empty(url):
        raise CannotDump("the database is empty: restore a backup into it")
    if not restoring.is_marked(url):
        raise CannotDump(f"no restore waits to be finished: there is no table {restoring.TABLE}")


def sqlite_file(url: str) -> Path:
    name = make_url(url).database
    assert name
    return Path(name)


@contextmanager
def _frozen_sqlite(url: str) -> Iterator[Frozen]:
    path = sqlite_file(url)
    if not path.exists():
        raise CannotDump(f"there is no {path}")
    restoring.refuse(f"sqlite:///{path}")
    # Beside the database, where it is as safe, and where there was room for one.
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".backup-") as folder:
        copy = Path(folder) / "kopa.db"
        try:
            with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
                # Within a transaction each stretch reads the same moment, and writers go on.
                source.execute("BEGIN")
                source.execute("SELECT count(*) FROM sqlite_master").fetchone()
                target.execute("PRAGMA synchronous=OFF")
                source.backup(target, pages=_PAGES, sleep=0)
                target.execute(restoring.CREATE)
        except sqlite3.Error as error:
            raise CannotDump(f"{path} cannot be read: {error}") from None
        yield Frozen(f"sqlite+aiosqlite:///{copy}", None, lambda: _chunks_of(copy))


def _chunks_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from _pieces(file)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


@contextmanager
def _frozen_postgresql(url: str) -> Iterator[Frozen]:
    program = _program("pg_dump")
    with _connected(url) as connection:
        restoring.refuse(url)
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None
        yield Frozen(url, row[0], lambda: _dumped(program, url, row[0]))


def _dumped(program: str, url: str, snapshot: str) -> Iterator[bytes]:
    # Compression is the business of whoever stores it.
    words = ["--format=custom", "--compress=0", "--snapshot", snapshot, "--dbname", _address(url)]
    with _running([program, *words], url, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield from _pieces(process.stdout)


@contextmanager
def _loaded_file(path: Path, chunks: Iterable[bytes]) -> Iterator[Path]:
    part = path.with_name(f"{path.name}.part")
    try:
        _remove(part)  # The log of one that was killed would be read into ours.
        _write_part(part, chunks)
        yield part
        _fold(part)
        refuse_used(f"sqlite:///{path}")
        sealed_files.appear(part, path)
    finally:
        _remove(part)


def _write_part(part: Path, chunks: Iterable[bytes]) -> None:
    with sealed_files.private(part) as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    _refuse_damaged(part)


def _fold(part: Path) -> None:
    """All of it into the one file that is going to have another name."""
    with closing(sqlite3.connect(part)) as connection:
        (mode,) = connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    if mode != "delete":
        raise CannotDump(f"{part} is in use")
    with part.open("rb") as file:
        os.fsync(file.fileno())


def _remove(part: Path) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        Path(f"{part}{end}").unlink(missing_ok=True)


def _is_empty(url: str) -> bool:
    with _connected(url) as connection:
        row = connection.execute(_SCHEMA_OBJECTS).fetchone()
    return row is not None and not row[0]


def _load_postgresql(url: str, chunks: Iterable[bytes]) -> None:
    restoring.begin(url)  # Before there is anything on which a program could start.
    try:
        _restore(["--dbname", _address(url), "--single-transaction"], chunks, url)
    except Exception:
        if _is_empty(url):
            restoring.forget(url)
        raise


def _refuse_damaged(path: Path) -> None:
    try:
        # Not to be written to, or SQLite would leave a log beside it.
        with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as connection:
            (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        said = str(error)
    if said != "ok":
        raise CannotDump(f"this is no whole SQLite database: {said}")


def _restore(words: list[str], chunks: Iterable[bytes], url: str | None) -> None:
    program = _program("pg_restore")
    options = ["--format=custom", "--no-owner", "--no-privileges", "--exit-on-error"]
    with _running([program, *options, *words], url, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for chunk in chunks:
            process.stdin.write(chunk)
        process.stdin.close()


@contextmanager
def _running(
    command: list[str], url: str | None, **pipes: int
) -> Iterator["subprocess.Popen[bytes]"]:
    """A program of PostgreSQL; it has to end well."""
    password = conninfo_to_dict(_libpq(url)).get("password") if url else None
    environment = {**os.environ, "PGPASSWORD": str(password)} if password else None
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603 - its name comes from us, and there is no shell
            command,
            env=environment,
            stdin=pipes.get("stdin"),
            stdout=pipes.get("stdout"),
            stderr=errors,
        )
        try:
            yield process
        except BrokenPipeError:
            pass  # It has ended before its input: it says why.
        except BaseException:
            process.kill()  # Half of its input must not look like all of it.
            raise
        finally:
            code = process.wait()
            for pipe in (process.stdin, process.stdout):
                _close(pipe)
        if code:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip().splitlines()
            raise CannotDump(f"{Path(command[0]).name}: {' '.join(said[-3:]) or code}")


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        with suppress(BrokenPipeError):
            pipe.close()


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise CannotDump(f"{name} is not there: install the client programs of PostgreSQL")
    return found


@contextmanager
def _connected(url: str) -> Iterator["psycopg.Connection[Any]"]:
    try:
        connection = psycopg.connect(_libpq(url), autocommit=True)
    except psycopg.OperationalError as error:
        raise CannotDump(f"the database does not answer: {error}") from None
    with connection:
        yield connection


def _address(url: str) -> str:
    """For a command line, which everybody on the machine can read: without the password."""
    parts = conninfo_to_dict(_libpq(url))
    return make_conninfo(**{name: str(part) for name, part in parts.items() if name != "password"})


def _libpq(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
