"""Cash at the rails and to come, payouts that wait for it, and what funders are told."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import StringConstraints

from api import exports, funding_tables
from api.deps import Now, Session, Staff, Today, Wired, permitted
from api.exports import FILES, Export
from api.schemas import MoneyShown, Page, PageSize, Record, Shown
from api.v1.arrears import BookShown, DayNotReached
from api.v1.loans import PayoutShown
from api.v1.papers import Language, content_of, paper
from api.v1.proposals import ProposalShown, Reasoned
from kit.db import unit_of_work
from kit.four_eyes import Proposal
from kit.money import Money, read_minor
from kit.text import DEFAULT_LOCALE
from servicing.funding import holds, outlook, pools, statements
from servicing.funding.forecast import Band
from servicing.funding.models import Hold, StakeKind
from servicing.funding.outlook import Period
from servicing.funding.statements import Position, Statement
from servicing.ledger import balances
from servicing.ledger.chart import Account, rail_of
from servicing.ledger.rules import Event
from servicing.models import Payout
from servicing.papers import funder
from servicing.papers.words import Words
from servicing.treasury import opening

router = APIRouter(prefix="/v1/funding", tags=["funding"], dependencies=[Depends(permitted)])

Rail = Literal["wallet", "iso20022", "mpesa", "gsma", "telegram"]
Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]
_DAY = timedelta(days=1)


class NewFloor(Reasoned):
    rail: Rail
    floor: Annotated[str, StringConstraints(max_length=24)]
    currency: Currency


class NewOpeningBalance(Reasoned):
    rail: Rail
    opening: Annotated[str, StringConstraints(max_length=24)]
    currency: Currency


class CashShown(Shown):
    account: Account
    posted: MoneyShown
    pending_out: MoneyShown
    available: MoneyShown
    opening: MoneyShown
    """Of it, what was there before Kopa kept its books."""


class FloorShown(Shown):
    rail: str
    floor: MoneyShown


class Cash(Shown):
    cash: list[CashShown]
    floors: list[FloorShown]


class BandShown(Shown):
    """`low` and `high` leave out one case in twenty each."""

    low: MoneyShown
    expected: MoneyShown
    high: MoneyShown

    @classmethod
    def of(cls, band: Band, currency: str) -> "BandShown":
        low, expected, high = (MoneyShown.of_minor(minor, currency) for minor in band)
        return cls(low=low, expected=expected, high=high)


class PeriodShown(Shown):
    since: date
    until: date
    inflow: BandShown
    payouts: MoneyShown
    withdrawals: MoneyShown
    cash: BandShown
    """At the end of the period."""

    @classmethod
    def of(cls, found: Period, currency: str) -> "PeriodShown":
        return cls(
            since=found.since,
            until=found.until,
            inflow=BandShown.of(found.inflow, currency),
            payouts=MoneyShown.of_minor(found.payouts_minor, currency),
            withdrawals=MoneyShown.of_minor(found.withdrawals_minor, currency),
            cash=BandShown.of(found.cash, currency),
        )


class Forecast(Shown):
    on: date
    available: MoneyShown
    installments_seen: int
    """Past installments from which the book's own lateness was learned."""
    periods: list[PeriodShown]


class HeldShown(Record):
    payout: PayoutShown
    reason: str
    facts: dict[str, str]
    held_at: datetime
    tried_at: datetime
    is_released: bool

    @classmethod
    def of(cls, hold: Hold, payout: Payout) -> "HeldShown":
        return cls(
            id=payout.id,
            payout=PayoutShown.model_validate(payout),
            reason=hold.reason,
            facts=hold.facts,
            held_at=hold.held_at,
            tried_at=hold.tried_at,
            is_released=hold.released_at is not None,
        )


class PositionShown(Shown):
    capital: MoneyShown
    at_work: MoneyShown
    free: MoneyShown
    payable: MoneyShown

    @classmethod
    def of(cls, found: Position, currency: str) -> "PositionShown":
        return cls(
            **{
                name: MoneyShown.of_minor(getattr(found, f"{name}_minor"), currency)
                for name in ("capital", "at_work", "free", "payable")
            }
        )


class StatementShown(Shown):
    funder: str
    pool: str
    terms: StakeKind
    since: date
    until: date
    """The last day that is shared out, where more was asked for."""
    asked_until: date
    opening: PositionShown
    closing: PositionShown
    moved: dict[Event, MoneyShown]
    deployed: MoneyShown
    repaid: MoneyShown
    interest: MoneyShown
    """Collected from borrowers on his part."""
    fees: MoneyShown
    """Of it the lender's."""
    earned: MoneyShown
    irr: float | None
    """Money-weighted, a year."""
    twr: float
    """Time-weighted, of the period."""
    risk: BookShown

    @classmethod
    def of(cls, found: Statement) -> "StatementShown":
        currency = found.pool.currency
        return cls(
            funder=found.funder.name,
            pool=found.pool.code,
            terms=found.stake.kind,
            since=found.since,
            until=found.until,
            asked_until=found.asked_until,
            opening=PositionShown.of(found.opening, currency),
            closing=PositionShown.of(found.closing, currency),
            moved={e: MoneyShown.of_minor(minor, currency) for e, minor in found.moved.items()},
            irr=found.irr,
            twr=found.twr,
            risk=BookShown.of(found.risk),
            **{
                name: MoneyShown.of_minor(getattr(found, f"{name}_minor"), currency)
                for name in ("deployed", "repaid", "interest", "fees", "earned")
            },
        )


