"""`kopa ledger`: whether the books are right, and what others need to check it without us."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from cli import documents
from kit import notes
from kit.clock import SystemClock
from kit.config import Settings
from kit.crypto import open_vault, public_seal_keys
from kit.db import Sessions, create_engine, sessions_of, unit_of_work
from kit.money import Money
from migrations.tables import load_models
from servicing.ledger import balances, export, invariants, sealing, tampering
from servicing.ledger.balances import Balance
from servicing.ledger.invariants import Violation
from servicing.ledger.models import Checkpoint
from servicing.models import SuspenseItem
from servicing.suspense import list_open

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Books:
    balances: Sequence[Balance]
    waiting: Sequence[SuspenseItem]
    sealed: int
    signed: int
    """By the newest checkpoint."""
    violations: Sequence[Violation]


@click.group()
def ledger() -> None:
    """The books: what every account holds, whether it may, and proof for others."""


@ledger.command()
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@click.option(
    "--checkpoint",
    "checkpoints",
    type=click.File(encoding="utf-8"),
    multiple=True,
    help="A checkpoint that was kept outside: what it was signed for must still stand.",
)
def verify(checkpoints: Sequence[Any], *, as_json: bool) -> None:
    """Check the books against the loans and the seals. Ends with 1 when anything is wrong."""
    outside = [_kept(file) for file in checkpoints]
    settings = Settings()
    books = _with_books(settings, lambda sessions: _read(sessions, settings, outside))
    if as_json:
        documents.write(_document(books))
    else:
        _show(books)
    if books.violations:
        raise SystemExit(1)


@ledger.command("checkpoint")
def print_checkpoint() -> None:
    """Seal what waits, sign, and print the checkpoint. Keep it where nobody of yours can write."""
    settings = Settings()
    try:
        made = _with_books(settings, lambda sessions: _sign(sessions, settings))
    except sealing.PastHasChanged as why:
        raise click.ClickException(f"{why}: see kopa ledger verify") from None
    if made is None:
        documents.refuse("nothing was posted yet: there is nothing to sign")
    click.echo(made.note, nl=False)


@ledger.command("export")
@click.argument("file", type=click.File("wb"))
def export_to(file: Any) -> None:
    """Write the sealed ledger to FILE (`-` for the screen), for deploy/verify_ledger.py."""

    async def write(sessions: Sessions) -> bool:
        async with sessions() as session:
            checkpoint = await sealing.newest_checkpoint(session)
        if checkpoint is None:
            return False
        async for line in export.lines(sessions, checkpoint):
            file.write(line + b"\n")
        return True

    if not _with_books(Settings(), write):
        documents.refuse("nothing is signed yet: see kopa ledger checkpoint")


@ledger.command()
@click.option("--new", "name", help="Make another private key, of this name, and print it.")
def key(name: str | None) -> None:
    """The public key with which others check what we signed."""
    if name is None:
        signer = open_vault(Settings()).signer
        assert signer is not None
        click.echo(signer.public)
        return
    try:
        click.echo(notes.generate(name).private)
    except notes.BadKey as why:
        documents.refuse(str(why))


def _kept(file: Any) -> str:
    """Whether it was signed for these books is looked at with them."""
    try:
        note: str = file.read()
        int(note.split("\n")[1])
    except (ValueError, IndexError):
        documents.refuse(f"{file.name} is no checkpoint")
    return note


def _with_books(settings: Settings, work: Callable[[Sessions], Awaitable[T]]) -> T:
    load_models()

    async def run() -> T:
        engine = create_engine(settings.url)
        try:
            return await work(sessions_of(engine))
        finally:
            await engine.dispose()

    try:
        return asyncio.run(run())
    except (OperationalError, ProgrammingError) as why:
        documents.refuse_without_tables(
            why,
            "there are no books in this database: start kopa once, or see KOPA_DATABASE_URL",
        )
    except notes.BadKey as why:
        documents.refuse(f"KOPA_SEAL_KEY or KOPA_PREVIOUS_SEAL_KEYS: {why}")


async def _read(sessions: Sessions, settings: Settings, outside: Sequence[str]) -> _Books:
    broken = await tampering.first(sessions, public_seal_keys(settings), outside)
    async with sessions() as session:
        last, checkpoint = await sealing.newest(session), await sealing.newest_checkpoint(session)
        sealed, signed = last.seq if last else 0, checkpoint.size if checkpoint else 0
        if broken is not None:  # Nonsense may stand there: such books are not reckoned with.
            return _Books([], [], sealed, signed, [broken])
        return _Books(
            await balances.trial_balance(session),
            await list_open(session),
            sealed,
            signed,
            await invariants.verify(session),
        )


async def _sign(sessions: Sessions, settings: Settings) -> Checkpoint | None:
    signer = open_vault(settings).signer
    assert signer is not None
    await sealing.seal_all(sessions, looks_at_all=True)
    async with unit_of_work(sessions) as session:
        return await sealing.sign(session, signer, now=SystemClock().now())


def _document(books: _Books) -> dict[str, Any]:
    return {
        "balances": [_balance(row) for row in books.balances],
        "suspense": [
            {
                "reference": item.reference,
                "reason": item.reason,
                "amount": item.amount.major,
                "currency": item.currency,
            }
            for item in books.waiting
        ],
        "sealed": books.sealed,
        "signed": books.signed,
        "violations": [asdict(violation) for violation in books.violations],
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


def _show(books: _Books) -> None:
    from rich.console import Console  # only people need it, and it is slow to load
    from rich.table import Table

    console = Console()
    table = Table("account", "currency", title="Trial balance")
    for name in ("debit", "credit", "net"):
        table.add_column(name, justify="right")
    for row in books.balances:
        table.add_row(*_balance(row).values())
    console.print(table)
    if books.waiting:
        console.print(f"{len(books.waiting)} amounts wait in suspense for a person to place them:")
        for item in books.waiting:
            console.print(f"  {item.received_on}  {item.amount}  {item.reason}  {item.reference}")
    console.print(f"{books.sealed} entries are sealed, {books.signed} of them signed.")
    for violation in books.violations:
        console.print(f"[red]{violation.rule}[/red]  {violation.subject}: {violation.detail}")
    wrong = len(books.violations)
    console.print(f"{wrong} violations." if wrong else "The books are right.")
