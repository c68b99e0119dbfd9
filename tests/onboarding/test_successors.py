"""Who may decide: what the gate lets, what products can be approved by, what two of staff want."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.crypto import Vault
from kit.db import Sessions, sessions_of, unit_of_work
from onboarding import catalog, decisioning, successors
from onboarding.products import ProductNotFound
from scoring import line_up, policy, promotion, versions
from scoring.line_up import Pair
from scoring.model import loading
from scoring.models import Role, Seat
from scoring.promotion import Bid
from scoring.watching import gate
from tests.onboarding import watched_book
from tests.onboarding.people import SETTINGS
from tests.onboarding.watched_book import Book
from tests.scoring import cases

UMA, USHA = UUID(int=1), UUID(int=2)
DEFAULT = policy.DEFAULT.read_text(encoding="utf-8")
COSTLY = DEFAULT.replace("cost_of_funds_bps: 1200", "cost_of_funds_bps: 5000")
"""More than the highest rate of `business`, the one product with a band."""


async def seated(sessions: Sessions, pair: Pair, now: datetime, product: str = "") -> Pair:
    async with unit_of_work(sessions) as session:
        await line_up.take(
            session, Role.CHAMPION, pair, actor="system", why="first", now=now, product=product
        )
    return pair


@pytest.fixture
async def champion(sessions: Sessions, now: datetime) -> Pair:
    return await first(sessions, now)


async def first(sessions: Sessions, now: datetime) -> Pair:
    async with unit_of_work(sessions) as session:
        await catalog.load(session, SETTINGS.products_file, now=now)
        model = await versions.register_folder(session, loading.STOCK, actor="system", now=now)
    return await seated(sessions, await with_policy(sessions, model.sha256, DEFAULT, now), now)


async def with_policy(sessions: Sessions, model_sha256: str, body: str, now: datetime) -> Pair:
    async with unit_of_work(sessions) as session:
        rules = await versions.register_policy(session, body, actor="system", now=now)
    return Pair(model_sha256, rules.sha256)


async def other_model(sessions: Sessions, champion: Pair, now: datetime) -> Pair:
    """The same trees under another name: to the gate another model."""
    renamed = replace(cases.stock().manifest, name="renamed").to_text()
    _, trees = loading.texts(loading.STOCK)
    async with unit_of_work(sessions) as session:
        model = await versions.register_model(session, renamed, trees, actor="system", now=now)
    return replace(champion, model_sha256=model.sha256)


async def promote(
    sessions: Sessions, pair: Pair, staff_id: UUID, now: datetime, *,
    product: str = "", force: bool = False,
) -> bool:  # fmt: skip
    proposal = await successors.agree(
        sessions, Bid(pair, product), SETTINGS, staff_id=staff_id, reason="better", now=now,
        force=force,
    )  # fmt: skip
    return proposal.is_confirmed


class TestGate:
    async def test_a_model_that_nothing_proves_better_needs_two_who_insist(
        self, sessions: Sessions, champion: Pair, now: datetime
    ) -> None:
        pair = await other_model(sessions, champion, now)

        with pytest.raises(promotion.PromotionHeld, match="0 loans with a known outcome"):
            await promote(sessions, pair, UMA, now)
        assert not await promote(sessions, pair, UMA, now, force=True)
        assert await promote(sessions, pair, USHA, now, force=True)
        async with unit_of_work(sessions) as session:
            holder = line_up.champion(await line_up.standing(session), "")
        assert holder is not None
        assert Pair.of(holder) == pair

    async def test_another_policy_with_the_same_model_is_not_held_back(
        self, sessions: Sessions, champion: Pair, now: datetime
    ) -> None:
        pair = await with_policy(sessions, champion.model_sha256, DEFAULT + "\n# another\n", now)

        assert await successors.ask_gate(sessions, Bid(pair), SETTINGS, now=now) == gate.NOT_ASKED

    async def test_counts_the_loans_that_would_be_decided(
        self, sessions: Sessions, champion: Pair, now: datetime, tmp_path: Path
    ) -> None:
        pair = await other_model(sessions, champion, now)
        texts = watched_book.model_that_remembers(tmp_path / "amount")
        async with unit_of_work(sessions) as session:
            book = await Book.of(session, texts, now)
            await book.decides(20, days_ago=300)

        async def counted(product: str) -> int:
            said = await successors.ask_gate(sessions, Bid(pair, product), SETTINGS, now=now)
            return int(said.reasons[0].split()[0])

        every = await counted("")
        assert every > 0
        assert [await counted("personal"), await counted("bullet")] == [every, 0]
        own = await with_policy(sessions, champion.model_sha256, DEFAULT + "# own\n", now)
        await seated(sessions, own, now, "personal")
        assert [await counted("personal"), await counted("")] == [every, 0]

    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
    async def test_waits_for_nobody_who_writes(
        self, engine: AsyncEngine, vault: Vault, now: datetime
    ) -> None:
        sessions = sessions_of(engine, vault)
        pair = await other_model(sessions, await first(sessions, now), now)

        async with unit_of_work(sessions), asyncio.timeout(10):
            said = await successors.ask_gate(sessions, Bid(pair), SETTINGS, now=now)

        assert len(said.reasons) == 1

    async def test_what_nobody_registered_cannot_decide(
        self, sessions: Sessions, champion: Pair, now: datetime
    ) -> None:
        with pytest.raises(versions.VersionNotFound):
            await promote(sessions, Pair(champion.model_sha256, "0" * 64), UMA, now)


class TestProducts:
    @pytest.fixture
    async def costly(self, sessions: Sessions, champion: Pair, now: datetime) -> Pair:
        return await with_policy(sessions, champion.model_sha256, COSTLY, now)

    @pytest.mark.parametrize("product", ["", "business"])
    async def test_a_policy_that_can_never_approve_one_is_not_even_proposed(
        self, sessions: Sessions, costly: Pair, now: datetime, product: str
    ) -> None:
        with pytest.raises(policy.PolicyRefused, match="never approve business"):
            await promote(sessions, costly, UMA, now, product=product)
        with pytest.raises(policy.PolicyRefused, match="never approve business"):
            await contest(sessions, costly, now, product)

    async def test_only_those_count_that_it_would_decide(
        self, sessions: Sessions, champion: Pair, costly: Pair, now: datetime
    ) -> None:
        assert not await promote(sessions, costly, UMA, now, product="bullet")
        assert await promote(sessions, costly, USHA, now, product="bullet")
        own = await with_policy(sessions, champion.model_sha256, DEFAULT + "# own\n", now)
        await seated(sessions, own, now, "business")
        await seated(sessions, costly, now)

        async with unit_of_work(sessions) as session:
            await decisioning.settle_line_up(session, SETTINGS, now=now)

    async def test_a_roll_back_leaves_no_product_without_approval(
        self, sessions: Sessions, champion: Pair, costly: Pair, now: datetime
    ) -> None:
        own = await with_policy(sessions, champion.model_sha256, DEFAULT + "# own\n", now)
        await seated(sessions, own, now, "business")
        await seated(sessions, costly, now + timedelta(hours=1))

        with pytest.raises(policy.PolicyRefused, match="never approve business"):
            await roll_back(sessions, now, "business")
        assert await roll_back(sessions, now, "") is not None
        assert await roll_back(sessions, now, "business") is None

    async def test_that_do_not_exist_have_no_seat(
        self, sessions: Sessions, champion: Pair, now: datetime
    ) -> None:
        other = await with_policy(sessions, champion.model_sha256, DEFAULT + "# other\n", now)

        with pytest.raises(ProductNotFound):
            await promote(sessions, other, UMA, now, product="bulet")
        with pytest.raises(ProductNotFound):
            await contest(sessions, other, now, "bulet")
        with pytest.raises(ProductNotFound):
            async with unit_of_work(sessions) as session:
                await successors.shadow(
                    session, other, actor="staff:1", why="try", now=now, product="bulet"
                )


async def contest(sessions: Sessions, pair: Pair, now: datetime, product: str) -> None:
    await successors.agree(
        sessions, Bid(pair, product, Role.CHALLENGER, 500), SETTINGS, staff_id=UMA, reason="try",
        now=now,
    )  # fmt: skip


async def roll_back(sessions: Sessions, now: datetime, product: str) -> Seat | None:
    async with unit_of_work(sessions) as session:
        return await successors.roll_back(
            session, actor="staff:1", why="losses", now=now, product=product
        )
