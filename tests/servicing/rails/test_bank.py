"""Payouts and repayments through a bank's folder, against a bank that somebody else wrote."""

import os
import shutil
from collections.abc import AsyncIterator
from datetime import date, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kit.config import Settings
from kit.db import Sessions, unit_of_work
from kit.money import Money
from kit.worker import Worker
from servicing import disbursements, reconciliation, tasks
from servicing.models import ReconciliationRun
from servicing.states import LoanStatus, OrderStatus
from tests.servicing.lending import START, kes
from tests.servicing.rails import bank
from tests.servicing.rails.bank import CLOSED, ELSEWHERE, UNRESOLVED, Street
from tests.servicing.returned import takes_back
from tests.servicing.topping_up import DAILY, is_agreed

PAID = "-29200.00"


@pytest.fixture
async def street(own_sessions: Sessions, now: datetime, tmp_path: Path) -> AsyncIterator[Street]:
    async with bank.street(own_sessions, now, tmp_path / "bank") as opened:
        yield opened


class TestPayout:
    async def test_is_told_accepted_booked_and_stated(self, street: Street) -> None:
        loan = await street.pays_out()
        assert (await street.payout(loan)).status is OrderStatus.PENDING
        (told,) = street.bank.says("camt.054")
        assert "<Cdtr><Pty><Nm>Amina Wanjiru</Nm></Pty></Cdtr>" in told.read_text()
        await street.takes_in()

        payout = await street.payout(loan)
        assert (payout.status, payout.rail_id) == (OrderStatus.SETTLED, "MB-PMT-1")
        seen = await street.lender.sees(loan)
        assert (seen.status, seen.disbursed_on) == (LoanStatus.ACTIVE, START)

        await street.lives(1)
        await street.takes_in()
        assert await street.reconciles(START) == []
        assert (await street.lender.books(loan))["cash_bank"] == PAID
        assert await street.incidents() == []
        await street.lender.verifies()

    async def test_counts_only_when_it_is_booked(
        self, own_sessions: Sessions, now: datetime, tmp_path: Path
    ) -> None:
        """Accepted on Friday after the cutoff, booked on Monday: the loan runs from Monday."""
        async with bank.street(own_sessions, now, tmp_path / "bank", at="16:00") as street:
            loan = await street.pays_out()
            await street.takes_in()
            assert (await street.payout(loan)).status is OrderStatus.PENDING
            assert await street.lender.books(loan) == {}

            await street.lives(3)
            await street.takes_in()

            assert (await street.lender.sees(loan)).disbursed_on == date(2026, 11, 23)
            await street.lender.verifies()

    @pytest.mark.parametrize(("account", "code"), [(CLOSED, "AC04"), (UNRESOLVED, "RC01")])
    async def test_to_an_account_that_is_refused_fails(
        self, street: Street, account: str, code: str
    ) -> None:
        street.lender.account = account
        loan = await street.pays_out()
        await street.takes_in()

        payout = await street.payout(loan)
        assert (payout.status, payout.failure_code) == (OrderStatus.FAILED, code)
        assert await street.lender.books(loan) == {}

    async def test_that_failed_is_sent_again_elsewhere(self, street: Street) -> None:
        street.lender.account = CLOSED
        loan = await street.pays_out()
        await street.takes_in()
        async with unit_of_work(street.lender.sessions) as session:
            vault = session.info["vault"]
            await disbursements.retry(
                session, vault, loan.id, actor="system", now=street.lender.now, account=ELSEWHERE
            )
        await street.lender.pays_out(loan)
        await street.bank.reads()
        await street.takes_in()

        assert (await street.lender.books(loan))["cash_bank"] == PAID

    @pytest.mark.parametrize(
        ("behaviour", "code"), [("insufficient-funds", "AM04"), ("reject-file", "FF01")]
    )
    async def test_that_the_bank_rejects_fails(
        self, street: Street, behaviour: str, code: str
    ) -> None:
        await street.bank.behaves(behaviour=behaviour, balance=1)
        loan = await street.pays_out()
        await street.takes_in()

        payout = await street.payout(loan)
        assert (payout.status, payout.failure_code) == (OrderStatus.FAILED, code)
        assert await street.lender.books(loan) == {}

    async def test_in_another_currency_fails(self, street: Street) -> None:
        await street.bank.behaves(currency="EUR")
        loan = await street.pays_out()
        await street.takes_in()

        assert (await street.payout(loan)).failure_code == "AM03"

    async def test_that_a_bank_rejects_after_it_accepted_fails(
        self, own_sessions: Sessions, now: datetime, tmp_path: Path
    ) -> None:
        async with bank.street(own_sessions, now, tmp_path / "bank", at="16:00") as street:
            loan = await street.pays_out()
            await street.takes_in()
            await street.bank.behaves(closed=True)
            await street.lives(3)
            await street.takes_in()

            assert (await street.payout(loan)).failure_code == "AC04"
            assert await street.lender.books(loan) == {}

    async def test_that_came_to_the_bank_twice_is_not_taken_for_rejected(
        self, street: Street
    ) -> None:
        """`DUPL` rejects the second file. The first one is being carried out."""
        await street.bank.behaves(behaviour="duplicate-file")
        loan = await street.pays_out()
        (sent,) = (street.bank.folder / "sent").glob("*.xml")
        shutil.copy(sent, street.bank.folder / "out" / sent.name)
        await street.bank.reads()
        for told in street.bank.says("camt.054"):
            told.rename(street.bank.folder / told.name)
        await street.takes_in()
        assert (await street.payout(loan)).status is OrderStatus.PENDING

        for told in street.bank.folder.glob("camt.054*"):
            told.rename(street.bank.folder / "in" / told.name)
        await street.takes_in()

        assert (await street.lender.books(loan))["cash_bank"] == PAID
        assert await street.incidents() == ["status_unclear"]

    async def test_of_which_a_silent_bank_only_books(self, street: Street) -> None:
        await street.bank.behaves(behaviour="silent")
        loan = await street.pays_out()
        assert street.bank.says("pain.002") == []
        await street.takes_in()

        assert (await street.lender.sees(loan)).status is LoanStatus.ACTIVE

    async def test_that_comes_back_is_one_incident_and_a_break(self, street: Street) -> None:
        """Told three times: by the return, the notification and the statement."""
        parameters = {"days": 1, "reason": "AC04"}
        await street.bank.behaves(behaviour="return-later", parameters=parameters)
        loan = await street.pays_out()
        await street.lives(5)
        assert len(street.bank.says("pacs.004")) == 1
        await street.takes_in()

        assert await street.incidents() == ["payout_final_state_differs"]
        assert (await street.lender.books(loan))["cash_bank"] == PAID
        reference = (await street.payout(loan)).client_ref
        assert await street.reconciles(date(2026, 11, 23)) == [("returned", reference)]
        await street.lender.verifies()

        await takes_back(street.lender, loan)

        assert await street.lender.books(loan) == {}
        assert await street.incidents() == []
        assert await street.reconciles(date(2026, 11, 23)) == []
        seen = await street.lender.sees(loan)
        assert seen.status is LoanStatus.PENDING_DISBURSEMENT
        await street.lender.verifies()

    async def test_on_top_that_comes_back_is_owed_no_more(self, street: Street) -> None:
        street.lender.product = {"amount_max_minor": kes(50_000).minor}
        loan = await street.pays_out(**DAILY)
        await street.takes_in()
        before = await street.lender.books(loan)
        await is_agreed(street.lender, loan)
        reference = (await street.payout(loan)).client_ref
        parameters = {"days": 1, "end_to_end_id": reference}
        await street.bank.behaves(behaviour="return-later", parameters=parameters)
        await street.lender.pays_out(loan)
        await street.bank.reads()
        await street.takes_in()
        assert (await street.payout(loan)).status is OrderStatus.SETTLED

        await street.lives(5)
        await street.takes_in()

        assert (await street.payout(loan)).status is OrderStatus.RETURNED
        after = await street.lender.books(loan)
        assert after["loan_principal"] == before["loan_principal"]
        assert await street.incidents() == []
        assert await street.reconciles(date(2026, 11, 23)) == []
        await street.lender.verifies()

    async def test_that_a_statement_leaves_out_is_a_break(self, street: Street) -> None:
        await street.bank.behaves(behaviour="statement-gap")
        loan = await street.pays_out()
        await street.lives(1)
        await street.takes_in()

        reference = (await street.payout(loan)).client_ref
        assert await street.reconciles(START) == [("missing_at_rail", reference)]
        assert await street.incidents() == ["statement_does_not_add_up"]

    async def test_in_a_file_of_which_a_part_is_rejected(self, street: Street) -> None:
        """Whoever merges our files on the way to the bank gets one report about both."""
        good = await street.lender.opens()
        street.lender.account = CLOSED
        bad = await street.lender.opens()
        for loan in (good, bad):
            await street.lender.pays_out(loan)
        _merge(sorted((street.bank.folder / "out").glob("*.xml")))
        await street.bank.reads()
        (report,) = street.bank.says("pain.002")
        assert "<GrpSts>PART</GrpSts>" in report.read_text()
        await street.takes_in()

        assert (await street.payout(good)).status is OrderStatus.SETTLED
        assert (await street.payout(bad)).failure_code == "AC04"
        assert await street.incidents() == []
        await street.lender.verifies()


