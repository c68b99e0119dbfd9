"""The tables about funding that staff take away as files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from api import exports
from api.exports import Column, Fetch, Table
from kit.money import Money
from servicing.funding import holds
from servicing.funding.books import PoolBook, StakeBook
from servicing.funding.models import Funder, Hold, Withdrawal
from servicing.funding.outlook import Period
from servicing.ledger.balances import Cash
from servicing.ledger.chart import Account, rail_of
from servicing.models import Payout
from servicing.papers.funder import Line

Held = tuple[Hold, Payout]


@dataclass(frozen=True)
class CashAtRail:
    account: Account
    currency: str
    cash: Cash
    floor_minor: int | None

    @classmethod
    def of(
        cls, account: Account, currency: str, cash: Cash, floors: Mapping[tuple[str, str], int]
    ) -> "CashAtRail":
        return cls(account, currency, cash, floors.get((rail_of(account), currency)))

    @property
    def page(self) -> str:
        return f"/console/funding/cash/{rail_of(self.account)}/{self.currency}"


@dataclass(frozen=True)
class StakeRow:
    book: StakeBook
    funder: str
    currency: str

    def money(self, name: str) -> Money:
        return Money(getattr(self.book, name), self.currency)


CASH: Table[CashAtRail] = Table(
    "cash",
    (
        Column("Account", lambda row: row.account, lambda row: row.page),
        Column("Currency", lambda row: row.currency),
        Column("Posted", lambda row: Money(row.cash.posted_minor, row.currency)),
        Column("On its way out", lambda row: Money(row.cash.pending_out_minor, row.currency)),
        Column("Available", lambda row: Money(row.cash.available_minor, row.currency)),
        Column(
            "Has to stay",
            lambda row: Money(row.floor_minor, row.currency) if row.floor_minor else None,
        ),
    ),
)
STAKES: Table[StakeRow] = Table(
    "stakes",
    (
        Column(
            "Funder",
            lambda row: row.funder,
            lambda row: f"/console/funding/stakes/{row.book.stake.id}",
        ),
        Column("Terms", lambda row: row.book.stake.kind),
        Column("Rate", lambda row: f"{row.book.stake.rate_ppm / 10_000:g} %"),
        Column("Bears losses", lambda row: row.book.stake.loss_order),
        Column("Capital", lambda row: row.money("capital")),
        Column("At work", lambda row: row.money("at_work")),
        Column("On the way", lambda row: row.money("on_the_way")),
        Column("Withdrawing", lambda row: row.money("withdrawing")),
        Column("Free", lambda row: row.money("free")),
        Column("Earned, not paid", lambda row: row.money("payable")),
        Column("Currency", lambda row: row.currency),
    ),
)
POOLS: Table[PoolBook] = Table(
    "pools",
    (
        Column(
            "Pool", lambda row: row.pool.code, lambda row: f"/console/funding/pools/{row.pool.id}"
        ),
        Column("Currency", lambda row: row.pool.currency),
        Column("Rail", lambda row: row.pool.rail, is_code=True),
        Column("Capital", lambda row: Money(row.capital, row.pool.currency)),
        Column("At work", lambda row: Money(row.at_work, row.pool.currency)),
        Column("On the way", lambda row: Money(row.on_the_way, row.pool.currency)),
        Column("Free", lambda row: Money(row.free, row.pool.currency)),
        Column("Earned, not paid", lambda row: Money(row.payable, row.pool.currency)),
    ),
)
FUNDERS: Table[Funder] = Table(
    "funders",
    (
        Column("Name", lambda row: row.name),
        Column("Known since", lambda row: row.created_at),
    ),
)
WITHDRAWALS: Table[Withdrawal] = Table(
    "withdrawals",
    (
        Column("Due", lambda row: row.due_on, lambda row: f"/console/funding/withdrawals/{row.id}"),
        Column("Of", lambda row: row.of),
        Column("Amount", lambda row: row.amount),
        Column("Currency", lambda row: row.currency),
        Column("Agreed", lambda row: row.created_at),
    ),
)
HELD: Table[Held] = Table(
    "held-payouts",
    (
        Column(
            "Reference", lambda row: row[1].client_ref, lambda row: f"/console/payouts/{row[1].id}"
        ),
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
