"""Entries are sealed once and in order, checkpoints are signed over them, and proofs hold."""

import asyncio
import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
import zxingcpp
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from kit import jobs, notes
from kit.clock import Clock
from kit.crypto import Vault, vault_of
from kit.db import Sessions, unit_of_work
from kit.ids import new_id
from kit.money import Money
from servicing import tasks
from servicing.ledger import export, leaves, merkle, posting, proofs, sealing, tampering
from servicing.ledger.models import Checkpoint, Entry, Line, Seal
from servicing.ledger.rules import EntryKind, Event
from servicing.papers import receipt
from tests.servicing import outsider
from tests.servicing.lending import HandClock, Lender, kes
from tests.servicing.papers import looking

ON = date(2026, 11, 20)


async def posts(session: AsyncSession, now: datetime, count: int, **changed: Any) -> list[Entry]:
    parts = [(Event.PRINCIPAL_REPAID, Money(100, "KES")), (Event.INTEREST_REPAID, kes(1))]
    posted = []
    for _ in range(count):
        given: dict[str, Any] = {"reference": f"repayment:{new_id()}", "on": ON, "now": now}
        posted.append(await posting.post(session, EntryKind.REPAYMENT, *parts, **(given | changed)))
    return posted


async def signs(session: AsyncSession, now: datetime) -> Checkpoint:
    signer = vault_of(session).signer
    assert signer is not None
    made = await sealing.sign(session, signer, now=now)
    assert made is not None
    return made


async def seals(session: AsyncSession) -> list[Seal]:
    return list(await session.scalars(sa.select(Seal).order_by(Seal.seq)))


@pytest.fixture
def key(vault: Vault) -> str:
    assert vault.signer is not None
    return vault.signer.public


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
            Line(entry_id=entry_id, event=Event.FEE_REPAID, debit="cash_wallet",
                 credit="fees_receivable", amount_minor=5, currency="KES")
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


class TestACheckpoint:
    async def test_is_a_signed_note_about_size_and_root(
        self, session: AsyncSession, now: datetime, key: str
    ) -> None:
        await posts(session, now, 3)
        await sealing.seal(session)
        made = await signs(session, now)

        text = notes.read(made.note, [key]).text
        root = await sealing.root(session, 3)
        assert text == sealing.statement("kopa.example/ledger", 3, root)
        assert made.size == 3

    async def test_is_not_made_twice(self, session: AsyncSession, now: datetime) -> None:
        await posts(session, now, 3)
        await sealing.seal(session)

        assert await signs(session, now) is await signs(session, now)

    async def test_of_nothing_is_not_made(
        self, session: AsyncSession, vault: Vault, now: datetime
    ) -> None:
        assert vault.signer is not None
        assert await sealing.sign(session, vault.signer, now=now) is None

    async def test_is_not_made_after_another_past(
        self, session: AsyncSession, now: datetime
    ) -> None:
        await posts(session, now, 2)
        await sealing.seal(session)
        signer = vault_of(session).signer
        assert signer is not None
        note = signer.sign(sealing.statement(signer.name, 2, bytes(32)))
        session.add(Checkpoint(size=2, note=note, created_at=now))
        await posts(session, now, 1)
        await sealing.seal(session)

        with pytest.raises(sealing.PastHasChanged):
            await signs(session, now)


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


class TestAProof:
    async def test_of_an_entry_convinces_an_outsider(
        self, session: AsyncSession, now: datetime, key: str, tmp_path: Path
    ) -> None:
        for count in (3, 5):
            entries = await posts(session, now, count)
            await sealing.seal(session)
            await signs(session, now)
        proof = await proofs.of_entry(session, entries[1].id)
        as_json, as_code = tmp_path / "proof.json", tmp_path / "code.txt"
        as_json.write_text(json.dumps(proof))
        as_code.write_text(proofs.code(proof))

        for file in (as_json, as_code):
            status, said = outsider.checks("--key", key, file)
            assert status == 0, said
            assert f"Entry {entries[1].reference} of 2026-11-20 is number 5 of 8" in said
            assert "principal_repaid: 100 KES" in said

    @pytest.mark.parametrize("part", ["amount", "index", "path", "size", "key"])
    async def test_that_was_changed_convinces_nobody(
        self, session: AsyncSession, now: datetime, key: str, tmp_path: Path, part: str
    ) -> None:
        entries = await posts(session, now, 6)
        proof = await proofs.at_once(session, entries[2].id, now=now)
        assert proof is not None
        if part == "amount":
            proof["entry"]["lines"][0]["amount_minor"] = "1"
        elif part == "index":
            proof["index"] += 1
        elif part == "path":
            proof["path"][0], proof["path"][1] = proof["path"][1], proof["path"][0]
        elif part == "size":
            proof["checkpoint"] = proof["checkpoint"].replace("\n6\n", "\n7\n")
        else:
            key = notes.generate("kopa.example/ledger").public
        file = tmp_path / "proof.json"
        file.write_text(json.dumps(proof))

        status, said = outsider.checks("--key", key, file)
        assert (status, len(said.splitlines())) == (1, 1)

    async def test_of_an_entry_stays_the_same(self, session: AsyncSession, now: datetime) -> None:
        entries = await posts(session, now, 3)
        first = await proofs.at_once(session, entries[0].id, now=now)
        await posts(session, now, 3)
        await sealing.seal(session)
        await signs(session, now)

        assert await proofs.at_once(session, entries[0].id, now=now) == first

    async def test_waits_for_the_checkpoint(self, session: AsyncSession, now: datetime) -> None:
        (entry,) = await posts(session, now, 1)

        with pytest.raises(proofs.NotSealedYet):
            await proofs.of_entry(session, entry.id)
        with pytest.raises(proofs.EntryNotFound):
            await proofs.of_entry(session, new_id())

    async def test_between_checkpoints_convinces_an_outsider(
        self, session: AsyncSession, now: datetime, key: str, tmp_path: Path
    ) -> None:
        for count in (3, 4, 9):
            await posts(session, now, count)
            await sealing.seal(session)
            await signs(session, now)
        proof = await proofs.between(session, 3, 16)
        file, kept = tmp_path / "proof.json", tmp_path / "kept"
        file.write_text(json.dumps(proof))
        kept.write_text(proof["old"])
        assert outsider.checks("--key", key, "--old", kept, file) == (
            0, "The ledger of 16 entries begins with the one of 3.",
        )  # fmt: skip

        other = await proofs.between(session, 7, 16)
        file.write_text(json.dumps(proof | {"path": other["path"]}))
        assert outsider.checks("--key", key, file)[0] == 1
        for old, new in ((16, 3), (3, 4)):
            with pytest.raises(proofs.CheckpointNotFound):
                await proofs.between(session, old, new)


