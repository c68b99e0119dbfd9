"""What lateness does to a loan that is told from its events: standing, and penalties charged."""

import dataclasses
from collections.abc import Iterator
from datetime import date

from servicing import delinquency, penalties, planning
from servicing.delinquency import Standing, Unpaid
from servicing.life import PENALTY, PRINCIPAL, Life, Status
from servicing.penalties import LateRow


def charge(loan: Life, on: date) -> None:
    """Charge what the product's penalty rule makes of the days up to `on`, within every cap."""
    rule = loan.rules.penalty
    if rule is None or loan.status is not Status.ACTIVE:
        return
    late = [
        LateRow(n, row.due_on, *parts, row.tally)
        for n, row in enumerate(loan.rows)
        if row.due_on <= on and any(parts := row.open_parts)
    ]
    if not late:
        return
    for each in penalties.charges_due(
        late, rule, on, room_minor=_room(loan), pauses=(*loan.rules.dpd.pauses, *loan.pauses)
    ):
        row = loan.rows[each.n]
        row.tally = each.tally
        if each.amount_minor:
            planning.charge(loan, PENALTY, each.amount_minor, row.due_on)


def accrued(loan: Life) -> int:
    """What the penalty rule has charged so far."""
    return sum(row.tally.charged_minor for row in loan.rows)


def standing(loan: Life, on: date) -> Standing:
    """Days past due, bucket and overdue amount on a day."""
    if not loan.draws:
        return Standing()
    rules = loan.rules
    dpd = dataclasses.replace(rules.dpd, pauses=(*rules.dpd.pauses, *loan.pauses))
    return delinquency.standing(
        _unpaid(loan), on, dpd, rules.buckets, outstanding_minor=loan.outstanding
    )


def _room(loan: Life) -> int | None:
    rule, rules = loan.rules.penalty, loan.rules
    assert rule is not None
    cost_cap = penalties.cap_of(loan.drawn, rules.cost_cap)
    return penalties.room(
        rule,
        principal_minor=loan.drawn,
        charged_minor=_ever_charged(loan),
        legal_room_minor=None if cost_cap is None else cost_cap - loan.cost,
    )


def _ever_charged(loan: Life) -> int:
    """Penalties that were given up, or became principal, were charged nevertheless."""
    standing = sum(row.due[PENALTY] - row.forgiven[PENALTY] for row in loan.rows)
    gone = (each for each in loan.transactions if each.type in ("waiver", "capitalization"))
    return standing + sum(each.parts[PENALTY] for each in gone)


def _unpaid(loan: Life) -> Iterator[Unpaid]:
    """What is unpaid by the day it fell due; money that was taken back fell due that day."""
    taken_back = [each for each in loan.transactions if each.type == "chargeback"]
    start = date.min
    for row in loan.rows:
        left = row.outstanding
        available = sum(row.paid)
        for each in taken_back if left else ():
            if start < each.on <= row.due_on:
                available -= each.parts[PRINCIPAL]
                uncovered = min(max(-available, 0), each.parts[PRINCIPAL], left)
                left -= uncovered
                yield Unpaid(each.on, uncovered)
        yield Unpaid(row.due_on, left)
        start = row.due_on if row.is_regular else start
