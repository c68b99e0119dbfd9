"""Changes to a running loan, told as events."""

from typing import Any

import pytest

from kit.money import Money
from servicing import replay
from servicing.fields import InvalidTerms

LOAN = {
    "principal": "1200",
    "currency": "EUR",
    "annual_rate_percent": "24",
    "installments": 4,
    "disbursed_on": "2026-01-15",
}
PAID_OUT = {"type": "disbursement", "date": "2026-01-15", "amount": "1200"}


def tell(*events: dict[str, Any], **rules: Any) -> dict[str, Any]:
    (snapshot,) = replay.tell(replay.parse({"terms": LOAN, "events": [PAID_OUT, *events], **rules}))
    return snapshot


def column(snapshot: dict[str, Any], name: str) -> list[Any]:
    return [row[name] for row in snapshot["installments"]]


class TestReschedule:
    def test_a_moved_date_moves_those_after_it(self) -> None:
        told = tell(
            {"type": "reschedule", "from_due_date": "2026-03-15", "new_due_date": "2026-03-30"}
        )
        days = ["2026-02-15", "2026-03-30", "2026-04-30", "2026-05-30"]
        assert column(told, "due_on") == days
        assert told["totals"]["principal"] == "1200.00"

    def test_more_installments_are_smaller_and_level(self) -> None:
        told = tell({"type": "reschedule", "from_due_date": "2026-03-15", "extra_installments": 2})
        assert column(told, "due")[0] == "315.15"
        # 908.85 at 2 % a month over five months
        assert column(told, "due")[1:] == ["192.82", "192.82", "192.82", "192.82", "192.82"]
        assert told["totals"]["principal"] == "1200.00"
        assert column(told, "balance")[-1] == "0.00"

    def test_a_new_rate_leaves_what_was_before_it(self) -> None:
        told = tell(
            {"type": "reschedule", "from_due_date": "2026-03-15", "annual_rate_percent": "12"}
        )
        assert column(told, "interest") == ["24.00", "9.09", "6.09", "3.06"]

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"from_due_date": "2026-03-16"}, "events[1].from_due_date"),
            (
                {"from_due_date": "2026-03-15", "new_due_date": "2026-02-15"},
                "events[1].new_due_date",
            ),
        ],
    )
    def test_refuses_dates_that_cannot_be(self, change: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidTerms) as refused:
            tell({"type": "reschedule", **change})
        assert refused.value.field == field


class TestMoneyBack:
    def test_a_charge_back_is_owed_again(self) -> None:
        told = tell(
            {"type": "repayment", "date": "2026-02-15", "amount": "315.15"},
            {"type": "chargeback", "date": "2026-02-20", "amount": "100"},
        )
        assert column(told, "outstanding") == ["0.00", "415.15", "315.15", "315.15"]
        assert told["entries"][-1]["debit"] == "loan_principal"

    def test_a_credit_can_be_refunded_and_no_more(self) -> None:
        over = {"type": "repayment", "date": "2026-02-15", "amount": "1300"}
        back = {"type": "refund", "date": "2026-02-16", "amount": "39.40"}
        told = tell(over, back)
        assert (told["status"], told["balances"]["credit"]) == ("closed", "0.00")
        with pytest.raises(InvalidTerms, match="credit"):
            tell(over, {**back, "amount": "39.41"})


class TestAllocation:
    def test_a_kind_of_payment_can_have_an_order_of_its_own(self) -> None:
        orders = {
            "default": "penalty_fee_interest_principal",
            "goodwill_credit": "principal_interest_fee_penalty",
        }
        told = tell(
            {"type": "goodwill_credit", "date": "2026-02-15", "amount": "100"},
            {"type": "repayment", "date": "2026-02-15", "amount": "20"},
            allocation_order=orders,
        )
        given, paid = told["transactions"][-2:]
        assert (given["principal"], given["interest"]) == ("100.00", "0.00")
        assert (paid["principal"], paid["interest"]) == ("0.00", "20.00")

    def test_a_charge_can_be_due_before_its_installment(self) -> None:
        penalty = {"type": "charge", "charge": "penalty", "due": "2026-02-01", "amount": "50"}
        early = {"type": "repayment", "date": "2026-02-01", "amount": "100"}
        order = "due_penalty_fee_interest_principal_in_advance_principal_penalty_fee_interest"
        told = tell(penalty, early, allocation_order=order)
        paid = told["transactions"][-1]
        assert (paid["penalties"], paid["principal"]) == ("50.00", "50.00")


