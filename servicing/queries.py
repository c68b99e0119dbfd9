"""Questions about loans: what exists, what is owed on a day, what comes next."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from kit.db import lock_key, lock_row, one_of
from kit.errors import DomainError, Kind
from kit.money import Money
from servicing import debts, early, happenings, references, replay
from servicing import rules as agreed_rules
from servicing.allocation import Owed
from servicing.debts import Debt
from servicing.ledger import balances
from servicing.ledger.chart import Account
from servicing.life import PENALTY
from servicing.models import (
    Amendment,
    Installment,
    Loan,
    PaymentRequest,
    Payout,
    Repayment,
    SuspenseItem,
)
from servicing.states import ASKABLE, OPEN, LoanStatus, OrderStatus

_ANSWERED_WITHIN = timedelta(hours=24)


class LoanNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "loan_not_found"


@dataclass(frozen=True, slots=True)
class NextDue:
    installment: Installment
    due_on: date
    amount: Money
    """What is left to pay of it, after the borrower's credit."""
    is_overdue: bool


async def references_of(session: AsyncSession, loan_ids: Collection[UUID]) -> dict[UUID, str]:
    """By which names people know these loans."""
    rows = await session.execute(select(Loan.id, Loan.reference).where(Loan.id.in_(loan_ids)))
    return {row.id: row.reference for row in rows}


async def get_loan(session: AsyncSession, loan_id: UUID, *, lock: bool = False) -> Loan:
    """With `lock`, nobody else changes the loan or its installments until we are done."""
    if lock:
        loan = await lock_row(session, Loan, loan_id)
    else:
        loan = await session.get(Loan, loan_id)
    if loan is None:
        raise LoanNotFound(loan_id=loan_id)
    return loan


async def hold_transfer(session: AsyncSession, name: str) -> None:
    """Nobody else takes in what is called so until the transaction ends, in whatever letters: staff
    type a name as they read it."""
    await lock_key(session, f"rail_reference:{name.lower()}")


async def find_by_application(session: AsyncSession, application_id: UUID) -> Loan | None:
    return await session.scalar(_OF_APPLICATION, {"application_id": application_id})


async def find_by_reference(session: AsyncSession, reference: str) -> Loan | None:
    """By what a person typed, where it names exactly one loan."""
    named = references.named_in(reference)
    found = list(await session.scalars(select(Loan).where(Loan.reference.in_(named)).limit(2)))
    return found[0] if len(found) == 1 else None


def open_loan(borrower_id: InstrumentedAttribute[UUID]) -> Select[UUID]:
    """Ids of a borrower's loans that are being repaid or paid out, the newest first."""
    return (
        select(Loan.id)
        .where(Loan.borrower_id == borrower_id, one_of(Loan.status, OPEN))
        .order_by(Loan.disbursed_on.is_(None), Loan.id.desc())
    )


async def find_open_loan(session: AsyncSession, borrower_id: UUID) -> Loan | None:
    """The loan that is being repaid, or else the one that is being paid out."""
    return await session.scalar(
        select(Loan)
        .where(Loan.borrower_id == borrower_id, Loan.status.in_(OPEN))
        .order_by(Loan.disbursed_on.is_(None), Loan.id.desc())
        .limit(1)
    )


async def list_loans_of(session: AsyncSession, borrower_id: UUID) -> list[Loan]:
    """Newest first."""
    rows = await session.scalars(
        select(Loan).where(Loan.borrower_id == borrower_id).order_by(Loan.id.desc())
    )
    return list(rows)


