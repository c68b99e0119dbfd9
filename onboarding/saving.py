"""Storing answers: one saver a step, each of which reads, checks and seals what it is given."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone as phone_zones
from sqlalchemy.ext.asyncio import AsyncSession

from kit.config import Settings
from kit.crypto import PersonKey, Vault, person_key, vault_of
from kit.errors import DomainError, Kind
from notifications import contacts
from onboarding import answers, codes, particulars, products, read_fields, steps
from onboarding.dossiers import Dossier
from onboarding.models import Borrower
from onboarding.questions import GUARANTOR
from onboarding.steps import Step, StepKind

MY_PHONE = "my_phone"
"""The wallet answer that means "the wallet of my verified number"."""


class StepNotAsked(DomainError):
    """A button or message for a question that is not the present one."""

    kind = Kind.CONFLICT
    code = "step_not_asked"


class ProductNotForYou(DomainError):
    """The product is for people with other work, or with more income."""

    code = "product_not_for_you"


class GuarantorMustBeAnother(DomainError):
    code = "guarantor_must_be_another"


class WalletMustBeYours(DomainError):
    """Money goes only to the wallet of the number that the borrower has proven to hold."""

    code = "wallet_must_be_yours"


@dataclass(frozen=True)
class Contact:
    """A shared contact: the number, and whose account it belongs to."""

    phone: str
    telegram_id: int | None


async def save(
    session: AsyncSession,
    dossier: Dossier,
    step: Step,
    settings: Settings,
    text: str | None,
    contact: Contact | None,
    now: datetime,
) -> DomainError | None:
    """Store the answer. A refusal that has to be remembered is returned, others are raised."""
    if step.kind is StepKind.CONTACT:
        await _save_phone(session, dossier, settings, contact, now)
        return None
    if step.kind in _NEVER_TYPED:
        raise _NEVER_TYPED[step.kind]()
    if step.kind is StepKind.PHONE and contact is not None:
        text = contact.phone
    if text is None:
        raise answers.TextNotReadable()
    saving = _Saving(session, dossier, settings, now)
    if step.question is None:
        return await _SAVERS[step.name](saving, text)
    if step.question is GUARANTOR and answers.phone(text, settings.country) == await saving.phone():
        raise GuarantorMustBeAnother()
    await particulars.save(session, dossier, step.question, settings, text, now)
    return None


_NEVER_TYPED: Mapping[StepKind, Callable[[], DomainError]] = {
    StepKind.PHOTO: answers.PhotoExpected,
    StepKind.CONFIRM: answers.ConfirmationExpected,
    StepKind.VIDEO: answers.VideoNoteExpected,
}


@dataclass(frozen=True)
class _Saving:
    session: AsyncSession
    dossier: Dossier
    settings: Settings
    now: datetime

    @property
    def vault(self) -> Vault:
        return vault_of(self.session)

    async def key(self) -> PersonKey:
        return await person_key(self.session, self.vault, self.dossier.borrower.id, now=self.now)

    async def phone(self) -> str:
        """The borrower's own number."""
        borrower = self.dossier.borrower
        assert borrower.phone_sealed is not None
        return (await self.key()).open_text(place("phone_sealed", borrower), borrower.phone_sealed)

    async def seal(self, column: str, value: str) -> None:
        borrower = self.dossier.borrower
        setattr(borrower, column, (await self.key()).seal(place(column, borrower), value))


def place(column: str, borrower: Borrower) -> str:
    return f"borrowers.{column}.{borrower.id}"


async def _save_phone(
    session: AsyncSession,
    dossier: Dossier,
    settings: Settings,
    contact: Contact | None,
    now: datetime,
) -> None:
    if contact is None:
        raise answers.ContactExpected()
    borrower = dossier.borrower
    if contact.telegram_id != borrower.telegram_id:
        raise answers.NotYourContact()
    number = answers.phone(contact.phone, settings.country)
    saving = _Saving(session, dossier, settings, now)
    await saving.seal("phone_sealed", number)
    borrower.phone_index = contacts.phone_index(saving.vault, number)
    borrower.timezone = _zone_of(number, settings.timezone)
    await contacts.set_phone(
        session, saving.vault, person_id=borrower.id, phone_e164=number, now=now
    )
    await contacts.set_timezone(session, person_id=borrower.id, timezone=borrower.timezone)
    await codes.issue(session, saving.vault, borrower, "phone", now=now)


def _zone_of(number: str, fallback: str) -> str:
    """The zone of the number's country where it has only one; else the lender's."""
    zones = phone_zones.time_zones_for_number(phonenumbers.parse(number))
    return zones[0] if len(zones) == 1 and zones[0] != phone_zones.UNKNOWN_TIMEZONE else fallback


async def _save_phone_code(saving: _Saving, text: str) -> DomainError | None:
    borrower = saving.dossier.borrower
    checked = await codes.check(
        saving.session, saving.vault, borrower, "phone", text, now=saving.now
    )
    if isinstance(checked, DomainError):
        return checked
    borrower.phone_verified_at = saving.now
    return None


