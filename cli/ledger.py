"""`kopa ledger verify`: whether the books are right, as a table or as JSON."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from cli import documents
from kit.config import Settings
from kit.db import create_engine, sessions_of
from kit.money import Money
from migrations.tables import load_models
from servicing.ledger import balances, invariants
from servicing.ledger.balances import Balance
from servicing.ledger.invariants import Violation
from servicing.models import SuspenseItem
from servicing.suspense import list_open


@click.group()
def ledger() -> None:
    """The books: what every account holds, and whether it may."""


@ledger.command()
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def verify(*, as_json: bool) -> None:
    """Check the books against the loans. Ends with 1 when anything is wrong."""
    load_models()
    try:
        rows, waiting, violations = asyncio.run(_read(Settings().url))
    except (OperationalError, ProgrammingError):
        documents.refuse(
            "there are no books in this database: start kopa once, or see KOPA_DATABASE_URL"
        )
    if as_json:
        documents.write(_document(rows, waiting, violations))
    else:
        _show(rows, waiting, violations)
    if violations:
        raise SystemExit(1)


async def _read(url: str) -> tuple[list[Balance], list[SuspenseItem], list[Violation]]:
    engine = create_engine(url)
    try:
        async with sessions_of(engine)() as session:
            return (
                await balances.trial_balance(session),
                await list_open(session),
                await invariants.verify(session),
            )
    finally:
        await engine.dispose()


def _document(
    rows: Sequence[Balance], waiting: Sequence[SuspenseItem], violations: Sequence[Violation]
) -> dict[str, Any]:
    return {
        "balances": [_balance(row) for row in rows],
        "suspense": [
            {
                "reference": item.reference,
                "reason": item.reason,
                "amount": item.amount.major,
                "currency": item.currency,
            }
            for item in waiting
        ],
        "violations": [asdict(violation) for violation in violations],
    }


def _balance(row: Balance) -> dict[str, Any]:
    def major(minor: int) -> str:
        return Money(minor, row.currency).major

    return {
        "account": row.account,
        "currency": row.currency,
        "debit": major(row.debit_minor),
        "credit": major(row.credit_minor),
        "net": major(row.net_minor),
    }


def _show(
    rows: Sequence[Balance], waiting: Sequence[SuspenseItem], violations: Sequence[Violation]
) -> None:
    from rich.console import Console  # only people need it, and it is slow to load
    from rich.table import Table

    console = Console()
    table = Table("account", "currency", title="Trial balance")
    for name in ("debit", "credit", "net"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(*_balance(row).values())
    console.print(table)
    if waiting:
        console.print(f"{len(waiting)} amounts wait in suspense for a person to place them:")
        for item in waiting:
            console.print(f"  {item.received_on}  {item.amount}  {item.reason}  {item.reference}")
    for violation in violations:
        console.print(f"[red]{violation.rule}[/red]  {violation.subject}: {violation.detail}")
    console.print("The books are right." if not violations else f"{len(violations)} violations.")
