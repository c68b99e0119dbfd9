"""What was read stays known as long as nobody has written to its tables."""

import re
from collections import Counter
from functools import cache
from typing import Any

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.util import find_tables

_WRITES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM) (?:\w+\.)?"?(\w+)', re.IGNORECASE)
_READS = ("SELECT", "BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "PRAGMA")
_ANY = "*"


class Memory:
    """Of queries without parameters; whoever takes rows from it reads them, and no more."""

    def __init__(self, dialect_name: str) -> None:
        # PostgreSQL also writes by COPY, of which no statement is heard.
        self._is_told = dialect_name == "sqlite"
        self._writes: Counter[str] = Counter()
        self._kept: dict[Any, tuple[int, list[Any]]] = {}
        self._asked: dict[Any, int] = {}

    def hear(self, statement: str) -> None:
        if not statement.startswith(_READS):
            written = _WRITES.match(statement)
            self._writes[written[1].lower() if written else _ANY] += 1

    def is_new(self, query: Select[Any]) -> bool:
        """Whether its tables may have been written since the last time that this was asked."""
        known, self._asked[query] = self._asked.get(query), self._version(query)
        return known != self._asked[query] or not self._is_told

    async def rows(self, session: AsyncSession, query: Select[Any]) -> list[Any]:
        version = self._version(query)
        known = self._kept.get(query)
        if known is None or known[0] != version or not self._is_told:
            known = self._kept[query] = version, list(await session.execute(query))
        return known[1]

    def _version(self, query: Select[Any]) -> int:
        return sum(self._writes[name] for name in _tables(query))


@cache
def _tables(query: Select[Any]) -> tuple[str, ...]:
    return (_ANY, *{str(table.name) for table in find_tables(query, include_joins=True)})
