"""What a guarantor does: reads what they answer for, says yes with a code or no, takes it back."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, ids
from kit.crypto import person_key, vault_of
from kit.errors import DomainError, Kind
from notifications import contacts, outbox
from notifications.models import Contact
from notifications.states import Purpose
from onboarding import codes, consents, decisioning, dossiers, guarantees, particulars, reviews
from onboarding.decisioning import Underwriter
from onboarding.dossiers import Dossier
from onboarding.models import Application, Borrower, Code, Guarantee, is_open
from onboarding.questions import GUARANTOR
from onboarding.saving import place
from onboarding.states import (
    GUARANTEE,
    GuaranteeEvent,
    GuaranteeRole,
    GuaranteeStatus,
)
from servicing import disbursements
from servicing import queries as loans
from servicing.states import LoanStatus

_PURPOSE = "guarantee:"


class GuaranteeNotFound(DomainError):
    """No such invitation, or it is for somebody else's phone."""

    kind = Kind.NOT_FOUND
    code = "guarantee_not_found"


class GuaranteeNotAsked(DomainError):
    """It was answered, or nobody needs the answer any more."""

    kind = Kind.CONFLICT
    code = "guarantee_not_asked"


class TooLateToWithdraw(DomainError):
    """The loan that was answered for is over."""

    kind = Kind.CONFLICT
    code = "too_late_to_withdraw"


@dataclass(frozen=True)
class Reading:
    """What a guarantor reads: whose loan, on what terms, and how much of it is theirs."""

    guarantee: Guarantee
    name: str
    is_withdrawable: bool


@dataclass(frozen=True)
class Linked:
    """Whom a link was sent to, once they are registered, and the language they are written in."""

    owner: Borrower | None
    locale: str


async def read(
    session: AsyncSession, reader: Borrower | None, invite: str, *, now: datetime
) -> Reading:
    """The invitation with this word, for the person it was sent to."""
    guarantee, borrower_id = await _invited(session, reader, invite)
    loan = await loans.find_by_application(session, guarantee.application_id)
    return Reading(
        guarantee,
        await guarantees.name_of(session, borrower_id, now=now),
        guarantee.status is GuaranteeStatus.CONSENTED
        and (loan is None or loan.status is LoanStatus.PENDING_DISBURSEMENT),
    )


async def by_link(session: AsyncSession, invite: str) -> Linked:
    """For a browser: whoever has the link reads it, and only the code to the phone signs."""
    found = await session.scalar(
        select(Guarantee).where(Guarantee.invite_index == guarantees.invite_index(session, invite))
    )
    if found is None:
        raise GuaranteeNotFound()
    owner = await session.get(Borrower, found.person_id)
    if owner is not None and owner.telegram_id is not None:
        raise GuaranteeNotFound()
    contact = await contacts.get(session, found.person_id)
    return Linked(owner, contact.locale)


async def agree(
    session: AsyncSession,
    reader: Borrower | None,
    invite: str,
    *,
    telegram_id: int | None,
    locale: str,
    now: datetime,
) -> Borrower:
    """Yes: the guarantor becomes known to us, and gets the code that signs it."""
    guarantee, borrower_id = await _invited(session, reader, invite)
    dossier = await _locked(session, guarantee, borrower_id)
    if guarantee.status is not GuaranteeStatus.ASKED or not is_open(dossier.draft):
        raise GuaranteeNotAsked()
    person = reader or await _register(session, guarantee, telegram_id, locale, now)
    if person.phone_index is None:
        await _take_phone(session, person, guarantee, now)
    await consents.give_missing(session, person, locale=person.locale, now=now)
    guarantee.person_id, guarantee.locale = person.id, person.locale
    await session.flush()
    await codes.issue(session, vault_of(session), person, _purpose(guarantee), now=now)
    return person


async def waits_for_code(session: AsyncSession, person: Borrower, *, now: datetime) -> bool:
    """The newest code that this person can still use signs a guarantee."""
    purpose = await session.scalar(
        select(Code.purpose)
        .where(Code.borrower_id == person.id, Code.used_at.is_(None), Code.expires_at > now)
        .order_by(Code.id.desc())
        .limit(1)
    )
    return purpose is not None and purpose.startswith(_PURPOSE)


