"""The receipt of one payment as PDF: the same for ever, unless the payment is taken back."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import Money
from kit.sheet import A6, Sheet
from servicing.allocation import Component
from servicing.models import Loan, Repayment
from servicing.papers.words import Words
from servicing.repayments import RepaymentNotFound

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
    proof: tuple[str, ...] = ()
    """Lines with which anybody can check the payment in the ledger."""

    @property
    def number(self) -> str:
        """What a borrower can read out: the end of the id, which is random."""
        return f"R-{self.repayment.id.hex[-8:].upper()}"


async def receipt_of(session: AsyncSession, loan: Loan, repayment_id: UUID) -> Receipt:
    """Raises RepaymentNotFound for a payment of another loan too."""
    repayment = await session.get(Repayment, repayment_id)
    if repayment is None or repayment.loan_id != loan.id:
        raise RepaymentNotFound(repayment=repayment_id)
    return Receipt(loan.reference, repayment)


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
    for line in receipt.proof:
        sheet.paragraph(line)
    return sheet.to_bytes()


def _used(repayment: Repayment, words: Words) -> Iterator[tuple[str, str]]:
    paid = dict.fromkeys(_NAMES, 0)
    for _, component, minor in repayment.allocation["shares"]:
        paid[Component(component)] += minor
    for component, key in _NAMES.items():
        if paid[component]:
            yield words(key), words.money(Money(paid[component], repayment.currency))
    if ahead := repayment.allocation["in_advance"]:
        yield words("receipt-ahead"), words.money(Money(ahead, repayment.currency))
