"""What a lender gives up, takes a loss on, or does with income of a loan's whole life."""

from typing import Any

import pytest

from servicing import replay
from servicing.fields import InvalidTerms
from tests.servicing.pure.test_changes import LOAN, PAID_OUT, column, tell

# 1,200.00 at 24 % in four months: 315.15 a month; interest 24.00, 18.18, 12.24, 6.18.
PAID = {"type": "repayment", "date": "2026-02-15", "amount": "315.15"}


def booked(told: dict[str, Any]) -> dict[str, float]:
    """Debits less credits of every account, for reading with the eye."""
    found: dict[str, float] = {}
    for entry in told["entries"]:
        found[entry["debit"]] = found.get(entry["debit"], 0) + float(entry["amount"])
        found[entry["credit"]] = found.get(entry["credit"], 0) - float(entry["amount"])
    return {account: round(amount, 2) for account, amount in found.items() if round(amount, 2)}


class TestWaiver:
    def test_gives_up_what_is_due_and_no_more(self) -> None:
        fee = {"type": "charge", "charge": "fee", "due": "2026-02-01", "amount": "20"}
        told = tell(fee, {"type": "waiver", "date": "2026-02-20", "of": ["interest", "fee"]})
        assert column(told, "written_off") == ["44.00", "0.00", "0.00", "0.00"]
        assert told["transactions"][-1]["amount"] == "44.00"

    def test_a_sum_takes_the_oldest_first(self) -> None:
        told = tell({"type": "waiver", "date": "2026-02-20", "of": "interest", "amount": "30"})
        assert column(told, "written_off") == ["24.00", "6.00", "0.00", "0.00"]

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"of": "fee", "amount": "1"}, "events[1].amount"),
            ({"of": "interest", "due": "2026-02-16"}, "events[1].due"),
            ({"of": "principal"}, "events[1].of"),
            ({}, "events[1].of"),
        ],
    )
    def test_refuses_what_is_not_owed(self, change: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidTerms) as refused:
            tell({"type": "waiver", "date": "2026-02-20", **change})
        assert refused.value.field == field


class TestSettlement:
    def test_an_agreed_sum_ends_the_loan(self) -> None:
        told = tell(PAID, {"type": "settlement", "date": "2026-03-20", "amount": "700"})
        assert told["status"] == "closed"
        paid, given = told["transactions"][-2:]
        assert (paid["type"], paid["amount"]) == ("settlement", "700.00")
        # Owed were 945.45 in three installments.
        assert (given["type"], given["amount"]) == ("waiver", "245.45")

    def test_interest_of_days_to_come_is_no_loss(self) -> None:
        told = tell(PAID, {"type": "settlement", "date": "2026-03-20", "amount": "700"})
        books = booked(told)
        # 908.85 of principal were open; 36.60 of interest were paid first, as they are written.
        assert books["waiver_expense"] == 245.45
        assert books["interest_income"] == -60.60

    def test_more_than_what_is_owed_is_no_settlement(self) -> None:
        with pytest.raises(InvalidTerms, match="not be more than what ends the loan"):
            tell({"type": "settlement", "date": "2026-03-20", "amount": "1300"})


class TestChargeOff:
    def test_the_books_lose_it_and_the_borrower_owes_it(self) -> None:
        lost = {"type": "charge_off", "date": "2026-06-30"}
        back = {"type": "repayment", "date": "2026-07-10", "amount": "100"}
        told = tell(PAID, {"type": "close_of_business", "date": "2026-06-29"}, lost, back)
        assert told["charged_off_on"] == "2026-06-30"
        assert told["status"] == "active"
        assert told["balances"]["outstanding"] == "845.45"
        assert booked(told) == {
            "cash": -784.85,
            "charge_off_expense": 908.85,
            "interest_income": -24.00,
            "write_off_recovery": -100.00,
        }

    def test_interest_can_stop_with_it(self) -> None:
        lost = {"type": "charge_off", "date": "2026-02-15"}
        told = tell(lost, charge_off_interest="stop")
        assert column(told, "interest") == ["24.00", "0.00", "0.00", "0.00"]

    def test_a_reversal_takes_it_back(self) -> None:
        lost = {"type": "charge_off", "date": "2026-06-30"}
        told = tell(lost, {"type": "reversal", "event": 2})
        assert told["charged_off_on"] is None


