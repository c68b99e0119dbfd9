"""What must always be true of the books; `kopa ledger verify` asks it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar
from uuid import UUID

from sqlalchemy import BindParameter, Select, String, bindparam, func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from servicing import debts, happenings, projection, replay, rules
from servicing.funding import checks
from servicing.ledger import balances, doubles, flows, promises
from servicing.ledger.balances import Balance
from servicing.ledger.chart import CASHES, FLOORED, Account
from servicing.ledger.models import Entry, Line, LoanBalance
from servicing.ledger.rules import RULES, EntryKind, Event
from servicing.models import Installment, Loan, LoanEvent, Payout, Repayment, SuspenseItem
from servicing.states import ARRIVED, LoanStatus

BATCH = 500
T = TypeVar("T", Installment, LoanEvent)


def _accounts(account: Account) -> Sequence[Account]:
    return CASHES if account is Account.CASH else (account,)


def _moves() -> Iterator[tuple[str, str, str]]:
    """Event, debit and credit of each line that there can be."""
    for event, rule in RULES.items():
        for debit, credit in product(_accounts(rule.debit), _accounts(rule.credit)):
            yield event, debit, credit
            yield event, credit, debit


_MOVES = frozenset(_moves())


@dataclass(frozen=True, slots=True)
class Violation:
    rule: str
    subject: str
    detail: str


async def verify(session: AsyncSession) -> list[Violation]:
    """Every way in which the books are wrong; empty when they are right."""
    if strange := await _ruled(session):
        return strange  # Nothing more can be told from lines that nothing explains.
    totals = await balances.trial_balance(session)
    found = [*_trial_balance(totals), *await _entries(session), *await _payouts(session),
             *await _suspense(session, totals), *await _came_once(session),
             *await _stands_once(session), *_refinancing(totals),
             *(Violation(*each) for each in await promises.find(session)),
             *(Violation(*each) for each in await checks.verify(session))]  # fmt: skip
    last: UUID | None = None
    while loans := await _next_loans(session, last):
        found += await _loans(session, loans)
        last = loans[-1].id
    return found


async def verify_loans(session: AsyncSession, ids: Collection[UUID]) -> list[Violation]:
    """The same, of these loans alone."""
    return await _loans(session, (await session.scalars(_THESE, {"ids": list(ids)})).all())


async def _ruled(session: AsyncSession) -> list[Violation]:
    """Every line moves money as the posting rule of its event says, or takes that back."""
    # As text: what is no event could not be read as one.
    rows = await session.execute(
        select(
            type_coerce(Line.event, String), type_coerce(Line.debit, String),
            type_coerce(Line.credit, String),
        ).distinct()
    )  # fmt: skip
    return [
        Violation("line_follows_its_rule", event, f"moves from {credit} to {debit}")
        for event, debit, credit in rows
        if (event, debit, credit) not in _MOVES
    ]


def _trial_balance(totals: Sequence[Balance]) -> list[Violation]:
    """Debits equal credits in each currency."""
    sums: dict[str, int] = {}
    for row in totals:
        sums[row.currency] = sums.get(row.currency, 0) + row.debit_minor - row.credit_minor
    return [
        Violation("trial_balance", currency, f"debits exceed credits by {minor}")
        for currency, minor in sums.items()
        if minor
    ]


async def _entries(session: AsyncSession) -> list[Violation]:
    """No entry is without lines."""
    bare = await session.scalars(
        select(Entry.reference).where(~select(Line.id).where(Line.entry_id == Entry.id).exists())
    )
    return [Violation("entry_has_lines", reference, "no lines") for reference in bare]


async def _payouts(session: AsyncSession) -> list[Violation]:
    """A payout arrived exactly when its disbursement is in the ledger, with its amount."""
    rows = await session.execute(
        select(Entry.reference, func.sum(Line.amount_minor))
        .join(Line, Line.entry_id == Entry.id)
        .where(Entry.kind == EntryKind.DISBURSEMENT, Line.credit.in_(CASHES))
        .group_by(Entry.reference)
    )
    posted = {reference: int(minor) for reference, minor in rows}
    settled = {
        f"disbursement:{payout_id}": minor
        for payout_id, minor in await session.execute(
            select(Payout.id, Payout.amount_minor).where(Payout.status.in_(ARRIVED))
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


async def _suspense(session: AsyncSession, totals: Sequence[Balance]) -> list[Violation]:
    """The suspense account holds exactly the items that wait for a person."""
    rows = await session.execute(
        select(SuspenseItem.currency, func.sum(SuspenseItem.amount_minor))
        .where(SuspenseItem.resolved_at.is_(None))
        .group_by(SuspenseItem.currency)
    )
    waiting = {currency: int(minor) for currency, minor in rows}
    held = {row.currency: row.net_minor for row in totals if row.account is Account.SUSPENSE}
    return [
        Violation(
            "suspense_is_listed",
            currency,
            f"{held.get(currency, 0)} held, {waiting.get(currency, 0)} listed",
        )
        for currency in sorted(held.keys() | waiting.keys())
        if held.get(currency, 0) != waiting.get(currency, 0)
    ]


async def _came_once(session: AsyncSession) -> list[Violation]:
    """Money that waits, or was given back, repays no loan."""
    rows = await session.scalars(
        select(SuspenseItem.reference)
        .join(Repayment, Repayment.rail_reference == SuspenseItem.reference)
        .where(SuspenseItem.resolved_at.is_(None) | SuspenseItem.refund_reference.is_not(None))
    )
    return [
        Violation("money_came_once", reference, "set aside, and on a loan") for reference in rows
    ]


async def _stands_once(session: AsyncSession) -> list[Violation]:
    """One transfer of a rail is not booked under two of the names that it goes by."""
    return [
        Violation("transfer_stands_once", name, f"it stands as {other} too")
        for name, other in await doubles.find(session)
    ]


def _refinancing(totals: Sequence[Balance]) -> list[Violation]:
    """What one loan pays off, another has taken over."""
    return [
        Violation("refinancing_is_zero", row.currency, f"{row.net_minor} left between loans")
        for row in totals
        if row.account is Account.REFINANCING and row.net_minor
    ]


async def _next_loans(session: AsyncSession, after: UUID | None) -> Sequence[Loan]:
    query = select(Loan).order_by(Loan.id).limit(BATCH)
    return (await session.scalars(query if after is None else query.where(Loan.id > after))).all()


async def _loans(session: AsyncSession, loans: Sequence[Loan]) -> list[Violation]:
    ids = [loan.id for loan in loans]
    stands, kept = await balances.of_loans(session, ids), await _kept(session, ids)
    moved = await balances.moved_on_loans(session, ids)
    rows = await _by_loan(session, _INSTALLMENTS, ids)
    told = await _by_loan(session, _EVENTS, ids)
    found: list[Violation] = []
    for loan in loans:
        found += _loan(loan, rows[loan.id], stands[loan.id], kept[loan.id])
        found += _story(loan, told[loan.id], rows[loan.id], moved[loan.id])
    return found


async def _kept(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, dict[Account, int]]:
    """What the database's triggers say of each loan."""
    kept: dict[UUID, dict[Account, int]] = {loan_id: {} for loan_id in ids}
    for row in await session.scalars(_BALANCES, {"ids": ids}):
        kept[row.loan_id][row.account] = row.net_minor
    return kept


