"""What a bank says of our account, as a test writes it or changes it, put into our folder."""

import re
from pathlib import Path

from servicing.rails.base import Delivery
from servicing.rails.iso20022.rail import Iso20022Rail
from tests.servicing.rails.bank import Street


class Desk:
    """A payout that the bank has booked, and its notification, which a test may change."""

    def __init__(self, street: Street, told: Path) -> None:
        self.street = street
        self.folder = street.bank.folder
        self.true = told.read_bytes()
        told.unlink()

    def puts(self, content: bytes, name: str = "told.xml") -> None:
        (self.folder / "in" / name).write_bytes(content)

    async def takes(self, content: bytes, name: str = "told.xml") -> None:
        self.puts(content, name)
        await self.street.takes_in()

    @property
    def rail(self) -> Iso20022Rail:
        rail: Iso20022Rail = self.street.lender.rail
        return rail

    async def reads(self, content: bytes) -> Delivery:
        self.puts(content)
        return await self.rail.read("told.xml")


def bare(entry: str) -> str:
    """Without a word about what it is made of."""
    return re.sub("<NtryDtls>.*</NtryDtls>", "", entry)


def credit(name: str, amount: str, note: str, currency: str = "KES") -> str:
    """A booked entry of money that came in."""
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        "<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-20</Dt></BookgDt>"
        f"<AcctSvcrRef>{name}</AcctSvcrRef><NtryDtls><TxDtls>"
        f"<RmtInf><Ustrd>{note}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )
