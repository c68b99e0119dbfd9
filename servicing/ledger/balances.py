"""Sums over the ledger: the trial balance, and what stands on the accounts of one loan."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Executable, Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.bulk import among_given
from kit.db import constant
from servicing.ledger.chart import AT_RAILS, CASHES, TYPE_OF, Account, Side
from servicing.ledger.models import Entry, Line, LoanBalance, Pending, Resolution
from servicing.ledger.rules import RULES, Event


@dataclass(frozen=True, slots=True)
class Balance:
    """All that moved over one account in one currency, in minor units."""

    account: Account
    currency: str
    debit_minor: int
    credit_minor: int

    @property
    def net_minor(self) -> int:
        """Positive on the side on which the account normally grows."""
        net = self.debit_minor - self.credit_minor
        return net if TYPE_OF[self.account].normal_side is Side.DEBIT else -net


async def trial_balance(
    session: AsyncSession, *, since: date | None = None, until: date | None = None
) -> list[Balance]:
    """Every account that was used on these business dates, in the order of the chart."""
    days = [Entry.posted_on >= since] if since is not None else []
    days += [Entry.posted_on <= until] if until is not None else []
    sums: dict[tuple[Account, str], list[int]] = defaultdict(lambda: [0, 0])
    for side, column in enumerate((Line.debit, Line.credit)):
        query = select(column, Line.currency, func.sum(Line.amount_minor))
        if days:
            query = query.join(Entry, Entry.id == Line.entry_id).where(*days)
        for account, currency, minor in await session.execute(
            query.group_by(column, Line.currency)
        ):
            # PostgreSQL sums bigints as numeric.
            sums[account, currency][side] += int(minor)
    order = list(Account)
    keys = sorted(sums, key=lambda key: (order.index(key[0]), key[1]))
    return [Balance(*key, debit_minor=sums[key][0], credit_minor=sums[key][1]) for key in keys]


@dataclass(frozen=True, slots=True)
class Cash:
    """Of one rail in one currency, in minor units."""

    posted_minor: int
    pending_out_minor: int
    """On its way out, and not yet proven to have arrived."""

    @property
    def available_minor(self) -> int:
        return self.posted_minor - self.pending_out_minor


async def cash(
    session: AsyncSession, *, accounts: Sequence[Account] = AT_RAILS
) -> dict[tuple[Account, str], Cash]:
    """At the rails, by account and currency; what was never used is not there.

    What is on its way is read first: money that arrives meanwhile counts twice, never not at all.
    """
    out: dict[tuple[Account, str], int] = defaultdict(int)
    for account, currency, minor in await session.execute(
        select(Pending.credit, Pending.currency, func.sum(Pending.amount_minor))
        .join(Resolution, Resolution.pending_id == Pending.id, isouter=True)
        .where(Resolution.pending_id.is_(None), Pending.credit.in_(accounts))
        .group_by(Pending.credit, Pending.currency)
    ):
        out[account, currency] = int(minor)
    posted: dict[tuple[Account, str], int] = defaultdict(int)
    for column, sign in ((Line.debit, 1), (Line.credit, -1)):
        for account, currency, minor in await session.execute(
            select(column, Line.currency, func.sum(Line.amount_minor))
            .where(column.in_(accounts))
            .group_by(column, Line.currency)
        ):
            posted[account, currency] += sign * int(minor)
    return {key: Cash(posted[key], out[key]) for key in sorted(posted.keys() | out.keys())}


async def of_loan(session: AsyncSession, loan_id: UUID) -> dict[Account, int]:
    """Net minor units per account, each on its normal side. Unused accounts stand at zero."""
    return _stands([loan_id], await session.execute(_SIDES, {"loan_id": loan_id}))[loan_id]


async def moved_on_loan(session: AsyncSession, loan_id: UUID) -> dict[Event, int]:
    """What each event has moved on a loan in all; what was taken back is taken off."""
    return _moved(await session.execute(_MOVED, {"loan_id": loan_id}))[loan_id]


async def moved_on_loans(
    session: AsyncSession, loan_ids: Collection[UUID]
) -> Mapping[UUID, dict[Event, int]]:
    """The same for many loans at once."""
    query = _of_many(session.get_bind().dialect.name).moved
    return _moved(await session.execute(query, {"loan_ids": list(loan_ids)}))


def _moved(rows: Iterable[Any]) -> Mapping[UUID, dict[Event, int]]:
    moved: dict[UUID, dict[Event, int]] = defaultdict(lambda: dict.fromkeys(Event, 0))
    for loan_id, event, debit, minor in rows:
        sign = 1 if _is_forward(event, debit) else -1
        moved[cast(UUID, loan_id)][event] += sign * int(minor)
    return moved


def _is_forward(event: Event, debit: Account) -> bool:
    """False for what takes back: the same rule with the sides exchanged."""
    of_rule = RULES[event].debit
    return debit in CASHES if of_rule is Account.CASH else debit is of_rule


async def with_credit(session: AsyncSession, loan_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these loans that have borrower credit."""
    query = _of_many(session.get_bind().dialect.name).with_credit
    return set(await session.scalars(query, {"loan_ids": loan_ids}))


async def of_loans(
    session: AsyncSession, loan_ids: Sequence[UUID]
) -> dict[UUID, dict[Account, int]]:
    """The same for many loans at once. A loan has one currency."""
    query = _of_many(session.get_bind().dialect.name).sides
    return _stands(loan_ids, await session.execute(query, {"loan_ids": list(loan_ids)}))


def _stands(loan_ids: Iterable[UUID], rows: Iterable[Any]) -> dict[UUID, dict[Account, int]]:
    stands = {loan_id: dict.fromkeys(TYPE_OF, 0) for loan_id in loan_ids}
    for loan_id, debit, credit, minor in rows:
        for side, account in ((Side.DEBIT, debit), (Side.CREDIT, credit)):
            sign = 1 if TYPE_OF[account].normal_side is side else -1
            stands[loan_id][account] += sign * int(minor)
    return stands


# Built once: building a statement takes about as long as running it.
def _sides_of(is_wanted: ColumnElement[bool]) -> Executable:
    return (
        select(Line.loan_id, Line.debit, Line.credit, func.sum(Line.amount_minor))
        .where(is_wanted)
        .group_by(Line.loan_id, Line.debit, Line.credit)
    )


def _moved_by(is_wanted: ColumnElement[bool]) -> Executable:
    return (
        select(Line.loan_id, Line.event, Line.debit, func.sum(Line.amount_minor))
        .where(is_wanted)
        .group_by(Line.loan_id, Line.event, Line.debit)
    )


_SIDES = _sides_of(Line.loan_id == bindparam("loan_id"))
_MOVED = _moved_by(Line.loan_id == bindparam("loan_id"))


class _OfMany(NamedTuple):
    sides: Executable
    moved: Executable
    with_credit: Select[UUID]


@cache
def _of_many(dialect_name: str) -> _OfMany:
    of_loans = among_given(dialect_name, Line.loan_id, "loan_ids")
    with_credit = select(LoanBalance.loan_id).where(
        among_given(dialect_name, LoanBalance.loan_id, "loan_ids"),
        LoanBalance.account == constant(Account.BORROWER_CREDIT),
        LoanBalance.net_minor != 0,
    )
    return _OfMany(_sides_of(of_loans), _moved_by(of_loans), with_credit)
