"""What a bank may write of our account, put together by hand; read where it lies in the folder."""

from datetime import UTC, datetime
from pathlib import Path

from servicing.rails.base import Delivery, Direction, Instruction, OutcomeStatus
from servicing.rails.iso20022.orders import Account, Payer
from servicing.rails.iso20022.rail import Iso20022Rail
from tests.servicing.lending import ZONE, HandClock, kes
from tests.servicing.rails.bank import ELSEWHERE, OURS

NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
REF = "P0193a5b2c3d47000800000000000000a"
OTHER = "P0193a5b2c3d47000800000000000000b"
LOAN = "L-7K3QFWX"
PAID = (Direction.PAYOUT, REF, "100.00", OutcomeStatus.SETTLED)
CAME = (Direction.INCOMING, LOAN, "100.00", OutcomeStatus.SETTLED)
BACK = (Direction.PAYOUT, REF, "100.00", OutcomeStatus.RETURNED)


class Counter:
    """The bank's counter: whatever it hands over is read, and kept if asked."""

    def __init__(self, folder: Path) -> None:
        payer = Payer("Kopa Lending", Account(OURS))
        self.folder = folder
        self.rail = Iso20022Rail(folder, payer, zone=ZONE, clock=HandClock(NOW))

    async def orders(self, reference: str = REF) -> None:
        order = Instruction(reference, Direction.PAYOUT, ELSEWHERE, kes(100), f"Loan {LOAN}")
        await self.rail.submit(order)

    async def reads(self, content: bytes | str, name: str = "told.xml") -> Delivery:
        raw = content.encode() if isinstance(content, str) else content
        (self.folder / "in" / name).write_bytes(raw)
        return await self.rail.read(name)

    async def keeps(self, content: bytes | str) -> Delivery:
        delivery = await self.reads(content)
        await self.rail.keep("told.xml", delivery)
        return delivery


def document(kind: str, root: str, content: str) -> str:
    namespace = f"urn:iso:std:iso:20022:tech:xsd:{kind}"
    return f'<Document xmlns="{namespace}"><{root}>{content}</{root}></Document>'


def head(message: str = "M1", page: str = "") -> str:
    return f"<GrpHdr><MsgId>{message}</MsgId>{page}</GrpHdr>"


def account(number: str = OURS) -> str:
    return f"<Acct><Id><IBAN>{number}</IBAN></Id></Acct>"


def told(*entries: str, version: str = "08", message: str = "M1") -> str:
    notification = f"<Ntfctn>{account()}{''.join(entries)}</Ntfctn>"
    return document(
        f"camt.054.001.{version}", "BkToCstmrDbtCdtNtfctn", head(message) + notification
    )


def balance(code: str, amount: str, day: str = "2026-11-20") -> str:
    return (
        f"<Bal><Tp><CdOrPrtry>{code}</CdOrPrtry></Tp>"
        f'<Amt Ccy="KES">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>'
    )


def part_of_statement(
    *content: str, opens: str = "0.00", closes: str = "0.00", day: str = "2026-11-20",
    number: str = OURS, codes: tuple[str, str] = ("OPBD", "CLBD"),
) -> str:  # fmt: skip
    first, last = (f"<Cd>{code}</Cd>" for code in codes)
    both = balance(first, opens, day) + balance(last, closes, day)
    return f"<Stmt>{account(number)}{both}{''.join(content)}</Stmt>"


def stated(*parts: str, version: str = "08", message: str = "S1", page: str = "") -> str:
    content = head(message, page) + "".join(parts)
    return document(f"camt.053.001.{version}", "BkToCstmrStmt", content)


def entry(
    amount: str = "100.00", *details: str, sign: str = "CRDT", name: str | None = "B1",
    status: str = "<Cd>BOOK</Cd>", more: str = "", day: str = "<Dt>2026-11-20</Dt>",
) -> str:  # fmt: skip
    named = f"<AcctSvcrRef>{name}</AcctSvcrRef>" if name else ""
    inside = f"<NtryDtls>{''.join(details)}</NtryDtls>" if details else ""
    return (
        f'<Ntry><Amt Ccy="KES">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd><Sts>{status}</Sts>'
        f"<BookgDt>{day}</BookgDt>{named}{more}{inside}</Ntry>"
    )


def payment(
    amount: str = "", *, refs: str = "", note: str = f"<Ustrd>{LOAN}</Ustrd>", more: str = ""
) -> str:
    paid = f'<Amt Ccy="KES">{amount}</Amt>' if amount else ""
    return f"<TxDtls><Refs>{refs}</Refs>{paid}{more}<RmtInf>{note}</RmtInf></TxDtls>"


def named(name: str) -> str:
    return f"<AcctSvcrRef>{name}</AcctSvcrRef>"


def ours(reference: str = REF) -> str:
    return f"<EndToEndId>{reference}</EndToEndId>"


def facts(delivery: Delivery) -> list[tuple[str, str, str, str]]:
    return [
        (each.direction, each.reference, each.amount.major, each.outcome.status)
        for each in delivery.events
    ]


def kinds(delivery: Delivery) -> list[str]:
    return [each.kind for each in delivery.doubts]


def returned(reference: str = REF, *, version: str = "09", first: str = "<RtrId>R2</RtrId>") -> str:
    named = f"<OrgnlEndToEndId>{reference}</OrgnlEndToEndId>" if reference else ""
    transaction = (
        f"<TxInf>{first}{named}<RtrdIntrBkSttlmAmt Ccy='KES'>100.00</RtrdIntrBkSttlmAmt>"
        "<RtrRsnInf><Rsn><Cd>AC04</Cd></Rsn></RtrRsnInf></TxInf>"
    )
    return document(f"pacs.004.001.{version}", "PmtRtr", head("R1") + transaction)


Said = tuple[str, ...]
"""A status and its reasons."""


def report(
    *, group: Said = (), batches: tuple[tuple[Said, tuple[str, ...]], ...] = (),
    reference: str = REF, version: str = "10",
) -> str:  # fmt: skip
    """Of a group, and of batches with the payments that are named in them."""
    of_group = f"<OrgnlMsgId>{reference}</OrgnlMsgId>{said('GrpSts', group)}"
    of_batches = "".join(
        f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{reference}</OrgnlPmtInfId>{said('PmtInfSts', told)}"
        f"{''.join(payments)}</OrgnlPmtInfAndSts>"
        for told, payments in batches
    )
    content = f"<OrgnlGrpInfAndSts>{of_group}</OrgnlGrpInfAndSts>{of_batches}"
    return document(f"pain.002.001.{version}", "CstmrPmtStsRpt", head("R1") + content)


def said(tag: str, told: Said) -> str:
    status = f"<{tag}>{told[0]}</{tag}>" if told and told[0] else ""
    return status + "".join(
        f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" for reason in told[1:]
    )


def of_payment(told: Said = (), named: str = REF) -> str:
    name = f"<OrgnlEndToEndId>{named}</OrgnlEndToEndId>" if named else ""
    return f"<TxInfAndSts>{name}{said('TxSts', told)}</TxInfAndSts>"
