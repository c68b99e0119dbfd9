"""Cash at one rail: what was there at first, and how much of it has to stay."""

from typing import Any, NamedTuple

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import funding_tables
from api.console import acts, drawing, forms, previews
from api.console.door import HOME, AtDesk, Desk
from api.console.previews import Line
from api.console.words import Refusal
from api.deps import Session
from api.v1.liquidity import Currency, NewFloor, NewOpeningBalance, Rail
from kit import four_eyes
from kit.four_eyes import Proposal
from kit.money import Money
from servicing.funding import pools
from servicing.ledger import balances
from servicing.treasury import opening

PAGE = f"{HOME}/funding/cash"
RAILS: tuple[str, ...] = Rail.__args__  # type: ignore[attr-defined]
router = APIRouter(prefix=PAGE, include_in_schema=False)


class _Place(NamedTuple):
    rail: Rail
    currency: str

    @property
    def path(self) -> str:
        return f"{PAGE}/{self.rail}/{self.currency}"


@router.get("", name="get_cash")
async def find_cash(desk: AtDesk, rail: Rail, currency: Currency) -> Response:
    return RedirectResponse(_Place(rail, currency).path, 303)


@router.get("/{rail}/{currency}", name="get_cash")
async def show_cash(rail: Rail, currency: Currency, desk: AtDesk, session: Session) -> Response:
    return await _page(_Place(rail, currency), desk, session)


@router.post("/{rail}/{currency}/floor", name="set_floor")
async def set_floor(rail: Rail, currency: Currency, desk: AtDesk) -> Response:
    place = _Place(rail, currency)

    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, NewFloor, rail=rail, currency=currency)
        return acts.outcome(
            await pools.set_floor(
                session, rail=body.rail, floor=_typed(desk, place, "floor"), staff_id=desk.who.id,
                reason=body.reason, now=desk.now,
            )
        )  # fmt: skip

    async def again(session: AsyncSession, status: int, refusal: Refusal) -> Response:
        return await _page(place, desk, session, status=status, refusal=refusal)

    if acts.only_looks(desk):

        async def show(session: AsyncSession) -> Response:
            lines = await previews.of_floor(session, place.rail, _typed(desk, place, "floor"))
            return await _page(place, desk, session, looked=lines)

        return await acts.look(desk, show, again=again)
    return await acts.carry_out(desk, act, then=place.path, again=again)


@router.post("/{rail}/{currency}/opening", name="set_opening_balance")
async def set_opening_balance(rail: Rail, currency: Currency, desk: AtDesk) -> Response:
    place = _Place(rail, currency)

    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, NewOpeningBalance, rail=rail, currency=currency)
        return acts.outcome(
            await opening.say(
                session, rail=body.rail, amount=_typed(desk, place, "opening"),
                staff_id=desk.who.id, reason=body.reason, on=desk.today, now=desk.now,
            )
        )  # fmt: skip

    async def again(session: AsyncSession, status: int, refusal: Refusal) -> Response:
        return await _page(place, desk, session, status=status, refusal=refusal)

    if acts.only_looks(desk):

        async def show(session: AsyncSession) -> Response:
            lines = await previews.of_opening(session, place.rail, _typed(desk, place, "opening"))
            return await _page(place, desk, session, looked=lines)

        return await acts.look(desk, show, again=again)
    return await acts.carry_out(desk, act, then=place.path, again=again)


async def at_rails(session: AsyncSession) -> list[funding_tables.CashAtRail]:
    floors = {(row.rail, row.currency): row.floor_minor for row in await pools.list_floors(session)}
    return [
        funding_tables.CashAtRail.of(account, currency, cash, floors)
        for (account, currency), cash in sorted((await balances.cash(session)).items())
    ]


def _typed(desk: Desk, place: _Place, field: str) -> Money:
    return Money.parse(desk.typed.get(field, ""), place.currency)


async def _effect(session: AsyncSession, place: _Place, proposal: Proposal) -> list[Line]:
    ((field, amount),) = proposal.facts.items()
    show = previews.of_floor if field == "floor" else previews.of_opening
    return await show(session, place.rail, Money.parse(amount, place.currency))


async def _page(
    place: _Place,
    desk: Desk,
    session: AsyncSession,
    *,
    looked: list[Line] | None = None,
    **answer: Any,
) -> Response:
    cash = await previews.cash_at(session, place.rail, place.currency)
    subject = f"cash:{place.rail}:{place.currency}"
    proposals = await four_eyes.list_open(session, subject=subject)
    return drawing.page(
        desk,
        "cash.html",
        place=place,
        posted=Money(cash.posted_minor, place.currency),
        leaving=Money(cash.pending_out_minor, place.currency),
        available=Money(cash.available_minor, place.currency),
        floor=await previews.floor_of(session, place.rail, place.currency),
        looked=looked,
        proposals=proposals,
        opening=await opening.of(session, rail=place.rail, currency=place.currency),
        effects={each.id: await _effect(session, place, each) for each in proposals},
        names=await desk.names(session),
        **{"refusal": None, **answer},
    )
