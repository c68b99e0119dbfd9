"""The schema that migrations make is the one that the models describe, up, down and up again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from kit import migrate
from kit.db import Base
from kit.jobs import sync_url
from migrations.tables import load_models
from tests.postgres import Server


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'kopa.db'}"
        return
    server: Server = request.getfixturevalue("postgres")
    server.create("kopa_template_empty")
    yield server.url("kopa_template_empty")
    server.drop("kopa_template_empty")


def tables_of(url: str) -> set[str]:
    engine = sa.create_engine(sync_url(url))
    names = set(sa.inspect(engine).get_table_names())
    engine.dispose()
    return names & {*Base.metadata.tables, "alembic_version"}


def guards_of(url: str) -> dict[str, str]:
    """The SQL of each trigger and index, by name, and on PostgreSQL of each trigger's function."""
    queries = [
        "SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'index') AND sql != ''"
    ]
    if not url.startswith("sqlite"):
        queries = [
            "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
            " AND tablename != 'alembic_version'",
            "SELECT proname, pg_get_functiondef(pg_proc.oid) FROM pg_proc"
            " WHERE pg_proc.oid IN (SELECT tgfoid FROM pg_trigger WHERE NOT tgisinternal)",
        ]
    engine = sa.create_engine(sync_url(url))
    with engine.connect() as connection:
        found = {name: sql for query in queries for name, sql in connection.execute(sa.text(query))}
    engine.dispose()
    return found


class TestStairway:
    def test_up_down_and_up_again(self, empty_url: str) -> None:
        load_models()
        config = migrate.alembic_config(empty_url)
        command.upgrade(config, "head")
        assert tables_of(empty_url) == {*Base.metadata.tables, "alembic_version"}

        command.downgrade(config, "base")
        assert tables_of(empty_url) == {"alembic_version"}

        command.upgrade(config, "head")
        assert tables_of(empty_url) == {*Base.metadata.tables, "alembic_version"}

    # SQLite's indexes of expressions are compared below.
    @pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
    @pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified")
    def test_says_what_the_models_say(self, empty_url: str) -> None:
        load_models()
        command.upgrade(migrate.alembic_config(empty_url), "head")
        engine = sa.create_engine(sync_url(empty_url))
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": False})
            differences = compare_metadata(context, Base.metadata)
        engine.dispose()

        assert differences == [], 'run: make migration m="what changed"'

    def test_guards_as_the_models_do(self, empty_url: str) -> None:
        load_models()
        config = migrate.alembic_config(empty_url)
        command.upgrade(config, "head")
        migrated = guards_of(empty_url)
        command.downgrade(config, "base")

        engine = sa.create_engine(sync_url(empty_url))
        Base.metadata.create_all(engine)
        engine.dispose()

        assert guards_of(empty_url) == migrated
        assert len(migrated) > 20

    def test_loans_without_events_are_refused(self, empty_url: str) -> None:
        config = migrate.alembic_config(empty_url)
        command.upgrade(config, "0004")
        engine = sa.create_engine(sync_url(empty_url))
        with engine.begin() as connection:
            connection.execute(
                sa.text(
                    "INSERT INTO loans (id, application_id, borrower_id, reference, status, terms,"
                    " rules, currency, principal_minor, created_at) VALUES (:id, :id, :id, 'L-1',"
                    " 'active', '{}', '{}', 'KES', 1, '2026-11-20 00:00:00')"
                ),
                {"id": "01a20102def5712ba0dc73cefc6ff0ae"},
            )

        with engine.connect() as connection:
            config.attributes["connection"] = connection
            with pytest.raises(RuntimeError, match="from before loans had events"):
                command.upgrade(config, "head")
        engine.dispose()

    def test_twice_is_once(self, empty_url: str) -> None:
        migrate.upgrade(empty_url)
        migrate.upgrade(empty_url)
