"""The receipt of one payment as PDF: the same for ever, unless the payment is taken back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import Money
from kit.sheet import A6, Sheet
from servicing import repayments
from servicing.allocation import Component
from servicing.ledger import proofs
from servicing.ledger.proofs import Proof
from servicing.models import Loan, Repayment
from servicing.papers.words import Words

_NAMES = {
    Component.PRINCIPAL: "principal",
    Component.INTEREST: "interest",
    Component.FEE: "fees",
    Component.PENALTY: "receipt-penalties",
}


@dataclass(frozen=True, slots=True)
class Receipt:
    loan_reference: str
    repayment: Repayment
    proof: Proof | None = None
    """With which anybody can check that the payment stands in the ledger."""

    @property
    def number(self) -> str:
        """What a borrower can read out: the end of the id, which is random."""
        return f"R-{self.repayment.id.hex[-8:].upper()}"


async def receipt_of(
    session: AsyncSession, loan: Loan, repayment_id: UUID, *, now: datetime
) -> Receipt:
    """Raises RepaymentNotFound for a payment of another loan too."""
    repayment = await session.get(Repayment, repayment_id)
    if repayment is None or repayment.loan_id != loan.id:
        raise repayments.RepaymentNotFound(repayment=repayment_id)
    entry = await repayments.entry_of(session, repayment_id)
    proof = await proofs.at_once(session, entry.id, now=now) if entry is not None else None
    return Receipt(loan.reference, repayment, proof)


def pdf(receipt: Receipt, locale: str, *, issuer: str) -> bytes:
    words, repayment = Words(locale), receipt.repayment
    sheet = Sheet(
        words("receipt-title"),
        subtitle=words("receipt-subtitle", reference=receipt.loan_reference),
        issuer=issuer,
        locale=words.locale,
        made_at=repayment.received_at,
        size=A6,
    )
    sheet.facts(
        [
            (words("receipt-amount"), words.money(repayment.amount)),
            (words("receipt-on"), words.day(repayment.paid_on)),
            (words("receipt-number"), receipt.number),
        ]
    )
    sheet.heading(words("receipt-used"))
    sheet.facts(list(_used(repayment, words)))
    if repayment.reversed_on:
        sheet.paragraph(words("receipt-reversed", day=words.day(repayment.reversed_on)))
    else:
        sheet.paragraph(words("receipt-thanks"))
    if receipt.proof is not None:
        _prove(sheet, receipt.proof, words)
    return sheet.to_bytes()


def _prove(sheet: Sheet, proof: Proof, words: Words) -> None:
    sheet.page()
    sheet.heading(words("receipt-proof-title"))
    sheet.paragraph(words("receipt-proof", number=proof["index"] + 1))
    sheet.code(proofs.code(proof))


def _used(repayment: Repayment, words: Words) -> Iterator[tuple[str, str]]:
    paid = dict.fromkeys(_NAMES, 0)
    for _, component, minor in repayment.allocation["shares"]:
        paid[Component(component)] += minor
    for component, key in _NAMES.items():
        if paid[component]:
            yield words(key), words.money(Money(paid[component], repayment.currency))
    if ahead := repayment.allocation["in_advance"]:
        yield words("receipt-ahead"), words.money(Money(ahead, repayment.currency))
