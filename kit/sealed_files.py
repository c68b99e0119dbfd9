"""Files that only the holder of a private key can read, in the format of age (age-encryption.org).

The program `age` opens them as well, without us.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, BinaryIO, Literal

from pyrage import (
    DecryptError,
    EncryptError,
    IdentityError,
    RecipientError,
    decrypt_io,
    encrypt_io,
)
from pyrage.x25519 import Identity, Recipient

_PRIVATE = "AGE-SECRET-KEY-"


class BadKey(Exception):
    """Not a key of age."""


class Broken(Exception):
    """It could not be written, or it is not what was sealed for this key: cut off, or changed."""


def new_key() -> str:
    """The text of a key file, as `age-keygen` writes it."""
    identity = Identity.generate()
    return f"# public key: {identity.to_public()}\n{identity}\n"


def public_half(key_file: str) -> str:
    return str(_identity(key_file).to_public())


@contextmanager
def writing(path: Path, recipients: Sequence[str]) -> Iterator[BinaryIO]:
    """A file for `recipients`, which is there when all of it is on the disk, and not before."""
    parsed = [_recipient(text) for text in recipients]
    part = path.with_name(f"{path.name}.part")
    try:
        with private(part) as file:
            with _piped("wb", lambda plain: encrypt_io(plain, file, parsed)) as plain:
                yield plain
            os.fsync(file.fileno())
        appear(part, path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def reading(path: Path, key_file: str) -> Iterator[BinaryIO]:
    """What was sealed. It may end too early: that is known at the end of the block."""
    identity = _identity(key_file)
    with (
        path.open("rb") as file,
        _piped("rb", lambda plain: decrypt_io(file, plain, [identity])) as plain,
    ):
        yield plain


def private(path: Path) -> BinaryIO:
    """A new file that nobody else may read, and nobody else writes."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def appear(part: Path, path: Path) -> None:
    """Give a finished file its name, for good."""
    part.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _recipient(text: str) -> Any:
    try:
        return Recipient.from_str(text)
    except RecipientError:
        if text.upper().startswith(_PRIVATE):
            text = f"{_PRIVATE}…"  # What is said may be kept in a log or a mail.
        raise BadKey(f"{text!r} is not a public key of age (age1…)") from None


def _identity(key_file: str) -> Any:
    lines = [line.strip() for line in key_file.splitlines()]
    secret = next((line for line in lines if line and not line.startswith("#")), "")
    try:
        return Identity.from_str(secret)
    except IdentityError:
        raise BadKey("there is no private key of age (AGE-SECRET-KEY-1…)") from None


@contextmanager
def _piped(mode: Literal["rb", "wb"], work: Callable[[BinaryIO], None]) -> Iterator[BinaryIO]:
    """Our end of a pipe; the library has the other one, and reads or writes there until the end.

    So what is in memory is what fits into the pipe, whatever the size of the file.
    """
    source, target = os.pipe()
    here, there = (source, target) if mode == "rb" else (target, source)
    failures: list[Exception] = []

    def run() -> None:
        try:
            with _opened(there, "wb" if mode == "rb" else "rb") as pipe:
                work(pipe)
        except BrokenPipeError:
            pass  # Nobody reads on: they know why.
        except (DecryptError, EncryptError, OSError) as failure:
            failures.append(failure)

    thread = Thread(target=run)
    thread.start()
    try:
        with _opened(here, mode) as pipe:
            yield pipe
    finally:
        thread.join()
        if failures:  # Whatever the block says about its end of the pipe, this is the reason.
            raise Broken(str(failures[0])) from failures[0]


def _opened(descriptor: int, mode: Literal["rb", "wb"]) -> BinaryIO:
    return os.fdopen(descriptor, mode)
