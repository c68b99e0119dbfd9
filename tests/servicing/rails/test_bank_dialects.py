"""What banks write differently and mean alike: versions, envelopes, batches, words left out."""

from datetime import date
from pathlib import Path

import pytest

from kit.money import Money
from servicing.rails.base import Direction, Doubt, FileRefused, OutcomeStatus
from tests.servicing.rails.counter import (
    BACK,
    CAME,
    LOAN,
    OTHER,
    PAID,
    REF,
    Counter,
    entry,
    facts,
    kinds,
    named,
    ours,
    part_of_statement,
    payment,
    report,
    returned,
    stated,
    told,
)


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    return Counter(tmp_path / "bank")


class TestVersions:
    @pytest.mark.parametrize("version", ["02", "03", "04", "05", "06"])
    async def test_with_a_bare_status(self, counter: Counter, version: str) -> None:
        delivery = await counter.reads(
            told(entry("100.00", payment(), status="BOOK"), version=version)
        )

        assert facts(delivery) == [CAME]

    @pytest.mark.parametrize("version", ["07", "08", "09", "10", "11", "12", "13"])
    async def test_with_a_status_of_its_own(self, counter: Counter, version: str) -> None:
        assert facts(await counter.reads(told(entry("100.00", payment()), version=version))) == [
            CAME
        ]
        statement = stated(
            part_of_statement(entry("100.00", payment()), closes="100.00"), version=version
        )
        delivery = await counter.reads(statement)
        assert (facts(delivery), kinds(delivery)) == ([CAME], [])

    @pytest.mark.parametrize("status", ["PDNG", "INFO", "FUTR", "<Cd>PDNG</Cd>"])
    async def test_what_is_not_booked_has_no_effect(self, counter: Counter, status: str) -> None:
        assert facts(await counter.reads(told(entry("100.00", payment(), status=status)))) == []

    async def test_two_of_amounts_deeper_in(self, counter: Counter) -> None:
        def deep(amount: str, reference: str) -> str:
            paid = f'<AmtDtls><TxAmt><Amt Ccy="KES">{amount}</Amt></TxAmt></AmtDtls>'
            return payment(refs=named(f"A{amount}") + ours(reference), more=paid)

        batch = entry("300.00", deep("100.00", REF), deep("200.00", OTHER), sign="DBIT")
        delivery = await counter.reads(told(batch.replace("<Cd>BOOK</Cd>", "BOOK"), version="02"))

        assert facts(delivery) == [PAID, (Direction.PAYOUT, OTHER, "200.00", "settled")]

    @pytest.mark.parametrize("version", ["03", "09", "10", "12", "14"])
    async def test_of_status_reports(self, counter: Counter, version: str) -> None:
        await counter.orders()
        delivery = await counter.reads(report(group=("RJCT", "AC04"), version=version))

        assert [each.outcome.failure_code for each in delivery.events] == ["AC04"]

    @pytest.mark.parametrize("version", ["02", "04", "09", "14"])
    async def test_of_returns(self, counter: Counter, version: str) -> None:
        assert facts(await counter.reads(returned(version=version))) == [BACK]

    @pytest.mark.parametrize(
        "kind", ["pain.002.001.02", "pain.002.001.15", "pacs.004.001.01", "pacs.008.001.08"]
    )
    async def test_that_nobody_looked_at_are_refused(self, counter: Counter, kind: str) -> None:
        content = returned().replace("pacs.004.001.09", kind)

        with pytest.raises(FileRefused, match="not read here"):
            await counter.reads(content)


