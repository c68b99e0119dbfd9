"""Reading a JSON document from a file or standard input, and answering in JSON."""

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from kit import documents

_BYTES_MAX = 20_000_000


def read(source: str) -> Any:
    """The document in `source` ("-" is standard input). Numbers keep their written digits."""
    try:
        raw = sys.stdin.buffer.read(_BYTES_MAX + 1) if source == "-" else _from_file(source)
        if len(raw) > _BYTES_MAX:
            refuse(f"{source} is larger than 20 MB")
        return documents.read(raw)
    except OSError as error:
        refuse(f"{source} cannot be read: {error.strerror}")
    except documents.Unreadable as error:
        refuse(f"{error.key or source} {error}")
    except ValueError:
        refuse(f"{source!r} is not the name of a file")


def write(document: Any) -> None:
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def refuse(sentence: str) -> NoReturn:
    """Bad input: one line that says what is wrong, exit code 2."""
    click.echo(" ".join(sentence.split()), err=True)
    raise SystemExit(2)


def refuse_without_tables(why: Exception, sentence: str) -> NoReturn:
    """No program has made the tables yet. A database that does not answer is another thing, which
    `cli.main` says."""
    from kit import db  # most commands have nothing to do with a database

    if db.unanswered(why) is not None:
        raise why
    refuse(sentence)


def _from_file(source: str) -> bytes:
    with Path(source).open("rb") as file:
        return file.read(_BYTES_MAX + 1)
