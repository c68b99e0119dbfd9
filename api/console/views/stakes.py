"""What one funder has in a pool: capital that comes, goes or stays; and its withdrawals."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import exports, funding_tables
from api.console import acts, drawing, forms, previews
from api.console.door import HOME, AtDesk, Desk
from api.console.files import AskedFile
from api.console.previews import Line
from api.console.words import Refusal
from api.deps import Session
from api.v1.funding import Capital, CapitalIn, NewWithdrawal, PaidOut
from kit import four_eyes
from kit.four_eyes import Proposal
from kit.money import Money
from servicing.funding import books, capital, holds, pools
from servicing.funding.books import PoolBook, StakeBook
from servicing.funding.models import WithdrawalOf

PAGE = f"{HOME}/funding"
router = APIRouter(prefix=PAGE, include_in_schema=False)
_Look = Callable[[AsyncSession], Awaitable[list[Line]]]


@router.get("/stakes/{stake_id}", name="list_pools")
async def show_stake(stake_id: UUID, desk: AtDesk, session: Session, file: AskedFile) -> Response:
    waiting = await capital.list_withdrawals(session, stake_id=stake_id, limit=exports.PAGE)
    answer = await file.of(funding_tables.WITHDRAWALS, exports.listed(waiting))
    return answer or await _page(stake_id, desk, session)


@router.post("/stakes/{stake_id}/in", name="pay_in_capital")
async def pay_in(stake_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, CapitalIn, amount=await _amount(desk, session, stake_id))
        return acts.outcome(
            await capital.pay_in(
                session, stake_id, amount=body.amount.money(), reference=body.reference,
                staff_id=desk.who.id, reason=body.reason, on=desk.today, now=desk.now,
            )
        )  # fmt: skip

    async def look(session: AsyncSession) -> list[Line]:
        book, _ = await _books(session, stake_id)
        amount = await _looked(desk, session, stake_id)
        return await previews.of_capital_in(
            session, book, amount, reference=desk.typed.get("reference", "").strip()
        )

    return await _do(stake_id, desk, act, look)


@router.post("/stakes/{stake_id}/reinvest", name="reinvest_return")
async def reinvest(stake_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, Capital, amount=await _amount(desk, session, stake_id))
        return acts.outcome(
            await capital.reinvest(
                session, stake_id, amount=body.amount.money(), staff_id=desk.who.id,
                reason=body.reason, on=desk.today, now=desk.now,
            )
        )  # fmt: skip

    async def look(session: AsyncSession) -> list[Line]:
        amount = await _looked(desk, session, stake_id)
        return previews.of_reinvested(*await _books(session, stake_id), amount)

    return await _do(stake_id, desk, act, look)


@router.post("/stakes/{stake_id}/withdrawal", name="agree_withdrawal")
async def agree_withdrawal(stake_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, NewWithdrawal, amount=await _amount(desk, session, stake_id))
        await capital.agree_withdrawal(
            session, stake_id, of=body.of, amount=body.amount.money(), due_on=body.due_on,
            staff_id=desk.who.id, now=desk.now,
        )  # fmt: skip
        return "kept_apart"

    async def look(session: AsyncSession) -> list[Line]:
        body = forms.read(desk, NewWithdrawal, amount=await _amount(desk, session, stake_id))
        return await previews.of_withdrawal(
            session, *await _books(session, stake_id), body.of, body.amount.money()
        )

    return await _do(stake_id, desk, act, look)


@router.get("/withdrawals/{withdrawal_id}", name="list_withdrawals")
async def show_withdrawal(withdrawal_id: UUID, desk: AtDesk, session: Session) -> Response:
    return await _withdrawal(withdrawal_id, desk, session)


@router.post("/withdrawals/{withdrawal_id}/out", name="pay_withdrawal")
async def pay_out(withdrawal_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, PaidOut)
        return acts.outcome(
            await capital.pay_out(
                session, withdrawal_id, reference=body.reference, staff_id=desk.who.id,
                reason=body.reason, on=desk.today, now=desk.now,
            )
        )  # fmt: skip

    return await _do_withdrawal(withdrawal_id, desk, act)


@router.post("/withdrawals/{withdrawal_id}/cancel", name="cancel_withdrawal")
async def cancel_withdrawal(withdrawal_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        await capital.cancel_withdrawal(session, withdrawal_id, actor=desk.who.actor, now=desk.now)
        return "given_up"

    return await _do_withdrawal(withdrawal_id, desk, act)


async def _do(stake_id: UUID, desk: Desk, act: acts.Act, look: _Look) -> Response:
    async def again(session: AsyncSession, status: int, refusal: Refusal) -> Response:
        return await _page(stake_id, desk, session, status=status, refusal=refusal)

    async def show(session: AsyncSession) -> Response:
        return await _page(stake_id, desk, session, looked=await look(session))

    if acts.only_looks(desk):
        return await acts.look(desk, show, again=again)
    return await acts.carry_out(desk, act, then=f"{PAGE}/stakes/{stake_id}", again=again)


async def _do_withdrawal(withdrawal_id: UUID, desk: Desk, act: acts.Act) -> Response:
    async def again(session: AsyncSession, status: int, refusal: Refusal) -> Response:
        return await _withdrawal(withdrawal_id, desk, session, status=status, refusal=refusal)

    then = f"{PAGE}/withdrawals/{withdrawal_id}"
    return await acts.carry_out(desk, act, then=then, again=again)


async def _amount(desk: Desk, session: AsyncSession, stake_id: UUID) -> dict[str, str]:
    _, pool = await pools.get_stake(session, stake_id)
    return forms.amount_of(desk, pool.currency)


async def _looked(desk: Desk, session: AsyncSession, stake_id: UUID) -> Money:
    """What was typed so far: reason and reference may come later."""
    return forms.read_amount(await _amount(desk, session, stake_id))


async def _books(session: AsyncSession, stake_id: UUID) -> tuple[PoolBook, StakeBook]:
    stake, pool = await pools.get_stake(session, stake_id)
    book = await books.of_pool(session, pool)
    return book, next(each for each in book.stakes if each.stake.id == stake.id)


async def _page(
    stake_id: UUID,
    desk: Desk,
    session: AsyncSession,
    *,
    looked: list[Line] | None = None,
    **answer: Any,
) -> Response:
    """`looked`: what the form that was sent would do."""
    book, mine = await _books(session, stake_id)
    proposals = await four_eyes.list_open(session, subject=mine.stake.subject)
    waiting = await capital.list_withdrawals(session, stake_id=stake_id, limit=exports.PAGE)
    parts = ("capital", "at_work", "on_the_way", "withdrawing", "free", "payable")
    return drawing.page(
        desk,
        "stake.html",
        pool=book.pool,
        stake=mine.stake,
        funder=(await pools.names_of(session, [mine.stake.funder_id]))[mine.stake.funder_id],
        money={name: Money(getattr(mine, name), book.pool.currency) for name in parts},
        held=len(await holds.list_held(session, limit=drawing.PAGE_SIZE)),
        kinds=list(WithdrawalOf),
        looked=looked,
        proposals=proposals,
        effects={each.id: await _effect(session, book, mine, each) for each in proposals},
        withdrawals=drawing.table(desk, funding_tables.WITHDRAWALS, waiting),
        names=await desk.names(session),
        **{"refusal": None, **answer},
    )


async def _effect(
    session: AsyncSession, book: PoolBook, mine: StakeBook, proposal: Proposal
) -> list[Line]:
    amount = Money.parse(proposal.facts["amount"].partition(" ")[0], book.pool.currency)
    if proposal.act == "capital.reinvest":
        return previews.of_reinvested(book, mine, amount)
    try:
        return await previews.of_capital_in(
            session, book, amount, reference=proposal.facts["reference"]
        )
    except (capital.CapitalReferenceUsed, capital.CapitalAmountDiffers):
        return []  # It cannot be confirmed any more.


async def _withdrawal(
    withdrawal_id: UUID, desk: Desk, session: AsyncSession, **answer: Any
) -> Response:
    row = await capital.get_withdrawal(session, withdrawal_id)
    book, mine = await _books(session, row.stake_id)
    is_over = row.paid_on is not None or row.canceled_at is not None
    return drawing.page(
        desk,
        "withdrawal.html",
        row=row,
        pool=book.pool,
        stake=mine.stake,
        funder=(await pools.names_of(session, [mine.stake.funder_id]))[mine.stake.funder_id],
        is_over=is_over,
        effect=[] if is_over else await previews.of_paid_out(session, book, mine, row),
        proposals=await four_eyes.list_open(session, subject=row.subject),
        names=await desk.names(session),
        **{"refusal": None, **answer},
    )
