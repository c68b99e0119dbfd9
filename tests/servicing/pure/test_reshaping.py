"""Another schedule for what is owed: split, restructured, topped up, ended, aged anew."""

from typing import Any

import pytest

from servicing import replay
from servicing.fields import InvalidTerms
from tests.servicing.pure.test_changes import LOAN, PAID_OUT, column, tell

# 1,200.00 at 24 % in four months: 315.15 a month; interest 24.00, 18.18, 12.24, 6.18.
PAID = {"type": "repayment", "date": "2026-02-15", "amount": "315.15"}
# On 20 March 18.18 are overdue, and 5 of 31 days of 12.24 have gone by: 1.97.
ON = "2026-03-20"


@pytest.mark.parametrize("arrears", [{"waive": ["penalty"]}, {"capitalize": ["penalty"]}, {}])
def test_a_new_schedule_is_no_new_cap_for_penalties(arrears: dict[str, Any]) -> None:
    """Seven a day from the fourth day on, forty for the whole loan, whatever became of them."""
    document = {
        "terms": {
            "principal": "1200",
            "currency": "EUR",
            "annual_rate_percent": "0",
            "installments": 1,
            "disbursed_on": "2026-01-15",
        },
        "penalty": {
            "kind": "flat", "amount": "7", "every": "day", "grace_days": 3, "cap_per_loan": "40"
        },
        "events": [
            {"type": "disbursement", "date": "2026-01-15", "amount": "1200"},
            {"type": "restructure", "date": "2026-03-01", "start": "2026-03-10",
             "installments": 1, **arrears},
            {"type": "business_date", "date": "2026-05-01"},
        ],
    }  # fmt: skip
    (told,) = replay.tell(replay.parse(document))
    assert told["penalty_accrued"] == "40.00"


class TestSplit:
    def test_days_that_were_charged_for_are_not_charged_again(self) -> None:
        """A loan without interest, a day late at a thousandth a day, and split on that day."""
        into = [{"due": "2026-02-15", "percent": "50"}, {"due": "2026-02-24", "percent": "50"}]
        document = {
            "terms": {
                "principal": "1200",
                "currency": "EUR",
                "annual_rate_percent": "0",
                "installments": 1,
                "disbursed_on": "2026-01-15",
            },
            "penalty": {"kind": "daily", "percent": "36.5"},
            "events": [
                {"type": "disbursement", "date": "2026-01-15", "amount": "1200"},
                {"type": "business_date", "date": "2026-02-16", "snapshot": True},
                {"type": "split", "from_due_date": "2026-02-15", "into": into, "snapshot": True},
                {"type": "business_date", "date": "2026-02-18", "snapshot": True},
            ],
        }
        told = replay.tell(replay.parse(document))
        charged = [each["balances"]["penalties"] for each in told]
        assert charged == ["1.20", "1.20", "2.40"]

    def test_an_installment_falls_due_in_parts(self) -> None:
        into = [{"due": "2026-03-15", "percent": "40"}, {"due": "2026-03-30", "percent": "60"}]
        told = tell(
            PAID,
            {"type": "split", "date": "2026-03-01", "from_due_date": "2026-03-15", "into": into},
        )
        assert column(told, "due") == ["315.15", "126.06", "189.09", "315.15", "315.15"]
        assert column(told, "interest") == ["24.00", "7.27", "10.91", "12.24", "6.18"]
        assert column(told, "balance")[-1] == "0.00"

    @pytest.mark.parametrize(
        "into",
        [
            [{"due": "2026-03-15", "percent": "40"}, {"due": "2026-03-30", "percent": "50"}],
            [{"due": "2026-03-15", "percent": "40"}, {"due": "2026-04-15", "percent": "60"}],
            [{"due": "2026-03-15", "percent": "40"}, {"due": "2026-03-14", "percent": "60"}],
            [{"due": "2026-03-15", "percent": "100"}],
        ],
    )
    def test_refuses_parts_that_do_not_fit(self, into: list[dict[str, str]]) -> None:
        change = {"type": "split", "from_due_date": "2026-03-15", "into": into}
        with pytest.raises(InvalidTerms, match="into"):
            tell(PAID, change)


