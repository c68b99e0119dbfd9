"""The state of one loan between two events: installments, what was paid, what is left over."""

from bisect import insort
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from operator import itemgetter
from typing import NamedTuple

from servicing import allocation, penalties
from servicing.allocation import Future, Owed, Waterfall
from servicing.choices import Tranche
from servicing.collateral import Pledge
from servicing.delinquency import Pause
from servicing.interest import Period, Ratio
from servicing.penalties import NOTHING, Tally
from servicing.product_rules import ProductRules
from servicing.terms import LoanTerms

PENALTY, FEE, INTEREST, PRINCIPAL = range(4)
CREDIT_USED = "credit_used"
"""A credit that a disbursement uses up."""
Parts = tuple[int, int, int, int]
INDEX = {component: n for n, component in enumerate(allocation.Component)}


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
    frozen: tuple[date, int] | None = None
    """It was settled early on that day, with that much interest, and is open again."""
    back: int = 0
    """Principal in it that was charged back."""
    carried: int = 0
    """Interest in it that was earned before its own days began."""
    over: tuple[tuple[LoanTerms, Period, date, int], int] | None = None
    """Recalculated interest of its days when they are over, and what that was reckoned from."""

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
    taken_over: int = 0
    """Of what was disbursed: it paid off other loans of the borrower."""
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

    known_periods: tuple[LoanTerms, list[Period], Ratio | None] | None = None

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
        if self.rules.cost_cap is None:
            return None
        cap = penalties.cap_of(self.drawn, self.rules.cost_cap)
        assert cap is not None
        return cap - self.cost

    def move(self, on: date, change: int) -> None:
        insort(self.moves, (on, change), key=itemgetter(0))
        self.principal_owed += change
        self.lent += max(change, 0)

    def record(self, on: date, type_: str, amount: int, parts: Parts) -> None:
        balance = self.principal_owed
        self.transactions.append(Transaction(on, type_, amount, parts, balance, self.hearing))


def hold_cap(life: Life) -> None:
    """Interest and fees that would pass the cap are not owed, the last ones first."""
    room = life.room
    if room is None:
        return
    excess = -room
    for component in (INTEREST, FEE):
        for row in reversed(life.rows) if excess > 0 else ():
            cut = min(max(row.unpaid(component), 0), excess)
            row.due[component] -= cut
            excess -= cut


def receive(life: Life, type_: str, amount: int, on: date) -> None:
    """Money that came in, split by the waterfall of its type; what finds no debt is credit."""
    if life.status is Status.WRITTEN_OFF:
        _recover(life, amount, on)
        return
    parts = settle(life, amount, on, life.rules.waterfall_for(type_, life.future))
    book(life, type_, amount, on, parts)


def _recover(life: Life, amount: int, on: date) -> None:
    """At most what was given up comes back; whatever is beyond it is the borrower's."""
    given_up = sum(each.amount for each in life.transactions if each.type == "write_off")
    back = min(amount, given_up - life.recovered)
    life.recovered += back
    life.credit += amount - back
    for type_, part in (("recovery", back), ("repayment", amount - back)):
        if part:
            life.record(on, type_, part, (0, 0, 0, 0))


def book(life: Life, type_: str, amount: int, on: date, parts: Parts) -> None:
    """Write down a payment that was split; what found no debt is the borrower's."""
    life.credit += amount - sum(parts)
    life.record(on, type_, amount, parts)
    close_if_settled(life, on)


def close_if_settled(life: Life, on: date) -> None:
    if life.status is Status.WRITTEN_OFF:
        return
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
    if allocation.is_forward(waterfall) and not waterfall.charges_by_own_date:
        return _settle_in_turn(life, amount, on, waterfall)
    split = [0, 0, 0, 0]
    owed = _unpaid(life, on, waterfall)
    for share in allocation.allocate(amount, owed, waterfall, on=on).shares:
        row, component = life.rows[share.n], INDEX[share.component]
        pay(life, row, component, share.amount, on)
        split[component] += share.amount
    return split[0], split[1], split[2], split[3]


def _settle_in_turn(life: Life, amount: int, on: date, waterfall: Waterfall) -> Parts:
    """What `allocation.allocate` says, where money goes from one installment to the next."""
    turns = allocation.turns(waterfall.order)
    assert turns is not None
    past_due, due, in_advance = turns
    split = [0, 0, 0, 0]
    for row in life.rows:
        if row.due == row.paid:
            continue
        unpaid = row.open_parts
        for component in past_due if row.due_on < on else due if row.due_on == on else in_advance:
            if (paid := min(unpaid[component], amount)) > 0:
                pay(life, row, component, paid, on)
                split[component] += paid
                amount -= paid
        if not amount:
            break
    return split[0], split[1], split[2], split[3]


def _unpaid(life: Life, on: date, waterfall: Waterfall) -> list[Owed]:
    owed = []
    for n, row in enumerate(life.rows):
        if row.due == row.paid or not any(parts := row.open_parts):
            continue
        if waterfall.charges_by_own_date and row.due_on > on and (parts[0] or parts[1]):
            penalty, fee = fallen_due(life, row, on)
            owed.append(Owed(n, on, penalty, fee))
            parts = (parts[0] - penalty, parts[1] - fee, parts[2], parts[3])
        owed.append(Owed(n, row.due_on, *parts))
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
