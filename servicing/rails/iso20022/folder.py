"""Files exchanged with a bank through a folder: put there whole, taken once, kept for ever.

`out` is the bank's to empty and `in` the bank's to fill. `sent` says what was handed over, `done`
what was taken in, `refused` what was not believed.
"""

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from kit.ids import new_id
from servicing.rails.base import FileRefused
from servicing.rails.iso20022.xml import MAX_BYTES

_UNFINISHED = (".tmp", ".part")
_BEGUN = ".begun"
_File = tuple[int, int, int]


class Folder:
    def __init__(self, root: Path) -> None:
        self.out, self.incoming = root / "out", root / "in"
        self._sent, self._done, self._refused = root / "sent", root / "done", root / "refused"
        for each in (self.out, self.incoming, self._sent, self._done, self._refused):
            each.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._read: dict[str, _File] = {}

    def hand_over(self, name: str, content: bytes) -> None:
        """Give the bank a file, once. Whoever dies in between leaves it in doubt, never doubled."""
        unfinished = _aside(self.out, content)
        try:
            if self._mark(name, content):
                unfinished.replace(self.out / name)
                _settle(self.out)
                self._trying(name).rename(self._sent / name)
                _settle(self._sent)
        finally:
            unfinished.unlink(missing_ok=True)

    def handed_over(self, name: str) -> bytes | None:
        path = self._sent / name
        return path.read_bytes() if path.exists() else None

    def knows_since(self, now: datetime) -> datetime:
        """When this folder was begun: of anything older it cannot say that it was not handed over.

        The first who asks begins it, `now`.
        """
        begun = self._sent / _BEGUN
        if not begun.exists():
            _aside(self._sent, now.isoformat().encode()).replace(begun)
            _settle(self._sent)
        return datetime.fromisoformat(begun.read_text())

    def is_in_doubt(self, name: str) -> bool:
        """We died while handing it over: the bank may have it."""
        return self._trying(name).exists()

    def arrived(self) -> list[str]:
        """Whole files that the bank has put there, oldest first."""
        found = [
            path
            for path in self.incoming.iterdir()
            if not path.name.startswith(".")
            and not path.name.endswith(_UNFINISHED)
            and path.is_file()
        ]
        return [path.name for path in sorted(found, key=_age)]

    def read(self, name: str) -> bytes:
        """Never more than a message may have. A link would lead out of the folder."""
        path = self.incoming / name
        if path.is_symlink():
            raise FileRefused("a link")
        with path.open("rb") as file:
            self._read[name] = _file(os.fstat(file.fileno()))
            return _some(file)

    def kept(self, name: str) -> bytes:
        return (self._done / name).read_bytes()

    def list_kept(self, pattern: str) -> list[str]:
        return sorted(path.name for path in self._done.glob(pattern))

    def keep(self, name: str, content: bytes, *, as_names: Sequence[str]) -> None:
        for each in as_names:
            _aside(self._done, content).replace(self._done / each)
        _settle(self._done)
        with suppress(FileNotFoundError, FileRefused):
            if self.read(name) == content:
                (self.incoming / name).unlink()
        self._read.pop(name, None)

    def refuse(self, name: str) -> None:
        """What was read. What has come under the same name since waits there."""
        read = self._read.pop(name, None)
        n, kept = 1, self._refused / name
        while kept.exists():
            n, kept = n + 1, self._refused / f"{name}.{n + 1}"
        with suppress(FileNotFoundError):  # Another worker was faster.
            if read in (None, _file(os.lstat(self.incoming / name))):
                shutil.move(self.incoming / name, kept)

    def _mark(self, name: str, content: bytes) -> bool:
        """Ours alone to hand over; False when somebody has done it, or is about to."""
        try:
            file = self._trying(name).open("xb")
        except FileExistsError:
            return False
        try:
            with file:
                _flush(file, content)
        except OSError:
            self._trying(name).unlink()
            raise
        if (self._sent / name).exists():  # Another worker was between his last step and ours.
            self._trying(name).unlink()
            return False
        return True

    def _trying(self, name: str) -> Path:
        return self._sent / f"{name}.trying"


def _file(found: os.stat_result) -> _File:
    """Which file it is, and as it was written last."""
    return found.st_ino, found.st_size, found.st_mtime_ns


def _aside(folder: Path, content: bytes) -> Path:
    """Written under a name that nobody looks at, to be renamed when it is whole and on the disk."""
    unfinished = folder / f".{new_id().hex}.tmp"
    with unfinished.open("wb") as file:
        _flush(file, content)
    return unfinished


def _flush(file: BinaryIO, content: bytes) -> None:
    file.write(content)
    file.flush()
    os.fsync(file.fileno())


def _settle(folder: Path) -> None:
    """A new name is on the disk when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _some(file: BinaryIO) -> bytes:
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise FileRefused("too big")
    return content


def _age(path: Path) -> tuple[int, str]:
    try:
        return path.stat().st_mtime_ns, path.name
    except FileNotFoundError:  # Another worker has taken it.
        return 0, path.name
