"""What must hold of money that people enter, of cards and of funders: by the books of the rail, of
the till, of the provider and of the funders themselves."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from servicing.funding.models import FundedLoan, Movement, WithdrawalOf
from servicing.ledger.chart import OUTSIDE, Account
from servicing.ledger.models import Entry, Line
from servicing.ledger.rules import Event
from simulation.books import Position, Rows, plain
from simulation.broken import Broken
from simulation.rail import SETTLED
from simulation.world import World

_COMPARED_WITHIN = timedelta(days=15)
"""So long staff may take for the provider's dashboard, which sends nothing by itself."""
_HEARD_WITHIN = timedelta(days=5)
_INTO = {
    Event.CAPITAL_PAID_IN: (1, 0),
    Event.CAPITAL_TAKEN_OUT: (-1, 0),
    Event.CAPITAL_TAKEN_BACK: (-1, 0),
    Event.RETURN_REINVESTED: (1, -1),
    Event.LOSS_BORNE: (-1, 0),
    Event.LOSS_RECOVERED: (1, 0),
    Event.RETURN_EARNED: (0, 1),
    Event.RETURN_UNEARNED: (0, -1),
    Event.RETURN_PAID: (0, -1),
}
"""By how much each makes a stake's capital, and what it is owed, larger."""


def one_booking(positions: list[Position]) -> Iterator[Broken]:
    """Money that moved so often stands at most so often, under whatever names."""
    for each in positions:
        if each.rail is None:
            most = int(each.theirs != 0)
        else:
            most = sum(bool(transfer.moves) for transfer in each.transfers)
        if len(each.stands) > most:
            names = ", ".join(each.stands)
            yield Broken("one_booking", f"{each.key} moved {most} times, and stands as {names}")


def is_unseen(world: World, position: Position) -> bool:
    """A charge about which staff may still look at the dashboard."""
    desk = world.desk
    if desk is None or position.rail is not desk:
        return False
    last = max(desk.last_word(transfer) for transfer in position.transfers)
    return world.clock.at - last < _COMPARED_WITHIN


def cards(world: World, rows: Rows, positions: list[Position]) -> Iterator[Broken]:
    """What Telegram told and we have answered for is in the books, on the loan that was asked."""
    desk = world.desk
    for each in positions:
        if desk is None or each.rail is not desk:
            continue
        asked = rows.requests.get(each.key)
        for name in each.stands:
            row = rows.repayments.get(name)
            if row is not None and asked is not None and row.loan_id != asked.loan_id:
                yield Broken("never_guessed", f"{name} was paid for another loan")
        told = [transfer for transfer in each.transfers if transfer.rail_id in desk.told]
        heard = [t for t in told if world.clock.at - desk.told[t.rail_id] > _HEARD_WITHIN]
        kept = sum(transfer.status is SETTLED for transfer in heard)
        if heard and len(each.stands) < kept:
            yield Broken("nothing_lost", f"{each.key} was acknowledged and is not in the books")


def cash_is_rails(world: World, rows: Rows, held: Any) -> Iterator[Broken]:
    """Cash of each rail in the ledger is what stands in the rail's own books, and what came outside
    and was entered there."""
    said = _said(world, rows)
    for each in sorted(said.keys() | held.keys()):
        if said[each] != held.get(each, 0):
            yield Broken(
                "cash_is_rails", f"{each}: {held.get(each, 0)} in the ledger, {said[each]} there"
            )


def _said(world: World, rows: Rows) -> Counter[tuple[str, str]]:
    said: Counter[tuple[str, str]] = Counter()
    of: dict[str, str] = {}
    for rail in world.all_rails:
        for transfer in rail.transfers.values():
            said[rail.name, transfer.amount.currency] += transfer.net_minor
            of |= dict.fromkeys(map(plain, rail.called(transfer)), rail.name)
    for name, entered in rows.by_hand.items():
        for row in entered:
            minor = rows.received(row.rail_reference)
            said[row.rail or "wallet", row.currency] += minor
            if name in of:  # A rail's, and it was entered as money of none.
                said[of[name], row.currency] -= minor
    for amount in world.till.values():  # Given back from there.
        said[OUTSIDE, amount.currency] += min(amount.minor, 0)
    return said


async def funders(session: AsyncSession, world: World, rows: Rows) -> list[Broken]:
    """Stakes are the ledger's equity, and each payment of a funder is his, once."""
    if not world.funded.sent and not rows.capital:
        return []
    stakes: Counter[Account] = Counter()
    for event, minor in await world.memory.rows(session, _MOVEMENTS):
        capital, payable = _INTO[event]
        stakes[Account.FUNDER_CAPITAL] += capital * int(minor)
        stakes[Account.FUNDER_PAYABLE] += payable * int(minor)
    ledger: Counter[Account] = Counter()
    for debit, credit, minor in await world.memory.rows(session, _EQUITY):
        ledger[credit] += int(minor)
        ledger[debit] -= int(minor)
    found = [
        Broken("stakes_are_equity", f"{account}: {stakes[account]} of stakes, {ledger[account]}")
        for account in (Account.FUNDER_CAPITAL, Account.FUNDER_PAYABLE)
        if stakes[account] != ledger[account]
    ]
    return [*found, *_of_funders(world, rows)]


