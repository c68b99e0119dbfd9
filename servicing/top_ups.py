"""Money lent on top of a running loan: it is owed from the day on which it is proven to be there.

Nothing is told to the loan before (docs/adr/0011). Money that fails, or comes back, leaves no debt.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.crypto import person_key, vault_of
from kit.errors import DomainError, Kind
from kit.money import Money
from servicing import happenings, late_fees, living, messages, origination, queries, quotes
from servicing import rules as agreed_rules
from servicing.fields import InvalidTerms
from servicing.jurisdictions import caps, packs
from servicing.jurisdictions.caps import Priced
from servicing.ledger.rules import EntryKind
from servicing.life import Life
from servicing.living import Act
from servicing.models import Amendment, Loan, Payout
from servicing.states import AMENDMENT, PAYOUT, AmendmentEvent, AmendmentStatus, OrderEvent
from servicing.why import Why


class TopUpUnderWay(DomainError):
    """Money is on its way to the borrower: until it is there, the loan changes by nothing else."""

    kind = Kind.CONFLICT
    code = "top_up_under_way"


def check(loan: Loan, before: Life, after: Life, *, on: date) -> None:
    """Refuse to lend on top of what is late, or more than the product lends."""
    most = agreed_rules.from_document(loan.rules).amount_max_minor
    if not most:
        raise InvalidTerms(field="type", reason=Why.NOT_OFFERED)
    if any(row.due_on < on and row.outstanding for row in before.rows):
        raise InvalidTerms(field="type", reason=Why.OVERDUE)
    if after.principal_owed > most:
        limit = Money(most, loan.currency)
        raise InvalidTerms(field="amount", reason=f"must leave at most {limit} of principal")


def check_price(loan: Loan, after: Life) -> None:
    """New terms are a new price: the caps of the day hold for it. Raises CapPassed."""
    rules = agreed_rules.from_document(loan.rules)
    if rules.jurisdiction is None:
        return
    place = packs.parse(rules.jurisdiction)
    if place.pack.regimes:
        caps.check(place, Priced(after.terms, quotes.quote(after.terms), rules))


async def nothing_under_way(session: AsyncSession, loan: Loan) -> None:
    paying = await session.scalar(
        select(Amendment.id).where(
            Amendment.loan_id == loan.id, Amendment.status == AmendmentStatus.PAYING
        )
    )
    if paying is not None:
        raise TopUpUnderWay(loan=loan.reference)


async def order(
    session: AsyncSession, loan: Loan, amendment: Amendment, *, actor: str, now: datetime
) -> Payout:
    """Send the money to where the loan was paid to."""
    audit.move(session, AMENDMENT, amendment, AmendmentEvent.PAY_OUT, actor=actor, now=now)
    await session.flush()
    sent = await queries.list_payouts(session, loan.id)
    vault = vault_of(session)
    key = await person_key(session, vault, loan.borrower_id, now=now)
    return await origination.new_payout(
        session, vault, loan,
        attempt=sent[-1].attempt + 1,
        amount_minor=Money.parse(amendment.preview["paid_out"], loan.currency).minor,
        account=key.open_text(sent[-1].account_place, sent[-1].account),
        amendment_id=amendment.id,
        now=now,
    )  # fmt: skip


async def arrive(
    session: AsyncSession, loan: Loan, payout: Payout, *, ordered_on: date, on: date, now: datetime
) -> None:
    """The borrower has the money: from `on` he owes it."""
    amendment = await _of(session, payout)
    audit.move(session, AMENDMENT, amendment, AmendmentEvent.APPLY, actor=audit.SYSTEM, now=now)
    amendment.applied_on = on
    change = _redated(amendment.change, ordered_on, on)
    told = happenings.of_change(change, key=amendment.subject, on=on, price=Money(0, loan.currency))
    entries = {
        EntryKind.DISBURSEMENT: f"disbursement:{payout.id}",
        EntryKind.CHANGE: amendment.subject,
    }
    await living.happen(session, loan, Act(audit.SYSTEM, on, now, entries), *told)
    await messages.silence(session, loan, reason="loan_changed", now=now)
    await messages.disbursed(session, loan, payout, now=now)


async def fail(session: AsyncSession, loan: Loan, payout: Payout, *, now: datetime) -> None:
    """Proven: the borrower has nothing of it, so he owes nothing of it."""
    amendment = await _of(session, payout)
    audit.move(session, AMENDMENT, amendment, AmendmentEvent.FAIL, actor=audit.SYSTEM, now=now)
    await messages.top_up_undone(session, loan, payout, now=now)


async def come_back(
    session: AsyncSession, loan: Loan, payout: Payout, *, on: date, now: datetime
) -> bool:
    """It had arrived and came back: it is as if it had never been lent.

    False when something was agreed since that cannot be without it: then a person has to look.
    """
    amendment = await _of(session, payout)
    try:
        await _untell(session, loan, amendment, Act(audit.SYSTEM, on, now))
    except living.NotPossible:
        return False
    audit.move(session, AMENDMENT, amendment, AmendmentEvent.REVERSE, actor=audit.SYSTEM, now=now)
    await messages.top_up_undone(session, loan, payout, now=now)
    return True


async def take_back(session: AsyncSession, loan: Loan, amendment: Amendment, act: Act) -> None:
    """Staff have shown that the money came back, and the rail did not tell."""
    payout = await session.scalar(select(Payout).where(Payout.amendment_id == amendment.id))
    assert payout is not None, f"{amendment.subject} was not paid out"
    audit.move(session, PAYOUT, payout, OrderEvent.RETURN, actor=act.actor, now=act.now)
    await _untell(session, loan, amendment, act)


async def _untell(session: AsyncSession, loan: Loan, amendment: Amendment, act: Act) -> None:
    """Late fees for what was lent go with it."""
    told = await happenings.of_loan(session, loan)
    row = told.find(amendment.subject)
    assert row is not None, f"{amendment.subject} was not told"
    lived = await living.happen(session, loan, act, happenings.reversal(row, on=act.on))
    await late_fees.take_back(session, loan, lived, act, since=row.on)
    amendment.reversed_on = act.on


async def _of(session: AsyncSession, payout: Payout) -> Amendment:
    return await session.get_one(Amendment, payout.amendment_id, populate_existing=True)


def _redated(change: Mapping[str, Any], ordered_on: date, on: date) -> Mapping[str, Any]:
    """The first due date stays; one that has passed moves along with the money."""
    start = change.get("start")
    if start is None or date.fromisoformat(start) > on:
        return change
    moved = date.fromisoformat(start) + (on - ordered_on)
    return {**change, "start": moved.isoformat()}
