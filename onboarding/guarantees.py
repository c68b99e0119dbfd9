"""Who answers for a loan besides the borrower: they are asked, and nothing goes on before a yes."""

import hashlib
import json
from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, ids, jobs
from kit.crypto import person_key, vault_of
from kit.errors import DomainError, Kind
from kit.money import Money
from notifications import contacts, outbox
from notifications.states import Channel, Purpose
from onboarding import calculator, groups, particulars, prices
from onboarding.dossiers import Dossier
from onboarding.models import Application, Borrower, Guarantee
from onboarding.questions import GUARANTOR
from onboarding.saving import place
from onboarding.states import (
    GUARANTEE,
    ApplicationStatus,
    GuaranteeEvent,
    GuaranteeRole,
    GuaranteeStatus,
)
from servicing import arrears, delinquency
from servicing.models import Installment, Loan
from servicing.states import LoanStatus

LIVE = frozenset({GuaranteeStatus.ASKED, GuaranteeStatus.CONSENTED})
_ENDED = (ApplicationStatus.DECLINED, ApplicationStatus.CANCELED, ApplicationStatus.EXPIRED)
_LOAN_ENDED = (LoanStatus.CLOSED, LoanStatus.CANCELED, LoanStatus.WRITTEN_OFF)


class GuarantorMissing(DomainError):
    """Nobody answers for the loan any more, or not everybody has said yes."""

    kind = Kind.CONFLICT
    code = "guarantor_missing"


class GuarantorAlreadyAsked(DomainError):
    """One person is asked once about one loan."""

    kind = Kind.CONFLICT
    code = "guarantor_already_asked"


class Standing(StrEnum):
    GIVEN = "given"
    AWAITED = "awaited"
    MISSING = "missing"
    """Somebody said no, or took it back: another one has to be named."""


async def standing_of(session: AsyncSession, dossier: Dossier) -> Standing:
    """Whether all who have to answer for this application do. Reads nothing where nobody has to."""
    if not is_needed(dossier):
        return Standing.GIVEN
    latest = await of_application(session, dossier.draft.id)
    if dossier.product is not None and dossier.product.body.group is None:
        latest = latest[-1:]
    statuses = {guarantee.status for guarantee in latest}
    if not statuses or statuses - LIVE:
        return Standing.MISSING
    return Standing.AWAITED if GuaranteeStatus.ASKED in statuses else Standing.GIVEN


def is_needed(dossier: Dossier) -> bool:
    product = dossier.product
    if product is None:
        return False
    return product.body.group is not None or product.needs_guarantor(dossier.draft.amount_minor)


async def require(session: AsyncSession, dossier: Dossier) -> None:
    """Refuse to go on without everybody's consent."""
    if await standing_of(session, dossier) is not Standing.GIVEN:
        raise GuarantorMissing()


async def of_application(session: AsyncSession, application_id: UUID) -> Sequence[Guarantee]:
    """In the order in which they were asked."""
    rows = await session.scalars(
        select(Guarantee).where(Guarantee.application_id == application_id).order_by(Guarantee.id)
    )
    return rows.all()


async def ask_all(session: AsyncSession, dossier: Dossier, *, now: datetime) -> None:
    """The application is sent: ask the guarantor, or the other members of the group."""
    product = dossier.product
    if product is None or not is_needed(dossier):
        return
    if product.body.group is not None:
        for member in await groups.others_of(session, dossier.borrower):
            await _ask(session, dossier, GuaranteeRole.MEMBER, member, None, now)
        return
    number = await particulars.known(session, dossier, GUARANTOR, now=now)
    await ask_person(session, dossier, number, now=now)


async def ask_person(
    session: AsyncSession, dossier: Dossier, number: str, *, now: datetime
) -> Guarantee:
    """Ask the person with this phone: in the chat where they have one with us, else by SMS."""
    index = contacts.phone_index(vault_of(session), number)
    known = await session.scalar(
        select(Borrower)
        .where(Borrower.phone_index == index, Borrower.phone_verified_at.is_not(None))
        .order_by(Borrower.id)
        .limit(1)
    )
    for asked in await of_application(session, dossier.draft.id):
        if asked.phone_index == index:
            raise GuarantorAlreadyAsked()
    return await _ask(session, dossier, GuaranteeRole.GUARANTOR, known, number, now)


