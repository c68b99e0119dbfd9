"""Who decides and who looks on: seats, what waits for a second person, what there is to choose."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from api import exports, line_up_tables
from api.console import acts, charts, drawing, forms
from api.console.door import HOME, AtDesk, Desk
from api.console.files import AskedFile, File
from api.console.words import Refusal
from api.deps import Session
from api.line_up_tables import Card, Named, Names, Said
from api.v1.risk import Scope
from kit import four_eyes
from onboarding import products, successors
from scoring import comparing, line_up, promotion, versions
from scoring.comparing import Agreement
from scoring.line_up import Pair
from scoring.models import RiskModel, RiskPolicy, Role, Seat
from scoring.queries import EVERY_ONE, Period
from scoring.watching.pictures import Row

PAGE = f"{HOME}/line-up"
LOOKS_BACK = timedelta(days=30)
router = APIRouter(prefix=PAGE, include_in_schema=False)


class Ended(Scope):
    seat: UUID = Field(strict=False)
    """That the page showed."""


@router.get("", name="get_line_up")
async def show_line_up(desk: AtDesk, session: Session, file: AskedFile) -> Response:
    answer = await _file(desk, session, file) if file.format is not None else None
    return answer or await draw(desk, session)


@router.post("/roll-back", name="roll_back_risk")
async def roll_back(desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, Ended)
        await successors.roll_back(
            session, actor=desk.who.actor, why=body.reason, now=desk.now, product=body.product,
            seen=body.seat,
        )  # fmt: skip
        return "rolled_back"

    return await acts.carry_out(desk, act, then=PAGE, again=_again(desk))


@router.post("/end-contest", name="end_contest")
async def end_contest(desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, Ended)
        await line_up.leave(
            session, Role.CHALLENGER, None, actor=desk.who.actor, why=body.reason, now=desk.now,
            product=body.product, seen=body.seat,
        )  # fmt: skip
        return "contest_ended"

    return await acts.carry_out(desk, act, then=PAGE, again=_again(desk))


async def kept(session: AsyncSession) -> tuple[list[RiskModel], list[RiskPolicy]]:
    return await versions.list_models(session), await versions.list_policies(session)


def names_of(models: Sequence[RiskModel], policies: Sequence[RiskPolicy]) -> Names:
    return Names(
        {each.sha256: each.name for each in models}, {each.sha256: each.name for each in policies}
    )


def bars_of(found: Agreement) -> charts.Bars:
    """What was decided beside what the shadow would have decided."""
    before, after, own = found.bad_rates
    shown = (
        ("Same answer", found.same),
        ("Approved", found.approved),
        ("It would approve", found.would_approve),
        ("Expected bad, approved", before),
        ("Expected bad, its choice", after),
        ("By its probabilities", own),
    )
    return charts.bars([Row(name, of, f"{of:.1%}") for name, of in shown if of is not None])


async def agreements(
    desk: Desk, session: AsyncSession, among: ColumnElement[bool] = EVERY_ONE
) -> list[Agreement]:
    period = Period(since=desk.now - LOOKS_BACK)
    return comparing.agreements(await comparing.of_shadows(session, period, among))


async def _file(desk: Desk, session: AsyncSession, file: File) -> Response | None:
    models, policies = await kept(session)
    names = names_of(models, policies)
    match file.part:
        case "history":
            past = _named(await line_up.history(session, limit=exports.PAGE), names)
            return await file.of(line_up_tables.HISTORY, exports.listed(past), part=file.part)
        case "models":
            cards = list(map(Card, models))
            return await file.of(line_up_tables.MODELS, exports.listed(cards), part=file.part)
        case "policies":
            return await file.of(line_up_tables.POLICIES, exports.listed(policies), part=file.part)
        case "shadows":
            said = await _said(desk, session, names)
            return await file.of(line_up_tables.SHADOWS, exports.listed(said), part=file.part)
    seats = _named(await line_up.standing(session), names)
    return await file.of(line_up_tables.SEATS, exports.listed(seats))


def _again(desk: Desk) -> acts.Again:
    async def again(session: AsyncSession, status: int, refusal: Refusal) -> Response:
        return await draw(desk, session, status=status, refusal=refusal)

    return again


async def draw(desk: Desk, session: AsyncSession, **answer: Any) -> Response:
    models, policies = await kept(session)
    names = names_of(models, policies)
    staff = await desk.names(session)
    seats = _named(await line_up.standing(session), names)
    past = _named(await line_up.history(session, limit=drawing.PAGE_SIZE), names)
    said = await _said(desk, session, names)
    return drawing.page(
        desk,
        "line_up.html",
        seats=drawing.table(desk, line_up_tables.SEATS, seats, names=staff),
        deciding=[each.seat for each in seats if each.seat.role is not Role.SHADOW],
        proposals=await waiting(session),
        names=staff,
        shadows=drawing.table(desk, line_up_tables.SHADOWS, said, part="shadows"),
        charts=[(f"{each.model} with {each.policy}", bars_of(each.found)) for each in said],
        models=drawing.table(
            desk, line_up_tables.MODELS, list(map(Card, models)), names=staff, part="models"
        ),
        policies=drawing.table(
            desk, line_up_tables.POLICIES, policies, names=staff, part="policies"
        ),
        choice=(models, policies, [each.code for each in await products.active(session)]),
        past=drawing.table(desk, line_up_tables.HISTORY, past, names=staff, part="history"),
        pair_of=_pair_of,
        **{"refusal": None, **answer},
    )


async def waiting(session: AsyncSession) -> Sequence[four_eyes.Proposal]:
    return await four_eyes.list_open(session, acts=(promotion.PROMOTE, promotion.CONTEST))


def _pair_of(proposal: four_eyes.Proposal) -> str:
    """The page on which it is confirmed."""
    facts = proposal.facts
    return line_up_tables.pair_page(Pair(facts["model"], facts["policy"]), facts["product"])


async def _said(desk: Desk, session: AsyncSession, names: Names) -> list[Said]:
    return [Said(each, *names.of(each.pair)) for each in await agreements(desk, session)]


def _named(seats: Sequence[Seat], names: Names) -> list[Named]:
    return [Named(seat, *names.of(Pair.of(seat))) for seat in seats]
