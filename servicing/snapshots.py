"""A loan as it stands on a day: installments, totals, lateness, what it costs to end it now."""

from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Any

from kit.money import Money
from servicing import collateral, delinquency, early, entries, lateness, schedule, settlement
from servicing.delinquency import Standing
from servicing.life import CREDIT_USED, FEE, INTEREST, PENALTY, PRINCIPAL, Kind, Life, Row
from servicing.unit_periods import Unit, UnitPeriod

_NAMES = {PRINCIPAL: "principal", INTEREST: "interest", FEE: "fees", PENALTY: "penalties"}


def take(life: Life, on: date) -> dict[str, Any]:
    """Everything about the loan on business day `on`, as decimal strings and ISO dates."""
    owed = early.payoff(life, on)
    return {
        "date": on.isoformat(),
        "status": life.status.value,
        "disbursements": [
            {"date": draw.on.isoformat(), "amount": _major(life, draw.amount_minor)}
            for draw in life.draws
        ],
        "installments": _installments(life),
        "totals": _totals(life),
        "balances": _balances(life),
        **_lateness(life, lateness.standing(life, on)),
        "payoff": _components(life, owed) | {"rebate": _major(life, rebate(life, on))},
        "transactions": _transactions(life),
        "entries": _entries(life),
        "charged_off_on": life.charged_off_on.isoformat() if life.charged_off_on else None,
        "collateral": _collateral(life) if life.collateral else None,
    }


def rebate(life: Life, on: date) -> int:
    """What a law gives back of the scheduled cost when the loan is settled on that day."""
    rule = life.rules.rebate
    rows = [row for row in life.rows if row.is_regular]
    if rule is None or not life.draws or not rows:
        return 0
    after = sum(1 for row in rows if row.due_on <= on)
    if after == len(rows):
        return 0
    begun = rows[after - 1].due_on if after else life.draws[0].on
    part = Fraction((on - begun).days, max((rows[after].due_on - begun).days, 1))
    unit = UnitPeriod(Unit(life.terms.frequency.value), life.terms.every)
    return settlement.rebate(
        life.drawn, [sum(row.due) for row in rows], rule,
        after=after, part=part, per_year=unit.per_year,
    )  # fmt: skip


def _lateness(life: Life, late: Standing) -> dict[str, Any]:
    """Days and buckets as the product counts them, and the plain calendar beside them."""
    return {
        "days_past_due": late.days_past_due,
        "calendar_days_past_due": late.calendar_days,
        "delinquent_since": late.since.isoformat() if late.since else None,
        "delinquent_amount": _major(life, late.overdue_minor),
        "bucket": late.bucket.name if late.bucket else delinquency.CURRENT,
        "bucket_from_days": late.bucket.from_days if late.bucket else None,
        "installment_buckets": [
            {"bucket": bucket.name, "from_days": bucket.from_days, "amount": _major(life, minor)}
            for bucket, minor in late.by_installment
        ],
        "penalty_accrued": _major(life, lateness.accrued(life)),
    }


@lru_cache(maxsize=4096)
def _text(minor: int, currency: str) -> str:
    return Money(minor, currency).major


def _major(life: Life, minor: int) -> str:
    """Most amounts of a snapshot occur in it many times."""
    return _text(minor, life.terms.currency)


def _installments(life: Life) -> list[dict[str, Any]]:
    """Rows with the principal that is scheduled to be left after each."""
    draws, balance, shown = list(life.draws), 0, []
    if not draws:
        balance = life.terms.principal.minor
    taken_back = [each for each in life.transactions if each.type == "chargeback"]
    for n, row in enumerate(life.rows, 1):
        while draws and _is_before(life, draws[0].on, row):
            balance += draws.pop(0).amount_minor
        while taken_back and taken_back[0].on <= row.due_on:
            balance += taken_back.pop(0).parts[PRINCIPAL]
        balance -= row.due[PRINCIPAL]
        shown.append(_installment(life, n, row, balance))
    return shown


def _is_before(life: Life, drawn_on: date, row: Row) -> bool:
    if row.kind is Kind.DOWN_PAYMENT or drawn_on == life.draws[0].on:
        return drawn_on <= row.due_on
    return schedule.is_drawn_before(life.terms, drawn_on, row.due_on)


def _installment(life: Life, n: int, row: Row, balance: int) -> dict[str, Any]:
    return {
        "n": n,
        "kind": row.kind.value,
        "due_on": row.due_on.isoformat(),
        "days": row.days,
        "paid_on": row.settled_on.isoformat() if row.settled_on else None,
        "balance": _major(life, balance),
        **{name: _major(life, row.due[component]) for component, name in _NAMES.items()},
        "due": _major(life, sum(row.due)),
        "paid": _major(life, sum(row.paid)),
        "in_advance": _major(life, row.in_advance),
        "late": _major(life, row.late),
        "written_off": _major(life, sum(row.forgiven)),
        "outstanding": _major(life, row.outstanding),
        "paid_by_component": _components(life, row.paid),
        "outstanding_by_component": _components(life, [row.unpaid(c) for c in range(4)]),
    }


def _totals(life: Life) -> dict[str, str]:
    rows = life.rows
    totals = {name: sum(row.due[component] for row in rows) for component, name in _NAMES.items()}
    totals |= {
        "due": sum(sum(row.due) for row in rows),
        "paid": sum(sum(row.paid) for row in rows),
        "in_advance": sum(row.in_advance for row in rows),
        "late": sum(row.late for row in rows),
        "outstanding": life.outstanding,
    }
    return {name: _major(life, minor) for name, minor in totals.items()}


def _balances(life: Life) -> dict[str, str]:
    owed = [sum(row.unpaid(component) for row in life.rows) for component in range(4)]
    return {
        **_components(life, owed),
        "outstanding": _major(life, sum(owed)),
        "credit": _major(life, life.credit),
        "recovered": _major(life, life.recovered),
    }


def _components(life: Life, amounts: list[int] | tuple[int, int, int, int]) -> dict[str, str]:
    by_name = {name: _major(life, amounts[component]) for component, name in _NAMES.items()}
    return {**by_name, "total": _major(life, sum(amounts))}


def _transactions(life: Life) -> list[dict[str, str]]:
    return [
        {
            "date": each.on.isoformat(),
            "type": each.type,
            "amount": _major(life, each.amount),
            **{name: _major(life, each.parts[component]) for component, name in _NAMES.items()},
            "balance": _major(life, each.balance),
        }
        for each in life.transactions
        if each.type != CREDIT_USED
    ]


def _entries(life: Life) -> list[dict[str, str]]:
    return [
        {
            "date": entry.on.isoformat(),
            "for": entry.what,
            "debit": entry.debit,
            "credit": entry.credit,
            "amount": _major(life, entry.amount),
        }
        for entry in entries.of(life)
    ]


def _collateral(life: Life) -> dict[str, str]:
    pledges = life.collateral.values()
    return {
        "value": _major(life, collateral.value(pledges)),
        "lendable": _major(life, collateral.lendable(pledges)),
        "shortfall": _major(life, collateral.shortfall(life.principal_owed, pledges)),
    }
