"""Checkpoints are signed over sealed entries, and what they prove convinces outsiders."""

import json
from datetime import date, datetime
from pathlib import Path

import pytest
import zxingcpp
from sqlalchemy.ext.asyncio import AsyncSession

from kit import notes
from kit.crypto import Vault, vault_of
from kit.db import Sessions, unit_of_work
from kit.ids import new_id
from servicing.ledger import export, proofs, sealing
from servicing.ledger.models import Checkpoint
from servicing.papers import receipt
from tests.servicing import outsider
from tests.servicing.lending import Lender, kes
from tests.servicing.papers import looking
from tests.servicing.sealed import key_of, posts, signs
from tests.servicing.test_amendments import amends


@pytest.fixture
def key(vault: Vault) -> str:
    return key_of(vault)


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
            assert "capital_paid_in: 100 KES" in said

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

        kept.write_text("")
        assert outsider.checks("--key", key, "--old", kept, file)[0] == 2

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

    @pytest.mark.parametrize("nothing", ["", "\n"])
    async def test_is_not_checked_against_an_empty_file(
        self, lender: Lender, key: str, tmp_path: Path, nothing: str
    ) -> None:
        """`kopa ledger checkpoint > kept` leaves one behind whenever it fails."""
        file, kept = tmp_path / "export", tmp_path / "kept"
        await self.written(lender, file)
        kept.write_text(nothing)

        assert outsider.checks("--key", key, "--old", kept, file) == (
            2, "The checkpoint that you kept is empty.",
        )  # fmt: skip

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

    async def test_of_a_recovery_carries_its_proof_too(self, lender: Lender) -> None:
        loan = await lender.lends()
        await amends(lender, loan, {"type": "write_off"})
        paid = await lender.receives(loan, kes(100))
        async with unit_of_work(lender.sessions) as session:
            found = await receipt.receipt_of(session, loan, paid.id, now=lender.now)

        assert found.proof is not None
        assert found.proof["entry"]["reference"] == f"recovery:{paid.id}"

    async def test_is_held_against_a_checkpoint_that_was_kept(
        self, lender: Lender, vault: Vault, key: str, tmp_path: Path
    ) -> None:
        loan = await lender.lends()
        paid = await lender.receives(loan, kes(100))
        async with unit_of_work(lender.sessions) as session:
            proof = (await receipt.receipt_of(session, loan, paid.id, now=lender.now)).proof
            newest = await sealing.newest_checkpoint(session)
        assert proof is not None
        assert newest is not None
        file = tmp_path / "proof.json"
        file.write_text(json.dumps(proof))

        def says(note: str) -> int:
            old = tmp_path / "old"
            old.write_text(note)
            return outsider.checks("--key", key, "--old", old, file)[0]

        def another(size: int) -> str:
            assert vault.signer is not None
            text = sealing.statement(vault.signer.name, size, bytes(32))
            return vault.signer.sign(text)

        assert says(newest.note) == 0
        assert says(another(newest.size)) == 1
        assert says(another(newest.size - 1)) == 2
        assert says(json.dumps(proof)) == 1
        assert says("") == 2

    async def test_is_printed_without_a_proof_where_nothing_is_signed(self, lender: Lender) -> None:
        loan = await lender.lends()
        paid = await lender.receives(loan, kes(100))
        async with unit_of_work(lender.sessions) as session:
            session.info["vault"] = Vault([b"m" * 32], b"i" * 32)
            found = await receipt.receipt_of(session, loan, paid.id, now=lender.now)

        assert found.proof is None
        assert len(looking.pages(receipt.pdf(found, "en", issuer="K"))) == 1
