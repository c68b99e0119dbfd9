"""Single entries of a bank's messages: a bad one, and one that is the sum of many."""

import re
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from kit.db import Sessions
from servicing import incidents, queries, reconciliation
from servicing.models import ReconciliationBreak
from servicing.treasury import lumps
from tests.servicing.rails import bank
from tests.servicing.rails.bank import OURS, Street
from tests.servicing.rails.desk import Desk, bare, credit
from tests.servicing.treasury_acts import DAY, UMA, act, two_act


@pytest.fixture
async def street(own_sessions: Sessions, now: datetime, tmp_path: Path) -> AsyncIterator[Street]:
    async with bank.street(own_sessions, now, tmp_path / "bank") as opened:
        yield opened


class TestOneBadEntry:
    """Those behind it are taken in, and a person hears of it."""

    @pytest.fixture
    async def lent(self, street: Street) -> Desk:
        """A running loan, and the notification of its payout as a mould."""
        await street.pays_out()
        (told,) = street.bank.says("camt.054")
        true = told.read_bytes()
        await street.takes_in()
        told.write_bytes(true)
        return Desk(street, told)

    async def takes(self, lent: Desk, *entries: str) -> list[str]:
        """What was repaid, once a notification with these entries was taken in, twice."""
        head, _, rest = lent.true.partition(b"<Ntry>")
        tail = rest.rpartition(b"</Ntry>")[2]
        head = head.replace(b"MB-C054-ACME-1", b"M2")
        for _ in range(2):
            await lent.takes(head + "".join(entries).encode() + tail)
        assert list((lent.folder / "in").iterdir()) == []
        (loan,) = await lent.street.loans()
        async with lent.street.lender.sessions() as session:
            return [row.amount.major for row in await queries.list_repayments(session, loan.id)]

    async def test_without_an_amount(self, lent: Desk) -> None:
        (loan,) = await lent.street.loans()
        nothing = credit("B1", "0.00", "Balance inquiry")

        repaid = await self.takes(lent, nothing, credit("B2", "80.00", loan.reference))

        assert repaid == ["80.00"]
        async with lent.street.lender.sessions() as session:
            (found,) = await incidents.list_open(session)
        assert (found.kind, found.subject) == ("entry_of_nothing", "iso20022:B1")
        await lent.street.lender.verifies()

    async def test_that_is_not_the_sum_of_its_payments(self, lent: Desk) -> None:
        (loan,) = await lent.street.loans()
        parts = "".join(
            f"<TxDtls><Refs><AcctSvcrRef>P{n}</AcctSvcrRef></Refs>"
            f'<Amt Ccy="KES">{n}.00</Amt></TxDtls>'
            for n in (40, 61)
        )
        other = re.sub("<TxDtls>.*</TxDtls>", parts, credit("B1", "100.00", ""))

        repaid = await self.takes(lent, other, credit("B2", "80.00", loan.reference))

        assert repaid == ["80.00"]
        assert await lent.street.incidents() == ["entry_without_details"]
        assert await lent.street.lender.suspended() == []
        await lent.street.lender.verifies()

    async def test_under_the_name_of_another(self, lent: Desk) -> None:
        """The first counts, and a person asks about the second."""
        (loan,) = await lent.street.loans()
        entries = [credit("B1", amount, loan.reference) for amount in ("80.00", "70.00")]

        repaid = await self.takes(lent, *entries)

        assert repaid == ["80.00"]
        async with lent.street.lender.sessions() as session:
            (found,) = await incidents.list_open(session)
        assert (found.kind, found.subject) == ("entry_named_twice", "iso20022:M2:B1")
        assert found.facts["amount"] == "70.00 KES"
        await lent.street.lender.verifies()

    async def test_that_no_database_holds(self, lent: Desk) -> None:
        (loan,) = await lent.street.loans()
        huge = credit("B1", "9" * 15, "all of it", "CLF")

        repaid = await self.takes(lent, huge, credit("B2", "80.00", loan.reference))

        assert repaid == ["80.00"]
        async with lent.street.lender.sessions() as session:
            (found,) = await incidents.list_open(session)
        assert (found.kind, found.subject) == ("rail_event_failed", "iso20022:M2:B1")
        assert (found.facts["file"], found.facts["rail_id"]) == ("M2", "B1")
        await lent.street.lender.verifies()


