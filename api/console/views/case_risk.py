"""The risk part of a case: what was decided and why, from what, and what others would have said."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from kit import text
from kit.errors import DomainError
from kit.money import Money
from kit.text import DEFAULT_LOCALE
from scoring import quality, reasons, shadow
from scoring.models import Decision
from scoring.policy import Outcome
from scoring.quality import Origin
from scoring.shadow import Beside
from scoring.snapshot import SnapshotUnreadable, from_json

_OFFERED = (Outcome.APPROVE, Outcome.COUNTER)
_LEFT_OUT = frozenset(
    {"version", "as_of", "options", "answers", "rates", "given", "signals", "region"}
)
"""Said elsewhere on the page, too long, or, as the region, a keyed hash that nobody can read."""
_MONEY = "_minor"


@dataclass(frozen=True)
class Known:
    group: str
    name: str
    value: str
    source: str = ""
    age: str = ""
    """At the decision."""
    confidence: str = ""


@dataclass(frozen=True)
class Other:
    """The same borrower under another model or policy of the line-up."""

    role: str
    model: str
    policy: str
    outcome: Outcome
    pd: float
    grade: str
    approved: str
    reasons: list[str]


@dataclass(frozen=True)
class Push:
    feature: str
    value: str
    log_odds: float


@dataclass(frozen=True)
class Risk:
    decision: Decision
    limit: str
    approved: str
    expected_loss: str
    reasons: list[str]
    would_help: str
    pushes: list[Push]
    signals: list[str]
    """What contradicts, is shared with others, or was noticed by another room."""
    known: list[Known]
    others: list[Other]


async def of(session: AsyncSession, decision: Decision) -> Risk:
    return Risk(
        decision=decision,
        limit=_amount(decision.limit_minor, decision.currency),
        approved=_amount(decision.approved_minor, decision.currency),
        expected_loss=(
            _amount(decision.expected_loss_minor, decision.currency)
            if decision.expected_loss_minor is not None and decision.outcome in _OFFERED
            else ""
        ),
        reasons=[_sentence(code) for code in decision.reasons],
        would_help=_would_help(decision),
        pushes=[
            Push(each["feature"], _plain(each["value"]), float(each["log_odds"]))
            for each in decision.contributions
        ],
        signals=[str(each) for each in decision.snapshot.get("signals", [])],
        known=list(_known(decision)),
        others=[_other(each) for each in await _beside(session, decision)],
    )


async def _beside(session: AsyncSession, decision: Decision) -> list[Beside]:
    """None where one of them cannot be loaded: the case can be decided without."""
    try:
        return await shadow.beside(session, decision)
    except DomainError:
        return []


def _other(found: Beside) -> Other:
    said = found.assessment
    return Other(
        role=found.seat.role,
        model=f"{found.model_name} {said.model_sha256[:8]}",
        policy=f"{found.policy_name} {said.policy_sha256[:8]}",
        outcome=said.outcome,
        pd=said.pd,
        grade=said.grade,
        approved=_amount(said.approved_minor, said.currency) if said.approved_minor else "",
        reasons=[_sentence(code) for code in said.reasons],
    )


def _would_help(decision: Decision) -> str:
    """The nearest request that the same model and policy would approve, scored again."""
    nearest = decision.counterfactual
    if nearest is None:
        is_given = decision.outcome in _OFFERED
        return "" if is_given else "No other amount or term of the product would be approved."
    amount = _amount(int(nearest["amount_minor"]), decision.currency)
    debts = nearest.get("monthly_obligations_minor")
    first = (
        ""
        if debts is None
        else (
            f"With other debts of no more than {_amount(int(debts), decision.currency)} a month: "
        )
    )
    return (
        f"{first}Asking for {amount} over {nearest['term_days']} days in {nearest['installments']}"
        f" installments would be approved: PD {nearest['pd']:.1%}, grade {nearest['grade']}."
    )


def _known(decision: Decision) -> Iterator[Known]:
    try:
        told = {each.name: each for each in quality.origins(from_json(decision.snapshot))}
    except SnapshotUnreadable:
        told = {}
    for group, part in decision.snapshot.items():
        if group in _LEFT_OUT:
            continue
        for name, value in part.items() if isinstance(part, Mapping) else ((group, part),):
            if name in _LEFT_OUT:
                continue
            is_money = name.endswith(_MONEY) and isinstance(value, int)
            yield Known(
                group if isinstance(part, Mapping) else "",
                name.removesuffix(_MONEY),
                _amount(value, decision.currency) if is_money else _plain(value),
                *(_told(told[name]) if name in told else ()),
            )


def _told(origin: Origin) -> tuple[str, str, str]:
    """Source, age, and how sure."""
    days, sure = origin.age_days, origin.confidence
    age = "" if days is None else {0: "same day", 1: "1 day"}.get(days, f"{days} days")
    return origin.source, age, "" if sure is None else f"{sure:.0%}"


def _plain(value: Any) -> str:
    """Missing is said, and never looks like zero."""
    if value is None:
        return "Not known"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, float):
        return f"{value:,.4g}"
    if isinstance(value, list):
        return ", ".join(_plain(each) for each in value) or "None"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(each)}" for name, each in value.items()) or "None"
    return str(value)


def _sentence(code: str) -> str:
    return reasons.sentence(code, DEFAULT_LOCALE)


def _amount(minor: int, currency: str) -> str:
    return text.money(Money(minor, currency), DEFAULT_LOCALE)
