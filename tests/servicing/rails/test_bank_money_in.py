"""Money that a bank brings, and takes back again, against a bank that somebody else wrote."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from kit.db import Sessions
from servicing.models import Loan, ReconciliationRun
from tests.servicing.lending import START
from tests.servicing.rails import bank
from tests.servicing.rails.bank import ELSEWHERE, OURS, Street


@pytest.fixture
async def street(own_sessions: Sessions, now: datetime, tmp_path: Path) -> AsyncIterator[Street]:
    async with bank.street(own_sessions, now, tmp_path / "bank") as opened:
        yield opened


class TestMoneyIn:
    async def test_by_reference_repays_the_loan_once(self, street: Street) -> None:
        loan = await street.pays_out()
        await street.bank.receives(750_00, loan.reference)
        await street.lives(1)
        await street.takes_in()

        assert (await street.lender.books(loan))["borrower_credit"] == "750.00"
        assert await street.reconciles(START) == []
        async with street.lender.sessions() as session:
            run = await session.get_one(ReconciliationRun, ("iso20022", START))
        assert (run.matched, run.breaks) == (2, 0)
        await street.lender.verifies()

    async def test_of_two_days_in_one_file_is_compared_day_by_day(self, street: Street) -> None:
        loan = await street.pays_out()
        await street.bank.receives(750_00, loan.reference)
        await street.lives(1)
        await street.bank.receives(250_00, loan.reference)
        await street.lives(3)
        first, second = street.bank.says("camt.053")
        both = second.read_bytes()
        start, end = both.index(b"<Stmt>"), both.index(b"</Stmt>")
        of_first = first.read_bytes()
        of_first = of_first[of_first.index(b"<Stmt>") : of_first.index(b"</Stmt>")]
        for told in (street.bank.folder / "in").iterdir():
            told.unlink()
        (street.bank.folder / "in" / "both.xml").write_bytes(
            both[:start] + of_first + b"</Stmt>" + both[start:end] + both[end:]
        )
        await street.takes_in()

        assert (await street.lender.books(loan))["borrower_credit"] == "1000.00"
        for day in (START, START + timedelta(days=3)):
            await street.reconciles(day)
        assert await street.incidents() == []
        async with street.lender.sessions() as session:
            runs = list(await session.scalars(select(ReconciliationRun)))
        assert {run.day: (run.matched, run.breaks) for run in runs}[START] == (2, 0)
        assert sum(run.breaks for run in runs) == 0
        await street.lender.verifies()

    async def test_for_no_loan_waits(self, street: Street) -> None:
        await street.bank.receives(750_00, "thank you")
        await street.lives(1)
        await street.takes_in()

        assert await street.lender.suspended() == ["750.00"]
        assert await street.reconciles(START) == []
        await street.lender.verifies()

    async def test_that_is_a_payout_come_back_is_no_repayment(self, street: Street) -> None:
        """The bank says so by our name for it alone, and repeats our words, which name the loan."""
        loan = await street.pays_out()
        payout = await street.payout(loan)
        (told,) = street.bank.says("camt.054")
        back = told.read_bytes().replace(b"DBIT", b"CRDT").replace(b"MB-C054-ACME-1", b"M2")
        ours = f"<RmtInf><Ustrd>Loan {loan.reference}</Ustrd></RmtInf></TxDtls>".encode()
        back = back.replace(b"MB-PMT-1", b"BACK").replace(b"</TxDtls>", ours)
        await street.takes_in()
        assert (await street.payout(loan)).status == "settled"
        (street.bank.folder / "in" / "back.xml").write_bytes(back)
        await street.takes_in()

        assert payout.client_ref.encode() in back
        assert ours in back
        assert await street.incidents() == ["payout_final_state_differs"]
        assert "borrower_credit" not in await street.lender.books(loan)
        assert await street.lender.suspended() == []


class TestTakenBack:
    """By a bank that books it as such: the payment that it names is charged back."""

    async def collected(self, street: Street) -> Loan:
        """A loan repaid by 750.00, which a debtor's bank may refuse later."""
        loan = await street.pays_out()
        await street.takes_in()
        answer = await street.bank.http.post("/payments", content=_collection(loan.reference))
        assert answer.is_success, answer.text
        await street.lives(3)
        self.hears_of_no_order(street)
        await street.takes_in()
        assert (await street.lender.books(loan))["borrower_credit"] == "750.00"
        return loan

    def hears_of_no_order(self, street: Street) -> None:
        """What the bank says to whoever asked it to collect is not for us."""
        for kind in ("pain.002", "pacs.004"):
            for told in street.bank.says(kind):
                told.unlink()

    async def refuses(self, street: Street) -> None:
        body = {"reason": "MD06"}
        answer = await street.bank.http.post("/_mock/collections/DD1/refuse", json=body)
        assert answer.is_success, answer.text
        self.hears_of_no_order(street)

    async def test_is_a_charge_back_of_the_payment_that_it_names(self, street: Street) -> None:
        """By the payer's own name for it: the bank's is another one."""
        loan = await self.collected(street)
        await self.refuses(street)
        await street.takes_in()

        assert "borrower_credit" not in await street.lender.books(loan)
        await street.lives(1)
        await street.takes_in()
        assert await street.reconciles(date(2026, 11, 23)) == []
        assert await street.incidents() == []
        await street.lender.verifies()

    async def test_of_another_amount_is_an_incident(self, street: Street) -> None:
        loan = await self.collected(street)
        await self.refuses(street)
        (told,) = street.bank.says("camt.054")
        told.write_bytes(told.read_bytes().replace(b"750.00", b"750.01"))
        await street.takes_in()

        assert (await street.lender.books(loan))["borrower_credit"] == "750.00"
        assert await street.incidents() == ["chargeback_amount_differs"]

    async def test_of_what_nobody_knows_is_an_incident(self, street: Street) -> None:
        loan = await self.collected(street)
        await self.refuses(street)
        (told,) = street.bank.says("camt.054")
        told.write_bytes(told.read_bytes().replace(b"<EndToEndId>DD1<", b"<EndToEndId>DD2<"))
        await street.takes_in()

        assert (await street.lender.books(loan))["borrower_credit"] == "750.00"
        assert await street.incidents() == ["chargeback_unknown"]

    async def test_under_the_bank_s_own_name_is_found_without_the_payer_s(
        self, street: Street
    ) -> None:
        loan = await self.collected(street)
        await self.refuses(street)
        (told,) = street.bank.says("camt.054")
        content = told.read_bytes().replace(b"<EndToEndId>DD1<", b"<EndToEndId>NOTPROVIDED<")
        told.write_bytes(content.replace(b"MB-CRT-1", b"MB-COL-1"))
        await street.takes_in()

        assert "borrower_credit" not in await street.lender.books(loan)
        assert await street.incidents() == []