class TestEnvelopes:
    HEADER = (
        '<AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02">'
        "<BizMsgIdr>B1</BizMsgIdr><MsgDefIdr>camt.054.001.08</MsgDefIdr></AppHdr>"
    )

    @pytest.mark.parametrize(
        "envelope",
        [
            "<BizMsgEnvlp>{}{}</BizMsgEnvlp>",
            '<Saa:DataPDU xmlns:Saa="urn:swift:saa:xsd:saa.2.0"><Saa:Body>{}{}</Saa:Body>'
            "</Saa:DataPDU>",
            '<BizMsgEnvlp xmlns="urn:iso:std:iso:20022:tech:xsd:nvlp.001.001.01">'
            "<Hdr>{}</Hdr><Doc>{}</Doc></BizMsgEnvlp>",
        ],
    )
    async def test_are_opened(self, counter: Counter, envelope: str) -> None:
        content = told(entry("100.00", payment()))

        assert facts(await counter.reads(envelope.format(self.HEADER, content))) == [CAME]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "cp1252"])
    async def test_and_encodings_are_as_they_say(self, counter: Counter, encoding: str) -> None:
        declared = encoding.removesuffix("-sig").replace("cp", "windows-")
        note = f"<Ustrd>Mónica {LOAN}</Ustrd>"
        content = (
            f'<?xml version="1.0" encoding="{declared}"?>{told(entry("1.00", payment(note=note)))}'
        )

        (event,) = (await counter.reads(content.encode(encoding))).events
        assert event.reference == f"Mónica {LOAN}"

    async def test_and_prefixes_are_names(self, counter: Counter) -> None:
        content = told(entry("100.00", payment()))
        content = content.replace("</", "</p:").replace("<", "<p:").replace("<p:/p:", "</p:")
        content = content.replace("xmlns=", "xmlns:p=")

        assert facts(await counter.reads(content)) == [CAME]


class TestAmounts:
    @pytest.mark.parametrize(
        "amount", ["100", "100.", "100.0", "100.00000", "+100.00", "0100.00", " 100.00\n"]
    )
    async def test_are_read_as_the_standard_writes_them(
        self, counter: Counter, amount: str
    ) -> None:
        assert facts(await counter.reads(told(entry(amount, payment())))) == [CAME]

    @pytest.mark.parametrize(
        ("amount", "currency", "minor"),
        [("1000.00000", "JPY", 1000), ("1.2340", "KWD", 1234), ("1.23400", "KWD", 1234)],
    )
    async def test_have_the_digits_of_their_currency(
        self, counter: Counter, amount: str, currency: str, minor: int
    ) -> None:
        content = told(entry(amount, payment())).replace('"KES"', f'"{currency}"')

        (event,) = (await counter.reads(content)).events
        assert event.amount == Money(minor, currency)

    @pytest.mark.parametrize(
        "amount",
        ["100.00001", "1e2", "Infinity", "NaN", "--100", "+-100", "-0.01", "1,000.00", "", "٣"],
    )
    async def test_that_are_none_are_refused(self, counter: Counter, amount: str) -> None:
        with pytest.raises(FileRefused):
            await counter.reads(told(entry(amount, payment())))

    async def test_are_what_was_booked_and_not_what_was_ordered(self, counter: Counter) -> None:
        """The bank has kept its charges, or changed the money."""
        more = (
            '<AmtDtls><InstdAmt><Amt Ccy="USD">1.00</Amt></InstdAmt><TxAmt>'
            '<Amt Ccy="KES">130.00</Amt></TxAmt></AmtDtls><Chrgs><Rcrd><Amt Ccy="KES">30.00</Amt>'
            "<CdtDbtInd>DBIT</CdtDbtInd><ChrgInclInd>true</ChrgInclInd></Rcrd></Chrgs>"
        )

        assert facts(await counter.reads(told(entry("100.00", payment(more=more))))) == [CAME]

    @pytest.mark.parametrize(
        "day", ["<DtTm>2026-11-20T23:30:00.123+03:00</DtTm>", "<Dt>2026-11-20Z</Dt>"]
    )
    async def test_have_the_day_of_the_bank(self, counter: Counter, day: str) -> None:
        (event,) = (await counter.reads(told(entry("100.00", payment(), day=day)))).events

        assert event.outcome.settled_at is not None
        assert event.outcome.settled_at.date() == date(2026, 11, 20)

    async def test_have_the_value_day_where_there_is_no_other(self, counter: Counter) -> None:
        content = told(entry("100.00", payment())).replace("BookgDt", "ValDt")

        assert facts(await counter.reads(content)) == [CAME]


