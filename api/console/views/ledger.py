"""The books: what stands on each account, what moved it, and each entry with its proof."""

import json
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api import exports, ledger_tables
from api.console import drawing
from api.console.door import HOME, AtDesk
from api.console.files import AskedFile, attachment
from api.console.forms import Day
from api.deps import Session
from api.ledger_tables import Posted
from kit.money import Money
from servicing.ledger import balances, proofs, reading
from servicing.ledger.balances import Balance
from servicing.ledger.chart import Account

router = APIRouter(prefix=f"{HOME}/ledger", include_in_schema=False)
_Currency = Annotated[str, Query(pattern="^[A-Z]{3}$")]


@router.get("", name="get_trial_balance")
async def show_trial_balance(
    desk: AtDesk, session: Session, file: AskedFile, since: Day = None, until: Day = None
) -> Response:
    day = until or desk.today
    rows = await balances.trial_balance(session, since=since, until=day)
    table, about = ledger_tables.trial_balance(since, day), exports.period(since, day)
    if (answer := await file.of(table, exports.listed(rows), about=about)) is not None:
        return answer
    currencies = sorted({row.currency for row in rows})
    books = [
        (
            currency,
            drawing.table(desk, table, [row for row in rows if row.currency == currency]),
            *_totals(rows, currency),
        )
        for currency in currencies
    ]
    return drawing.page(desk, "trial_balance.html", since=since, until=day, books=books)


@router.get("/journal", name="list_journal")
async def show_journal(
    desk: AtDesk,
    session: Session,
    file: AskedFile,
    since: Day = None,
    until: Day = None,
    after: UUID | None = None,
) -> Response:
    fetch = ledger_tables.journal_of(since, until)
    about = exports.period(since, until or desk.today)
    if (answer := await file.of(ledger_tables.JOURNAL, fetch, about=about)) is not None:
        return answer
    rows = await ledger_tables.journal(session, since, until, after=after, limit=drawing.PAGE_SIZE)
    last = drawing.last_key([row.line for row in rows])
    lines = drawing.table(desk, ledger_tables.JOURNAL, rows, after=last)
    return drawing.page(desk, "journal.html", since=since, until=until, lines=lines)


@router.get("/accounts/{account}", name="list_account_entries")
async def show_account(
    account: Account,
    desk: AtDesk,
    session: Session,
    file: AskedFile,
    currency: _Currency = "",
    since: Day = None,
    until: Day = None,
    after: UUID | None = None,
) -> Response:
    currency = currency or desk.wiring.settings.currency
    fetch = ledger_tables.movements_of(account, currency, since, until)
    about = f"{account}-{currency}-{exports.period(since, until or desk.today)}"
    if (answer := await file.of(ledger_tables.MOVEMENTS, fetch, about=about)) is not None:
        return answer
    rows = await reading.list_movements(
        session, account, currency, since=since, until=until, after=after,
        limit=drawing.PAGE_SIZE,
    )  # fmt: skip
    return drawing.page(
        desk,
        "account.html",
        account=account,
        name=ledger_tables.NAME_OF[account],
        currency=currency,
        since=since,
        until=until,
        movements=drawing.table(desk, ledger_tables.MOVEMENTS, rows, after=drawing.last_key(rows)),
    )


@router.get("/entries/{entry_id}", name="get_ledger_entry")
async def show_entry(entry_id: UUID, desk: AtDesk, session: Session, file: AskedFile) -> Response:
    found = await reading.get_entry(session, entry_id)
    rows = [Posted(line, found.entry) for line in found.lines]
    if (answer := await file.of(ledger_tables.ENTRY, exports.listed(rows))) is not None:
        return answer
    return drawing.page(
        desk, "entry.html", found=found, lines=drawing.table(desk, ledger_tables.ENTRY, rows)
    )


@router.get("/entries/{entry_id}/proof.txt", name="get_entry_proof")
async def give_proof(entry_id: UUID, session: Session) -> Response:
    """What `verify_ledger.py` reads."""
    proof = await proofs.of_entry(session, entry_id)
    return attachment(json.dumps(proof), f"proof-{entry_id}.txt")


def _totals(rows: Sequence[Balance], currency: str) -> tuple[Money, Money]:
    moved = [(row.debit_minor, row.credit_minor) for row in rows if row.currency == currency]
    debits, credits = map(sum, zip(*moved, strict=True))
    return Money(debits, currency), Money(credits, currency)
