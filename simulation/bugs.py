"""Defects that can be switched on by name, to see that the simulation finds them.

They live here alone: each puts something wrong in the place of a function of the product, for as
long as one world lasts. What each does, and what finds it, stands in docs/simulation.md.
"""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

from kit import jobs
from kit.money import Money
from servicing import (
    late_fees,
    living,
    messages,
    orders,
    queries,
    rail_events,
    rail_files,
    reconciliation,
    repayments,
    suspense,
    tasks,
)
from servicing.closing import parts
from servicing.events import Type
from servicing.happenings import Happening
from servicing.ledger import bulk, posting
from servicing.ledger.rules import Event
from servicing.models import Repayment
from servicing.rails import base
from servicing.rails.base import AckStatus, Direction, OutcomeStatus
from servicing.states import LoanStatus, OrderStatus
from simulation import bugs_of_hands
from simulation.bugs_of_hands import Patch

BUGS: dict[str, Callable[[], list[Patch]]] = {each.__name__: each for each in bugs_of_hands.ALL}


@contextmanager
def planted(name: str | None) -> Iterator[None]:
    with ExitStack() as stack:
        for where, attribute, wrong in BUGS[name]() if name else []:
            stack.enter_context(patch.object(where, attribute, wrong))
        yield


def _bug(make: Callable[[], list[Patch]]) -> Callable[[], list[Patch]]:
    BUGS[make.__name__] = make
    return make


@_bug
def drop_idempotency_key() -> list[Patch]:
    """Each try goes to the rail under a reference of its own."""
    begin = orders._begin

    async def wrong(context: Any, kind: Any, order_id: Any) -> Any:
        begun = await begin(context, kind, order_id)
        if begun is None:
            return None
        ref = f"{begun.instruction.client_ref}:{context.clock.now():%d%H%M}"
        asked = dataclasses.replace(begun.instruction, client_ref=ref)
        return dataclasses.replace(begun, instruction=asked)

    return [(orders, "_begin", wrong)]


@_bug
def resend_after_timeout() -> list[Patch]:
    """Whatever may have been sent is sent again, without asking."""
    begin = orders._begin

    async def wrong(context: Any, kind: Any, order_id: Any) -> Any:
        begun = await begin(context, kind, order_id)
        return begun and dataclasses.replace(begun, may_be_known=False)

    return [(orders, "_begin", wrong)]


@_bug
def unknown_is_failed() -> list[Patch]:
    """No answer is taken for a no."""
    acknowledge = orders._acknowledge

    async def wrong(context: Any, kind: Any, order_id: Any, ack: Any, *more: Any) -> None:
        if ack.status is AckStatus.UNKNOWN:
            ack = dataclasses.replace(ack, status=AckStatus.REJECTED, code="timeout")
        await acknowledge(context, kind, order_id, ack, *more)

    return [(orders, "_acknowledge", wrong)]


@_bug
def ignore_callback_amount() -> list[Patch]:
    """A callback is believed whatever amount it names."""
    apply = orders.apply

    async def wrong(session: Any, kind: Any, order_id: Any, outcome: Any, **given: Any) -> None:
        order = await session.get_one(kind.model, order_id)
        if outcome.amount is not None:
            outcome = dataclasses.replace(outcome, amount=order.amount)
        await apply(session, kind, order_id, outcome, **given)

    return [(orders, "apply", wrong)]


@_bug
def skip_failed() -> list[Patch]:
    """News that an order failed are not taken in."""
    apply = orders.apply

    async def wrong(session: Any, kind: Any, order_id: Any, outcome: Any, **given: Any) -> None:
        if outcome.status is not OutcomeStatus.FAILED:
            await apply(session, kind, order_id, outcome, **given)

    return [(orders, "apply", wrong)]


@_bug
def late_callback_flips() -> list[Patch]:
    """A callback that comes late turns a final state round."""
    apply = orders.apply

    async def wrong(session: Any, kind: Any, order_id: Any, outcome: Any, **given: Any) -> None:
        order = await session.get_one(kind.model, order_id)
        if order.status is OrderStatus.SETTLED and outcome.status is OutcomeStatus.FAILED:
            order.status = OrderStatus.FAILED
        else:
            await apply(session, kind, order_id, outcome, **given)

    return [(orders, "apply", wrong)]


