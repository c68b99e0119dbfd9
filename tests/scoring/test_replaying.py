"""A thousand stored decisions are made again to the bit, from what is kept in the database."""

import hashlib
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db import Sessions, unit_of_work
from kit.ids import new_id
from scoring import decisions, line_up, policy, queries, replaying, shadow, versions
from scoring.line_up import Pair
from scoring.model import loading
from scoring.models import Decision, RiskPolicy, Role, ShadowAssessment
from scoring.policy import Outcome
from scoring.queries import Period
from tests.scoring import cases
from tests.scoring.people import crowd

DEFAULT = policy.DEFAULT.read_text(encoding="utf-8")
CURIOUS = DEFAULT.replace("refer_up_to_bps: 2500", "refer_up_to_bps: 600").replace(
    "approve_up_to_bps: 1500", "approve_up_to_bps: 300"
) + ("random_approvals: {share_bps: 500, limit_share_bps: 1000}\n")


async def book(sessions: Sessions, now: datetime, count: int = 60) -> list[Pair]:
    """Decisions of two policies, one of which approves a few at random."""
    async with unit_of_work(sessions) as session:
        model = await versions.register_folder(session, loading.STOCK, actor="system", now=now)
        rules = [
            await versions.register_policy(session, body, actor="system", now=now)
            for body in (DEFAULT, CURIOUS)
        ]
        for number, snapshot in enumerate(crowd(count)):
            await decisions.decide(
                session, application_id=new_id(), snapshot=snapshot, model=model,
                policy=rules[number % 2], draw=number * 37 % 1_000, now=now,
            )  # fmt: skip
    return [Pair(model.sha256, each.sha256) for each in rules]


async def only_one_by(session: AsyncSession, pair: Pair) -> Decision:
    made = await session.scalars(queries.made_in(Period(), only_standing=False))
    (decision,) = [each for each in made if each.policy_sha256 == pair.policy_sha256]
    return decision


class TestEvery:
    async def test_thousand_decisions_come_out_the_same_to_the_bit(
        self, sessions: Sessions, now: datetime
    ) -> None:
        await book(sessions, now, 1_000)
        versions._models.clear()
        versions._policies.clear()
        seen: list[int] = []

        found = await replaying.every(sessions, Period(), seen.append)

        assert (found.same, found.different, found.impossible) == (1_000, 0, 0)
        assert seen == [200, 400, 600, 800, 1_000]
        async with unit_of_work(sessions) as session:
            made = (await session.scalars(queries.made_in(Period(), only_standing=False))).all()
        assert {decision.outcome for decision in made} == set(Outcome)
        assert any(decision.is_random for decision in made)

    async def test_a_decision_that_was_changed_is_reported(
        self, sessions: Sessions, now: datetime
    ) -> None:
        await book(sessions, now)
        async with unit_of_work(sessions) as session:
            first = (await session.scalars(queries.made_in(Period(), only_standing=False))).all()[0]
            first.pd += 1e-16 if first.pd < 0.5 else -1e-16
            await session.execute(
                update(Decision).where(Decision.id == first.id).values(pd=first.pd, grade="Z")
            )

        found = await replaying.every(sessions, Period())

        assert found.different == 1
        number, parts = found.differences[0]
        assert number == first.id
        assert "grade" in parts

    async def test_only_the_period_is_made_again(self, sessions: Sessions, now: datetime) -> None:
        await book(sessions, now)

        later = await replaying.every(sessions, Period(since=now + timedelta(days=1)))
        before = await replaying.every(sessions, Period(until=now))

        assert later.same == before.same == 0

    async def test_a_model_that_nobody_kept_is_counted_not_hidden(
        self, sessions: Sessions, now: datetime
    ) -> None:
        async with unit_of_work(sessions) as session:
            await decisions.decide(
                session, application_id=new_id(), snapshot=cases.AMINA, model=cases.stock(),
                policy=policy.parse(DEFAULT + "\n# another\n"), now=now,
            )  # fmt: skip

        found = await replaying.every(sessions, Period())

        assert not found.is_exact
        assert found.impossible == 1
        assert "register it first" in next(iter(found.hindrances))


class TestShadow:
    async def test_assesses_the_same_snapshot_once_and_never_acts(
        self, sessions: Sessions, now: datetime
    ) -> None:
        default, curious = await book(sessions, now, 2)
        async with unit_of_work(sessions) as session:
            for role, pair in ((Role.CHAMPION, default), (Role.SHADOW, curious)):
                await line_up.take(session, role, pair, actor="staff:1", why="look", now=now)
            decision = await only_one_by(session, default)
            before = decision.outcome
            written = [await shadow.assess(session, decision.id, now=now) for _ in range(2)]
            kept = (await session.scalars(ShadowAssessment.__table__.select())).all()

        assert written == [1, 0]
        assert len(kept) == 1
        assert decision.outcome is before

    async def test_shows_the_borrower_under_every_other_seat(
        self, session: AsyncSession, sessions: Sessions, now: datetime
    ) -> None:
        default, curious = await book(sessions, now, 2)
        async with unit_of_work(sessions) as session:
            await line_up.take(
                session, Role.CHAMPION, default, actor="staff:1", why="first", now=now
            )
            await line_up.take(
                session, Role.CHALLENGER, curious, actor="staff:1", why="try", now=now,
                share_bps=100,
            )  # fmt: skip
            decision = await only_one_by(session, default)
            others = await shadow.beside(session, decision)

        assert [other.seat.role for other in others] == [Role.CHALLENGER]
        assert others[0].assessment.policy_sha256 == curious.policy_sha256


async def test_a_policy_that_would_be_refused_today_still_reads_as_it_did(
    session: AsyncSession, now: datetime
) -> None:
    text = DEFAULT + "name: said twice\n"
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    session.add(
        RiskPolicy(
            sha256=sha256, name="old", body=text, registered_by="system", registered_at=now
        )
    )  # fmt: skip
    await session.flush()

    with pytest.raises(policy.PolicyRefused):
        await versions.register_policy(session, text, actor="system", now=now)
    kept = await versions.get_policy(session, sha256)

    assert (kept.name, kept.sha256) == ("said twice", sha256)
