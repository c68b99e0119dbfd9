"""Jobs that died are seen and run again; the trail tells who did what; the calculator is public."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from api.app import create_app
from api.throttle import QUOTES_A_MINUTE
from cli.main import kopa
from kit import jobs
from kit.config import Settings
from kit.crypto import Vault
from kit.db import Sessions, sessions_of, unit_of_work
from kit.worker import Worker
from onboarding import catalog
from tests.api.conftest import SetClock, client_of
from tests.onboarding.people import SETTINGS

TERMS = {
    "principal": "30000",
    "currency": "KES",
    "annual_rate_percent": "36",
    "frequency": "month",
    "installments": 6,
    "disbursed_on": "2026-11-20",
}
ODD = ["-1", "NaN", "1e400", "2024-02-30", "\uff11", "", True, [], {"x": 1}, 10**40]
PASSES_A_CAP = {"jurisdiction": "CN/bank", "currency": "CNY", "annual_rate_percent": "90"}
TRIES: list[str] = []


@jobs.effect("test.api_dies_once")
async def dies_once(context: jobs.Context, *, phone: str, loan_id: str) -> None:
    TRIES.append(phone)
    assert len(TRIES) > 1


class TestDeadJobs:
    """On a database of its own: the job engine commits for real."""

    @pytest.fixture
    def sessions(self, engine: AsyncEngine, vault: Vault) -> Sessions:
        return sessions_of(engine, vault)

    @pytest.fixture
    def app(self, database_url: str, sessions: Sessions, clock: SetClock, vault: Vault) -> FastAPI:
        settings = Settings(database_url=database_url, metrics_token="metrics-token")
        return create_app(settings, sessions, clock, vault, wall=clock)

    @pytest.fixture
    async def worker(
        self, database_url: str, sessions: Sessions, clock: SetClock
    ) -> AsyncIterator[Worker]:
        TRIES.clear()
        settings = Settings(database_url=database_url, job_polling_seconds=0.02)
        worker = Worker(settings, jobs.Context(sessions, clock))
        await worker.start()
        yield worker
        await worker.stop()

    async def test_are_listed_without_personal_data_and_run_again(
        self, ada: httpx.AsyncClient, worker: Worker, sessions: Sessions
    ) -> None:
        async with unit_of_work(sessions) as session:
            await jobs.enqueue(
                session, "test.api_dies_once", key="dies:1", phone="+254700000001", loan_id="L-1"
            )
        await worker.until_idle()

        [dead] = (await ada.get("/v1/jobs/dead")).json()
        token = {"Authorization": "Bearer metrics-token"}
        numbers = (await ada.get("/metrics", headers=token)).text
        retried = await ada.post("/v1/jobs/dead/retry", json={"key": "dies:1"})
        await worker.until_idle()

        assert (dead["name"], dead["arguments"]) == (
            "test.api_dies_once",
            {"phone": "***", "loan_id": "L-1"},
        )
        assert "kopa_jobs_dead 1.0" in numbers
        assert retried.status_code == 202
        assert len(TRIES) == 2
        assert (await ada.get("/v1/jobs/dead")).json() == []
        [trace] = (await ada.get("/v1/audit", params={"subject": "job:dies:1"})).json()["items"]
        assert trace["action"] == "job.retry"

    async def test_that_are_not_dead_are_not_run(self, ada: httpx.AsyncClient) -> None:
        answer = await ada.post("/v1/jobs/dead/retry", json={"key": "disburse:1"})

        assert (answer.status_code, answer.json()["code"]) == (404, "job_not_dead")


class TestAudit:
    async def test_is_paged_newest_first(
        self, aude: httpx.AsyncClient, uma: httpx.AsyncClient
    ) -> None:
        await uma.delete("/v1/session")

        [event] = (await aude.get("/v1/audit")).json()["items"]
        page = (await aude.get("/v1/audit", params={"limit": 1})).json()
        after = (await aude.get("/v1/audit", params={"after": page["next"]})).json()

        assert event["action"] == "staff.log_out"
        assert (page["items"], after) == ([event], {"items": [], "next": None})
        by_uma = await aude.get("/v1/audit", params={"actor": event["actor"]})
        assert by_uma.json()["items"] == [event]


class TestQuote:
    async def test_is_what_the_command_answers(
        self, stranger: httpx.AsyncClient, tmp_path: Path
    ) -> None:
        path = tmp_path / "terms.json"
        path.write_text(json.dumps(TERMS))

        answer = await stranger.post("/v1/quote", json=TERMS)

        command = CliRunner().invoke(kopa, ["quote", str(path), "--json"])
        assert answer.json() == json.loads(command.stdout)

    async def test_says_which_term_is_wrong(self, stranger: httpx.AsyncClient) -> None:
        for field, value in (
            ("principal", "-1"),
            ("principal", 1e300),
            ("annual_rate_percent", "NaN"),
            ("installments", 10**9),
            ("disbursed_on", "2026-02-30"),
            ("currency", "\u202eSEK"),
            ("rate\u0000", "1"),
        ):
            answer = await stranger.post("/v1/quote", json=TERMS | {field: value})

            body = answer.json()
            assert (answer.status_code, body["code"]) == (422, "invalid_terms"), field
            assert body["errors"][0]["where"] == f"body.{field}".replace("\0", "\ufffd")

    async def test_survives_numbers_that_are_none(self, stranger: httpx.AsyncClient) -> None:
        for number in ("NaN", "Infinity", "-Infinity", "1e400", "9" * 6_000):
            body = json.dumps(TERMS).replace('"30000"', number)

            answer = await stranger.post(
                "/v1/quote", content=body, headers={"Content-Type": "application/json"}
            )

            assert answer.status_code == 422, number

    async def test_says_what_the_command_says(self, app: FastAPI, tmp_path: Path) -> None:
        text = json.dumps(TERMS)
        wrong = [text.replace(f'"{key}"', f'"{key}": 1, "{key}"') for key in TERMS]
        wrong += [text.replace(f'"{key}"', '"surprise"') for key in TERMS]
        wrong += [json.dumps(TERMS | {key: odd}) for key in TERMS for odd in ODD]
        wrong += ["", "{", "[]", "null", json.dumps(TERMS | PASSES_A_CAP)]
        path = tmp_path / "terms.json"
        for n, body in enumerate(wrong):
            async with client_of(app, f"192.0.2.{n // 50}") as client:
                answer = await client.post("/v1/quote", content=body)
            path.write_text(body)
            command = CliRunner().invoke(kopa, ["quote", str(path)])
            assert (answer.status_code, command.exit_code) == (422, 2), body
            said = answer.json()["detail"]
            assert command.stderr.strip().replace(str(path), "input") == said, body

    async def test_is_given_so_often_to_one_client(
        self, stranger: httpx.AsyncClient, app: FastAPI
    ) -> None:
        answers = [await stranger.post("/v1/quote", json={}) for _ in range(QUOTES_A_MINUTE + 1)]
        async with client_of(app, "192.0.2.8") as neighbor:
            beside = await neighbor.post("/v1/quote", json=TERMS)
        refused = answers.pop()

        assert {answer.status_code for answer in answers} == {422}
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert beside.status_code == 200

    async def test_counts_a_household_of_many_addresses_once(self, app: FastAPI) -> None:
        for n in range(QUOTES_A_MINUTE):
            async with client_of(app, f"2001:db8:1:2::{n:x}") as client:
                assert (await client.post("/v1/quote", json={})).status_code == 422
        async with client_of(app, "2001:db8:1:2:ffff::1") as same:
            refused = await same.post("/v1/quote", json=TERMS)
        async with client_of(app, "2001:db8:1:3::1") as other:
            beside = await other.post("/v1/quote", json=TERMS)

        assert (refused.status_code, beside.status_code) == (429, 200)


class TestProducts:
    async def test_are_public(
        self, stranger: httpx.AsyncClient, sessions: Sessions, clock: SetClock
    ) -> None:
        async with unit_of_work(sessions) as session:
            await catalog.load(session, SETTINGS.products_file, now=clock.at)

        shown = (await stranger.get("/v1/products")).json()

        assert {product["code"] for product in shown} >= {"personal", "bullet", "rural"}
        assert shown[0]["amount"]["min"]