@_bug
def sweeper_never_asks() -> list[Patch]:
    """Nobody asks about an order of which no callback came."""

    async def wrong(*_: Any, **__: Any) -> list[Any]:
        return []

    return [(orders, "take_due", wrong)]


@_bug
def job_forgotten() -> list[Patch]:
    """Some payouts have no job (it was enqueued after the commit), and nobody looks for them."""
    enqueue, take_due = jobs.enqueue, orders.take_due

    async def wrong(session: Any, name: str, *, key: str, **given: Any) -> None:
        if name != "servicing.disburse" or int(key[-1], 16) % 4:
            await enqueue(session, name, key=key, **given)

    async def sent_only(session: Any, kind: Any, *, now: datetime) -> list[Any]:
        found = await take_due(session, kind, now=now)
        return [each for each in found if (await session.get_one(kind.model, each)).tries]

    return [(jobs, "enqueue", wrong), (orders, "take_due", sent_only)]


@_bug
def credit_each_callback() -> list[Patch]:
    """Each callback counts, not each payment."""
    apply = rail_events.apply
    numbers = iter(range(10**9))

    async def wrong(session: Any, event: Any, **given: Any) -> None:
        if event.direction is Direction.INCOMING:
            n = next(numbers)
            event = dataclasses.replace(
                event, event_id=f"{event.event_id}.{n}", rail_id=f"{event.rail_id}.{n}"
            )
        await apply(session, event, **given)

    return [(rail_events, "apply", wrong)]


@_bug
def credit_lost() -> list[Patch]:
    """What is more than the payoff is forgotten."""
    receive = repayments.receive

    async def wrong(session: Any, *, loan_id: Any, amount: Money, on: date, **given: Any) -> Any:
        loan = await queries.get_loan(session, loan_id)
        most = (await queries.payoff_quote(session, loan, on=on)).total
        if 0 < most.minor < amount.minor and most.currency == amount.currency:
            amount = most
        return await receive(session, loan_id=loan_id, amount=amount, on=on, **given)

    return [(repayments, "receive", wrong)]


@_bug
def wrong_currency() -> list[Patch]:
    """Money is taken for money of the loan's currency."""
    incoming = rail_events._incoming

    async def wrong(session: Any, event: Any, **given: Any) -> None:
        loan = await queries.find_by_reference(session, event.reference)
        if loan is not None:
            amount = Money(event.amount.minor, loan.currency)
            event = dataclasses.replace(event, amount=amount)
        await incoming(session, event, **given)

    return [(rail_events, "_incoming", wrong)]


@_bug
def suspense_guessed() -> list[Patch]:
    """Money that names no loan goes to some loan."""
    receive = suspense.receive

    async def wrong(session: Any, *, reference: str, amount: Money, **given: Any) -> None:
        known = await queries.list_loans(session, status=LoanStatus.ACTIVE)
        fits = [loan for loan in known if loan.currency == amount.currency]
        if given.get("loan") is None and fits:
            when = {"on": given["on"], "now": given["now"]}
            await repayments.receive(
                session, loan_id=fits[0].id, amount=amount, rail_reference=reference, **when
            )
            return
        await receive(session, reference=reference, amount=amount, **given)

    return [(suspense, "receive", wrong)]


@_bug
def suspense_dropped() -> list[Patch]:
    """Money that comes after the end of a loan is dropped."""
    receive = suspense.receive

    async def wrong(session: Any, **given: Any) -> None:
        if given["reason"] != "loan_over":
            await receive(session, **given)

    return [(suspense, "receive", wrong)]


@_bug
def assigned_twice() -> list[Patch]:
    """Money that is placed on a loan stays in suspense too."""

    async def wrong(session: Any, entry: Any, **_: Any) -> Any:
        return entry

    return [(posting, "reverse", wrong)]


