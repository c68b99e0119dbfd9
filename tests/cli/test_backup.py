"""`kopa backup` and `kopa restore`: a drill that ends in a fresh place with the same root."""

import asyncio
import base64
import fcntl
import json
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from threading import Event, Thread

import pytest

from kit import restoring, sealed_files
from tests.cli.places import (
    CANARY,
    Place,
    change,
    count,
    done,
    newest_schema,
    run,
    said,
    starts,
    statuses,
    unpack,
)

# What has nothing to do with the kind of database is tried with one.
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def root(checkpoint: str) -> list[str]:
    """Name of the ledger, size, root."""
    return checkpoint.splitlines()[:3]


class TestDrill:
    def test_a_restored_ledger_has_the_same_root(self, lent: Place) -> None:
        before = done("ledger", "checkpoint").output
        checkpoint = lent.folder / "checkpoint.txt"
        checkpoint.write_text(before)

        done("backup", lent.file)
        lent.moves()
        restored = done("restore", lent.file)

        verified = done("ledger", "verify", "--json", "--checkpoint", checkpoint)
        assert json.loads(verified.output)["violations"] == []
        assert json.loads(verified.output)["sealed"] == int(root(before)[1]) > 0
        assert root(done("ledger", "checkpoint").output) == root(before)
        assert root(before)[2] in restored.output
        assert "1 orders waited then and may have left since" in restored.output

    def test_what_is_restored_is_one_moment_of_a_busy_lender(self, lent: Place) -> None:
        stopped, begun = Event(), Event()
        busy = Thread(target=lambda: asyncio.run(lent.receives_until(stopped, begun)))
        busy.start()
        try:
            assert begun.wait(60)
            done("backup", lent.file)
        finally:
            stopped.set()
            busy.join()

        lent.moves()
        done("restore", lent.file)
        done("ledger", "verify")
        assert 20 <= count(lent.fresh, "repayments") <= count(lent.url, "repayments")
        done("backup", lent.folder / "again.age")  # What was restored is a database like others.

    @SQLITE
    def test_entries_that_are_lost_are_not_signed_over_by_the_same_name(self, lent: Place) -> None:
        older, newer = lent.folder / "older.txt", lent.folder / "newer.txt"
        older.write_text(done("ledger", "checkpoint").output)
        done("backup", lent.file)
        asyncio.run(lent.lends())
        newer.write_text(done("ledger", "checkpoint").output)
        public = done("ledger", "key").output.strip()
        lent.moves()

        restored = done("restore", lent.file).output

        assert f"at most {root(older.read_text())[1]} entries" in restored
        done("ledger", "verify", "--checkpoint", older)
        assert run("ledger", "verify", "--checkpoint", newer).exit_code == 1
        fresh = done("ledger", "key", "--new", "kopa.example/ledger-2").output.strip()
        lent.environment.setenv("KOPA_SEAL_KEY", fresh)
        lent.environment.setenv("KOPA_PREVIOUS_SEAL_KEYS", json.dumps([public]))
        asyncio.run(lent.lends_at(lent.fresh))
        after = lent.folder / "after.txt"
        after.write_text(done("ledger", "checkpoint").output)
        assert root(after.read_text())[0] == "kopa.example/ledger-2"
        done("ledger", "verify", "--checkpoint", older, "--checkpoint", after)

    @SQLITE
    def test_nobody_reads_persons_in_the_file(self, lent: Place) -> None:
        done("backup", lent.file)

        assert CANARY.encode() not in lent.file.read_bytes()
        database = lent.folder / "kopa.db"
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA wal_checkpoint")
        assert CANARY.encode() in database.read_bytes()
        assert lent.file.stat().st_mode & 0o077 == 0

    @SQLITE
    def test_a_key_that_is_kept_elsewhere(self, lent: Place) -> None:
        """The machine that makes backups cannot read them."""
        key = lent.folder / "kept elsewhere"
        key.write_text(done("backup", "--new-key").output)
        lent.environment.setenv("KOPA_BACKUP_TO", sealed_files.public_half(key.read_text()))

        done("backup", lent.file)

        assert not (lent.folder / "var" / "backup.key").exists()
        assert "--key FILE" in said(run("backup", "--check", lent.file))
        assert "is whole" in done("backup", "--check", lent.file, "--key", key).output
        if age := shutil.which("age"):
            subprocess.run([age, "-d", "-i", key, "-o", os.devnull, lent.file], check=True)

    @SQLITE
    def test_a_private_key_in_the_place_of_its_public_half_is_told_to_nobody(
        self, lent: Place
    ) -> None:
        private = sealed_files.new_key().splitlines()[-1]
        lent.environment.setenv("KOPA_BACKUP_TO", private)

        refused = said(run("backup", lent.file))

        assert "is not a public key of age" in refused
        assert private not in refused


