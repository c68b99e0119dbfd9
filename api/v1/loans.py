"""Loans: what was agreed, what is owed, what was paid, and money that staff have received."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response, status
from pydantic import Field, field_validator

from api import exports, ledger_tables, listings, once
from api.deps import Now, Session, Staff, Today, Wired, permitted
from api.exports import FILES, Export
from api.ledger_tables import Posted
from api.schemas import (
    Amount,
    MoneyShown,
    Page,
    PageSize,
    Record,
    Shown,
    Sought,
    Strict,
    Text,
    Word,
)
from api.v1.proposals import ProposalShown
from kit.four_eyes import Proposal
from kit.money import Money
from servicing import arrears, hand_entries, queries, statements
from servicing.arrears import Arrears
from servicing.debts import Debt
from servicing.delinquency import CURRENT
from servicing.ledger import reading
from servicing.ledger.models import Entry, Line
from servicing.models import Installment, Loan, Repayment
from servicing.statements import StatementRow
from servicing.states import LoanStatus, OrderStatus

router = APIRouter(prefix="/v1", tags=["loans"], dependencies=[Depends(permitted)])


class LoanShown(Record):
    reference: str
    status: LoanStatus
    borrower_id: UUID
    application_id: UUID
    principal: MoneyShown
    disbursed_on: date | None
    closed_on: date | None
    days_past_due: int
    created_at: datetime

    @classmethod
    def fields_of(cls, loan: Loan, dpd: int) -> dict[str, Any]:
        return {
            "id": loan.id,
            "reference": loan.reference,
            "status": loan.status,
            "borrower_id": loan.borrower_id,
            "application_id": loan.application_id,
            "principal": MoneyShown.of(loan.principal),
            "disbursed_on": loan.disbursed_on,
            "closed_on": loan.closed_on,
            "days_past_due": dpd,
            "created_at": loan.created_at,
        }


class InstallmentShown(Shown):
    n: int
    due_on: date
    principal: MoneyShown
    interest: MoneyShown
    fees: MoneyShown
    penalties: MoneyShown
    unpaid: MoneyShown
    settled_on: date | None

    @classmethod
    def of(cls, row: Installment, currency: str) -> "InstallmentShown":
        def money(minor: int) -> MoneyShown:
            return MoneyShown.of_minor(minor, currency)

        return cls(
            n=row.n,
            due_on=row.due_on,
            principal=money(row.principal_minor),
            interest=money(row.interest_minor),
            fees=money(row.fees_minor),
            penalties=money(row.penalties_minor),
            unpaid=money(row.unpaid_minor),
            settled_on=row.settled_on,
        )


class DebtShown(Shown):
    principal: MoneyShown
    interest: MoneyShown
    fees: MoneyShown
    penalties: MoneyShown
    credit: MoneyShown
    """Paid before it was due."""
    total: MoneyShown

    @classmethod
    def of(cls, debt: Debt) -> "DebtShown":
        parts = ("principal", "interest", "fees", "penalties", "credit", "total")
        return cls(**{part: MoneyShown.of(getattr(debt, part)) for part in parts})


class RepaymentShown(Record):
    loan_id: UUID
    amount: MoneyShown
    rail_reference: str
    paid_on: date
    allocation: dict[str, Any]
    received_at: datetime
    reversed_on: date | None

    @classmethod
    def of(cls, row: Repayment) -> "RepaymentShown":
        return cls(
            id=row.id,
            loan_id=row.loan_id,
            amount=MoneyShown.of(row.amount),
            rail_reference=row.rail_reference,
            paid_on=row.paid_on,
            allocation=row.allocation,
            received_at=row.received_at,
            reversed_on=row.reversed_on,
        )


class OrderShown(Record):
    """What a rail was asked to do."""

    loan_id: UUID
    status: OrderStatus
    amount: MoneyShown
    client_ref: str
    rail_id: str | None
    failure_code: str | None
    created_at: datetime
    submitted_at: datetime | None
    settled_at: datetime | None

    @field_validator("amount", mode="before")
    @classmethod
    def _shown(cls, amount: Money) -> MoneyShown:
        return MoneyShown.of(amount)


class PayoutShown(OrderShown):
    attempt: int


class LatenessShown(Shown):
    """How late the loan is today, and what that means by the lender's policy (docs/late.md)."""

    days_past_due: int
    since: date | None
    bucket: str
    overdue: MoneyShown
    loan_class: str
    provision: MoneyShown
    stage: int
    """1 to 3, as in IFRS 9."""
    exposure: MoneyShown
    expected_loss: MoneyShown
    """What the stage sets aside: of 12 months in stage 1, of the whole life after it."""
    lifetime_loss: MoneyShown

    @classmethod
    def of(cls, arrears: Arrears) -> "LatenessShown":
        def money(minor: int) -> MoneyShown:
            return MoneyShown.of_minor(minor, arrears.currency)

        found, late = arrears.assessed, arrears.assessed.standing
        return cls(
            days_past_due=late.days_past_due,
            since=late.since,
            bucket=late.bucket.name if late.bucket else CURRENT,
            overdue=money(late.overdue_minor),
            loan_class=found.loan_class.key,
            provision=money(found.provision_minor),
            stage=found.loss.stage,
            exposure=money(found.exposure_minor),
            expected_loss=money(found.loss.recognized_minor),
            lifetime_loss=money(found.loss.lifetime_minor),
        )


