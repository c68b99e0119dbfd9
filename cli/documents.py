"""Reading a JSON document from a file or standard input, and answering in JSON."""

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

_BYTES_MAX = 20_000_000


def read(source: str) -> Any:
    """The document in `source` ("-" is standard input). Numbers keep their written digits."""
    try:
        raw = sys.stdin.buffer.read(_BYTES_MAX + 1) if source == "-" else _from_file(source)
        if len(raw) > _BYTES_MAX:
            refuse(f"{source} is larger than 20 MB")
        return json.loads(raw.decode("utf-8-sig"), parse_float=str, parse_constant=str)
    except OSError as error:
        refuse(f"{source} cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        refuse(f"{source} is not UTF-8 text")
    except json.JSONDecodeError as error:
        refuse(f"{source} is not JSON: {error.msg} in line {error.lineno}")
    except (RecursionError, ValueError):
        refuse(f"{source} is not JSON that can be read")


def write(document: Any) -> None:
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def refuse(sentence: str) -> NoReturn:
    """Bad input: one line that says what is wrong, exit code 2."""
    click.echo(" ".join(sentence.split()), err=True)
    raise SystemExit(2)


def _from_file(source: str) -> bytes:
    with Path(source).open("rb") as file:
        return file.read(_BYTES_MAX + 1)
