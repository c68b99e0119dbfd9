"""Pools and who gives to them: a new one, its policy with its limits, a stake on agreed terms."""

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from api import exports, funding_tables, listings
from api.console import acts, drawing, forms, pool_forms, previews
from api.console.door import HOME, AtDesk, Desk
from api.console.files import AskedFile, File
from api.console.views import cash
from api.console.words import Refusal
from api.deps import Session
from api.v1.funding import NewFunder, NewPool, NewStake, PoolPolicy
from kit import four_eyes
from kit.money import Money
from onboarding import products
from servicing.funding import books, capital, limits, pools
from servicing.funding.books import PoolBook
from servicing.funding.models import StakeKind

PAGE = f"{HOME}/funding"
router = APIRouter(prefix=PAGE, include_in_schema=False)
_MOST_FUNDERS = 500


class _Terms(NewStake):
    rate_ppm: Annotated[int, Field(ge=0, le=1_000_000, strict=False)]
    loss_order: Annotated[int, Field(ge=1, le=100, strict=False)] = 1


@router.get("", name="list_pools")
async def show_funding(desk: AtDesk, session: Session, file: AskedFile) -> Response:
    answer = await _file(session, file) if file.format is not None else None
    return answer or await _draw(desk, session)


@router.post("/funders", name="create_funder")
async def register_funder(desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, NewFunder)
        await pools.register_funder(session, name=body.name, actor=desk.who.actor, now=desk.now)
        return "registered"

    return await acts.carry_out(desk, act, then=PAGE, again=_funding_again(desk))


@router.post("/pools", name="create_pool")
async def create_pool(desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, NewPool)
        await pools.create_pool(
            session, code=body.code, currency=body.currency, rail=body.rail,
            actor=desk.who.actor, now=desk.now,
        )  # fmt: skip
        return "pool_made"

    return await acts.carry_out(desk, act, then=PAGE, again=_funding_again(desk))


@router.get("/pools/{pool_id}", name="list_pools")
async def show_pool(pool_id: UUID, desk: AtDesk, session: Session, file: AskedFile) -> Response:
    book = await books.of_pool(session, await pools.get_pool(session, pool_id))
    rows = await _stakes(session, book)
    if (answer := await file.of(funding_tables.STAKES, exports.listed(rows))) is not None:
        return answer
    return await _page(pool_id, desk, session)


@router.post("/pools/{pool_id}/policy", name="set_pool_policy")
async def set_policy(pool_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, PoolPolicy, policy=_policy(desk))
        return acts.outcome(
            await pools.set_policy(
                session, pool_id, policy=body.policy, staff_id=desk.who.id, reason=body.reason,
                now=desk.now,
            )
        )  # fmt: skip

    if acts.only_looks(desk):

        async def show(session: AsyncSession) -> Response:
            return await _page(pool_id, desk, session, looked=_policy(desk))

        return await acts.look(desk, show, again=_again(desk, pool_id))
    return await acts.carry_out(
        desk, act, then=f"{PAGE}/pools/{pool_id}", again=_again(desk, pool_id)
    )


