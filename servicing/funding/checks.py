"""What must always be true of funders' accounts; part of `kopa ledger verify`."""

from collections import defaultdict

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from servicing.events import Type
from servicing.funding import gate
from servicing.funding.models import FundedLoan, LoanShare, Movement
from servicing.ledger.models import Entry, Line
from servicing.ledger.rules import RULES, EntryKind, Event
from servicing.models import Amendment, Loan
from servicing.states import AmendmentStatus

_HOLDS = (AmendmentStatus.PAYING, AmendmentStatus.APPLIED)
_OF_FUNDERS = [event for event, rule in RULES.items() if rule.kind is EntryKind.FUNDING]
Found = tuple[str, str, str]
"""Rule, subject and detail of something that is wrong."""


async def verify(session: AsyncSession) -> list[Found]:
    return [
        *await _movements(session),
        *await _shares(session),
        *await _sums(session),
        *await _refinanced(session),
    ]


async def _movements(session: AsyncSession) -> list[Found]:
    """What stands in the ledger for funders is what stands on their accounts, entry by entry."""
    booked: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    of_entries = (
        select(Entry.reference, Line.event, func.sum(Line.amount_minor))
        .join(Line, Line.entry_id == Entry.id)
        .where(Line.event.in_(_OF_FUNDERS))
        .group_by(Entry.reference, Line.event)
    )
    of_stakes = (
        select(Entry.reference, Movement.event, func.sum(Movement.amount_minor))
        .join(Movement, Movement.entry_id == Entry.id)
        .group_by(Entry.reference, Movement.event)
    )
    for side, query in enumerate((of_entries, of_stakes)):
        for reference, event, minor in await session.execute(query):
            booked[reference, event][side] += int(minor)
    return [
        ("funding_is_ledger", f"{reference} {event}", f"{posted} posted, {held} on accounts")
        for (reference, event), (posted, held) in sorted(booked.items())
        if posted != held
    ]


async def _shares(session: AsyncSession) -> list[Found]:
    """Every loan of a pool is divided between stakes."""
    bare = await session.scalars(
        select(FundedLoan.loan_id).where(
            ~select(LoanShare.loan_id).where(LoanShare.loan_id == FundedLoan.loan_id).exists()
        )
    )
    return [("funded_loan_is_shared", str(loan_id), "no shares") for loan_id in bare]


async def _refinanced(session: AsyncSession) -> list[Found]:
    """A loan that took the place of others is of the pool that lent them all, or of none."""
    found = await session.execute(
        select(Amendment, Loan.id)
        .join(Loan, Loan.application_id == Amendment.id)
        .where(Amendment.kind == Type.REFINANCE, Amendment.status.in_(_HOLDS))
        .order_by(Loan.id)
    )
    wrong: list[Found] = []
    for amendment, new_id in found.all():
        loans = [new_id, *(old.id for old in await gate.replaced_by(session, amendment))]
        rows = await session.scalars(
            select(FundedLoan.pool_id).where(FundedLoan.loan_id.in_(loans))
        )
        pools = list(rows)
        if pools and (len(pools) < len(loans) or len(set(pools)) > 1):
            detail = f"{len(loans) - len(pools)} loans of the lender, {len(set(pools))} pools"
            wrong.append(("refinanced_by_its_funders", str(new_id), detail))
    return wrong


async def _sums(session: AsyncSession) -> list[Found]:
    """Interest and losses that were shared out loan by loan are on the stakes' accounts."""
    of_loans = await session.execute(
        select(
            LoanShare.stake_id, func.sum(LoanShare.interest_minor), func.sum(LoanShare.borne_minor)
        ).group_by(LoanShare.stake_id)
    )
    lost = case({Event.LOSS_BORNE: 1, Event.LOSS_RECOVERED: -1}, value=Movement.event, else_=0)
    on_accounts = await session.execute(
        select(
            Movement.stake_id,
            func.sum(Movement.interest_minor),
            func.sum(Movement.amount_minor * lost),
        ).group_by(Movement.stake_id)
    )
    told = {stake_id: (int(interest), int(borne)) for stake_id, interest, borne in on_accounts}
    return [
        ("funding_is_of_loans", str(stake_id), f"{shared} of loans, {told.get(stake_id)} told")
        for stake_id, *sums in of_loans
        if (shared := tuple(map(int, sums))) != told.get(stake_id, (0, 0))
    ]
