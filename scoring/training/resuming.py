"""Parts of a training that are done, kept on disk until all of it is: a killed run goes on."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from scoring.model.manifest import canonical

_KEY_FILE = "key"
_LIBRARIES = ("lightgbm", "numpy", "optbinning", "scikit-learn")


class Kept:
    """Answers of slow steps by name, in a hidden folder beside the model to be.

    They are reused only under the same key, that is for the same data, wishes, program and
    libraries; anything else starts from nothing.
    """

    def __init__(self, folder: Path | None, key: str) -> None:
        self._folder, self._key = folder, key
        self.found = 0
        """Parts that an earlier run had done."""
        if folder is not None and _is_of(folder, key):
            self.found = len(list(folder.glob("*.json")))
        else:
            self.forget()

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` answered, now or in an earlier run: plain JSON values, floats to the bit."""
        if self._folder is None:
            return make()
        path = self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:24]}.json"
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            answer = make()
            self._folder.mkdir(parents=True, exist_ok=True)
            _put(self._folder / _KEY_FILE, self._key)
            _put(path, json.dumps(answer))
            return answer

    def forget(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def beside(out: Path, *wishes: Any) -> Kept:
    """The parts kept for the model that is to become `out`."""
    told = canonical([*wishes, _program(), [version(name) for name in _LIBRARIES]])
    return Kept(out.parent / f".{out.name}.partial", hashlib.sha256(told.encode()).hexdigest())


def nowhere() -> Kept:
    return Kept(None, "")


def _is_of(folder: Path, key: str) -> bool:
    try:
        return (folder / _KEY_FILE).read_text(encoding="utf-8") == key
    except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
        return False


def _put(path: Path, text: str) -> None:
    """There whole or not at all, whenever the machine stops."""
    draft = path.with_suffix(".draft")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


@cache
def _program() -> str:
    """The hash of the code that trains: another version of it makes another model."""
    room = Path(__file__).parent
    sources = [path for folder in (room, room.parent / "model") for path in folder.glob("*.py")]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sorted(sources))).hexdigest()