@router.post("/pools/{pool_id}/stake", name="add_stake")
async def add_stake(pool_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        forms.ppm_of(desk, "rate")
        body = forms.read(desk, _Terms, funder_id=desk.typed.get("funder", ""))
        return acts.outcome(
            await pools.add_stake(
                session, pool_id, funder_id=body.funder_id, terms=body.terms,
                rate_ppm=body.rate_ppm, loss_order=body.loss_order, staff_id=desk.who.id,
                reason=body.reason, now=desk.now,
            )
        )  # fmt: skip

    return await acts.carry_out(
        desk, act, then=f"{PAGE}/pools/{pool_id}", again=_again(desk, pool_id)
    )


async def _file(session: AsyncSession, file: File) -> Response | None:
    match file.part:
        case "pools":
            found = [await books.of_pool(session, pool) for pool in await pools.list_pools(session)]
            return await file.of(funding_tables.POOLS, exports.listed(found), part=file.part)
        case "cash":
            at_rails = await cash.at_rails(session)
            return await file.of(funding_tables.CASH, exports.listed(at_rails), part=file.part)
        case "funders":
            every = listings.all_of(pools.list_funders)
            return await file.of(funding_tables.FUNDERS, every, part=file.part)
        case "withdrawals":
            waiting = listings.all_of(capital.list_withdrawals)
            return await file.of(funding_tables.WITHDRAWALS, waiting, part=file.part)
    return None


def _policy(desk: Desk) -> dict[str, Any]:
    """What was typed; or, to be confirmed, what was proposed, word for word."""
    if "policy" not in desk.typed:
        return pool_forms.policy_of(desk.typed)
    try:
        found = json.loads(desk.typed["policy"])
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def _funding_again(desk: Desk) -> acts.Again:
    async def again(session: AsyncSession, status: int, refusal: Refusal) -> Response:
        return await _draw(desk, session, status=status, refusal=refusal)

    return again


def _again(desk: Desk, pool_id: UUID) -> acts.Again:
    async def again(session: AsyncSession, status: int, refusal: Refusal) -> Response:
        return await _page(pool_id, desk, session, status=status, refusal=refusal)

    return again


async def _draw(desk: Desk, session: AsyncSession, **answer: Any) -> Response:
    found = [await books.of_pool(session, pool) for pool in await pools.list_pools(session)]
    funders = await pools.list_funders(session, limit=drawing.PAGE_SIZE)
    waiting = await capital.list_withdrawals(session, limit=drawing.PAGE_SIZE)
    return drawing.page(
        desk,
        "funding.html",
        pools=drawing.table(desk, funding_tables.POOLS, found, part="pools"),
        cash=drawing.table(desk, funding_tables.CASH, await cash.at_rails(session), part="cash"),
        funders=drawing.table(desk, funding_tables.FUNDERS, funders, part="funders"),
        withdrawals=drawing.table(desk, funding_tables.WITHDRAWALS, waiting, part="withdrawals"),
        rails=cash.RAILS,
        currency=desk.wiring.settings.currency,
        **{"refusal": None, **answer},
    )


async def _page(
    pool_id: UUID,
    desk: Desk,
    session: AsyncSession,
    *,
    looked: dict[str, Any] | None = None,
    **answer: Any,
) -> Response:
    """`looked`: a policy that is shown with what it would do."""
    pool = await pools.get_pool(session, pool_id)
    book = await books.of_pool(session, pool)
    funders = await pools.list_funders(session, limit=_MOST_FUNDERS)
    proposals = await four_eyes.list_open(session, subject=pool.subject)
    return drawing.page(
        desk,
        "pool.html",
        book=book,
        money={
            name: Money(getattr(book, name), pool.currency)
            for name in ("capital", "at_work", "on_the_way", "free", "payable")
        },
        policy=pool_forms.typed_of(pool.policy),
        uses=previews.uses(book, limits.parse(pool.policy, pool.currency)),
        looked=_effect(book, looked) if looked is not None else None,
        stakes=drawing.table(desk, funding_tables.STAKES, await _stakes(session, book)),
        funders=funders,
        terms=list(StakeKind),
        accepts=pool_forms.ACCEPTS,
        products=[each.code for each in await products.active(session)],
        policies=[each for each in proposals if each.act == "funding.policy"],
        effects={
            each.id: _effect(book, json.loads(each.facts["policy"]))
            for each in proposals
            if each.act == "funding.policy"
        },
        offered=[each for each in proposals if each.act == "funding.stake"],
        names=await desk.names(session) | {str(each.id): each.name for each in funders},
        **{"refusal": None, **answer},
    )


def _effect(book: PoolBook, policy: dict[str, Any]) -> dict[str, Any]:
    """What a policy says and would do. Raises InvalidTerms."""
    read = limits.parse(policy, book.pool.currency)
    return {
        "said": pool_forms.typed_of(policy),
        "lines": previews.of_policy(book, read),
        "uses": previews.uses(book, read),
    }


async def _stakes(session: AsyncSession, book: PoolBook) -> list[funding_tables.StakeRow]:
    names = await pools.names_of(session, [each.stake.funder_id for each in book.stakes])
    return [
        funding_tables.StakeRow(each, names[each.stake.funder_id], book.pool.currency)
        for each in book.stakes
    ]
