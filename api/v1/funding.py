"""Funders, the pools they give capital to, and capital that comes in and goes out."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response, status
from pydantic import Field, StringConstraints

from api import exports, funding_tables, once
from api.deps import Now, Session, Staff, Today, permitted
from api.exports import FILES, Export
from api.schemas import Amount, MoneyShown, Page, PageSize, Record, Shown, Strict, Word
from api.v1.liquidity import Currency, Rail
from api.v1.proposals import ProposalShown, Reasoned
from kit.four_eyes import Proposal
from servicing.funding import books, capital, pools
from servicing.funding.books import PoolBook, StakeBook
from servicing.funding.models import Funder, StakeKind, Withdrawal, WithdrawalOf

router = APIRouter(prefix="/v1/funding", tags=["funding"], dependencies=[Depends(permitted)])


class FunderShown(Record):
    name: str
    created_at: datetime


class NewFunder(Strict):
    name: Word


class NewPool(Strict):
    code: Annotated[str, StringConstraints(pattern="^[a-z0-9-]{2,40}$")]
    currency: Currency
    rail: Rail = Field(description="Where its cash is.")


class PoolPolicy(Reasoned):
    policy: dict[str, Any] = Field(
        description="`rank`, `floor`, `accepts` and `limits`: see docs/funding.md."
    )


class NewStake(Reasoned):
    funder_id: Annotated[UUID, Field(strict=False)]
    terms: Annotated[StakeKind, Field(strict=False)]
    rate_ppm: int = Field(
        ge=0, le=1_000_000, description="Of the interest collected, or a year if it is fixed."
    )
    loss_order: Annotated[int, Field(ge=1, le=100)] = 1


class StakeShown(Shown):
    id: UUID
    funder_id: UUID
    terms: StakeKind
    rate_ppm: int
    loss_order: int
    capital: MoneyShown
    at_work: MoneyShown
    on_the_way: MoneyShown
    withdrawing: MoneyShown
    free: MoneyShown
    payable: MoneyShown

    @classmethod
    def of(cls, book: StakeBook, currency: str) -> "StakeShown":
        stake = book.stake
        return cls(
            id=stake.id,
            funder_id=stake.funder_id,
            terms=stake.kind,
            rate_ppm=stake.rate_ppm,
            loss_order=stake.loss_order,
            **{
                name: MoneyShown.of_minor(getattr(book, name), currency)
                for name in ("capital", "at_work", "on_the_way", "withdrawing", "free", "payable")
            },
        )


class PoolShown(Record):
    code: str
    currency: str
    rail: str
    policy: dict[str, Any]
    opened_at: datetime | None
    capital: MoneyShown
    at_work: MoneyShown
    on_the_way: MoneyShown
    free: MoneyShown
    stakes: list[StakeShown]

    @classmethod
    def of(cls, book: PoolBook) -> "PoolShown":
        pool = book.pool
        return cls(
            id=pool.id,
            code=pool.code,
            currency=pool.currency,
            rail=pool.rail,
            policy=pool.policy,
            opened_at=pool.opened_at,
            stakes=[StakeShown.of(each, pool.currency) for each in book.stakes],
            **{
                name: MoneyShown.of_minor(getattr(book, name), pool.currency)
                for name in ("capital", "at_work", "on_the_way", "free")
            },
        )


class Capital(Reasoned):
    amount: Amount


class CapitalIn(Capital):
    reference: Word = Field(description="Of the payment outside by which it came.")


class NewWithdrawal(Strict):
    of: Annotated[WithdrawalOf, Field(strict=False)]
    amount: Amount
    due_on: Annotated[date, Field(strict=False)]


class PaidOut(Reasoned):
    reference: Word = Field(description="Of the payment outside by which it went.")


class WithdrawalShown(Record):
    stake_id: UUID
    of: WithdrawalOf
    amount: MoneyShown
    due_on: date
    paid_on: date | None
    canceled_at: datetime | None


@router.get("/funders", response_model=Page[FunderShown])
async def list_funders(
    session: Session, after: UUID | None = None, limit: PageSize = 50
) -> Page[FunderShown]:
    """The longest known first."""
    rows = await pools.list_funders(session, after=after, limit=limit)
    return Page.of([FunderShown.model_validate(row) for row in rows], limit)


@router.post("/funders", response_model=FunderShown, status_code=status.HTTP_201_CREATED)
async def create_funder(body: NewFunder, session: Session, who: Staff, now: Now) -> Funder:
    return await pools.register_funder(session, name=body.name, actor=who.actor, now=now)


@router.get("/pools", response_model=list[PoolShown], responses=FILES)
async def list_pools(session: Session, export: Export) -> list[PoolShown] | Response:
    """What each has, and what it would lend by which policy."""
    found = [await books.of_pool(session, pool) for pool in await pools.list_pools(session)]
    if (file := await export.of(funding_tables.POOLS, exports.listed(found))) is not None:
        return file
    return [PoolShown.of(book) for book in found]


@router.post("/pools", response_model=PoolShown, status_code=status.HTTP_201_CREATED)
async def create_pool(body: NewPool, session: Session, who: Staff, now: Now) -> PoolShown:
    """Nothing needs it, and it lends nothing, until two people agree to its policy."""
    pool = await pools.create_pool(
        session, code=body.code, currency=body.currency, rail=body.rail, actor=who.actor, now=now
    )
    return PoolShown.of(await books.of_pool(session, pool))


@router.put("/pools/{pool_id}/policy", response_model=ProposalShown)
async def set_pool_policy(
    pool_id: UUID, body: PoolPolicy, session: Session, who: Staff, now: Now
) -> Proposal:
    """Which loans it takes and how much of what. A second person says the same. The first policy
    opens the pool: from then on every loan in its currency needs one that takes it."""
    return await pools.set_policy(
        session, pool_id, policy=body.policy, staff_id=who.id, reason=body.reason, now=now
    )


@router.post("/pools/{pool_id}/stakes", response_model=ProposalShown)
async def add_stake(
    pool_id: UUID,
    body: NewStake,
    session: Session,
    who: Staff,
    now: Now,
    idempotency_key: once.Key,
) -> Response:
    """On which terms a funder takes part. A second person says the same, with a key of his own."""

    async def add() -> ProposalShown:
        proposal = await pools.add_stake(
            session, pool_id, funder_id=body.funder_id, terms=body.terms, rate_ppm=body.rate_ppm,
            loss_order=body.loss_order, staff_id=who.id, reason=body.reason, now=now,
        )  # fmt: skip
        return ProposalShown.model_validate(proposal)

    return await once.done(
        session, add, scope=f"stakes:{pool_id}:{who.id}", key=idempotency_key, body=body, now=now
    )


@router.post("/stakes/{stake_id}/capital", response_model=ProposalShown)
async def pay_in_capital(
    stake_id: UUID, body: CapitalIn, session: Session, who: Staff, now: Now, today: Today
) -> Proposal:
    """The funder's money has arrived. A second person says the same; then waiting payouts go."""
    return await capital.pay_in(
        session, stake_id, amount=body.amount.money(), reference=body.reference,
        staff_id=who.id, reason=body.reason, on=today, now=now,
    )  # fmt: skip


