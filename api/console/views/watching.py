"""Whether the models still hold, drawn; and the alerts that need a person."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import exports
from api.console import acts, charts, drawing, forms
from api.console.door import HOME, AtDesk, Desk
from api.console.files import AskedFile
from api.console.forms import Key
from api.console.words import Refusal
from api.deps import Session
from api.v1.watching import Noted
from api.watching_tables import ALERTS, GROUPS, MEASURES, groups_of
from scoring.watching import alerts, looks, pictures
from scoring.watching.models import WatchMeasure
from scoring.watching.report import Kind

router = APIRouter(prefix=HOME, include_in_schema=False)
_DRIFT = (Kind.SCORE_DRIFT, Kind.FEATURE_DRIFT)


@router.get("/watching", name="get_watching")
async def show_watching(desk: AtDesk, session: Session, file: AskedFile) -> Response:
    measures = list(await looks.newest(session))
    groups = [group for each in measures for group in groups_of(each)]
    answer = await file.of(MEASURES, exports.listed(measures), part="measures") or await file.of(
        GROUPS, exports.listed(groups), part="groups"
    )
    if answer is not None:
        return answer
    since = desk.today - timedelta(days=90)
    return drawing.page(
        desk,
        "watching.html",
        day=max((each.on for each in measures), default=None),
        alarming=[each for each in measures if each.is_alarming],
        unseen=await alerts.count_unseen(session),
        models=[_drawn(sha256, measures) for sha256 in sorted({m.model_sha256 for m in measures})],
        course=_course(await looks.course(session, Kind.SCORE_DRIFT, since=since)),
        measures=drawing.table(desk, MEASURES, measures, part="measures"),
        groups=drawing.table(desk, GROUPS, groups, part="groups"),
    )


@router.get("/risk-alerts", name="list_risk_alerts")
async def show_alerts(
    desk: AtDesk, session: Session, file: AskedFile, after: Key = None
) -> Response:
    async def every(session: AsyncSession, last: Any) -> Any:
        return await alerts.list_standing(session, after=last and last.id, limit=exports.PAGE)

    if (answer := await file.of(ALERTS, every)) is not None:
        return answer
    rows = await alerts.list_standing(session, after=after, limit=drawing.PAGE_SIZE)
    drawn = drawing.table(desk, ALERTS, rows, after=drawing.last_key(rows))
    return drawing.page(desk, "risk_alerts.html", alerts=drawn)


@router.get("/risk-alerts/{alert_id}", name="list_risk_alerts")
async def show_alert(alert_id: UUID, desk: AtDesk, session: Session) -> Response:
    return await _alert(alert_id, desk, session)


@router.post("/risk-alerts/{alert_id}/note", name="note_risk_alert")
async def note_alert(alert_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, Noted)
        await alerts.note(session, alert_id, staff_id=desk.who.id, text=body.note, now=desk.now)
        return "noted"

    async def again(session: AsyncSession, status: int, refusal: Refusal) -> Response:
        return await _alert(alert_id, desk, session, status=status, refusal=refusal)

    return await acts.carry_out(desk, act, then=f"{HOME}/risk-alerts/{alert_id}", again=again)


async def _alert(alert_id: UUID, desk: Desk, session: AsyncSession, **answer: Any) -> Response:
    alert = await alerts.get(session, alert_id)
    loan = alert.subject.removeprefix("loan:") if alert.subject.startswith("loan:") else None
    return drawing.page(
        desk, "risk_alert.html", alert=alert,
        about=drawing.link(desk, loan and f"{HOME}/loans/{loan}"),
        names=await desk.names(session), **{"refusal": None, **answer},
    )  # fmt: skip


def _drawn(sha256: str, measures: list[WatchMeasure]) -> dict[str, Any]:
    mine = [each for each in measures if each.model_sha256 == sha256]
    calibration = next((each for each in mine if each.kind is Kind.CALIBRATION), None)
    return {
        "name": sha256[:12],
        "drift": charts.bars(pictures.rows_of_drift(mine)),
        "groups": charts.bars(pictures.rows_of_groups(mine)),
        "calibration": charts.diagonal(calibration.detail["bands"]) if calibration else None,
    }


def _course(rows: Any) -> charts.Line | None:
    """The score's drift from day to day, of the model that decided last."""
    newest = rows[-1].model_sha256 if rows else ""
    mine = [(row.on, row.value, row.threshold) for row in rows if row.model_sha256 == newest]
    return charts.line(mine) if len(mine) > 1 else None