class TestNews:
    @pytest.mark.parametrize("lost", ["pain.002", "camt.054"])
    async def test_that_is_lost_is_in_the_statement(self, street: Street, lost: str) -> None:
        loan = await street.pays_out()
        for told in street.bank.says(lost):
            told.unlink()
        await street.lives(1)
        await street.takes_in()

        assert (await street.lender.books(loan))["cash_bank"] == PAID
        assert await street.reconciles(START) == []

    async def test_that_comes_in_the_wrong_order_ends_the_same(self, street: Street) -> None:
        loan = await street.pays_out()
        await street.lives(1)
        for told in (street.bank.folder / "in").glob("*-ACME-*.xml"):
            newest_first = 1000 - int(told.stem.split("-")[-1])
            os.utime(told, (newest_first, newest_first))
        await street.takes_in()

        assert (await street.payout(loan)).status is OrderStatus.SETTLED
        assert (await street.lender.books(loan))["cash_bank"] == PAID
        assert await street.incidents() == []

    async def test_that_comes_twice_counts_once(self, street: Street) -> None:
        loan = await street.pays_out()
        await street.bank.receives(750_00, loan.reference)
        await street.lives(1)
        told = list((street.bank.folder / "in").glob("*-ACME-*.xml"))
        copies = [(each, each.read_bytes()) for each in told]
        await street.takes_in()
        books = await street.lender.books(loan)
        for path, content in copies:
            path.with_name(f"again-{path.name}").write_bytes(content)
        await street.takes_in()

        assert await street.lender.books(loan) == books
        assert await street.incidents() == []
        refused = {path.name for path in (street.bank.folder / "refused").iterdir()}
        assert refused >= {f"again-{path.name}" for path in told}

    async def test_is_taken_in_again_after_a_death_half_way(self, street: Street) -> None:
        loan = await street.pays_out()
        told = [(path, path.read_bytes()) for path in street.bank.says("camt.054")]
        await street.takes_in()
        for kept in (street.bank.folder / "done").glob("camt.054*"):
            kept.unlink()
        for path, content in told:
            path.write_bytes(content)
        await street.takes_in()

        assert (await street.lender.books(loan))["cash_bank"] == PAID
        assert await street.incidents() == []

    async def test_of_a_day_without_its_statement_is_noticed(self, street: Street) -> None:
        await street.pays_out()
        await street.lives(1)
        await street.takes_in()
        await street.bank.receives(750_00, "nobody")
        await street.lives(5)
        (lost, *_) = street.bank.says("camt.053")
        lost.unlink()
        await street.takes_in()

        assert "statement_missing_before" in await street.incidents()


