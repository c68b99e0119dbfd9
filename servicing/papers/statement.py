"""The statement of a loan as PDF: where it stands on a day, what happened, what is to come."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import Money
from kit.sheet import Column, Sheet
from servicing import queries, statements
from servicing.ledger.rules import EntryKind
from servicing.models import Loan
from servicing.papers import plan as plans
from servicing.papers.plan import PARTS, Plan
from servicing.papers.words import Words
from servicing.statements import StatementRow

_UNBROKEN = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Account:
    """One loan on the day of `plan`."""

    plan: Plan
    principal: Money
    disbursed_on: date | None
    closed_on: date | None
    due: Money
    payoff: Money
    left: Money
    credit: Money
    movements: Sequence[StatementRow]


async def account_of(session: AsyncSession, loan: Loan, *, on: date) -> Account:
    left = await queries.outstanding(session, loan)
    return Account(
        plan=await plans.plan_of(session, loan, on=on),
        principal=loan.principal,
        disbursed_on=loan.disbursed_on,
        closed_on=loan.closed_on,
        due=(await queries.owed(session, loan, on=on)).total,
        payoff=(await queries.payoff_quote(session, loan, on=on)).total,
        left=left.total,
        credit=left.credit,
        movements=await statements.rows_of(session, loan),
    )


def pdf(account: Account, locale: str, *, issuer: str, now: datetime) -> bytes:
    plan, words = account.plan, Words(locale)
    sheet = Sheet(
        words("statement-title"),
        subtitle=words(
            "statement-subtitle",
            reference=plan.reference,
            day=words.day(plan.on),
            currency=plan.currency,
        ),
        issuer=issuer,
        locale=words.locale,
        made_at=now,
    )
    sheet.facts(list(_facts(account, words)))
    _movements(sheet, account, words)
    if account.disbursed_on and not account.closed_on and plan.open_rows:
        _ahead(sheet, plan, words)
    return sheet.to_bytes()


def _facts(account: Account, words: Words) -> Iterator[tuple[str, str]]:
    def written(amount: Money) -> str:
        return words.number(amount.minor, amount.currency)

    yield words("statement-borrowed"), written(account.principal)
    if account.disbursed_on:
        yield words("statement-paid-out"), words.day(account.disbursed_on)
    if account.closed_on:
        yield words("statement-closed"), words.day(account.closed_on)
        return
    yield words("statement-due"), written(account.due)
    yield words("statement-payoff", day=words.day(account.plan.on)), written(account.payoff)
    yield words("statement-left"), written(account.left)
    if account.credit:
        yield words("statement-credit"), written(account.credit)


def _movements(sheet: Sheet, account: Account, words: Words) -> None:
    sheet.heading(words("statement-movements"))
    if not account.movements:
        sheet.paragraph(words("statement-none"))
        return
    columns = (
        Column(words("statement-day"), 5, is_number=False),
        Column(words("statement-what"), 8, is_number=False),
        Column(words("statement-charged"), 5),
        Column(words("statement-received"), 5),
        Column(words("statement-balance"), 5),
    )
    sheet.table(columns, [_movement(*found, words) for found in _folded(account.movements)])
    if any(row.balance.minor < 0 for row in account.movements):
        sheet.paragraph(words("statement-note"))


def _movement(row: StatementRow, since: date, words: Words) -> tuple[str, ...]:
    def written(amount: Money) -> str:
        return words.number(amount.minor, amount.currency) if amount else ""

    balance = words.number(row.balance.minor, row.balance.currency)
    what = words.kind(row.kind)
    if since < row.on:
        what = words("kind-accrual-since", day=words.day(since).replace(" ", _UNBROKEN))
    return (words.day(row.on), what, written(row.charged), written(row.paid), balance)


def _folded(rows: Sequence[StatementRow]) -> Iterator[tuple[StatementRow, date]]:
    """Days of interest that follow each other are one line, with the first of them."""
    held: StatementRow | None = None
    since = date.min
    for row in rows:
        if held is not None and held.kind is row.kind is EntryKind.ACCRUAL:
            held = replace(row, charged=held.charged + row.charged, paid=held.paid + row.paid)
            continue
        if held is not None:
            yield held, since
        held, since = row, row.on
    if held is not None:
        yield held, since


def _ahead(sheet: Sheet, plan: Plan, words: Words) -> None:
    sheet.heading(words("statement-ahead"))
    parts = [part for part in PARTS if any(getattr(row, part) for row in plan.open_rows)]
    columns = (
        Column(words("statement-day"), 5, is_number=False),
        *(Column(words(part), 5) for part in parts),
        Column(words("statement-amount"), 5),
    )

    def written(minor: int) -> str:
        return words.number(minor, plan.currency)

    sheet.table(
        columns,
        [
            (
                words.day(row.due_on),
                *(written(getattr(row, part)) for part in parts),
                written(row.unpaid),
            )
            for row in plan.open_rows
        ],
    )
