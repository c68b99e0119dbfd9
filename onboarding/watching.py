"""The daily look at the models that decide: gathers what every room knows, and raises alerts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import jobs
from kit.clock import business_date
from kit.config import Settings
from kit.db import unit_of_work
from kit.ids import new_id
from onboarding import early_warnings, watched_groups
from onboarding.models import Application, Case, Offer
from onboarding.states import ApplicationStatus, CaseKind, CaseStatus
from scoring import quality, versions
from scoring import warnings as loan_warnings
from scoring.features.registry import Value
from scoring.models import Decision
from scoring.watching import alerts, drift, proposals, report
from scoring.watching.models import WatchMeasure
from scoring.watching.report import Alert, Decided, Measure, Watched
from servicing import outcomes

WINDOW = timedelta(days=30)
MATURED_WINDOW = timedelta(days=2 * 365)
"""Loans that were decided so long ago say nothing about today."""
LATE_DAYS, WITHIN_DAYS = 30, 180
"""Bad: ever so many days late, or given up, within so many days of the payout (`outcomes`)."""
INPUTS_RECENT, INPUTS_BEFORE = timedelta(days=7), timedelta(days=60)
_BATCH = 500
_BY_STAFF = ("approve", "decline")
_RISK_SPOKE = frozenset({"risk_needs_a_person", "risk_is_too_high"})
_KINDS = (*report.Kind, proposals.PROPOSED)


@jobs.every("50 3 * * *", "onboarding.look_at_models")
async def look_at_models(session: AsyncSession, *, now: datetime, tick: datetime) -> None:
    await jobs.enqueue(session, "onboarding.watch", key=f"watch:{tick.isoformat()}")


@jobs.effect("onboarding.watch", queue="heavy")
async def watch(context: jobs.Context) -> None:
    """One look at everything, kept as rows."""
    settings, now = context.service(Settings), context.clock.now()
    async with unit_of_work(context.sessions) as session:
        await keep(session, await looks(session, settings, now=now), settings, now=now)
    async with unit_of_work(context.sessions) as session:
        found = await suspicions(session, now=now)
        await alerts.settle(session, quality.KINDS, found, now=now)
    async with unit_of_work(context.sessions) as session:
        on = business_date(now, settings.timezone)
        found = await early_warnings.of_running_loans(session, on=on)
        await alerts.settle(session, loan_warnings.KINDS, found, now=now)


async def looks(
    session: AsyncSession, settings: Settings, *, now: datetime
) -> dict[str, list[Measure]]:
    """By model: what is measured today. Models that have decided lately are looked at."""
    on = business_date(now, settings.timezone)
    judged = await _judged(session, on=on)
    found = {}
    for sha256 in await _deciding(session, since=now - MATURED_WINDOW):
        found[sha256] = await _look(session, sha256, judged, settings, now=now)
    return found


async def keep(
    session: AsyncSession,
    found: dict[str, list[Measure]],
    settings: Settings,
    *,
    now: datetime,
) -> None:
    """A second look on the same day takes the place of the first."""
    on = business_date(now, settings.timezone)
    await session.execute(delete(WatchMeasure).where(WatchMeasure.on == on))
    standing: list[Alert] = []
    for sha256, measures in found.items():
        session.add_all(_row(on, sha256, each) for each in measures)
        standing += [_alert(sha256, each) for each in measures if each.is_alarming]
        outcomes_of = next((m for m in measures if m.kind is report.Kind.BAD_RATE), None)
        if outcomes_of is not None:
            bad = round(outcomes_of.value * outcomes_of.rows)
            proposed = proposals.propose(
                measures, model_sha256=sha256, outcomes=outcomes_of.rows, bad=bad
            )
            standing += [proposed] if proposed is not None else []
    await alerts.settle(session, _KINDS, standing, now=now)


async def suspicions(session: AsyncSession, *, now: datetime) -> list[Alert]:
    """Inputs of the last week against those of the two months before."""
    since = now - INPUTS_RECENT - INPUTS_BEFORE
    rows = await session.execute(
        select(Decision.created_at, Decision.snapshot["application"])
        .where(Decision.attempt == 1, Decision.created_at >= since)
        .order_by(Decision.id)
    )
    recent: list[Mapping[str, Value]] = []
    before: list[Mapping[str, Value]] = []
    for at, asked in rows:
        inputs = quality.inputs_of({"application": asked})
        (recent if at >= now - INPUTS_RECENT else before).append(inputs)
    return quality.suspicions(recent, before)


async def _deciding(session: AsyncSession, *, since: datetime) -> Sequence[str]:
    query = select(Decision.model_sha256).where(Decision.created_at >= since).distinct()
    return sorted(await session.scalars(query))


async def _judged(session: AsyncSession, *, on: date) -> dict[UUID, bool]:
    """By application: whether the loan went bad, for loans that have had their time."""
    found = outcomes.list_matured(session, late_days=LATE_DAYS, within_days=WITHIN_DAYS, on=on)
    return {each.application_id: each.went_bad async for each in found}


async def _look(
    session: AsyncSession,
    sha256: str,
    judged: dict[UUID, bool],
    settings: Settings,
    *,
    now: datetime,
) -> list[Measure]:
    by = settings.fairness_groups
    recent: list[Decided] = []
    before: list[Decided] = []
    for row in await session.execute(
        _decided(sha256).where(Decision.created_at >= now - 2 * WINDOW)
    ):
        told = await _told(session, row, judged, by, now=now)
        (recent if told.at >= now - WINDOW else before).append(told)
    matured = [
        await _told(session, row, judged, by, now=now)
        for row in await _of_applications(session, sha256, list(judged))
        if row.created_at >= now - MATURED_WINDOW
    ]
    return report.look(
        await watched(session, sha256), recent=recent, before=before, matured=matured, groups=by
    )


def _decided(sha256: str) -> Select[Any]:
    """The decision that stands for each application, and what became of it."""
    return (
        select(
            Decision.application_id, Decision.created_at, Decision.pd, Decision.contributions,
            Decision.reasons,
            Decision.snapshot["application"]["age_years"].as_integer().label("age"),
            Application.status, Application.borrower_id, Application.verification_id,
            Offer.id.label("offer"), Case.verdict,
        )
        .join(Application, Application.decision_id == Decision.id)
        .outerjoin(Offer, Offer.application_id == Application.id)
        .outerjoin(
            Case,
            (Case.application_id == Application.id)
            & (Case.kind == CaseKind.CREDIT)
            & (Case.status == CaseStatus.RESOLVED)
            & Case.verdict.in_(_BY_STAFF),
        )
        .where(Decision.model_sha256 == sha256)
        .order_by(Decision.id)
    )  # fmt: skip


async def _of_applications(session: AsyncSession, sha256: str, ids: list[UUID]) -> list[Row[Any]]:
    found: list[Row[Any]] = []
    for start in range(0, len(ids), _BATCH):
        query = _decided(sha256).where(Decision.application_id.in_(ids[start : start + _BATCH]))
        found += (await session.execute(query)).all()
    return found


async def _told(
    session: AsyncSession,
    row: Row[Any],
    judged: dict[UUID, bool],
    by: Iterable[str],
    *,
    now: datetime,
) -> Decided:
    return Decided(
        at=row.created_at,
        pd=row.pd,
        values={each["feature"]: each["value"] for each in row.contributions},
        is_approved=_answer(row),
        is_override=None if row.verdict is None else _is_override(row.verdict, row.reasons),
        is_bad=judged.get(row.application_id),
        groups=await watched_groups.of(session, row, by, now=now),
    )


def _answer(row: Row[Any]) -> bool | None:
    if row.offer is not None:
        return True
    return False if row.status is ApplicationStatus.DECLINED else None


def _is_override(verdict: str, reasons: Sequence[str]) -> bool:
    """Staff lent where the model called it too risky, or refused where it did not."""
    return (verdict == "approve") is bool(_RISK_SPOKE & set(reasons))


async def watched(session: AsyncSession, sha256: str) -> Watched:
    """How the rows were spread that the model was trained on; nothing for older models."""
    try:
        manifest = (await versions.get_model(session, sha256)).manifest
    except versions.VersionNotFound:
        return Watched(None, {})
    spread = manifest.training.get("spread")
    if spread is None:
        return Watched(None, {})
    features = {name: drift.from_json(each) for name, each in spread["features"].items()}
    return Watched(drift.from_json(spread["scores"]), features)


def _row(on: date, sha256: str, measure: Measure) -> WatchMeasure:
    return WatchMeasure(
        id=new_id(), on=on, model_sha256=sha256, kind=measure.kind, subject=measure.subject,
        rows=measure.rows, value=measure.value, low=measure.low, high=measure.high,
        threshold=measure.limit, is_alarming=measure.is_alarming, detail=measure.detail,
    )  # fmt: skip


def _alert(sha256: str, measure: Measure) -> Alert:
    evidence = {"rows": measure.rows, "value": measure.value, "limit": measure.limit}
    about = f"model:{sha256[:16]}" + (f":{measure.subject}" if measure.subject else "")
    return Alert(measure.kind, about, {**evidence, **measure.detail})