@_bug
def rounding_leak() -> list[Patch]:
    """Every fifth accrual loses a minor unit."""
    adjust, post = posting.adjust, bulk.post

    def leak(amounts: Any) -> Any:
        minor = amounts.get(Event.INTEREST_ACCRUED, 0)
        return {**amounts, Event.INTEREST_ACCRUED: minor - 1} if minor % 5 == 2 else amounts

    async def wrong(session: Any, changes: Any, **given: Any) -> None:
        await adjust(session, leak(changes), **given)

    async def wrong_bulk(session: Any, drafts: Any, **given: Any) -> None:
        leaky = [dataclasses.replace(each, amounts=leak(each.amounts)) for each in drafts]
        await post(session, leaky, **given)

    return [(posting, "adjust", wrong), (bulk, "post", wrong_bulk)]


@_bug
def day_accrues_twice() -> list[Patch]:
    """A day that is closed once more earns its interest once more."""
    post = bulk.post

    async def wrong(session: Any, drafts: Any, **given: Any) -> None:
        again = [
            dataclasses.replace(each, reference=f"{each.reference}:again")
            for each in drafts
            if each.reference.endswith(("0", "5"))
        ]
        await post(session, [*drafts, *again], **given)

    return [(bulk, "post", wrong)]


@_bug
def ignore_dst() -> list[Patch]:
    """The lender's zone has in summer the time of winter."""

    def wrong(now: datetime, zone: str) -> date:
        january = datetime(now.year, 1, 15, tzinfo=UTC).astimezone(ZoneInfo(zone))
        offset = january.utcoffset()
        assert offset is not None
        return (now + offset).date()

    return [(each, "business_date", wrong) for each in (base, orders, tasks, rail_files)]


@_bug
def counts_when_heard() -> list[Patch]:
    """Money counts from the day of its callback, not from its own."""

    def wrong(_: Any, *, today: date, **__: Any) -> date:
        return today

    return [(base.Outcome, "moved_on", wrong)]


@_bug
def closed_too_early() -> list[Patch]:
    """The day that still runs is closed."""
    plan = parts.plan

    async def wrong(session: Any, *, today: date, now: datetime) -> Any:
        return await plan(session, today=today + timedelta(days=1), now=now)

    return [(parts, "plan", wrong)]


@_bug
def fee_every_day() -> list[Patch]:
    """An installment is charged its late fee on each day that it is late."""
    numbers = iter(range(10**9))

    def wrong(row: Any) -> str:
        return f"late_fee:{row.due_on}:{next(numbers)}"

    return [(late_fees, "_key", wrong)]


@_bug
def reversal_posts_twice() -> list[Patch]:
    """A payment that goes back is taken from the loan twice."""
    reverse = repayments.reverse

    async def wrong(session: Any, repayment_id: Any, **given: Any) -> Any:
        repayment = await reverse(session, repayment_id, **given)
        loan = await queries.get_loan(session, repayment.loan_id, lock=True)
        act = living.Act(given["actor"], given["on"], given["now"])
        again = Happening(
            Type.CHARGEBACK, given["on"], f"again:{repayment.id}",
            repayment.amount_minor,
        )  # fmt: skip
        await living.happen(session, loan, act, again)
        return repayment

    return [(repayments, "reverse", wrong)]


@_bug
def reversal_forgotten() -> list[Patch]:
    """A payment that goes back is marked, and its loan does not hear of it."""

    async def wrong(session: Any, repayment_id: Any, *, on: date, **_: Any) -> Any:
        repayment = await session.get_one(Repayment, repayment_id)
        repayment.reversed_on = on
        return repayment

    return [(repayments, "reverse", wrong)]


@_bug
def statement_not_compared() -> list[Patch]:
    """The statement is fetched, and no line of it is held against what we know."""

    async def wrong(*_: Any) -> Any:
        return reconciliation._Compared((), 0, 0)

    return [(reconciliation, "_compare_day", wrong)]


@_bug
def told_twice() -> list[Patch]:
    """A borrower hears twice that the money is there."""
    disbursed = messages.disbursed

    async def wrong(session: Any, loan: Any, payout: Any, *, now: datetime) -> None:
        await disbursed(session, loan, payout, now=now)
        await messages._say(
            session, loan, "disbursed", key=f"disbursed:{payout.id}:{now}", now=now,
            amount=messages.spoken(payout.amount),
        )  # fmt: skip

    return [(messages, "disbursed", wrong)]
