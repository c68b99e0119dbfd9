"""A new loan that pays off running ones: only what is lent on top of them leaves for the borrower.

As with a top-up nothing is told to any loan before that money is there (docs/adr/0011). Where there
is none, the loans change hands at once.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.crypto import vault_of
from kit.money import Money
from servicing import (
    events,
    happenings,
    living,
    messages,
    origination,
    previews,
    queries,
    quotes,
    remaining_cost,
    reshaping,
    top_ups,
)
from servicing import rules as agreed_rules
from servicing import terms as agreements
from servicing.events import Type
from servicing.fields import Fields, InvalidTerms
from servicing.funding import gate
from servicing.happenings import Happening
from servicing.jurisdictions import caps, packs
from servicing.jurisdictions.caps import Priced
from servicing.ledger.rules import EntryKind
from servicing.life import Life
from servicing.living import Act
from servicing.models import Amendment, Loan, Payout
from servicing.previews import Due, Preview
from servicing.quotes import Quote
from servicing.rules import LoanRules
from servicing.states import (
    AMENDMENT,
    LOAN,
    AmendmentEvent,
    LoanEvent,
    LoanStatus,
)
from servicing.terms import LoanTerms

Change = Mapping[str, Any]
LOANS_MAX = 9


@dataclass(frozen=True, slots=True)
class _Old:
    loan: Loan
    life: Life
    owed: int
    """What ends it on the day."""


@dataclass(frozen=True, slots=True)
class _Plan:
    olds: tuple[_Old, ...]
    on: date
    lent: int
    """On top of what is owed."""
    terms: LoanTerms
    quoted: Quote
    rules: LoanRules

    @property
    def taken_over(self) -> int:
        return sum(old.owed for old in self.olds)


async def look(session: AsyncSession, loan: Loan, change: Change, *, on: date) -> Preview:
    """What is owed and what would be, for all the loans together. Raises InvalidTerms."""
    plan = await _plan(session, loan, change, on=on)
    _check(plan)
    principal = None if plan.lent else plan.terms.principal.minor
    await gate.check_refinance(session, [old.loan for old in plan.olds], principal)
    zero = Money(0, loan.currency)
    was = sorted(
        (due for old in plan.olds for due in previews.open_of(old.life)),
        key=lambda due: due.due_on,
    )
    would = tuple(
        Due(row.n, row.due_on, Money(row.due, loan.currency)) for row in plan.quoted.installments
    )
    credit = sum(old.life.credit for old in plan.olds)
    left = sum((due.amount for due in was), start=zero) - Money(credit, loan.currency)
    convention = agreed_rules.convention(loan.rules)
    terms, owed = plan.olds[0].life.terms, plan.taken_over
    return Preview(
        before=tuple(was),
        after=would,
        to_pay_before=max(zero, left),
        to_pay_after=sum((due.amount for due in would), start=zero),
        price=zero,
        paid_out=Money(plan.lent, loan.currency),
        apr_before=remaining_cost.apr_of(terms, was, owed, plan.on, convention, credit=credit),
        apr_after=remaining_cost.apr_of(plan.terms, would, owed + plan.lent, plan.on, convention),
        needs_consent=True,
    )


async def order(
    session: AsyncSession, loan: Loan, amendment: Amendment, *, actor: str, on: date, now: datetime
) -> None:
    """Open the new loan. Its money is sent, or it takes the place of the others at once."""
    plan = await _plan(session, loan, amendment.change, on=on, lock=True)
    sent = await queries.last_payout(session, loan)
    vault = vault_of(session)
    if plan.lent:
        audit.move(session, AMENDMENT, amendment, AmendmentEvent.PAY_OUT, actor=actor, now=now)
        await session.flush()
    new = await origination.open_loan(
        session, vault,
        application_id=amendment.id,
        borrower_id=loan.borrower_id,
        terms=plan.terms,
        rules=plan.rules,
        account=await origination.account_of(session, vault, sent, now=now),
        on=plan.on,
        now=now,
        pd_ppm=loan.pd_now_ppm or loan.pd_ppm,
        paid_out=Money(plan.lent, loan.currency),
        amendment_id=amendment.id,
        rail=sent.rail,
    )  # fmt: skip
    olds = [(old.loan, old.owed) for old in plan.olds]
    await gate.inherit(session, new, olds, now=now, is_sent=bool(plan.lent))
    if not plan.lent:
        new.rail = loan.rail
        await _take_over(session, new, plan, amendment, Act(actor, on, now), amendment.subject)


async def arrive(
    session: AsyncSession, new: Loan, payout: Payout, amendment: Amendment, *, ordered_on: date,
    on: date, now: datetime,
) -> None:  # fmt: skip
    """The borrower has the money: the old loans end and the new one begins, with their debts."""
    loan = await queries.get_loan(session, amendment.loan_id, lock=True)
    olds = await _olds(session, loan.id, amendment.change, lock=True)
    change = top_ups.redated(amendment.change, ordered_on, _day(olds, on))
    plan = await _plan(session, loan, change, on=on)
    new.rail = payout.rail
    act = Act(audit.SYSTEM, on, now, rail=payout.rail)
    await _take_over(session, new, plan, amendment, act, f"disbursement:{payout.id}")
    await messages.disbursed(session, new, payout, now=now)


def give_up(session: AsyncSession, new: Loan, *, now: datetime) -> None:
    """Its money did not arrive, or did not stay: the old loans go on."""
    audit.move(session, LOAN, new, LoanEvent.DISBURSEMENT_FAILED, actor=audit.SYSTEM, now=now)


async def reversals(
    session: AsyncSession, amendment: Amendment, act: Act, *, lock: bool = False
) -> list[tuple[Loan, Happening]]:
    """What undoes it, the new loan first. Raises NotPossible."""
    new = await _opened(session, amendment)
    olds = await _olds(session, amendment.loan_id, amendment.change, lock=lock)
    undone = []
    for loan in (await queries.get_loan(session, new.id, lock=lock), *olds):
        told = await happenings.of_loan(session, loan)
        if (row := told.find(amendment.subject)) is not None:
            back = happenings.reversal(row, on=act.on)
            await living.suppose(session, loan, act, back)
            undone.append((loan, back))
    return undone


async def untell(session: AsyncSession, amendment: Amendment, act: Act) -> None:
    """The old loans are as if the new one had never been. Raises NotPossible before any change."""
    new = await _opened(session, amendment)
    for loan, back in await reversals(session, amendment, act, lock=True):
        own = act if loan.id == new.id else dataclasses.replace(act, references={})
        await living.happen(session, loan, own, back)
    give_up(session, new, now=act.now)
    amendment.reversed_on = act.on


async def _take_over(
    session: AsyncSession, new: Loan, plan: _Plan, amendment: Amendment, act: Act, entry: str
) -> None:
    """The old loans end and the new one begins, in one transaction and to the cent."""
    new.terms = agreements.as_document(plan.terms)
    new.principal_minor = plan.terms.principal.minor
    for old in plan.olds:
        if old.owed:
            own = {EntryKind.REFINANCE: f"refinance:{amendment.id}:{old.loan.id}"}
            ended = Happening(Type.REFINANCE, plan.on, amendment.subject, old.owed)
            await living.happen(session, old.loan, dataclasses.replace(act, references=own), ended)
        await messages.silence(session, old.loan, reason="loan_refinanced", now=act.now)
    taken_over = Money(plan.taken_over, new.currency).major
    begun = Happening(
        Type.DISBURSEMENT, plan.on, amendment.subject, new.principal_minor,
        {"taken_over": taken_over},
    )  # fmt: skip
    own = {EntryKind.DISBURSEMENT: entry}
    await living.happen(session, new, dataclasses.replace(act, references=own), begun)
    audit.move(
        session, AMENDMENT, amendment, AmendmentEvent.APPLY, actor=act.actor, now=act.now,
        loan=new.reference,
    )  # fmt: skip
    amendment.applied_on = plan.on
    await messages.amendment_applied(session, new, amendment, now=act.now)


async def _plan(
    session: AsyncSession, loan: Loan, change: Change, *, on: date, lock: bool = False
) -> _Plan:
    """The new loan, as it would be on that day: for what the old ones owe then, and the rest."""
    loans = await _olds(session, loan.id, change, lock=lock)
    day = _day(loans, on)
    olds = tuple([await _old(session, each, day) for each in loans])
    fields = Fields(change)
    fields.raw("amount")
    lent = fields.amount("amount", loan.currency, zero=True) if fields.has("amount") else 0
    taken_over = sum(old.owed for old in olds)
    agreed = {name: value for name, value in change.items() if name not in _OWN}
    document = {**agreed, "type": Type.RESTRUCTURE.value, "date": day.isoformat()}
    event = events.read(document, 1, day, loan.currency)
    for key in ("waive", "capitalize"):
        if event.details[key]:
            raise InvalidTerms(field=key, reason="does not go with a refinance")
    terms = reshaping.new_terms(olds[0].life, event, taken_over + lent)
    quoted, rules = quotes.quote(terms), agreed_rules.from_document(loan.rules)
    if rules.jurisdiction is not None:
        rules = caps.bound(packs.parse(rules.jurisdiction), Priced(terms, quoted, rules))
    return _Plan(olds, day, lent, terms, quoted, rules)


async def _opened(session: AsyncSession, amendment: Amendment) -> Loan:
    new = await queries.find_by_application(session, amendment.id)
    assert new is not None, f"{amendment.subject} opened no loan"
    return new


def _day(loans: tuple[Loan, ...], on: date) -> date:
    """When they change hands: days that they have come through stay theirs."""
    return max(on, *(each.accrued_on or on for each in loans))


async def _olds(
    session: AsyncSession, loan_id: UUID, change: Change, *, lock: bool
) -> tuple[Loan, ...]:
    """The loan that the change is for, and `also` others of the same borrower."""
    loan = await queries.get_loan(session, loan_id, lock=lock)
    also = change.get("also", [])
    if not isinstance(also, list) or len(also) > LOANS_MAX:
        raise InvalidTerms(field="also", reason=_ALSO)
    found = [loan]
    for reference in also:
        other = await queries.find_by_reference(session, str(reference))
        fits = other is not None and other.borrower_id == loan.borrower_id
        if other is None or not fits or other.currency != loan.currency:
            raise InvalidTerms(field="also", reason=_ALSO)
        if any(other.id == each.id for each in found):
            raise InvalidTerms(field="also", reason=_ALSO)
        found.append(await queries.get_loan(session, other.id, lock=lock))
    return tuple(found)


async def _old(session: AsyncSession, loan: Loan, on: date) -> _Old:
    told = await happenings.of_loan(session, loan)
    life = living.tell(told.story, on)
    owed = remaining_cost.owed(life, on) if loan.status is LoanStatus.ACTIVE else 0
    return _Old(loan, life, max(owed, 0))


def _check(plan: _Plan) -> None:
    """No money on top of what is late, and none beyond what the product lends."""
    loan = plan.olds[0].loan
    if any(old.loan.status is not LoanStatus.ACTIVE for old in plan.olds):
        raise InvalidTerms(field="also", reason=_ALSO)
    top_ups.check_movable(loan, plan.lent)
    if plan.lent:
        for old in plan.olds:
            top_ups.check(loan, old.life, plan.terms.principal.minor, on=plan.on)
    top_ups.check_price(loan, plan.terms)


_OWN = ("type", "amount", "also")
_ALSO = "must list the references of other running loans of the borrower"