def _collection(note: str) -> bytes:
    """What another program of the lender's asks the bank to collect: 750.00, under DD1."""
    account = "<Id><IBAN>{}</IBAN></Id>"
    bank = "<FinInstnId><BICFI>MOCKNL2A</BICFI></FinInstnId>"
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.008.001.08"><CstmrDrctDbtInitn>'
        "<GrpHdr><MsgId>C1</MsgId><CreDtTm>2026-11-20T07:00:00</CreDtTm><NbOfTxs>1</NbOfTxs>"
        "<CtrlSum>750.00</CtrlSum><InitgPty><Nm>Kopa Lending</Nm></InitgPty></GrpHdr>"
        "<PmtInf><PmtInfId>C1</PmtInfId><PmtMtd>DD</PmtMtd><NbOfTxs>1</NbOfTxs>"
        "<CtrlSum>750.00</CtrlSum><PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl><LclInstrm>"
        "<Cd>CORE</Cd></LclInstrm><SeqTp>RCUR</SeqTp></PmtTpInf>"
        "<ReqdColltnDt>2026-11-23</ReqdColltnDt><Cdtr><Nm>Kopa Lending</Nm></Cdtr>"
        f"<CdtrAcct>{account.format(OURS)}</CdtrAcct><CdtrAgt>{bank}</CdtrAgt>"
        "<DrctDbtTxInf><PmtId><EndToEndId>DD1</EndToEndId></PmtId>"
        '<InstdAmt Ccy="KES">750.00</InstdAmt><DrctDbtTx><MndtRltdInf><MndtId>M1</MndtId>'
        "<DtOfSgntr>2026-01-01</DtOfSgntr></MndtRltdInf></DrctDbtTx>"
        f"<DbtrAgt>{bank}</DbtrAgt><Dbtr><Nm>Amina</Nm></Dbtr>"
        f"<DbtrAcct>{account.format(ELSEWHERE)}</DbtrAcct>"
        f"<RmtInf><Ustrd>{note}</Ustrd></RmtInf></DrctDbtTxInf></PmtInf>"
        "</CstmrDrctDbtInitn></Document>"
    ).encode()
