"""Money that fits no running loan: whose it is, or how it was given back."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import resolved
from api.console import acts, drawing, forms
from api.console.door import HOME, AtDesk, Desk
from api.console.files import AskedFile
from api.console.forms import Flag, Key
from api.console.words import Refusal
from api.deps import Session
from api.v1.proposals import Reasoned
from api.v1.treasury import Owner, OwnMoney, Refund
from kit import four_eyes
from kit.four_eyes import Proposal
from servicing import lookups, queries, refunds, suspense
from servicing.queries import LoanNotFound
from servicing.treasury import losses, owners

router = APIRouter(prefix=f"{HOME}/suspense", include_in_schema=False)


@router.get("", name="list_suspense")
async def show_suspense(
    desk: AtDesk, session: Session, file: AskedFile, is_over: Flag = None, after: Key = None
) -> Response:
    lists = resolved.SUSPENSE
    table = lists.table(is_over=is_over)
    if (answer := await file.of(table, lists.every(is_over=is_over))) is not None:
        return answer
    rows = await lists.page(session, is_over=is_over, after=after, limit=drawing.PAGE_SIZE)
    items = drawing.table(desk, table, rows, after=drawing.last_key(rows))
    return drawing.page(desk, "suspense.html", items=items, is_over=is_over)


@router.get("/{item_id}", name="list_suspense")
async def show_item(item_id: UUID, desk: AtDesk, session: Session) -> Response:
    return await _page(item_id, desk, session)


@router.post("/{item_id}/assign", name="assign_suspense")
async def assign_item(item_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        if (reference := desk.typed.get("loan")) is not None:
            loan = await queries.find_by_reference(session, reference)
            if loan is None:
                raise LoanNotFound(reference=reference)
            desk.typed["loan_id"] = str(loan.id)
        body = forms.read(desk, Owner)
        return acts.outcome(
            await suspense.assign(
                session, item_id, loan_id=body.loan_id, staff_id=desk.who.id, reason=body.reason,
                on=desk.today, now=desk.now,
            )
        )  # fmt: skip

    return await _do(item_id, desk, act)


@router.post("/{item_id}/refund", name="refund_suspense")
async def refund_item(item_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, Refund)
        return acts.outcome(
            await suspense.refund(
                session, item_id, reference=body.reference, staff_id=desk.who.id,
                reason=body.reason, on=desk.today, now=desk.now,
            )
        )  # fmt: skip

    return await _do(item_id, desk, act)


@router.post("/{item_id}/own", name="own_suspense")
async def own_item(item_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, OwnMoney)
        return acts.outcome(
            await suspense.own(
                session, item_id, of=body.of, staff_id=desk.who.id, reason=body.reason,
                on=desk.today, now=desk.now,
            )
        )  # fmt: skip

    return await _do(item_id, desk, act)


@router.post("/{item_id}/refund-by-rail", name="send_suspense_back")
async def send_item_back(item_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, Reasoned)
        return acts.outcome(
            await refunds.order(
                session, desk.wiring.vault, item_id, staff_id=desk.who.id, reason=body.reason,
                now=desk.now,
            )
        )  # fmt: skip

    return await _do(item_id, desk, act)


@router.post("/{item_id}/write-off", name="write_suspense_off")
async def write_item_off(item_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, Reasoned)
        return acts.outcome(
            await losses.write_off_item(
                session, item_id, staff_id=desk.who.id, reason=body.reason, on=desk.today,
                now=desk.now,
            )
        )  # fmt: skip

    return await _do(item_id, desk, act)


async def _do(item_id: UUID, desk: Desk, act: acts.Act) -> Response:
    async def again(session: AsyncSession, status: int, refusal: Refusal) -> Response:
        return await _page(item_id, desk, session, status=status, refusal=refusal)

    return await acts.carry_out(desk, act, then=f"{HOME}/suspense/{item_id}", again=again)


async def _page(item_id: UUID, desk: Desk, session: AsyncSession, **answer: Any) -> Response:
    item = await lookups.get_suspense_item(session, item_id)
    proposals = await four_eyes.list_open(session, subject=f"suspense:{item.id}")
    return drawing.page(
        desk,
        "suspense_item.html",
        item=item,
        loan=await queries.get_loan(session, item.loan_id) if item.loan_id else None,
        owners=[] if item.resolved_at else await owners.propose(session, item, on=desk.today),
        may_be_lost=losses.may_have_left_twice(item),
        is_lost=await losses.is_written_off(session, f"suspense:{item.id}"),
        proposals=proposals,
        names=await desk.names(session) | await _loans_in(session, proposals),
        **{"refusal": None, **answer},
    )


async def _loans_in(session: AsyncSession, proposals: Sequence[Proposal]) -> dict[str, str]:
    """The references of the loans that they name by id."""
    ids = [UUID(each.facts["loan"]) for each in proposals if each.act == "suspense.assign"]
    loans = [await queries.get_loan(session, loan_id) for loan_id in ids]
    return {str(loan.id): loan.reference for loan in loans}
