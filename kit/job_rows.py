"""The engine's rows of jobs, for whoever runs jobs one by one without the engine: simulations."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import TableClause, column, select, table, update
from sqlalchemy.ext.asyncio import AsyncSession

_DONE, _DEAD, _WAITING = "SUCCESS", "ERROR", "ENQUEUED"


@dataclass(frozen=True, slots=True)
class JobRow:
    key: str
    name: str
    arguments: dict[str, Any]


async def list_waiting(session: AsyncSession, queues: frozenset[str]) -> list[JobRow]:
    """Jobs of these queues that are neither done nor dead, in the order of their keys."""
    rows = _table(session, "workflow_status", "status", "queue_name")
    given = _table(session, "workflow_input", "inputs")
    found = await session.execute(
        select(rows.c.workflow_uuid, given.c.inputs)
        .join(given, given.c.workflow_uuid == rows.c.workflow_uuid)
        .where(rows.c.status == _WAITING, rows.c.queue_name.in_(queues))
        .order_by(rows.c.workflow_uuid)
    )
    return [JobRow(key, *json.loads(inputs)["positionalArgs"]) for key, inputs in found]


async def end(session: AsyncSession, key: str, *, is_done: bool) -> None:
    rows = _table(session, "workflow_status", "status")
    status = _DONE if is_done else _DEAD
    await session.execute(update(rows).where(rows.c.workflow_uuid == key).values(status=status))


def _table(session: AsyncSession, name: str, *columns: str) -> TableClause:
    schema = "dbos" if session.get_bind().dialect.name == "postgresql" else None
    names = ("workflow_uuid", *columns)
    return table(name, *(column(each) for each in names), schema=schema)
