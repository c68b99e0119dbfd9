"""Money lent on top of a running loan: it is owed from the day on which it is proven to be there.

Nothing is told to the loan before (docs/adr/0011). Money that fails, or comes back, leaves no debt.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.crypto import vault_of
from kit.errors import DomainError, Kind
from kit.money import Money
from servicing import happenings, late_fees, living, messages, origination, queries, quotes
from servicing import rules as agreed_rules
from servicing.fields import InvalidTerms
from servicing.happenings import Happening
from servicing.jurisdictions import caps, packs
from servicing.jurisdictions.caps import Priced
from servicing.ledger.rules import EntryKind
from servicing.life import Life
from servicing.living import Act
from servicing.models import Amendment, Loan, LoanEvent, Payout
from servicing.rails.base import SMALLEST
from servicing.states import AMENDMENT, AmendmentEvent, AmendmentStatus
from servicing.terms import LoanTerms
from servicing.why import Why


class TopUpUnderWay(DomainError):
    """Money is on its way to the borrower: until it is there, the loan changes by nothing else."""

    kind = Kind.CONFLICT
    code = "top_up_under_way"


def check(loan: Loan, before: Life, principal_minor: int, *, on: date) -> None:
    """Refuse to lend on top of what is late, or more than the product lends."""
    most = agreed_rules.from_document(loan.rules).amount_max_minor
    if not most:
        raise InvalidTerms(field="type", reason=Why.NOT_OFFERED)
    if any(row.due_on < on and row.outstanding for row in before.rows):
        raise InvalidTerms(field="type", reason=Why.OVERDUE)
    if principal_minor > most:
        limit = Money(most, loan.currency)
        raise InvalidTerms(field="amount", reason=f"must leave at most {limit} of principal")


def check_movable(loan: Loan, minor: int) -> None:
    """Refuse to promise what the loan's rail cannot move."""
    unit = SMALLEST.get(loan.rail or "", 1)
    if minor % unit:
        least = Money(unit, loan.currency).major
        raise InvalidTerms(field="amount", reason=f"must be a multiple of {least}")


def check_price(loan: Loan, terms: LoanTerms) -> None:
    """New terms are a new price: the caps of the day hold for it. Raises CapPassed."""
    rules = agreed_rules.from_document(loan.rules)
    if rules.jurisdiction is None:
        return
    place = packs.parse(rules.jurisdiction)
    if place.pack.regimes:
        caps.check(place, Priced(terms, quotes.quote(terms), rules))


async def nothing_under_way(session: AsyncSession, loan: Loan) -> None:
    paying = await session.scalar(
        select(Amendment.id).where(
            Amendment.loan_id == loan.id, Amendment.status == AmendmentStatus.PAYING
        )
    )
    if paying is not None:
        raise TopUpUnderWay(loan=loan.reference)


async def order(
    session: AsyncSession, loan: Loan, amendment: Amendment, *, actor: str, on: date, now: datetime
) -> None:
    """Send the money to where the loan was paid to."""
    audit.move(session, AMENDMENT, amendment, AmendmentEvent.PAY_OUT, actor=actor, now=now)
    await session.flush()
    sent = await queries.last_payout(session, loan)
    vault = vault_of(session)
    await origination.new_payout(
        session, vault, loan,
        attempt=sent.attempt + 1,
        amount_minor=Money.parse(amendment.preview["paid_out"], loan.currency).minor,
        account=await origination.account_of(session, vault, sent, now=now),
        amendment_id=amendment.id,
        rail=sent.rail,
        now=now,
    )  # fmt: skip


async def arrive(
    session: AsyncSession, loan: Loan, payout: Payout, amendment: Amendment, *, ordered_on: date,
    on: date, now: datetime,
) -> None:  # fmt: skip
    """The borrower has the money: from `on` he owes it."""
    audit.move(session, AMENDMENT, amendment, AmendmentEvent.APPLY, actor=audit.SYSTEM, now=now)
    amendment.applied_on = on
    change = redated(amendment.change, ordered_on, on)
    told = happenings.of_change(change, key=amendment.subject, on=on, price=Money(0, loan.currency))
    entries = {
        EntryKind.DISBURSEMENT: f"disbursement:{payout.id}",
        EntryKind.CHANGE: amendment.subject,
    }
    await living.happen(session, loan, Act(audit.SYSTEM, on, now, entries, payout.rail), *told)
    await messages.silence(session, loan, reason="loan_changed", now=now)
    await messages.disbursed(session, loan, payout, now=now)


async def reversals(
    session: AsyncSession, amendment: Amendment, act: Act
) -> list[tuple[Loan, Happening]]:
    """What undoes it. Raises NotPossible."""
    loan = await queries.get_loan(session, amendment.loan_id)
    back = happenings.reversal(await _told(session, loan, amendment), on=act.on)
    await living.suppose(session, loan, act, back)
    return [(loan, back)]


async def untell(session: AsyncSession, amendment: Amendment, act: Act) -> None:
    """As if it had never been lent; late fees for it go too. Raises NotPossible."""
    loan = await queries.get_loan(session, amendment.loan_id, lock=True)
    row = await _told(session, loan, amendment)
    lived = await living.happen(session, loan, act, happenings.reversal(row, on=act.on))
    await late_fees.take_back(session, loan, lived, act, since=row.on)
    amendment.reversed_on = act.on


def redated(change: Mapping[str, Any], ordered_on: date, on: date) -> Mapping[str, Any]:
    """The first due date stays; one that has passed moves along with the money."""
    start = change.get("start")
    if start is None or date.fromisoformat(start) > on:
        return change
    moved = date.fromisoformat(start) + (on - ordered_on)
    return {**change, "start": moved.isoformat()}


async def _told(session: AsyncSession, loan: Loan, amendment: Amendment) -> LoanEvent:
    row = (await happenings.of_loan(session, loan)).find(amendment.subject)
    assert row is not None, f"{amendment.subject} was not told"
    return row
