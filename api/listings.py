"""The tables that staff look at: their columns, and how all of their rows are read."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api import exports
from api.exports import Column, Fetch, Table
from kit import audit
from kit.audit import AuditEvent
from kit.db import Row
from kit.four_eyes import Proposal
from kit.money import Money
from kit.tabular import Cell
from servicing import arrears, order_reviews, queries, reconciliation
from servicing.closing import parts
from servicing.closing.models import DayCloseFailure
from servicing.closing.parts import Run
from servicing.models import (
    Incident,
    Installment,
    Loan,
    LoanEvent,
    ReconciliationBreak,
    ReconciliationRun,
    Repayment,
    SuspenseItem,
)
from servicing.order_history import Step
from servicing.orders import Order, Orders
from servicing.states import LoanStatus, OrderStatus

Kept = TypeVar("Kept", bound=Row)


def money(minor: int | None, currency: str | None) -> Money | None:
    return Money(minor, currency) if minor is not None and currency is not None else None


def _facts(facts: dict[str, object]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in facts.items())


def _orders(name: str, path: str) -> Table[Order]:
    return Table(
        name,
        (
            Column("Reference", lambda row: row.client_ref, lambda row: f"{path}/{row.id}"),
            Column("Status", lambda row: row.status),
            Column("Amount", lambda row: row.amount),
            Column("Currency", lambda row: row.currency),
            Column("Rail", lambda row: row.rail, is_code=True),
            Column("Name at the rail", lambda row: row.rail_id),
            Column("Failure", lambda row: row.failure_code, is_code=True),
            Column("Created", lambda row: row.created_at),
            Column("Settled", lambda row: row.settled_at),
        ),
    )


@dataclass(frozen=True)
class OrderOfLoan:
    order: Order
    loan: str
    """Its reference."""

    @property
    def id(self) -> UUID:
        return self.order.id


def with_loans(table: Table[Order]) -> Table[OrderOfLoan]:
    """The table where it is about more than one loan."""

    def on(read: Callable[[Order], Cell]) -> Callable[[OrderOfLoan], Cell]:
        return lambda row: read(row.order)

    def to(leads_to: Callable[[Order], str | None]) -> Callable[[OrderOfLoan], str | None]:
        return lambda row: leads_to(row.order)

    columns = [
        Column(each.title, on(each.value), each.leads_to and to(each.leads_to), each.is_code)
        for each in table.columns
    ]
    return Table(table.name, (*columns, Column("Loan", lambda row: row.loan)))


async def of_loans(session: AsyncSession, orders: Sequence[Order]) -> list[OrderOfLoan]:
    loans = await order_reviews.loans_of(session, orders)
    return [OrderOfLoan(each, loans[each.loan_id]) for each in orders]


PAYOUTS = _orders("payouts", "/console/payouts")
REQUESTS = _orders("payment-requests", "/console/payment-requests")
REFUNDS = _orders("refunds", "/console/refunds")

HISTORY: Table[Step] = Table(
    "history",
    (
        Column("When", lambda row: row.at),
        Column("Where", lambda row: row.source),
        Column("What", lambda row: row.what, is_code=True),
        Column("Who", lambda row: row.actor),
        Column("Facts", lambda row: _facts(row.facts)),
    ),
)


LOANS: Table[Loan] = Table(
    "loans",
    (
        Column("Loan", lambda row: row.reference, lambda row: f"/console/loans/{row.id}"),
        Column("Status", lambda row: row.status),
        Column("Principal", lambda row: row.principal),
        Column("Currency", lambda row: row.currency),
        Column("Rail", lambda row: row.rail, is_code=True),
        Column("Paid out", lambda row: row.disbursed_on),
        Column("Closed", lambda row: row.closed_on),
        Column("Agreed", lambda row: row.created_at),
    ),
)

INSTALLMENTS: Table[tuple[Installment, str]] = Table(
    "installments",
    (
        Column("No.", lambda row: row[0].n),
        Column("Due", lambda row: row[0].due_on),
        Column("Principal", lambda row: Money(row[0].principal_minor, row[1])),
        Column("Interest", lambda row: Money(row[0].interest_minor, row[1])),
        Column("Fees", lambda row: Money(row[0].fees_minor, row[1])),
        Column("Penalties", lambda row: Money(row[0].penalties_minor, row[1])),
        Column("Unpaid", lambda row: Money(row[0].unpaid_minor, row[1])),
        Column("Settled", lambda row: row[0].settled_on),
        Column("Currency", lambda row: row[1]),
    ),
)

REPAYMENTS: Table[Repayment] = Table(
    "payments",
    (
        Column("Paid on", lambda row: row.paid_on),
        Column("Amount", lambda row: row.amount),
        Column("Currency", lambda row: row.currency),
        Column("By", lambda row: row.rail),
        Column(
            "Reference",
            lambda row: row.rail_reference,
            lambda row: f"/console/repayments/{row.id}",
        ),
        Column("Taken back", lambda row: row.reversed_on),
    ),
)

EVENTS: Table[tuple[LoanEvent, str]] = Table(
    "events",
    (
        Column("No.", lambda row: row[0].seq),
        Column("From", lambda row: row[0].on),
        Column("Recorded", lambda row: row[0].created_at),
        Column("What", lambda row: row[0].type, is_code=True),
        Column("Amount", lambda row: money(row[0].amount_minor or None, row[1])),
        Column("Who", lambda row: row[0].actor),
        Column("Key", lambda row: row[0].key),
    ),
)

SUSPENSE: Table[SuspenseItem] = Table(
    "suspense",
    (
        Column("Reference", lambda row: row.reference, lambda row: f"/console/suspense/{row.id}"),
        Column("Why", lambda row: row.reason, is_code=True),
        Column("Written", lambda row: row.written),
        Column("Amount", lambda row: row.amount),
        Column("Currency", lambda row: row.currency),
        Column("Rail", lambda row: row.rail, is_code=True),
        Column("Received", lambda row: row.received_on),
    ),
)

INCIDENTS: Table[Incident] = Table(
    "incidents",
    (
        Column(
            "What", lambda row: row.kind, lambda row: f"/console/incidents/{row.id}", is_code=True
        ),
        Column("About", lambda row: row.subject),
        Column("Facts", lambda row: _facts(row.facts)),
        Column("When", lambda row: row.at),
    ),
)

BREAKS: Table[ReconciliationBreak] = Table(
    "breaks",
    (
        Column(
            "What", lambda row: row.category, lambda row: f"/console/breaks/{row.id}", is_code=True
        ),
        Column("Reference", lambda row: row.reference),
        Column("Rail", lambda row: row.rail, is_code=True),
        Column("Day", lambda row: row.day),
        Column("Ours", lambda row: money(row.ours_minor, row.currency)),
        Column("Theirs", lambda row: money(row.theirs_minor, row.currency)),
        Column("Currency", lambda row: row.currency),
    ),
)

RUNS: Table[ReconciliationRun] = Table(
    "reconciliations",
    (
        Column("Rail", lambda row: row.rail, is_code=True),
        Column("Day", lambda row: row.day),
        Column("Matched", lambda row: row.matched),
        Column("Late", lambda row: row.late),
        Column("Breaks", lambda row: row.breaks),
        Column("Opening", lambda row: money(row.opening_minor, row.currency)),
        Column("Closing", lambda row: money(row.closing_minor, row.currency)),
        Column("Currency", lambda row: row.currency),
        Column("Ran", lambda row: row.ran_at),
    ),
)

DAYS: Table[Run] = Table(
    "day-closes",
    (
        Column("Day", lambda row: row.business_date),
        Column("Status", lambda row: "closed" if row.closed_at else "running", is_code=True),
        Column("Parts", lambda row: f"{row.parts_done} of {row.parts}"),
        Column("Loans", lambda row: int(row.loans)),
        Column("Entries", lambda row: int(row.entries)),
        Column("Late fees", lambda row: int(row.late_fees)),
        Column("Left behind", lambda row: int(row.failures)),
        Column("Begun", lambda row: row.started_at),
        Column("Closed", lambda row: row.closed_at),
    ),
)

BEHIND: Table[DayCloseFailure] = Table(
    "loans-left-behind",
    (
        Column("Loan", lambda row: str(row.loan_id), lambda row: f"/console/loans/{row.loan_id}"),
        Column("Since", lambda row: row.since),
        Column("Error", lambda row: row.error),
        Column("Failed", lambda row: row.failed_at),
    ),
)

AUDIT: Table[AuditEvent] = Table(
    "audit",
    (
        Column("When", lambda row: row.at),
        Column("Who", lambda row: row.actor),
        Column("What", lambda row: row.action, is_code=True),
        Column(
            "About", lambda row: row.subject, lambda row: f"/console/audit?subject={row.subject}"
        ),
        Column("Facts", lambda row: _facts(row.facts)),
    ),
)


def _where_to_agree(proposal: Proposal) -> str | None:
    page = page_of(proposal.subject)
    return f"{page}/enter" if proposal.act == "repayment.enter" else page


PROPOSALS: Table[Proposal] = Table(
    "proposals",
    (
        Column("What", lambda row: row.act, _where_to_agree, is_code=True),
        Column("About", lambda row: row.subject),
        Column("Exactly", lambda row: _facts(row.facts)),
        Column("Why", lambda row: row.reason),
        Column("Who", lambda row: f"staff:{row.proposed_by}"),
        Column("Since", lambda row: row.proposed_at),
    ),
)


_PAGES = {
    "payout": "payouts",
    "payment_request": "payment-requests",
    "suspense": "suspense",
    "incident": "incidents",
    "break": "breaks",
    "refund": "refunds",
    "loan": "loans",
    "repayment": "repayments",
    "borrower": "borrowers",
    "funding_pool": "funding/pools",
    "funding_stake": "funding/stakes",
    "funding_withdrawal": "funding/withdrawals",
}


def page_of(subject: str) -> str | None:
    """The console's page about a record that the audit trail names."""
    kind, _, key = subject.partition(":")
    if kind == "line_up":
        return "/console/line-up"
    if kind == "cash":
        return f"/console/funding/cash/{key.replace(':', '/')}"
    return f"/console/{_PAGES[kind]}/{key}" if kind in _PAGES and key else None