class TestWords:
    @pytest.mark.parametrize(
        "note",
        [
            f"<Ustrd>Payment of</Ustrd><Ustrd>{LOAN}</Ustrd>",
            f"<Ustrd>{LOAN}</Ustrd><Strd><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd>",
            f"<Strd><CdtrRefInf><Ref>{LOAN}</Ref></CdtrRefInf></Strd>",
        ],
        ids=["of_two_lines", "beside_a_number", "as_a_number"],
    )
    async def test_of_the_payer_are_all_kept(self, counter: Counter, note: str) -> None:
        (event,) = (await counter.reads(told(entry("1.00", payment(note=note))))).events

        assert LOAN in event.reference.split()

    async def test_are_his_name_for_it_or_the_bank_s_where_he_wrote_none(
        self, counter: Counter
    ) -> None:
        by_name = payment(note="", refs=ours(LOAN))
        by_bank = entry(
            "1.00", payment(note="", refs=ours("NOTPROVIDED")), name="B2",
            more=f"<AddtlNtryInf>TRF {LOAN}</AddtlNtryInf>",
        )  # fmt: skip
        of_none = entry("1.00", payment(note=""), name="B3")
        found = await counter.reads(told(entry("1.00", by_name), by_bank, of_none))

        assert [each.reference for each in found.events] == [LOAN, f"TRF {LOAN}", "NOTPROVIDED"]

    async def test_too_long_or_unprintable_are_cut(self, counter: Counter) -> None:
        note = f"<Ustrd>{LOAN}\u202e\u200b {'x' * 200}</Ustrd>"
        (event,) = (await counter.reads(told(entry("1.00", payment(note=note))))).events

        assert event.reference.startswith(f"{LOAN} x")
        assert len(event.reference) <= 80


class TestBatches:
    @pytest.mark.parametrize("name", ["UETR", "TxId", "EndToEndId"])
    async def test_of_payments_that_the_bank_gives_no_names(
        self, counter: Counter, name: str
    ) -> None:
        """Believed where they are told first; in a statement they are the same, or a doubt."""
        parts = [payment(f"{n}0.00", refs=f"<{name}>X{n}</{name}>") for n in (4, 6)]
        batch = entry("100.00", *parts)
        heard = await counter.reads(told(batch))
        seen = await counter.reads(stated(part_of_statement(batch, closes="100.00")))

        assert [each.rail_id for each in heard.events] == ["B1/X4", "B1/X6"]
        assert [each.rail_id for each in seen.sums] == ["B1/X4", "B1/X6"]
        assert seen.events == ()

    @pytest.mark.parametrize(
        "parts",
        [
            [payment("40.00"), payment("60.00")],
            [payment(refs=named("A")), payment(refs=named("B"))],
            [payment("40.00", refs=named("A")), payment("61.00", refs=named("B"))],
            [payment("40.00", refs=named("A")), payment("60.00", refs=ours("X"))],
            [payment("40.00", refs=named("A")), payment("60.00", refs=named("A"))],
            [payment("100.00", refs=named("A")), "<Btch><NbOfTxs>2</NbOfTxs></Btch>"],
            [payment("50.00", refs=named("A")), payment("50.00", refs=named("B")),
             "<Btch><NbOfTxs>3</NbOfTxs></Btch>"],
        ],
        ids=["nameless", "no_amounts", "other_sum", "half_named", "one_name", "one_of_two",
             "two_of_three"],
    )  # fmt: skip
    async def test_that_do_not_say_what_they_are_made_of_are_one_sum(
        self, counter: Counter, parts: list[str]
    ) -> None:
        """Those beside it count."""
        delivery = await counter.reads(
            told(entry("100.00", *parts), entry("100.00", payment(), name="B2"))
        )

        assert [(each.rail_id, each.amount.major) for each in delivery.sums] == [("B1", "100.00")]
        assert facts(delivery) == [CAME]

    async def test_of_payouts_under_the_batch_s_name_settle_each(self, counter: Counter) -> None:
        parts = [
            payment("40.00", refs=named("B1") + ours(REF)),
            payment("60.00", refs=named("B1") + ours(OTHER)),
        ]
        delivery = await counter.reads(told(entry("100.00", *parts, sign="DBIT")))

        assert [(each.reference, each.amount.major) for each in delivery.events] == [
            (REF, "40.00"),
            (OTHER, "60.00"),
        ]
        assert len({each.event_id for each in delivery.events}) == 2

    async def test_of_the_longest_names_have_events_that_a_database_keeps(
        self, counter: Counter
    ) -> None:
        refs = [f"<UETR>{n}{'u' * 35}</UETR>" for n in (1, 2)]
        batch = entry("2.00", *(payment("1.00", refs=each) for each in refs), name="B" * 35)
        delivery = await counter.reads(told(batch, batch, message="M" * 35))

        assert len({each.event_id for each in delivery.events}) == 2
        assert all(len(each.event_id) <= 120 for each in delivery.events)
        assert all(len(each.rail_id) <= 80 for each in delivery.events)

    async def test_with_the_bank_s_charge_inside(self, counter: Counter) -> None:
        """900 came and 100 were kept: 800 are booked."""
        parts = [
            payment("900.00", refs=named("A"), more="<CdtDbtInd>CRDT</CdtDbtInd>"),
            payment("100.00", refs=named("F"), note="", more="<CdtDbtInd>DBIT</CdtDbtInd>"),
        ]
        whole = entry("800.00", *parts)
        delivery = await counter.reads(stated(part_of_statement(whole, closes="800.00")))

        assert facts(delivery) == [
            (Direction.INCOMING, LOAN, "900.00", "settled"),
            (Direction.PAYOUT, "NOTPROVIDED", "100.00", "settled"),
        ]
        assert kinds(delivery) == []

    async def test_named_in_the_details_alone(self, counter: Counter) -> None:
        delivery = await counter.reads(told(entry("1.00", payment(refs=named("A")), name=None)))

        assert [each.rail_id for each in delivery.events] == ["A"]


