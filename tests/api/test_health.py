"""What the machines that watch this one are told."""

from datetime import timedelta
from pathlib import Path

import httpx
from sqlalchemy import text

from api.app import create_app
from kit.config import Settings
from kit.crypto import Vault
from kit.db import Sessions, create_engine, sessions_of, unit_of_work
from kit.worker import WorkerHeartbeat
from tests.api.conftest import SetClock, client_of


class TestReady:
    async def test_when_the_schema_is_ours(
        self, stranger: httpx.AsyncClient, sessions: Sessions, clock: SetClock, shared_url: str
    ) -> None:
        before = (await stranger.get("/health/ready")).json()
        async with unit_of_work(sessions) as session:
            session.add(WorkerHeartbeat(executor_id="w", seen_at=clock.at - timedelta(seconds=5)))
        after = await stranger.get("/health/ready")

        # An embedded database has its worker in the same process.
        assert before["checks"]["worker"] is shared_url.startswith("sqlite")
        assert (after.status_code, after.json()["status"]) == (200, "ok")

    async def test_not_when_the_schema_is_another(
        self, stranger: httpx.AsyncClient, sessions: Sessions
    ) -> None:
        async with unit_of_work(sessions) as session:
            await session.execute(text("UPDATE alembic_version SET version_num = 'older'"))

        answer = await stranger.get("/health/ready")

        assert (answer.status_code, answer.json()["checks"]["migrations"]) == (503, False)

    async def test_not_without_a_database(
        self, tmp_path: Path, clock: SetClock, vault: Vault
    ) -> None:
        url = f"sqlite+aiosqlite:///{tmp_path}/none/kopa.db"
        engine = create_engine(url)
        app = create_app(Settings(database_url=url), sessions_of(engine), clock, vault)

        async with client_of(app) as client:
            ready, live = await client.get("/health/ready"), await client.get("/health/live")

        await engine.dispose()
        assert (ready.status_code, ready.json()["checks"]["database"]) == (503, False)
        assert live.status_code == 200


class TestMetrics:
    TOKEN = {"Authorization": "Bearer metrics-token"}

    async def test_count_routes_and_not_paths(self, stranger: httpx.AsyncClient) -> None:
        await stranger.get("/health/live")
        await stranger.get("/nothing/4711")
        await stranger.request("BREW", "/health/live")

        numbers = (await stranger.get("/metrics", headers=self.TOKEN)).text

        line = 'kopa_http_requests_total{method="GET",route="/health/live",status="200"} 1.0'
        assert line in numbers
        assert 'route="unmatched",status="404"' in numbers
        assert "4711" not in numbers
        assert "BREW" not in numbers
        assert "kopa_jobs_dead 0.0" in numbers

    async def test_are_closed_to_strangers(self, stranger: httpx.AsyncClient) -> None:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}):
            answer = await stranger.get("/metrics", headers=headers)

            assert (answer.status_code, answer.json()["code"]) == (401, "metrics_closed")

    async def test_are_open_on_the_machine_itself_and_not_through_its_proxy(
        self, sessions: Sessions, clock: SetClock, vault: Vault, shared_url: str
    ) -> None:
        settings = Settings(database_url=shared_url, metrics_token="")
        app = create_app(settings, sessions, clock, vault)
        for address in ("127.0.0.1", "::1"):
            async with client_of(app, address) as neighbor:
                direct = await neighbor.get("/metrics")
                proxied = await neighbor.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"})

            assert (direct.status_code, proxied.status_code) == (200, 401)