async def _save_full_name(saving: _Saving, text: str) -> None:
    await saving.seal("full_name_sealed", answers.full_name(text))


async def _save_birth_date(saving: _Saving, text: str) -> None:
    today = saving.now.astimezone(ZoneInfo(saving.dossier.borrower.timezone)).date()
    born = answers.birth_date(text, today)
    await saving.seal("birth_date_sealed", born.isoformat())


async def _save_region(saving: _Saving, text: str) -> None:
    await saving.seal("region_sealed", answers.region(text))
    saving.dossier.borrower.region_index = None  # Of the old one; the next look makes it anew.


async def _save_employment(saving: _Saving, text: str) -> None:
    borrower = saving.dossier.borrower
    borrower.employment = answers.choice(text, steps.EMPLOYMENT)
    if borrower.employment == "none":
        borrower.employment_since = None


async def _save_dependents(saving: _Saving, text: str) -> None:
    saving.dossier.borrower.dependents = int(answers.choice(text, steps.DEPENDENTS))


def _profile_choice(column: str, choices: tuple[str, ...]) -> "_Saver":
    async def save(saving: _Saving, text: str) -> None:
        setattr(saving.dossier.borrower, column, answers.choice(text, choices))

    return save


async def _save_product(saving: _Saving, text: str) -> None:
    offered = await products.active(saving.session)
    code = answers.choice(text, tuple(product.code for product in offered))
    product = next(product for product in offered if product.code == code)
    application, before = saving.dossier.draft, saving.dossier.product
    if not product.is_for(saving.dossier.borrower.employment, application.monthly_income_minor):
        raise ProductNotForYou()
    application.product, application.product_version = product.code, product.version
    application.currency = product.currency
    if before is None or before.body.purpose != product.body.purpose:
        application.purpose = product.body.purpose
    if before is None or before.code != product.code:
        application.frequency = None
    particulars.keep_for(application, product, before)
    particulars.settle(application, product)


async def _save_amount(saving: _Saving, text: str) -> None:
    product = _chosen(saving.dossier)
    given = saving.dossier.draft.answers
    asked = product.check_amount(answers.amount(text, product.currency), given)
    saving.dossier.draft.amount_minor = asked.minor


async def _save_frequency(saving: _Saving, text: str) -> None:
    application, product = saving.dossier.draft, _chosen(saving.dossier)
    application.frequency = answers.choice(text, tuple(product.rhythms))
    particulars.settle(application, product)


async def _save_term(saving: _Saving, text: str) -> None:
    application, product = saving.dossier.draft, _chosen(saving.dossier)
    application.term = answers.choice(text, tuple(product.terms_in(application.frequency)))


async def _save_purpose(saving: _Saving, text: str) -> None:
    saving.dossier.draft.purpose = answers.choice(text, steps.PURPOSES)


async def _save_income(saving: _Saving, text: str) -> None:
    income = answers.amount(text, _chosen(saving.dossier).currency, zero=True)
    saving.dossier.draft.monthly_income_minor = income.minor


async def _save_obligations(saving: _Saving, text: str) -> None:
    paid = answers.amount(text, _chosen(saving.dossier).currency, zero=True)
    saving.dossier.draft.monthly_obligations_minor = paid.minor


async def _save_wallet(saving: _Saving, text: str) -> None:
    application = saving.dossier.draft
    key, own = await saving.key(), await saving.phone()
    if text != MY_PHONE and answers.phone(text, saving.settings.country) != own:
        raise WalletMustBeYours()
    application.wallet_sealed = key.seal(f"applications.wallet_sealed.{application.id}", own)
    application.wallet_index = saving.vault.blind_index("applications.wallet", own)


def _chosen(dossier: Dossier) -> products.LoanProduct:
    if dossier.product is None:
        raise StepNotAsked(step="product")
    return dossier.product


def _correction(name: str) -> "_Saver":
    async def save(saving: _Saving, text: str) -> None:
        await read_fields.correct(saving.session, saving.dossier, name, text, now=saving.now)

    return save


_Saver = Callable[[_Saving, str], Awaitable[DomainError | None]]
_SAVERS: dict[str, _Saver] = {
    "phone_code": _save_phone_code,
    "full_name": _save_full_name,
    "birth_date": _save_birth_date,
    "region": _save_region,
    "employment": _save_employment,
    "employment_since": _profile_choice("employment_since", steps.EMPLOYMENT_SINCE),
    "residence": _profile_choice("residence", steps.RESIDENCE),
    "dependents": _save_dependents,
    "product": _save_product,
    "amount": _save_amount,
    "frequency": _save_frequency,
    "term": _save_term,
    "purpose": _save_purpose,
    "income": _save_income,
    "obligations": _save_obligations,
    "wallet": _save_wallet,
    **{name: _correction(name) for name in read_fields.STEPS},
}