async def list_loans(
    session: AsyncSession,
    *,
    status: LoanStatus | None = None,
    overdue_on: date | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[Loan]:
    """For staff, newest first. `overdue_on`: with something unpaid that fell due before that day.
    `after` is the last id of the page before."""
    query = select(Loan).order_by(Loan.id.desc()).limit(limit)
    if status is not None:
        query = query.where(Loan.status == status)
    if after is not None:
        query = query.where(Loan.id < after)
    if overdue_on is not None:
        query = query.where(
            Loan.status == LoanStatus.ACTIVE,
            exists().where(
                Installment.loan_id == Loan.id,
                Installment.settled_on.is_(None),
                Installment.due_on < overdue_on,
            ),
        )
    return list(await session.scalars(query))


async def list_installments(session: AsyncSession, loan_id: UUID) -> list[Installment]:
    return list(await session.scalars(_INSTALLMENTS, {"loan_id": loan_id}))


async def list_repayments(session: AsyncSession, loan_id: UUID) -> list[Repayment]:
    rows = await session.scalars(
        select(Repayment).where(Repayment.loan_id == loan_id).order_by(Repayment.id)
    )
    return list(rows)


async def find_repayment(session: AsyncSession, rail_reference: str) -> Repayment | None:
    return await session.scalar(_REPAYMENT, {"reference": rail_reference})


async def find_suspense_item(session: AsyncSession, reference: str) -> SuspenseItem | None:
    return await session.scalar(_SUSPENSE_ITEM, {"reference": reference})


async def last_payout(session: AsyncSession, loan: Loan) -> Payout:
    """Where its borrower takes money. A loan in the place of another, and without money of its own,
    has the other's."""
    sent = await list_payouts(session, loan.id)
    if sent:
        return sent[-1]
    took_over = await session.get_one(Amendment, loan.application_id)
    return await last_payout(session, await get_loan(session, took_over.loan_id))


async def list_payouts(session: AsyncSession, loan_id: UUID) -> list[Payout]:
    """Every attempt, in order."""
    return list(await session.scalars(_PAYOUTS, {"loan_id": loan_id}))


async def find_open_request(
    session: AsyncSession, loan_id: UUID, *, now: datetime
) -> PaymentRequest | None:
    """The newest payment request that the borrower may still answer.

    One that was never answered keeps nobody from paying: if it settles after all, it is received.
    """
    return await session.scalar(
        select(PaymentRequest)
        .where(
            PaymentRequest.loan_id == loan_id,
            PaymentRequest.status.in_((OrderStatus.CREATED, *ASKABLE)),
            PaymentRequest.created_at > now - _ANSWERED_WITHIN,
        )
        .order_by(PaymentRequest.id.desc())
        .limit(1)
    )


async def credit(session: AsyncSession, loan: Loan) -> Money:
    """What the borrower has paid before it was due, straight from the ledger."""
    stands = await balances.of_loan(session, loan.id)
    return Money(stands[Account.BORROWER_CREDIT], loan.currency)


async def free_credit(session: AsyncSession, loan: Loan, rows: Sequence[Installment]) -> Money:
    """The part of it that no installment to come has yet."""
    held = await credit(session, loan)
    ahead = debts.unearned(rows, loan.accrued_on) if loan.accrued_on is not None else 0
    return max(held.zero(), Money(held.minor - ahead, loan.currency))


async def owed(session: AsyncSession, loan: Loan, *, on: date) -> Debt:
    """What has fallen due up to `on` and is unpaid."""
    rows = await list_installments(session, loan.id)
    free = await free_credit(session, loan, rows)
    new = await _penalties_to_come(session, loan, rows, on)
    return debts.debt(_running(loan, [*debts.due(rows, on), *new]), credit=free)


async def payoff_quote(session: AsyncSession, loan: Loan, *, on: date) -> Debt:
    """What settles the loan for good on that day; `total` is the amount to pay."""
    rows = await list_installments(session, loan.id)
    needed = [*debts.payoff(rows, on), *await _penalties_to_come(session, loan, rows, on)]
    if agreed_rules.recalculates(loan.rules) and loan.status is LoanStatus.ACTIVE:
        told = await happenings.of_loan(session, loan)
        parts = early.payoff(replay.at(told.story, on), on)
        needed = [Owed(0, on, *parts)]
    return debts.debt(_running(loan, needed), credit=await credit(session, loan))


async def outstanding(session: AsyncSession, loan: Loan) -> Debt:
    """All that is left to pay if every installment is paid when it falls due."""
    rows = await list_installments(session, loan.id)
    free = await free_credit(session, loan, rows)
    return debts.debt(_running(loan, debts.scheduled(rows)), credit=free)


async def next_due(session: AsyncSession, loan: Loan, *, on: date) -> NextDue | None:
    """The oldest installment that the borrower still has to bring money for."""
    if loan.status is not LoanStatus.ACTIVE:
        return None
    rows = await list_installments(session, loan.id)
    left = (await free_credit(session, loan, rows)).minor
    new = await _penalties_to_come(session, loan, rows, on)
    for row in rows:
        missing = row.unpaid_minor + sum(n.penalty for n in new if n.due_on == row.due_on) - left
        left = max(-missing, 0)
        if missing > 0:
            amount = Money(missing, loan.currency)
            return NextDue(row, row.due_on, amount, is_overdue=row.due_on < on)
    return None


async def _penalties_to_come(
    session: AsyncSession, loan: Loan, rows: Sequence[Installment], on: date
) -> list[Owed]:
    """What days that are not closed yet have cost for being late."""
    overdue = any(row.due_on <= on and row.unpaid_minor for row in rows)
    if not overdue or not agreed_rules.charges_penalties(loan.rules):
        return []
    told = await happenings.of_loan(session, loan)
    new: dict[date, int] = defaultdict(int)
    for row in replay.at(told.story, on).rows:
        new[row.due_on] += row.due[PENALTY]
    for each in rows:
        new[each.due_on] -= each.penalties_minor
    return [Owed(0, day, penalty, 0, 0, 0) for day, penalty in sorted(new.items()) if penalty > 0]


def _running(loan: Loan, rows: list[Owed]) -> list[Owed]:
    """Nothing is owed before the money came, or after the loan ended."""
    return rows if loan.status is LoanStatus.ACTIVE else []


# Built once: building a statement takes about as long as running it.
_OF_APPLICATION = select(Loan).where(Loan.application_id == bindparam("application_id"))
_INSTALLMENTS = (
    select(Installment)
    .where(Installment.loan_id == bindparam("loan_id"))
    .order_by(Installment.due_on, Installment.n)
    .execution_options(populate_existing=True)
)
_PAYOUTS = select(Payout).where(Payout.loan_id == bindparam("loan_id")).order_by(Payout.attempt)
_REPAYMENT = select(Repayment).where(Repayment.rail_reference == bindparam("reference"))
_SUSPENSE_ITEM = select(SuspenseItem).where(SuspenseItem.reference == bindparam("reference"))
