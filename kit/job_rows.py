"""The engine's rows of jobs, for whoever runs jobs one by one without the engine: simulations."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, TableClause, Update, bindparam, column, func, select, table, update
from sqlalchemy.ext.asyncio import AsyncSession

_DONE, _DEAD, _WAITING = "SUCCESS", "ERROR", "ENQUEUED"
_ALL_DEAD = (_DEAD, "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
_ATTEMPT = "kopa.attempt"
_PAUSED = '%"later"%'
"""In what the engine stores of a try: it asked to be run again later (`jobs.Later`)."""


@dataclass(frozen=True, slots=True)
class JobRow:
    key: str
    name: str
    arguments: dict[str, Any]


async def list_waiting(session: AsyncSession, queues: frozenset[str]) -> list[JobRow]:
    """Jobs of these queues that are neither done nor dead, in the order of their keys."""
    found = await session.execute(_waiting(session.get_bind().dialect.name, queues))
    return [JobRow(key, *json.loads(inputs)["positionalArgs"]) for key, inputs in found]


async def count_dead(session: AsyncSession) -> int:
    """Jobs that need a person, as `jobs.list_dead` lists them."""
    rows = _table(session.get_bind().dialect.name, "workflow_status", "status")
    found = await session.scalar(
        select(func.count()).select_from(rows).where(rows.c.status.in_(_ALL_DEAD))
    )
    return int(found or 0)


async def failures_of(session: AsyncSession, keys: Sequence[str]) -> dict[str, int]:
    """How often each of these jobs failed. A pause that it asked for is no failure."""
    rows = _table(session.get_bind().dialect.name, "operation_outputs", "function_name", "output")
    found = await session.execute(
        select(rows.c.workflow_uuid, func.count())
        .where(
            rows.c.workflow_uuid.in_(keys),
            rows.c.function_name == _ATTEMPT,
            func.coalesce(rows.c.output, "").not_like(_PAUSED),
        )
        .group_by(rows.c.workflow_uuid)
    )
    return {key: int(number) for key, number in found}


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
