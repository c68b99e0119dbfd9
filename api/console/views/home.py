"""The first page: what waits for a person, and whether the house is in order."""

from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from api.console import drawing, words
from api.console.door import HOME, AtDesk, Desk
from api.console.words import Tone
from api.deps import Session
from kit import job_rows
from scoring.watching import alerts
from servicing import waiting
from servicing.waiting import Progress

router = APIRouter(prefix=HOME, include_in_schema=False)


@dataclass(frozen=True)
class Card:
    title: str
    count: int
    path: str
    route: str
    hint: str
    """What to do about it."""


@dataclass(frozen=True)
class Health:
    title: str
    word: str
    tone: Tone
    detail: str
    path: str
    route: str


@router.get("", name="get_me")
async def show_home(desk: AtDesk, session: Session) -> Response:
    cards = [card for card in await _cards(desk, session) if desk.may(card.route)]
    return drawing.page(
        desk,
        "home.html",
        waiting=[card for card in cards if card.count],
        clear=[card for card in cards if not card.count],
        health=[each for each in await _health(desk, session) if desk.may(each.route)],
    )


async def _cards(desk: Desk, session: AsyncSession) -> list[Card]:
    found = await waiting.counts(session)
    return [
        Card(
            "Payouts that need review", found.payouts_in_review,
            f"{HOME}/payouts?status=needs_review", "list_payouts",
            "Ask the rail's people what became of them, then settle or fail them.",
        ),
        Card(
            "Loans whose money did not go out", found.loans_unpaid,
            f"{HOME}/payouts?status=failed", "list_payouts",
            "Send the money again, or give the loan up.",
        ),
        Card(
            "Loans whose money came back", found.loans_returned,
            f"{HOME}/payouts?status=returned", "list_payouts",
            "Send the money again, or give the loan up.",
        ),
        Card(
            "Payment requests that need review", found.requests_in_review,
            f"{HOME}/payment-requests?status=needs_review", "list_payment_requests",
            "Find out whether the borrower's money came.",
        ),
        Card(
            "Proposals that wait for a second person", found.proposals,
            f"{HOME}/proposals", "list_proposals",
            "Look at the record, then confirm, or let it be withdrawn.",
        ),
        Card(
            "Money in suspense", found.suspense, f"{HOME}/suspense", "list_suspense",
            "Say whose it is, or that it was given back.",
        ),
        Card(
            "Open incidents", found.incidents, f"{HOME}/incidents", "list_incidents",
            "The outside contradicts what we know. Find out why.",
        ),
        Card(
            "Open breaks", found.breaks, f"{HOME}/reconciliation", "list_breaks",
            "The rail's statement differs from our books.",
        ),
        Card(
            "Jobs that died", await job_rows.count_dead(session), f"{HOME}/jobs", "list_dead_jobs",
            "Work that gave up. See why, put right what it lacked, and run it again.",
        ),
        Card(
            "Risk alerts", await alerts.count_unseen(session),
            f"{HOME}/risk-alerts", "list_risk_alerts",
            "A model, an input or a loan is not as it was. Look at what shows it.",
        ),
    ]  # fmt: skip


async def _health(desk: Desk, session: AsyncSession) -> list[Health]:
    found = await waiting.progress(session, today=desk.today)
    health = [_closing(found), _sealing(desk, found)]
    for run in found.reconciled:
        count = found.open_breaks.get(run.rail, 0)
        word, tone = (words.open_breaks(count), Tone.WARN if count else Tone.GOOD)
        health.append(
            Health(
                f"Reconciliation, {words.said(run.rail)}", word, tone,
                f"Statement of {drawing.day(run.day)}, {run.matched} matched.",
                f"{HOME}/reconciliation", "list_breaks",
            )
        )  # fmt: skip
    return health


def _closing(found: Progress) -> Health:
    open_days = found.days_to_close
    word, tone = (f"{open_days} days open", Tone.WARN) if open_days > 1 else ("In time", Tone.GOOD)
    return Health(
        "Day close", word, tone, "Interest, fees due and late fees, day by day.",
        f"{HOME}/day-closes", "list_day_closes",
    )  # fmt: skip


def _sealing(desk: Desk, found: Progress) -> Health:
    last = found.checkpoint
    if last is None:
        word, tone, detail = "Nothing signed", Tone.PLAIN, "Entries are signed within ten minutes."
    else:
        word, tone = "Signed", Tone.GOOD
        detail = f"{last.size:,} entries, {drawing.moment(last.created_at, desk)}."
    return Health("Seals", word, tone, detail, f"{HOME}/seals", "list_checkpoints")