class TestRestructure:
    NEW: dict[str, Any] = {"type": "restructure", "date": ON, "start": "2026-04-20"}

    def test_arrears_become_principal_at_a_new_rate(self) -> None:
        change = {"installments": 8, "annual_rate_percent": "18", "capitalize": ["interest"]}
        told = tell(PAID, {**self.NEW, **change})
        # 908.85 and 20.15 of interest, 1.5 % a month over eight months
        assert told["balances"]["principal"] == "929.00"
        assert column(told, "due")[2:] == ["124.10"] * 7 + ["124.09"]
        assert column(told, "due_on")[2] == "2026-04-20"

    def test_arrears_can_be_given_up(self) -> None:
        told = tell(PAID, {**self.NEW, "installments": 3, "waive": "interest"})
        assert told["transactions"][-2]["type"] == "waiver"
        assert told["transactions"][-2]["amount"] == "20.15"
        assert told["balances"]["principal"] == "908.85"

    def test_or_fall_due_first(self) -> None:
        told = tell(PAID, {**self.NEW, "installments": 3})
        # 2 % of 908.85 for the month, and 20.15 from before
        assert column(told, "interest")[2] == "38.33"

    def test_a_top_up_is_paid_out_on_top(self) -> None:
        told = tell(PAID, {**self.NEW, "type": "top_up", "amount": "300", "installments": 10})
        assert told["balances"]["principal"] == "1208.85"
        assert [row["amount"] for row in told["disbursements"]] == ["1200.00", "300.00"]
        assert sum(row["for"] == "disbursement" for row in told["entries"]) == 2

    def test_capitalised_arrears_count_toward_the_cap(self) -> None:
        change = {**self.NEW, "installments": 60, "capitalize": ["interest"]}
        told = tell(PAID, change, cost_cap_percent_of_principal="10")
        # 24.00 were paid, 20.15 became principal: 75.85 of the 120.00 are left.
        assert told["totals"]["interest"] == "99.85"

    def test_nothing_falls_due_before_the_change(self) -> None:
        with pytest.raises(InvalidTerms, match="start"):
            tell(PAID, {**self.NEW, "start": ON, "installments": 3})


class TestTermination:
    def test_all_falls_due_with_interest_up_to_the_day(self) -> None:
        told = tell(PAID, {"type": "contract_termination", "date": ON})
        assert column(told, "due_on") == ["2026-02-15", "2026-03-15", ON]
        assert column(told, "due") == ["315.15", "0.00", "929.00"]

    def test_needs_something_to_come(self) -> None:
        with pytest.raises(InvalidTerms, match="installment to come"):
            tell({"type": "contract_termination", "date": "2026-05-15"})


class TestReage:
    NEW: dict[str, Any] = {"type": "reage", "date": ON, "start": "2026-04-20", "installments": 3}

    @pytest.mark.parametrize(
        ("how", "interest"),
        [
            ("spread", ["12.20", "12.20", "12.20"]),  # 36.60, whatever the day
            ("payable", ["6.72", "6.72", "6.71"]),  # 20.15
            ("waive", ["0.00", "0.00", "0.00"]),
            ("anew", ["38.33", "12.24", "6.18"]),  # 20.15 and the rate on what is left
        ],
    )
    def test_interest_goes_along_as_it_is_told(self, how: str, interest: list[str]) -> None:
        told = tell(PAID, {**self.NEW, "interest": how})
        assert column(told, "interest")[-3:] == interest
        assert told["balances"]["principal"] == "908.85"


class TestFromOneLoanToAnother:
    def test_a_top_up_of_a_loan_that_was_repaid_lends_anew(self) -> None:
        more = {"type": "top_up", "date": "2026-04-01", "amount": "300", "installments": 3}
        told = tell(PAID, {"type": "payoff", "date": ON}, more)

        assert (told["status"], told["balances"]["principal"]) == ("active", "300.00")
        # 300.00 at 2 % a month over three months
        dues = dict(zip(column(told, "due_on"), column(told, "due"), strict=True))
        new = ["2026-05-01", "2026-06-01", "2026-07-01"]
        assert [dues[day] for day in new] == ["104.03", "104.03", "104.02"]

    def test_an_amount_pays_off_so_much_and_no_more(self) -> None:
        told = tell(PAID, {"type": "refinance", "date": ON, "amount": "100"})

        assert told["status"] == "active"
        paid = {row["credit"]: row["amount"] for row in told["entries"] if
                row["debit"] == "refinancing"}  # fmt: skip
        assert paid == {"interest_receivable": "18.18", "loan_principal": "81.82"}

    def test_what_was_taken_over_is_no_cash(self) -> None:
        out = {**PAID_OUT, "taken_over": "900"}
        (told,) = replay.tell(replay.parse({"terms": LOAN, "events": [out]}))

        lent = [(row["debit"], row["credit"], row["amount"]) for row in told["entries"]]
        assert lent == [
            ("loan_principal", "refinancing", "900.00"),
            ("loan_principal", "cash", "300.00"),
        ]

    def test_no_more_is_taken_over_than_is_lent(self) -> None:
        out = {**PAID_OUT, "taken_over": "1200.01"}
        with pytest.raises(InvalidTerms, match="taken_over"):
            replay.tell(replay.parse({"terms": LOAN, "events": [out]}))


class TestReamortize:
    def test_overdue_interest_is_given_up(self) -> None:
        told = tell(PAID, {"type": "reamortize", "date": ON, "interest": "waive"})
        # 296.97 of principal, half to each of the two to come
        assert column(told, "due")[2:] == ["463.63", "463.64"]
        assert told["transactions"][-2]["amount"] == "18.18"


class TestGrace:
    def test_a_reschedule_can_put_principal_off(self) -> None:
        told = tell(
            PAID, {"type": "reschedule", "from_due_date": "2026-03-15", "grace_principal": 1}
        )
        assert column(told, "principal")[1] == "0.00"
        assert column(told, "interest")[1] == "18.18"
        # 908.85 at 2 % in two months
        assert column(told, "due")[2:] == ["468.10", "468.11"]

    def test_not_for_ever(self) -> None:
        with pytest.raises(InvalidTerms, match="grace_principal"):
            tell({"type": "reschedule", "from_due_date": "2026-03-15", "grace_principal": 3})