async def release(
    session: AsyncSession, guarantee: Guarantee, *, actor: str, now: datetime
) -> None:
    """They need not answer for it (any more), and are told so if they were asked."""
    audit.move(session, GUARANTEE, guarantee, GuaranteeEvent.RELEASE, actor=actor, now=now)
    await outbox.cancel(
        session, subject=guarantee.subject, purposes=list(Purpose), reason="released", now=now
    )
    await outbox.notify(
        session,
        person_id=guarantee.person_id,
        template="guarantee_released",
        params={},
        key=f"guarantee_released:{guarantee.id}",
        purpose=Purpose.SERVICE,
        subject=f"{guarantee.subject}:end",
        channels=await _channels(session, guarantee),
        now=now,
    )


@jobs.every("20 * * * *", "onboarding.release_guarantors")
async def release_ended(session: AsyncSession, *, now: datetime, tick: datetime) -> None:
    """Nobody answers any more for an application without a loan, or for a loan that is over."""
    rows = await session.scalars(
        select(Guarantee)
        .join(Application, Application.id == Guarantee.application_id)
        .outerjoin(Loan, Loan.application_id == Application.id)
        .where(
            Guarantee.status.in_(LIVE),
            Application.status.in_(_ENDED) | Loan.status.in_(_LOAN_ENDED),
        )
        .with_for_update(of=Guarantee)
    )
    for guarantee in rows.all():
        await release(session, guarantee, actor=audit.SYSTEM, now=now)


@jobs.every("0 7 * * *", "onboarding.tell_guarantors")
async def tell_late(session: AsyncSession, *, now: datetime, tick: datetime) -> None:
    """Who has said yes hears of an installment that is late for long enough; nobody else does."""
    rows = await session.execute(
        select(Guarantee, Loan, Installment)
        .join(Loan, Loan.application_id == Guarantee.application_id)
        .join(Installment, Installment.loan_id == Loan.id)
        .where(
            Guarantee.status == GuaranteeStatus.CONSENTED,
            Loan.status == LoanStatus.ACTIVE,
            Installment.settled_on.is_(None),
            Installment.due_on < tick.date(),
        )
        .order_by(Guarantee.id, Installment.n)
    )
    found, today = rows.all(), tick.date()
    running = {loan.id: loan for _, loan, _ in found}
    rules = await arrears.dpd_rules(session, list(running.values()), on=today)
    for guarantee, loan, installment in found:
        rule = rules.get(loan.id)
        late = delinquency.days_late(installment.due_on, today, rule) if rule is not None else 0
        if late >= max(guarantee.facts["told_after_days"], 1):
            await _tell_late(session, guarantee, loan, installment, late, now)


async def _tell_late(
    session: AsyncSession,
    guarantee: Guarantee,
    loan: Loan,
    installment: Installment,
    days_late: int,
    now: datetime,
) -> None:
    owed = Money(installment.unpaid_minor, loan.currency)
    await outbox.notify(
        session,
        person_id=guarantee.person_id,
        template="guarantee_late",
        params={
            "loan": loan.reference,
            "amount": f"money:{owed.minor}:{owed.currency}",
            "days": days_late,
        },
        key=f"guarantee_late:{guarantee.id}:{installment.id}",
        purpose=Purpose.COLLECTION,
        subject=guarantee.subject,
        channels=await _channels(session, guarantee),
        now=now,
    )


async def name_of(session: AsyncSession, borrower_id: UUID, *, now: datetime) -> str:
    """The borrower's name, for those who are to answer for them."""
    borrower = await session.get_one(Borrower, borrower_id)
    assert borrower.full_name_sealed is not None
    key = await person_key(session, vault_of(session), borrower.id, now=now)
    return key.open_text(place("full_name_sealed", borrower), borrower.full_name_sealed)


