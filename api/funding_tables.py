"""The tables about funding that staff take away as files."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from api import exports
from api.exports import Column, Fetch, Table
from kit.money import Money
from servicing.funding import holds
from servicing.funding.books import PoolBook
from servicing.funding.models import Hold
from servicing.funding.outlook import Period
from servicing.models import Payout
from servicing.papers.funder import Line

Held = tuple[Hold, Payout]

POOLS: Table[PoolBook] = Table(
    "pools",
    (
        Column("Pool", lambda row: row.pool.code),
        Column("Currency", lambda row: row.pool.currency),
        Column("Rail", lambda row: row.pool.rail, is_code=True),
        Column("Capital", lambda row: Money(row.capital, row.pool.currency)),
        Column("At work", lambda row: Money(row.at_work, row.pool.currency)),
        Column("On the way", lambda row: Money(row.on_the_way, row.pool.currency)),
        Column("Free", lambda row: Money(row.free, row.pool.currency)),
        Column("Earned, not paid", lambda row: Money(row.payable, row.pool.currency)),
    ),
)
HELD: Table[Held] = Table(
    "held-payouts",
    (
        Column("Reference", lambda row: row[1].client_ref),
        Column("Amount", lambda row: row[1].amount),
        Column("Currency", lambda row: row[1].currency),
        Column("Why", lambda row: row[0].reason, is_code=True),
        Column("Found", lambda row: ", ".join(f"{k}: {v}" for k, v in row[0].facts.items())),
        Column("Since", lambda row: row[0].held_at),
        Column("Last tried", lambda row: row[0].tried_at),
    ),
)
FORECAST: Table[tuple[Period, str]] = Table(
    "forecast",
    (
        Column("From", lambda row: row[0].since),
        Column("To", lambda row: row[0].until),
        Column("In, low", lambda row: Money(row[0].inflow.low, row[1])),
        Column("In, expected", lambda row: Money(row[0].inflow.expected, row[1])),
        Column("In, high", lambda row: Money(row[0].inflow.high, row[1])),
        Column("Payouts", lambda row: Money(row[0].payouts_minor, row[1])),
        Column("Withdrawals", lambda row: Money(row[0].withdrawals_minor, row[1])),
        Column("Cash, low", lambda row: Money(row[0].cash.low, row[1])),
        Column("Cash, expected", lambda row: Money(row[0].cash.expected, row[1])),
        Column("Cash, high", lambda row: Money(row[0].cash.high, row[1])),
        Column("Currency", lambda row: row[1]),
    ),
)
STATEMENT: Table[tuple[Line, str]] = Table(
    "funder-statement",
    (
        Column("Part", lambda row: row[0].section),
        Column("What", lambda row: row[0].name),
        Column("Amount", lambda row: row[0].value),
        Column("Currency", lambda row: row[1] if isinstance(row[0].value, Money) else ""),
    ),
)


def all_held() -> Fetch[Held]:
    async def fetch(session: AsyncSession, last: Held | None) -> Sequence[Held]:
        after = last[1].id if last is not None else None
        return await holds.list_held(session, after=after, limit=exports.PAGE)

    return fetch