def orders_with(kind: Orders, status: OrderStatus | None) -> Fetch[OrderOfLoan]:
    async def fetch(session: AsyncSession, last: OrderOfLoan | None) -> Sequence[OrderOfLoan]:
        after = last.id if last is not None else None
        rows = await order_reviews.list_with(session, kind, status, after=after, limit=exports.PAGE)
        return await of_loans(session, rows)

    return fetch


def loans_with(status: LoanStatus | None) -> Fetch[Loan]:
    async def fetch(session: AsyncSession, last: Loan | None) -> Sequence[Loan]:
        after = last.id if last is not None else None
        return await queries.list_loans(session, status=status, after=after, limit=exports.PAGE)

    return fetch


def loans_late(days: int, on: date, status: LoanStatus | None) -> Fetch[Loan]:
    async def fetch(session: AsyncSession, last: Loan | None) -> Sequence[Loan]:
        after = last.id if last is not None else None
        return await arrears.list_late(
            session, days=days, on=on, status=status, after=after, limit=exports.PAGE
        )

    return fetch


def all_of(list_open: Callable[..., Awaitable[Sequence[Kept]]]) -> Fetch[Kept]:
    """What `list_open` lists by ids, page by page."""

    async def fetch(session: AsyncSession, last: Kept | None) -> Sequence[Kept]:
        after = last.id if last is not None else None
        return await list_open(session, after=after, limit=exports.PAGE)

    return fetch


def runs_of(rail: str | None = None) -> Fetch[ReconciliationRun]:
    async def fetch(
        session: AsyncSession, last: ReconciliationRun | None
    ) -> Sequence[ReconciliationRun]:
        return await reconciliation.list_runs(session, rail=rail, after=last, limit=exports.PAGE)

    return fetch


def trail(subject: str | None, actor: str | None) -> Fetch[AuditEvent]:
    async def fetch(session: AsyncSession, last: AuditEvent | None) -> Sequence[AuditEvent]:
        after = last.id if last is not None else None
        return await audit.list_events(
            session, subject=subject, actor=actor, after=after, limit=exports.PAGE
        )

    return fetch


def days() -> Fetch[Run]:
    async def fetch(session: AsyncSession, last: Run | None) -> Sequence[Run]:
        before = last.business_date if last is not None else None
        return await parts.list_runs(session, before=before, limit=exports.PAGE)

    return fetch
