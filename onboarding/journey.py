"""The borrower's acts, one call each: begin, answer, go back, change, submit, cancel."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.config import Settings
from kit.crypto import person_key, vault_of
from kit.db import lock_key
from kit.errors import DomainError, Kind
from kit.ids import new_id, reference
from kit.money import Money
from notifications import contacts
from onboarding import (
    cases,
    codes,
    consents,
    decisioning,
    dossiers,
    groups,
    guarantees,
    particulars,
    products,
    proofs,
    read_fields,
    saving,
    steps,
    telemetry,
)
from onboarding.decisioning import Underwriter
from onboarding.dossiers import Dossier, NoApplication
from onboarding.models import Application, Borrower, is_open
from onboarding.states import APPLICATION, ApplicationEvent
from onboarding.steps import Step, StepKind
from scoring.behaviour import EventKind


class NotAllAnswered(DomainError):
    kind = Kind.CONFLICT
    code = "not_all_answered"


class NothingBefore(DomainError):
    kind = Kind.CONFLICT
    code = "nothing_before"


class CannotChange(DomainError):
    """Proven facts (phone, photographs, what they were checked against) and sent applications
    stay as they are."""

    kind = Kind.CONFLICT
    code = "cannot_change"


class AlreadyBorrowing(DomainError):
    """One loan at a time: the present one has to be repaid first."""

    kind = Kind.CONFLICT
    code = "already_borrowing"


@dataclass(frozen=True)
class Choice:
    """What the calculator was last set to."""

    product: str
    amount_minor: int
    term: str


async def begin(
    session: AsyncSession,
    settings: Settings,
    *,
    telegram_id: int,
    chat_id: int,
    locale: str,
    choice: Choice | None,
    now: datetime,
) -> Dossier:
    """Consent was given: the first row about this person, and a new application for them."""
    await lock_key(session, f"begin:{telegram_id}")
    found = await dossiers.find(session, telegram_id=telegram_id, lock=True)
    borrower = (
        found.borrower
        if found
        else await _register(
            session, settings, telegram_id=telegram_id, chat_id=chat_id, locale=locale, now=now
        )
    )
    if found is not None:
        if found.loan is not None:
            raise AlreadyBorrowing()
        if found.application is not None and is_open(found.application):
            return found
    await consents.give_missing(session, borrower, locale=locale, now=now)
    application = Application(
        id=new_id(),
        borrower_id=borrower.id,
        reference=reference("A"),
        status=APPLICATION.initial,
        version=1,
        created_at=now,
    )
    if choice is not None:
        await _take_choice(session, application, choice)
    session.add(application)
    await session.flush()
    return await dossiers.of(session, borrower)


async def answer(
    session: AsyncSession,
    dossier: Dossier,
    *,
    step: str,
    settings: Settings,
    text: str | None = None,
    contact: saving.Contact | None = None,
    message_id: int | None = None,
    now: datetime,
) -> Dossier:
    """Take the answer to the question that is being asked. Refusals change nothing.

    `message_id`: of the message with the answer, which may be edited later.
    """
    current = _current(dossier)
    if current is None or current.name != step:
        raise saving.StepNotAsked(step=step)
    problem = await saving.save(session, dossier, current, settings, text, contact, now)
    telemetry.record(
        session, dossier.draft.id, EventKind.ANSWERED, step, now=now,
        length=len(text) if text is not None and _is_typed(current) else None,
        **({"message": message_id} if message_id is not None and problem is None else {}),
    )  # fmt: skip
    if problem is not None:
        return dossier.with_problem(problem)
    return await _moved(session, dossier, answered=step)


async def edit_answer(
    session: AsyncSession,
    dossier: Dossier,
    *,
    step: str,
    settings: Settings,
    text: str,
    now: datetime,
) -> Dossier:
    """The borrower corrected the message that answered `step`."""
    _require_draft(dossier)
    edited = steps.find(dossier, step)
    if edited is None or steps.is_fixed(dossier, step) or not edited.is_answered(dossier):
        raise CannotChange(step=step)
    await saving.save(session, dossier, edited, settings, text, None, now)
    telemetry.record(session, dossier.draft.id, EventKind.EDITED, step, now=now, length=len(text))
    return await _moved(session, dossier, answered=None)


async def go_back(session: AsyncSession, dossier: Dossier, *, now: datetime) -> Dossier:
    """Ask the question before the present one again."""
    if proofs.asked(dossier) in steps.CORRECTIONS:
        return await proofs.leave(session, dossier)
    _require_draft(dossier)
    target = steps.before(dossier, steps.next_step(dossier))
    if target is None:
        raise NothingBefore()
    telemetry.record(session, dossier.draft.id, EventKind.BACK, target.name, now=now)
    dossier.draft.asked_step = target.name
    return await _moved(session, dossier, answered=None)


async def change(session: AsyncSession, dossier: Dossier, step: str, *, now: datetime) -> Dossier:
    """Ask one question of the summary again."""
    _require_draft(dossier)
    if steps.is_fixed(dossier, step) or steps.find(dossier, step) is None:
        raise CannotChange(step=step[:40])
    telemetry.record(session, dossier.draft.id, EventKind.CHANGED, step, now=now)
    dossier.draft.asked_step = step
    return await _moved(session, dossier, answered=None)


async def keep_answer(session: AsyncSession, dossier: Dossier) -> Dossier:
    """Leave the question that is asked again: its answer stays."""
    if proofs.asked(dossier) in steps.CORRECTIONS:
        return await proofs.leave(session, dossier)
    _require_draft(dossier)
    step = dossier.draft.asked_step
    asked = steps.find(dossier, step) if step is not None else None
    if asked is None or not asked.is_answered(dossier):
        raise saving.StepNotAsked(step=step or "")
    return await _moved(session, dossier, answered=step)


async def change_phone(session: AsyncSession, dossier: Dossier, *, now: datetime) -> Dossier:
    """Share another number, before the code of the first one was typed."""
    _require_draft(dossier)
    borrower = dossier.borrower
    if borrower.phone_verified_at is not None:
        raise CannotChange(step="phone")
    telemetry.record(session, dossier.draft.id, EventKind.CHANGED, "phone", now=now)
    borrower.phone_sealed = borrower.phone_index = None
    return await _moved(session, dossier, answered=None)


async def resend_code(session: AsyncSession, dossier: Dossier, *, now: datetime) -> Dossier:
    _require_draft(dossier)
    if dossier.borrower.phone_index is None or dossier.borrower.phone_verified_at is not None:
        raise saving.StepNotAsked(step="phone_code")
    await codes.issue(session, vault_of(session), dossier.borrower, "phone", now=now)
    return dossier


async def submit(
    session: AsyncSession, dossier: Dossier, underwriter: Underwriter, *, now: datetime
) -> Dossier:
    """Send the application. It is decided at once when the identity check has ended."""
    application = dossier.draft
    if steps.next_step(dossier) is not None:
        raise NotAllAnswered()
    assert dossier.product is not None
    today = now.astimezone(ZoneInfo(dossier.borrower.timezone)).date()
    dossier.product.check_term(application.term or "", today)
    await groups.require_good_standing(session, dossier.borrower, dossier.product, on=today)
    actor = f"borrower:{dossier.borrower.id}"
    audit.move(session, APPLICATION, application, ApplicationEvent.SUBMIT, actor=actor, now=now)
    application.submitted_at = now
    await guarantees.ask_all(session, dossier, now=now)
    dossier = await _moved(session, dossier, answered=None)
    await decisioning.decide_when_ready(session, dossier, underwriter, now=now)
    return await dossiers.of(session, dossier.borrower)


async def cancel(session: AsyncSession, dossier: Dossier, *, now: datetime) -> Dossier:
    """The borrower no longer wants this application. What was proven about them stays."""
    application = dossier.draft
    if not is_open(application):
        raise NoApplication()
    actor = f"borrower:{dossier.borrower.id}"
    audit.move(session, APPLICATION, application, ApplicationEvent.CANCEL, actor=actor, now=now)
    if dossier.case is not None:
        cases.withdraw(session, dossier.case, now=now)
    await _moved(session, dossier, answered=None)
    return await dossiers.of(session, dossier.borrower)


async def set_locale(
    session: AsyncSession, dossier: Dossier, locale: str, *, now: datetime
) -> Dossier:
    dossier.borrower.locale = locale
    await contacts.set_locale(session, person_id=dossier.borrower.id, locale=locale)
    return await dossiers.of(session, dossier.borrower)


async def known_value(session: AsyncSession, dossier: Dossier, step: str, *, now: datetime) -> str:
    """A given answer as the borrower may see it again, in the form in which it is typed."""
    borrower, application = dossier.borrower, dossier.draft
    if step in read_fields.STEPS:
        return await read_fields.known(session, dossier, step, now=now)
    if step in _SEALED:
        column = _SEALED[step]
        key = await person_key(session, vault_of(session), borrower.id, now=now)
        return key.open_text(saving.place(column, borrower), getattr(borrower, column))
    if step in _AMOUNTS:
        currency = application.currency or ""
        return Money(getattr(application, _AMOUNTS[step]), currency).major
    if step == "wallet":
        return await known_value(session, dossier, "phone", now=now)
    found = steps.find(dossier, step)
    if found is not None and found.question is not None:
        return await particulars.known(session, dossier, found.question, now=now)
    owner = borrower if step in _PROFILE_CHOICES else application
    return str(getattr(owner, step))


_SEALED = {
    "full_name": "full_name_sealed",
    "birth_date": "birth_date_sealed",
    "region": "region_sealed",
    "phone": "phone_sealed",
}
_AMOUNTS = {
    "amount": "amount_minor",
    "income": "monthly_income_minor",
    "obligations": "monthly_obligations_minor",
}
_PROFILE_CHOICES = frozenset({"employment", "employment_since", "residence", "dependents"})


async def _register(
    session: AsyncSession,
    settings: Settings,
    *,
    telegram_id: int,
    chat_id: int,
    locale: str,
    now: datetime,
) -> Borrower:
    borrower = Borrower(
        id=new_id(),
        telegram_id=telegram_id,
        reference=reference("B"),
        locale=locale,
        timezone=settings.timezone,
        created_at=now,
    )
    session.add(borrower)
    await session.flush()
    await contacts.register(
        session,
        person_id=borrower.id,
        telegram_chat_id=chat_id,
        locale=locale,
        timezone=settings.timezone,
        now=now,
    )
    return borrower


async def _take_choice(session: AsyncSession, application: Application, choice: Choice) -> None:
    """Start from what the calculator showed, as far as the product still offers it."""
    try:
        product = await products.get(session, choice.product)
        product.check_amount(Money(choice.amount_minor, product.currency))
        product.term(choice.term)
    except DomainError:
        return
    application.product, application.product_version = product.code, product.version
    application.currency, application.amount_minor = product.currency, choice.amount_minor
    application.frequency, application.term = product.term(choice.term).rhythm, choice.term
    application.purpose = product.body.purpose
    application.answers = {}
    particulars.settle(application, product)


def _require_draft(dossier: Dossier) -> None:
    if not dossier.is_drafting:
        raise NoApplication()


def _current(dossier: Dossier) -> Step | None:
    _require_draft(dossier)
    return steps.next_step(dossier)


def _is_typed(step: Step) -> bool:
    return step.kind in (StepKind.TEXT, StepKind.DATE, StepKind.AMOUNT, StepKind.CODE)


async def _moved(session: AsyncSession, dossier: Dossier, *, answered: str | None) -> Dossier:
    application = dossier.draft
    if answered is not None and application.asked_step == answered:
        application.asked_step = None
    application.version += 1
    return await dossiers.answered(session, dossier)
