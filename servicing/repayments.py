"""Money in: received once, split exactly, posted, told; reversed when the rail takes it back."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.errors import DomainError, Kind
from kit.ids import new_id
from kit.money import Money
from servicing import (
    asked_payoff,
    cash_box,
    debts,
    happenings,
    late_fees,
    living,
    messages,
    queries,
    replay,
)
from servicing import rules as agreed_rules
from servicing.allocation import Component
from servicing.events import Type
from servicing.happenings import Happening, Told
from servicing.ledger import posting
from servicing.ledger.chart import OUTSIDE
from servicing.ledger.models import Entry
from servicing.ledger.rules import EntryKind
from servicing.living import Act
from servicing.models import Amendment, Installment, Loan, LoanEvent, Repayment
from servicing.rails.base import SMALLEST
from servicing.states import AmendmentStatus, LoanStatus


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


class MoneyWasSetAside(DomainError):
    """What came in under this reference waits for a person, or was given back."""

    kind = Kind.CONFLICT
    code = "money_was_set_aside"


class RepaymentNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "repayment_not_found"


REPAYABLE = (LoanStatus.ACTIVE, LoanStatus.WRITTEN_OFF)
"""After a write-off, money that still comes is a recovery."""


async def receive(
    session: AsyncSession,
    *,
    loan_id: UUID,
    amount: Money,
    rail_reference: str,
    on: date,
    now: datetime,
    today: date | None = None,
    asked_on: date | None = None,
    rail: str | None = None,
) -> Repayment:
    """Record money that has arrived. Safe to call again with the same `rail_reference`.

    It counts from its own day, whenever we hear of it, and is split by the rules of the loan; when
    it is enough to end the loan on that day, it does, also when it lacks cents that its rail cannot
    move: these are waived. `today`: when we hear of it, where the caller knows. `asked_on`: when we
    asked for this amount; had it been the payoff of that day, it counts from then. `rail`: by which
    it came; None: by the loan's; `OUTSIDE`: by none.
    """
    loan = await queries.get_loan(session, loan_id, lock=True)
    await queries.hold_transfer(session, rail_reference)
    if (known := await queries.find_repayment(session, rail_reference)) is not None:
        return _same(known, loan, amount)
    aside = await queries.find_suspense_item(session, rail_reference)
    if aside is not None and not aside.is_placed:
        raise MoneyWasSetAside(rail_reference=rail_reference)
    must_be_takable(loan, amount)
    story = await happenings.of_loan(session, loan)
    day = max(on, story.last_change_on)
    unit = SMALLEST.get(rail or loan.rail or "", 1)
    if asked_on is not None:
        day = asked_payoff.counts_from(
            story, amount, asked_on=asked_on, paid_on=on, otherwise=day, unit=unit
        )
    is_active = loan.status is LoanStatus.ACTIVE
    ends = is_active and asked_payoff.is_all_but_cents(story, amount, on=day, unit=unit)
    at_most = Money(unit - 1, loan.currency) if ends else None
    repayment = _new(loan, amount, rail_reference, rail=rail, paid_on=on, now=now)
    posted_on = max(on, today or on, loan.accrued_on or on)
    await _take(session, loan, repayment, counts_on=day, on=posted_on, now=now, at_most=at_most)
    await messages.silence(session, loan, reason="repayment_received", now=now)
    if loan.status is LoanStatus.CLOSED:
        await messages.loan_closed(session, loan, repayment, now=now)
    else:
        rows = await queries.list_installments(session, loan.id)
        free = await queries.free_credit(session, loan, rows)
        left = debts.debt(debts.scheduled(rows), credit=free).total
        await messages.repayment_received(session, loan, repayment, left, now=now)
        follows_debt = agreed_rules.recalculates(loan.rules) and loan.status is LoanStatus.ACTIVE
        if follows_debt and _is_ahead(repayment, rows):
            await messages.paid_ahead(session, loan, repayment, now=now)
    return repayment


async def get_repayment(session: AsyncSession, repayment_id: UUID) -> Repayment:
    repayment = await session.get(Repayment, repayment_id)
    if repayment is None:
        raise RepaymentNotFound(repayment=repayment_id)
    return repayment


def must_be_takable(loan: Loan, amount: Money) -> None:
    """Raises LoanNotRepayable and RepaymentInOtherCurrency."""
    if loan.status not in REPAYABLE:
        raise LoanNotRepayable(status=loan.status)
    if amount.currency != loan.currency or amount.minor <= 0:
        raise RepaymentInOtherCurrency(currency=loan.currency)


async def reverse(
    session: AsyncSession, repayment_id: UUID, *, actor: str, reason: str, on: date, now: datetime
) -> Repayment:
    """The rail took the money back: it is as if it had never come. Repeating is harmless.

    Where it had been entered by hand and was taken to a rail since, the cash box is short until it
    is entered where it belongs: an incident says so."""
    known = await get_repayment(session, repayment_id)
    loan = await queries.get_loan(session, known.loan_id, lock=True)
    repayment = await session.get_one(Repayment, repayment_id, populate_existing=True)
    if repayment.reversed_on is not None:
        return repayment
    story = await happenings.of_loan(session, loan)
    row = story.find(_key(repayment))
    assert row is not None, f"repayment {repayment.id} was never told"
    act = Act(actor, on, now, rail=repayment.rail)
    await living.happen(session, loan, act, happenings.reversal(row, on=on))
    repayment.reversed_on = on
    if repayment.rail == OUTSIDE:
        await cash_box.look(session, loan.currency, subject=_key(repayment), now=now)
    audit.record(
        session, actor=actor, action="repayment.reverse", subject=f"repayment:{repayment.id}",
        now=now, reason=reason,
    )  # fmt: skip
    return repayment


async def entry_of(session: AsyncSession, repayment_id: UUID) -> Entry | None:
    """By which it came into the books, as a payment or as a recovery."""
    for reference in references_of(repayment_id).values():
        if (entry := await posting.find(session, reference)) is not None:
            return entry
    return None


def references_of(repayment_id: UUID) -> dict[EntryKind, str]:
    """How its entry is called, by what it is."""
    return {
        EntryKind.REPAYMENT: f"repayment:{repayment_id}",
        EntryKind.RECOVERY: f"recovery:{repayment_id}",
    }


async def _take(
    session: AsyncSession,
    loan: Loan,
    repayment: Repayment,
    *,
    counts_on: date,
    on: date,
    now: datetime,
    at_most: Money | None = None,
) -> None:
    """`at_most`: it settles the loan, as long as it leaves no more than that open."""
    act = Act(audit.SYSTEM, on, now, references_of(repayment.id), repayment.rail)
    if at_most is None:
        type_, details = await _settlement_or_repayment(session, loan, repayment), {}
    else:
        type_, details = Type.SETTLEMENT, {"at_most": at_most.major}
    paid = Happening(type_, counts_on, _key(repayment), repayment.amount_minor, details)
    lived = await living.happen(session, loan, act, paid)
    await late_fees.take_back(session, loan, lived, act, since=counts_on)
    row = lived.told.find(paid.key)
    assert row is not None, f"{paid.key} was not told"
    repayment.allocation = _allocation(lived.told, row)
    session.add(repayment)
    await session.flush()


async def _settlement_or_repayment(session: AsyncSession, loan: Loan, repayment: Repayment) -> Type:
    """Less than the payoff ends the loan when that was agreed before it was paid, and in time."""
    agreed = await session.scalars(
        select(Amendment).where(
            Amendment.loan_id == loan.id,
            Amendment.kind == Type.SETTLEMENT,
            Amendment.status == AmendmentStatus.APPLIED,
        )
    )
    payoff = (await queries.payoff_quote(session, loan, on=repayment.paid_on)).total
    for amendment in agreed:
        least = Money.parse(amendment.change["amount"], loan.currency)
        assert amendment.applied_on is not None, f"amendment {amendment.id} was never made"
        is_after = amendment.applied_on <= repayment.paid_on
        in_time = is_after and repayment.paid_on.isoformat() <= amendment.change["until"]
        if in_time and least.minor <= repayment.amount_minor < payoff.minor:
            return Type.SETTLEMENT
    return Type.REPAYMENT


def _allocation(told: Told, row: LoanEvent) -> dict[str, Any]:
    """How the engine split it on its day: `shares` of [installment, component, minor]."""
    before = replay.at(told.until(row, included=False), row.on)
    after = replay.at(told.until(row, included=True), row.on)
    paid = next(each for each in reversed(after.transactions) if each.type not in _FOLLOWS)
    left, shares = list(paid.parts), []
    first = 0 if after.rows[0].kind == "upfront" else 1
    for n, now in enumerate(after.rows, first):
        was = before.rows[n - first].paid if n - first < len(before.rows) else (0, 0, 0, 0)
        for part, component in enumerate(Component):
            share = min(now.paid[part] - was[part], left[part])
            if share > 0:
                left[part] -= share
                shares.append([n, component, share])
    return {"shares": shares, "in_advance": row.amount_minor - sum(paid.parts)}


_FOLLOWS = ("credit", "waiver")
"""What a payment may bring about by itself: credit is spent, and what is left open given up."""


def _is_ahead(repayment: Repayment, rows: Sequence[Installment]) -> bool:
    """Some of it went to what was not due yet."""
    ahead = {row.n for row in rows if row.due_on > repayment.paid_on}
    paid = {n for n, _, _ in repayment.allocation["shares"]}
    return bool(repayment.allocation["in_advance"] or ahead & paid)


def _new(
    loan: Loan,
    amount: Money,
    rail_reference: str,
    *,
    rail: str | None,
    paid_on: date,
    now: datetime,
) -> Repayment:
    return Repayment(
        id=new_id(),
        loan_id=loan.id,
        rail_reference=rail_reference,
        rail=rail,
        amount_minor=amount.minor,
        currency=amount.currency,
        paid_on=paid_on,
        received_at=now,
    )


def _key(repayment: Repayment) -> str:
    return f"repayment:{repayment.id}"


def _same(known: Repayment, loan: Loan, amount: Money) -> Repayment:
    if known.loan_id != loan.id or known.amount != amount:
        raise RailReferenceReused(rail_reference=known.rail_reference)
    return known