class TestAnExport:
    async def written(self, lender: Lender, file: Path) -> str:
        """A lender's ledger in a file; its first checkpoint is returned."""
        loan = await lender.lends()
        async with unit_of_work(lender.sessions) as session:
            await sealing.seal(session)
            kept = await signs(session, lender.now)
        await lender.closes_days_until(date(2026, 11, 25))
        await lender.receives(loan, kes(5_000))
        async with unit_of_work(lender.sessions) as session:
            await sealing.seal(session)
            newest = await signs(session, lender.now)
        with file.open("wb") as output:
            async for line in export.lines(lender.sessions, newest):
                output.write(line + b"\n")
        return kept.note

    async def test_is_checked_with_nothing_of_ours(
        self, lender: Lender, key: str, tmp_path: Path
    ) -> None:
        file, kept = tmp_path / "export", tmp_path / "kept"
        kept.write_text(await self.written(lender, file))

        status, said = outsider.checks("--key", key, "--old", kept, file)
        assert status == 0, said
        size = kept.read_text().split("\n")[1]
        assert said.endswith(f"and the first {size} are those of your checkpoint.")

    async def test_that_was_changed_is_found(
        self, lender: Lender, key: str, tmp_path: Path
    ) -> None:
        file = tmp_path / "export"
        await self.written(lender, file)
        whole = file.read_bytes()
        lines = whole.splitlines(keepends=True)
        changed = [
            whole.replace(b'"amount_minor":"', b'"amount_minor":"9', 1),
            b"".join(lines[:-1]),
            b"".join([*lines, lines[-1]]),
            b"".join([*lines[:2], lines[3], lines[2], *lines[4:]]),
            whole[: len(whole) // 2],
            b"",
        ]
        for content in changed:
            file.write_bytes(content)
            status, said = outsider.checks("--key", key, file)
            assert (status, len(said.splitlines())) == (1, 1), said

    async def test_of_a_past_that_was_written_anew_is_found_by_the_old_checkpoint(
        self, sessions: Sessions, now: datetime, key: str, tmp_path: Path
    ) -> None:
        """Whoever holds database and key can write everything anew, but for what is outside."""
        file, kept = tmp_path / "export", tmp_path / "kept"
        signer = notes.generate("kopa.example/ledger")
        kept.write_text(signer.sign(sealing.statement(signer.name, 2, bytes(32))))
        async with unit_of_work(sessions) as session:
            await posts(session, now, 3)
            await sealing.seal(session)
            made = await sealing.sign(session, signer, now=now)
        assert made is not None
        with file.open("wb") as output:
            async for line in export.lines(sessions, made):
                output.write(line + b"\n")

        assert outsider.checks("--key", signer.public, file)[0] == 0
        assert outsider.checks("--key", signer.public, "--old", kept, file) == (
            1, "The first 2 entries are not those of your checkpoint.",
        )  # fmt: skip
        assert outsider.checks("--key", key, file)[0] == 1
        assert outsider.checks("--key", key[:-4], file)[0] == 2
        assert outsider.checks("--key", key, tmp_path / "missing")[0] == 2


class TestAReceipt:
    async def test_carries_its_proof_as_a_code_that_can_be_scanned(
        self, lender: Lender, key: str, tmp_path: Path
    ) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(date(2026, 12, 20))
        paid = await lender.receives(loan, (await lender.owed(loan)).total + kes(7))
        async with unit_of_work(lender.sessions) as session:
            found = await receipt.receipt_of(session, loan, paid.id, now=lender.now)
        printed = receipt.pdf(found, "en", issuer="Kopa Lending")
        (seen,) = zxingcpp.read_barcodes(looking.picture(printed, page=1))
        file = tmp_path / "scanned"
        file.write_text(seen.text)

        status, said = outsider.checks("--key", key, file)
        assert status == 0, said
        assert f"Entry repayment:{paid.id} of 2026-12-20" in said
        assert "entry number" in looking.pages(printed)[1]
        assert receipt.pdf(found, "en", issuer="Kopa Lending") == printed

    async def test_is_printed_without_a_proof_where_nothing_is_signed(self, lender: Lender) -> None:
        loan = await lender.lends()
        paid = await lender.receives(loan, kes(100))
        async with unit_of_work(lender.sessions) as session:
            session.info["vault"] = Vault([b"m" * 32], b"i" * 32)
            found = await receipt.receipt_of(session, loan, paid.id, now=lender.now)

        assert found.proof is None
        assert len(looking.pages(receipt.pdf(found, "en", issuer="K"))) == 1