class TestLump:
    """A bank that books a batch as one sum has told its parts before, or nothing of them."""

    @pytest.fixture
    async def lent(self, street: Street) -> Desk:
        await street.pays_out()
        (told,) = street.bank.says("camt.054")
        true = told.read_bytes()
        await street.takes_in()
        for left in (street.bank.folder / "in").iterdir():
            left.unlink()
        told.write_bytes(true)
        return Desk(street, told)

    def notification(self, lent: Desk, *entries: str) -> bytes:
        head, _, rest = lent.true.partition(b"<Ntry>")
        tail = rest.rpartition(b"</Ntry>")[2]
        return head.replace(b"MB-C054-ACME-1", b"M2") + "".join(entries).encode() + tail

    def statement(self, *entries: str) -> bytes:
        balances = "".join(
            f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
            f'<Amt Ccy="KES">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
            "<Dt><Dt>2026-11-20</Dt></Dt></Bal>"
            for code, amount in (("OPBD", "0.00"), ("CLBD", "900.00"))
        )
        return (
            '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>'
            "<GrpHdr><MsgId>S1</MsgId></GrpHdr><Stmt>"
            f"<Acct><Id><IBAN>{OURS}</IBAN></Id></Acct>{balances}{''.join(entries)}</Stmt>"
            "</BkToCstmrStmt></Document>"
        ).encode()

    async def told(self, lent: Desk) -> list[tuple[str, str]]:
        async with lent.street.lender.sessions() as session:
            return [(each.kind, each.subject) for each in await incidents.list_open(session)]

    async def test_of_payments_that_were_told_is_a_doubt_and_no_money(self, lent: Desk) -> None:
        (loan,) = await lent.street.loans()
        parts = [credit("B1", "500.00", loan.reference), credit("B2", "400.00", loan.reference)]
        await lent.takes(self.notification(lent, *parts))
        await lent.takes(self.statement(bare(credit("LUMP", "900.00", ""))), "stated.xml")

        assert await lent.street.lender.suspended() == []
        assert (await lent.street.lender.books(loan))["borrower_credit"] == "900.00"
        assert await self.told(lent) == [("entry_without_details", "iso20022:LUMP")]
        await lent.street.lender.verifies()

    async def test_that_was_told_under_its_own_name_is_the_same_money(self, lent: Desk) -> None:
        (loan,) = await lent.street.loans()
        await lent.takes(self.notification(lent, credit("B1", "900.00", loan.reference)))
        await lent.takes(self.statement(bare(credit("B1", "900.00", ""))), "stated.xml")

        assert (await lent.street.lender.books(loan))["borrower_credit"] == "900.00"
        assert await self.told(lent) == []

    async def test_of_more_payments_than_it_names_is_a_doubt(self, lent: Desk) -> None:
        (loan,) = await lent.street.loans()
        batch = "<NtryDtls><Btch><NbOfTxs>2</NbOfTxs></Btch>"
        one = credit("LUMP", "900.00", loan.reference).replace("<NtryDtls>", batch)
        await lent.takes(self.notification(lent, one))

        assert "borrower_credit" not in await lent.street.lender.books(loan)
        assert await self.told(lent) == [("entry_without_details", "iso20022:LUMP")]

    async def compared(self, lent: Desk) -> list[ReconciliationBreak]:
        await lent.street.reconciles(DAY)
        async with lent.street.lender.sessions() as session:
            return await reconciliation.list_open(session)

    async def explains(self, lent: Desk, *names: str) -> None:
        for each in await self.compared(lent):
            if each.reference in names:
                await two_act(lent.street.lender, "explain", each.id)

    async def test_under_the_name_of_another_is_a_break(self, lent: Desk) -> None:
        (loan,) = await lent.street.loans()
        twice = [credit("B1", amount, loan.reference) for amount in ("500.00", "400.00")]
        await lent.takes(self.statement(*twice), "stated.xml")

        assert await self.told(lent) == [("entry_named_twice", "iso20022:S1:B1")]
        assert (await lent.street.lender.books(loan))["borrower_credit"] == "500.00"
        (found,) = [each for each in await self.compared(lent) if each.reference == "B1"]
        assert (found.category, found.theirs_minor) == ("duplicate", 400_00)
        await lent.street.lender.verifies()

    async def test_is_not_put_right_where_its_payments_stand(self, lent: Desk) -> None:
        """Not before they are understood, and then only if they do not make it up."""
        lender = lent.street.lender
        (loan,) = await lent.street.loans()
        parts = [credit("B1", "500.00", loan.reference), credit("B2", "400.00", "for whom?")]
        more = credit("B3", "70.00", "for whom?")
        await lent.takes(self.notification(lent, *parts, more))
        await lent.takes(self.statement(bare(credit("LUMP", "900.00", ""))), "stated.xml")
        (lump,) = [each for each in await self.compared(lent) if each.reference == "LUMP"]

        with pytest.raises(lumps.PartsStandAlready) as refused:
            await act(lender, "put_right", lump.id, UMA)
        said = str(refused.value)
        assert f"B1 as a repayment of loan {loan.reference}" in said
        assert "B2 as money in suspense" in said
        assert "B3 as money in suspense" in said

        await self.explains(lent, "B1", "B2", "B3")
        with pytest.raises(lumps.PartsStandAlready):
            await act(lender, "put_right", lump.id, UMA)

        assert await lender.suspended() == ["400.00", "70.00"]
        await lender.verifies()

    async def test_of_other_payments_is_put_right(self, lent: Desk) -> None:
        lender = lent.street.lender
        (loan,) = await lent.street.loans()
        await lent.takes(self.notification(lent, credit("B1", "500.00", loan.reference)))
        await lent.takes(self.statement(bare(credit("LUMP", "900.00", ""))), "stated.xml")
        await self.explains(lent, "B1")
        (lump,) = [each for each in await self.compared(lent) if each.reference == "LUMP"]

        await two_act(lender, "put_right", lump.id)

        assert await lender.suspended() == ["900.00"]
        await lender.verifies()
