"""The engine's rows of jobs, for whoever runs jobs one by one without the engine: simulations."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, TableClause, Update, bindparam, column, select, table, update
from sqlalchemy.ext.asyncio import AsyncSession

_DONE, _DEAD, _WAITING = "SUCCESS", "ERROR", "ENQUEUED"


@dataclass(frozen=True, slots=True)
class JobRow:
    key: str
    name: str
    arguments: dict[str, Any]


async def list_waiting(session: AsyncSession, queues: frozenset[str]) -> list[JobRow]:
    """Jobs of these queues that are neither done nor dead, in the order of their keys."""
    found = await session.execute(_waiting(session.get_bind().dialect.name, queues))
    return [JobRow(key, *json.loads(inputs)["positionalArgs"]) for key, inputs in found]


async def end(session: AsyncSession, key: str, *, is_done: bool) -> None:
    ended = {"ended": key, "now": _DONE if is_done else _DEAD}
    await session.execute(_end(session.get_bind().dialect.name), ended)


@cache
def _waiting(dialect_name: str, queues: frozenset[str]) -> Select[Any]:
    rows = _table(dialect_name, "workflow_status", "status", "queue_name")
    given = _table(dialect_name, "workflow_input", "inputs")
    return (
        select(rows.c.workflow_uuid, given.c.inputs)
        .join(given, given.c.workflow_uuid == rows.c.workflow_uuid)
        .where(rows.c.status == _WAITING, rows.c.queue_name.in_(queues))
        .order_by(rows.c.workflow_uuid)
    )


@cache
def _end(dialect_name: str) -> Update:
    rows = _table(dialect_name, "workflow_status", "status")
    return (
        update(rows)
        .where(rows.c.workflow_uuid == bindparam("ended"))
        .values(status=bindparam("now"))
    )


def _table(dialect_name: str, name: str, *columns: str) -> TableClause:
    schema = "dbos" if dialect_name == "postgresql" else None
    names = ("workflow_uuid", *columns)
    return table(name, *(column(each) for each in names), schema=schema)
