"""The installments of a running loan: planned, planned anew for later draws, and with charges."""

import dataclasses
from datetime import date
from fractions import Fraction

from kit.money import Money
from servicing import annuity, charges, recalculation, schedule
from servicing.choices import Grace, Tranche, When
from servicing.clauses import NO_GRACE
from servicing.fields import InvalidTerms
from servicing.life import (
    CREDIT_USED,
    FEE,
    INTEREST,
    PENALTY,
    PRINCIPAL,
    Charge,
    Kind,
    Life,
    Row,
    Status,
    receive,
    settle,
)
from servicing.product_rules import ProductRules
from servicing.schedule import Installment
from servicing.terms import LoanTerms


def begin(terms: LoanTerms, rules: ProductRules) -> Life:
    """A loan that was agreed and not yet paid out: its planned schedule."""
    life = Life(terms, rules)
    life.rows = _plan(terms, rules)
    return life


def disburse(life: Life, amount: int, on: date, type_: str = "disbursement") -> None:
    """Pay out (more of) the loan: the schedule grows, and a credit of the borrower is used up."""
    if life.draws and on < life.draws[0].on:
        raise InvalidTerms(field="events", reason="must not disburse before the first disbursement")
    life.draws.append(Tranche(on, amount))
    life.move(on, amount)
    recalculation.reopen(life, on)
    life.status = Status.ACTIVE
    if life.is_reshaped:
        _spread_over_coming(life, life.draws[-1])
    else:
        replan(life, on)
    life.record(on, type_, amount, (0, 0, 0, 0))
    if life.credit:
        _use_credit(life, min(life.credit, amount), on)
    if life.rules.auto_down_payment:
        _collect_down_payment(life, on)


def _collect_down_payment(life: Life, on: date) -> None:
    spot = [row for row in life.rows if row.kind is Kind.DOWN_PAYMENT and row.due_on == on]
    if spot and spot[-1].outstanding:
        receive(life, "down_payment", spot[-1].outstanding, on)


def _use_credit(life: Life, amount: int, on: date) -> None:
    """The disbursement that brought the debt shows what is left of it."""
    parts = settle(life, amount, on, life.rules.waterfall_for("default", life.future))
    life.credit -= sum(parts)
    life.record(on, CREDIT_USED, sum(parts), parts)
    life.transactions[-2] = life.transactions[-2]._replace(balance=life.principal_owed)


def replan(life: Life, on: date) -> None:
    """Schedule anew what the draws amount to, keeping what was paid on each installment."""
    first = life.draws[0]
    terms = dataclasses.replace(
        life.terms,
        principal=Money(life.drawn, life.terms.currency),
        disbursed_on=first.on,
        tranches=tuple(life.draws) if len(life.draws) > 1 else (),
    )
    planned = _plan(terms, life.rules)
    old, life.rows = life.rows, planned
    pairs = _carry_over(life, old)
    for each in life.charges:
        _place(life, each)
    is_recalculated = recalculation.applies(life)
    for was, now in pairs:
        _keep_settled(was, now, as_it_was=is_recalculated)
    if is_recalculated:
        _leave_one_open(life, on)
        recalculation.refresh(life, on)
    else:
        _even_out(life, on)


def _even_out(life: Life, on: date) -> None:
    """Where more was paid than is owed now, principal moves up and the rest pays what is open."""
    released = [0, 0, 0]
    for row in life.rows:
        for component in (PENALTY, FEE, INTEREST):
            over = max(-row.unpaid(component), 0)
            given_up = min(over, row.forgiven[component])
            row.forgiven[component] -= given_up
            row.paid[component] -= over - given_up
            released[component] += over - given_up
        over = max(-row.unpaid(PRINCIPAL), 0)
        row.due[PRINCIPAL] += over
        for other in reversed(life.rows) if over else ():
            moved = min(max(other.unpaid(PRINCIPAL), 0), over)
            other.due[PRINCIPAL] -= moved
            over -= moved
    if amount := sum(released):
        life.credit += amount
        back = (-released[PENALTY], -released[FEE], -released[INTEREST], 0)
        life.record(on, "credit", -amount, back)
        parts = settle(life, amount, on, life.rules.waterfall_for("default", life.future))
        if used := sum(parts):
            life.credit -= used
            life.record(on, "credit", used, parts)


def charge(life: Life, component: int, amount: int, due_on: date) -> None:
    life.charges.append(Charge(component, due_on, amount))
    _place(life, life.charges[-1])


def _plan(terms: LoanTerms, rules: ProductRules) -> list[Row]:
    agreed = schedule.build(terms)
    rows = [row_of(planned) for planned in agreed.installments]
    if not terms.fees:
        return rows
    others = charges.of_others(terms)
    regular = [row for row in rows if row.is_regular]
    for row, fees in zip(regular, charges.spread(others, len(regular)), strict=True):
        row.for_others = fees
    if rules.upfront_owed and agreed.upfront_minor:
        first = Row(Kind.UPFRONT, terms.disbursed_on, 0, [0, agreed.upfront_minor, 0, 0])
        first.for_others = charges.total(others, When.UPFRONT)
        rows.insert(0, first)
    return rows


