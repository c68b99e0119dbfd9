"""`kopa backup` and `kopa restore`: the whole database in one sealed file, and back."""

import asyncio
import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import click
from sqlalchemy.exc import DBAPIError

from cli import documents, manifest, preflight
from cli.manifest import Manifest
from kit import crypto, dumps, migrate, restoring, sealed_files
from kit.clock import SystemClock
from kit.config import Settings
from kit.db import create_engine, sessions_of, unit_of_work

_NAME = "kopa-{:%Y-%m-%dT%H%M%SZ}.age"
_NAMES = "kopa-????-??-??T??????Z.age"
_KEY_OPTION = click.option(
    "--key",
    "key_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The private key that opens it (default backup.key in KOPA_VAR).",
)


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--keep", type=click.IntRange(min=1), help="With a folder: how many stay in it.")
@click.option("--check", is_flag=True, help="Read the backup FILE instead, to its last byte.")
@click.option("--new-key", is_flag=True, help="Print a new private key for KOPA_BACKUP_TO.")
@_KEY_OPTION
def backup(
    file: Path | None, keep: int | None, key_file: Path | None, *, check: bool, new_key: bool
) -> None:
    """Write the database to FILE, or into the folder FILE, while Kopa runs.

    It is sealed for the keys in KOPA_BACKUP_TO; without any, for one that is made in KOPA_VAR.
    """
    if new_key:
        click.echo(sealed_files.new_key(), nl=False)
    elif file is None:
        raise click.UsageError("where to? kopa backup FILE")
    elif check:
        _check(Settings(), file, key_file)
    else:
        _back_up(Settings(), file, keep)


@click.command()
@click.argument(
    "file", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False
)
@click.option("--finish", is_flag=True, help="Without FILE: what was unpacked without Kopa.")
@_KEY_OPTION
def restore(file: Path | None, key_file: Path | None, *, finish: bool) -> None:
    """Fill an empty database from the backup FILE.

    No program starts on it before that is finished. After an interruption say the same again.
    """
    settings = Settings()
    if (file is None) != finish:
        raise click.UsageError("from what? kopa restore FILE, or kopa restore --finish")
    if file is None:
        with _refusals(settings.var), preflight.only_owner(settings):
            dumps.refuse_finished(settings.url)
            waited = _finish(settings.url, settings)
    else:
        said, waited = _restore(settings, file, _key(settings, key_file))
        click.echo(f"Restored as it was at {_story(said)}")
        click.echo(
            "Verify it with the newest checkpoint that you kept of at most"
            f" {said.contents.sealed} entries. Did you keep one of more, or may somebody have a"
            " receipt for one? Then let another seal key sign before Kopa runs: docs/runbook.md."
        )
    if waited:
        click.echo(
            f"{waited} orders waited then and may have left since: their rails are asked, and what"
            " a bank was to pay is left to staff."
        )
    _tell_about_keys(settings)


def _restore(settings: Settings, file: Path, key: str) -> tuple[Manifest, int]:
    with _refusals(file), preflight.only_owner(settings):
        dumps.refuse_used(settings.url)
        with _opened(file, key) as (said, _):
            _refuse_foreign(said, settings)
        dump = _shown("Restoring", _dump_in(file, key))
        with dumps.loaded(settings.url, dump) as url:
            _compare(url, said)
            return said, _finish(url, settings)


def _dump_in(file: Path, key: str) -> Iterator[bytes]:
    """It has an end only where the whole file is as it was sealed."""
    with _opened(file, key) as (_, dump):
        yield from dump


def _compare(url: str, said: Manifest) -> None:
    found = asyncio.run(manifest.contents(url))
    # One that was interrupted later on has a newer schema, and was compared before it got that.
    if found != said.contents and found.revision == said.contents.revision:
        raise click.ClickException("what is in the database now is not what was backed up")


def _finish(url: str, settings: Settings) -> int:
    """Make it one on which programs may start; how many orders may have left."""
    migrate.upgrade(url, is_restoring=True)
    return asyncio.run(_presume_sent(url, settings.rail))


def _back_up(settings: Settings, file: Path, keep: int | None) -> None:
    now = SystemClock().now()
    path = file / _NAME.format(now) if file.is_dir() else file
    if path.exists():
        documents.refuse(f"{path} is there already")
    if keep is not None and not file.is_dir():
        documents.refuse(f"--keep is for a folder, and {file} is none")
    with _refusals(path):
        said = _write(settings, path, now)
    for old in sorted(file.glob(_NAMES))[: -keep if keep else 0]:
        old.unlink()
    click.echo(f"{path} holds the database as it was at {_story(said)}")
    kept = [key.name for key in [*crypto.key_files(settings), _own_key(settings)] if key.exists()]
    if kept:
        click.echo(f"Keep copies of {', '.join(kept)} in {settings.var}, apart from the backups.")


