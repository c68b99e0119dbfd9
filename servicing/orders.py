"""Asking a rail to move money, so that a repeat, a crash or silence never moves it twice.

An order is written before the call and sent under its own reference. Whoever comes back to an order
that may have been sent asks about it first; it is sent again, under the same reference, only when
the rail says that it never came.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, jobs
from kit.clock import business_date
from kit.config import Settings
from kit.crypto import person_key, vault_of
from kit.db import lock_row, unit_of_work
from kit.state import Machine
from servicing import contradictions, order_statements, queries, transfers
from servicing.ledger import pending
from servicing.ledger.chart import cash_of
from servicing.ledger.rules import RULES, Event
from servicing.models import Loan, PaymentRequest, Payout
from servicing.rails.base import (
    Ack,
    AckStatus,
    Direction,
    Instruction,
    Outcome,
    OutcomeStatus,
    Rail,
    Rails,
)
from servicing.states import ASKABLE, FINAL, NOT_SENT, OrderEvent, OrderStatus
from servicing.treasury import held
from servicing.treasury.models import Order as Order
from servicing.treasury.models import Refund

Told = Callable[..., Awaitable[None]]
Asked = Callable[..., Awaitable[bool]]

# After so many answers of "I do not know" a person looks: more than half a day of asking.
TRIES_MAX = 20
_SOON = 5
_ASK_SECONDS, _ASK_SECONDS_MAX = 30, 3600
_MAYBE_SENT = (OrderStatus.SUBMITTING, OrderStatus.UNKNOWN)


class Payees:
    """Whose account an order speaks of. This room knows no names; whoever does is put here."""

    async def name_of(self, session: AsyncSession, loan: Loan, *, now: datetime) -> str:
        return ""

    async def facts_of(
        self, session: AsyncSession, loan: Loan, *, now: datetime
    ) -> Mapping[str, str]:
        """What the loan is for: pools accept and limit by it (`funding.limits.FACTS`)."""
        return {}


@dataclass(frozen=True)
class Orders:
    """One kind of order: where it is kept, and what its end means for the loan."""

    model: type[Payout] | type[PaymentRequest] | type[Refund]
    machine: Machine[OrderStatus, OrderEvent]
    direction: Direction
    job: str
    settled: Told
    """`(session, loan, order, *, ordered_on, on, now)`, in the transaction that settles it."""
    failed: Told
    """`(session, loan, order, *, on, now)`."""
    holds: Event | None = None
    """What is on its way in the ledger, from the first call until its end; None for money in."""
    returned: Asked | None = None
    """The same for money that had arrived and came back: whether that could be undone."""
    admits: Asked | None = None
    """`(session, loan, order, facts, *, now)`: whether it may leave now, or again."""


@dataclass(frozen=True)
class _Begun:
    rail: Rail
    instruction: Instruction
    may_be_known: bool
    """The rail may have heard of it: ask before sending."""
    may_be_sent: bool
    """The rail has not confirmed that it has it."""
    is_granted: bool
    """It may leave as far as we are concerned: its money is promised to it."""


async def carry_out(context: jobs.Context, kind: Orders, order_id: UUID) -> None:
    """Send the order, or find out what became of it. Safe to run again at any point."""
    begun = await _begin(context, kind, order_id)
    if begun is None:
        return
    rail = begun.rail
    if begun.may_be_known:
        outcome = await rail.query(begun.instruction)
        never_came = outcome.status is OutcomeStatus.NOT_FOUND
        if not (never_came and begun.may_be_sent and rail.caps.honours_keys):
            await _learn(context, kind, order_id, outcome)
            return
        if not begun.is_granted:
            await _stay(context, kind, order_id)
            return
    ack = await rail.submit(begun.instruction)
    if begun.may_be_known and ack.status is AckStatus.NOT_SENT:
        ack = Ack(AckStatus.UNKNOWN)  # That was said of this try: one before may have come.
    await _acknowledge(context, kind, order_id, ack)


async def apply(
    session: AsyncSession,
    kind: Orders,
    order_id: UUID,
    outcome: Outcome,
    *,
    on: date,
    zone: str,
    now: datetime,
) -> None:
    """Take over what the rail says about an order. A final state absorbs repeats.

    `on` is today in `zone`; money counts from the day on which the rail moved it.
    """
    loan, order = await locked(session, kind, order_id)
    if order.status in ASKABLE and not order.tries:  # Presumed sent, and its rail has it, or may.
        order.tries = 1
        await promise(session, kind, loan, order, now=now)
    if outcome.status in (OutcomeStatus.SETTLED, OutcomeStatus.RETURNED) and (
        outcome.amount != order.amount
    ):
        await doubt(session, kind, order, outcome, "amount_differs", now=now)
    elif order.status in NOT_SENT:
        await doubt(session, kind, order, outcome, "never_sent", now=now)
    elif order.status in FINAL:
        await _hear_again(session, kind, loan, order, outcome, on=on, now=now)
    elif await _stands_elsewhere(session, kind, order, outcome):
        await doubt(session, kind, order, outcome, "stands_elsewhere", now=now)
    elif outcome.status is OutcomeStatus.SETTLED:
        await _arrived(session, kind, loan, order, outcome, on=on, zone=zone, now=now)
    elif outcome.status in (OutcomeStatus.FAILED, OutcomeStatus.RETURNED):
        await _failed(session, kind, loan, order, outcome, on=on, now=now)
    else:
        await _still_open(session, kind, order, outcome, now=now)


async def doubt(
    session: AsyncSession, kind: Orders, order: Order, outcome: Outcome, why: str, *, now: datetime
) -> None:
    """What the rail says does not fit: nothing is posted, nothing more is sent, a person looks."""
    await contradictions.report(session, kind.machine, order, outcome, why, now=now)
    was_tried = order.status in NOT_SENT and order.tries > 0
    if was_tried or order.status in ASKABLE:
        _move(session, kind, order, OrderEvent.GIVE_UP, now=now)


async def _stands_elsewhere(
    session: AsyncSession, kind: Orders, order: Order, outcome: Outcome
) -> bool:
    """Whether staff have entered the money that came in, by hand or for another request."""
    is_money_in = kind.direction is Direction.COLLECT and outcome.status is OutcomeStatus.SETTLED
    if not is_money_in or not outcome.rail_id:
        return False
    return await transfers.find_besides(session, order, outcome.rail_id) is not None


async def _arrived(
    session: AsyncSession, kind: Orders, loan: Loan, order: Order, outcome: Outcome, *, on: date,
    zone: str, now: datetime,
) -> None:  # fmt: skip
    _note(order, outcome)
    order.settled_at = outcome.settled_at or now
    _move(session, kind, order, OrderEvent.SETTLE, now=now)
    ordered_on = business_date(order.created_at, zone)
    moved_on = outcome.moved_on(today=on, not_before=ordered_on, zone=zone)
    await kind.settled(session, loan, order, ordered_on=ordered_on, on=moved_on, now=now)
    if kind.holds is not None:
        await pending.resolve(session, _entry(kind, order), now=now)


async def _failed(
    session: AsyncSession, kind: Orders, loan: Loan, order: Order, outcome: Outcome, *, on: date,
    now: datetime,
) -> None:  # fmt: skip
    _note(order, outcome)
    _move(session, kind, order, OrderEvent.FAIL, now=now, code=outcome.failure_code)
    await kind.failed(session, loan, order, on=on, now=now)
    if kind.holds is not None:
        await pending.resolve(session, _entry(kind, order), now=now)


async def take_due(session: AsyncSession, kind: Orders, *, now: datetime) -> list[UUID]:
    """Orders under way, or held back, whose time to ask or to try again has come.

    Whoever begins says when to ask next. One that cannot even begin is taken ever more seldom.
    """
    moments = {"now": now, "begun_by": now - _pause(1)}
    due: list[Order] = list(await session.scalars(order_statements.due(kind.model), moments))
    for order in due:
        order.ask_at = now + min(now - order.created_at, timedelta(seconds=_ASK_SECONDS_MAX))
    return [order.id for order in due]


async def find(session: AsyncSession, kind: Orders, client_ref: str) -> Order | None:
    found: Order | None = await session.scalar(
        order_statements.named(kind.model), {"client_ref": client_ref}
    )
    return found


async def _begin(context: jobs.Context, kind: Orders, order_id: UUID) -> _Begun | None:
    """Commit the intention to call; None when there is nothing to call about."""
    now, rails = context.clock.now(), context.service(Rails)
    async with unit_of_work(context.sessions) as session:
        loan, order = await locked(session, kind, order_id)
        if order.status in (*FINAL, OrderStatus.NEEDS_REVIEW):
            return None
        before = order.status
        # What was sent before rails were written down went by the wallet.
        order.rail = order.rail or ("wallet" if order.tries else rails.main.name)
        if before in NOT_SENT and kind.admits is not None:
            facts = await context.service(Payees).facts_of(session, loan, now=now)
            if not await kind.admits(session, loan, order, facts, now=now):
                return None
        if before in NOT_SENT:
            await promise(session, kind, loan, order, now=now)
        is_granted = before in NOT_SENT or order.tries > 0
        order.tries += is_granted
        order.ask_at = now + _pause(max(order.tries, 1))
        if before is not OrderStatus.PENDING:
            order.submitted_at = order.submitted_at or now
            _move(session, kind, order, OrderEvent.SUBMIT, now=now)
        key = await person_key(session, vault_of(session), loan.borrower_id, now=now)
        instruction = Instruction(
            client_ref=order.client_ref,
            direction=kind.direction,
            account=key.open_text(order.account_place, order.account),
            amount=order.amount,
            description=f"Loan {loan.reference}",
            payee=await context.service(Payees).name_of(session, loan, now=now),
            rail_id=order.rail_id,
            ordered_at=order.created_at,
        )
        return _Begun(
            rails.get(order.rail),
            instruction,
            may_be_known=before not in NOT_SENT,
            may_be_sent=before is not OrderStatus.PENDING,
            is_granted=is_granted,
        )


async def promise(
    session: AsyncSession, kind: Orders, loan: Loan, order: Order, *, now: datetime
) -> None:
    """Money out is about to leave, or may have: nobody else gets it. Promised once."""
    if kind.holds is not None:
        await pending.hold(
            session, kind.holds, order.amount, reference=_entry(kind, order), now=now,
            loan_id=loan.id, cash=cash_of(order.rail),
        )  # fmt: skip


async def _acknowledge(context: jobs.Context, kind: Orders, order_id: UUID, ack: Ack) -> None:
    if ack.status is AckStatus.REJECTED:
        failure = Outcome(OutcomeStatus.FAILED, failure_code=ack.code)
        await _learn(context, kind, order_id, failure)
        return
    now = context.clock.now()
    async with unit_of_work(context.sessions) as session:
        _, order = await locked(session, kind, order_id)
        # A callback may have been faster than the answer: what it said stays.
        if order.status in _MAYBE_SENT:
            if ack.status is AckStatus.NOT_SENT:
                _move(session, kind, order, OrderEvent.HOLD_BACK, now=now, code=ack.code)
            elif ack.status is AckStatus.ACCEPTED:
                order.rail_id = ack.rail_id
                _move(session, kind, order, OrderEvent.ACCEPT, now=now)
            elif order.status is OrderStatus.SUBMITTING:
                _move(session, kind, order, OrderEvent.LOSE, now=now)
        tries = order.tries
        is_open = order.status in (OrderStatus.CREATED, OrderStatus.UNKNOWN)
    if is_open:
        _ask_again_soon(tries)


async def _learn(context: jobs.Context, kind: Orders, order_id: UUID, outcome: Outcome) -> None:
    now = context.clock.now()
    zone = context.service(Settings).timezone
    on = business_date(now, zone)
    async with unit_of_work(context.sessions) as session:
        await apply(session, kind, order_id, outcome, on=on, zone=zone, now=now)
        _, order = await locked(session, kind, order_id)
        is_unknown, tries = order.status in _MAYBE_SENT, order.tries
    if is_unknown:
        _ask_again_soon(tries)


async def _stay(context: jobs.Context, kind: Orders, order_id: UUID) -> None:
    """It was presumed sent and never left. Its turn comes after others of the same backup have
    been asked about: what did leave is on its way by then, and cannot be promised to it."""
    now = context.clock.now()
    async with unit_of_work(context.sessions) as session:
        _, order = await locked(session, kind, order_id)
        if order.status in _MAYBE_SENT and not order.tries:
            order.submitted_at, order.ask_at = None, now + _pause(1)
            _move(session, kind, order, OrderEvent.HOLD_BACK, now=now, why="never_left")


def _ask_again_soon(tries: int) -> None:
    """A few quick tries; then the sweeper comes back, with longer and longer pauses."""
    if tries < _SOON:
        raise jobs.Later(seconds=0.25 * 2**tries)


async def _still_open(
    session: AsyncSession, kind: Orders, order: Order, outcome: Outcome, *, now: datetime
) -> None:
    if outcome.status is OutcomeStatus.PENDING:
        _note(order, outcome)
        if order.status in _MAYBE_SENT:
            _move(session, kind, order, OrderEvent.ACCEPT, now=now)
        return
    if order.status is OrderStatus.SUBMITTING:
        _move(session, kind, order, OrderEvent.LOSE, now=now)
    denied = outcome.status is OutcomeStatus.NOT_FOUND
    if order.status in ASKABLE and (denied or order.tries >= TRIES_MAX):
        # It denies what it took, or its keys cannot be trusted, or it stays silent.
        _move(session, kind, order, OrderEvent.GIVE_UP, now=now)
        why = "denied_by_rail" if denied else "no_answer"
        await contradictions.report(session, kind.machine, order, outcome, why, now=now)


async def locked(session: AsyncSession, kind: Orders, order_id: UUID) -> tuple[Loan, Order]:
    """The loan's lock first, always: whoever changes an order changes its loan."""
    loan_id = await session.scalar(order_statements.loan_of(kind.model), {"order_id": order_id})
    assert loan_id is not None, f"no {kind.machine.name} {order_id}"
    loan = await queries.get_loan(session, loan_id, lock=True)
    order = await lock_row(session, kind.model, order_id)
    assert order is not None
    return loan, order