def row_of(planned: Installment) -> Row:
    due = [0, planned.fees, planned.interest, planned.principal]
    row = Row(Kind(planned.kind), planned.due_on, planned.days, due)
    row.planned = (planned.interest, planned.principal)
    row.level = planned.interest + planned.principal
    return row


def _carry_over(life: Life, old: list[Row]) -> list[tuple[Row, Row]]:
    """What was paid on the second installment stays on the second installment."""
    pairs = []
    for kind in (Kind.INSTALLMENT, Kind.DOWN_PAYMENT, Kind.UPFRONT):
        before = [row for row in old if row.kind is kind]
        after = [row for row in life.rows if row.kind is kind]
        pairs += list(zip(before, after, strict=False))
    for was, now in pairs:
        now.paid, now.forgiven = was.paid, was.forgiven
        now.in_advance, now.late, now.tally = was.in_advance, was.late, was.tally
    extra = [row for row in old if row.kind is Kind.EXTRA]
    for row in extra:
        row.due = [0, 0, 0, 0]
    life.rows.extend(extra)
    return pairs


def _keep_settled(was: Row, now: Row, *, as_it_was: bool) -> None:
    """Where interest is recalculated, what is settled is what it was: no plan changes it."""
    now.frozen = was.frozen
    if as_it_was and was.settled_on is not None and not was.outstanding:
        now.due, now.back, now.carried = was.due, was.back, was.carried
    if not now.outstanding:
        now.settled_on = was.settled_on


def _leave_one_open(life: Life, on: date) -> None:
    """What is lent on top of a loan that is all settled needs an installment to come."""
    regular = [row for row in life.rows if row.is_regular]
    if all(row.settled_on is not None for row in regular):
        for row in regular:
            if row.due_on > on:
                _open_again(row)


def _open_again(row: Row) -> None:
    if row.settled_on is not None and row.settled_on < row.due_on:
        row.frozen = row.settled_on, row.due[INTEREST] - row.carried
    row.settled_on = None


def _place(life: Life, charge: Charge) -> None:
    row = _row_for_charge(life, charge.due_on)
    row.due[charge.component] += charge.amount
    if charge.component == PRINCIPAL:
        row.back += charge.amount
    elif charge.component == INTEREST:
        row.carried += charge.amount


def _row_for_charge(life: Life, due_on: date) -> Row:
    """The installment in whose period the charge falls due; after the last, one more."""
    for row in life.rows:
        if row.is_regular and due_on <= row.due_on:
            _open_again(row)
            return row
    last = life.rows[-1]
    if last.kind is Kind.EXTRA:
        last.days += max((due_on - last.due_on).days, 0)
        last.due_on = max(last.due_on, due_on)
        return last
    life.rows.append(Row(Kind.EXTRA, due_on, (due_on - last.due_on).days, [0, 0, 0, 0]))
    return life.rows[-1]


def _spread_over_coming(life: Life, draw: Tranche) -> None:
    coming = [row for row in life.rows if row.is_regular and row.due_on > draw.on]
    if not coming:
        raise InvalidTerms(field="events", reason="must not disburse after the last due date")
    draw = _hold_down_payment(life, draw)
    if life.terms.annual_rate:
        _plan_draw(life, draw, coming)
        return
    for row, share in zip(coming, shares(life, draw.amount_minor, len(coming)), strict=True):
        row.due[PRINCIPAL] += share
        row.settled_on = None


def _hold_down_payment(life: Life, draw: Tranche) -> Tranche:
    """What is to be paid back on the spot falls due that day; what the draw leaves for later."""
    ((kept,), held) = schedule.down_payments(life.terms, [draw])
    for each in held:
        row = Row(Kind.DOWN_PAYMENT, draw.on, 0, [0, 0, 0, each.amount_minor])
        place = sum(1 for other in life.rows if other.due_on < draw.on)
        life.rows.insert(place, row)
    return kept


def _plan_draw(life: Life, draw: Tranche, coming: list[Row]) -> None:
    """As if the draw were a loan of its own with the installments that are to come."""
    agreed = rest_of(life.terms, draw.amount_minor, draw.on, [row.due_on for row in coming])
    for row, planned in zip(coming, schedule.build(agreed).installments, strict=True):
        row.due[INTEREST] += planned.interest
        row.due[PRINCIPAL] += planned.principal
        row.settled_on = None


def rest_of(
    terms: LoanTerms, balance: int, since: date, dates: list[date], grace: Grace = NO_GRACE
) -> LoanTerms:
    """Terms for what is left of a loan, over due dates that are known."""
    return dataclasses.replace(
        terms,
        principal=Money(balance, terms.currency),
        installments=len(dates),
        disbursed_on=since,
        first_due_on=None,
        due_dates=tuple(dates),
        agreed_dates=(),
        tranches=(),
        down_payment=Fraction(0),
        grace=grace,
        weights=(),
        fees=(),
        balloon_minor=min(terms.balloon_minor, balance),
        installment_minor=None,
    )


def shares(life: Life, amount: int, count: int) -> list[int]:
    """`amount` in equal shares in multiples of the installment; the last has the rest."""
    each = annuity.share(life.terms, amount, count)
    return [each] * (count - 1) + [amount - each * (count - 1)]
