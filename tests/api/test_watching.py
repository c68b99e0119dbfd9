"""What the daily look found, for programs and at the desk: JSON, pictures, charts, alerts."""

import io
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from PIL import Image

from kit.db import Sessions, unit_of_work
from kit.ids import new_id
from scoring import decisions
from scoring.watching import alerts
from scoring.watching.models import WatchMeasure
from scoring.watching.report import Alert, Kind
from tests.api.conftest import Enter, Sit
from tests.scoring import cases

MODEL = "ab" * 32
TODAY = date(2026, 11, 20)
GROUPS = [
    {
        "group": name, "rows": rows, "approved": approved, "impact": impact, "stated": 0.1,
        "approved_interval": [approved - 0.05, approved + 0.05], "found": 0.12,
        "impact_interval": [impact - 0.1, impact + 0.1], "gap_interval": [-0.2, 0.0],
        "good_approved": approved, "is_adverse": impact < 0.8,
    }
    for name, rows, approved, impact in (("25-34", 120, 0.8, 1.0), ("under 25", 80, 0.5, 0.625))
]  # fmt: skip


@pytest.fixture
async def looked(sessions: Sessions, now: datetime) -> str:
    """Two nights of looks, and an alert; the alert's id."""
    async with unit_of_work(sessions) as session:
        for n, on in enumerate((TODAY - timedelta(days=1), TODAY)):
            session.add_all(
                [
                    measured(Kind.SCORE_DRIFT, on, value=0.02 + n / 5, threshold=0.05,
                             is_alarming=bool(n)),
                    measured(Kind.FEATURE_DRIFT, on, "term_months", value=0.01, threshold=0.05),
                    measured(Kind.CALIBRATION, on, value=1.1, low=0.8, high=1.4, threshold=1.0,
                             detail={"bands": [[0.05, 0.04, 100], [0.2, 0.3, 40]]}),
                    measured(Kind.FAIRNESS, on, "age", value=0.625, threshold=0.8,
                             detail={"groups": GROUPS, "opportunity_gap": 0.3}),
                ]
            )  # fmt: skip
        alert = Alert("score_drift", "model:abab", {"rows": 100, "shares": {"0-3": [0.1, 0.4]}})
        (row,) = await alerts.settle(session, ["score_drift"], [alert], now=now)
        return str(row.id)


def measured(kind: Kind, on: date, subject: str = "", **said: object) -> WatchMeasure:
    numbers = {"low": None, "high": None, "is_alarming": False, "detail": {}, **said}
    return WatchMeasure(
        id=new_id(), on=on, model_sha256=MODEL, kind=kind, subject=subject, rows=100, **numbers
    )