class LoanDetail(LoanShown):
    lateness: LatenessShown | None
    """Null unless the loan is running."""
    terms: dict[str, Any]
    rules: dict[str, Any]
    installments: list[InstallmentShown]
    owed: DebtShown
    """What has fallen due and is unpaid."""
    payoff: DebtShown
    """What settles the loan for good today."""
    outstanding: DebtShown
    """All that is left if every installment is paid when it falls due."""
    repayments: list[RepaymentShown]
    payouts: list[PayoutShown]


class LedgerLineShown(Record):
    posted_on: date
    reference: str
    entry: str
    event: str
    debit: str
    credit: str
    amount: MoneyShown

    @classmethod
    def of(cls, line: Line, entry: Entry, **more: Any) -> Self:
        """`more` is what a list tells beyond the line itself."""
        return cls(
            id=line.id,
            posted_on=entry.posted_on,
            reference=entry.reference,
            entry=entry.kind,
            event=line.event,
            debit=line.debit,
            credit=line.credit,
            amount=MoneyShown.of(line.amount),
            **more,
        )


class StatementRowShown(Shown):
    on: date
    kind: str
    charged: MoneyShown
    paid: MoneyShown
    balance: MoneyShown
    """Owed after this row; less than zero when the borrower has paid in advance."""

    @classmethod
    def of(cls, row: StatementRow) -> "StatementRowShown":
        return cls(
            on=row.on,
            kind=row.kind,
            charged=MoneyShown.of(row.charged),
            paid=MoneyShown.of(row.paid),
            balance=MoneyShown.of(row.balance),
        )


class RepaymentReceived(Strict):
    money: Amount
    reference: Word
    """The receipt or bank reference: the same money is recorded once."""
    paid_on: Annotated[date, Field(strict=False)]
    reason: Text | None = Field(None, description="How you know, for a second person.")


@router.get("/loans", response_model=Page[LoanShown], responses=FILES)
async def list_loans(
    session: Session,
    today: Today,
    export: Export,
    status: LoanStatus | None = None,
    min_days_past_due: Annotated[int | None, Query(ge=1, le=3_650)] = None,
    reference: Sought | None = None,
    after: UUID | None = None,
    limit: PageSize = 50,
) -> Page[LoanShown] | Response:
    """Newest first."""
    if reference is not None:
        found = await queries.find_by_reference(session, reference)
        rows = [found] if found is not None else []
        fetch = exports.listed(rows)
    elif min_days_past_due is not None:
        rows = await arrears.list_late(
            session, days=min_days_past_due, on=today, status=status, after=after, limit=limit
        )
        fetch = listings.loans_late(min_days_past_due, today, status)
    else:
        rows = await queries.list_loans(session, status=status, after=after, limit=limit)
        fetch = listings.loans_with(status)
    if (file := await export.of(listings.LOANS, fetch)) is not None:
        return file
    days = await arrears.days_past_due(session, rows, on=today)
    return Page.of(
        [LoanShown(**LoanShown.fields_of(loan, days.get(loan.id, 0))) for loan in rows], limit
    )