class TestOneNameTwice:
    async def test_of_money_in_counts_once_and_is_a_doubt(self, counter: Counter) -> None:
        """Each is booked: whether one was meant, a person asks."""
        delivery = await counter.reads(
            told(entry("100.00", payment()), entry("70.00", payment(note="")))
        )

        assert facts(delivery) == [CAME]
        assert delivery.doubts == (Doubt("entry_named_twice", "M1:B1", {"amount": "70.00 KES"}),)

    async def test_of_money_out_is_told_twice(self, counter: Counter) -> None:
        twice = [entry("100.00", payment(refs=ours(each)), sign="DBIT") for each in (REF, OTHER)]
        delivery = await counter.reads(told(*twice))

        assert [each.reference for each in delivery.events] == [REF, OTHER]
        assert len({each.event_id for each in delivery.events}) == 2


class TestOurReference:
    @pytest.mark.parametrize("written", [REF.upper(), REF.lower(), f" {REF} "])
    async def test_is_known_in_any_case(self, counter: Counter, written: str) -> None:
        await counter.orders()
        booked = told(entry("100.00", payment(refs=ours(written)), sign="DBIT"))

        assert facts(await counter.reads(booked)) == [PAID]
        assert facts(await counter.reads(returned(written))) == [BACK]
        delivery = await counter.reads(report(group=("RJCT", "AC04"), reference=written.strip()))
        assert [each.reference for each in delivery.events] == [REF]

    @pytest.mark.parametrize("written", [REF, REF.upper()])
    async def test_on_money_that_comes_back_without_a_word(
        self, counter: Counter, written: str
    ) -> None:
        """Our own words for it name the loan, and would be taken for a repayment."""
        await counter.orders()
        came = entry("100.00", payment(refs=ours(written), note=f"<Ustrd>Loan {LOAN}</Ustrd>"))

        assert facts(await counter.reads(told(came))) == [BACK]

    async def test_of_nothing_we_sent_is_the_payer_s_own(self, counter: Counter) -> None:
        assert facts(await counter.reads(told(entry("100.00", payment(refs=ours()))))) == [CAME]


class TestChargeBack:
    async def test_finds_its_payment_in_a_file_of_two_bytes_a_sign(self, counter: Counter) -> None:
        first = told(entry("100.00", payment(refs=ours("E1"))), message="M1")
        await counter.keeps(first.encode("utf-16"))
        reason = "<RtrInf><Rsn><Cd>MD06</Cd></Rsn></RtrInf>"
        back = payment(refs=ours("E1"), more=reason)
        delivery = await counter.reads(
            told(entry("100.00", back, sign="DBIT", name="B2"), message="M2")
        )

        assert facts(delivery) == [(Direction.INCOMING, LOAN, "100.00", OutcomeStatus.RETURNED)]
        assert [each.rail_id for each in delivery.events] == ["B1"]