async def consent(
    session: AsyncSession, person: Borrower, typed: str, underwriter: Underwriter, *, now: datetime
) -> Guarantee | DomainError:
    """Sign with the code. The application goes on when everybody has. A wrong code is returned."""
    guarantee, borrower_id = await _to_sign(session, person)
    dossier = await _locked(session, guarantee, borrower_id)
    if guarantee.status is not GuaranteeStatus.ASKED or not is_open(dossier.draft):
        raise GuaranteeNotAsked()
    checked = await codes.check(
        session, vault_of(session), person, _purpose(guarantee), typed, now=now
    )
    if isinstance(checked, DomainError):
        return checked
    person.phone_verified_at = person.phone_verified_at or now
    guarantee.code_id = checked.id
    _move(session, guarantee, GuaranteeEvent.CONSENT, now)
    await session.flush()
    await _tell_borrower(session, guarantee, dossier, "guarantee_given", now)
    if await decisioning.decide_when_ready(session, dossier, underwriter, now=now) is not None:
        await reviews.announce(session, dossier, is_awaited=True, now=now)
    return guarantee


async def decline(
    session: AsyncSession, reader: Borrower | None, invite: str, *, now: datetime
) -> Guarantee:
    """No. The borrower may name somebody else."""
    guarantee, borrower_id = await _invited(session, reader, invite)
    dossier = await _locked(session, guarantee, borrower_id)
    if guarantee.status is not GuaranteeStatus.ASKED:
        raise GuaranteeNotAsked()
    _move(session, guarantee, GuaranteeEvent.DECLINE, now)
    await _tell_borrower(session, guarantee, dossier, "guarantee_refused", now)
    return guarantee


async def withdraw(
    session: AsyncSession, reader: Borrower, invite: str, *, now: datetime
) -> Guarantee:
    """Take a consent back, as long as the money has not left: a payout that waits is stopped."""
    guarantee, borrower_id = await _invited(session, reader, invite)
    dossier = await _locked(session, guarantee, borrower_id)
    if guarantee.status is not GuaranteeStatus.CONSENTED:
        raise GuaranteeNotAsked()
    if not is_open(dossier.draft):
        if dossier.loan is None:
            raise TooLateToWithdraw()
        await disbursements.stop(session, dossier.loan.id, actor=f"borrower:{reader.id}", now=now)
    _move(session, guarantee, GuaranteeEvent.WITHDRAW, now)
    await _tell_borrower(session, guarantee, dossier, "guarantee_refused", now)
    return guarantee


async def replace(session: AsyncSession, dossier: Dossier, *, now: datetime) -> Dossier:
    """The borrower wants to name somebody else than the one who was asked."""
    actor = f"borrower:{dossier.borrower.id}"
    for guarantee in await guarantees.of_application(session, dossier.draft.id):
        is_guarantor = guarantee.role is GuaranteeRole.GUARANTOR
        if is_guarantor and guarantee.status is GuaranteeStatus.ASKED:
            await guarantees.release(session, guarantee, actor=actor, now=now)
    dossier.draft.version += 1
    return dossier


async def name_another(
    session: AsyncSession, dossier: Dossier, number: str, *, now: datetime
) -> Dossier:
    """Ask this person in place of the one who will not answer for the loan."""
    if await guarantees.standing_of(session, dossier) is not guarantees.Standing.MISSING:
        raise GuaranteeNotAsked()
    await particulars.keep(session, dossier, GUARANTOR, number, now)
    await guarantees.ask_person(session, dossier, number, now=now)
    dossier.draft.version += 1
    return dossier


async def _invited(
    session: AsyncSession, reader: Borrower | None, invite: str
) -> tuple[Guarantee, UUID]:
    """The guarantee and whose loan it is for.

    The word alone opens it for a stranger; people we know open only what is for their phone.
    """
    found = await session.execute(
        select(Guarantee, Application.borrower_id)
        .join(Application, Application.id == Guarantee.application_id)
        .where(Guarantee.invite_index == guarantees.invite_index(session, invite))
    )
    row = found.one_or_none()
    if row is None:
        raise GuaranteeNotFound()
    guarantee, borrower_id = row
    owner = await session.get(Borrower, guarantee.person_id)
    if reader is None:
        is_theirs = owner is None
    else:
        is_theirs = reader.id == guarantee.person_id or (
            owner is None and reader.phone_index in (None, guarantee.phone_index)
        )
    if not is_theirs or (reader is not None and borrower_id == reader.id):
        raise GuaranteeNotFound()
    return guarantee, borrower_id