@router.get("/loans/{loan_id}", response_model=LoanDetail)
async def get_loan(loan_id: UUID, session: Session, wiring: Wired, today: Today) -> LoanDetail:
    """Schedule and balances as of today."""
    loan = await queries.get_loan(session, loan_id)
    rows = await queries.list_installments(session, loan.id)
    received = await queries.list_repayments(session, loan.id)
    sent = await queries.list_payouts(session, loan.id)
    found = await arrears.of_loan(session, loan, wiring.late_policy, on=today, today=today)
    return LoanDetail(
        **LoanShown.fields_of(loan, found.assessed.standing.days_past_due if found else 0),
        lateness=LatenessShown.of(found) if found else None,
        terms=loan.terms,
        rules=loan.rules,
        installments=[InstallmentShown.of(row, loan.currency) for row in rows],
        owed=DebtShown.of(await queries.owed(session, loan, on=today)),
        payoff=DebtShown.of(await queries.payoff_quote(session, loan, on=today)),
        outstanding=DebtShown.of(await queries.outstanding(session, loan)),
        repayments=[RepaymentShown.of(row) for row in received],
        payouts=[PayoutShown.model_validate(row) for row in sent],
    )


@router.get("/loans/{loan_id}/ledger", response_model=list[LedgerLineShown], responses=FILES)
async def list_loan_ledger(
    loan_id: UUID, session: Session, export: Export
) -> list[LedgerLineShown] | Response:
    """Every line of the ledger about this loan, oldest first."""
    loan = await queries.get_loan(session, loan_id)
    found = await reading.list_of_loan(session, loan.id)
    if (
        file := await export.of(
            ledger_tables.LINES, exports.listed([Posted(*row) for row in found])
        )
    ) is not None:
        return file
    return [LedgerLineShown.of(line, entry) for line, entry in found]


@router.get("/loans/{loan_id}/statement", response_model=list[StatementRowShown])
async def get_statement(loan_id: UUID, session: Session) -> list[StatementRowShown]:
    """Every movement in order, with what was owed after it."""
    loan = await queries.get_loan(session, loan_id)
    return [StatementRowShown.of(row) for row in await statements.rows_of(session, loan)]


@router.post(
    "/loans/{loan_id}/repayments",
    response_model=RepaymentShown | ProposalShown,
    status_code=status.HTTP_201_CREATED,
)
async def receive_repayment(
    loan_id: UUID,
    body: RepaymentReceived,
    session: Session,
    who: Staff,
    now: Now,
    today: Today,
    wiring: Wired,
    idempotency_key: once.Key,
) -> Response:
    """Record money that has arrived outside the rails. The same key is answered the same.

    From `KOPA_HAND_MONEY_TWO_FROM` on it is a proposal until a second person sends the same, with
    a key of his own.

    Refused with `rail_transfer_known` where a rail of ours has brought it: `detail` says where it
    is.
    """

    async def receive() -> RepaymentShown | ProposalShown:
        found = await hand_entries.enter(
            session,
            loan_id=loan_id,
            amount=body.money.money(),
            reference=body.reference,
            on=body.paid_on,
            staff_id=who.id,
            reason=body.reason or body.reference,
            two_from=wiring.settings.hand_money_for_two,
            today=today,
            now=now,
        )
        if isinstance(found, Proposal):
            return ProposalShown.model_validate(found)
        return RepaymentShown.of(found)

    scope = f"repayments:{loan_id}:{who.id}"
    return await once.created(
        session, receive, scope=scope, key=idempotency_key, body=body, now=now
    )
