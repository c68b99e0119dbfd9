"""The payment file: one pain.001 for one payout, under its reference."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from kit.money import Money
from servicing.rails.base import Instruction
from servicing.rails.iso20022 import xml

KIND = "pain.001.001.09"
_NAME_MAX = 70
"""As long as banks of the euro area take it; the standard has twice that."""
_OURS = re.compile(r"[A-Z][0-9A-F]{32}\Z", re.IGNORECASE)
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Account:
    """Where money is kept: an IBAN or a bank's own number, and the bank if it has to be named."""

    number: str
    bic: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Account":
        """`NL41 MOCK 0000 0000 01`, or `0123456789`, either with `BARCKENX/` before it."""
        bic, slash, number = text.rpartition("/")
        return cls(number.replace(" ", "").removeprefix("+"), bic.strip() if slash else None)

    @property
    def is_iban(self) -> bool:
        """By its check digits (ISO 13616, ISO 7064 MOD 97-10)."""
        moved = self.number[4:] + self.number[:4]
        if not self.number[:2].isalpha() or not set(moved) <= set(_ALPHABET):
            return False
        return int("".join(str(_ALPHABET.index(sign)) for sign in moved)) % 97 == 1


@dataclass(frozen=True, slots=True)
class Payer:
    name: str
    account: Account


def build(order: Instruction, payer: Payer, *, on: date, now: datetime) -> bytes:
    """The whole file. Message, batch and payment have the same name: the order's reference."""
    document = Element("Document", xmlns=xml.NAMESPACES + KIND)
    root = SubElement(document, "CstmrCdtTrfInitn")
    header = SubElement(root, "GrpHdr")
    _put(header, "MsgId", order.client_ref)
    _put(header, "CreDtTm", now.isoformat(timespec="seconds"))
    _count(header, order)
    _put(header, "InitgPty/Nm", payer.name)
    batch = SubElement(root, "PmtInf")
    _put(batch, "PmtInfId", order.client_ref)
    _put(batch, "PmtMtd", "TRF")
    _count(batch, order)
    _put(batch, "ReqdExctnDt/Dt", on.isoformat())
    _put(batch, "Dbtr/Nm", payer.name)
    _account(SubElement(batch, "DbtrAcct"), payer.account)
    # The element is mandatory; who has no BIC says so in the standard's own words.
    _bank(SubElement(batch, "DbtrAgt"), payer.account.bic)
    _put(batch, "ChrgBr", "SLEV")
    _payment(SubElement(batch, "CdtTrfTxInf"), order)
    content: bytes = tostring(document, encoding="utf-8", xml_declaration=True)
    return content


def sent_at(content: bytes) -> datetime:
    """When a file of ours was made."""
    return datetime.fromisoformat(xml.parse(content)[1].text("GrpHdr/CreDtTm"))


def amount_of(content: bytes) -> Money:
    return xml.parse(content)[1].money("PmtInf/CdtTrfTxInf/Amt/InstdAmt")


def reference_of(told: str) -> str:
    """A reference of ours as we wrote it: some banks write everything in capitals, or in none."""
    return told[0].upper() + told[1:].lower() if _OURS.match(told) else told


def _payment(payment: Element, order: Instruction) -> None:
    creditor = Account.parse(order.account)
    _put(payment, "PmtId/EndToEndId", order.client_ref)
    _put(payment, "Amt/InstdAmt", order.amount.major).set("Ccy", order.amount.currency)
    if creditor.bic is not None:
        _bank(SubElement(payment, "CdtrAgt"), creditor.bic)
    payee = SubElement(payment, "Cdtr")
    if order.payee:
        _put(payee, "Nm", order.payee[:_NAME_MAX])
    _account(SubElement(payment, "CdtrAcct"), creditor)
    _put(payment, "RmtInf/Ustrd", order.description)


def _count(parent: Element, order: Instruction) -> None:
    _put(parent, "NbOfTxs", "1")
    _put(parent, "CtrlSum", order.amount.major)


def _account(parent: Element, account: Account) -> None:
    _put(parent, "Id/IBAN" if account.is_iban else "Id/Othr/Id", account.number)


def _bank(parent: Element, bic: str | None) -> None:
    if bic is None:
        _put(parent, "FinInstnId/Othr/Id", "NOTPROVIDED")
    else:
        _put(parent, "FinInstnId/BICFI", bic)


def _put(parent: Element, path: str, text: str) -> Element:
    for name in path.split("/"):
        parent = SubElement(parent, name)
    # XML has no words for control characters.
    parent.text = "".join(sign for sign in text if sign.isprintable())
    return parent
