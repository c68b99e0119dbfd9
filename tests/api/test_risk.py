"""The API for analysts: versions, who decides, what would have been, decisions made again."""

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.db import Sessions, unit_of_work
from scoring import line_up, policy, shadow
from scoring.line_up import Pair
from scoring.model import loading
from scoring.models import Decision, Role
from scoring.queries import Period, made_in
from tests.api.conftest import Enter, SetClock
from tests.scoring.test_replaying import CURIOUS, book

DEFAULT = policy.DEFAULT.read_text(encoding="utf-8")
STRICTER = DEFAULT.replace("approve_up_to_bps: 1500", "approve_up_to_bps: 200")
KEY = {"Idempotency-Key": "roll-back-1"}


@pytest.fixture
async def ann(enter: Enter) -> httpx.AsyncClient:
    return await enter("Ann")


@pytest.fixture
async def abel(enter: Enter) -> httpx.AsyncClient:
    return await enter("Abel")


@pytest.fixture
async def champion(sessions: Sessions, clock: SetClock) -> Pair:
    """Forty decisions by the champion and by another policy, and the champion's seat."""
    default, _ = await book(sessions, clock.at, 40)
    async with unit_of_work(sessions) as session:
        await line_up.take(
            session, Role.CHAMPION, default, actor=audit.SYSTEM, why="configured", now=clock.at
        )
    return default


async def registered(client: httpx.AsyncClient, body: str) -> str:
    answer = await client.post("/v1/risk/policies", json={"body": body})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["sha256"])


def chosen(champion: Pair, policy_sha256: str, **more: object) -> dict[str, object]:
    return {
        "model_sha256": champion.model_sha256,
        "policy_sha256": policy_sha256,
        "reason": "fewer losses",
        **more,
    }


async def one_of(session: AsyncSession) -> Decision:
    found = (await session.scalars(made_in(Period(), only_standing=True))).first()
    assert found is not None
    return found


class TestVersions:
    async def test_a_model_is_registered_once_by_its_texts(
        self, ann: httpx.AsyncClient, champion: Pair
    ) -> None:
        manifest, artefact = loading.texts(loading.STOCK)
        body = {"manifest": manifest, "artefact": artefact}

        answers = [await ann.post("/v1/risk/models", json=body) for _ in range(2)]

        assert {answer.json()["sha256"] for answer in answers} == {champion.model_sha256}
        (shown,) = (await ann.get("/v1/risk/models")).json()
        assert "auc" in str(shown["metrics"])

    async def test_what_contradicts_itself_is_refused(self, ann: httpx.AsyncClient) -> None:
        never = DEFAULT.replace("approve_up_to_bps: 1500", "approve_up_to_bps: 0")

        answer = await ann.post("/v1/risk/policies", json={"body": never})

        assert (answer.status_code, answer.json()["code"]) == (422, "policy_refused")
        assert (await ann.get("/v1/risk/policies")).json() == []

    async def test_a_changed_model_is_refused(self, ann: httpx.AsyncClient) -> None:
        manifest, artefact = loading.texts(loading.STOCK)

        answer = await ann.post(
            "/v1/risk/models", json={"manifest": manifest, "artefact": artefact + " "}
        )

        assert (answer.status_code, answer.json()["code"]) == (409, "model_changed")


