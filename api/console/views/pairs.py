"""A model with its policy: what speaks for it and against it, and giving it a seat."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi.responses import Response
from markupsafe import Markup
from pydantic import BaseModel, Field, ValidationError, field_validator
from sqlalchemy.ext.asyncio import AsyncSession

from api import exports, line_up_tables
from api.console import acts, drawing, forms
from api.console.door import AtDesk, Desk
from api.console.files import AskedFile
from api.console.forms import Day
from api.console.views import line_up as line_up_page
from api.console.views.line_up import PAGE
from api.console.words import Refusal
from api.line_up_tables import Card
from api.v1.risk import Contest, Hash, Product, Promotion, ShadowSet
from kit.db import reading
from onboarding import successors
from scoring import line_up, whatif, whatif_shown
from scoring.line_up import EVERY_PRODUCT, Pair
from scoring.models import Role
from scoring.promotion import Bid
from scoring.queries import Period

router = APIRouter(prefix=PAGE, include_in_schema=False)
_MOST_TRIED = 5_000
_FIRST, _LAST = date(2000, 1, 1), date(2199, 12, 31)
_QUESTIONS = {
    "enough": "Enough loans to tell",
    "better": "Better on newer loans",
    "calibrated": "Its probabilities come true",
    "fair": "No less fair",
    "stable": "Stable over time",
}


class _Promoted(Promotion):
    force: bool = Field(False, strict=False)


class _Contested(Contest):
    share_bps: Annotated[int, Field(ge=1, le=5_000, strict=False)]


class _Looking(ShadowSet):
    on: bool = Field(strict=False)


class Asked(BaseModel):
    """Which pair a page is about."""

    model: Hash
    policy: Hash
    product: Product = EVERY_PRODUCT

    @property
    def pair(self) -> Pair:
        return Pair(self.model, self.policy)


class Tried(Asked):
    since: Day = None
    until: Day = None

    @field_validator("since", "until")
    @classmethod
    def _is_of_our_time(cls, day: date | None) -> date | None:
        if day is not None and not _FIRST <= day <= _LAST:
            raise ValueError(f"choose a day from {_FIRST} to {_LAST}")
        return day


@router.get("/pair", name="compare_risk")
async def show_pair(asked: Annotated[Asked, Query()], desk: AtDesk) -> Response:
    return await _page(asked, desk)


@router.post("/promote", name="promote_risk")
async def promote(desk: AtDesk) -> Response:
    return await _agree(desk, _Promoted)


@router.post("/challenge", name="contest_risk")
async def contest(desk: AtDesk) -> Response:
    forms.bps_of(desk, "share")
    return await _agree(desk, _Contested)


@router.post("/shadow", name="set_shadow")
async def set_shadow(desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, _Looking)
        if body.on:
            await successors.shadow(
                session, body.pair, actor=desk.who.actor, why=body.reason, now=desk.now,
                product=body.product,
            )  # fmt: skip
            return "looks_on"
        await line_up.leave(
            session, Role.SHADOW, body.pair, actor=desk.who.actor, why=body.reason, now=desk.now,
            product=body.product,
        )  # fmt: skip
        return "looks_away"

    return await acts.carry_out(desk, act, then=PAGE, again=_again(desk))


@router.get("/what-if", name="try_risk")
async def show_what_if(asked: Annotated[Tried, Query()], desk: AtDesk, file: AskedFile) -> Response:
    """What this pair would have made of the stored applications of a period. The transaction of
    the request begins after it, for the record of who took a file."""
    since = asked.since or desk.today - line_up_page.LOOKS_BACK
    until = asked.until or desk.today
    async with reading(desk.wiring.sessions) as session:
        model, policy = await line_up.load(session, asked.pair)
        among = line_up.falling_to(await line_up.standing(session), asked.product)
    report = await whatif.replay(
        desk.wiring.sessions, _period(desk, since, until), model=model, policy=policy,
        among=among, most=_MOST_TRIED,
    )  # fmt: skip
    changes = list(whatif_shown.changes(report))
    answer = await file.of(line_up_tables.CHANGES, exports.listed(changes))
    return answer or drawing.page(
        desk,
        "what_if.html",
        asked=asked,
        since=since,
        until=until,
        report=report,
        picture=Markup(whatif_shown.as_svg(report)),  # noqa: S704  It escapes its words.
        changes=drawing.table(desk, line_up_tables.CHANGES, changes),
        back=line_up_tables.pair_page(asked.pair, asked.product),
        named=(model.manifest.name, policy.name),
    )


async def _agree(desk: Desk, shape: type[_Promoted | _Contested]) -> Response:
    async def act() -> str:
        body = forms.read(desk, shape)
        proposal = await successors.agree(
            desk.wiring.sessions, body.bid, desk.wiring.settings, staff_id=desk.who.id,
            reason=body.reason, now=desk.now, force=isinstance(body, _Promoted) and body.force,
        )  # fmt: skip
        return acts.outcome(proposal)

    return await acts.answer(desk, act, then=PAGE, again=_again(desk))


def _period(desk: Desk, since: date, until: date) -> Period:
    """Whole days of the lender's zone, the last one too."""
    zone = ZoneInfo(desk.zone)
    first, after = (
        datetime.combine(day, time(), zone).astimezone(UTC)
        for day in (since, until + timedelta(days=1))
    )
    return Period(first, after)


