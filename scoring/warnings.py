"""Early warnings of one running loan: signs that it may go bad, each with its evidence."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from scoring.watching.report import Alert

OVERDUE = "loan_overdue"
SCORE_FELL = "loan_score_fell"
PROMISE_BROKEN = "loan_promise_broken"
CONTACT_LOST = "loan_contact_lost"
PAYOUT_CHANGED = "loan_payout_changed"
KINDS = (OVERDUE, SCORE_FELL, PROMISE_BROKEN, CONTACT_LOST, PAYOUT_CHANGED)
OVERDUE_DAYS = 5
"""The first days are for reminders."""
TIMES_RISKIER, RISKIER_BY = 1.5, 0.05
"""A probability that grew by half and by five points: either alone may be noise."""


@dataclass(frozen=True, slots=True)
class LoanFacts:
    """What is known of a running loan today, gathered by whoever may ask every room."""

    loan: str
    """How alerts name it: `loan:<id>`."""
    days_past_due: int
    pd_then: float | None
    pd_now: float | None
    promised_on: date | None
    """The newest agreement about how to go on paying (a restructuring, a pause that has ended)."""
    chat_blocked_at: datetime | None
    sms_stopped_at: datetime | None
    phone_bad_at: datetime | None
    has_chat: bool
    payout_differs_from: str | None
    """The earlier loan of the same borrower that was paid to another account."""


def of(facts: LoanFacts) -> list[Alert]:
    return [Alert(kind, facts.loan, evidence) for kind, evidence in _signs(facts)]


def _signs(facts: LoanFacts) -> Iterator[tuple[str, dict[str, Any]]]:
    if facts.days_past_due >= OVERDUE_DAYS:
        yield OVERDUE, {"days_past_due": facts.days_past_due}
    if facts.pd_then is not None and facts.pd_now is not None and _fell(facts):
        yield SCORE_FELL, {"pd_then": facts.pd_then, "pd_now": facts.pd_now}
    if facts.promised_on is not None and facts.days_past_due > 0:
        yield (
            PROMISE_BROKEN,
            {"agreed_on": str(facts.promised_on), "days_past_due": facts.days_past_due},
        )
    if (lost := _lost(facts)) is not None:
        yield CONTACT_LOST, lost
    if facts.payout_differs_from is not None:
        yield PAYOUT_CHANGED, {"other_than_of_loan": facts.payout_differs_from}


def _fell(facts: LoanFacts) -> bool:
    assert facts.pd_then is not None
    assert facts.pd_now is not None
    grew = facts.pd_now - facts.pd_then
    return grew >= RISKIER_BY and facts.pd_now >= facts.pd_then * TIMES_RISKIER


def _lost(facts: LoanFacts) -> dict[str, Any] | None:
    """Neither the chat nor the telephone reaches the borrower any more."""
    chat_gone = not facts.has_chat or facts.chat_blocked_at is not None
    phone_gone = facts.sms_stopped_at is not None or facts.phone_bad_at is not None
    if not (chat_gone and phone_gone):
        return None
    told = {
        "chat_blocked_at": facts.chat_blocked_at,
        "sms_stopped_at": facts.sms_stopped_at,
        "phone_bad_at": facts.phone_bad_at,
    }
    return {name: at.isoformat() for name, at in told.items() if at is not None}