class TestLineUp:
    async def test_two_promote_and_one_rolls_back_once(
        self, ann: httpx.AsyncClient, abel: httpx.AsyncClient, champion: Pair
    ) -> None:
        body = chosen(champion, await registered(ann, STRICTER))

        first = await ann.post("/v1/risk/promote", json=body)
        alone = await ann.post("/v1/risk/promote", json=body)
        second = await abel.post("/v1/risk/promote", json=body)
        assert first.json()["confirmed_at"] is None
        assert alone.json()["code"] == "second_staff_needed"
        assert second.json()["confirmed_at"] is not None
        (stands,) = (await ann.get("/v1/risk/line-up")).json()
        assert stands["policy_sha256"] == body["policy_sha256"]

        undo = {"reason": "losses"}
        back = [await ann.post("/v1/risk/roll-back", json=undo, headers=KEY) for _ in range(2)]
        assert back[0].json() == back[1].json()
        assert back[0].json()["champion"]["policy_sha256"] == champion.policy_sha256
        nothing = await ann.post(
            "/v1/risk/roll-back", json=undo, headers={"Idempotency-Key": "roll-back-2"}
        )
        assert nothing.json()["code"] == "risk_nothing_before"
        past = (await ann.get("/v1/risk/line-up/history")).json()
        assert [seat["until"] is None for seat in past] == [True, False, False]

    async def test_a_challenger_comes_and_goes(
        self, ann: httpx.AsyncClient, abel: httpx.AsyncClient, champion: Pair
    ) -> None:
        body = chosen(champion, await registered(ann, STRICTER), share_bps=1_000)
        for client in (ann, abel):
            assert (await client.put("/v1/risk/challenger", json=body)).status_code == 200
        roles = [seat["role"] for seat in (await ann.get("/v1/risk/line-up")).json()]
        assert roles == ["champion", "challenger"]

        ended = await ann.post("/v1/risk/challenger/end", json={"reason": "seen enough"})

        assert ended.json()["until"] is not None
        too_much = {**body, "share_bps": 9_000}
        assert (await ann.put("/v1/risk/challenger", json=too_much)).status_code == 422

    async def test_a_shadow_is_compared(
        self, ann: httpx.AsyncClient, sessions: Sessions, clock: SetClock, champion: Pair
    ) -> None:
        body = chosen(champion, await registered(ann, STRICTER))
        on = await ann.put("/v1/risk/shadow", json={**body, "on": True})
        assert on.json()["role"] == "shadow"
        async with unit_of_work(sessions) as session:
            for made in (await session.scalars(made_in(Period(), only_standing=True))).all():
                await shadow.assess(session, made.id, now=clock.at)

        found = (await ann.get("/v1/risk/compare")).json()

        assert sum(row["count"] for row in found["shadows"]) == 40
        assert {row["policy_sha256"] for row in found["shadows"]} == {body["policy_sha256"]}
        (summed,) = found["agreements"]
        assert summed["count"] == 40
        assert summed["would_approve"] < summed["approved"]
        assert summed["expected_bad"] > 0
        assert summed["would_expected_bad"] is None  # It would approve none of these.
        assert [model["sha256"] for model in found["models"]] == [champion.model_sha256]
        off = await ann.put("/v1/risk/shadow", json={**body, "on": False})
        assert off.json()["ended_by"].startswith("staff:")

    async def test_an_underwriter_may_not(self, uma: httpx.AsyncClient, champion: Pair) -> None:
        body = chosen(champion, champion.policy_sha256)

        assert (await uma.post("/v1/risk/promote", json=body)).json()["code"] == "role_forbids"


class TestAgain:
    async def test_a_decision_comes_out_the_same(
        self, ann: httpx.AsyncClient, sessions: Sessions, champion: Pair
    ) -> None:
        async with unit_of_work(sessions) as session:
            made = await one_of(session)

        one = await ann.post(f"/v1/risk/decisions/{made.id}/replay")
        every = await ann.post("/v1/risk/replay", json={})

        assert one.json() == {"decision_id": str(made.id), "same": True, "differences": {}}
        assert (every.json()["same"], every.json()["different"]) == (40, 0)

    async def test_what_if_says_what_would_have_been(
        self, ann: httpx.AsyncClient, champion: Pair
    ) -> None:
        tried = await ann.post("/v1/risk/what-if", json={"policy_body": STRICTER})
        kept = await ann.post(
            "/v1/risk/what-if", json={"policy_sha256": champion.policy_sha256, "most": 10}
        )

        found = tried.json()
        assert found["decisions"] == 40
        assert found["approval_share"]["after"] < found["approval_share"]["before"]
        assert found["changed"] == sum(
            count
            for old, row in found["outcomes"].items()
            for new, count in row.items()
            if old != new
        )
        assert (kept.json()["decisions"], kept.json()["is_cut_short"]) == (10, True)

    @pytest.mark.parametrize("body", [{}, {"policy_body": CURIOUS, "policy_sha256": "0" * 64}])
    async def test_what_if_needs_one_policy_or_model(
        self, ann: httpx.AsyncClient, body: dict[str, str]
    ) -> None:
        assert (await ann.post("/v1/risk/what-if", json=body)).status_code == 422
