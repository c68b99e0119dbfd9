"""Cash to come, and the payouts that wait for it."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api import exports, funding_tables
from api.console import charts, drawing, previews
from api.console.door import HOME, AtDesk
from api.console.files import AskedFile
from api.console.forms import Key
from api.deps import Session
from api.v1.liquidity import Rail
from kit.money import Money
from servicing.funding import holds, outlook
from servicing.funding.outlook import Period

router = APIRouter(prefix=f"{HOME}/funding", include_in_schema=False)
_Currency = Annotated[str, Query(pattern="^([A-Z]{3})?$")]


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
    floor = await previews.floor_of(session, asked, currency)
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
        chart=charts.band(
            found.available_minor, bands, currency, floor=floor.minor if floor else None
        ),
        floor=floor,
        flows=charts.flows([_flow(each) for each in found.periods], currency),
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


def _flow(period: Period) -> tuple[date, tuple[int, int, int], int]:
    coming = period.inflow
    leaving = period.payouts_minor + period.withdrawals_minor
    return period.until, (coming.low, coming.expected, coming.high), leaving
