"""`kopa replay` with a late policy: class, provision, stage and expected loss of a loan."""

from typing import Any

import pytest

from servicing import replay
from servicing.fields import InvalidTerms

YEARLY = {
    "principal": "1000",
    "currency": "USD",
    "annual_rate_percent": "0",
    "method": "bullet",
    "installments": 1,
    "disbursed_on": "2026-01-01",
    "due_dates": ["2027-01-01"],
}
MONTHLY = {
    "principal": "1200",
    "currency": "USD",
    "annual_rate_percent": "0",
    "installments": 12,
    "disbursed_on": "2026-01-01",
}


def told(on: str, *events: dict[str, Any], **asked: Any) -> dict[str, Any]:
    terms = asked.pop("terms", YEARLY)
    start = {"type": "disbursement", "date": "2026-01-01", "amount": terms["principal"]}
    today = {"type": "business_date", "date": on}
    document = {"terms": terms, "late_policy": "default", "events": [start, *events, today]}
    (last,) = replay.tell(replay.parse({**document, **asked}))
    return last


def paid(day: str, amount: str = "100") -> dict[str, Any]:
    return {"type": "repayment", "date": day, "amount": amount}


class TestAnswer:
    def test_a_new_loan(self) -> None:
        """10 % of 1,000 default within the year; 45 % of them are lost."""
        last = told("2026-01-01", pd_percent="10")
        assert last["expected_loss"] == {
            "recognized": "45.00",
            "twelve_months": "45.00",
            "lifetime": "45.00",
        }
        assert (last["class"], last["provision"], last["stage"]) == ("normal", "10.00", 1)
        assert last["exposure"] == "1000.00"

    def test_a_newer_pd_may_raise_the_stage(self) -> None:
        assert told("2026-01-01", pd_percent="10", pd_now_percent="27")["stage"] == 1
        worse = told("2026-01-01", pd_percent="10", pd_now_percent="30")
        assert (worse["stage"], worse["expected_loss"]["recognized"]) == (2, "135.00")

    @pytest.mark.parametrize(
        ("on", "policy", "expected"),
        [
            ("2027-01-02", "default", ("special_mention", "20.00", 1)),
            ("2027-02-02", "default", ("special_mention", "20.00", 2)),
            ("2027-04-02", "default", ("substandard", "250.00", 3)),
            ("2027-04-02", "ng", ("loss", "1000.00", 3)),
            ("2027-09-29", "cn", ("doubtful", "500.00", 3)),
        ],
    )
    def test_grows_worse(self, on: str, policy: str, expected: tuple[str, str, int]) -> None:
        last = told(on, pd_percent="10", late_policy=policy)
        assert (last["class"], last["provision"], last["stage"]) == expected

    def test_a_bad_loan_has_to_prove_itself(self) -> None:
        """Substandard in May, all paid on 5 June: two months in time and six months are asked."""
        caught_up = paid("2026-06-05", "500")
        in_time = [paid(f"2026-{month:02}-01") for month in range(7, 13)]
        for on, expected in (("2026-06-10", "substandard"), ("2026-12-03", "substandard")):
            events = [each for each in (caught_up, *in_time) if each["date"] <= on]
            assert told(on, *events, terms=MONTHLY, late_policy="cn")["class"] == expected
        cured = told("2026-12-04", caught_up, *in_time, terms=MONTHLY, late_policy="cn")
        assert cured["class"] == "normal"

    @pytest.mark.parametrize(
        ("policy", "on", "expected"),
        [
            ("default", "2026-06-10", ("special_mention", 2)),
            ("in", "2026-06-10", ("substandard", 2)),
            ("ng", "2026-06-10", ("normal", 1)),
            ("default", "2027-03-31", ("special_mention", 2)),
            ("default", "2027-04-01", ("normal", 1)),
        ],
    )
    def test_spread_anew_it_is_watched_for_a_year(
        self, policy: str, on: str, expected: tuple[str, int]
    ) -> None:
        anew = {
            "type": "reage",
            "date": "2026-04-01",
            "start": "2027-06-01",
            "every": 1,
            "unit": "month",
            "installments": 6,
        }
        last = told(on, anew, terms=MONTHLY, late_policy=policy)
        assert (last["class"], last["stage"]) == expected

    def test_charged_off_it_is_a_loss(self) -> None:
        last = told("2026-03-01", {"type": "charge_off", "date": "2026-02-20"}, pd_percent="1")
        assert (last["class"], last["stage"]) == ("loss", 3)
        assert last["expected_loss"]["recognized"] == "450.00"

    def test_a_policy_of_ones_own(self) -> None:
        policy = {
            "name": "own",
            "as_of": "2026-01-01",
            "classes": {"special_mention": 1, "substandard": 2, "doubtful": 3, "loss": 4},
            "provision_percent": {
                "normal": "0",
                "special_mention": "1",
                "substandard": "2",
                "doubtful": "3",
                "loss": "4",
            },
            "expected_loss": {
                "lgd_percent": "100",
                "scenarios": [{"name": "x", "weight_percent": "100", "hazard_multiplier": "1"}],
            },
        }
        last = told("2026-01-01", late_policy=policy, pd_percent="10")
        assert (last["provision"], last["expected_loss"]["lifetime"]) == ("0.00", "100.00")

    def test_silent_without_a_policy_and_when_the_loan_has_ended(self) -> None:
        assert "class" not in told("2026-01-01", late_policy=None)
        assert "class" not in told("2026-02-01", paid("2026-01-10", "1000"))


@pytest.mark.parametrize(
    "bad", [{"late_policy": "moon"}, {"pd_percent": "101"}, {"late_policy": 5}]
)
def test_refuses(bad: dict[str, Any]) -> None:
    with pytest.raises(InvalidTerms):
        told("2026-01-01", **bad)
