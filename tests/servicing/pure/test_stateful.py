"""A loan that anything may happen to: what holds after every event, in whatever order they came."""

from datetime import date, timedelta
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from servicing import early, entries, events, lateness, life, replay, snapshots
from servicing.fields import InvalidTerms
from servicing.life import INTEREST, PRINCIPAL, Life, Status

START = date(2026, 1, 15)
RECALCULATION = [
    None,
    {"rest": "daily", "advance": "adjust_last"},
    {"rest": "daily", "advance": "adjust_last", "payoff": "till_rest_date"},
    {"rest": "daily", "advance": "reduce_installment"},
    {"rest": "daily", "advance": "reduce_count"},
    {"rest": "same_as_repayment", "advance": "adjust_last"},
    {"rest": "same_as_repayment", "advance": "reduce_installment"},
]
PENALTIES: list[dict[str, Any] | None] = [
    None,
    {"kind": "daily", "percent": "36.5"},
    {"kind": "daily", "percent": "100", "compounds": True, "cap_percent_of_principal": "3"},
    {"kind": "percent", "percent": "5", "every": "week", "cap": "20"},
    {"kind": "flat", "amount": "7", "every": "day", "grace_days": 3, "cap_per_loan": "40"},
]
FUTURES = ["next_installment", "last_installment", "next_last_installment", "reamortization"]
PAYING = ["repayment", "goodwill_credit", "merchant_issued_refund", "interest_payment_waiver"]
GIVING = ("waiver", "write_off")
MONEY = (*PAYING, "settlement", "refinance", "interest_refund", "credit", life.CREDIT_USED)
amounts = st.integers(1, 60_000)


