"""A model takes over only when the gate lets it, or when two of staff insist."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from onboarding import successors
from scoring import line_up, policy, promotion, versions
from scoring.line_up import Pair
from scoring.model import loading
from scoring.models import Role
from tests.onboarding.people import SETTINGS
from tests.scoring import cases

UMA, USHA = UUID(int=1), UUID(int=2)


@pytest.fixture
async def champion(session: AsyncSession, now: datetime) -> Pair:
    model = await versions.register_folder(session, loading.STOCK, actor="system", now=now)
    body = policy.DEFAULT.read_text(encoding="utf-8")
    rules = await versions.register_policy(session, body, actor="system", now=now)
    pair = Pair(model.sha256, rules.sha256)
    await line_up.take(session, Role.CHAMPION, pair, actor="system", why="first", now=now)
    return pair


async def other_model(session: AsyncSession, champion: Pair, now: datetime) -> Pair:
    """The same trees under another name: to the gate another model."""
    renamed = replace(cases.stock().manifest, name="renamed").to_text()
    _, trees = loading.texts(loading.STOCK)
    model = await versions.register_model(session, renamed, trees, actor="system", now=now)
    return replace(champion, model_sha256=model.sha256)


async def test_a_model_that_nothing_proves_better_needs_two_who_insist(
    session: AsyncSession, champion: Pair, now: datetime
) -> None:
    pair = await other_model(session, champion, now)

    async def promote(staff_id: UUID, *, force: bool) -> bool:
        proposal = await successors.promote(
            session, pair, SETTINGS, staff_id=staff_id, reason="first own model", now=now,
            force=force,
        )  # fmt: skip
        return proposal.is_confirmed

    with pytest.raises(promotion.PromotionHeld, match="0 loans with a known outcome"):
        await promote(UMA, force=False)
    assert not await promote(UMA, force=True)
    assert await promote(USHA, force=True)
    holder = line_up.champion(await line_up.standing(session), "")
    assert holder is not None
    assert Pair.of(holder) == pair


async def test_another_policy_with_the_same_model_is_not_held_back(
    session: AsyncSession, champion: Pair, now: datetime
) -> None:
    body = policy.DEFAULT.read_text(encoding="utf-8") + "\n# another\n"
    rules = await versions.register_policy(session, body, actor="system", now=now)
    pair = replace(champion, policy_sha256=rules.sha256)

    found = await successors.held_back_by(session, pair, SETTINGS, product="", now=now)

    assert found == []
