"""Alembic's entry: runs the migrations of all rooms on the database that it is given."""

from typing import Any

from alembic import context
from sqlalchemy import Connection, Engine, create_engine, event

from kit.config import Settings
from kit.db import Base
from kit.jobs import sync_url
from migrations.tables import load_models


def _ours(_object: object, name: str | None, kind: str, reflected: bool, _other: object) -> bool:
    """The job engine keeps tables of its own beside ours."""
    return not (kind == "table" and reflected and name not in Base.metadata.tables)


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        include_object=_ours,
        compare_type=False,
    )
    with context.begin_transaction():
        context.run_migrations()


def _is_one_transaction(engine: Engine) -> None:
    """SQLite keeps tables in a transaction, too, where its driver does not end it at each of them:
    what is refused on the way leaves everything as it was."""

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


load_models()
engine = create_engine(sync_url(context.config.attributes.get("url") or Settings().url))
if engine.dialect.name == "sqlite":
    _is_one_transaction(engine)
try:
    with engine.begin() as connection:
        _run(connection)
finally:
    engine.dispose()