def _again(desk: Desk) -> acts.Again:
    async def again(session: AsyncSession, status: int, refusal: Refusal) -> Response:
        typed = {name: desk.typed.get(f"{name}_sha256", "") for name in ("model", "policy")}
        try:
            asked = Asked(**typed, product=desk.typed.get("product", ""))
        except ValidationError:  # No form of ours: there is no pair to show.
            return await line_up_page.draw(desk, session, status=status, refusal=refusal)
        return await _page(asked, desk, status=status, refusal=refusal)

    return again


async def _page(asked: Asked, desk: Desk, **answer: Any) -> Response:
    """The gate takes its time: nobody waits for a transaction of ours while it does."""
    gate = await successors.ask_gate(
        desk.wiring.sessions, Bid(asked.pair, asked.product), desk.wiring.settings, now=desk.now
    )
    async with reading(desk.wiring.sessions) as session:
        facts = await _facts(asked, desk, session)
    return drawing.page(
        desk, "pair.html", asked=asked, gate=gate, questions=_QUESTIONS,
        **facts, **{"refusal": None, **answer},
    )  # fmt: skip


async def _facts(asked: Asked, desk: Desk, session: AsyncSession) -> dict[str, Any]:
    model, policy = await line_up.load(session, asked.pair)
    models, policies = await line_up_page.kept(session)
    seats = await line_up.standing(session)
    holder = line_up.champion(seats, asked.product)
    cards = {each.sha256: Card(each) for each in models}
    among = line_up.falling_to(seats, asked.product)
    found = await line_up_page.agreements(desk, session, among)
    said = next((each for each in found if each.pair == asked.pair), None)
    mine = [seat for seat in seats if Pair.of(seat) == asked.pair]
    return {
        "named": (model.manifest.name, policy.name),
        "seats": mine,
        "sits": {seat.role for seat in mine if seat.product == asked.product},
        "card": cards[asked.model],
        "champion": cards.get(holder.model_sha256) if holder is not None else None,
        "looked": said is not None,
        "bars_of_it": line_up_page.bars_of(said) if said is not None else None,
        "picture": _picture(said),
        "proposals": [
            each
            for each in await line_up_page.waiting(session)
            if (each.facts["model"], each.facts["policy"], each.facts["product"])
            == (asked.model, asked.policy, asked.product)
        ],
        "names": await desk.names(session),
        "policy_text": next(each.body for each in policies if each.sha256 == asked.policy),
        "since": desk.today - line_up_page.LOOKS_BACK,
    }


def _picture(said: Any) -> Markup | None:
    if said is None:
        return None
    title = f"{said.count:,} decisions, {said.same:.1%} the same"
    below = f"approved {said.approved:.1%}, it would approve {said.would_approve:.1%}"
    return Markup(whatif_shown.grid(said.ways, title, below))  # noqa: S704  It escapes its words.
