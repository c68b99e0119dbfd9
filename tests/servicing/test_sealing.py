"""Entries are sealed once and in order, also by several at once and by the job."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from kit import jobs
from kit.clock import Clock
from kit.crypto import Vault
from kit.db import Sessions, unit_of_work
from kit.ids import new_id
from servicing import tasks
from servicing.ledger import leaves, merkle, posting, sealing, tampering
from servicing.ledger.models import Entry, Line
from servicing.ledger.rules import EntryKind, Event
from tests.servicing.lending import HandClock, Lender
from tests.servicing.sealed import ON, key_of, posts, seals, signs


@pytest.fixture
def key(vault: Vault) -> str:
    return key_of(vault)


class TestSeal:
    async def test_takes_every_entry_once_and_in_a_row(
        self, session: AsyncSession, now: datetime
    ) -> None:
        wanted = []
        for count in (3, 0, 4):
            wanted += [entry.id for entry in await posts(session, now, count)]
            assert await sealing.seal(session) == count

        found = await seals(session)
        assert [seal.seq for seal in found] == list(range(1, 8))
        assert [seal.entry_id for seal in found] == wanted

    async def test_links_each_to_the_one_before_and_into_the_tree(
        self, session: AsyncSession, now: datetime
    ) -> None:
        await posts(session, now, 5)
        await sealing.seal(session)
        await posts(session, now, 6)
        await sealing.seal(session)

        chain, peaks = bytes(32), list[bytes]()
        found = await seals(session)
        written = await leaves.of_entries(session, [seal.entry_id for seal in found])
        for seal in found:
            leaf = merkle.leaf(written[seal.entry_id])
            chain = sealing.linked(chain, leaf)
            assert seal.chain == chain
            assert seal.hashes == b"".join(merkle.add(peaks, seal.seq - 1, leaf))
        assert await sealing.root(session, 11) == merkle.root(peaks)

    async def test_works_in_batches(
        self, session: AsyncSession, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sealing, "BATCH", 4)
        await posts(session, now, 9)

        assert [await sealing.seal(session) for _ in range(4)] == [4, 4, 1, 0]

    async def test_finds_what_was_made_before_and_committed_after(
        self, session: AsyncSession, now: datetime
    ) -> None:
        late = new_id()
        await posts(session, now, 1)
        await sealing.seal(session)
        await self.writes(session, late, now)

        assert await sealing.seal(session) == 1
        assert (await seals(session))[-1].entry_id == late

    async def test_finds_at_night_what_was_made_long_before(
        self, session: AsyncSession, now: datetime
    ) -> None:
        await posts(session, now, 1)
        await sealing.seal(session)
        old = UUID(int=new_id().int - (timedelta(days=2) // timedelta(milliseconds=1) << 80))
        await self.writes(session, old, now)

        assert await sealing.seal(session) == 0
        assert await sealing.seal(session, looks_at_all=True) == 1

    async def writes(self, session: AsyncSession, entry_id: UUID, now: datetime) -> None:
        session.add(
            Line(entry_id=entry_id, event=Event.CAPITAL_PAID_IN, debit="cash_wallet",
                 credit="funder_capital", amount_minor=5, currency="KES")
        )  # fmt: skip
        await session.flush()
        session.add(
            Entry(id=entry_id, reference=f"by hand:{entry_id}", body_sha256="", posted_on=ON,
                  kind=EntryKind.REPAYMENT, created_at=now)
        )  # fmt: skip
        await session.flush()

    async def test_is_no_part_of_posting(self, session: AsyncSession, now: datetime) -> None:
        """Posting asks nothing of the new tables, so that no two who post meet in one row."""
        asked: list[str] = []
        connection = (await session.connection()).sync_connection
        assert connection is not None
        sa.event.listen(connection, "before_cursor_execute", lambda *given: asked.append(given[2]))
        await posts(session, now, 2)

        assert len(asked) > 4
        assert not [each for each in asked if "seal" in each or "checkpoint" in each]


class TestTheLeaf:
    def test_holds_every_column_of_the_ledger(self) -> None:
        for model, columns, besides in (
            (Entry, leaves.ENTRY, set()),
            (Line, leaves.LINE, {"entry_id"}),
        ):
            named = {column.key for column in columns}
            assert named | besides == {column.key for column in model.__table__.columns}

    async def test_is_the_same_text_on_both_databases(
        self, session: AsyncSession, now: datetime
    ) -> None:
        loan = UUID("01a20102-def5-712b-a0dc-73cefc6ff0ae")
        (entry,) = await posts(session, now, 1, reference="repayment:1", loan_id=loan)
        lines = await posting.lines_of(session, entry)

        written = (await leaves.of_entries(session, [entry.id]))[entry.id].decode()
        assert written == (
            f'{{"body_sha256":"{entry.body_sha256}","created_at":"2026-11-20 07:00:00.000000",'
            f'"id":"{entry.id.hex}","kind":"repayment","lines":['
            '{"amount_minor":"100","credit":"loan_principal","currency":"KES",'
            f'"debit":"cash_wallet","event":"principal_repaid","id":"{lines[0].id.hex}",'
            f'"loan_id":"{loan.hex}"}},'
            '{"amount_minor":"100","credit":"interest_receivable","currency":"KES",'
            f'"debit":"cash_wallet","event":"interest_repaid","id":"{lines[1].id.hex}",'
            f'"loan_id":"{loan.hex}"}}],"loan_id":"{loan.hex}","posted_on":"2026-11-20",'
            '"reference":"repayment:1","reverses_id":null}'
        )

    async def test_tells_nothing_about_a_person(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.receives(loan, await lender.payoff(loan))
        async with lender.sessions() as session:
            ids = list(await session.scalars(sa.select(Entry.id)))
            told = b"".join((await leaves.of_entries(session, ids)).values()).decode()

        for secret in (lender.account, str(loan.borrower_id), loan.borrower_id.hex, loan.reference):
            assert secret not in told


class TestSealersAtOnce:
    async def test_take_turns(
        self, own_sessions: Sessions, now: datetime, key: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """While others post: every entry has one place, and the tree holds."""
        monkeypatch.setattr(sealing, "BATCH", 3)

        async def post() -> None:
            async with unit_of_work(own_sessions) as session:
                await posts(session, now, 2)

        async def sealed() -> None:
            async with unit_of_work(own_sessions) as session:
                await sealing.seal(session)

        await asyncio.gather(*(work() for _ in range(8) for work in (post, sealed)))
        await sealing.seal_all(own_sessions)
        async with own_sessions() as session:
            assert [seal.seq for seal in await seals(session)] == list(range(1, 17))
        assert await tampering.first(own_sessions, [key]) is None


class TestTheJob:
    async def test_seals_and_signs_what_was_posted(
        self, own_sessions: Sessions, vault: Vault, now: datetime, key: str
    ) -> None:
        """A ledger from before is sealed by the first run."""
        async with unit_of_work(own_sessions) as session:
            await posts(session, now, 7)
        clock: Clock = HandClock(now)
        await tasks.seal(jobs.Context(own_sessions, clock, {Vault: vault}))

        async with own_sessions() as session:
            checkpoint = await sealing.newest_checkpoint(session)
        assert checkpoint is not None
        assert checkpoint.size == 7
        assert await tampering.first(own_sessions, [key]) is None

    async def test_without_a_key_seals_and_does_not_sign(
        self, own_sessions: Sessions, now: datetime
    ) -> None:
        async with unit_of_work(own_sessions) as session:
            await posts(session, now, 2)
        without = Vault([b"m" * 32], b"i" * 32)
        await tasks.seal(jobs.Context(own_sessions, HandClock(now), {Vault: without}))

        async with own_sessions() as session:
            assert len(await seals(session)) == 2
            assert await sealing.newest_checkpoint(session) is None


class TestTheDatabase:
    @pytest.fixture
    async def sealed(
        self, engine: AsyncEngine, own_sessions: Sessions, now: datetime
    ) -> AsyncEngine:
        async with unit_of_work(own_sessions) as session:
            await posts(session, now, 2)
            await sealing.seal(session)
            await signs(session, now)
        return engine

    @pytest.mark.parametrize("table", ["ledger_seals", "ledger_checkpoints"])
    @pytest.mark.parametrize(
        "statement", ["DELETE FROM {0}", "UPDATE {0} SET {1} = {1}", "TRUNCATE {0} CASCADE"]
    )
    async def test_refuses_every_change(
        self, sealed: AsyncEngine, table: str, statement: str
    ) -> None:
        column = "seq" if table == "ledger_seals" else "size"
        if sealed.dialect.name == "sqlite" and statement.startswith("TRUNCATE"):
            statement = "INSERT OR REPLACE INTO {0} SELECT * FROM {0}"

        with pytest.raises(IntegrityError, match="never changed"):
            async with sealed.begin() as connection:
                await connection.execute(sa.text(statement.format(table, column)))

    async def test_takes_an_entry_into_the_tree_once(self, sealed: AsyncEngine) -> None:
        again = (
            "INSERT INTO ledger_seals (seq, entry_id, hashes, chain)"
            " SELECT 9, entry_id, hashes, chain FROM ledger_seals WHERE seq = 1"
        )
        with pytest.raises(IntegrityError):
            async with sealed.begin() as connection:
                await connection.execute(sa.text(again))
