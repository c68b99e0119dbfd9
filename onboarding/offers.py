"""What we propose: an amount and a term inside the approved limit, until a date."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, jobs
from kit.errors import DomainError, Kind
from kit.money import Money
from onboarding import calculator, guarantees
from onboarding.calculator import KeyFacts
from onboarding.dossiers import Dossier
from onboarding.models import Application, Offer
from onboarding.products import LoanProduct
from onboarding.states import APPLICATION, ApplicationEvent, ApplicationStatus
from scoring import queries as decisions

_DAY = timedelta(days=1)


class NoOffer(DomainError):
    kind = Kind.CONFLICT
    code = "no_offer"


class OfferExpired(DomainError):
    kind = Kind.CONFLICT
    code = "offer_expired"


class OutsideOffer(DomainError):
    """`most` is a decimal string in major units."""

    code = "outside_offer"


async def make(session: AsyncSession, dossier: Dossier, approved: Money, *, now: datetime) -> Offer:
    """Offer the approved amount at the term that was asked for and the price that was decided.
    Longer terms may be chosen too."""
    application, product = dossier.draft, dossier.product
    assert product is not None
    assert application.term is not None
    rate_bps = await _decided_rate(session, application, product)
    product = product.at(rate_bps)
    calculator.quote(product, approved, application.term, now.date())  # Refuses what no law allows.
    offer = Offer(
        application_id=application.id,
        limit_minor=approved.minor,
        amount_minor=approved.minor,
        currency=approved.currency,
        term=application.term,
        terms=_terms(product, application.term, guarantees.is_needed(dossier)),
        annual_rate_bps=rate_bps,
        created_at=now,
        expires_at=_end(product, application.term, now),
    )
    session.add(offer)
    await session.flush()
    return offer


async def _decided_rate(
    session: AsyncSession, application: Application, product: LoanProduct
) -> int | None:
    if product.has_one_price or application.decision_id is None:
        return None
    decision = await decisions.get_decision(session, application.decision_id)
    return decision.annual_rate_bps


def _end(product: LoanProduct, term: str, now: datetime) -> datetime:
    """An offer ends a day before a loan with a fixed end would have no time left."""
    end = now + timedelta(days=product.body.offer_valid_days)
    until = product.term(term).until
    return end if until is None else min(end, datetime.combine(until, time(), UTC) - _DAY)


def _terms(product: LoanProduct, asked: str, is_guaranteed: bool) -> list[str]:
    """What may be chosen: a shorter term, or a payment less often, has larger installments, which
    nobody has found affordable. A harvest has its day, and a guarantor has agreed to one term."""
    return [asked] if is_guaranteed else product.as_long_as(asked)


async def adjust(
    session: AsyncSession, dossier: Dossier, *, amount_minor: int, term: str, now: datetime
) -> Dossier:
    """Take less, or repay over longer, than was approved."""
    offer, product = current(dossier, now=now)
    least = min(product.bound("min").minor, offer.limit_minor)
    if term not in offer.terms or not least <= amount_minor <= offer.limit_minor:
        raise OutsideOffer(most=Money(offer.limit_minor, offer.currency).major)
    offer.amount_minor, offer.term = amount_minor, term
    dossier.draft.version += 1
    await session.flush()
    return dossier


def current(dossier: Dossier, *, now: datetime) -> tuple[Offer, LoanProduct]:
    """The offer that can be accepted at `now`, with its product."""
    offer, product = dossier.offer, dossier.product
    if offer is None or product is None or dossier.draft.status is not ApplicationStatus.OFFERED:
        raise NoOffer()
    if now >= offer.expires_at:
        raise OfferExpired()
    return offer, product


def key_facts(offer: Offer, product: LoanProduct, on: date) -> KeyFacts:
    """The cost of the offer if it is paid out on `on`."""
    return calculator.quote(product, Money(offer.amount_minor, offer.currency), offer.term, on)


@jobs.every("0 * * * *", "onboarding.expire_offers")
async def expire(session: AsyncSession, *, now: datetime, tick: datetime) -> None:
    """Close the applications whose offer was not taken in time."""
    rows = await session.execute(
        select(Application, Offer.id)
        .join(Offer, Offer.application_id == Application.id)
        .where(Application.status == ApplicationStatus.OFFERED, Offer.expires_at <= now)
        .with_for_update(of=Application)
    )
    for application, offer_id in rows.all():
        _expire(session, application, offer_id, now)


def _expire(session: AsyncSession, application: Application, offer_id: UUID, now: datetime) -> None:
    audit.move(
        session, APPLICATION, application, ApplicationEvent.EXPIRE, actor=audit.SYSTEM, now=now,
        offer_id=str(offer_id),
    )  # fmt: skip
    application.version += 1
