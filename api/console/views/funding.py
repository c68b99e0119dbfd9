"""Where the money to lend comes from: pools, cash at the rails, the forecast, payouts that wait."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import exports, funding_tables
from api.console import charts, drawing
from api.console.door import HOME, AtDesk
from api.console.files import AskedFile
from api.console.forms import Key
from api.deps import Session
from api.v1.liquidity import Rail
from kit.money import Money
from servicing.funding import books, holds, outlook, pools
from servicing.funding.books import PoolBook
from servicing.ledger import balances

router = APIRouter(prefix=f"{HOME}/funding", include_in_schema=False)
_Currency = Annotated[str, Query(pattern="^([A-Z]{3})?$")]


@router.get("", name="list_pools")
async def show_funding(desk: AtDesk, session: Session, file: AskedFile) -> Response:
    found = [await books.of_pool(session, pool) for pool in await pools.list_pools(session)]
    held = await _cash(session)
    answer = await file.of(
        funding_tables.POOLS, exports.listed(found), part="pools"
    ) or await file.of(funding_tables.CASH, exports.listed(held), part="cash")
    if answer is not None:
        return answer
    return drawing.page(
        desk,
        "funding.html",
        pools=drawing.table(desk, funding_tables.POOLS, found, part="pools"),
        cash=drawing.table(desk, funding_tables.CASH, held, part="cash"),
    )


@router.get("/pools/{pool_id}", name="list_pools")
async def show_pool(pool_id: UUID, desk: AtDesk, session: Session, file: AskedFile) -> Response:
    book = await books.of_pool(session, await pools.get_pool(session, pool_id))
    rows = await _stakes(session, book)
    if (answer := await file.of(funding_tables.STAKES, exports.listed(rows))) is not None:
        return answer
    return drawing.page(
        desk,
        "pool.html",
        book=book,
        money={
            name: Money(getattr(book, name), book.pool.currency)
            for name in ("capital", "at_work", "on_the_way", "free", "payable")
        },
        stakes=drawing.table(desk, funding_tables.STAKES, rows),
    )


@router.get("/forecast", name="get_forecast")
async def show_forecast(
    desk: AtDesk,
    session: Session,
    file: AskedFile,
    rail: Rail | None = None,
    currency: _Currency = "",
    days: Annotated[int, Query(ge=1, le=366)] = 56,
    step: Annotated[int, Query(ge=1, le=31)] = 7,
) -> Response:
    settings = desk.wiring.settings
    asked, currency = rail or settings.rail, currency or settings.currency
    found = await outlook.of_rail(
        session, rail=asked, currency=currency, on=desk.today, days=days, step=step
    )
    rows = [(each, currency) for each in found.periods]
    if (answer := await file.of(funding_tables.FORECAST, exports.listed(rows))) is not None:
        return answer
    bands: list[tuple[date, tuple[int, int, int]]] = [
        (each.until, (each.cash.low, each.cash.expected, each.cash.high)) for each in found.periods
    ]
    return drawing.page(
        desk,
        "forecast.html",
        found=found,
        available=Money(found.available_minor, currency),
        rails=Rail.__args__,  # type: ignore[attr-defined]
        days=days,
        step=step,
        chart=charts.band(found.available_minor, bands, currency),
        periods=drawing.table(desk, funding_tables.FORECAST, rows),
    )


@router.get("/held", name="list_held_payouts")
async def show_held(desk: AtDesk, session: Session, file: AskedFile, after: Key = None) -> Response:
    if (answer := await file.of(funding_tables.HELD, funding_tables.all_held())) is not None:
        return answer
    rows = await holds.list_held(session, after=after, limit=drawing.PAGE_SIZE)
    last = str(rows[-1][1].id) if len(rows) == drawing.PAGE_SIZE else None
    return drawing.page(
        desk, "held.html", held=drawing.table(desk, funding_tables.HELD, rows, after=last)
    )


async def _cash(session: AsyncSession) -> list[funding_tables.CashAtRail]:
    floors = {(row.rail, row.currency): row.floor_minor for row in await pools.list_floors(session)}
    return [
        funding_tables.CashAtRail.of(account, currency, cash, floors)
        for (account, currency), cash in sorted((await balances.cash(session)).items())
    ]


async def _stakes(session: AsyncSession, book: PoolBook) -> list[funding_tables.StakeRow]:
    names = await pools.names_of(session, [each.stake.funder_id for each in book.stakes])
    return [
        funding_tables.StakeRow(each, names[each.stake.funder_id], book.pool.currency)
        for each in book.stakes
    ]
