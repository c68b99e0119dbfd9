"""A loan as it stands on a day: installments, totals, lateness, what it costs to end it now."""

from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

from kit.money import Money
from servicing import collateral, delinquency, early, entries, lateness, schedule, settlement
from servicing.delinquency import Standing
from servicing.life import CREDIT_USED, FEE, INTEREST, PENALTY, PRINCIPAL, Kind, Life, Row
from servicing.unit_periods import Unit, UnitPeriod

Writer = Callable[[int], str]
"""Of amounts, as decimal strings in major units."""
_NAMES = {PRINCIPAL: "principal", INTEREST: "interest", FEE: "fees", PENALTY: "penalties"}


def take(life: Life, on: date) -> dict[str, Any]:
    """Everything about the loan on business day `on`, as decimal strings and ISO dates."""
    major = _writer(life.terms.currency)
    owed = early.payoff(life, on)
    return {
        "date": on.isoformat(),
        "status": life.status.value,
        "disbursements": [
            {"date": draw.on.isoformat(), "amount": major(draw.amount_minor)} for draw in life.draws
        ],
        "installments": _installments(life),
        "totals": _totals(life),
        "balances": _balances(life),
        **_lateness(life, lateness.standing(life, on)),
        "payoff": _components(owed, major) | {"rebate": major(rebate(life, on))},
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
    major = _writer(life.terms.currency)
    return {
        "days_past_due": late.days_past_due,
        "calendar_days_past_due": late.calendar_days,
        "delinquent_since": late.since.isoformat() if late.since else None,
        "delinquent_amount": major(late.overdue_minor),
        "bucket": late.bucket.name if late.bucket else delinquency.CURRENT,
        "bucket_from_days": late.bucket.from_days if late.bucket else None,
        "installment_buckets": [
            {"bucket": bucket.name, "from_days": bucket.from_days, "amount": major(minor)}
            for bucket, minor in late.by_installment
        ],
        "penalty_accrued": major(lateness.accrued(life)),
    }


@cache
def _writer(currency: str) -> Writer:
    """Writes amounts down; most amounts of a snapshot occur in it many times."""

    @lru_cache(maxsize=4096)
    def major(minor: int) -> str:
        return Money(minor, currency).major

    return major


def _installments(life: Life) -> list[dict[str, Any]]:
    """Rows with the principal that is scheduled to be left after each."""
    draws, balance, shown = list(life.draws), 0, []
    major = _writer(life.terms.currency)
    if not draws:
        balance = life.terms.principal.minor
    again = sorted(each for each in life.charges if each.component == PRINCIPAL)
    for n, row in enumerate(life.rows, 1):
        while draws and _is_before(life, draws[0].on, row):
            balance += draws.pop(0).amount_minor
        while again and again[0].due_on <= row.due_on:
            balance += again.pop(0).amount
        balance -= row.due[PRINCIPAL]
        shown.append(_installment(n, row, balance, major))
    return shown


def _is_before(life: Life, drawn_on: date, row: Row) -> bool:
    if row.kind is Kind.DOWN_PAYMENT or drawn_on == life.draws[0].on:
        return drawn_on <= row.due_on
    return schedule.is_drawn_before(life.terms, drawn_on, row.due_on)


def _installment(n: int, row: Row, balance: int, major: Writer) -> dict[str, Any]:
    outstanding = row.open_parts
    return {
        "n": n,
        "kind": row.kind.value,
        "due_on": row.due_on.isoformat(),
        "days": row.days,
        "paid_on": row.settled_on.isoformat() if row.settled_on else None,
        "balance": major(balance),
        **{name: major(row.due[component]) for component, name in _NAMES.items()},
        "due": major(sum(row.due)),
        "paid": major(sum(row.paid)),
        "in_advance": major(row.in_advance),
        "late": major(row.late),
        "written_off": major(sum(row.forgiven)),
        "outstanding": major(sum(outstanding)),
        "paid_by_component": _components(row.paid, major),
        "outstanding_by_component": _components(outstanding, major),
    }


def _totals(life: Life) -> dict[str, str]:
    major = _writer(life.terms.currency)
    rows = life.rows
    totals = {name: sum(row.due[component] for row in rows) for component, name in _NAMES.items()}
    totals |= {
        "due": sum(sum(row.due) for row in rows),
        "paid": sum(sum(row.paid) for row in rows),
        "in_advance": sum(row.in_advance for row in rows),
        "late": sum(row.late for row in rows),
        "outstanding": life.outstanding,
    }
    return {name: major(minor) for name, minor in totals.items()}


def _balances(life: Life) -> dict[str, str]:
    major = _writer(life.terms.currency)
    owed = [sum(row.unpaid(component) for row in life.rows) for component in range(4)]
    return {
        **_components(owed, major),
        "outstanding": major(sum(owed)),
        "credit": major(life.credit),
        "recovered": major(life.recovered),
    }


def _components(amounts: Sequence[int], major: Writer) -> dict[str, str]:
    by_name = {name: major(amounts[component]) for component, name in _NAMES.items()}
    return {**by_name, "total": major(sum(amounts))}


def _transactions(life: Life) -> list[dict[str, str]]:
    major = _writer(life.terms.currency)
    return [
        {
            "date": each.on.isoformat(),
            "type": each.type,
            "amount": major(each.amount),
            **{name: major(each.parts[component]) for component, name in _NAMES.items()},
            "balance": major(each.balance),
        }
        for each in life.transactions
        if each.type != CREDIT_USED
    ]


def _entries(life: Life) -> list[dict[str, str]]:
    major = _writer(life.terms.currency)
    return [
        {
            "date": entry.on.isoformat(),
            "for": entry.what,
            "debit": entry.debit,
            "credit": entry.credit,
            "amount": major(entry.amount),
        }
        for entry in entries.of(life)
    ]


def _collateral(life: Life) -> dict[str, str]:
    major = _writer(life.terms.currency)
    pledges = life.collateral.values()
    return {
        "value": major(collateral.value(pledges)),
        "lendable": major(collateral.lendable(pledges)),
        "shortfall": major(collateral.shortfall(life.principal_owed, pledges)),
    }
