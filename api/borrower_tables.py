"""The tables of one borrower's page."""

from dataclasses import dataclass

from api.exports import Column, Table
from kit.money import Money
from notifications.queries import Sent
from onboarding.models import Application, Case
from servicing.models import Loan, Repayment


@dataclass(frozen=True)
class Owing:
    loan: Loan
    due: Money
    """What has fallen due and is unpaid today."""
    left: Money
    """All that is left if every installment is paid when it falls due."""
    days_late: int


@dataclass(frozen=True)
class Paid:
    repayment: Repayment
    reference: str
    """Of the loan."""

    @property
    def receipt(self) -> str:
        return f"/console/loans/{self.repayment.loan_id}/repayments/{self.repayment.id}/receipt.pdf"


LOANS: Table[Owing] = Table(
    "loans-of-borrower",
    (
        Column("Loan", lambda row: row.loan.reference, lambda row: f"/console/loans/{row.loan.id}"),
        Column("Status", lambda row: row.loan.status),
        Column("Principal", lambda row: row.loan.principal),
        Column("Due now", lambda row: row.due),
        Column("Left as planned", lambda row: row.left),
        Column("Currency", lambda row: row.loan.currency),
        Column("Days late", lambda row: row.days_late or None),
        Column("Paid out", lambda row: row.loan.disbursed_on),
        Column("Closed", lambda row: row.loan.closed_on),
    ),
)
PAYMENTS: Table[Paid] = Table(
    "payments-of-borrower",
    (
        Column("Paid on", lambda row: row.repayment.paid_on),
        Column("Amount", lambda row: row.repayment.amount),
        Column("Currency", lambda row: row.repayment.currency),
        Column(
            "Loan", lambda row: row.reference, lambda row: f"/console/loans/{row.repayment.loan_id}"
        ),
        Column("Reference", lambda row: row.repayment.rail_reference),
        Column("Taken back", lambda row: row.repayment.reversed_on),
        Column("Paper", lambda row: "Receipt", lambda row: row.receipt),
    ),
)
APPLICATIONS: Table[Application] = Table(
    "applications-of-borrower",
    (
        Column("Application", lambda row: row.reference),
        Column("Status", lambda row: row.status),
        Column("Product", lambda row: row.product),
        Column(
            "Amount",
            lambda row: (
                Money(row.amount_minor, row.currency) if row.amount_minor and row.currency else None
            ),
        ),
        Column("Currency", lambda row: row.currency),
        Column("Begun", lambda row: row.created_at),
        Column("Sent", lambda row: row.submitted_at),
    ),
)
CASES: Table[Case] = Table(
    "cases-of-borrower",
    (
        Column("Case", lambda row: row.reference, lambda row: f"/console/cases/{row.id}"),
        Column("Kind", lambda row: row.kind),
        Column("Status", lambda row: row.status),
        Column("Verdict", lambda row: row.verdict, is_code=True),
        Column("Opened", lambda row: row.opened_at),
        Column("Resolved", lambda row: row.resolved_at),
    ),
)


def _tries(sent: Sent) -> str:
    return ", ".join(f"{each.channel} {each.status}" for each in sent.deliveries)


MESSAGES: Table[Sent] = Table(
    "messages-of-borrower",
    (
        Column("When", lambda row: row.notification.created_at),
        Column("About", lambda row: row.notification.template, is_code=True),
        Column("Purpose", lambda row: row.notification.purpose),
        Column("Status", lambda row: row.notification.status),
        Column("Why", lambda row: row.notification.reason, is_code=True),
        Column("Sent", lambda row: row.notification.sent_at),
        Column("Tries", _tries),
    ),
)
"""What was to be said and how it went; never the words."""
