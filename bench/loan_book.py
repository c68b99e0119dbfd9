"""A book of running loans, written straight into the tables as the product would have left it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from kit import audit, bulk
from kit.db import Sessions, unit_of_work
from kit.ids import new_id
from servicing import events, happenings, projection, replay, terms
from servicing import rules as agreed_rules
from servicing.happenings import Happening
from servicing.ledger import bulk as entries
from servicing.ledger import flows
from servicing.ledger.bulk import Draft
from servicing.ledger.rules import RULES, EntryKind, Event
from servicing.models import Installment, Loan, LoanEvent
from servicing.states import LoanStatus

CURRENCY = "USD"
_CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Pattern:
    """A loan at the end of a day, of which any number can be made."""

    loan: dict[str, Any]
    told: dict[str, Any]
    installments: list[dict[str, Any]]
    moved: dict[EntryKind, dict[Event, int]]


def pattern(
    *,
    disbursed_on: date,
    accrued_on: date,
    installments: int,
    rules: Mapping[str, Any] | None = None,
) -> Pattern:
    """12 % a year on what is owed, by the day, repaid every month. It was taken over from another
    lender: no rail has moved money for it. `rules` as a product writes them."""
    agreed = terms.parse(
        {
            "principal": "1200.00",
            "currency": CURRENCY,
            "annual_rate_percent": "12",
            "method": "declining",
            "frequency": "month",
            "installments": installments,
            "day_count": "actual/365",
            "disbursed_on": disbursed_on.isoformat(),
        }
    )
    agreed_too = agreed_rules.parse(rules or {}, CURRENCY)
    at = datetime.combine(disbursed_on, time(9), UTC)
    loan = {
        "currency": CURRENCY,
        "status": LoanStatus.ACTIVE,
        "terms": terms.as_document(agreed),
        "rules": agreed_rules.as_document(agreed_too),
        "principal_minor": agreed.principal.minor,
        "disbursed_on": disbursed_on,
        "accrued_on": accrued_on,
        "created_at": at,
    }
    first = Happening(
        events.Type.DISBURSEMENT, disbursed_on, "disbursement", agreed.principal.minor,
        {"taken_over": agreed.principal.major},
    )  # fmt: skip
    row = Loan(**loan)
    known = happenings.told(row, [])
    after = happenings.supposed(row, known, [first], actor=audit.SYSTEM, on=disbursed_on, now=at)
    life = replay.at(after.story, accrued_on)
    moved: dict[EntryKind, dict[Event, int]] = {}
    for event, minor in flows.of_life(life, agreed, accrued_on).items():
        if minor:
            moved.setdefault(RULES[event].kind, {})[event] = minor
    columns = ("seq", "key", "type", "on", "recorded_on", "amount_minor", "details", "actor",
               "created_at")  # fmt: skip
    told = {name: getattr(after.rows[0], name) for name in columns}
    return Pattern(loan, told, list(projection.rows_of(life)), moved)


async def write(sessions: Sessions, patterns: Sequence[Pattern], loans: int) -> None:
    """So many loans, by each pattern in turn."""
    for first in range(0, loans, _CHUNK):
        numbers = range(first, min(first + _CHUNK, loans))
        made = [(new_id(), n, patterns[n % len(patterns)]) for n in numbers]
        async with unit_of_work(sessions) as session:
            await bulk.insert(session, Loan, [_loan(*each) for each in made])
            await bulk.insert(
                session, LoanEvent, [{"id": new_id(), "loan_id": i, **p.told} for i, _, p in made]
            )
            await bulk.insert(
                session,
                Installment,
                [
                    {"id": new_id(), "loan_id": loan_id, **row}
                    for loan_id, _, each in made
                    for row in each.installments
                ],
            )
            for on in {each.loan["accrued_on"] for each in patterns}:
                drafts = [
                    draft
                    for loan_id, _, each in made
                    if each.loan["accrued_on"] == on
                    for draft in _drafts(loan_id, each)
                ]
                await entries.post(session, drafts, on=on, now=datetime.combine(on, time(9), UTC))


def _loan(loan_id: UUID, n: int, each: Pattern) -> dict[str, Any]:
    own = {"id": loan_id, "application_id": new_id(), "borrower_id": new_id()}
    return {**own, "reference": f"L-{n:07d}", **each.loan}


def _drafts(loan_id: UUID, each: Pattern) -> list[Draft]:
    return [
        Draft(kind, amounts, CURRENCY, f"{kind}:{loan_id}:seed", loan_id)
        for kind, amounts in each.moved.items()
    ]
