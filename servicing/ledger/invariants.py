"""What must always be true of the books; `kopa ledger verify` asks it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from servicing import debts
from servicing.ledger import balances
from servicing.ledger.chart import RECEIVABLES, Account
from servicing.ledger.models import Entry, Line
from servicing.ledger.rules import EntryKind
from servicing.models import Installment, Loan, Payout, SuspenseItem
from servicing.states import LoanStatus, OrderStatus

BATCH = 500
_ON_A_LOAN = (*RECEIVABLES, Account.BORROWER_CREDIT)


@dataclass(frozen=True, slots=True)
class Violation:
    rule: str
    subject: str
    detail: str


async def verify(session: AsyncSession) -> list[Violation]:
    """Every way in which the books are wrong; empty when they are right."""
    found = [*await _trial_balance(session), *await _payouts(session), *await _suspense(session)]
    last: UUID | None = None
    while loans := await _next_loans(session, last):
        found += await _loans(session, loans)
        last = loans[-1].id
    return found


async def _trial_balance(session: AsyncSession) -> list[Violation]:
    """Debits equal credits in each currency, and no entry is without lines."""
    sums: dict[str, int] = {}
    for row in await balances.trial_balance(session):
        sums[row.currency] = sums.get(row.currency, 0) + row.debit_minor - row.credit_minor
    found = [
        Violation("trial_balance", currency, f"debits exceed credits by {minor}")
        for currency, minor in sums.items()
        if minor
    ]
    bare = await session.scalars(
        select(Entry.reference).where(~select(Line.id).where(Line.entry_id == Entry.id).exists())
    )
    return found + [Violation("entry_has_lines", reference, "no lines") for reference in bare]


async def _payouts(session: AsyncSession) -> list[Violation]:
    """A payout is settled exactly when its disbursement is in the ledger, with its amount."""
    rows = await session.execute(
        select(Entry.reference, func.sum(Line.amount_minor))
        .join(Line, Line.entry_id == Entry.id)
        .where(Entry.kind == EntryKind.DISBURSEMENT, Line.credit == Account.CASH)
        .group_by(Entry.reference)
    )
    posted = {reference: int(minor) for reference, minor in rows}
    settled = {
        f"disbursement:{payout_id}": minor
        for payout_id, minor in await session.execute(
            select(Payout.id, Payout.amount_minor).where(Payout.status == OrderStatus.SETTLED)
        )
    }
    return [
        Violation(
            "payout_is_posted",
            reference,
            f"{settled.get(reference)} paid, {posted.get(reference)} posted",
        )
        for reference in sorted(posted.keys() | settled.keys())
        if posted.get(reference) != settled.get(reference)
    ]


async def _suspense(session: AsyncSession) -> list[Violation]:
    """The suspense account holds exactly the items that wait for a person."""
    rows = await session.execute(
        select(SuspenseItem.currency, func.sum(SuspenseItem.amount_minor))
        .where(SuspenseItem.resolved_at.is_(None))
        .group_by(SuspenseItem.currency)
    )
    waiting = {currency: int(minor) for currency, minor in rows}
    held = {
        row.currency: row.net_minor
        for row in await balances.trial_balance(session)
        if row.account is Account.SUSPENSE
    }
    return [
        Violation(
            "suspense_is_listed",
            currency,
            f"{held.get(currency, 0)} held, {waiting.get(currency, 0)} listed",
        )
        for currency in sorted(held.keys() | waiting.keys())
        if held.get(currency, 0) != waiting.get(currency, 0)
    ]


async def _next_loans(session: AsyncSession, after: UUID | None) -> Sequence[Loan]:
    query = select(Loan).order_by(Loan.id).limit(BATCH)
    return (await session.scalars(query if after is None else query.where(Loan.id > after))).all()


async def _loans(session: AsyncSession, loans: Sequence[Loan]) -> list[Violation]:
    ids = [loan.id for loan in loans]
    stands = await balances.of_loans(session, ids)
    rows: dict[UUID, list[Installment]] = {loan_id: [] for loan_id in ids}
    for row in await session.scalars(
        select(Installment).where(Installment.loan_id.in_(ids)).order_by(Installment.due_on)
    ):
        rows[row.loan_id].append(row)
    return [
        violation for loan in loans for violation in _loan(loan, rows[loan.id], stands[loan.id])
    ]


def _loan(
    loan: Loan, rows: Sequence[Installment], stands: Mapping[Account, int]
) -> Iterator[Violation]:
    expected = _receivables(loan, rows)
    for account in _ON_A_LOAN:
        if stands[account] < 0:
            yield Violation("nothing_negative", loan.reference, f"{account} at {stands[account]}")
        if loan.status is not LoanStatus.ACTIVE and stands[account]:
            yield Violation("ended_is_zero", loan.reference, f"{account} at {stands[account]}")
    for account, minor in expected.items():
        if stands[account] != minor:
            yield Violation(
                "schedule_is_ledger", loan.reference, f"{account} at {stands[account]}, not {minor}"
            )


def _receivables(loan: Loan, rows: Sequence[Installment]) -> dict[Account, int]:
    """What the installments say the ledger must hold."""
    if loan.disbursed_on is None or loan.accrued_on is None:
        return dict.fromkeys(RECEIVABLES, 0)
    earned = debts.earned(rows, loan.accrued_on)
    charged = [row for row in rows if row.fees_charged_on is not None]
    return {
        Account.PRINCIPAL: sum(row.principal_minor - row.principal_paid_minor for row in rows),
        Account.INTEREST: earned - sum(row.interest_paid_minor for row in rows),
        Account.FEES: sum(row.fees_minor for row in charged)
        - sum(row.fees_paid_minor for row in rows),
        Account.PENALTIES: sum(row.penalties_minor - row.penalties_paid_minor for row in rows),
    }