class TestApi:
    async def test_tells_the_newest_look(self, enter: Enter, looked: str) -> None:
        ann = await enter("Ann")

        told = (await ann.get("/v1/watching", params={"model": "abab"})).json()
        none = (await ann.get("/v1/watching", params={"model": "ffff"})).json()

        assert [(each["kind"], each["on"]) for each in told] == [
            ("score_drift", "2026-11-20"), ("feature_drift", "2026-11-20"),
            ("calibration", "2026-11-20"), ("fairness", "2026-11-20"),
        ]  # fmt: skip
        assert told[0]["is_alarming"]
        assert none == []

    async def test_tells_a_measure_from_day_to_day(self, enter: Enter, looked: str) -> None:
        ann = await enter("Ann")

        course = await ann.get("/v1/watching/course", params={"kind": "score_drift", "days": 30})

        assert [each["on"] for each in course.json()] == ["2026-11-19", "2026-11-20"]

    @pytest.mark.parametrize("query", [{"kind": "mood"}, {"kind": "ranking", "days": 0}])
    async def test_refuses_what_it_cannot_read(self, enter: Enter, query: dict[str, str]) -> None:
        ann = await enter("Ann")

        assert (await ann.get("/v1/watching/course", params=query)).status_code == 422

    @pytest.mark.parametrize("name", ["drift", "fairness"])
    async def test_draws(self, enter: Enter, looked: str, name: str) -> None:
        ann = await enter("Ann")

        full = await ann.get(f"/v1/watching/{name}.png")
        empty = await ann.get(f"/v1/watching/{name}.png", params={"model": "ffff"})

        assert full.headers["content-type"] == "image/png"
        picture = Image.open(io.BytesIO(full.content)).convert("RGB")
        assert picture.width == 960
        colors = picture.getcolors(maxcolors=1_000_000)
        assert colors is not None
        assert (192, 57, 43) in {color for _, color in colors}  # What is alarming is red.
        assert Image.open(io.BytesIO(empty.content)).height < picture.height

    async def test_lists_alerts_and_keeps_a_note(self, enter: Enter, looked: str) -> None:
        carl, aude = await enter("Carl"), await enter("Aude")

        page = (await carl.get("/v1/watching/alerts")).json()
        noted = await carl.post(f"/v1/watching/alerts/{looked}/note", json={"note": "A campaign."})
        refused = await aude.post(f"/v1/watching/alerts/{looked}/note", json={"note": "x"})
        unknown = await carl.post(f"/v1/watching/alerts/{new_id()}/note", json={"note": "x"})

        assert [each["id"] for each in page["items"]] == [looked]
        assert noted.json()["note"] == "A campaign."
        assert refused.status_code == 403
        assert (unknown.status_code, unknown.json()["code"]) == (404, "risk_alert_not_found")

    async def test_tells_where_the_inputs_of_a_decision_came_from(
        self, enter: Enter, sessions: Sessions, now: datetime
    ) -> None:
        uma = await enter("Uma")
        doubtful = replace(cases.AMINA, signals=frozenset({"income_contradicts"}))
        async with unit_of_work(sessions) as session:
            decision = await decisions.decide(
                session, application_id=new_id(), snapshot=doubtful, model=cases.stock(),
                policy=cases.default_policy(), now=now,
            )  # fmt: skip

        told = (await uma.get(f"/v1/watching/decisions/{decision.id}/inputs")).json()
        unknown = await uma.get(f"/v1/watching/decisions/{new_id()}/inputs")

        assert told["signals"] == ["income_contradicts"]
        sources = {each["name"]: each["source"] for each in told["inputs"]}
        assert sources["monthly_income_minor"] == "typed"
        assert unknown.status_code == 404

    async def test_measures_are_not_for_collectors(self, enter: Enter) -> None:
        carl = await enter("Carl")

        assert (await carl.get("/v1/watching")).status_code == 403


class TestConsole:
    async def test_says_what_to_do_where_nothing_was_measured(self, sit: Sit) -> None:
        uma = await sit("Uma")

        shown = await uma.reads("/watching")

        assert "Nothing has been measured yet." in shown
        assert "kopa model watch --keep" in shown
        assert "None stands." in await uma.reads("/risk-alerts")

    async def test_draws_and_tells_the_numbers(self, sit: Sit, looked: str) -> None:
        uma = await sit("Uma")

        page = await uma.opens("/watching")
        shown = await uma.reads("/watching")

        assert page.text.count("<svg") == 4
        assert "1 of 4 measures are beyond what chance explains" in shown
        assert "Alerts: 1 not looked at" in shown
        assert "Score drift Alarming 0.220 0.050 100" in shown
        assert "under 25 Adverse 80 50.0%" in shown
        home = await uma.reads("")
        assert "1 Risk alerts" in home

    async def test_an_alert_shows_its_evidence_and_takes_a_note(
        self, sit: Sit, looked: str
    ) -> None:
        uma = await sit("Uma")
        page = f"/risk-alerts/{looked}"

        shown = await uma.reads(page)
        empty = await uma.sends(f"{page}/note", page=page, note="")
        noted = await uma.does(f"{page}/note", page=page, note="A campaign in May.")

        assert "0-3: 0.1 → 0.4" in shown
        assert empty.status_code == 422
        assert "A campaign in May." in noted
        assert "Your note is kept." in noted

    @pytest.mark.parametrize("part", ["measures", "groups"])
    async def test_tables_are_files_too(self, sit: Sit, looked: str, part: str) -> None:
        uma = await sit("Uma")

        answer = await uma.opens("/watching", format="csv", part=part)

        assert answer.headers["content-type"].startswith("text/csv")
        assert len(answer.text.strip().splitlines()) == {"measures": 5, "groups": 3}[part]