def _of_funders(world: World, rows: Rows) -> Iterator[Broken]:
    sent = {f"{world.rails[0].name}:{name}".lower(): each
            for name, each in world.funded.sent.items()}  # fmt: skip
    for name, row in rows.capital.items():
        stake, amount = sent.get(name, (None, None))
        if amount is None or (row.stake_id, row.amount_minor) != (stake, amount.minor):
            yield Broken("capital_is_sent", f"{name}: {row.amount_minor} of {row.stake_id}")
    for name, row in rows.withdrawn.items():
        paid = world.funded.paid.get(name)
        of = WithdrawalOf.CAPITAL if row.event is Event.CAPITAL_TAKEN_OUT else WithdrawalOf.RETURN
        is_his = paid is not None and (row.stake_id, of, row.amount_minor) == (
            *paid[:2], paid[2].minor,
        )  # fmt: skip
        if not is_his:
            yield Broken("capital_is_sent", f"{name} was paid to nobody")


async def funders_at_the_end(session: AsyncSession, world: World, rows: Rows) -> list[Broken]:
    """All of it is written down; interest and losses of the loans of pools are their stakes'."""
    sent = {f"{world.rails[0].name}:{name}".lower() for name in world.funded.sent}
    left = (sent - rows.capital.keys()) | (world.funded.paid.keys() - rows.withdrawn.keys())
    found = [Broken("capital_is_sent", f"{name} is not written down") for name in sorted(left)]
    if not world.funded.sent:
        return found
    told: Counter[str] = Counter()
    for event, minor, interest in await session.execute(_SHARED):
        told["interest"] += int(interest)
        sign = {Event.LOSS_BORNE: 1, Event.LOSS_RECOVERED: -1}.get(event, 0)
        told["losses"] += sign * int(minor)
    # What no stake had capital for is the lender's.
    told["losses"] += int(await session.scalar(select(func.sum(FundedLoan.unborne_minor))) or 0)
    settled = await session.scalar(select(func.max(FundedLoan.settled_on)))
    ledger = Counter[str]() if settled is None else await _of_loans(session, world, settled)
    if told["interest"] != ledger["interest"]:
        found.append(
            Broken("shared_out", f"{told['interest']} told, {ledger['interest']} of loans")
        )
    if told["losses"] != ledger["losses"]:
        found.append(Broken("shared_out", f"{told['losses']} borne, {ledger['losses']} lost"))
    return found


async def _of_loans(session: AsyncSession, world: World, settled_on: date) -> Counter[str]:
    """Interest that borrowers settled on loans of pools, and principal that they will not pay and
    have not made good for since."""
    interest, lost, recovered = 0, Counter[UUID](), Counter[UUID]()
    settled = {Event.INTEREST_REPAID, Event.CREDIT_TO_INTEREST, Event.GOODWILL_TO_INTEREST,
               Event.INTEREST_CAPITALIZED, Event.INTEREST_REFINANCED}  # fmt: skip
    given_up = {Event.PRINCIPAL_WRITTEN_OFF, Event.PRINCIPAL_WAIVED}
    upto = {"day": settled_on, "at": world.funded.shared_at}
    for loan_id, event, debit, credit, minor in await session.execute(_FUNDED_LINES, upto):
        if event in settled:
            interest += _gone(Account.INTEREST, debit, credit) * int(minor)
        elif event in given_up:
            lost[loan_id] += _gone(Account.PRINCIPAL, debit, credit) * int(minor)
        elif event is Event.RECOVERED:
            recovered[loan_id] += _gone(Account.RECOVERY_INCOME, debit, credit) * int(minor)
    losses = sum(minor - min(recovered[loan_id], minor) for loan_id, minor in lost.items())
    return Counter(interest=interest, losses=losses)


def _gone(account: Account, debit: Account, credit: Account) -> int:
    return (credit == account) - (debit == account)


_LINES = Line.__table__
_EQUITY_OF = (Account.FUNDER_CAPITAL, Account.FUNDER_PAYABLE)
_ACCOUNTS = Movement.__table__
_MOVEMENTS: Select[Any] = select(_ACCOUNTS.c.event, func.sum(_ACCOUNTS.c.amount_minor)).group_by(
    _ACCOUNTS.c.event
)
_EQUITY: Select[Any] = (
    select(_LINES.c.debit, _LINES.c.credit, func.sum(_LINES.c.amount_minor))
    .where(_LINES.c.debit.in_(_EQUITY_OF) | _LINES.c.credit.in_(_EQUITY_OF))
    .group_by(_LINES.c.debit, _LINES.c.credit)
)
_SHARED: Select[Any] = select(
    _ACCOUNTS.c.event, func.sum(_ACCOUNTS.c.amount_minor), func.sum(_ACCOUNTS.c.interest_minor)
).group_by(_ACCOUNTS.c.event)
_FUNDED_LINES: Select[Any] = (
    select(
        _LINES.c.loan_id,
        _LINES.c.event,
        _LINES.c.debit,
        _LINES.c.credit,
        func.sum(_LINES.c.amount_minor),
    )
    .join(Entry, Entry.id == _LINES.c.entry_id)
    .where(
        _LINES.c.loan_id.in_(select(FundedLoan.loan_id)),
        Entry.posted_on <= bindparam("day"),
        Entry.created_at <= bindparam("at"),
    )
    .group_by(_LINES.c.loan_id, _LINES.c.event, _LINES.c.debit, _LINES.c.credit)
)