@router.post("/stakes/{stake_id}/reinvest", response_model=ProposalShown)
async def reinvest_return(
    stake_id: UUID,
    body: Capital,
    session: Session,
    who: Staff,
    now: Now,
    today: Today,
    idempotency_key: once.Key,
) -> Response:
    """What was earned becomes capital. A second person says the same, with a key of his own."""

    async def reinvest() -> ProposalShown:
        proposal = await capital.reinvest(
            session, stake_id, amount=body.amount.money(), staff_id=who.id, reason=body.reason,
            on=today, now=now,
        )  # fmt: skip
        return ProposalShown.model_validate(proposal)

    scope = f"reinvest:{stake_id}:{who.id}"
    return await once.done(session, reinvest, scope=scope, key=idempotency_key, body=body, now=now)


@router.get("/withdrawals", response_model=Page[WithdrawalShown])
async def list_withdrawals(
    session: Session, after: UUID | None = None, limit: PageSize = 50
) -> Page[WithdrawalShown]:
    """Agreed and not paid yet."""
    rows = await capital.list_withdrawals(session, after=after, limit=limit)
    return Page.of([_withdrawal(row) for row in rows], limit)


@router.post(
    "/stakes/{stake_id}/withdrawals",
    response_model=WithdrawalShown,
    status_code=status.HTTP_201_CREATED,
)
async def agree_withdrawal(
    stake_id: UUID,
    body: NewWithdrawal,
    session: Session,
    who: Staff,
    now: Now,
    idempotency_key: once.Key,
) -> Response:
    """Keep it for the funder: it is not lent any more."""

    async def agree() -> WithdrawalShown:
        row = await capital.agree_withdrawal(
            session, stake_id, of=body.of, amount=body.amount.money(), due_on=body.due_on,
            staff_id=who.id, now=now,
        )  # fmt: skip
        return _withdrawal(row)

    scope = f"withdrawals:{stake_id}:{who.id}"
    return await once.created(session, agree, scope=scope, key=idempotency_key, body=body, now=now)


@router.post("/withdrawals/{withdrawal_id}/pay", response_model=ProposalShown)
async def pay_withdrawal(
    withdrawal_id: UUID, body: PaidOut, session: Session, who: Staff, now: Now, today: Today
) -> Proposal:
    """It was paid outside. A second person says the same."""
    return await capital.pay_out(
        session, withdrawal_id, reference=body.reference, staff_id=who.id, reason=body.reason,
        on=today, now=now,
    )  # fmt: skip


@router.post("/withdrawals/{withdrawal_id}/cancel", response_model=WithdrawalShown)
async def cancel_withdrawal(
    withdrawal_id: UUID, session: Session, who: Staff, now: Now
) -> WithdrawalShown:
    row = await capital.cancel_withdrawal(session, withdrawal_id, actor=who.actor, now=now)
    return _withdrawal(row)


def _withdrawal(row: Withdrawal) -> WithdrawalShown:
    return WithdrawalShown(
        id=row.id,
        stake_id=row.stake_id,
        of=row.of,
        amount=MoneyShown.of(row.amount),
        due_on=row.due_on,
        paid_on=row.paid_on,
        canceled_at=row.canceled_at,
    )
