"""Whether the models still hold: what is measured every day, and what needs a person."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field, StringConstraints

from api.deps import Now, Session, Staff, Today, permitted
from api.schemas import Page, PageSize, Record, Shown, Strict, Text
from scoring import quality, queries
from scoring import snapshot as snapshots
from scoring.snapshot import Source
from scoring.watching import alerts, looks, pictures
from scoring.watching.models import RiskAlert, WatchMeasure
from scoring.watching.report import Kind

router = APIRouter(prefix="/v1/watching", tags=["watching"], dependencies=[Depends(permitted)])

Hash = Annotated[str, StringConstraints(pattern="^[0-9a-f]{0,64}$")]
_PNG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": {}}}}


class MeasureShown(Shown):
    on: date
    model_sha256: str
    kind: Kind
    subject: str
    """The feature, or the way of grouping; empty where there is only one."""
    rows: int
    value: float
    low: float | None
    high: float | None
    threshold: float | None
    """What the value is held against: for so many rows, where chance is the question."""
    is_alarming: bool
    detail: dict[str, Any]


class AlertShown(Record):
    kind: str
    subject: str
    evidence: dict[str, Any]
    raised_at: datetime
    stood_at: datetime
    cleared_at: datetime | None
    seen_by: UUID | None
    seen_at: datetime | None
    note: str | None


class InputShown(Shown):
    name: str
    value: float | int | str | None
    source: Source
    at: datetime | None
    """When it was told or read; null where that was not kept yet."""
    age_days: int | None
    """How old it was when it was decided."""
    confidence: float | None
    """0 to 1 where something vouches for it or speaks against it; null where nothing does."""
    is_missing: bool


class InputsShown(Shown):
    as_of: datetime
    """How fresh all of it is: nothing newer was known when it was decided."""
    inputs: list[InputShown]
    signals: list[str]
    """What contradicts, or is shared with others."""


class Noted(Strict):
    note: Text = Field(description="What you make of it; kept in the audit trail's company.")


@router.get("", response_model=list[MeasureShown])
async def get_watching(session: Session, model: Hash = "") -> list[WatchMeasure]:
    """The newest look, of one model (the beginning of its hash) or of all that decided."""
    return list(await looks.newest(session, model_sha256=model))


@router.get("/course", response_model=list[MeasureShown])
async def get_watching_course(
    session: Session,
    today: Today,
    kind: Kind,
    subject: Annotated[str, Query(max_length=80)] = "",
    model: Hash = "",
    days: Annotated[int, Query(ge=1, le=731)] = 90,
) -> list[WatchMeasure]:
    """One measure from day to day, the oldest first."""
    since = today - timedelta(days=days)
    return list(await looks.course(session, kind, since=since, subject=subject, model_sha256=model))


@router.get("/drift.png", response_class=Response, responses=_PNG)
async def get_drift_picture(session: Session, model: Hash = "") -> Response:
    """Score and features against the training rows."""
    return _png(pictures.drift(await looks.newest(session, model_sha256=model)))


@router.get("/fairness.png", response_class=Response, responses=_PNG)
async def get_fairness_picture(session: Session, model: Hash = "") -> Response:
    """Approvals of each group that may be looked at."""
    return _png(pictures.fairness(await looks.newest(session, model_sha256=model)))


@router.get("/alerts", response_model=Page[AlertShown])
async def list_risk_alerts(
    session: Session, after: UUID | None = None, limit: PageSize = 50
) -> Page[AlertShown]:
    """What stands now, the oldest first: models, inputs, and loans that may go bad."""
    rows = await alerts.list_standing(session, after=after, limit=limit)
    return Page.of([AlertShown.model_validate(row) for row in rows], limit)


@router.post("/alerts/{alert_id}/note", response_model=AlertShown)
async def note_risk_alert(
    alert_id: UUID, body: Noted, session: Session, who: Staff, now: Now
) -> RiskAlert:
    """You have looked at it. It stands until the numbers say otherwise."""
    return await alerts.note(session, alert_id, staff_id=who.id, text=body.note, now=now)


@router.get("/decisions/{decision_id}/inputs", response_model=InputsShown)
async def get_decision_inputs(decision_id: UUID, session: Session) -> InputsShown:
    """What the decision looked at: where each input came from, and what contradicted it."""
    decision = await queries.get_decision(session, decision_id)
    snapshot = snapshots.from_json(decision.snapshot)
    return InputsShown(
        as_of=snapshot.as_of,
        inputs=[InputShown.model_validate(each) for each in quality.origins(snapshot)],
        signals=sorted(snapshot.signals),
    )


def _png(content: bytes) -> Response:
    return Response(content, media_type="image/png", headers={"Cache-Control": "no-store, private"})
