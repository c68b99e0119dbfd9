"""What staff see of a case, side by side: the request, the decision, identity and behaviour."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit.crypto import KeyDestroyed
from kyc import queries as verifications
from kyc.models import Verification
from onboarding import cases, dossiers, guarantees, particulars, products, telemetry
from onboarding.cases import Message
from onboarding.dossiers import Dossier
from onboarding.models import Application, Case, Guarantee
from scoring import behaviour
from scoring import queries as decisions
from scoring.behaviour import Explained
from scoring.models import Decision


@dataclass(frozen=True)
class TimedEvent:
    kind: str
    field: str
    at: datetime
    length: int | None


@dataclass(frozen=True)
class Evidence:
    case: Case
    dossier: Dossier
    request: dict[str, Any] | None
    """What was asked for, when the case is about an application."""
    decisions: list[Decision]
    """Every attempt, first to last, each with the snapshot it was made from."""
    verification: Verification | None
    behaviour: list[Explained]
    """The measured signals of how the form was filled in, each with what it means."""
    events: list[TimedEvent]
    messages: list[Message]
    guarantees: Sequence[Guarantee]
    """Who was asked to answer for the loan, in the order in which they were."""

    @property
    def images(self) -> dict[str, UUID]:
        """Blob ids of the photographs; reading one is a step of its own, and audited."""
        verification = self.verification
        if verification is None:
            return {}
        found = {
            "document": verification.document_blob_id,
            "document_back": verification.back_blob_id,
            "selfie": verification.selfie_blob_id,
        }
        return {name: blob for name, blob in found.items() if blob is not None}


async def of_case(session: AsyncSession, case: Case, *, now: datetime) -> Evidence:
    dossier = await _as_of(session, case)
    application_id = case.application_id
    recorded = await telemetry.events_of(session, application_id) if application_id else []
    return Evidence(
        case=case,
        dossier=dossier,
        request=await request_of(session, dossier, now=now) if application_id else None,
        decisions=(
            await decisions.list_decisions(session, application_id) if application_id else []
        ),
        verification=dossier.verification,
        behaviour=behaviour.explain(behaviour.measure(recorded, dossier.borrower.timezone)),
        events=[TimedEvent(e.kind, e.field, e.at, e.length) for e in recorded],
        messages=await _messages(session, case, now),
        guarantees=(
            await guarantees.of_application(session, application_id) if application_id else []
        ),
    )


async def _as_of(session: AsyncSession, case: Case) -> Dossier:
    """The dossier with the case's own application, which need not be the borrower's latest."""
    latest = await dossiers.get(session, case.borrower_id)
    if case.application_id is None or latest.draft.id == case.application_id:
        return latest
    application = await session.get_one(Application, case.application_id)
    verification = latest.verification
    if application.verification_id is not None:
        verification = await verifications.get_verification(session, application.verification_id)
    product = None
    if application.product is not None:
        product = await products.get(session, application.product, application.product_version)
    return replace(
        latest, application=application, product=product, verification=verification, offer=None
    )


async def request_of(session: AsyncSession, dossier: Dossier, *, now: datetime) -> dict[str, Any]:
    """What was asked and said, without names and numbers that identify the person."""
    borrower, application = dossier.borrower, dossier.draft
    return {
        "reference": application.reference,
        "status": application.status,
        "product": application.product,
        "amount_minor": application.amount_minor,
        "currency": application.currency,
        "frequency": application.frequency,
        "term": application.term,
        "answers": await _answers(session, dossier, now),
        "purpose": application.purpose,
        "monthly_income_minor": application.monthly_income_minor,
        "monthly_obligations_minor": application.monthly_obligations_minor,
        "employment": borrower.employment,
        "employment_since": borrower.employment_since,
        "residence": borrower.residence,
        "dependents": borrower.dependents,
    }


async def _messages(session: AsyncSession, case: Case, now: datetime) -> list[Message]:
    """None of a person who was erased."""
    try:
        return await cases.messages(session, case, now=now)
    except KeyDestroyed:
        return []


async def _answers(session: AsyncSession, dossier: Dossier, now: datetime) -> dict[str, str]:
    """Of a person who was erased, what was not sealed."""
    try:
        return await particulars.of(session, dossier, now=now)
    except KeyDestroyed:
        return particulars.impersonal(dossier)
