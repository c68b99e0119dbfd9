"""Money in: received once, split exactly, posted, told; reversed when the rail takes it back."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.db import lock_key
from kit.errors import DomainError, Kind
from kit.ids import new_id
from kit.money import Money
from servicing import accrual, asked_payoff, closing, credits, debts, messages, queries
from servicing.allocation import Allocation, Component, Share, Timing, allocate
from servicing.ledger import posting
from servicing.ledger.rules import EntryKind, Event
from servicing.models import Installment, Loan, Repayment
from servicing.states import LOAN, LoanEvent, LoanStatus

EVENTS = {
    Component.PENALTY: Event.PENALTY_REPAID,
    Component.FEE: Event.FEE_REPAID,
    Component.INTEREST: Event.INTEREST_REPAID,
    Component.PRINCIPAL: Event.PRINCIPAL_REPAID,
}


class LoanNotRepayable(DomainError):
    """The loan is not running: it is not paid out yet, or it is over."""

    kind = Kind.CONFLICT
    code = "loan_not_repayable"


class RepaymentInOtherCurrency(DomainError):
    """`currency` is what the loan is repaid in."""

    code = "repayment_in_other_currency"


class RailReferenceReused(DomainError):
    """The rail's reference was received before, with another amount or for another loan."""

    kind = Kind.CONFLICT
    code = "rail_reference_reused"


class RepaymentNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "repayment_not_found"


class RepaymentNotReversible(DomainError):
    """Its surplus has been used since: a person must decide what to do."""

    kind = Kind.CONFLICT
    code = "repayment_not_reversible"


async def receive(
    session: AsyncSession,
    *,
    loan_id: UUID,
    amount: Money,
    rail_reference: str,
    on: date,
    now: datetime,
    asked_on: date | None = None,
) -> Repayment:
    """Record money that has arrived. Safe to call again with the same `rail_reference`.

    It settles what is due, oldest installment first, each penalty, fee, interest, principal. What
    is more waits as the borrower's credit, unless it is enough to repay the loan: then it does.
    `asked_on`: when we asked for this amount; had it been the payoff of that day, it still is.
    """
    await lock_key(session, f"rail_reference:{rail_reference}")
    loan = await queries.get_loan(session, loan_id, lock=True)
    if (known := await queries.find_repayment(session, rail_reference)) is not None:
        return _same(known, loan, amount)
    if loan.status is not LoanStatus.ACTIVE:
        raise LoanNotRepayable(status=loan.status)
    if amount.currency != loan.currency or amount.minor <= 0:
        raise RepaymentInOtherCurrency(currency=loan.currency)
    rows = await queries.list_installments(session, loan.id)
    # A payment of last week that arrives today finds the interest of today in the ledger.
    day = max(on, loan.accrued_on or on)
    await accrual.accrue(session, loan, rows, on=day, now=now)
    repayment = _new(loan, amount, rail_reference, paid_on=on, now=now)
    if asked_on is not None:
        await asked_payoff.honour(
            session, loan, rows, amount,
            asked_on=asked_on, paid_on=on, repayment_id=repayment.id, on=day, now=now,
        )  # fmt: skip
    await credits.settle(session, loan, rows, debts.due(rows, day), on=day, now=now)
    await _take(session, loan, rows, repayment, on=day, now=now)
    await messages.silence(session, loan, reason="repayment_received", now=now)
    if debts.is_settled(rows):
        await closing.close(session, loan, rows, on=day, now=now)
        await messages.loan_closed(session, loan, repayment, now=now)
    else:
        left = debts.debt(debts.scheduled(rows), credit=await queries.credit(session, loan))
        await messages.repayment_received(session, loan, repayment, left.total, now=now)
    return repayment


async def reverse(
    session: AsyncSession, repayment_id: UUID, *, actor: str, reason: str, on: date, now: datetime
) -> Repayment:
    """The rail took the money back: what it settled is open again. Repeating is harmless."""
    known = await session.get(Repayment, repayment_id)
    if known is None:
        raise RepaymentNotFound(repayment=repayment_id)
    loan = await queries.get_loan(session, known.loan_id, lock=True)
    repayment = await session.get_one(Repayment, repayment_id, populate_existing=True)
    if repayment.reversed_on is not None:
        return repayment
    if loan.status not in (LoanStatus.ACTIVE, LoanStatus.CLOSED):
        raise LoanNotRepayable(status=loan.status)
    if (await queries.credit(session, loan)).minor < repayment.allocation["in_advance"]:
        raise RepaymentNotReversible(repayment=repayment_id)
    rows = await queries.list_installments(session, loan.id)
    entry = await posting.find(session, f"repayment:{repayment.id}")
    assert entry is not None, f"repayment {repayment.id} was never posted"
    await posting.reverse(session, entry, on=on, now=now)
    debts.unpay(rows, _shares(repayment))
    repayment.reversed_on = on
    audit.record(
        session, actor=actor, action="repayment.reverse", subject=f"repayment:{repayment.id}",
        now=now, reason=reason,
    )  # fmt: skip
    if loan.status is LoanStatus.CLOSED:
        audit.move(session, LOAN, loan, LoanEvent.REPAYMENT_REVERSED, actor=actor, now=now)
        loan.closed_on = None
        debts.claim_the_rest(rows)
        await asked_payoff.take_back(session, loan, rows, repayment.id, on=on, now=now)
    return repayment


async def _take(
    session: AsyncSession,
    loan: Loan,
    rows: Sequence[Installment],
    repayment: Repayment,
    *,
    on: date,
    now: datetime,
) -> None:
    """Split and post the new money; when it is enough, settle the whole loan."""
    payoff = debts.payoff(rows, on)
    credit = await queries.credit(session, loan)
    is_enough = repayment.amount_minor + credit.minor >= debts.total(payoff)
    split = allocate(repayment.amount_minor, payoff if is_enough else debts.due(rows, on))
    repayment.allocation = _allocation(split)
    session.add(repayment)
    await session.flush()
    await posting.post(
        session,
        EntryKind.REPAYMENT,
        *((EVENTS[share.component], Money(share.amount, loan.currency)) for share in split.shares),
        (Event.PAID_IN_ADVANCE, Money(split.surplus, loan.currency)),
        reference=f"repayment:{repayment.id}",
        on=on,
        now=now,
        loan_id=loan.id,
    )
    debts.pay(rows, split.shares, on=on)
    if is_enough:
        await credits.settle(session, loan, rows, debts.payoff(rows, on), on=on, now=now)
        debts.forgo_the_rest(rows, on=on)
        debts.mark_settled(rows, on=on)


def _new(
    loan: Loan, amount: Money, rail_reference: str, *, paid_on: date, now: datetime
) -> Repayment:
    return Repayment(
        id=new_id(),
        loan_id=loan.id,
        rail_reference=rail_reference,
        amount_minor=amount.minor,
        currency=amount.currency,
        paid_on=paid_on,
        received_at=now,
    )


def _allocation(split: Allocation) -> dict[str, Any]:
    return {
        "shares": [[share.n, share.component, share.amount] for share in split.shares],
        "in_advance": split.surplus,
    }


def _shares(repayment: Repayment) -> Iterable[Share]:
    for n, component, minor in repayment.allocation["shares"]:
        yield Share(n, Component(component), minor, Timing.DUE)


def _same(known: Repayment, loan: Loan, amount: Money) -> Repayment:
    if known.loan_id != loan.id or known.amount != amount:
        raise RailReferenceReused(rail_reference=known.rail_reference)
    return known