@router.get("/cash", response_model=Cash)
async def get_cash(session: Session) -> Cash:
    """At every rail, by currency: posted, on its way out, available; and what has to stay."""
    found = await balances.cash(session)
    return Cash(
        cash=[
            CashShown(
                account=account,
                posted=MoneyShown.of_minor(cash.posted_minor, currency),
                pending_out=MoneyShown.of_minor(cash.pending_out_minor, currency),
                available=MoneyShown.of_minor(cash.available_minor, currency),
                opening=MoneyShown.of(
                    await opening.of(session, rail=rail_of(account), currency=currency)
                ),
            )
            for (account, currency), cash in sorted(found.items())
        ],
        floors=[
            FloorShown(rail=row.rail, floor=MoneyShown.of_minor(row.floor_minor, row.currency))
            for row in await pools.list_floors(session)
        ],
    )


@router.put("/floors", response_model=ProposalShown)
async def set_floor(body: NewFloor, session: Session, who: Staff, now: Now) -> Proposal:
    """How much cash stays at a rail: a payout that would go below it waits. A second person says
    the same."""
    floor = Money(read_minor(body.floor, body.currency), body.currency)
    return await pools.set_floor(
        session, rail=body.rail, floor=floor, staff_id=who.id, reason=body.reason, now=now
    )


@router.put("/opening-balances", response_model=ProposalShown)
async def set_opening_balance(
    body: NewOpeningBalance, session: Session, who: Staff, today: Today, now: Now
) -> Proposal:
    """What was at a rail before Kopa kept its books, in place of what was said before; 0 takes that
    back. A second person says the same."""
    amount = Money(read_minor(body.opening, body.currency), body.currency)
    return await opening.say(
        session, rail=body.rail, amount=amount, staff_id=who.id, reason=body.reason, on=today,
        now=now,
    )  # fmt: skip


@router.get("/forecast", response_model=Forecast, responses=FILES)
async def get_forecast(
    session: Session,
    today: Today,
    export: Export,
    rail: Rail,
    currency: Currency,
    days: Annotated[int, Query(ge=1, le=366)] = 28,
    step: Annotated[int, Query(ge=1, le=31, description="Days of a period.")] = 7,
) -> Forecast | Response:
    """Cash from today on: what borrowers probably pay, less what is ordered to leave."""
    found = await outlook.of_rail(
        session, rail=rail, currency=currency, on=today, days=days, step=step
    )
    rows = [(each, currency) for each in found.periods]
    if (file := await export.of(funding_tables.FORECAST, exports.listed(rows))) is not None:
        return file
    return Forecast(
        on=found.on,
        available=MoneyShown.of_minor(found.available_minor, currency),
        installments_seen=found.seen,
        periods=[PeriodShown.of(each, currency) for each in found.periods],
    )


@router.get("/held", response_model=Page[HeldShown], responses=FILES)
async def list_held_payouts(
    session: Session, export: Export, after: UUID | None = None, limit: PageSize = 50
) -> Page[HeldShown] | Response:
    """Payouts that wait for money, and why; the oldest first."""
    if (file := await export.of(funding_tables.HELD, funding_tables.all_held())) is not None:
        return file
    rows = await holds.list_held(session, after=after, limit=limit)
    return Page.of([HeldShown.of(hold, payout) for hold, payout in rows], limit)


@router.post("/held/{payout_id}/release", response_model=ProposalShown)
async def release_payout(
    payout_id: UUID, body: Reasoned, session: Session, who: Staff, now: Now
) -> Proposal:
    """Let it go in spite of floors and limits. A second person says the same."""
    return await holds.release(session, payout_id, staff_id=who.id, reason=body.reason, now=now)


@router.post("/held/{payout_id}/cancel", response_model=PayoutShown)
async def cancel_held_payout(
    payout_id: UUID, session: Session, who: Staff, now: Now
) -> PayoutShown:
    """Give it up: nothing was sent. The borrower is told that he owes nothing."""
    payout = await holds.cancel(session, payout_id, actor=who.actor, now=now)
    return PayoutShown.model_validate(payout)


@router.get("/stakes/{stake_id}/statement", response_model=StatementShown, responses=FILES)
async def get_funder_statement(
    stake_id: UUID,
    session: Session,
    wiring: Wired,
    today: Today,
    export: Export,
    since: date,
    until: date | None = None,
) -> StatementShown | Response:
    """Whole days, the last one at most yesterday, and at most the last that is shared out."""
    found = await statements.of_stake(
        session, stake_id, wiring.late_policy, since=since, until=_over(since, until, today),
        today=today,
    )  # fmt: skip
    rows = [(line, found.pool.currency) for line in funder.lines(found, Words(DEFAULT_LOCALE))]
    about = f"{found.pool.code}-{exports.period(since, found.until)}"
    if file := await export.of(funding_tables.STATEMENT, exports.listed(rows), about=about):
        return file
    return StatementShown.of(found)


@router.get(
    "/stakes/{stake_id}/statement.pdf",
    response_class=Response,
    responses=content_of("application/pdf"),
)
async def get_funder_statement_paper(
    stake_id: UUID,
    wiring: Wired,
    today: Today,
    now: Now,
    since: date,
    until: date | None = None,
    language: Language = None,
) -> Response:
    day = _over(since, until, today)
    async with unit_of_work(wiring.sessions) as session:
        found = await statements.of_stake(
            session, stake_id, wiring.late_policy, since=since, until=day, today=today
        )
    printed = await asyncio.to_thread(
        funder.pdf, found, language or DEFAULT_LOCALE, issuer=wiring.settings.lender_name, now=now
    )
    return paper(printed, "application/pdf", f"{found.pool.code}-{since}-{found.until}.pdf")


def _over(since: date, until: date | None, today: date) -> date:
    """A day that has ended, and not before the first one."""
    day = until or today - _DAY
    if day >= today or day < since:
        raise DayNotReached(on=day, today=today)
    return day
