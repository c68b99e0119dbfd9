"""Decisions are stored once per attempt and can be made again to the bit, on both databases."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db import Sessions, unit_of_work
from kit.ids import new_id
from scoring import decisions, model, policy, queries
from scoring.models import Decision
from scoring.policy import Outcome
from scoring.snapshot import Employment, Snapshot
from tests.scoring import cases

LARGE = cases.asking(amount_minor=60_000, installment_minor=30_000)


async def decide(
    session: AsyncSession, snapshot: Snapshot, now: datetime, *, of: UUID, attempt: int = 1
) -> Decision:
    return await decisions.decide(
        session,
        application_id=of,
        snapshot=snapshot,
        model=cases.stock(),
        policy=cases.default_policy(),
        now=now,
        attempt=attempt,
    )


class TestDecide:
    async def test_stores_what_it_answered(self, sessions: Sessions, now: datetime) -> None:
        application = new_id()
        async with unit_of_work(sessions) as session:
            await decide(session, LARGE, now, of=application)

        async with unit_of_work(sessions) as session:
            stored = await queries.find_latest(session, application)
        assert stored is not None
        assert stored.outcome is Outcome.COUNTER
        assert stored.approved_minor == 38_000
        assert stored.reasons == ["not_affordable"]
        assert stored.created_at == now
        assert stored.model_sha256 == cases.stock().sha256
        assert stored.policy_sha256 == cases.default_policy().sha256

    async def test_decides_an_attempt_once(self, session: AsyncSession, now: datetime) -> None:
        application = new_id()
        first = await decide(session, cases.AMINA, now, of=application)
        other = cases.asking(employment=Employment.UNEMPLOYED)

        again = await decide(session, other, now + timedelta(days=1), of=application)

        assert again.id == first.id
        assert again.pd == first.pd
        assert len(await queries.list_decisions(session, application)) == 1

    async def test_keeps_both_attempts(self, session: AsyncSession, now: datetime) -> None:
        application = new_id()
        await decide(session, LARGE, now, of=application)
        await decide(session, cases.AMINA, now, of=application, attempt=2)

        latest = await queries.find_latest(session, application)

        assert latest is not None
        assert (latest.attempt, latest.outcome) == (2, Outcome.APPROVE)
        assert len(await queries.list_decisions(session, application)) == 2


class TestQueries:
    async def test_refuse_an_unknown_decision(self, session: AsyncSession) -> None:
        with pytest.raises(queries.DecisionNotFound):
            await queries.get_decision(session, new_id())

    async def test_find_nothing_where_nothing_was_decided(self, session: AsyncSession) -> None:
        assert await queries.find_latest(session, new_id()) is None


class TestReplay:
    @pytest.mark.parametrize(
        "snapshot",
        [
            cases.AMINA,
            LARGE,
            cases.asking(employment=None, purpose=None, monthly_income_minor=None),
            replace(cases.AMINA, signals=frozenset(["wallet_shared", "face_shared"])),
        ],
    )
    async def test_gives_the_same_answer_to_the_bit(
        self, sessions: Sessions, now: datetime, snapshot: Snapshot
    ) -> None:
        async with unit_of_work(sessions) as session:
            decision = await decide(session, snapshot, now, of=new_id())
        async with unit_of_work(sessions) as session:
            stored = await queries.get_decision(session, decision.id)

        again, is_random = decisions.replay(stored, model.load(), policy.load())

        assert again.pd.hex() == stored.pd.hex()
        assert list(again.reasons) == stored.reasons
        assert (again.outcome, again.grade) == (stored.outcome, stored.grade)
        assert (again.limit_minor, again.approved_minor) == (
            stored.limit_minor,
            stored.approved_minor,
        )
        assert decisions.differences(stored, again, is_random=is_random) == {}
        shown = json.loads(json.dumps(again.to_json()))
        assert shown["contributions"] == stored.contributions
        assert shown["counterfactual"] == stored.counterfactual

    async def test_refuses_another_model_or_policy(
        self, session: AsyncSession, now: datetime
    ) -> None:
        decision = await decide(session, cases.AMINA, now, of=new_id())
        other_model = replace(cases.stock(), sha256="0" * 64)
        other_policy = policy.parse(policy.DEFAULT.read_text(encoding="utf-8") + "\n")

        with pytest.raises(decisions.DecisionMadeByAnother, match="model"):
            decisions.replay(decision, other_model, cases.default_policy())
        with pytest.raises(decisions.DecisionMadeByAnother, match="policy"):
            decisions.replay(decision, cases.stock(), other_policy)
