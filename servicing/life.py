"""The state of one loan between two events: installments, what was paid, what is left over."""

import dataclasses
from bisect import insort
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from operator import itemgetter
from typing import NamedTuple

from kit.money import Money
from servicing import allocation, annuity, charges, penalties, schedule
from servicing.allocation import Future, Owed, Waterfall
from servicing.choices import Tranche, When
from servicing.clauses import NO_GRACE
from servicing.collateral import Pledge
from servicing.delinquency import Pause
from servicing.fields import InvalidTerms
from servicing.interest import Period
from servicing.penalties import NOTHING, Tally
from servicing.product_rules import ProductRules
from servicing.schedule import Installment
from servicing.terms import LoanTerms

PENALTY, FEE, INTEREST, PRINCIPAL = range(4)
CREDIT_USED = "credit_used"
"""A credit that a disbursement uses up."""
Parts = tuple[int, int, int, int]
_INDEX = {component: n for n, component in enumerate(allocation.Component)}


class Kind(StrEnum):
    INSTALLMENT = "installment"
    DOWN_PAYMENT = "down_payment"
    UPFRONT = "upfront"
    """Fees that are owed on the day of the disbursement."""
    EXTRA = "extra"
    """Carries charges that fall due after the last installment."""


class Status(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    CLOSED = "closed"
    OVERPAID = "overpaid"
    WRITTEN_OFF = "written_off"


@dataclass(slots=True)
class Row:
    """One installment; amounts by component in the order penalty, fee, interest, principal."""

    kind: Kind
    due_on: date
    days: int
    due: list[int]
    paid: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    forgiven: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    in_advance: int = 0
    late: int = 0
    settled_on: date | None = None
    planned: tuple[int, int] = (0, 0)
    """Interest and principal of the schedule as agreed."""
    level: int = 0
    """Interest and principal together, as long as the installment stays level."""
    tally: Tally = NOTHING
    """What being late has cost so far."""
    for_others: int = 0
    """Fees in it that are collected for others."""
    starts_on: date | None = None
    """From when its interest is earned, when that is not the due date before it."""
    earned_by: date | None = None
    """By when its interest is earned, when the loan ended before the due date."""
    back: int = 0
    """Principal in it that was charged back."""
    carried: int = 0
    """Interest in it that was earned before its own days began."""

    def unpaid(self, component: int) -> int:
        return self.due[component] - self.paid[component] - self.forgiven[component]

    @property
    def open_parts(self) -> Parts:
        """What is unpaid, by component."""
        due, paid, given = self.due, self.paid, self.forgiven
        return (
            due[0] - paid[0] - given[0],
            due[1] - paid[1] - given[1],
            due[2] - paid[2] - given[2],
            due[3] - paid[3] - given[3],
        )

    @property
    def outstanding(self) -> int:
        return sum(self.due) - sum(self.paid) - sum(self.forgiven)

    @property
    def is_regular(self) -> bool:
        return self.kind is Kind.INSTALLMENT


class Transaction(NamedTuple):
    on: date
    type: str
    amount: int
    parts: Parts
    balance: int
    """Principal that is owed after it."""
    event: int = 0
    """The number of the event that it belongs to."""


class Deferred(NamedTuple):
    """Income that was received for the whole life of the loan: a fee capitalised or bought down."""

    on: date
    type: str
    amount: int


class Closing(NamedTuple):
    """What interest, fees and penalties were earned when a business day was closed."""

    on: date
    transactions: int
    """How many there were before it."""
    earned: Parts
    deferred: int
    """Of income that was deferred."""


class Charge(NamedTuple):
    component: int
    due_on: date
    amount: int


@dataclass(slots=True)
class Life:
    terms: LoanTerms
    rules: ProductRules
    status: Status = Status.PENDING
    draws: list[Tranche] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    future: dict[str, Future] = field(default_factory=dict)
    pauses: list[Pause] = field(default_factory=list)
    credit: int = 0
    """Paid more than was owed: the borrower's money."""
    recovered: int = 0
    moves: list[tuple[date, int]] = field(default_factory=list)
    """How the principal that is owed changed, by day: draws up, repayments down."""
    principal_owed: int = 0
    """Draws and charged-back principal less what was repaid or given up."""
    lent: int = 0
    """Principal that was ever owed: draws, and what was charged back."""
    capitalized: int = 0
    """Interest, fees and penalties that became principal."""
    charged_off_on: date | None = None
    deferred: list[Deferred] = field(default_factory=list)
    closings: list[Closing] = field(default_factory=list)
    collateral: dict[str, Pledge] = field(default_factory=dict)
    hearing: int = 0
    """The number of the event that is being told."""
    is_reshaped: bool = False
    """True once installments were moved by hand: the terms no longer give the schedule."""

    @property
    def outstanding(self) -> int:
        return sum(row.outstanding for row in self.rows)

    known_periods: tuple[LoanTerms, list[date], list[Period]] | None = None

    @property
    def drawn(self) -> int:
        return sum(draw.amount_minor for draw in self.draws)

    @property
    def cost(self) -> int:
        """Interest, fees and penalties, due so far and to come."""
        in_rows = sum([row.due[INTEREST] + row.due[FEE] + row.due[PENALTY] for row in self.rows])
        return in_rows + self.capitalized

    @property
    def room(self) -> int | None:
        """What the loan may still cost before its cap; None without one."""
        cap = penalties.cap_of(self.drawn, self.rules.cost_cap)
        return None if cap is None else cap - self.cost

    def move(self, on: date, change: int) -> None:
        insort(self.moves, (on, change), key=itemgetter(0))
        self.principal_owed += change
        self.lent += max(change, 0)

    def record(self, on: date, type_: str, amount: int, parts: Parts) -> None:
        balance = self.principal_owed
        self.transactions.append(Transaction(on, type_, amount, parts, balance, self.hearing))


def begin(terms: LoanTerms, rules: ProductRules) -> Life:
    """A loan that was agreed and not yet paid out: its planned schedule."""
    life = Life(terms, rules)
    life.rows = _plan(terms, rules)
    return life


def hold_cap(life: Life) -> None:
    """Interest and fees that would pass the cap are not owed, the last ones first."""
    room = life.room
    excess = 0 if room is None else -room
    for component in (INTEREST, FEE):
        for row in reversed(life.rows) if excess > 0 else ():
            cut = min(max(row.unpaid(component), 0), excess)
            row.due[component] -= cut
            excess -= cut


def disburse(life: Life, amount: int, on: date, type_: str = "disbursement") -> None:
    """Pay out (more of) the loan: the schedule grows, and a credit of the borrower is used up."""
    if life.draws and on < life.draws[0].on:
        raise InvalidTerms(field="events", reason="must not disburse before the first disbursement")
    life.draws.append(Tranche(on, amount))
    life.move(on, amount)
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
    _carry_over(life.rows, planned)
    life.rows = planned
    _place_charges(life)
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


def receive(life: Life, type_: str, amount: int, on: date) -> None:
    """Money that came in, split by the waterfall of its type; what finds no debt is credit."""
    if life.status is Status.WRITTEN_OFF:
        life.recovered += amount
        life.record(on, "recovery", amount, (0, 0, 0, 0))
        return
    parts = settle(life, amount, on, life.rules.waterfall_for(type_, life.future))
    book(life, type_, amount, on, parts)


def book(life: Life, type_: str, amount: int, on: date, parts: Parts) -> None:
    """Write down a payment that was split; what found no debt is the borrower's."""
    life.credit += amount - sum(parts)
    life.record(on, type_, amount, parts)
    close_if_settled(life, on)


def close_if_settled(life: Life, on: date) -> None:
    left = 0
    for row in reversed(life.rows):  # What is open is open at the end first.
        left += row.outstanding
        if left > life.rules.tolerance_minor:
            break
    if 0 < left <= life.rules.tolerance_minor:
        waived = forgive(life, on)
        life.record(on, "waiver", sum(waived), waived)
        left = 0
    if left == 0 and life.draws:
        life.status = Status.OVERPAID if life.credit else Status.CLOSED
    elif life.status in (Status.CLOSED, Status.OVERPAID):
        life.status = Status.ACTIVE


def forgive(life: Life, on: date) -> Parts:
    """Give up everything that is still owed."""
    given = [0, 0, 0, 0]
    for row in life.rows:
        for component in range(4):
            left = row.unpaid(component)
            row.forgiven[component] += left
            given[component] += left
    life.move(on, -given[PRINCIPAL])
    return given[0], given[1], given[2], given[3]


def settle(life: Life, amount: int, on: date, waterfall: Waterfall) -> Parts:
    split = [0, 0, 0, 0]
    owed = _within_reach(life, amount, on, waterfall)
    for share in allocation.allocate(amount, owed, waterfall, on=on).shares:
        row, component = life.rows[share.n], _INDEX[share.component]
        pay(life, row, component, share.amount, on)
        split[component] += share.amount
    return split[0], split[1], split[2], split[3]


def _within_reach(life: Life, amount: int, on: date, waterfall: Waterfall) -> list[Owed]:
    """What is unpaid, as far as the money can get."""
    owed, reach = [], 0
    is_forward = allocation.is_forward(waterfall)
    for n, row in enumerate(life.rows):
        if row.due == row.paid or not any(parts := row.open_parts):
            continue
        if waterfall.charges_by_own_date and row.due_on > on and (parts[0] or parts[1]):
            penalty, fee = fallen_due(life, row, on)
            owed.append(Owed(n, on, penalty, fee))
            parts = (parts[0] - penalty, parts[1] - fee, parts[2], parts[3])
            reach += penalty + fee
        owed.append(Owed(n, row.due_on, *parts))
        reach += sum(parts)
        if is_forward and reach >= amount:
            break
    return owed


def fallen_due(life: Life, row: Row, on: date) -> tuple[int, int]:
    """Charges of an installment to come whose own day has come: unpaid penalty and fee."""
    due = [0, 0]
    previous = max((each.due_on for each in life.rows if each.due_on < row.due_on), default=None)
    for component, due_on, amount in life.charges:
        is_here = previous is None or due_on > previous
        if component in (PENALTY, FEE) and is_here and due_on <= on:
            due[component] += amount
    penalty, fee = (
        max(min(due[c] - row.paid[c] - row.forgiven[c], row.unpaid(c)), 0) for c in (PENALTY, FEE)
    )
    return penalty, fee


def pay(life: Life, row: Row, component: int, amount: int, on: date) -> None:
    row.paid[component] += amount
    if component == PRINCIPAL:
        life.move(on, -amount)
    if on < row.due_on:
        row.in_advance += amount
    elif on > row.due_on:
        row.late += amount
    if not row.outstanding:
        row.settled_on = on


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
    row = Row(Kind(planned.kind.value), planned.due_on, planned.days, due)
    row.planned = (planned.interest, planned.principal)
    row.level = planned.interest + planned.principal
    return row


def _carry_over(old: list[Row], new: list[Row]) -> None:
    """What was paid on the second installment stays on the second installment."""
    for kind in (Kind.INSTALLMENT, Kind.DOWN_PAYMENT, Kind.UPFRONT):
        before = [row for row in old if row.kind is kind]
        after = [row for row in new if row.kind is kind]
        for was, now in zip(before, after, strict=False):
            now.paid, now.forgiven = was.paid, was.forgiven
            now.in_advance, now.late, now.tally = was.in_advance, was.late, was.tally
            now.settled_on = was.settled_on if not now.outstanding else None
    extra = [row for row in old if row.kind is Kind.EXTRA]
    for row in extra:
        row.due = [0, 0, 0, 0]
    new.extend(extra)


def _place_charges(life: Life) -> None:
    for each in life.charges:
        _place(life, each)


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
            row.settled_on = None
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
    if life.terms.annual_rate:
        _plan_draw(life, draw, coming)
        return
    for row, share in zip(coming, shares(life, draw.amount_minor, len(coming)), strict=True):
        row.due[PRINCIPAL] += share
        row.settled_on = None


def _plan_draw(life: Life, draw: Tranche, coming: list[Row]) -> None:
    """As if the draw were a loan of its own with the installments that are to come."""
    agreed = rest_of(life.terms, draw.amount_minor, draw.on, [row.due_on for row in coming])
    for row, planned in zip(coming, schedule.build(agreed).installments, strict=True):
        row.due[INTEREST] += planned.interest
        row.due[PRINCIPAL] += planned.principal
        row.settled_on = None


def rest_of(terms: LoanTerms, balance: int, since: date, dates: list[date]) -> LoanTerms:
    """Terms for what is left of a loan, over due dates that are known."""
    return dataclasses.replace(
        terms,
        principal=Money(balance, terms.currency),
        installments=len(dates),
        disbursed_on=since,
        first_due_on=None,
        due_dates=tuple(dates),
        tranches=(),
        down_payment=Fraction(0),
        grace=NO_GRACE,
        weights=(),
        fees=(),
        balloon_minor=min(terms.balloon_minor, balance),
        installment_minor=None,
    )


def shares(life: Life, amount: int, count: int) -> list[int]:
    """`amount` in equal shares in multiples of the installment; the last has the rest."""
    each = annuity.share(life.terms, amount, count)
    return [each] * (count - 1) + [amount - each * (count - 1)]
