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

    def test_says_what_the_models_say(self, empty_url: str) -> None:
        load_models()
        command.upgrade(migrate.alembic_config(empty_url), "head")
        engine = sa.create_engine(sync_url(empty_url))
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": False})
            differences = compare_metadata(context, Base.metadata)
        engine.dispose()

        assert differences == [], 'run: make migration m="what changed"'

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
