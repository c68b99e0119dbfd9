"""From a complete application to an answer: snapshot, decision, and what follows from it."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.config import Settings
from kit.crypto import person_key, vault_of
from kit.money import Money
from kyc import checks
from kyc.models import Verification
from kyc.screening import hits
from kyc.screening.check import ON_A_LIST
from kyc.states import CheckKind, CheckVerdict, VerificationStatus
from onboarding import (
    cases,
    dossiers,
    guarantees,
    offers,
    particulars,
    prices,
    provenance,
    risk_tables,
    signals,
    successors,
    telemetry,
)
from onboarding.dossiers import Dossier
from onboarding.models import Borrower, Case, age_on
from onboarding.saving import place
from onboarding.states import APPLICATION, ApplicationEvent, ApplicationStatus, CaseKind
from scoring import (
    assignment,
    behaviour,
    decisions,
    exploration,
    line_up,
    promotion,
    shadow,
    versions,
)
from scoring import policy as policies
from scoring import queries as decision_queries
from scoring.model import loading
from scoring.model.predictor import Model
from scoring.models import Decision, Role
from scoring.policy import Outcome, Policy
from scoring.snapshot import (
    Application,
    Employment,
    EmploymentType,
    FaceVerdict,
    History,
    Identity,
    Residence,
    Snapshot,
)
from servicing import history as loan_history
from servicing.jurisdictions.caps import CapPassed

_UNDECIDED = frozenset({ApplicationStatus.SUBMITTED, ApplicationStatus.IN_REVIEW})


@dataclass(frozen=True)
class Underwriter:
    """The model and the policy of the configuration, checked at the start: they decide where the
    line-up names nobody else."""

    model: Model
    policy: Policy


def load(settings: Settings) -> Underwriter:
    return Underwriter(loading.load(settings.model_dir), policies.load(settings.policy_file))


async def settle_line_up(session: AsyncSession, settings: Settings, *, now: datetime) -> None:
    """At a start: keep what is configured, which decides until a person says otherwise, and load
    whoever decides, so that no program starts that could not."""
    manifest, artefact = loading.texts(settings.model_dir)
    policy = versions.text_of(settings.policy_file)
    await promotion.settle_configured(session, manifest, artefact, policy, now=now)
    for seat in await line_up.standing(session):
        if seat.role is not Role.SHADOW:
            await successors.check(session, line_up.Pair.of(seat), seat.product)


async def decide_when_ready(
    session: AsyncSession, dossier: Dossier, underwriter: Underwriter, *, now: datetime
) -> Decision | None:
    """Decide a submitted application once the identity check has ended and everybody who is to
    answer for the loan has said yes."""
    verification = dossier.verification
    if dossier.draft.status not in _UNDECIDED or verification is None:
        return None
    if verification.status is VerificationStatus.CHECKING:
        return None
    if await guarantees.standing_of(session, dossier) is not guarantees.Standing.GIVEN:
        return None
    return await decide(session, dossier, underwriter, now=now)


async def decide(
    session: AsyncSession, dossier: Dossier, underwriter: Underwriter, *, now: datetime
) -> Decision:
    """Take the snapshot, let the engine decide, and act on the outcome. One transaction."""
    snapshot = await take_snapshot(session, dossier, now=now)
    application, verification = dossier.draft, dossier.verification
    assert verification is not None
    decision = await _decided(session, dossier, snapshot, underwriter, now=now)
    application.decision_id, application.verification_id = decision.id, verification.id
    await _act(session, dossier, decision, now=now)
    application.version += 1
    await session.flush()
    return decision


async def _decided(
    session: AsyncSession,
    dossier: Dossier,
    snapshot: Snapshot,
    underwriter: Underwriter,
    *,
    now: datetime,
) -> Decision:
    """By whom the line-up names for this borrower. The shadows assess afterwards, as a job."""
    product, borrower_id = snapshot.application.product, dossier.borrower.id
    seats = await line_up.standing(session)
    seat = line_up.choose(seats, product, borrower_id)
    model, policy = underwriter.model, underwriter.policy
    if seat is not None:
        model, policy = await line_up.load(session, line_up.Pair.of(seat))
    application_id = dossier.draft.id
    decision = await decisions.decide(
        session,
        application_id=application_id,
        attempt=len(await decision_queries.list_decisions(session, application_id)) + 1,
        snapshot=snapshot,
        model=model,
        policy=policy,
        role=seat.role if seat is not None else Role.CHAMPION,
        draw=assignment.draw(borrower_id, exploration.SALT),
        now=now,
    )
    if line_up.has_shadows(seats, product):
        await shadow.ask(session, decision)
    return decision


async def _act(
    session: AsyncSession, dossier: Dossier, decision: Decision, *, now: datetime
) -> None:
    application, verification = dossier.draft, dossier.verification
    assert verification is not None
    if decision.outcome is Outcome.DECLINE:
        application.decline_reasons = list(decision.reasons)
        _move(session, dossier, ApplicationEvent.DECLINE, now=now)
        await cases.close_for(session, application.id, now=now)
    elif verification.status is not VerificationStatus.PASSED:
        await _refer(session, dossier, CaseKind.IDENTITY, verification.reasons, now=now)
    elif not await hits.are_cleared(session, verification.borrower_id):
        await _refer(session, dossier, CaseKind.IDENTITY, [ON_A_LIST], now=now)
    elif decision.outcome is Outcome.REFER:
        await _refer(session, dossier, CaseKind.CREDIT, list(decision.reasons), now=now)
    else:
        await _offer(session, dossier, decision, now=now)


async def _offer(
    session: AsyncSession, dossier: Dossier, decision: Decision, *, now: datetime
) -> None:
    """A person explains it when the law has changed since the application was sent."""
    application = dossier.draft
    approved = Money(decision.approved_minor, application.currency or "")
    try:
        await offers.make(session, dossier, approved, now=now)
    except CapPassed as passed:
        case = await _refer(session, dossier, CaseKind.CREDIT, [passed.code], now=now)
        await cases.explain(session, case, f"No offer could be made: {passed}.", now=now)
        return
    _move(session, dossier, ApplicationEvent.OFFER, now=now)
    await cases.close_for(session, application.id, now=now)


async def _refer(
    session: AsyncSession, dossier: Dossier, kind: CaseKind, reasons: list[str], *, now: datetime
) -> Case:
    if dossier.draft.status is ApplicationStatus.SUBMITTED:
        _move(session, dossier, ApplicationEvent.REFER, now=now)
    elif dossier.draft.status is ApplicationStatus.QUESTIONED:
        # The case that asked is settled: nobody waits for that answer any more.
        _move(session, dossier, ApplicationEvent.REPLY, now=now)
    return await cases.open_case(
        session,
        kind=kind,
        borrower_id=dossier.borrower.id,
        application_id=dossier.draft.id,
        reasons=reasons,
        needs_second=(
            kind is CaseKind.IDENTITY and await needs_second(session, dossier.verification)
        ),
        now=now,
    )


async def needs_second(session: AsyncSession, verification: Verification | None) -> bool:
    """Passing this needs two members of staff: the faces are clearly of two people, or the name
    may be on a sanctions or PEP list, whatever whoever screened it calls that."""
    if verification is None:
        return False
    screened = await checks.find(session, verification, CheckKind.SCREENING)
    return (
        face_verdict(verification) is FaceVerdict.NO
        or (screened is not None and screened.verdict is CheckVerdict.DOUBT)
        or not await hits.are_cleared(session, verification.borrower_id)
    )


def face_verdict(verification: Verification) -> FaceVerdict | None:
    """What is known now: a person who passed the verification has seen both faces."""
    if verification.status is VerificationStatus.PASSED:
        return FaceVerdict.YES
    if verification.status is VerificationStatus.REFUSED:
        return FaceVerdict.NO
    if verification.distance is None or verification.threshold is None:
        return None
    if verification.distance <= verification.threshold:
        return FaceVerdict.YES
    return FaceVerdict.NO if "different_face" in verification.reasons else FaceVerdict.UNSURE


def _move(
    session: AsyncSession, dossier: Dossier, event: ApplicationEvent, *, now: datetime
) -> None:
    audit.move(session, APPLICATION, dossier.draft, event, actor=audit.SYSTEM, now=now)


async def take_snapshot(session: AsyncSession, dossier: Dossier, *, now: datetime) -> Snapshot:
    """Freeze everything that is known about this application now."""
    events = await telemetry.events_of(session, dossier.draft.id)
    identity = _identity(dossier.verification)
    return Snapshot(
        as_of=now,
        application=await _asked(session, dossier, now),
        history=await _history(session, dossier.borrower, now),
        behaviour=behaviour.measure(events, dossier.borrower.timezone),
        identity=identity,
        signals=await signals.of(session, dossier, now=now),
        surroundings=await risk_tables.around(
            session, dossier, particulars.impersonal(dossier), now=now
        ),
        given=await provenance.of(session, dossier, identity),
    )


async def _asked(session: AsyncSession, dossier: Dossier, now: datetime) -> Application:
    borrower, application, product = dossier.borrower, dossier.draft, dossier.product
    assert product is not None
    assert application.term is not None
    assert application.amount_minor is not None
    amount = Money(application.amount_minor, product.currency)
    today = now.astimezone(ZoneInfo(borrower.timezone)).date()
    has_choice = product.body.until is None
    terms = product.terms_in(product.term(application.term).rhythm) if has_choice else ()
    options = {
        code: prices.option_of(product, amount, code, today) for code in {application.term, *terms}
    }
    option = options[application.term]
    born = await birth_date(session, borrower, now=now)
    return Application(
        product=product.code,
        amount_minor=amount.minor,
        currency=amount.currency,
        term_days=option.term_days,
        installments=option.installments,
        installment_minor=option.installment_minor,
        rates=option.rates,
        purpose=application.purpose,
        monthly_income_minor=application.monthly_income_minor,
        monthly_obligations_minor=application.monthly_obligations_minor,
        debt_service_most_bps=prices.debt_service_most_bps(product, application),
        employment=_employment(borrower),
        employment_type=EmploymentType(borrower.employment) if borrower.employment else None,
        residence=Residence(borrower.residence) if borrower.residence else None,
        age_years=age_on(born, today) if born else None,
        dependents=borrower.dependents,
        existing_loans=1 if dossier.loan is not None else 0,
        min_amount_minor=product.bound("min").minor,
        max_amount_minor=product.bound("max").minor,
        amount_step_minor=product.bound("step").minor,
        options=tuple(options[code] for code in terms),
        answers=particulars.impersonal(dossier),
    )


def _employment(borrower: Borrower) -> Employment | None:
    if borrower.employment == EmploymentType.NONE:
        return Employment.UNEMPLOYED
    return Employment(borrower.employment_since) if borrower.employment_since else None


async def birth_date(session: AsyncSession, borrower: Borrower, *, now: datetime) -> date | None:
    if borrower.birth_date_sealed is None:
        return None
    key = await person_key(session, vault_of(session), borrower.id, now=now)
    text = key.open_text(place("birth_date_sealed", borrower), borrower.birth_date_sealed)
    return date.fromisoformat(text)


async def _history(session: AsyncSession, borrower: Borrower, now: datetime) -> History:
    today = now.astimezone(ZoneInfo(borrower.timezone)).date()
    past = await loan_history.of_borrower(session, borrower.id, on=today)
    first = await dossiers.first_seen(session, borrower.id)
    return History(
        loans_repaid=past.loans_repaid,
        worst_dpd=past.worst_dpd,
        months_since_first=(now - first).days // 30 if first else None,
    )


def _identity(verification: Verification | None) -> Identity:
    if verification is None:
        return Identity()
    return Identity(
        face_distance=verification.distance,
        face_verdict=face_verdict(verification),
        document_quality=0.5 if verification.problems else 1.0,
    )