def _write(settings: Settings, path: Path, now: datetime) -> Manifest:
    recipients = settings.backup_to.split() or [
        sealed_files.public_half(crypto.kept(_own_key(settings), sealed_files.new_key))
    ]
    with dumps.frozen(settings.url) as database:
        said = asyncio.run(
            manifest.describe(
                database.url,
                dumps.kind_of(settings.url),
                snapshot=database.snapshot,
                now=now,
                index_key=crypto.index_key_name(settings),
            )
        )
        with (
            sealed_files.writing(path, recipients) as sealed,
            gzip.GzipFile(fileobj=sealed, mode="wb", compresslevel=1) as packed,
        ):
            packed.write(said.line())
            for chunk in _shown("Backing up", database.chunks()):
                packed.write(chunk)
    return said


def _check(settings: Settings, file: Path, key_file: Path | None) -> None:
    with _refusals(file), _opened(file, _key(settings, key_file)) as (said, dump):
        dumps.read_through(said.database, _shown("Reading", dump))
    click.echo(f"{file} is whole: {_story(said)}")


@contextmanager
def _opened(file: Path, key: str) -> Iterator[tuple[Manifest, Iterable[bytes]]]:
    with (
        sealed_files.reading(file, key) as sealed,
        gzip.GzipFile(fileobj=sealed, mode="rb") as packed,
    ):
        yield manifest.parse(packed.readline()), _pieces(packed)


def _pieces(packed: gzip.GzipFile) -> Iterator[bytes]:
    while chunk := packed.read(dumps.CHUNK_BYTES):
        yield chunk


def _refuse_foreign(said: Manifest, settings: Settings) -> None:
    kind = dumps.kind_of(settings.url)
    if said.database != kind:
        documents.refuse(f"this is a backup of {said.database}; KOPA_DATABASE_URL says {kind}")
    ours = crypto.index_key_name(settings)
    if said.index_key and ours and said.index_key != ours:
        documents.refuse(
            "the index key here is another one than this backup's: nobody would be found again by"
            " phone or document. Bring back the key that belongs to it"
        )
    if not migrate.knows(said.contents.revision):
        documents.refuse(
            f"this backup has the schema {said.contents.revision}, which is newer than this Kopa:"
            " install the version that wrote it"
        )


@contextmanager
def _refusals(file: Path) -> Iterator[None]:
    """Every way in which it does not work, as a sentence."""
    try:
        yield
    except sealed_files.BadKey as why:
        documents.refuse(str(why))
    except sealed_files.Broken as why:
        _fail(f"{file}: {why}. It was sealed for another key, or it is damaged")
    except (manifest.NoBackup, gzip.BadGzipFile, EOFError, zlib.error) as why:
        _fail(f"{file}: {why}")
    except dumps.CannotDump as why:
        _fail(str(why))
    except DBAPIError as why:
        _fail(f"the database cannot be read: {why.orig}")
    except OSError as why:
        _fail(f"{why.filename or file}: {why.strerror}")


def _fail(sentence: str) -> NoReturn:
    raise click.ClickException(" ".join(sentence.split())) from None


def _key(settings: Settings, key_file: Path | None) -> str:
    path = key_file or _own_key(settings)
    if not path.exists():
        documents.refuse(f"{path} is not there: --key FILE names the key that opens backups")
    return path.read_text(errors="replace")


def _own_key(settings: Settings) -> Path:
    return settings.var / "backup.key"


def _story(said: Manifest) -> str:
    found = said.contents
    return (
        f"{said.made_at}: {sum(found.rows.values())} rows, schema {found.revision},"
        f" {found.entries} ledger entries; the root of the {found.sealed} sealed is {found.root}"
    )


def _tell_about_keys(settings: Settings) -> None:
    """A start makes keys that are missing, and with another one nobody can read what was sealed."""
    missing = [str(path) for path in crypto.key_files(settings) if not path.exists()]
    if missing:
        click.echo(f"Before you start Kopa bring back {', '.join(missing)}.")
    elif not asyncio.run(_keys_fit(settings)):
        raise click.ClickException(
            "the master key here is another one: personal data cannot be read with it"
        )


async def _keys_fit(settings: Settings) -> bool:
    engine = create_engine(settings.url)
    try:
        async with sessions_of(engine)() as session:
            return await crypto.opens_persons(session, crypto.open_vault(settings))
    finally:
        await engine.dispose()


async def _presume_sent(url: str, rail: str) -> int:
    from servicing import tasks  # it is slow to load

    engine = create_engine(url)
    try:
        async with unit_of_work(sessions_of(engine)) as session:
            waited = await tasks.presume_sent(session, rail=rail, now=SystemClock().now())
            await restoring.end(session)
            return waited
    finally:
        await engine.dispose()


def _shown(words: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same chunks, and how far we are where a person looks on."""
    from rich.console import Console  # it is slow to load
    from rich.progress import DownloadColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = TextColumn(words), DownloadColumn(), TimeElapsedColumn()
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(words, total=None)
        for chunk in chunks:
            yield chunk
            bar.advance(task, len(chunk))
