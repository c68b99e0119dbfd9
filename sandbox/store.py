"""What the stand-ins remember: documents in one SQLite file, and files beside it."""

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

Json = dict[str, Any]


class Store:
    """A journal of documents by kind and key. Rooms keep their own state and write through it."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._files: dict[str, bytes] = {}
        if folder is not None:
            (folder / "files").mkdir(parents=True, exist_ok=True)
        place = ":memory:" if folder is None else str(folder / "sandbox.sqlite")
        self._database = sqlite3.connect(place, isolation_level=None, check_same_thread=False)
        # A lost last second after a power cut is fine for a simulator; a slow write is not.
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS documents"
            " (kind TEXT, key TEXT, body TEXT NOT NULL, PRIMARY KEY (kind, key))"
        )

    def put(self, kind: str, key: object, body: Json) -> None:
        self._database.execute(
            "INSERT INTO documents VALUES (?, ?, ?)"
            " ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
            (kind, str(key), json.dumps(body, ensure_ascii=False)),
        )

    def delete(self, kind: str, key: object) -> None:
        self._database.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, str(key)))

    def get(self, kind: str, key: object) -> Json | None:
        row = self._database.execute(
            "SELECT body FROM documents WHERE kind = ? AND key = ?", (kind, str(key))
        ).fetchone()
        return None if row is None else _loaded(row[0])

    def list(self, kind: str) -> list[Json]:
        """Every document of a kind, in the order in which they were first written."""
        rows = self._database.execute(
            "SELECT body FROM documents WHERE kind = ? ORDER BY rowid", (kind,)
        )
        return [_loaded(body) for (body,) in rows]

    def next_number(self, series: str, first: int = 1) -> int:
        """The next number of a series that never gives the same one twice, restarts included."""
        last = self.get("series", series)
        number = first if last is None else last["number"] + 1
        self.put("series", series, {"number": number})
        return number

    async def put_file(self, name: str, content: bytes) -> None:
        if self._folder is None:
            self._files[name] = content
        else:
            await asyncio.to_thread((self._folder / "files" / name).write_bytes, content)

    async def read_file(self, name: str) -> bytes:
        if self._folder is None:
            return self._files[name]
        return await asyncio.to_thread((self._folder / "files" / name).read_bytes)

    def close(self) -> None:
        self._database.close()


def _loaded(body: str) -> Json:
    loaded: Json = json.loads(body)
    return loaded
