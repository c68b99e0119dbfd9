"""The payment file by the official schema, and its way into the folder: once, or in doubt."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
import sepaxml
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from kit import jobs
from kit.db import Sessions
from kit.money import Money
from servicing import incidents, queries, tasks
from servicing.models import Loan, Payout
from servicing.rails.base import (
    AckStatus,
    Direction,
    Instruction,
    OutcomeStatus,
    SignatureInvalid,
)
from servicing.rails.iso20022 import orders
from servicing.rails.iso20022.folder import Folder
from servicing.rails.iso20022.orders import Account, Payer
from servicing.states import OrderStatus
from tests.servicing.lending import Lender, kes
from tests.servicing.rails.bank import ELSEWHERE, OURS, rail_for

NOW = datetime(2026, 11, 20, 7, tzinfo=UTC)
OFFICIAL = xmlschema.XMLSchema(Path(sepaxml.__file__).parent / "schemas" / "pain.001.001.09.xsd")
BARE, WHOLE = Payer("Kopa", Account("0123456789")), Payer("Kopa", Account(OURS, "MOCKNL2A"))


def payout(account: str = ELSEWHERE, amount: Money | None = None, ref: str = "P1") -> Instruction:
    return Instruction(ref, Direction.PAYOUT, account, amount or kes("29200"), "Loan L-1")


def field(content: bytes, path: str) -> str | None:
    names = {"": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}
    return ElementTree.fromstring(content)[0].findtext(path, namespaces=names)


class TestFile:
    @pytest.mark.parametrize("payer", [BARE, WHOLE])
    @pytest.mark.parametrize("account", [ELSEWHERE, "+254700000001", "BARCKENXXXX/0123456789"])
    def test_is_what_the_schema_says(self, payer: Payer, account: str) -> None:
        content = orders.build(payout(account), payer, on=date(2026, 11, 20), now=NOW)

        OFFICIAL.validate(content.decode())

    @given(minor=st.integers(1, 10**15 - 1), currency=st.sampled_from(["KES", "UGX", "KWD"]))
    def test_names_the_amount_as_the_currency_is_written(self, minor: int, currency: str) -> None:
        amount = Money(minor, currency)
        content = orders.build(payout(amount=amount), WHOLE, on=date(2026, 11, 20), now=NOW)

        OFFICIAL.validate(content.decode())
        assert orders.amount_of(content) == amount
        assert field(content, "GrpHdr/CtrlSum") == amount.major

    def test_carries_the_order_s_reference_everywhere(self) -> None:
        content = orders.build(payout(ref="P" + "f" * 32), WHOLE, on=date(2026, 11, 20), now=NOW)

        paths = ("GrpHdr/MsgId", "PmtInf/PmtInfId", "PmtInf/CdtTrfTxInf/PmtId/EndToEndId")
        assert {field(content, path) for path in paths} == {"P" + "f" * 32}
        assert orders.sent_at(content) == NOW

    def test_cannot_be_broken_by_what_people_write(self) -> None:
        order = Instruction("P1", Direction.PAYOUT, ELSEWHERE, kes(1), "</Ustrd>&<!-- \"'")
        content = orders.build(order, Payer("A & B <Ltd>", Account(OURS)),
                               on=date(2026, 11, 20), now=NOW)  # fmt: skip

        OFFICIAL.validate(content.decode())
        assert field(content, "PmtInf/CdtTrfTxInf/RmtInf/Ustrd") == order.description
        assert field(content, "PmtInf/Dbtr/Nm") == "A & B <Ltd>"

    @pytest.mark.parametrize(
        ("payee", "written"),
        [("", None), ("Wanjirũ \x00\x1b& Sons", "Wanjirũ & Sons"), ("n" * 200, "n" * 70)],
    )
    def test_names_the_payee_where_it_is_known(self, payee: str, written: str | None) -> None:
        order = replace(payout(), payee=payee)
        content = orders.build(order, WHOLE, on=date(2026, 11, 20), now=NOW)

        OFFICIAL.validate(content.decode())
        assert field(content, "PmtInf/CdtTrfTxInf/Cdtr/Nm") == written


class TestAccount:
    @pytest.mark.parametrize(
        ("text", "bic", "number", "is_iban"),
        [
            ("GB29 NWBK 6016 1331 9268 19", None, "GB29NWBK60161331926819", True),
            ("GB29NWBK60161331926818", None, "GB29NWBK60161331926818", False),
            ("DE89370400440532013000", None, "DE89370400440532013000", True),
            ("BARCKENX/0123456789", "BARCKENX", "0123456789", False),
            ("+254700000001", None, "254700000001", False),
            ("NL\u0664\u0661MOCK0000000001", None, "NL\u0664\u0661MOCK0000000001", False),
        ],
    )
    def test_is_an_iban_by_its_check_digits(
        self, text: str, bic: str | None, number: str, is_iban: bool
    ) -> None:
        account = Account.parse(text)

        assert (account.bic, account.number, account.is_iban) == (bic, number, is_iban)


def _die(path: Path, target: Path) -> Path:
    raise KeyboardInterrupt


class TestFolder:
    def test_hands_over_once_however_many_try(self, tmp_path: Path) -> None:
        """The bank takes each file as soon as it sees it."""
        folder, taken = Folder(tmp_path), 0

        def take() -> int:
            found = list(folder.out.glob("P*.xml"))
            for path in found:
                path.unlink()
            return len(found)

        for attempt in range(20):
            with ThreadPoolExecutor(8) as threads:
                for _ in range(8):
                    threads.submit(folder.hand_over, f"P{attempt}.xml", b"<a/>")
                taken += take()
            taken += take()
        assert taken == 20

    def test_leaves_doubt_behind_when_it_dies_in_the_last_step(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = Folder(tmp_path)
        with monkeypatch.context() as dying:
            dying.setattr(Path, "rename", _die)
            with pytest.raises(KeyboardInterrupt):
                folder.hand_over("P1.xml", b"<a/>")
        (folder.out / "P1.xml").unlink()  # The bank takes it.
        folder.hand_over("P1.xml", b"<a/>")

        assert list(folder.out.iterdir()) == []
        assert folder.is_in_doubt("P1.xml")
        assert folder.handed_over("P1.xml") is None

    def test_leaves_nothing_unfinished_behind(self, tmp_path: Path) -> None:
        folder = Folder(tmp_path)
        folder.hand_over("P1.xml", b"<a/>")

        assert [path.name for path in folder.out.iterdir()] == ["P1.xml"]
        assert [path.name for path in (tmp_path / "sent").iterdir()] == ["P1.xml"]
        assert (folder.out / "P1.xml").read_bytes() == b"<a/>"


@pytest.fixture
def lender(own_sessions: Sessions, now: datetime, tmp_path: Path) -> Lender:
    """One whose bank does not answer."""
    lender = Lender(own_sessions, now, account=ELSEWHERE)
    lender.rail = rail_for(lender, tmp_path)
    return lender


class TestRail:
    async def order(self, lender: Lender, loan: Loan) -> Payout:
        async with lender.sessions() as session:
            return (await queries.list_payouts(session, loan.id))[-1]

    async def test_sends_what_was_never_handed_over(self, lender: Lender, tmp_path: Path) -> None:
        """The folder was away when it was to be written."""
        out = tmp_path / "out"
        out.rmdir()
        out.write_text("in the way")
        loan = await lender.opens()
        with pytest.raises(jobs.Later):
            await lender.pays_out(loan)
        assert (await self.order(lender, loan)).status is OrderStatus.UNKNOWN
        out.unlink()
        out.mkdir()

        await lender.pays_out(loan)

        assert (await self.order(lender, loan)).status is OrderStatus.PENDING
        assert len(list(out.iterdir())) == 1

    async def test_never_sends_what_may_have_been_handed_over(
        self, lender: Lender, tmp_path: Path
    ) -> None:
        """We died in between: the bank may have taken the file."""
        loan = await lender.opens()
        name = f"{(await self.order(lender, loan)).client_ref}.xml"
        (tmp_path / "sent" / f"{name}.trying").touch()
        for _ in range(3):
            with pytest.raises(jobs.Later):
                await lender.pays_out(loan)

        assert (await self.order(lender, loan)).status is OrderStatus.UNKNOWN
        assert list((tmp_path / "out").iterdir()) == []

    async def test_waits_five_days_for_a_bank_and_then_asks_a_person(
        self, lender: Lender, tmp_path: Path
    ) -> None:
        loan = await lender.opens()
        payout_id = await lender.pays_out(loan)
        for _ in range(24 * 5):
            lender.now += timedelta(hours=1)
            await tasks.inquire(lender.context, kind="payout", order_id=str(payout_id))
        assert (await self.order(lender, loan)).status is OrderStatus.PENDING

        lender.now += timedelta(hours=1)
        await tasks.inquire(lender.context, kind="payout", order_id=str(payout_id))

        assert (await self.order(lender, loan)).status is OrderStatus.NEEDS_REVIEW
        async with lender.sessions() as session:
            assert [each.kind for each in await incidents.list_open(session)] == [
                "payout_no_answer"
            ]
        assert len(list((tmp_path / "out").iterdir())) == 1

    async def test_asks_no_borrower_for_money(self, lender: Lender, tmp_path: Path) -> None:
        asked = Instruction("C1", Direction.COLLECT, ELSEWHERE, kes(1), "Loan")

        ack = await lender.rail.submit(asked)

        assert (ack.status, ack.code) == (AckStatus.REJECTED, "not_offered_by_bank")
        assert list((tmp_path / "out").iterdir()) == []

    async def test_knows_nothing_of_what_it_never_sent(self, lender: Lender) -> None:
        never = Instruction("P9", Direction.PAYOUT, ELSEWHERE, kes(1), "Loan")

        assert (await lender.rail.query(never)).status is OutcomeStatus.NOT_FOUND
        assert await lender.rail.statement(date(2026, 11, 20), "KES") is None

    async def test_believes_no_caller(self, lender: Lender) -> None:
        with pytest.raises(SignatureInvalid):
            lender.rail.parse_callback({}, b"{}")
