"""The schema that migrations make is the one that the models describe, up, down and up again."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import IntegrityError

from kit import migrate
from kit.db import Base
from kit.jobs import sync_url
from migrations.tables import load_models
from tests.postgres import Server

LOAN = "01a20102def5712ba0dc73cefc6ff0ae"


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


def execute(url: str, statement: str) -> None:
    engine = sa.create_engine(sync_url(url))
    with engine.begin() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


def lent(url: str) -> None:
    execute(
        url,
        "INSERT INTO loans (id, application_id, borrower_id, reference, status, terms, rules,"
        f" currency, principal_minor, created_at) VALUES ('{LOAN}', '{LOAN}', '{LOAN}', 'L-1',"
        " 'active', '{}', '{}', 'KES', 1, '2026-11-20 00:00:00')",
    )


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

    def test_what_is_refused_changes_nothing(self, empty_url: str) -> None:
        """Not a guard on the way to where it is refused either."""
        config = migrate.alembic_config(empty_url)
        command.upgrade(config, "head")
        before = guards_of(empty_url)
        lent(empty_url)
        for attempt, status in enumerate(("returned", "settled"), 1):
            execute(
                empty_url,
                "INSERT INTO payouts (id, loan_id, attempt, client_ref, status, amount_minor,"
                f" currency, account, tries, created_at) VALUES ('{LOAN[:-1]}{attempt}', '{LOAN}',"
                f" {attempt}, 'P{attempt}', '{status}', 1, 'KES', '', 1, '2026-11-20 00:00:00')",
            )

        with pytest.raises(IntegrityError):  # 0027 knows no loan that was sent again.
            command.downgrade(config, "0027")

        assert guards_of(empty_url) == before
        command.upgrade(config, "head")

    def test_loans_without_events_are_refused(self, empty_url: str) -> None:
        config = migrate.alembic_config(empty_url)
        command.upgrade(config, "0004")
        lent(empty_url)

        with pytest.raises(RuntimeError, match="from before loans had events"):
            command.upgrade(config, "head")

    @pytest.mark.parametrize("held", ["loan_events", "ledger_lines"])
    def test_lets_whoever_posts_finish(self, postgres: Server, held: str) -> None:
        """Programs are to be stopped before; one that was not is no reason to refuse either."""
        postgres.create("kopa_template_busy")
        url = postgres.url("kopa_template_busy")
        config = migrate.alembic_config(url)
        command.upgrade(config, "0028")
        writer, watcher = (sa.create_engine(sync_url(url)) for _ in range(2))
        waiting = sa.text(
            "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE NOT granted AND datname = 'kopa_template_busy'"
        )

        with ThreadPoolExecutor(1) as pool, writer.begin() as connection:
            connection.execute(sa.text(f"LOCK TABLE {held} IN ROW EXCLUSIVE MODE"))
            upgraded = pool.submit(command.upgrade, config, "head")
            with watcher.connect().execution_options(isolation_level="AUTOCOMMIT") as look:
                while not look.scalar(waiting) and not upgraded.done():
                    time.sleep(0.05)
            for table in ("ledger_lines", "ledger_entries", "ledger_resolutions"):
                connection.execute(sa.text(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE"))
            connection.commit()
            upgraded.result()

        for engine in (writer, watcher):
            engine.dispose()
        postgres.drop("kopa_template_busy")

    def test_twice_is_once(self, empty_url: str) -> None:
        migrate.upgrade(empty_url)
        migrate.upgrade(empty_url)
