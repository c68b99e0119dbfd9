"""`kopa model watch`: do the models that decide still hold?"""

import asyncio
import sys
from typing import Any

import click
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError, ProgrammingError

from cli import documents
from kit.clock import SystemClock
from kit.config import Settings
from kit.crypto import open_vault
from kit.db import create_engine, sessions_of, unit_of_work
from migrations.tables import load_models
from onboarding import watching
from scoring.models import Decision
from scoring.watching.report import Measure

_Found = dict[str, list[Measure]]


@click.command()
@click.option("--keep", is_flag=True, help="Keep it as today's look, and raise or clear alerts.")
@click.option("--check", is_flag=True, help="Exit with 1 when something is alarming.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def watch(keep: bool, check: bool, as_json: bool) -> None:
    """Drift, calibration, ranking, approvals, overrides and fairness of stored decisions."""
    load_models()
    try:
        found = asyncio.run(_look(Settings(), keep=keep))
    except (OperationalError, ProgrammingError) as why:
        documents.refuse_without_tables(
            why, "there are no decisions in this database: start kopa once"
        )
    if as_json:
        documents.write({sha256: [_document(m) for m in told] for sha256, told in found.items()})
    else:
        _show(found)
    if check and any(each.is_alarming for told in found.values() for each in told):
        sys.exit(1)


async def _look(settings: Settings, *, keep: bool) -> _Found:
    engine = create_engine(settings.url)
    try:
        async with unit_of_work(sessions_of(engine, open_vault(settings))) as session:
            newest = await session.scalar(select(func.max(Decision.created_at)))
            now = SystemClock().now()
            if newest is not None:
                now = max(now, newest)  # A sandbox's day may be far from ours.
            found = await watching.looks(session, settings, now=now)
            if keep:
                await watching.keep(session, found, settings, now=now)
            return found
    finally:
        await engine.dispose()


def _document(measure: Measure) -> dict[str, Any]:
    return {
        "kind": measure.kind, "subject": measure.subject, "rows": measure.rows,
        "value": measure.value, "low": measure.low, "high": measure.high,
        "limit": measure.limit, "is_alarming": measure.is_alarming, "detail": measure.detail,
    }  # fmt: skip


def _show(found: _Found) -> None:
    from rich.console import Console  # only people need it, and it is slow to load
    from rich.table import Table

    if not any(found.values()):
        click.echo("Nothing was decided lately: there is nothing to look at.")
        return
    for sha256, measures in found.items():
        table = Table("measure", "of", title=f"Model {sha256[:16]}")
        for name in ("rows", "value", "95 % interval", "held against", ""):
            table.add_column(name, justify="right")
        for each in measures:
            between = "" if each.low is None else f"{each.low:.3f} to {each.high:.3f}"
            limit = "" if each.limit is None else f"{each.limit:.3f}"
            table.add_row(
                each.kind, each.subject, f"{each.rows:,}", f"{each.value:.3f}", between, limit,
                "[red]alarming[/red]" if each.is_alarming else "",
            )  # fmt: skip
        Console().print(table)
        if not any(each.kind == "score_drift" for each in measures):
            click.echo(
                "No drift: the model keeps no spread of its training rows, or too few asked."
            )
