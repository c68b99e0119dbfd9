"""The snapshots of the decisions that were stored, page by page, oldest first."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Text, cast, make_url, select

from kit.db import Sessions, create_engine, reading, sessions_of
from scoring.model.predictor import Model
from scoring.models import Decision
from scoring.rescoring import sources
from scoring.rescoring.sources import Batch, Span

_IDS = select(Decision.id).order_by(Decision.id).execution_options(yield_per=10_000)


@dataclass(frozen=True, slots=True)
class Decisions:
    """A row is called by its decision's id. Decisions made later belong to the next run."""

    url: str = field(repr=False)

    def identity(self) -> dict[str, Any]:
        return {"decisions of": make_url(self.url).render_as_string(hide_password=True)}

    def spans(self, rows: int) -> Iterator[Span]:
        yield from asyncio.run(self._spans(rows))

    async def _spans(self, rows: int) -> list[Span]:
        found: list[Span] = []
        engine = create_engine(self.url)
        try:
            async with reading(sessions_of(engine)) as session:
                number, begin = 0, None
                async for last in await session.stream_scalars(_IDS):
                    begin = begin or last
                    number += 1
                    if number % rows == 0:
                        found.append(Span(number - rows + 1, rows, (str(begin), str(last))))
                        begin = None
                if begin is not None:
                    first = number - number % rows + 1
                    found.append(Span(first, number % rows, (str(begin), str(last))))
        finally:
            await engine.dispose()
        return found

    def batches(self, span: Span, model: Model) -> Iterator[Batch]:
        begin, last = (UUID(str(end)) for end in span.at)
        engine = create_engine(self.url)
        sessions = sessions_of(engine)
        with asyncio.Runner() as runner:
            try:
                after: UUID | None = None
                while page := runner.run(_page(sessions, begin, after, last)):
                    read = [
                        sources.read(text, file=f"decision {name}", row=1) for name, text in page
                    ]
                    yield Batch([str(name) for name, _ in page], sources.rows_of(read, model))
                    after = page[-1][0]
            finally:
                runner.run(engine.dispose())


async def _page(
    sessions: Sessions, begin: UUID, after: UUID | None, last: UUID
) -> Sequence[Row[UUID, str]]:
    query = (
        select(Decision.id, cast(Decision.snapshot, Text))
        .where(Decision.id >= begin if after is None else Decision.id > after, Decision.id <= last)
        .order_by(Decision.id)
        .limit(sources.BATCH)
    )
    async with reading(sessions) as session:
        return (await session.execute(query)).all()