def text(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


@st.composite
def loans(draw: st.DrawFn) -> dict[str, Any]:
    document: dict[str, Any] = {
        "terms": {
            "principal": "1200",
            "currency": "EUR",
            "annual_rate_percent": draw(st.sampled_from(["0", "24", "99.9"])),
            "method": draw(st.sampled_from(["declining", "declining", "equal_principal", "flat"])),
            "installments": draw(st.integers(1, 8)),
            "disbursed_on": START.isoformat(),
            "day_count": draw(st.sampled_from(["actual/365", "30/360", "actual/actual"])),
        },
        "processing": draw(st.sampled_from(["horizontal", "horizontal", "vertical"])),
        "future_installment_rule": draw(st.sampled_from(FUTURES)),
        "interest_recalculation": draw(st.sampled_from(RECALCULATION)),
        "cost_cap_percent_of_principal": draw(st.sampled_from([None, "100", "8"])),
        "chargeback_order": draw(st.sampled_from([[], ["interest", "fee", "penalty"]])),
        "charge_off_interest": draw(st.sampled_from(["goes_on", "stop"])),
        "closing_tolerance": draw(st.sampled_from([None, "0.50"])),
        "early_end": draw(st.booleans()),
        "penalty": draw(st.sampled_from(PENALTIES)),
    }
    return document


def check(loan: Life) -> None:
    """What holds in every state."""
    for row in loan.rows:
        for component in range(4):
            assert row.unpaid(component) >= 0, (row, component)
            assert min(row.due[component], row.paid[component], row.forgiven[component]) >= 0
    if not loan.draws:
        return
    assert sum(row.due[PRINCIPAL] for row in loan.rows) == loan.lent
    assert sum(row.unpaid(PRINCIPAL) for row in loan.rows) == loan.principal_owed
    assert sum(change for _, change in loan.moves) == loan.principal_owed
    assert loan.credit >= 0
    assert (loan.status is Status.ACTIVE) == (loan.outstanding > 0)


def check_cap(loan: Life) -> None:
    """By what is in the rows and what was ever made principal, not by the loan's own count."""
    rule = loan.rules.penalty
    if loan.rules.cost_cap is not None:
        in_rows = sum(sum(row.due[:PRINCIPAL]) for row in loan.rows)
        made = sum(sum(each.parts) for each in loan.transactions if each.type == "capitalization")
        assert in_rows + made <= loan.drawn * loan.rules.cost_cap
    if rule is None:
        return
    charged = [row.tally.charged_minor for row in loan.rows]
    assert rule.cap_minor is None or max(charged, default=0) <= rule.cap_minor
    assert rule.loan_cap_minor is None or sum(charged) <= rule.loan_cap_minor
    assert rule.cap_rate is None or sum(charged) <= loan.drawn * rule.cap_rate


def check_money(loan: Life) -> None:
    """What was split of the money that came in is in the installments, or was given back."""
    paid, given, back = [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]
    for each in loan.transactions:
        if each.type in GIVING:
            given = [a + b for a, b in zip(given, each.parts, strict=True)]
        elif each.type in MONEY:
            paid = [a + b for a, b in zip(paid, each.parts, strict=True)]
        elif each.type == "refund":
            back = [a + b for a, b in zip(back, each.parts, strict=True)]
    in_rows = [sum(row.paid[c] for row in loan.rows) for c in range(4)]
    assert in_rows[:PRINCIPAL] == [paid[c] - back[c] for c in range(PRINCIPAL)]
    # A refund that was founded on nothing is principal of its own: nothing comes off the rows.
    assert paid[PRINCIPAL] - back[PRINCIPAL] <= in_rows[PRINCIPAL] <= paid[PRINCIPAL]
    for c in range(4):  # A restructured loan's arrears are given up and gone from the rows.
        assert given[c] >= sum(row.forgiven[c] for row in loan.rows)


def check_books(loan: Life) -> None:
    """The books say what the loan says."""
    books = entries.balances(entries.of(loan))
    assert sum(books.values()) == 0
    if loan.charged_off_on is None:
        assert books.get("loan_principal", 0) == loan.principal_owed
        assert -books.get("borrower_credit", 0) == loan.credit
    for account in ("penalties_receivable", "fees_receivable", "interest_receivable"):
        assert books.get(account, 0) >= 0
        if loan.status in (Status.CLOSED, Status.OVERPAID, Status.WRITTEN_OFF):
            assert books.get(account, 0) == 0, account


class Lender(RuleBasedStateMachine):
    """Tells a loan one event after the other, as days pass and backwards in time."""

    def __init__(self) -> None:
        super().__init__()
        self.today = START
        self.told: list[dict[str, Any]] = []
        self.loan: Life | None = None

    @initialize(document=loans())
    def agree(self, document: dict[str, Any]) -> None:
        self.document = document
        self.tell({"type": "disbursement", "date": START.isoformat(), "amount": "1200"})

    def tell(self, event: dict[str, Any]) -> None:
        """An event that cannot be is refused in one sentence that names a field, and never was."""
        refused: InvalidTerms | None = None
        try:
            story = replay.parse({**self.document, "events": [*self.told, event]})
            self.loan, _ = replay.after(story, len(story.events))
        except InvalidTerms as error:
            refused = error
        else:
            self.told.append(event)
            self.story = story
        assert refused is None or (refused.field and "\n" not in str(refused))

    def dated(self, type_: str, days_ago: int = 0, **details: Any) -> None:
        day = max(self.today - timedelta(days=days_ago), START)
        self.tell({"type": type_, "date": day.isoformat(), **details})

    @rule(days=st.integers(1, 45))
    def wait(self, days: int) -> None:
        self.today += timedelta(days=days)
        self.tell({"type": "business_date", "date": self.today.isoformat()})

    @rule()
    def close_the_day(self) -> None:
        self.dated("close_of_business")

    @rule(type_=st.sampled_from(PAYING), amount=amounts, days_ago=st.sampled_from([0, 0, 0, 40]))
    def pay(self, type_: str, amount: int, days_ago: int) -> None:
        self.dated(type_, days_ago, amount=text(amount))

    @rule(kind=st.sampled_from(["fee", "penalty"]), amount=amounts, days=st.integers(-30, 60))
    def charge(self, kind: str, amount: int, days: int) -> None:
        due = max(self.today + timedelta(days=days), START)
        event = {"type": "charge", "charge": kind, "due": due.isoformat(), "amount": text(amount)}
        self.tell(event)

    @rule(number=st.integers(2, 30))
    def reverse(self, number: int) -> None:
        self.tell({"type": "reversal", "event": number})

    @rule(amount=amounts)
    def charge_back(self, amount: int) -> None:
        self.dated("chargeback", amount=text(amount))

    @rule(of=st.sampled_from(["interest", "fee", "penalty"]), amount=st.none() | amounts)
    def waive(self, of: str, amount: int | None) -> None:
        extra: dict[str, Any] = {} if amount is None else {"amount": text(amount)}
        self.dated("waiver", of=of, **extra)

    @rule(type_=st.sampled_from(["disbursement", "capitalized_income", "buy_down_fee", "refund"]))
    def move_money(self, type_: str) -> None:
        self.dated(type_, amount="60")

    @rule(n=st.integers(0, 7), days=st.integers(1, 25), extra=st.integers(0, 2))
    def reschedule(self, n: int, days: int, extra: int) -> None:
        rows = [row for row in self.rows() if row.is_regular]
        due_on = rows[n % len(rows)].due_on
        change: dict[str, Any] = {"from_due_date": due_on.isoformat()}
        if extra == 2:
            change |= {"grace_principal": 1, "annual_rate_percent": "30"}
        elif extra:
            change["extra_installments"] = extra
        else:
            change["new_due_date"] = (due_on + timedelta(days=days)).isoformat()
        self.dated("reschedule", **change)

    @rule(of=st.sampled_from(["interest", "arrears"]), days=st.integers(1, 40))
    def pause(self, of: str, days: int) -> None:
        end = (self.today + timedelta(days=days)).isoformat()
        self.dated("pause", of=of, start=self.today.isoformat(), end=end)

    @rule(type_=st.sampled_from(["reage", "restructure", "top_up"]), count=st.integers(1, 6))
    def spread_anew(self, type_: str, count: int) -> None:
        start = (self.today + timedelta(days=20)).isoformat()
        extra: dict[str, Any] = {"amount": "100"} if type_ == "top_up" else {}
        if type_ == "reage":
            extra = {"interest": self.how(count)}
        if type_ == "restructure":
            extra = {"waive": ["penalty"], "capitalize": ["interest"], "annual_rate_percent": "12"}
        self.dated(type_, start=start, installments=count, **extra)

    @rule(n=st.integers(0, 7), percent=st.integers(1, 99))
    def split(self, n: int, percent: int) -> None:
        rows = [row for row in self.rows() if row.is_regular]
        due_on = rows[n % len(rows)].due_on
        into = [
            {"due": due_on.isoformat(), "percent": str(percent)},
            {"due": (due_on + timedelta(days=9)).isoformat(), "percent": str(100 - percent)},
        ]
        self.dated("split", from_due_date=due_on.isoformat(), into=into)

    @rule(type_=st.sampled_from(["reamortize", "charge_off", "contract_termination"]))
    def change(self, type_: str) -> None:
        self.dated(type_)

    @precondition(lambda self: len(self.told) > 6)
    @rule(type_=st.sampled_from(["payoff", "refinance", "write_off", "settlement"]))
    def end(self, type_: str) -> None:
        extra: dict[str, Any] = {"amount": "50"} if type_ == "settlement" else {}
        self.dated(type_, **extra)

    def how(self, n: int) -> str:
        return list(events.MovedInterest)[n % len(events.MovedInterest)].value

    def rows(self) -> list[life.Row]:
        assert self.loan is not None
        return self.loan.rows

    @invariant()
    def holds(self) -> None:
        if self.loan is not None and self.told:
            loan, today = replay.after(self.story, len(self.story.events))
            check(loan)
            check_books(loan)
            check_cap(loan)
            check_money(loan)
            assert snapshots.take(loan, today)["status"]

    @invariant()
    def telling_on_is_telling_anew(self) -> None:
        """One event more, heard by the loan as it stood, gives what a new telling gives."""
        if self.loan is None or len(self.story.events) < 2:
            return
        *before, last = self.story.events
        if last.type is events.Type.REVERSAL or any(last.on < event.on for event in before):
            return
        state, _ = replay.after(self.story, len(before))
        days = [event.on for event in events.in_effect(replay.pointed(before))]
        replay.hear(state, last, max(days))
        anew, today = replay.after(self.story, len(before) + 1)
        early.use_credit(state, last.on, today)
        lateness.charge(state, today)
        assert snapshots.take(state, last.on) == snapshots.take(anew, last.on)


@st.composite
def dated(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Events of different days, in no order."""
    days = draw(st.lists(st.integers(1, 260), min_size=2, max_size=8, unique=True))
    told = []
    for day in days:
        type_ = draw(st.sampled_from([*PAYING, "charge", "chargeback", "close_of_business"]))
        event = {"type": type_, "date": (START + timedelta(days=day)).isoformat()}
        if type_ == "charge":
            event["due"] = event["date"]
        if type_ != "close_of_business":
            event["amount"] = text(draw(amounts))
        told.append(event)
    return told


@given(loans(), dated(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_events_count_by_their_days_in_whatever_order_they_are_told(
    document: dict[str, Any], told: list[dict[str, Any]], chance: Random
) -> None:
    start = {"type": "disbursement", "date": START.isoformat(), "amount": "1200"}
    shuffled = sorted(told, key=lambda _: chance.random())
    (one,), (other,) = (
        replay.tell(replay.parse({**document, "events": [start, *order]}))
        for order in (told, shuffled)
    )
    assert one == other


@st.composite
def running(draw: st.DrawFn) -> dict[str, Any]:
    """Money in and out on days of a loan of ten months, and the day on which it is paid off."""
    days = sorted(draw(st.sets(st.integers(1, 270), max_size=7)))
    told: list[dict[str, Any]] = [
        {"type": "disbursement", "date": START.isoformat(), "amount": "1200"}
    ]
    for day in days:
        type_ = draw(st.sampled_from([*PAYING, "chargeback", "disbursement"]))
        on = (START + timedelta(days=day)).isoformat()
        told.append({"type": type_, "date": on, "amount": text(draw(st.integers(1, 30_000)))})
    last = START + timedelta(days=max(days, default=1) + draw(st.integers(1, 60)))
    return {
        "terms": {
            "principal": "1200",
            "currency": "EUR",
            "annual_rate_percent": "36.5",
            "installments": 10,
            "disbursed_on": START.isoformat(),
            "day_count": draw(st.sampled_from(["actual/365", "actual/actual"])),
        },
        "future_installment_rule": draw(st.sampled_from(FUTURES)),
        "interest_recalculation": {
            "rest": "daily",
            "advance": draw(st.sampled_from(["adjust_last", "reduce_installment", "reduce_count"])),
        },
        "events": [*told, {"type": "payoff", "date": last.isoformat()}],
    }


@given(running())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_recalculated_interest_is_what_the_balance_costs_by_the_day(
    document: dict[str, Any],
) -> None:
    """A tenth of a percent for every day, and not a cent more than rounding makes of it."""
    story = replay.parse(document)
    loan, _ = replay.after(story, len(story.events))
    cost, balance, since = Fraction(0), 0, START
    for day, change in loan.moves:
        cost += Fraction(balance, 1000) * (day - since).days
        balance, since = balance + change, day
    assert balance == 0
    assert abs(sum(row.paid[INTEREST] for row in loan.rows) - cost) <= len(loan.moves)


Lender.TestCase.settings = settings(
    max_examples=120,
    stateful_step_count=14,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestLender = Lender.TestCase
