"""Money out: when the rail proves that it arrived, the loan begins; when it fails, staff decide."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.crypto import Vault
from kit.errors import DomainError, Kind
from servicing import (
    happenings,
    late_fees,
    lending,
    living,
    messages,
    origination,
    queries,
    top_ups,
)
from servicing import terms as agreements
from servicing.events import Type
from servicing.funding import holds
from servicing.happenings import Happening
from servicing.ledger import pending
from servicing.ledger.rules import EntryKind, Event
from servicing.living import Act
from servicing.models import Loan, Payout
from servicing.orders import Orders
from servicing.rails.base import Direction
from servicing.states import (
    LOAN,
    NOT_SENT,
    PAYOUT,
    LoanEvent,
    LoanStatus,
    OrderEvent,
    OrderStatus,
)


class PayoutNotFailed(DomainError):
    """Only money that is proven not to be with the borrower may be sent again, or given up."""

    kind = Kind.CONFLICT
    code = "payout_not_failed"


class PayoutUnderWay(DomainError):
    """The rail may have the order: the money cannot be stopped."""

    kind = Kind.CONFLICT
    code = "payout_under_way"


async def settle(
    session: AsyncSession,
    loan: Loan,
    payout: Payout,
    *,
    ordered_on: date,
    on: date,
    now: datetime,
) -> None:
    """The borrower has the money: the loan runs from `on`. All of it in one transaction."""
    if payout.amendment_id is not None:
        await lending.arrive(session, loan, payout, ordered_on=ordered_on, on=on, now=now)
        return
    terms = origination.redated(agreements.parse(loan.terms), on)
    loan.terms, loan.rail = agreements.as_document(terms), payout.rail
    entry = f"disbursement:{payout.id}"
    await living.happen(
        session,
        loan,
        Act(audit.SYSTEM, on, now, {EntryKind.DISBURSEMENT: entry}, payout.rail),
        Happening(Type.DISBURSEMENT, on, entry, loan.principal_minor),
    )
    await messages.disbursed(session, loan, payout, now=now)


async def fail(
    session: AsyncSession, loan: Loan, payout: Payout, *, on: date, now: datetime
) -> None:
    """Proven: no money moved. The loan waits for staff, who try again or cancel it."""
    if payout.amendment_id is not None:
        await lending.fail(session, loan, payout, now=now)
        return
    await messages.disbursement_failed(session, loan, payout, now=now)


async def come_back(
    session: AsyncSession, loan: Loan, payout: Payout, *, on: date, now: datetime
) -> bool:
    """Money that had arrived and came back. If it was the whole loan, a person has to look."""
    if payout.amendment_id is None:
        return False
    return await lending.come_back(session, loan, payout, on=on, now=now)


async def reversals(session: AsyncSession, loan: Loan, payout: Payout, act: Act) -> list[Happening]:
    """What undoes the first money of a loan, and the late fees for it. Raises NotPossible, and
    TopUpUnderWay while money on top of it may still arrive."""
    await top_ups.nothing_under_way(session, loan)
    told = await happenings.of_loan(session, loan)
    lent = told.find(f"disbursement:{payout.id}")
    assert lent is not None, f"{payout.client_ref} was not told"
    undone = [happenings.reversal(row, on=act.on) for row in (lent, *late_fees.charged(told))]
    await living.suppose(session, loan, act, *undone)
    return undone


async def take_back(session: AsyncSession, loan: Loan, payout: Payout, act: Act) -> None:
    """All of it came back: it is as if nothing had ever been lent, and the loan waits for its
    money. Raises NotPossible before any change."""
    undone = await reversals(session, loan, payout, act)
    await living.happen(session, loan, lending.returned(act, payout), *undone)
    await messages.silence(session, loan, reason="money_returned", now=act.now)
    await messages.payout_returned(session, loan, payout, now=act.now)


async def retry(
    session: AsyncSession,
    vault: Vault,
    loan_id: UUID,
    *,
    actor: str,
    now: datetime,
    account: str | None = None,
) -> Payout:
    """A new attempt, to the same account or to a corrected one, after it is proven that the one
    before failed or came back."""
    loan, failed = await _failed_payout(session, loan_id)
    sent = await queries.list_payouts(session, loan_id)
    payout = await origination.new_payout(
        session,
        vault,
        loan,
        attempt=sent[-1].attempt + 1,
        amount_minor=failed.amount_minor,
        account=account or await origination.account_of(session, vault, failed, now=now),
        now=now,
    )
    audit.record(
        session, actor=actor, action="payout.retry", subject=f"payout:{payout.id}", now=now,
        attempt=payout.attempt, is_new_account=account is not None,
    )  # fmt: skip
    return payout


async def cancel(session: AsyncSession, loan_id: UUID, *, actor: str, now: datetime) -> Loan:
    """Give the loan up when its money has failed, or came back."""
    loan, _ = await _failed_payout(session, loan_id)
    audit.move(session, LOAN, loan, LoanEvent.DISBURSEMENT_FAILED, actor=actor, now=now)
    return loan


async def stop(session: AsyncSession, loan_id: UUID, *, actor: str, now: datetime) -> Loan:
    """Give the loan up before its money was ordered from the rail. Raises PayoutUnderWay after."""
    loan = await queries.get_loan(session, loan_id, lock=True)
    payouts = await queries.list_payouts(session, loan_id)
    is_waiting = loan.status is LoanStatus.PENDING_DISBURSEMENT
    if not is_waiting or payouts[-1].status not in NOT_SENT:
        raise PayoutUnderWay(loan=loan.reference)
    audit.move(session, PAYOUT, payouts[-1], OrderEvent.FAIL, actor=actor, now=now)
    await pending.resolve(session, f"{EntryKind.DISBURSEMENT}:{payouts[-1].id}", now=now)
    audit.move(session, LOAN, loan, LoanEvent.DISBURSEMENT_FAILED, actor=actor, now=now)
    return loan


async def _failed_payout(session: AsyncSession, loan_id: UUID) -> tuple[Loan, Payout]:
    loan = await queries.get_loan(session, loan_id, lock=True)
    # Money on top that was sent since is no attempt at the loan itself.
    payouts = [each for each in await queries.list_payouts(session, loan_id) if _is_own(each)]
    is_waiting = loan.status is LoanStatus.PENDING_DISBURSEMENT and payouts
    if not is_waiting or payouts[-1].status not in (OrderStatus.FAILED, OrderStatus.RETURNED):
        raise PayoutNotFailed(loan=loan.reference)
    return loan, payouts[-1]


def _is_own(payout: Payout) -> bool:
    return payout.amendment_id is None


PAYOUTS = Orders(
    model=Payout,
    machine=PAYOUT,
    direction=Direction.PAYOUT,
    job=origination.DISBURSE,
    settled=settle,
    failed=fail,
    holds=Event.PRINCIPAL_DISBURSED,
    returned=come_back,
    admits=holds.admits,
)