class TestLoss:
    def test_a_write_off_gives_up_everything_and_money_after_it_is_recovered(self) -> None:
        told = tell(
            {"type": "repayment", "date": "2026-02-15", "amount": "315.15"},
            {"type": "write_off", "date": "2026-06-01"},
            {"type": "repayment", "date": "2026-07-01", "amount": "50"},
        )
        assert told["status"] == "written_off"
        assert told["balances"]["outstanding"] == "0.00"
        assert told["balances"]["recovered"] == "50.00"
        assert column(told, "written_off") == ["0.00", "315.15", "315.15", "315.15"]

    def test_no_more_is_recovered_than_was_given_up(self) -> None:
        lost = {"type": "write_off", "date": "2026-06-01"}
        paid = {"type": "repayment", "date": "2026-07-01", "amount": "1000"}
        told = tell(lost, paid, {**paid, "date": "2026-08-01"})
        given_up = Money.parse(told["transactions"][1]["amount"], "USD")
        assert told["status"] == "written_off"
        assert told["balances"]["recovered"] == given_up.major
        left = Money.parse("2000", "USD") - given_up
        assert told["balances"]["credit"] == left.major
        credited = [each for each in told["entries"] if each["credit"] == "borrower_credit"]
        assert [each["amount"] for each in credited] == [left.major]

    def test_what_is_charged_back_after_a_write_off_is_lost_too(self) -> None:
        told = tell(
            {"type": "repayment", "date": "2026-02-15", "amount": "315.15"},
            {"type": "write_off", "date": "2026-06-01"},
            {"type": "chargeback", "date": "2026-06-20", "amount": "100"},
        )
        assert told["status"] == "written_off"
        assert told["balances"]["outstanding"] == "0.00"

    def test_what_is_refunded_and_turns_out_never_to_have_come_is_lost_too(self) -> None:
        told = tell(
            {"type": "write_off", "date": "2026-06-01"},
            {"type": "repayment", "date": "2026-06-10", "amount": "2000"},
            {"type": "refund", "date": "2026-06-15", "amount": "100"},
            {"type": "reversal", "date": "2026-06-20", "event": 3},
        )
        assert told["status"] == "written_off"
        assert told["balances"]["outstanding"] == "0.00"
        assert told["transactions"][-1]["type"] == "write_off"
        assert told["transactions"][-1]["amount"] == "100.00"

    def test_a_cap_cuts_what_is_charged(self) -> None:
        fee = {"type": "charge", "charge": "fee", "due": "2026-02-20", "amount": "100"}
        told = tell(fee, fee, cost_cap_percent_of_principal="10")
        # 60.60 of interest leaves 59.40 of the 120.00
        assert told["totals"]["fees"] == "59.40"


class TestRecalculation:
    DAILY = {"rest": "daily", "advance": "adjust_last"}

    def test_early_money_lessens_interest(self) -> None:
        early = {"type": "repayment", "date": "2026-02-01", "amount": "600"}
        told = tell(early, interest_recalculation=self.DAILY)
        assert float(told["totals"]["interest"]) < 60.60

    def test_late_money_adds_to_it(self) -> None:
        today = {"type": "close_of_business", "date": "2026-06-30"}
        told = tell(today, interest_recalculation=self.DAILY)
        assert float(told["totals"]["interest"]) > 96  # four months on all of it, and more

    def test_paying_off_costs_interest_to_the_day(self) -> None:
        told = tell({"type": "payoff", "date": "2026-02-01"}, interest_recalculation=self.DAILY)
        # 17 of 31 days of one month at 2 %
        assert told["transactions"][-1]["amount"] == "1213.16"
        assert told["status"] == "closed"


def test_a_moved_date_leaves_a_broken_first_period_alone() -> None:
    loan = {**LOAN, "first_due_on": "2026-03-01"}
    move = {"type": "reschedule", "from_due_date": "2026-04-01", "new_due_date": "2026-04-10"}
    before, after = (
        replay.tell(replay.parse({"terms": loan, "events": events}))[0]
        for events in ([PAID_OUT], [PAID_OUT, move])
    )
    assert column(before, "interest")[0] == column(after, "interest")[0]
    assert column(after, "due_on")[1] == "2026-04-10"
