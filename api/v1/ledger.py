"""The books: the trial balance, its seals and proofs, and the portfolio in a few numbers."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from sqlalchemy import func, select

from api import exports, ledger_tables
from api.deps import OurVault, Session, Today, permitted
from api.exports import FILES, Export
from api.schemas import MoneyShown, PageSize, Shown
from onboarding.models import Application, Case
from onboarding.states import CaseStatus
from servicing.ledger import balances, proofs, sealing
from servicing.ledger.balances import Balance
from servicing.ledger.chart import RECEIVABLES, Account
from servicing.ledger.proofs import Proof
from servicing.models import Loan
from servicing.states import LoanStatus

router = APIRouter(prefix="/v1", tags=["loans"], dependencies=[Depends(permitted)])


class BalanceShown(Shown):
    account: Account
    debit: MoneyShown
    credit: MoneyShown
    net: MoneyShown
    """Positive on the side on which the account normally grows."""


class TrialBalance(Shown):
    until: date
    balances: list[BalanceShown]
    balanced: bool
    """In every currency, all debits together are all credits together."""


class CheckpointShown(Shown):
    size: int
    """How many entries it was signed for."""
    note: str
    created_at: datetime


class Seals(Shown):
    sealed: int
    """How many entries are in the tree."""
    public_key: str | None
    checkpoints: list[CheckpointShown]
    """Newest first."""
    next: int | None
    """Send it as `before` for the next page; null at the end."""


class InclusionProof(Shown):
    """What `verify_ledger.py` reads."""

    checkpoint: str
    entry: dict[str, Any]
    index: int
    path: list[str]


class ConsistencyProof(Shown):
    """What `verify_ledger.py` reads."""

    new: str
    old: str
    path: list[str]


class Portfolio(Shown):
    on: date
    loans: dict[LoanStatus, int]
    owed: list[BalanceShown]
    """What borrowers owe, by account and currency."""
    applications: dict[str, int]
    open_cases: dict[str, int]


@router.get("/ledger/trial-balance", response_model=TrialBalance, responses=FILES)
async def get_trial_balance(
    session: Session,
    today: Today,
    export: Export,
    since: date | None = None,
    until: date | None = None,
) -> TrialBalance | Response:
    """Everything that was posted up to a business date; with `since`, from that one on."""
    day = until or today
    rows = await balances.trial_balance(session, since=since, until=day)
    table, about = ledger_tables.trial_balance(since, day), exports.period(since, day)
    if (file := await export.of(table, exports.listed(rows), about=about)) is not None:
        return file
    return TrialBalance(
        until=day, balances=[_shown(row) for row in rows], balanced=_is_balanced(rows)
    )


@router.get("/ledger/checkpoints", response_model=Seals, responses=FILES)
async def list_checkpoints(
    session: Session,
    vault: OurVault,
    export: Export,
    before: int | None = None,
    limit: PageSize = 50,
) -> Seals | Response:
    """What was signed of the ledger, and with which key."""
    fetch = ledger_tables.checkpoints()
    if (file := await export.of(ledger_tables.CHECKPOINTS, fetch)) is not None:
        return file
    last = await sealing.newest(session)
    rows = await sealing.list_checkpoints(session, before=before, limit=limit)
    return Seals(
        sealed=last.seq if last is not None else 0,
        public_key=vault.signer.public if vault.signer is not None else None,
        checkpoints=[CheckpointShown.model_validate(row) for row in rows],
        next=rows[-1].size if len(rows) == limit else None,
    )


@router.get("/ledger/checkpoints/{size}/consistency", response_model=ConsistencyProof)
async def get_consistency_proof(session: Session, size: int, since: int) -> Proof:
    """That the tree of this checkpoint begins with that of an older one."""
    return await proofs.between(session, since, size)


@router.get("/ledger/entries/{entry_id}/proof", response_model=InclusionProof)
async def get_entry_proof(session: Session, entry_id: UUID) -> Proof:
    """That the entry is in the tree of the first checkpoint that was signed after it."""
    return await proofs.of_entry(session, entry_id)


@router.get("/portfolio", response_model=Portfolio)
async def get_portfolio(session: Session, today: Today) -> Portfolio:
    loans = await session.execute(select(Loan.status, func.count()).group_by(Loan.status))
    asked = await session.execute(
        select(Application.status, func.count()).group_by(Application.status)
    )
    waiting = await session.execute(
        select(Case.kind, func.count())
        .where(Case.status != CaseStatus.RESOLVED)
        .group_by(Case.kind)
    )
    rows = await balances.trial_balance(session, until=today)
    owed = [row for row in rows if row.account in RECEIVABLES]
    return Portfolio(
        on=today,
        loans=dict(loans.all()),
        owed=[_shown(row) for row in owed],
        applications=dict(asked.all()),
        open_cases=dict(waiting.all()),
    )


def _shown(row: Balance) -> BalanceShown:
    def money(minor: int) -> MoneyShown:
        return MoneyShown.of_minor(minor, row.currency)

    return BalanceShown(
        account=row.account,
        debit=money(row.debit_minor),
        credit=money(row.credit_minor),
        net=money(row.net_minor),
    )


def _is_balanced(rows: list[Balance]) -> bool:
    currencies = {row.currency for row in rows}
    return all(
        sum(row.debit_minor - row.credit_minor for row in rows if row.currency == currency) == 0
        for currency in currencies
    )
