"""Who decides: seats, sticky shares, promotion by two, roll-back; on both databases."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, four_eyes
from kit.db import Base
from kit.four_eyes import Proposal
from kit.ids import new_id
from scoring import assignment, line_up, policy, promotion, versions
from scoring.line_up import Pair
from scoring.model import loading
from scoring.model.manifest import Decider
from scoring.models import RiskTable, Role, Seat
from scoring.promotion import Bid
from scoring.watching.gate import NOT_ASKED, Answer, Check
from tests.scoring import cases

UMA, USHA = UUID(int=1), UUID(int=2)
DEFAULT = policy.DEFAULT.read_text(encoding="utf-8")
STRICTER = DEFAULT.replace("approve_up_to_bps: 1500", "approve_up_to_bps: 1000")
BOLDER = DEFAULT.replace("approve_up_to_bps: 1500", "approve_up_to_bps: 1800")


@pytest.fixture
async def stock(session: AsyncSession, now: datetime) -> str:
    model = await versions.register_folder(session, loading.STOCK, actor="system", now=now)
    return model.sha256


async def pair(session: AsyncSession, model: str, body: str, now: datetime) -> Pair:
    rules = await versions.register_policy(session, body, actor="system", now=now)
    return Pair(model, rules.sha256)


async def seated(
    session: AsyncSession, who: Pair, now: datetime, role: Role = Role.CHAMPION, **more: object
) -> Seat:
    return await line_up.take(session, role, who, actor="staff:1", why="better", now=now, **more)  # type: ignore[arg-type]


class TestVersions:
    async def test_a_model_is_kept_once_and_comes_back_whole(
        self, session: AsyncSession, stock: str, now: datetime
    ) -> None:
        again = await versions.register_folder(session, loading.STOCK, actor="staff:1", now=now)
        versions._models.clear()

        kept = await versions.get_model(session, stock)

        assert again.sha256 == kept.sha256 == cases.stock().sha256
        assert [row.registered_by for row in await versions.list_models(session)] == ["system"]

    async def test_a_model_of_other_columns_is_refused(
        self, session: AsyncSession, now: datetime
    ) -> None:
        stock = cases.stock().manifest
        cars = replace(stock.columns[0], name="age_of_car", definition=None)
        other = replace(
            stock,
            columns=(cars, *stock.columns[1:]),
            scorecard=None,
            decides=Decider.TREES,
            probes=(),
        )
        _, trees = loading.texts(loading.STOCK)

        with pytest.raises(versions.ModelNotForApplications, match="age_of_car"):
            await versions.register_model(session, other.to_text(), trees, actor="system", now=now)

    @pytest.mark.parametrize("table", ["risk_models", "risk_policies"])
    async def test_what_is_kept_is_never_changed(
        self, session: AsyncSession, stock: str, now: datetime, table: str
    ) -> None:
        await pair(session, stock, DEFAULT, now)
        with pytest.raises(IntegrityError, match="never changed"):
            async with session.begin_nested():
                await session.execute(text(f"UPDATE {table} SET name = 'other'"))

    @pytest.mark.parametrize(
        ("table", "key", "column"),
        [
            ("risk_models", "sha256", "name"),
            ("risk_policies", "sha256", "name"),
            ("risk_tables", "id", "kind"),
        ],
    )
    async def test_what_is_kept_is_never_replaced(
        self, session: AsyncSession, stock: str, now: datetime, table: str, key: str, column: str
    ) -> None:
        """SQLite leaves what is there as it is, since a policy may be brought again."""
        await pair(session, stock, DEFAULT, now)
        session.add(RiskTable(kind="book", sha256="a" * 64, content={}, created_at=now))
        await session.flush()
        columns = Base.metadata.tables[table].columns.keys()

        def copied(names: list[str], **changed: str) -> str:
            values = ", ".join(changed.get(name, name) for name in names)
            return f"INTO {table} ({', '.join(names)}) SELECT {values} FROM {table} WHERE true"

        if session.get_bind().dialect.name == "sqlite":
            changed = {column: "'other'"}
            for into in (
                copied(columns, **changed),
                copied(["rowid", *columns], **changed, **{key: f"'{'f' * 32}'"}),
            ):
                await session.execute(text(f"INSERT OR REPLACE {into}"))
        else:
            update = f"ON CONFLICT ({key}) DO UPDATE SET {column} = 'other'"
            with pytest.raises(IntegrityError, match="never changed"):
                async with session.begin_nested():
                    await session.execute(text(f"INSERT {copied(columns)} {update}"))

        found = list(await session.scalars(text(f"SELECT {column} FROM {table}")))
        assert found
        assert "other" not in found

    async def test_a_hash_is_found_by_its_beginning(
        self, session: AsyncSession, stock: str
    ) -> None:
        assert await versions.find_model(session, stock[:8]) == stock
        with pytest.raises(versions.VersionNotFound):
            await versions.find_model(session, "f" * 12)
        with pytest.raises(versions.VersionNotFound):
            await versions.find_policy(session, "%")


class TestLineUp:
    async def test_a_challenger_decides_its_share_and_always_the_same(
        self, session: AsyncSession, stock: str, now: datetime
    ) -> None:
        await seated(session, await pair(session, stock, DEFAULT, now), now)
        other = await pair(session, stock, STRICTER, now)
        await seated(session, other, now, Role.CHALLENGER, share_bps=2_000)
        people = [uuid4() for _ in range(2_000)]

        def challenged(seats: list[Seat]) -> set[UUID]:
            chosen = {person: line_up.choose(seats, "personal", person) for person in people}
            return {p for p, seat in chosen.items() if seat and seat.role is Role.CHALLENGER}

        few = challenged(list(await line_up.standing(session)))
        await seated(session, other, now, Role.CHALLENGER, share_bps=4_000)
        more = challenged(list(await line_up.standing(session)))

        assert 300 < len(few) < 500
        assert few < more

    async def test_a_product_has_its_own_champion(
        self, session: AsyncSession, stock: str, now: datetime
    ) -> None:
        general = await seated(session, await pair(session, stock, DEFAULT, now), now)
        own = await seated(
            session, await pair(session, stock, STRICTER, now), now, product="harvest"
        )
        await seated(
            session, await pair(session, stock, BOLDER, now), now, Role.CHALLENGER, share_bps=9_999
        )
        seats = await line_up.standing(session)

        assert line_up.champion(seats, "personal") is general
        assert {line_up.choose(seats, "harvest", uuid4()) for _ in range(50)} == {own}

    async def test_a_challenger_that_wins_leaves_its_seat(
        self, session: AsyncSession, stock: str, now: datetime
    ) -> None:
        await seated(session, await pair(session, stock, DEFAULT, now), now)
        better = await pair(session, stock, STRICTER, now)
        await seated(session, better, now, Role.SHADOW)
        await seated(session, better, now, Role.CHALLENGER, share_bps=500)
        await seated(session, better, now)

        assert [(s.role, Pair.of(s)) for s in await line_up.standing(session)] == [
            (Role.CHAMPION, better)
        ]
        for role in Role:
            with pytest.raises(line_up.SeatTaken):
                await seated(session, better, now, role)

    async def test_a_shadow_is_taken_off(
        self, session: AsyncSession, stock: str, now: datetime
    ) -> None:
        shade = await pair(session, stock, STRICTER, now)
        await seated(session, shade, now, Role.SHADOW)
        await line_up.leave(session, Role.SHADOW, shade, actor="staff:1", why="seen", now=now)

        assert (await audit.list_events(session))[0].facts["why"] == "seen"
        assert await line_up.standing(session) == []
        with pytest.raises(line_up.SeatEmpty):
            await line_up.leave(session, Role.SHADOW, shade, actor="staff:1", why="seen", now=now)


class TestRollBack:
    async def test_goes_back_one_champion_at_a_time_and_never_forward(
        self, session: AsyncSession, stock: str, now: datetime
    ) -> None:
        first, second, third = [
            await pair(session, stock, body, now) for body in (DEFAULT, STRICTER, BOLDER)
        ]
        for who in (first, second, third):
            await seated(session, who, now)

        async def back() -> Seat | None:
            return await line_up.roll_back(session, actor="staff:1", why="losses", now=now)

        found = [await back(), await back()]
        assert [Pair.of(seat) for seat in found if seat] == [second, first]
        with pytest.raises(line_up.NothingBefore):
            await back()

        await seated(session, third, now)
        after = await back()
        assert after is not None
        assert Pair.of(after) == first

    async def test_a_product_goes_back_to_the_champion_of_all(
        self, session: AsyncSession, stock: str, now: datetime
    ) -> None:
        general = await seated(session, await pair(session, stock, DEFAULT, now), now)
        await seated(session, await pair(session, stock, STRICTER, now), now, product="harvest")

        done = await line_up.roll_back(
            session, actor="staff:1", why="losses", now=now, product="harvest"
        )

        assert done is None
        assert line_up.champion(await line_up.standing(session), "harvest") is general
        assert (await audit.list_events(session))[0].facts["why"] == "losses"

    @pytest.mark.parametrize("again", [STRICTER, BOLDER])
    async def test_never_seats_who_was_rolled_back(
        self, session: AsyncSession, stock: str, now: datetime, again: str
    ) -> None:
        """The champion of all decided between the two: it decides after the second as well."""
        await seated(session, await pair(session, stock, DEFAULT, now), now)
        for day, body in enumerate((STRICTER, again)):
            at = now + timedelta(days=day)
            await seated(session, await pair(session, stock, body, at), at, product="harvest")
            done = await line_up.roll_back(
                session, actor="staff:1", why="losses", product="harvest",
                now=at + timedelta(hours=1),
            )  # fmt: skip

            assert done is None

    async def test_ends_a_challenger_whose_champion_goes(
        self, session: AsyncSession, stock: str, now: datetime
    ) -> None:
        general = await seated(session, await pair(session, stock, DEFAULT, now), now)
        own, other = [await pair(session, stock, body, now) for body in (STRICTER, BOLDER)]
        await seated(session, own, now, product="harvest")
        await seated(session, other, now, Role.CHALLENGER, product="harvest", share_bps=500)

        await line_up.roll_back(session, actor="staff:1", why="losses", now=now, product="harvest")

        assert await line_up.standing(session) == [general]


AGAINST = Answer((Check("better", passed=False, said="Worse."),))


async def agreed(
    session: AsyncSession, bid: Bid, staff_id: UUID, now: datetime,
    said: Answer = NOT_ASKED, *, force: bool = False,
) -> Proposal:  # fmt: skip
    return await promotion.agree(
        session, bid, said, staff_id=staff_id, reason="fewer losses", now=now, force=force
    )


class TestPromotion:
    async def test_takes_two(self, session: AsyncSession, stock: str, now: datetime) -> None:
        await seated(session, await pair(session, stock, DEFAULT, now), now)
        better = await pair(session, stock, STRICTER, now)

        async def promote(staff_id: UUID) -> bool:
            return (await agreed(session, Bid(better), staff_id, now)).is_confirmed

        assert not await promote(UMA)
        with pytest.raises(four_eyes.SameStaff):
            await promote(UMA)
        assert await promote(USHA)
        holder = line_up.champion(await line_up.standing(session), "")
        assert holder is not None
        assert Pair.of(holder) == better
        assert holder.why == "fewer losses"

    async def test_what_the_gate_holds_back_needs_both_to_insist(
        self, session: AsyncSession, stock: str, now: datetime
    ) -> None:
        await seated(session, await pair(session, stock, DEFAULT, now), now)
        bid = Bid(await pair(session, stock, STRICTER, now))

        with pytest.raises(promotion.PromotionHeld):
            await agreed(session, bid, UMA, now, AGAINST)
        await agreed(session, bid, UMA, now, AGAINST, force=True)
        with pytest.raises(promotion.PromotionHeld):
            await agreed(session, bid, USHA, now, AGAINST)
        assert (await agreed(session, bid, USHA, now, AGAINST, force=True)).is_confirmed

    @pytest.mark.parametrize("force", [False, True])
    async def test_what_one_insisted_on_is_confirmed_when_the_gate_has_come_round(
        self, session: AsyncSession, stock: str, now: datetime, force: bool
    ) -> None:
        await seated(session, await pair(session, stock, DEFAULT, now), now)
        bid = Bid(await pair(session, stock, STRICTER, now))
        await agreed(session, bid, UMA, now, AGAINST, force=True)

        proposal = await agreed(session, bid, USHA, now, force=force)

        assert (proposal.is_confirmed, "although" in proposal.facts) == (True, True)

    @pytest.mark.parametrize("force", [False, True])
    async def test_what_nobody_insisted_on_is_proposed_anew_when_the_gate_has_turned(
        self, session: AsyncSession, stock: str, now: datetime, force: bool
    ) -> None:
        await seated(session, await pair(session, stock, DEFAULT, now), now)
        bid = Bid(await pair(session, stock, STRICTER, now))
        first = await agreed(session, bid, UMA, now)

        with pytest.raises(promotion.PromotionTurned):
            await agreed(session, bid, USHA, now, AGAINST, force=force)
        await four_eyes.withdraw(session, first.id, staff_id=USHA, now=now)
        await agreed(session, bid, USHA, now, AGAINST, force=True)
        assert (await agreed(session, bid, UMA, now, AGAINST, force=True)).is_confirmed

    async def test_a_share_of_decisions_takes_two_as_well(
        self, session: AsyncSession, stock: str, now: datetime
    ) -> None:
        await seated(session, await pair(session, stock, DEFAULT, now), now)
        other = await pair(session, stock, STRICTER, now)
        for staff_id in (UMA, USHA):
            await agreed(session, Bid(other, "", Role.CHALLENGER, 1_000), staff_id, now)

        shares = {seat.role: seat.share_bps for seat in await line_up.standing(session)}
        assert shares == {Role.CHAMPION: 10_000, Role.CHALLENGER: 1_000}

    async def test_said_once_more_it_proposes_nothing_new(
        self, session: AsyncSession, stock: str, now: datetime
    ) -> None:
        """The answer to whoever confirmed got lost, and their client asks again."""
        await seated(session, await pair(session, stock, DEFAULT, now), now)
        better = await pair(session, stock, STRICTER, now)
        other = await pair(session, stock, BOLDER, now)

        for bid in (Bid(better), Bid(other, "", Role.CHALLENGER, 500)):
            await agreed(session, bid, UMA, now)
            await agreed(session, bid, USHA, now)
            with pytest.raises(line_up.SeatTaken):
                await agreed(session, bid, USHA, now)
        assert await four_eyes.list_open(session) == []

    async def test_a_product_without_a_champion_of_its_own_has_none_to_contest(
        self, session: AsyncSession, stock: str, now: datetime
    ) -> None:
        await seated(session, await pair(session, stock, DEFAULT, now), now)
        bid = Bid(await pair(session, stock, STRICTER, now), "harvest", Role.CHALLENGER, 500)

        with pytest.raises(line_up.NothingToContest):
            await agreed(session, bid, UMA, now)
        await seated(session, await pair(session, stock, BOLDER, now), now, product="harvest")
        await agreed(session, bid, UMA, now)


class TestConfigured:
    async def start(self, session: AsyncSession, body: str, now: datetime) -> Seat | None:
        texts = loading.texts(loading.STOCK)
        return await promotion.settle_configured(session, *texts, body, now=now)

    async def test_decides_until_a_person_says_otherwise(
        self, session: AsyncSession, stock: str, now: datetime
    ) -> None:
        assert await self.start(session, DEFAULT, now) is not None
        assert await self.start(session, DEFAULT, now) is None
        assert await self.start(session, BOLDER, now + timedelta(days=1)) is not None
        chosen = await pair(session, stock, STRICTER, now)
        await seated(session, chosen, now)

        assert await self.start(session, DEFAULT, now + timedelta(days=2)) is None
        holder = line_up.champion(await line_up.standing(session), "")
        assert holder is not None
        assert Pair.of(holder) == chosen


class TestDraw:
    def test_spreads_evenly_and_never_changes(self) -> None:
        people = [new_id() for _ in range(4_000)]
        draws = [assignment.draw(person, "a") for person in people]

        assert draws == [assignment.draw(person, "a") for person in people]
        assert 150 < sum(draw < 500 for draw in draws) < 250
        assert assignment.draw(UUID(int=7), "a") == 2874
