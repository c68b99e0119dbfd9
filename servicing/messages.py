"""What servicing tells borrowers. The words belong to notifications; here is who hears what."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import Money
from notifications import outbox
from notifications.states import Channel, Purpose
from servicing.models import (
    Amendment,
    Installment,
    Loan,
    PaymentRequest,
    Payout,
    Repayment,
)
from servicing.treasury.models import Refund

_CHAT = (Channel.TELEGRAM,)
PAY = "pay"
"""What the chat understands as the wish to pay, on the button below a reminder."""


async def disbursed(session: AsyncSession, loan: Loan, payout: Payout, *, now: datetime) -> None:
    await _say(session, loan, "disbursed", key=f"disbursed:{payout.id}", now=now,
               amount=spoken(payout.amount))  # fmt: skip


async def disbursement_failed(
    session: AsyncSession, loan: Loan, payout: Payout, *, now: datetime
) -> None:
    await _say(session, loan, "disbursement_failed", key=f"disbursement_failed:{payout.id}",
               now=now, amount=spoken(payout.amount))  # fmt: skip


async def disbursement_held(
    session: AsyncSession, loan: Loan, payout: Payout, *, why: str, now: datetime
) -> None:
    """Agreed, and it cannot be lent today; `why` is a `funding.holds.Why`."""
    await _say(session, loan, "disbursement_held", key=f"disbursement_held:{payout.id}", now=now,
               purpose=Purpose.SERVICE, amount=spoken(payout.amount), why=why)  # fmt: skip


async def disbursement_canceled(
    session: AsyncSession, loan: Loan, payout: Payout, *, now: datetime
) -> None:
    await _say(session, loan, "disbursement_canceled", key=f"disbursement_canceled:{payout.id}",
               now=now, amount=spoken(payout.amount))  # fmt: skip


async def payout_returned(
    session: AsyncSession, loan: Loan, payout: Payout, *, now: datetime
) -> None:
    """The loan's money came back: nothing is owed, and staff see what was wrong."""
    await _say(session, loan, "payout_returned", key=f"payout_returned:{payout.id}",
               now=now, amount=spoken(payout.amount))  # fmt: skip


async def payout_set_aside(
    session: AsyncSession, loan: Loan, payout: Payout, *, now: datetime
) -> None:
    """It came back after the loan had been repaid: it is the borrower's."""
    await _say(session, loan, "payout_set_aside", key=f"payout_set_aside:{payout.id}",
               now=now, amount=spoken(payout.amount))  # fmt: skip


async def top_up_undone(
    session: AsyncSession, loan: Loan, payout: Payout, *, now: datetime
) -> None:
    """Money on top did not arrive, or came back: nothing of it is owed."""
    await _say(session, loan, "top_up_undone", key=f"top_up_undone:{payout.id}",
               now=now, amount=spoken(payout.amount))  # fmt: skip


async def repayment_received(
    session: AsyncSession, loan: Loan, repayment: Repayment, balance: Money, *, now: datetime
) -> None:
    await _say(session, loan, "repayment_received", key=f"repayment:{repayment.id}", now=now,
               amount=spoken(repayment.amount), balance=spoken(balance),
               button=_receipt(repayment))  # fmt: skip


async def paid_ahead(
    session: AsyncSession, loan: Loan, repayment: Repayment, *, now: datetime
) -> None:
    """More than was due: what it does to the schedule is the borrower's choice."""
    await _say(session, loan, "paid_ahead", key=f"ahead:{repayment.id}", now=now,
               purpose=Purpose.SERVICE, button="change")  # fmt: skip


async def payment_declined(
    session: AsyncSession, loan: Loan, asked: PaymentRequest, *, now: datetime
) -> None:
    await _say(session, loan, "payment_declined", key=f"declined:{asked.id}", now=now,
               amount=spoken(asked.amount), button=PAY)  # fmt: skip


async def invoice_refused(
    session: AsyncSession, loan: Loan, asked: PaymentRequest, *, now: datetime
) -> None:
    """Telegram did not take the invoice: for a card, the amount is too small or too large."""
    await _say(session, loan, "invoice_refused", key=f"declined:{asked.id}", now=now,
               amount=spoken(asked.amount), button=PAY)  # fmt: skip


async def payment_taken_back(
    session: AsyncSession, loan: Loan, repayment: Repayment, *, now: datetime
) -> None:
    await _say(session, loan, "payment_taken_back", key=f"taken_back:{repayment.id}", now=now,
               amount=spoken(repayment.amount), button=PAY)  # fmt: skip


async def refunded(session: AsyncSession, loan: Loan, refund: Refund, *, now: datetime) -> None:
    await _say(session, loan, "refunded", key=f"refunded:{refund.id}", now=now,
               amount=spoken(refund.amount))  # fmt: skip


async def loan_closed(
    session: AsyncSession, loan: Loan, repayment: Repayment, *, now: datetime
) -> None:
    """The receipt of the last payment says that it was the last."""
    await _say(session, loan, "loan_closed", key=f"closed:{repayment.id}", now=now,
               amount=spoken(repayment.amount), button=_receipt(repayment))  # fmt: skip


async def late_fee_charged(
    session: AsyncSession, loan: Loan, row: Installment, fee: Money, due: Money, *, now: datetime
) -> None:
    await _say(session, loan, "late_fee_charged", key=f"late_fee:{row.id}", now=now,
               purpose=Purpose.SERVICE, fee=spoken(fee), amount=spoken(due),
               button=PAY)  # fmt: skip


async def amendment_proposed(
    session: AsyncSession, loan: Loan, amendment: Amendment, *, now: datetime
) -> None:
    """The borrower has to look at it and say yes or no."""
    await _say(session, loan, "amendment_proposed", key=f"amendment_proposed:{amendment.id}",
               now=now, button=f"n:show:{amendment.id.hex}")  # fmt: skip


async def amendment_applied(
    session: AsyncSession, loan: Loan, amendment: Amendment, *, now: datetime
) -> None:
    await _say(session, loan, "amendment_applied", key=f"amendment_applied:{amendment.id}",
               now=now)  # fmt: skip


async def remind(
    session: AsyncSession,
    loan: Loan,
    template: str,
    *,
    key: str,
    purpose: Purpose,
    channels: Sequence[Channel],
    now: datetime,
    **params: str | int,
) -> None:
    await outbox.notify(
        session,
        person_id=loan.borrower_id,
        template=template,
        params={"loan": loan.reference, **params},
        key=key,
        purpose=purpose,
        subject=loan.subject,
        channels=tuple(channels),
        now=now,
    )


async def silence(session: AsyncSession, loan: Loan, *, reason: str, now: datetime) -> int:
    """Take back every reminder and collection message that has not left yet."""
    return await outbox.cancel(
        session,
        subject=loan.subject,
        purposes=(Purpose.REMINDER, Purpose.COLLECTION),
        reason=reason,
        now=now,
    )


def _receipt(repayment: Repayment) -> str:
    """What the chat understands as the wish for this payment's receipt."""
    return f"receipt:{repayment.id.hex}"


def spoken(amount: Money) -> str:
    return f"money:{amount.minor}:{amount.currency}"


def spoken_day(day: date) -> str:
    return f"date:{day.isoformat()}"


async def _say(
    session: AsyncSession,
    loan: Loan,
    template: str,
    *,
    key: str,
    now: datetime,
    purpose: Purpose = Purpose.CRITICAL,
    **params: str | int,
) -> None:
    await remind(
        session, loan, template, key=key, purpose=purpose, channels=_CHAT, now=now, **params
    )