async def _locked(session: AsyncSession, guarantee: Guarantee, borrower_id: UUID) -> Dossier:
    """The borrower first, then the guarantee: as everybody does who changes both."""
    dossier = await dossiers.get(session, borrower_id, lock=True)
    await session.refresh(guarantee, with_for_update=True)
    if dossier.draft.id != guarantee.application_id:
        raise GuaranteeNotAsked()
    return dossier


async def _register(
    session: AsyncSession, guarantee: Guarantee, telegram_id: int | None, locale: str, now: datetime
) -> Borrower:
    """The guarantor is known from now on, under the id by which we have written to them."""
    contact = await contacts.get(session, guarantee.person_id)
    person = Borrower(
        id=guarantee.person_id,
        telegram_id=telegram_id,
        reference=ids.reference("B"),
        locale=locale,
        timezone=contact.timezone,
        created_at=now,
    )
    session.add(person)
    await session.flush()
    await contacts.register(
        session, person_id=person.id, telegram_chat_id=telegram_id, locale=locale,
        timezone=contact.timezone, now=now,
    )  # fmt: skip
    await contacts.set_locale(session, person_id=person.id, locale=locale)
    return person


async def _take_phone(
    session: AsyncSession, person: Borrower, guarantee: Guarantee, now: datetime
) -> None:
    """The number to which the invitation went; the code will prove that it is theirs."""
    vault = vault_of(session)
    invited: Contact = await contacts.get(session, guarantee.person_id)
    number = await contacts.phone_of(session, vault, invited, now=now)
    if number is None or invited.phone_index != guarantee.phone_index:
        raise GuaranteeNotFound()
    key = await person_key(session, vault, person.id, now=now)
    person.phone_sealed = key.seal(place("phone_sealed", person), number)
    person.phone_index = guarantee.phone_index
    await contacts.set_phone(session, vault, person_id=person.id, phone_e164=number, now=now)


async def _to_sign(session: AsyncSession, person: Borrower) -> tuple[Guarantee, UUID]:
    """The guarantee for which the newest code was sent."""
    newest = await session.scalar(
        select(Code.purpose)
        .where(Code.borrower_id == person.id, Code.purpose.startswith(_PURPOSE))
        .order_by(Code.id.desc())
        .limit(1)
    )
    rows = await session.execute(
        select(Guarantee, Application.borrower_id)
        .join(Application, Application.id == Guarantee.application_id)
        .where(Guarantee.person_id == person.id, Guarantee.status == GuaranteeStatus.ASKED)
    )
    for guarantee, borrower_id in rows.all():
        if _purpose(guarantee) == newest:
            return guarantee, borrower_id
    raise GuaranteeNotAsked()


def _purpose(guarantee: Guarantee) -> str:
    """The code signs what was read: this share of these facts."""
    return f"{_PURPOSE}{guarantee.sha256[:40]}"


def _move(
    session: AsyncSession, guarantee: Guarantee, event: GuaranteeEvent, now: datetime
) -> None:
    actor = f"borrower:{guarantee.person_id}"
    audit.move(session, GUARANTEE, guarantee, event, actor=actor, now=now)
    guarantee.answered_at = now


async def _tell_borrower(
    session: AsyncSession,
    guarantee: Guarantee,
    dossier: Dossier,
    template: str,
    now: datetime,
) -> None:
    application = dossier.draft
    await outbox.notify(
        session,
        person_id=application.borrower_id,
        template=template,
        params={"reference": application.reference, "button": "status"},
        key=f"{template}:{guarantee.id}:{guarantee.status}",
        purpose=Purpose.SERVICE,
        subject=f"application:{application.id}",
        now=now,
    )
