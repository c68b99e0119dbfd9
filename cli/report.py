"""`kopa report late`: arrears, classes, stages, provisions and expected losses of the portfolio."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any

import click
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError, ProgrammingError

from cli import documents
from kit.clock import SystemClock, business_date
from kit.config import Settings
from kit.db import create_engine, sessions_of
from kit.money import Money
from migrations.tables import load_models
from servicing import arrears, arrears_report, late_policy
from servicing.arrears import Arrears
from servicing.arrears_report import Book, Group
from servicing.closing.models import DayClose
from servicing.fields import InvalidTerms


@click.group()
def report() -> None:
    """The portfolio on a day."""


@report.command()
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Default: the business day.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="One line for each running loan.")
def late(*, on: datetime | None, as_json: bool, as_csv: bool) -> None:
    """What is late, and what may be lost of it, by the policy of docs/late.md."""
    load_models()
    settings = Settings()
    try:
        policy = late_policy.of(settings.late_policy_file, settings.country)
        day, rows = asyncio.run(_read(settings, policy, on.date() if on else None))
    except (OperationalError, ProgrammingError) as why:
        documents.refuse_without_tables(why, "there are no loans in this database: start kopa once")
    except (InvalidTerms, OSError) as error:
        documents.refuse(f"the late policy cannot be used: {error}")
    if as_csv:
        click.echo(arrears_report.as_csv(rows), nl=False)
        return
    books = arrears_report.books(rows)
    if as_json:
        shown = [_document(book) for book in books]
        documents.write({"on": day.isoformat(), "policy": policy.name, "books": shown})
    else:
        for book in books:
            _show(book, day)


async def _read(
    settings: Settings, policy: late_policy.LatePolicy, on: date | None
) -> tuple[date, list[Arrears]]:
    engine = create_engine(settings.url)
    try:
        async with sessions_of(engine)() as session:
            days = select(func.max(DayClose.business_date)).where(DayClose.closed_at.is_not(None))
            closed = await session.scalar(days)
            today = business_date(SystemClock().now(), settings.timezone)
            if closed is not None:
                today = closed + timedelta(days=1)  # A sandbox's day may be far from ours.
            day = on or today
            if day > today:
                documents.refuse(f"{day} has not come yet: the business day is {today}")
            return day, await arrears.list_arrears(session, policy, on=day, today=today)
    finally:
        await engine.dispose()


def _document(book: Book) -> dict[str, Any]:
    def shown(group: Group) -> dict[str, Any]:
        return {"loans": group.loans, **_amounts(book, group)}

    return {
        "currency": book.currency,
        **shown(book.whole),
        "at_risk": {
            str(days): {**shown(group), "percent": arrears_report.percent(book, group)}
            for days, group in book.at_risk.items()
        },
        "buckets": {name: shown(group) for name, group in book.buckets.items()},
        "classes": {each.key: shown(group) for each, group in book.classes.items()},
        "stages": {str(int(each)): shown(group) for each, group in book.stages.items()},
    }


def _amounts(book: Book, group: Group) -> dict[str, str]:
    def major(minor: int) -> str:
        return Money(minor, book.currency).major

    return {
        "balance": major(group.balance_minor),
        "overdue": major(group.overdue_minor),
        "exposure": major(group.exposure_minor),
        "provision": major(group.provision_minor),
        "expected_loss": major(group.expected_loss_minor),
    }


def _show(book: Book, day: date) -> None:
    from rich.console import Console  # only people need it, and it is slow to load
    from rich.table import Table

    table = Table(f"{day}, {book.currency}", title="Late loans")
    for name in ("loans", *_amounts(book, book.whole), "% of balance"):
        table.add_column(name, justify="right")
    parts = (
        {"all": book.whole},
        {f"PAR {days}": group for days, group in book.at_risk.items()},
        book.buckets,
        {each.key: group for each, group in book.classes.items()},
        {f"stage {int(each)}": group for each, group in book.stages.items()},
    )
    for part in parts:
        for name, group in part.items():
            percent = arrears_report.percent(book, group)
            table.add_row(name, str(group.loans), *_amounts(book, group).values(), percent)
        table.add_section()
    Console().print(table)