def invite_index(session: AsyncSession, invite: str) -> str:
    return vault_of(session).blind_index("guarantees.invite", invite.strip().upper())


async def _ask(
    session: AsyncSession,
    dossier: Dossier,
    role: GuaranteeRole,
    known: Borrower | None,
    number: str | None,
    now: datetime,
) -> Guarantee:
    person_id = known.id if known is not None else ids.new_id()
    if known is None:
        assert number is not None
        await _know(session, dossier, person_id, number, now)
    contact = await contacts.get(session, person_id)
    invite = ids.reference("V", 8)
    guarantee = _guarantee(dossier, role, now)
    guarantee.person_id, guarantee.phone_index = person_id, contact.phone_index or ""
    guarantee.invite_index = invite_index(session, invite)
    session.add(guarantee)
    await session.flush()
    audit.record(
        session, actor=f"borrower:{dossier.borrower.id}", action="guarantee.asked",
        subject=guarantee.subject, now=now, application=str(guarantee.application_id),
    )  # fmt: skip
    name = await name_of(session, dossier.borrower.id, now=now)
    await outbox.notify(
        session,
        person_id=person_id,
        template="guarantee_asked",
        params={"name": _short(name), "invite": invite, "button": f"g:read:{invite}"},
        key=f"guarantee:{guarantee.id}",
        purpose=Purpose.SERVICE,
        subject=guarantee.subject,
        channels=await _channels(session, guarantee),
        now=now,
    )
    return guarantee


def _guarantee(dossier: Dossier, role: GuaranteeRole, now: datetime) -> Guarantee:
    product, application = dossier.product, dossier.draft
    assert product is not None
    assert application.amount_minor is not None
    assert application.term is not None
    rule = product.body.guarantor
    share = 100 if rule is None or role is GuaranteeRole.MEMBER else rule.share_percent
    amount = Money(application.amount_minor, product.currency)
    on = _today(dossier.borrower, now)
    # The price is decided later: whoever answers for the loan knows the worst.
    dearest = prices.dearest(product, amount, application.term, on)
    quoted = calculator.quote(dearest, amount, application.term, on)
    most = Money(-(-quoted.total_payable.minor * share // 100), amount.currency)
    facts: dict[str, Any] = {
        **quoted.to_json(),
        "application": application.reference,
        "share_percent": share,
        "answers_for": most.major,
        "told_after_days": rule.told_after_days if rule is not None else groups.TOLD_AFTER_DAYS,
    }
    canonical = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return Guarantee(
        id=ids.new_id(),
        application_id=application.id,
        role=role,
        status=GUARANTEE.initial,
        share_percent=share,
        amount_minor=most.minor,
        currency=amount.currency,
        facts=facts,
        sha256=hashlib.sha256(canonical.encode()).hexdigest(),
        asked_at=now,
    )


async def _know(
    session: AsyncSession, dossier: Dossier, person_id: UUID, number: str, now: datetime
) -> None:
    """A way to reach somebody whom we know only by a number."""
    borrower = dossier.borrower
    await contacts.register(
        session, person_id=person_id, telegram_chat_id=None, locale=borrower.locale,
        timezone=borrower.timezone, now=now,
    )  # fmt: skip
    await contacts.set_phone(
        session, vault_of(session), person_id=person_id, phone_e164=number, now=now
    )


async def _channels(session: AsyncSession, guarantee: Guarantee) -> tuple[Channel, ...]:
    contact = await contacts.get(session, guarantee.person_id)
    return (Channel.SMS,) if contact.telegram_chat_id is None else (Channel.TELEGRAM,)


def _short(name: str) -> str:
    """Enough to know who it is in an SMS, which others may see: `Amina O.`"""
    first, *rest = name.split()
    return f"{first[:20]} {rest[-1][0]}." if rest else first[:20]


def _today(borrower: Borrower, now: datetime) -> date:
    return now.astimezone(ZoneInfo(borrower.timezone)).date()
