"""Reading the money side closely: accounts with entries, orders with their history, daily work."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import exports, ledger_tables, listings
from api.deps import Session, Today, Wired, permitted
from api.exports import FILES, Export
from api.schemas import MoneyShown, Page, PageSize, Record, Shown
from api.v1.loans import LedgerLineShown, OrderShown
from api.v1.proposals import ProposalShown
from servicing import order_history
from servicing.closing import parts
from servicing.disbursements import PAYOUTS
from servicing.ledger import reading
from servicing.ledger.chart import Account
from servicing.order_history import Source
from servicing.orders import Orders
from servicing.payment_requests import REQUESTS
from servicing.refunds import REFUNDS

router = APIRouter(prefix="/v1", tags=["treasury"], dependencies=[Depends(permitted)])


class MovementShown(LedgerLineShown):
    entry_id: UUID
    balance: MoneyShown
    """Of the account after this line, on the side on which it normally grows."""


class JournalLineShown(LedgerLineShown):
    entry_id: UUID
    loan_id: UUID | None
    loan: str | None
    """Its reference."""


class EntryShown(Record):
    reference: str
    kind: str
    posted_on: date
    loan_id: UUID | None
    created_at: datetime
    reverses_id: UUID | None
    reversed_by_id: UUID | None
    number: int | None
    """Its place in the chain; null until it is sealed."""
    signed_at_size: int | None
    """Of the first checkpoint that holds it."""
    lines: list[LedgerLineShown]


class StepShown(Shown):
    at: datetime
    source: Source
    what: str
    actor: str
    facts: dict[str, Any]


class HistoryShown(Shown):
    order: OrderShown
    steps: list[StepShown]
    """In the order in which they became known."""
    entry_id: UUID | None
    proposals: list[ProposalShown]
    """What waits for a second person."""


class DayClosed(Shown):
    business_date: date
    started_at: datetime
    closed_at: datetime | None
    parts: int
    parts_done: int
    loans: int
    entries: int
    late_fees: int
    failures: int
    """Loans that have not come through this day."""


@router.get(
    "/ledger/accounts/{account}/entries", response_model=Page[MovementShown], responses=FILES
)
async def list_account_entries(
    account: Account,
    session: Session,
    wiring: Wired,
    today: Today,
    export: Export,
    currency: Annotated[str | None, Query(pattern="^[A-Z]{3}$")] = None,
    since: date | None = None,
    until: date | None = None,
    after: UUID | None = None,
    limit: PageSize = 50,
) -> Page[MovementShown] | Response:
    """What moved an account, by business date, with what stood on it after each line."""
    currency = currency or wiring.settings.currency
    fetch = ledger_tables.movements_of(account, currency, since, until)
    about = f"{account}-{currency}-{exports.period(since, until or today)}"
    if (file := await export.of(ledger_tables.MOVEMENTS, fetch, about=about)) is not None:
        return file
    rows = await reading.list_movements(
        session, account, currency, since=since, until=until, after=after, limit=limit
    )
    shown = [
        MovementShown.of(
            row.line, row.entry, entry_id=row.entry.id, balance=MoneyShown.of(row.balance)
        )
        for row in rows
    ]
    return Page.of(shown, limit)


@router.get("/ledger/journal", response_model=Page[JournalLineShown], responses=FILES)
async def list_journal(
    session: Session,
    today: Today,
    export: Export,
    since: date | None = None,
    until: date | None = None,
    after: UUID | None = None,
    limit: PageSize = 50,
) -> Page[JournalLineShown] | Response:
    """Every line of the ledger by business date, for the lender's own accounting."""
    fetch = ledger_tables.journal_of(since, until)
    about = exports.period(since, until or today)
    if (file := await export.of(ledger_tables.JOURNAL, fetch, about=about)) is not None:
        return file
    rows = await ledger_tables.journal(session, since, until, after=after, limit=limit)
    shown = [
        JournalLineShown.of(
            row.line, row.entry, entry_id=row.entry.id, loan_id=row.line.loan_id, loan=row.loan
        )
        for row in rows
    ]
    return Page.of(shown, limit)


@router.get("/ledger/entries/{entry_id}", response_model=EntryShown)
async def get_ledger_entry(entry_id: UUID, session: Session) -> EntryShown:
    found = await reading.get_entry(session, entry_id)
    entry = found.entry
    return EntryShown(
        id=entry.id,
        reference=entry.reference,
        kind=entry.kind,
        posted_on=entry.posted_on,
        loan_id=entry.loan_id,
        created_at=entry.created_at,
        reverses_id=entry.reverses_id,
        reversed_by_id=found.reversed_by.id if found.reversed_by else None,
        number=found.seal.seq if found.seal else None,
        signed_at_size=found.signed_at_size,
        lines=[LedgerLineShown.of(line, entry) for line in found.lines],
    )


@router.get("/payouts/{payout_id}/history", response_model=HistoryShown, responses=FILES)
async def get_payout_history(
    payout_id: UUID, session: Session, export: Export
) -> HistoryShown | Response:
    """Who did what, what the rail said, what was posted."""
    return await _history(session, PAYOUTS, payout_id, export)


@router.get("/payment-requests/{request_id}/history", response_model=HistoryShown, responses=FILES)
async def get_payment_request_history(
    request_id: UUID, session: Session, export: Export
) -> HistoryShown | Response:
    """Who did what, what the rail said, what was posted."""
    return await _history(session, REQUESTS, request_id, export)


@router.get("/refunds/{refund_id}/history", response_model=HistoryShown, responses=FILES)
async def get_refund_history(
    refund_id: UUID, session: Session, export: Export
) -> HistoryShown | Response:
    """Who did what, what the rail said, what was posted."""
    return await _history(session, REFUNDS, refund_id, export)


@router.get("/day-closes", response_model=list[DayClosed], responses=FILES)
async def list_day_closes(
    session: Session, export: Export, before: date | None = None, limit: PageSize = 50
) -> list[DayClosed] | Response:
    """Newest first; `before` is the last day of the page before."""
    if (file := await export.of(listings.DAYS, listings.days())) is not None:
        return file
    rows = await parts.list_runs(session, before=before, limit=limit)
    return [DayClosed.model_validate(row) for row in rows]


async def _history(
    session: AsyncSession, kind: Orders, order_id: UUID, export: exports.Exports
) -> HistoryShown | Response:
    found = await order_history.of_order(session, kind, order_id)
    if (file := await export.of(listings.HISTORY, exports.listed(found.steps))) is not None:
        return file
    return HistoryShown(
        order=OrderShown.model_validate(found.order),
        steps=[StepShown.model_validate(step) for step in found.steps],
        entry_id=found.entry.id if found.entry else None,
        proposals=[ProposalShown.model_validate(each) for each in found.proposals],
    )