class TestWithAWorker:
    async def test_a_loan_is_paid_out_and_its_day_reconciled(
        self, street: Street, database_url: str
    ) -> None:
        """The engine itself runs the jobs: nothing here calls an effect."""
        lender = street.lender
        worker = Worker(Settings(database_url=database_url, job_polling_seconds=0.02),
                        lender.context)  # fmt: skip
        await worker.start()
        try:
            loan = await lender.opens()
            await worker.until_idle()
            await street.bank.reads()
            await street.bank.lives(1)
            async with unit_of_work(lender.sessions) as session:
                await tasks.fetch_files(session, now=lender.now, tick=lender.now)
            await worker.until_idle()
        finally:
            await worker.stop()

        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE
        async with lender.sessions() as session:
            run = await session.get_one(ReconciliationRun, ("iso20022", START))
            assert await reconciliation.list_open(session) == []
        assert run.matched == 1


def _merge(files: list[Path]) -> None:
    """One payment file with the payments of all."""
    namespace = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
    ElementTree.register_namespace("", namespace)
    names = {"": namespace}
    first, *others = [ElementTree.parse(path) for path in files]
    root = first.getroot()[0]
    for other in others:
        batch = other.getroot()[0].find("PmtInf", names)
        assert batch is not None
        root.append(batch)
    sums = root.iterfind("PmtInf/CtrlSum", names)
    total = Money.total((kes(each.text or "") for each in sums), "KES")
    for name, text in (("NbOfTxs", str(len(files))), ("CtrlSum", total.major)):
        header = root.find(f"GrpHdr/{name}", names)
        assert header is not None
        header.text = text
    first.write(files[0], encoding="utf-8", xml_declaration=True)
    for path in files[1:]:
        path.unlink()