async def _by_loan(
    session: AsyncSession, query: Select[T], ids: Sequence[UUID]
) -> dict[UUID, list[T]]:
    rows: dict[UUID, list[T]] = {loan_id: [] for loan_id in ids}
    for row in await session.scalars(query, {"ids": ids}):
        rows[row.loan_id].append(row)
    return rows


def _loan(
    loan: Loan,
    rows: Sequence[Installment],
    stands: Mapping[Account, int],
    kept: Mapping[Account, int],
) -> Iterator[Violation]:
    for account in FLOORED:
        if stands[account] != kept.get(account, 0):
            detail = f"{account} at {stands[account]}, kept as {kept.get(account, 0)}"
            yield Violation("balance_is_kept", loan.reference, detail)
        if stands[account] < 0:
            yield Violation("nothing_negative", loan.reference, f"{account} at {stands[account]}")
        if loan.status is not LoanStatus.ACTIVE and stands[account]:
            yield Violation("ended_is_zero", loan.reference, f"{account} at {stands[account]}")
    if loan.status is LoanStatus.ACTIVE:
        for account, minor in debts.receivables(rows, loan.accrued_on).items():
            if stands[account] != minor and not _follows_days(loan, account):
                detail = f"{account} at {stands[account]}, not {minor}"
                yield Violation("schedule_is_ledger", loan.reference, detail)


def _follows_days(loan: Loan, account: Account) -> bool:
    """Recalculated interest is not earned evenly: only the story knows it."""
    return account is Account.INTEREST and rules.recalculates(loan.rules)


def _story(
    loan: Loan,
    told: Sequence[LoanEvent],
    rows: Sequence[Installment],
    moved: Mapping[Event, int],
) -> Iterator[Violation]:
    """Told again from its events, the loan has these installments and moved this money."""
    story = happenings.told(loan, told).story
    life = replay.at(story, loan.accrued_on or loan.created_at.date())
    wanted = {values["n"]: values for values in projection.rows_of(life)}
    for row in rows:
        values = wanted.pop(row.n, {})
        for name, value in values.items() or [("n", None)]:
            if getattr(row, name) != value:
                detail = f"installment {row.n} has {name} {getattr(row, name)}, not {value}"
                yield Violation("story_is_schedule", loan.reference, detail)
    for n in wanted:
        yield Violation("story_is_schedule", loan.reference, f"installment {n} is missing")
    if loan.accrued_on is not None:
        for event, minor in flows.of_life(life, story.terms, loan.accrued_on).items():
            if moved[event] != minor:
                detail = f"{event} moved {moved[event]}, not {minor}"
                yield Violation("story_is_ledger", loan.reference, detail)


# Built once: building a statement takes about as long as running it.
_IDS: BindParameter[UUID] = bindparam("ids", expanding=True)
_THESE = select(Loan).where(Loan.id.in_(_IDS)).order_by(Loan.id)
_BALANCES = select(LoanBalance).where(LoanBalance.loan_id.in_(_IDS))
_INSTALLMENTS = (
    select(Installment).where(Installment.loan_id.in_(_IDS)).order_by(Installment.due_on)
)
_EVENTS = select(LoanEvent).where(LoanEvent.loan_id.in_(_IDS)).order_by(LoanEvent.seq)
