"""Changing a running loan: previewed, agreed to, approved by a second person, told, and undone.

A change is one event of the engine as docs/replay.md writes it, without its date. What the
borrower does by himself, within the limits of his product, needs nobody else; see `self_service`.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, four_eyes
from kit.errors import DomainError, Kind
from kit.four_eyes import SameStaff
from kit.ids import new_id
from kit.money import Money
from servicing import (
    happenings,
    lending,
    living,
    messages,
    previews,
    queries,
    reconciliation,
    refinancing,
    repayments,
    replay,
    top_ups,
    why,
)
from servicing.events import Type
from servicing.fields import InvalidTerms
from servicing.happenings import Told
from servicing.ledger.rules import EntryKind
from servicing.living import Act
from servicing.models import Amendment, Loan
from servicing.previews import Preview
from servicing.states import AMENDMENT, AmendmentEvent, AmendmentStatus, LoanStatus
from servicing.treasury import held
from servicing.treasury.returns import PayoutNotSettled

Change = Mapping[str, Any]

KINDS = {
    Type.RESCHEDULE: EntryKind.CHANGE,
    Type.PAUSE: EntryKind.CHANGE,
    Type.SPLIT: EntryKind.CHANGE,
    Type.REAGE: EntryKind.CHANGE,
    Type.REAMORTIZE: EntryKind.CHANGE,
    Type.RESTRUCTURE: EntryKind.CHANGE,
    Type.TOP_UP: EntryKind.CHANGE,
    Type.REFINANCE: EntryKind.REFINANCE,
    Type.SETTLEMENT: EntryKind.REPAYMENT,
    Type.WRITE_OFF: EntryKind.WRITE_OFF,
    Type.CHARGEBACK: EntryKind.CHARGEBACK,
    Type.REFUND: EntryKind.REFUND,
    Type.GOODWILL_CREDIT: EntryKind.GOODWILL,
    Type.WAIVER: EntryKind.WAIVER,
}
"""What can be changed, and the entry in which it stands."""
_PRICED_ANEW = (Type.RESTRUCTURE, Type.TOP_UP)
_AFTER_THE_END = (Type.CHARGEBACK, Type.REFUND)
_OPEN = (AmendmentStatus.PROPOSED, AmendmentStatus.CONSENTED)


class ChangeNotPossible(DomainError):
    """The loan cannot be changed like this. `reason` is the engine's sentence, in English;
    `because` is its name (`why.Why`)."""

    kind = Kind.INVALID
    code = "change_not_possible"


class AmendmentNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "amendment_not_found"


class AmendmentOutdated(DomainError):
    """The loan has changed since: it would cost the borrower more than he was shown."""

    kind = Kind.CONFLICT
    code = "amendment_outdated"


class ConsentMissing(DomainError):
    """The borrower has not agreed yet to what makes something worse for him."""

    kind = Kind.CONFLICT
    code = "consent_missing"


async def preview(
    session: AsyncSession, loan_id: UUID, change: Change, *, on: date, now: datetime,
    price: Money | None = None,
) -> Preview:  # fmt: skip
    """What it would do today. Nothing is written."""
    loan = await queries.get_loan(session, loan_id)
    return await _seen(session, loan, change, on=on, now=now, price=price)


def look(
    loan: Loan, told: Told, change: Change, *, on: date, now: datetime, price: Money | None = None
) -> Preview:
    price = price or Money(0, loan.currency)
    type_ = type_of(loan, change)
    day = max(on, loan.accrued_on or on)
    before = living.tell(told.story, day)
    try:
        new = happenings.of_change(change, key="preview", on=day, price=price)
        supposed = happenings.supposed(loan, told, new, actor=audit.SYSTEM, on=day, now=now)
        after = replay.at(supposed.story, day)
        if type_ is Type.TOP_UP:
            top_ups.check(loan, before, after.principal_owed, on=day)
            top_ups.check_movable(loan, after.drawn - before.drawn)
    except InvalidTerms as refusal:
        said = {"reason": str(refusal), "because": why.code(refusal.reason)}
        raise ChangeNotPossible(**said) from None
    if type_ in _PRICED_ANEW:
        top_ups.check_price(loan, after.terms)
    return previews.compare(loan, type_, before, after, on=day, price=price)


async def _seen(
    session: AsyncSession, loan: Loan, change: Change, *, on: date, now: datetime,
    price: Money | None = None,
) -> Preview:  # fmt: skip
    if type_of(loan, change) is not Type.REFINANCE:
        told = await happenings.of_loan(session, loan)
        return look(loan, told, change, on=on, now=now, price=price)
    try:
        return await refinancing.look(session, loan, change, on=on)
    except InvalidTerms as refusal:
        said = {"reason": str(refusal), "because": why.code(refusal.reason)}
        raise ChangeNotPossible(**said) from None


async def propose(
    session: AsyncSession, loan_id: UUID, change: Change, *, staff_id: UUID, reason: str,
    on: date, now: datetime,
) -> Amendment:  # fmt: skip
    """A member of staff suggests it; the borrower and another member of staff have to agree."""
    loan = await queries.get_loan(session, loan_id, lock=True)
    seen = await _seen(session, loan, change, on=on, now=now)
    amendment = new_amendment(
        loan, change, seen, proposed_by=f"staff:{staff_id}", reason=reason, on=on, now=now
    )
    session.add(amendment)
    await session.flush()
    audit.record(
        session, actor=amendment.proposed_by, action="amendment.propose",
        subject=amendment.subject, now=now, loan=str(loan.id), change=dict(change),
    )  # fmt: skip
    if seen.needs_consent:
        await messages.amendment_proposed(session, loan, amendment, now=now)
    return amendment


async def consent(
    session: AsyncSession, amendment_id: UUID, *, borrower_id: UUID, now: datetime
) -> Amendment:
    """The borrower agrees. Repeating is harmless."""
    loan, amendment = await _locked(session, amendment_id)
    if loan.borrower_id != borrower_id:
        raise AmendmentNotFound(amendment=amendment_id)
    if amendment.consented_at is None:
        actor = f"borrower:{borrower_id}"
        audit.move(session, AMENDMENT, amendment, AmendmentEvent.CONSENT, actor=actor, now=now)
        amendment.consented_at = now
    return amendment


async def decline(
    session: AsyncSession, amendment_id: UUID, *, borrower_id: UUID, now: datetime
) -> Amendment:
    """The borrower does not agree."""
    loan, amendment = await _locked(session, amendment_id)
    if loan.borrower_id != borrower_id:
        raise AmendmentNotFound(amendment=amendment_id)
    actor = f"borrower:{borrower_id}"
    audit.move(session, AMENDMENT, amendment, AmendmentEvent.REFUSE, actor=actor, now=now)
    return amendment


async def approve(
    session: AsyncSession, amendment_id: UUID, *, rails: Collection[str], staff_id: UUID,
    on: date, now: datetime,
) -> Amendment:  # fmt: skip
    """Another member of staff agrees, and the loan hears of it: of money, once it is there.

    `rails`: the names of those that are set up.
    """
    loan, amendment = await _locked(session, amendment_id)
    actor = f"staff:{staff_id}"
    if amendment.proposed_by == actor:
        raise SameStaff()
    if amendment.needs_consent and amendment.consented_at is None:
        raise ConsentMissing()
    _check(amendment, await _seen(session, loan, amendment.change, on=on, now=now))
    amendment.approved_by = actor
    if amendment.kind in lending.KINDS:
        await lending.order(session, loan, amendment, rails=rails, actor=actor, on=on, now=now)
    else:
        await apply(session, loan, amendment, actor=actor, on=on, now=now)
    return amendment


async def refuse(
    session: AsyncSession, amendment_id: UUID, *, staff_id: UUID, reason: str, now: datetime
) -> Amendment:
    _, amendment = await _locked(session, amendment_id)
    audit.move(
        session, AMENDMENT, amendment, AmendmentEvent.REFUSE, actor=f"staff:{staff_id}", now=now,
        reason=reason,
    )  # fmt: skip
    return amendment


async def reverse(
    session: AsyncSession, amendment_id: UUID, *, staff_id: UUID, reason: str, on: date,
    now: datetime,
) -> Amendment:  # fmt: skip
    """It is as if it had never been told. Who proposed it cannot take it back alone.

    Where money was sent that says: all of it came back, and the rail did not tell. Two people have
    to say so: the first call proposes it, and nothing is changed. Raises PayoutNotSettled where
    what came back is in the books.
    """
    if (payout := await lending.payout_of(session, amendment_id)) is not None:
        await reconciliation.hold(session, payout.rail or "")
    loan, amendment = await _locked(session, amendment_id)
    payout = await lending.payout_of(session, amendment_id)  # It may have been ordered meanwhile.
    actor = f"staff:{staff_id}"
    if payout is not None and await held.is_counted(session, payout.client_ref):
        raise PayoutNotSettled(status=payout.status)
    if payout is not None and amendment.status is AmendmentStatus.APPLIED:
        proposal = await four_eyes.agree(
            session, act="amendment.reverse", subject=amendment.subject, staff_id=staff_id,
            reason=reason, now=now, amount=str(payout.amount), loan=loan.reference,
            payout=payout.client_ref,
        )  # fmt: skip
        if not proposal.is_confirmed:
            return amendment
    elif amendment.proposed_by == actor:
        raise SameStaff()
    audit.move(
        session, AMENDMENT, amendment, AmendmentEvent.REVERSE, actor=actor, now=now, reason=reason
    )
    if amendment.kind in lending.KINDS:
        await lending.take_back(session, amendment, Act(actor, on, now))
        return amendment
    amendment.reversed_on = on
    told = await happenings.of_loan(session, loan)
    of_it = [row for row in told.rows if row.key.startswith(key_of(amendment))]
    undone = [happenings.reversal(row, on=on) for row in of_it]
    await living.happen(session, loan, Act(actor, on, now), *undone)
    return amendment


async def apply(
    session: AsyncSession, loan: Loan, amendment: Amendment, *, actor: str, on: date, now: datetime
) -> None:
    """Tell a loan whose lock is held what was agreed."""
    await top_ups.nothing_under_way(session, loan)
    type_ = type_of(loan, amendment.change)
    audit.move(session, AMENDMENT, amendment, AmendmentEvent.APPLY, actor=actor, now=now)
    amendment.applied_on = on
    if type_ is not Type.SETTLEMENT:  # A settlement is told when its money comes.
        price = Money.parse(amendment.preview["price"], loan.currency)
        day = max(on, loan.accrued_on or on)
        new = happenings.of_change(amendment.change, key=key_of(amendment), on=day, price=price)
        act = Act(actor, on, now, {KINDS[type_]: amendment.subject})
        await living.happen(session, loan, act, *new)
    await messages.silence(session, loan, reason="loan_changed", now=now)
    await messages.amendment_applied(session, loan, amendment, now=now)


async def list_of(session: AsyncSession, loan_id: UUID) -> Sequence[Amendment]:
    """Oldest first."""
    rows = await session.scalars(
        select(Amendment).where(Amendment.loan_id == loan_id).order_by(Amendment.id)
    )
    return rows.all()


async def list_waiting(session: AsyncSession, borrower_id: UUID) -> Sequence[Amendment]:
    """What the borrower has to agree to, or not."""
    rows = await session.scalars(
        select(Amendment)
        .join(Loan, Loan.id == Amendment.loan_id)
        .where(
            Loan.borrower_id == borrower_id,
            Amendment.status == AmendmentStatus.PROPOSED,
            Amendment.needs_consent,
        )
        .order_by(Amendment.id)
    )
    return rows.all()


def type_of(loan: Loan, change: Change) -> Type:
    """What kind of change it is. Raises when this loan cannot have it now."""
    word = str(change.get("type"))
    if word not in set(KINDS):
        listed = ", ".join(KINDS)
        raise ChangeNotPossible(reason=f"type must be one of: {listed}", because="other")
    type_ = Type(word)
    running = loan.status is LoanStatus.ACTIVE
    if not running and not (loan.status is LoanStatus.CLOSED and type_ in _AFTER_THE_END):
        raise repayments.LoanNotRepayable(status=loan.status)
    return type_


def new_amendment(
    loan: Loan, change: Change, seen: Preview, *, proposed_by: str, reason: str, on: date,
    now: datetime,
) -> Amendment:  # fmt: skip
    return Amendment(
        id=new_id(),
        loan_id=loan.id,
        kind=str(change["type"]),
        status=AMENDMENT.initial,
        change=dict(change),
        preview=seen.as_document(),
        needs_consent=seen.needs_consent,
        proposed_by=proposed_by,
        proposed_on=on,
        reason=reason,
        created_at=now,
    )


def _check(amendment: Amendment, now: Preview) -> None:
    """What was agreed to must not have become dearer since."""
    currency = now.price.currency
    paid, to_pay = (
        Money.parse(amendment.preview[name], currency) for name in ("to_pay_before", "to_pay_after")
    )
    if now.needs_consent and (not amendment.needs_consent or now.extra_cost > to_pay - paid):
        raise AmendmentOutdated()


def key_of(amendment: Amendment) -> str:
    return amendment.subject


async def _locked(session: AsyncSession, amendment_id: UUID) -> tuple[Loan, Amendment]:
    """The loan's lock first, always."""
    known = await session.get(Amendment, amendment_id)
    if known is None:
        raise AmendmentNotFound(amendment=amendment_id)
    loan = await queries.get_loan(session, known.loan_id, lock=True)
    await session.refresh(known)
    return loan, known