async def _hear_again(
    session: AsyncSession, kind: Orders, loan: Loan, order: Order, outcome: Outcome, *, on: date,
    now: datetime,
) -> None:  # fmt: skip
    """Repeats change nothing. Money that had arrived may still come back; where it counts as the
    borrower's, the books have it."""
    is_told_back = outcome.status is OutcomeStatus.RETURNED
    if is_told_back and order.status is OrderStatus.RETURNED:
        # Money in that was put right since, and is away after all: else this changes nothing.
        if kind.direction is Direction.COLLECT and kind.returned:
            await kind.returned(session, loan, order, on=on, now=now)
        return
    is_back = is_told_back and order.status is OrderStatus.SETTLED
    if is_back and await held.is_counted(session, order.client_ref):
        return
    if is_back and kind.returned and await kind.returned(session, loan, order, on=on, now=now):
        _note(order, outcome)
        _move(session, kind, order, OrderEvent.RETURN, now=now, code=outcome.failure_code)
    elif (why := contradictions.found(order, outcome)) is not None:
        await contradictions.report(session, kind.machine, order, outcome, why, now=now)


def _entry(kind: Orders, order: Order) -> str:
    """The reference of the entry that says that the money arrived."""
    assert kind.holds is not None, f"a {kind.machine.name} is on no account before it arrives"
    return f"{RULES[kind.holds].kind}:{order.id}"


def _note(order: Order, outcome: Outcome) -> None:
    order.rail_id = outcome.rail_id or order.rail_id
    order.failure_code = outcome.failure_code or order.failure_code


def _move(
    session: AsyncSession, kind: Orders, order: Order, event: OrderEvent, *, now: datetime,
    **facts: str | None,
) -> None:  # fmt: skip
    audit.move(session, kind.machine, order, event, actor=audit.SYSTEM, now=now, **facts)
    if order.status in (*FINAL, OrderStatus.NEEDS_REVIEW):
        order.ask_at = None


def _pause(tries: int) -> timedelta:
    return timedelta(seconds=min(_ASK_SECONDS * 2 ** (tries - 1), _ASK_SECONDS_MAX))
