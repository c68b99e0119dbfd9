"""The late part of the portfolio: how much is late, its classes and stages, what may be lost."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from api.deps import Now, Session, Staff, Today, Wired, permitted
from api.schemas import MoneyShown, Shown, Strict
from api.v1.loans import LatenessShown
from kit.errors import DomainError
from servicing import arrears, arrears_report, queries, reassessments
from servicing.arrears_report import Book, Group

router = APIRouter(prefix="/v1", tags=["loans"], dependencies=[Depends(permitted)])


class DayNotReached(DomainError):
    """Nobody knows yet what will be late."""

    code = "day_not_reached"


class GroupShown(Shown):
    loans: int
    balance: MoneyShown
    """Principal that is unpaid, due or not."""
    overdue: MoneyShown
    exposure: MoneyShown
    """Balance, interest earned, fees and penalties due."""
    provision: MoneyShown
    expected_loss: MoneyShown

    @classmethod
    def of(cls, group: Group, currency: str) -> "GroupShown":
        def money(minor: int) -> MoneyShown:
            return MoneyShown.of_minor(minor, currency)

        return cls(
            loans=group.loans,
            balance=money(group.balance_minor),
            overdue=money(group.overdue_minor),
            exposure=money(group.exposure_minor),
            provision=money(group.provision_minor),
            expected_loss=money(group.expected_loss_minor),
        )


class AtRiskShown(GroupShown):
    share_percent: str
    """Of the whole balance."""


class BookShown(Shown):
    currency: str
    whole: GroupShown
    at_risk: dict[str, AtRiskShown]
    """PAR: `1` at least one day past due; `30`, `60`, `90` more than so many."""
    buckets: dict[str, GroupShown]
    classes: dict[str, GroupShown]
    stages: dict[str, GroupShown]

    @classmethod
    def of(cls, book: Book) -> "BookShown":
        def shown(group: Group) -> GroupShown:
            return GroupShown.of(group, book.currency)

        return cls(
            currency=book.currency,
            whole=shown(book.whole),
            at_risk={
                str(days): AtRiskShown(
                    **shown(group).model_dump(), share_percent=arrears_report.percent(book, group)
                )
                for days, group in book.at_risk.items()
            },
            buckets={name: shown(group) for name, group in book.buckets.items()},
            classes={each.key: shown(group) for each, group in book.classes.items()},
            stages={str(int(each)): shown(group) for each, group in book.stages.items()},
        )


class LatePortfolio(Shown):
    on: date
    policy: str
    books: list[BookShown]
    """One for each currency."""


class Reassessment(Strict):
    pd_ppm: Annotated[int, Field(ge=0, le=1_000_000)]
    """Probability of default over the life of the loan, in parts of a million."""


@router.get("/portfolio/late", response_model=LatePortfolio)
async def get_late_portfolio(
    session: Session, wiring: Wired, today: Today, on: date | None = None
) -> LatePortfolio:
    """All running loans by how late they are. A day before today is told again from the events."""
    policy, day = wiring.late_policy, _reached(on, today)
    rows = await arrears.list_arrears(session, policy, on=day, today=today)
    books = [BookShown.of(book) for book in arrears_report.books(rows)]
    return LatePortfolio(on=day, policy=policy.name, books=books)


@router.get(
    "/portfolio/late.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
)
async def get_late_loans(
    session: Session, wiring: Wired, today: Today, on: date | None = None
) -> Response:
    """One line for each running loan, the latest first."""
    policy, day = wiring.late_policy, _reached(on, today)
    rows = await arrears.list_arrears(session, policy, on=day, today=today)
    return Response(arrears_report.as_csv(rows), media_type="text/csv")


@router.put("/loans/{loan_id}/pd", response_model=LatenessShown | None)
async def reassess_loan(
    loan_id: UUID,
    body: Reassessment,
    session: Session,
    wiring: Wired,
    who: Staff,
    now: Now,
    today: Today,
) -> LatenessShown | None:
    """Say how likely it is now that the loan goes bad. What the decision said is kept."""
    await reassessments.reassess(session, loan_id, pd_ppm=body.pd_ppm, actor=who.actor, now=now)
    loan = await queries.get_loan(session, loan_id)
    found = await arrears.of_loan(session, loan, wiring.late_policy, on=today, today=today)
    return LatenessShown.of(found) if found else None


def _reached(on: date | None, today: date) -> date:
    if on is not None and on > today:
        raise DayNotReached(on=on, today=today)
    return on or today