class TestRestore:
    def test_never_into_a_database_that_is_used(self, lent: Place) -> None:
        done("backup", lent.file)

        refused = said(run("restore", lent.file))

        assert "is there already" in refused or "is not empty" in refused

    @SQLITE
    def test_never_into_the_log_of_a_lost_database(self, lent: Place) -> None:
        done("backup", lent.file)
        lent.moves()
        log = lent.folder / "fresh" / "kopa.db-wal"
        log.parent.mkdir()
        log.touch()

        assert "kopa.db-wal is there already" in said(run("restore", lent.file))

    @SQLITE
    def test_never_beside_a_running_program(self, lent: Place) -> None:
        done("backup", lent.file)
        lent.moves()
        lock = lent.folder / "fresh" / "kopa.db.lock"
        lock.parent.mkdir()
        with lock.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            assert "Kopa runs already" in said(run("restore", lent.file))

    def test_nothing_of_a_file_that_is_cut_off_or_changed(self, lent: Place) -> None:
        done("backup", lent.file)
        whole = lent.file.read_bytes()
        flipped = bytearray(whole)
        flipped[-100] ^= 1
        lent.moves()
        for content in (whole[:-1], whole[: len(whole) // 2], bytes(flipped), b"", b"hello"):
            lent.file.write_bytes(content)
            assert "it is damaged" in said(run("backup", "--check", lent.file))
            assert "it is damaged" in said(run("restore", lent.file))
        lent.file.write_bytes(whole)

        done("restore", lent.file)  # Still empty: all refusals have left nothing.

    @SQLITE
    def test_another_key_opens_nothing(self, lent: Place) -> None:
        done("backup", lent.file)
        key = lent.folder / "another.key"
        key.write_text(sealed_files.new_key())
        lent.moves()

        assert "No matching keys" in said(run("restore", lent.file, "--key", key))
        key.write_bytes(lent.file.read_bytes())
        assert "there is no private key of age" in said(run("restore", lent.file, "--key", key))
        key.write_text("password123")
        assert "there is no private key of age" in said(run("restore", lent.file, "--key", key))

    def test_a_schema_that_we_do_not_know_is_refused(self, lent: Place) -> None:
        change(lent.url, "UPDATE alembic_version SET version_num = '9999'")
        done("backup", lent.file)
        lent.moves()

        assert "newer than this Kopa" in said(run("restore", lent.file))

    @SQLITE
    def test_a_sealed_file_of_somebody_else_is_no_backup(self, lent: Place) -> None:
        done("backup", lent.file)
        key = (lent.folder / "var" / "backup.key").read_text()
        lent.file.unlink()
        with sealed_files.writing(lent.file, [sealed_files.public_half(key)]) as file:
            file.write(b"a letter")

        lent.moves()
        assert "Not a gzipped file" in said(run("restore", lent.file))

    @SQLITE
    def test_says_which_keys_are_missing(self, lent: Place) -> None:
        """A start makes new ones, and then nobody can read what was sealed with the old ones."""
        done("backup", lent.file)
        lent.moves()
        for name in ("KOPA_MASTER_KEY", "KOPA_INDEX_KEY", "KOPA_SEAL_KEY"):
            lent.environment.delenv(name, raising=False)

        restored = done("restore", lent.file)

        assert "bring back" in restored.output
        for name in ("master.key", "index.key", "seal.key"):
            assert name in restored.output
            assert not (lent.folder / "var" / name).exists()

    @SQLITE
    def test_another_index_key_is_refused_before_anything_is_written(self, lent: Place) -> None:
        done("backup", lent.file)
        lent.moves()
        lent.environment.setenv("KOPA_INDEX_KEY", base64.b64encode(b"x" * 32).decode())

        assert "the index key here is another one" in said(run("restore", lent.file))

        lent.environment.setenv("KOPA_INDEX_KEY", base64.b64encode(b"i" * 32).decode())
        done("restore", lent.file)

    def test_says_when_the_master_key_is_another_one(self, lent: Place) -> None:
        done("backup", lent.file)
        lent.moves()
        lent.environment.setenv("KOPA_MASTER_KEY", base64.b64encode(b"x" * 32).decode())

        assert "the master key here is another one" in said(run("restore", lent.file))


class TestInterrupted:
    """No program starts, and sends what waits, on what was not restored to its end."""

    def test_goes_on_when_it_is_said_again(self, lent: Place) -> None:
        """The schema says that it is older than it is: to bring it up to date fails."""
        newest = newest_schema()
        change(lent.url, "UPDATE alembic_version SET version_num = '0029'")
        done("backup", lent.file)
        lent.moves()
        if not lent.fresh.startswith("sqlite"):
            restoring.begin(lent.fresh)  # One that was killed before its first row.
            assert starts(lent) == "was not restored to its end"

        assert "already exists" in said(run("restore", lent.file))

        if lent.fresh.startswith("sqlite"):
            assert [path.name for path in (lent.folder / "fresh").iterdir()] == ["kopa.db.lock"]
            return
        assert starts(lent) == "was not restored to its end"
        assert "was not restored to its end" in said(run("backup", lent.folder / "half.age"))
        change(lent.fresh, f"UPDATE alembic_version SET version_num = '{newest}'")
        assert "1 orders waited then" in done("restore", lent.file).output
        assert starts(lent) == "starts"
        assert statuses(lent.fresh) == ["settled", "settled", "submitting"]

    def test_was_never_finished_where_it_was_unpacked_by_hand(self, lent: Place) -> None:
        done("backup", lent.file)
        lent.moves()
        assert "restore FILE" in said(run("restore"))
        refused = said(run("restore", "--finish"))
        assert "there is no" in refused or "is empty" in refused
        unpack(lent)

        assert starts(lent) == "was not restored to its end"
        assert "1 orders waited then" in done("restore", "--finish").output

        assert starts(lent) == "starts"
        assert statuses(lent.fresh) == ["settled", "settled", "submitting"]
        done("backup", lent.folder / "again.age")
        assert "no restore waits to be finished" in said(run("restore", "--finish"))
        assert statuses(lent.fresh) == ["settled", "settled", "submitting"]

    @SQLITE
    def test_leaves_nothing_that_the_next_one_would_read(self, lent: Place) -> None:
        done("backup", lent.file)
        lent.moves()
        part = lent.folder / "fresh" / "kopa.db.part"
        part.parent.mkdir()
        # Killed while it was brought up to date: what it wrote last is in its log.
        shutil.copy(lent.url.partition(":///")[2], part)
        with closing(sqlite3.connect(part)) as killed:
            killed.execute("UPDATE payouts SET status = 'failed'")
            killed.commit()
            shutil.copy(f"{part}-wal", lent.folder / "wal")
        shutil.copy(lent.folder / "wal", f"{part}-wal")

        done("restore", lent.file)

        assert statuses(lent.fresh) == ["settled", "settled", "submitting"]
        assert sorted(path.name for path in part.parent.iterdir()) == ["kopa.db", "kopa.db.lock"]


class TestBackup:
    @SQLITE
    def test_keeps_the_newest_in_a_folder(self, lent: Place) -> None:
        folder = lent.folder / "backups"
        folder.mkdir()
        for day in ("01", "02", "03"):
            (folder / f"kopa-2026-01-{day}T010000Z.age").touch()
        (folder / "kopa-by-hand.age").touch()

        done("backup", folder, "--keep", "2")

        names = sorted(path.name for path in folder.iterdir())
        assert names[0] == "kopa-2026-01-03T010000Z.age"
        assert len(names) == 3
        assert names[2] == "kopa-by-hand.age"

    @SQLITE
    def test_never_replaces_a_file(self, lent: Place) -> None:
        lent.file.write_text("older")

        assert "is there already" in said(run("backup", lent.file))
        assert lent.file.read_text() == "older"

    @SQLITE
    def test_leaves_nothing_half_done(self, lent: Place) -> None:
        lent.environment.setenv("KOPA_BACKUP_TO", "age1nobody")

        assert "not a public key of age" in said(run("backup", lent.file))
        assert sorted(path.name for path in lent.folder.glob("*.age*")) == []

    def test_a_database_that_is_not_there(self, place: Place) -> None:
        place.environment.setenv("KOPA_DATABASE_URL", f"{place.url}.not".replace("?", ".not?"))

        refused = said(run("backup", place.file))

        assert "there is no" in refused or "does not answer" in refused
        assert not place.file.exists()
