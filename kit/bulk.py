"""Many rows in one go: by COPY on PostgreSQL, by one prepared statement on SQLite."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import Any, cast
from uuid import UUID

from psycopg import AsyncConnection, sql
from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Dialect,
    Insert,
    Table,
    Text,
    TypeDecorator,
    any_,
    bindparam,
    literal,
)
from sqlalchemy import cast as cast_as
from sqlalchemy import insert as insert_into
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from kit.db import Base


async def insert(
    session: AsyncSession, model: type[Base], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows that all have the same columns; nothing is filled in for them."""
    table, dialect = cast(Table, model.__table__), session.get_bind().dialect
    if not rows:
        return
    if dialect.name != "postgresql":
        await session.execute(_insert(table), rows)
        return
    columns = [table.c[name] for name in rows[0]]
    names = sql.SQL(", ").join(sql.Identifier(column.name) for column in columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), names)
    bound = [_binding(column, dialect) for column in columns]
    raw = await (await session.connection()).get_raw_connection()
    connection = cast(AsyncConnection, raw.driver_connection)
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            values = zip(bound, row.values(), strict=True)
            await copy.write_row([bind(value) if bind else value for bind, value in values])


def among(
    session: AsyncSession, column: InstrumentedAttribute[Any], values: Collection[Any]
) -> ColumnElement[bool]:
    """`column IN values`. PostgreSQL takes them as one parameter: each by itself costs more."""
    if session.get_bind().dialect.name != "postgresql":
        return column.in_(values)
    return column == any_(literal(list(values), ARRAY(column.type)))


def among_given(
    dialect_name: str, column: InstrumentedAttribute[Any], name: str
) -> ColumnElement[bool]:
    """The same for a statement that is built once for each dialect: `name` is given the ids."""
    if dialect_name != "postgresql":
        return column.in_(bindparam(name, expanding=True))
    return column == any_(cast_as(bindparam(name, type_=_Ids()), ARRAY(column.type)))


class _Ids(TypeDecorator[Collection[UUID]]):
    """As PostgreSQL writes an array of them: the driver would look at each by itself."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Collection[UUID] | None, dialect: Dialect) -> str:
        return f"{{{','.join(map(str, value or ()))}}}"


@cache
def _insert(table: Table) -> Insert:
    return insert_into(table)


def _binding(column: Column[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """How a value becomes what the driver takes, where that is not the value itself."""
    return column.type.dialect_impl(dialect).bind_processor(dialect)
