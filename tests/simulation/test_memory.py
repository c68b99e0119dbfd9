"""What is remembered is what stands in the database, also after somebody has written."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import delete, event, select, update

from kit.db import sessions_of, unit_of_work
from servicing import incidents
from servicing.models import Incident
from simulation import database
from simulation.memory import Memory

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SUBJECTS = select(Incident.subject)
WRITES = (update(Incident).values(subject="payout:2"), delete(Incident))


async def test_it_is_read_anew_once_its_table_is_written(sqlite_template: Path) -> None:
    async with database.on_sqlite(sqlite_template) as engine:
        memory, read = Memory("sqlite"), []
        sessions = sessions_of(engine)

        @event.listens_for(engine.sync_engine, "before_cursor_execute")
        def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            memory.hear(statement)
            read.append("incidents" in statement and statement.startswith("SELECT"))

        async def subjects() -> list[str]:
            async with sessions() as session:
                return [row.subject for row in await memory.rows(session, SUBJECTS)]

        assert memory.is_new(SUBJECTS)
        assert not memory.is_new(SUBJECTS)
        assert await subjects() == await subjects() == []
        assert sum(read) == 1
        async with unit_of_work(sessions) as session:
            await incidents.report(session, kind="doubt", subject="payout:1", now=NOW)
        assert await subjects() == ["payout:1"]
        for write, left in zip(WRITES, (["payout:2"], []), strict=True):
            async with unit_of_work(sessions) as session:
                await session.execute(write)
            assert await subjects() == left
            assert memory.is_new(SUBJECTS)
            assert not memory.is_new(SUBJECTS)
        event.remove(engine.sync_engine, "before_cursor_execute", hear)
