"""What a bank's folder may hold: attacks, damage and contradictions have no effect on money."""

import random
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path

import pytest

from kit.db import Sessions
from servicing import incidents
from servicing.rails.base import FileRefused
from servicing.rails.iso20022.xml import MAX_BYTES
from servicing.states import LoanStatus, OrderStatus
from tests.servicing.rails import bank
from tests.servicing.rails.bank import OURS, Street
from tests.servicing.rails.desk import Desk

Change = Callable[[bytes], bytes]


def swap(old: str, new: str) -> Change:
    def change(content: bytes) -> bytes:
        assert old.encode() in content, old
        return content.replace(old.encode(), new.encode())

    return change


def with_dtd(dtd: str, use: str = "") -> Change:
    """A DTD before the message, and what it declares in the place of the first identifier."""

    def change(content: bytes) -> bytes:
        declaration, _, rest = content.partition(b"?>")
        rest = rest.replace(b"<MsgId>", f"<MsgId>{use}".encode(), 1)
        return declaration + b"?>" + f"<!DOCTYPE Document [{dtd}]>".encode() + rest

    return change


def before_end(tag: str, text: str) -> Change:
    return swap(f"</{tag}>", f"{text}</{tag}>")


_LAUGHS = "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10)
)  # fmt: skip

# Of a booked debit of 29200.00 KES.
ATTACKS: dict[str, tuple[Change, str]] = {
    "xxe": (with_dtd('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;"), "DTD"),
    "xxe_by_net": (with_dtd('<!ENTITY x SYSTEM "http://127.0.0.1:9/x">', "&x;"), "DTD"),
    "billion_laughs": (with_dtd(_LAUGHS, "&l9;"), "DTD"),
    "quadratic": (with_dtd(f'<!ENTITY x "{"a" * 50_000}">', "&x;" * 100), "DTD"),
    "parameter_entity": (with_dtd('<!ENTITY % x SYSTEM "file:///x"> %x;'), "DTD"),
    "external_dtd": (
        swap("<Document", '<!DOCTYPE Document SYSTEM "file:///etc/passwd"><Document'), "DTD"
    ),
    "entity_of_nothing": (swap("<MsgId>", "<MsgId>&x;"), "not XML"),
    "too_big": (lambda content: content + b" " * MAX_BYTES, "too big"),
    "empty": (lambda _: b"", "not XML"),
    "torn": (lambda content: content[:-40], "not XML"),
    "two_messages": (lambda content: content + content, "not XML"),
    "not_xml": (lambda _: b"101 999999992 0000000001261120", "not XML"),
    "odd_encoding": (swap("utf-8", "x-nothing"), "not XML"),
    "wrong_encoding": (lambda content: content.replace(b"</Nm>", b"\xe9</Nm>"), "not XML"),
    "html": (lambda _: b"<html><body>Sign in</body></html>", "ISO 20022"),
    "no_namespace": (swap(' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"', ""),
                     "ISO 20022"),
    "too_old": (swap("camt.054.001.08", "camt.054.001.01"), "not read here"),
    "of_years_to_come": (swap("camt.054.001.08", "camt.054.001.99"), "not read here"),
    "no_version": (swap("camt.054.001.08", "camt.054.001"), "not read here"),
    "odd_version": (swap("camt.054.001.08", "camt.054.001.\u0660\u0668"), "not read here"),
    "two_in_one": (
        lambda content: b"<E>" + 2 * content.partition(b"?>")[2] + b"</E>", "more than one"
    ),
    "intraday": (swap("camt.054.001.08", "camt.052.001.08"), "not read here"),
    "no_message_id": (swap("<MsgId>MB-C054-ACME-1</MsgId>", ""), "no GrpHdr/MsgId"),
    "long_message_id": (swap("MB-C054-ACME-1", "M" * 36), "too long"),
    "another_account": (swap(OURS, "NL14MOCK0000000002"), "another account"),
    "no_account": (swap(f"<IBAN>{OURS}</IBAN>", ""), "another account"),
    "half_a_cent": (swap("29200.00", "29200.005"), "no amount"),
    "negative": (swap("29200.00", "-29200.00"), "negative"),
    "not_a_number": (swap("29200.00", "NaN"), "no amount"),
    "exponent": (swap("29200.00", "2.92E4"), "no amount"),
    "huge": (swap("29200.00", "9" * 30), "no amount"),
    "no_currency": (swap(' Ccy="KES"', ""), "no amount"),
    "no_such_currency": (swap('Ccy="KES"', 'Ccy="kes"'), "no amount"),
    "amount_in_parts": (swap("29200.00", "292<b/>00.00"), "no amount"),
    "neither_in_nor_out": (swap("DBIT", "BOTH"), "neither"),
    "in_and_out": (
        swap("<CdtDbtInd>DBIT", "<CdtDbtInd>CRDT</CdtDbtInd><CdtDbtInd>DBIT"), "2 of CdtDbtInd"
    ),
    "booked_and_not": (swap("<Cd>BOOK</Cd>", "<Cd>PDNG</Cd><Cd>BOOK</Cd>"), "2 of Sts/Cd"),
    "odd_status": (swap("<Cd>BOOK</Cd>", "<Cd>book</Cd>"), "Sts is none"),
    "own_status": (swap("<Cd>BOOK</Cd>", "<Prtry>BOOK</Prtry>"), "no Sts"),
    "of_two_names": (
        swap("<AcctSvcrRef>", "<AcctSvcrRef>B</AcctSvcrRef><AcctSvcrRef>"), "2 of AcctSvcrRef"
    ),
    "perhaps_reversed": (swap("<BookgDt>", "<RvslInd>TRUE</RvslInd><BookgDt>"), "RvslInd is"),
    "no_day": (swap("<Dt>2026-11-20</Dt>", "<Dt>2026-13-20</Dt>"), "no day"),
    "nameless_entry": (swap("<AcctSvcrRef>MB-PMT-1</AcctSvcrRef>", ""), "no AcctSvcrRef"),
}  # fmt: skip


@pytest.fixture
async def street(own_sessions: Sessions, now: datetime, tmp_path: Path) -> AsyncIterator[Street]:
    async with bank.street(own_sessions, now, tmp_path / "bank") as opened:
        yield opened


@pytest.fixture
async def desk(street: Street) -> Desk:
    await street.pays_out()
    for told in street.bank.says("pain.002"):
        told.unlink()
    (told,) = street.bank.says("camt.054")
    return Desk(street, told)


class TestRefused:
    async def test_with_a_reason_and_without_effect(self, desk: Desk) -> None:
        for name, (change, _) in ATTACKS.items():
            desk.puts(change(desk.true), name)
        await desk.street.takes_in()

        async with desk.street.lender.sessions() as session:
            reported = await incidents.list_open(session)
        assert {each.kind for each in reported} == {"rail_file_refused"}
        told = {each.subject.split(":")[-1]: each.facts["reason"] for each in reported}
        assert {
            name: reason for name, (_, reason) in ATTACKS.items() if reason not in told[name]
        } == {}
        assert {path.name for path in (desk.folder / "refused").iterdir()} == set(ATTACKS)
        assert list((desk.folder / "done").iterdir()) == []
        (payout,) = await desk.street.payouts()
        assert payout.status is OrderStatus.PENDING
        assert await desk.street.all_books() == {}
        assert await desk.street.lender.suspended() == []

    async def test_when_the_same_name_says_something_else(self, desk: Desk) -> None:
        await desk.takes(desk.true)
        changed = desk.true.replace(b"MB-PMT-1", b"MB-PMT-2").replace(b"DBIT", b"CRDT")
        await desk.takes(changed)

        assert await desk.street.incidents() == ["rail_file_refused"]
        assert await desk.street.lender.suspended() == []

    async def test_when_it_leads_out_of_the_folder(self, desk: Desk, tmp_path: Path) -> None:
        (tmp_path / "elsewhere.xml").write_bytes(desk.true)
        (desk.folder / "in" / "told.xml").symlink_to(tmp_path / "elsewhere.xml")
        await desk.street.takes_in()

        assert await desk.street.incidents() == ["rail_file_refused"]
        assert (tmp_path / "elsewhere.xml").exists()

    async def test_deep_nesting_harms_nobody(self, desk: Desk) -> None:
        depth = 200_000
        deep = f"<Nm>{'<a>' * depth}{'</a>' * depth}</Nm>"
        delivery = await desk.reads(before_end("Ownr", deep)(desk.true))

        assert len(delivery.events) == 1

    async def test_damage_is_refused_or_read_and_nothing_else(self, desk: Desk) -> None:
        await desk.street.lives(1)
        (statement,) = desk.street.bank.says("camt.053")
        dice = random.Random(4)
        for true in (desk.true, statement.read_bytes(), report("P1", "RJCT", "AC04"), RETURN):
            refused = 0
            for _ in range(700):
                try:
                    await desk.reads(_damaged(true, dice))
                except FileRefused:
                    refused += 1
            assert refused > 200

    @pytest.mark.parametrize("name", [".hidden.xml", "told.tmp", "told.xml.part"])
    async def test_not_while_it_is_being_written(self, desk: Desk, name: str) -> None:
        await desk.takes(desk.true[:100], name)

        assert [path.name for path in (desk.folder / "in").iterdir()] == [name]
        assert await desk.street.incidents() == []


class TestOneFileName:
    """A bank may call all its files alike, and put the next one there while we read the last."""

    async def test_of_another_message_while_the_first_was_taken_in_waits_its_turn(
        self, desk: Desk
    ) -> None:
        delivery = await desk.reads(desk.true)
        other = desk.true.replace(b"MB-C054-ACME-1", b"M2")
        desk.puts(other)

        await desk.rail.keep("told.xml", delivery)

        assert [path.read_bytes() for path in (desk.folder / "in").iterdir()] == [other]
        assert [path.read_bytes() for path in (desk.folder / "done").iterdir()] == [desk.true]
        await desk.street.takes_in()
        assert list((desk.folder / "in").iterdir()) == []
        assert len(list((desk.folder / "done").iterdir())) == 2

    @pytest.mark.parametrize("is_repeat", [True, False])
    async def test_of_a_message_while_another_was_refused_waits_its_turn(
        self, desk: Desk, *, is_repeat: bool
    ) -> None:
        if is_repeat:
            await desk.takes(desk.true)
        with pytest.raises(FileRefused):
            await desk.reads(desk.true if is_repeat else b"torn")
        other = desk.true.replace(b"MB-C054-ACME-1", b"M2")
        desk.puts(other)

        await desk.rail.refuse("told.xml")

        assert [path.read_bytes() for path in (desk.folder / "in").iterdir()] == [other]
        assert list((desk.folder / "refused").iterdir()) == []
        await desk.street.takes_in()
        assert other in [path.read_bytes() for path in (desk.folder / "done").iterdir()]

    async def test_of_two_that_were_refused_keeps_both(self, desk: Desk) -> None:
        for content in (b"one", b"two"):
            await desk.takes(content)

        found = {path.read_bytes() for path in (desk.folder / "refused").iterdir()}
        assert found == {b"one", b"two"}


class TestStatement:
    """What banks write differently, and what none may leave out."""

    async def statement(self, desk: Desk) -> bytes:
        await desk.street.lives(1)
        (told,) = desk.street.bank.says("camt.053")
        return told.read_bytes()

    @pytest.mark.parametrize(
        "change",
        [
            swap("<Cd>OPBD</Cd>", "<Cd>PRCD</Cd>"),
            swap("<Dt>2026-11-20</Dt>", "<Dt>2026-11-20+03:00</Dt>"),
            swap("<Dt>2026-11-20</Dt>", "<DtTm>2026-11-20T23:59:59.000Z</DtTm>"),
            swap("29200.00", "29200"),
        ],
        ids=["previous_closing", "zone", "instant", "no_cents"],
    )
    async def test_is_read_however_it_is_written(self, desk: Desk, change: Change) -> None:
        true = await self.statement(desk)

        assert await desk.reads(change(true)) == await desk.reads(true)

    @pytest.mark.parametrize("balance", ["OPBD", "CLBD"])
    async def test_without_a_balance_is_refused(self, desk: Desk, balance: str) -> None:
        true = await self.statement(desk)

        with pytest.raises(FileRefused, match="balance"):
            await desk.reads(swap(f"<Cd>{balance}</Cd>", "<Cd>ITBD</Cd>")(true))

    async def test_one_minor_unit_off_does_not_add_up(self, desk: Desk) -> None:
        true = await self.statement(desk)
        delivery = await desk.reads(swap("70800.00", "70800.01")(true))

        assert [doubt.kind for doubt in delivery.doubts] == ["statement_does_not_add_up"]


class TestContradicted:
    @pytest.mark.parametrize(
        "change",
        [
            swap("29200.00", "29200.01"),
            swap("29200.00", "29199.99"),
            swap("29200.00", "292.00"),
            swap('Ccy="KES"', 'Ccy="USD"'),
        ],
        ids=["one_more", "one_less", "cents_for_shillings", "other_currency"],
    )
    async def test_amount_posts_nothing_and_waits_for_a_person(
        self, desk: Desk, change: Change
    ) -> None:
        """The bank may put it right: its statement has the true amount."""
        await desk.takes(change(desk.true))
        lender = desk.street.lender
        async with lender.sessions() as session:
            (incident,) = await incidents.list_open(session)
        assert incident.kind == "payout_amount_differs"
        (payout,) = await desk.street.payouts()
        assert payout.status is OrderStatus.NEEDS_REVIEW
        assert await desk.street.all_books() == {}

        await desk.street.lives(1)
        await desk.street.takes_in()

        (loan,) = await desk.street.loans()
        assert loan.status is LoanStatus.ACTIVE
        assert (await lender.books(loan))["cash_bank"] == "-29200.00"

    async def test_reference_that_is_none_of_ours_is_an_incident(self, desk: Desk) -> None:
        (payout,) = await desk.street.payouts()
        await desk.takes(desk.true.replace(payout.client_ref.encode(), b"P00000000"))

        assert await desk.street.incidents() == ["payout_unknown_to_us"]
        (payout,) = await desk.street.payouts()
        assert payout.status is OrderStatus.PENDING

    async def test_entry_that_is_not_booked_counts_for_nothing(self, desk: Desk) -> None:
        await desk.takes(swap("<Cd>BOOK</Cd>", "<Cd>PDNG</Cd>")(desk.true))

        (payout,) = await desk.street.payouts()
        assert payout.status is OrderStatus.PENDING
        assert await desk.street.incidents() == []

    @pytest.mark.parametrize(
        "told", ["CANC", "BLCK", "????", "RJCT:DUPL", "RJCT:AM05", "RJCT:DU04"]
    )
    async def test_status_that_proves_nothing_changes_nothing(self, desk: Desk, told: str) -> None:
        (payout,) = await desk.street.payouts()
        await desk.takes(report(payout.client_ref, *told.split(":")))

        assert await desk.street.incidents() == ["status_unclear"]
        (payout,) = await desk.street.payouts()
        assert payout.status is OrderStatus.PENDING

    @pytest.mark.parametrize("reference", ["NOTPROVIDED", "../../etc/passwd", "P0"])
    async def test_status_of_nothing_we_sent_is_an_incident(
        self, desk: Desk, reference: str
    ) -> None:
        await desk.takes(report(reference, "RJCT", "AC04"))

        assert await desk.street.incidents() == ["status_of_nothing_we_sent"]

    async def test_rejection_of_what_was_booked_is_an_incident(self, desk: Desk) -> None:
        await desk.takes(desk.true)
        (payout,) = await desk.street.payouts()
        await desk.takes(report(payout.client_ref, "RJCT", "AC04"), "late.xml")

        assert await desk.street.incidents() == ["payout_final_state_differs"]
        (loan,) = await desk.street.loans()
        assert (await desk.street.lender.books(loan))["cash_bank"] == "-29200.00"

    async def test_many_payments_booked_as_one_sum_are_read_one_by_one(self, desk: Desk) -> None:
        """One of them is ours; the other is not, and somebody must look."""
        other = (
            "<TxDtls><Refs><AcctSvcrRef>B</AcctSvcrRef><EndToEndId>X1</EndToEndId></Refs>"
            '<Amt Ccy="KES">800.00</Amt></TxDtls>'
        )
        content = swap("</Refs>", "<AcctSvcrRef>A</AcctSvcrRef></Refs>")(desk.true)
        content = before_end("NtryDtls", other)(content)
        content = content.replace(b"29200.00", b"30000.00", 1)
        await desk.takes(content)

        assert await desk.street.incidents() == ["payout_unknown_to_us"]
        (payout,) = await desk.street.payouts()
        assert (payout.status, payout.rail_id) == (OrderStatus.SETTLED, "A")


RETURN = (
    b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.004.001.09"><PmtRtr><GrpHdr>'
    b"<MsgId>R1</MsgId></GrpHdr><TxInf><RtrId>R2</RtrId><OrgnlEndToEndId>P1</OrgnlEndToEndId>"
    b'<RtrdIntrBkSttlmAmt Ccy="KES">100.00</RtrdIntrBkSttlmAmt><RtrRsnInf><Rsn><Cd>AC04</Cd></Rsn>'
    b"</RtrRsnInf></TxInf></PmtRtr></Document>"
)


def _damaged(content: bytes, dice: random.Random) -> bytes:
    """With a few bytes taken out, put in or changed."""
    damaged = bytearray(content)
    for _ in range(dice.choice((1, 1, 2, 8))):
        at = dice.randrange(len(damaged))
        damaged[at : at + dice.choice((0, 1, 1, 9))] = dice.randbytes(dice.choice((0, 1)))
    return bytes(damaged)


def report(reference: str, status: str, reason: str = "") -> bytes:
    """A status report about a whole file."""
    why = f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" if reason else ""
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>'
        f"<GrpHdr><MsgId>R1</MsgId></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>{reference}"
        f"</OrgnlMsgId><GrpSts>{status}</GrpSts>{why}</OrgnlGrpInfAndSts>"
        "</CstmrPmtStsRpt></Document>"
    ).encode()