class TestChargeBack:
    ORDER = ("interest", "fee", "penalty")

    def test_is_owed_again_as_it_was_paid(self) -> None:
        back = {"type": "chargeback", "date": "2026-02-20", "amount": "100", "of": 2}
        told = tell(PAID, back, chargeback_order=list(self.ORDER))
        taken = told["transactions"][-1]
        assert (taken["interest"], taken["principal"]) == ("24.00", "76.00")
        assert column(told, "due") == ["315.15", "415.15", "315.15", "315.15"]

    def test_costs_interest_from_its_day_when_interest_is_recalculated(self) -> None:
        back = {"type": "chargeback", "date": "2026-02-16", "amount": "100"}
        rules = {"interest_recalculation": {"rest": "daily", "advance": "adjust_last"}}
        before, after = tell(PAID, **rules), tell(PAID, back, **rules)
        assert after["totals"]["principal"] == "1300.00"
        gained = float(column(after, "interest")[1]) - float(column(before, "interest")[1])
        assert gained == pytest.approx(1.93)  # 2 % of 100.00 for 27 of 28 days

    def test_names_a_payment_that_was_made(self) -> None:
        back = {"type": "chargeback", "date": "2026-02-20", "amount": "100", "of": 1}
        with pytest.raises(InvalidTerms, match=r"events\[2\].of"):
            tell(PAID, back)


class TestDeferredIncome:
    def test_a_capitalised_fee_is_owed_and_earned_by_the_day(self) -> None:
        fee = {"type": "capitalized_income", "date": "2026-01-15", "amount": "40"}
        told = tell(fee, {"type": "close_of_business", "date": "2026-03-16"})
        assert told["balances"]["principal"] == "1240.00"
        # 60 of the 120 days to 15 May are over.
        assert booked(told)["deferred_income"] == -20.00

    def test_what_is_given_back_lessens_the_debt(self) -> None:
        fee = {"type": "capitalized_income", "date": "2026-01-15", "amount": "40"}
        back = {"type": "capitalized_income_adjustment", "date": "2026-01-20", "amount": "15"}
        told = tell(fee, back)
        assert booked(told)["deferred_income"] == -25.00
        with pytest.raises(InvalidTerms, match="amount"):
            tell(fee, {**back, "amount": "41"})

    def test_a_merchant_pays_for_the_borrower(self) -> None:
        fee = {"type": "buy_down_fee", "date": "2026-01-15", "amount": "40"}
        told = tell(fee, {"type": "payoff", "date": "2026-02-01"})
        assert told["transactions"][1]["type"] == "buy_down_fee"
        assert booked(told)["fee_income"] == -40.00  # the loan is over: all of it is earned


class TestInterestRefund:
    def test_a_refund_brings_back_what_its_amount_has_cost(self) -> None:
        back = {
            "type": "merchant_issued_refund",
            "date": "2026-02-15",
            "amount": "500",
            "interest_refund": True,
        }
        rules = {"interest_recalculation": {"rest": "daily", "advance": "adjust_last"}}
        told = tell(back, **rules)
        given = told["transactions"][-1]
        # 2 % of 500.00 for a month
        assert (given["type"], given["amount"]) == ("interest_refund", "10.00")


class TestCollateral:
    PLEDGE = {"code": "goat", "quantity": "10", "price": "150", "haircut_percent": "20"}

    def test_what_is_missing_follows_the_debt_and_the_price(self) -> None:
        cheaper = {"type": "revaluation", "date": "2026-02-16", "code": "goat", "price": "100"}
        told = tell(PAID, cheaper, collateral=[self.PLEDGE])
        assert told["collateral"] == {
            "value": "1000.00",
            "lendable": "800.00",
            "shortfall": "108.85",
        }

    def test_only_what_is_not_needed_is_released(self) -> None:
        free = {"type": "release", "date": "2026-02-16", "code": "goat", "quantity": "2"}
        told = tell(PAID, free, collateral=[self.PLEDGE])
        assert told["collateral"]["lendable"] == "960.00"
        with pytest.raises(InvalidTerms, match="leave enough"):
            tell(PAID, {**free, "quantity": "3"}, collateral=[self.PLEDGE])


class TestBooks:
    def test_a_closed_day_earns_and_a_payment_settles(self) -> None:
        told = tell({"type": "close_of_business", "date": "2026-02-15"}, PAID)
        accrued, *paid = told["entries"][1:]
        assert (accrued["for"], accrued["amount"]) == ("accrual", "24.00")
        assert {(entry["credit"], entry["amount"]) for entry in paid} == {
            ("interest_receivable", "24.00"),
            ("loan_principal", "291.15"),
        }

    def test_a_written_off_loan_loses_only_what_was_earned(self) -> None:
        told = tell(
            {"type": "close_of_business", "date": "2026-02-15"},
            {"type": "write_off", "date": "2026-02-15"},
        )
        assert booked(told)["write_off_expense"] == 1_224.00

    def test_fees_kept_back_are_income_of_the_first_day(self) -> None:
        fees = [
            {"code": "own", "amount": "30", "when": "deducted"},
            {"code": "notary", "amount": "12", "when": "upfront", "to": "third_party"},
        ]
        story = replay.parse({"terms": {**LOAN, "fees": fees}, "events": [PAID_OUT]})
        assert booked(replay.tell(story)[0]) == {
            "loan_principal": 1_200.00,
            "cash": -1_158.00,
            "fee_income": -30.00,
            "third_party_payable": -12.00,
        }
