"""`kopa model book`: the loans of this installation as a file to train on."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError, ProgrammingError

from cli import documents
from cli.in_one_line import in_one_line
from kit.clock import SystemClock, business_date
from kit.config import Settings
from kit.db import create_engine, sessions_of
from migrations.tables import load_models
from onboarding import loan_book
from scoring.features import registry
from servicing.closing.models import DayClose

_BATCH = 2_000


@click.command()
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True,
    help="Parquet file to write.",
)  # fmt: skip
@click.option(
    "--late-days", type=click.IntRange(1), default=30, show_default=True,
    help="A loan is bad when an installment was unpaid for so long.",
)  # fmt: skip
@click.option(
    "--within-days", type=click.IntRange(1), default=180, show_default=True,
    help="From the payout, longer where principal falls due later; younger loans are left out.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@in_one_line
def book(out: Path, late_days: int, within_days: int, as_json: bool) -> None:
    """Write the matured loans of the database as training rows.

    Each row holds what was known when the loan was decided, from the snapshot that was stored
    then, and how it ended. No names, numbers, pictures or answers in words; no age.
    """
    load_models()
    try:
        found, bad = asyncio.run(_written(Settings(), out, late_days, within_days))
    except (OperationalError, ProgrammingError) as why:
        documents.refuse_without_tables(why, "there are no loans in this database: start kopa once")
    if as_json:
        rule = {"late_days": late_days, "within_days": within_days}
        documents.write({"file": str(out), "rows": found, "bad": bad, **rule})
        return
    click.echo(
        f"{found} loans that have had their time, {within_days} days or more: {bad} of them bad."
    )
    columns = f"--target {loan_book.TARGET} --time {loan_book.TIME}"
    click.echo(f"Train on them: kopa model train {out} {columns} --out DIR")


async def _written(
    settings: Settings, out: Path, late_days: int, within_days: int
) -> tuple[int, int]:
    """How many rows, and how many bad; the file is in place when the last one is written."""
    engine = create_engine(settings.url)
    draft = out.with_name(f".{out.name}.draft")
    try:
        async with sessions_of(engine)() as session:
            closed = await session.scalar(
                select(func.max(DayClose.business_date)).where(DayClose.closed_at.is_not(None))
            )
            on = business_date(SystemClock().now(), settings.timezone)
            if closed is not None:
                on = closed + timedelta(days=1)  # A sandbox's day may be far from ours.
            rows = loan_book.rows(session, late_days=late_days, within_days=within_days, on=on)
            found, bad = await _fill(draft, rows)
        if not found:
            documents.refuse(
                f"no loan was paid out {within_days} days ago or earlier and has had its time"
            )
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)
        await engine.dispose()
    return found, bad


async def _fill(path: Path, rows: AsyncIterator[dict[str, Any]]) -> tuple[int, int]:
    """A batch at a time: the book may be larger than the memory."""
    import pyarrow as pa
    from pyarrow import parquet

    found = bad = 0
    batch: list[dict[str, Any]] = []
    schema = _schema()
    with parquet.ParquetWriter(path, schema) as writer:
        async for row in rows:
            batch.append(row)
            found, bad = found + 1, bad + row[loan_book.TARGET]
            if len(batch) == _BATCH:
                writer.write_table(pa.Table.from_pylist(batch, schema))
                batch.clear()
        writer.write_table(pa.Table.from_pylist(batch, schema))
    return found, bad


def _schema() -> Any:
    import pyarrow as pa

    kinds = {
        name: pa.string() if registry.get(name).category else pa.float64()
        for name in loan_book.features()
    }
    fields = {loan_book.TIME: pa.string(), **kinds, loan_book.TARGET: pa.int64()}
    return pa.schema(list(fields.items()))
