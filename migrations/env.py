"""Alembic's entry: runs the migrations of all rooms on the database that it is given."""

from alembic import context
from sqlalchemy import Connection, create_engine

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


load_models()
given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    engine = create_engine(sync_url(context.config.attributes.get("url") or Settings().url))
    with engine.begin() as connection:
        _run(connection)
    engine.dispose()
