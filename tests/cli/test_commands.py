"""`kopa quote`, `kopa apr` and `kopa replay` as a person and a program call them."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli.main import kopa

TERMS = {
    "principal": "20000",
    "currency": "INR",
    "annual_rate_percent": 15,
    "installments": 24,
    "disbursed_on": "2026-01-01",
    "fees": [{"code": "processing", "amount": "400", "when": "deducted"}],
}
FLOWS = {
    "convention": "us",
    "advances": [{"on": "1978-01-10", "amount": "5000"}],
    "payments": [{"on": "1978-02-10", "amount": "230", "count": 24, "every": "1 month"}],
}
EVENTS = {
    "terms": TERMS,
    "events": [
        {"type": "disbursement", "date": "2026-01-01", "amount": "20000"},
        {"type": "repayment", "date": "2026-02-01", "amount": "969.73"},
    ],
}


def run(command: str, document: object, *options: str) -> Result:
    given = document if isinstance(document, str) else json.dumps(document)
    return CliRunner().invoke(kopa, [command, *options, "-"], input=given)


class TestQuote:
    def test_answers_in_json(self) -> None:
        answer = json.loads(run("quote", TERMS, "--json").stdout)
        assert answer["apr"]["in"].startswith("17.07")
        assert answer["net_disbursed"] == "19600.00"
        assert len(answer["installments"]) == 24
        assert answer["installments"][0]["due_on"] == "2026-02-01"

    def test_shows_people_a_table(self, tmp_path: Path) -> None:
        file = tmp_path / "terms.json"
        file.write_text(json.dumps(TERMS))
        result = CliRunner().invoke(kopa, ["quote", str(file)])
        assert result.exit_code == 0
        assert "2028-01-01" in result.stdout
        assert "total payable" in result.stdout

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"principal": "-5"}, "principal"),
            ({"installments": 0}, "installments"),
            ({"first_due_on": "2025-01-01"}, "first_due_on"),
            ({"currency": "ZZZ"}, "currency"),
            ({"jurisdiction": None}, "jurisdiction must be one of"),
            ({"jurisdiction": "XX"}, "jurisdiction must be one of: CN, GB, IN, KE, MX, NG, PH"),
            (
                {"jurisdiction": "CN/bank", "currency": "CNY", "annual_rate_percent": "40"},
                "annual_rate_percent must be lower",
            ),
        ],
    )
    def test_bad_terms_are_one_line_and_exit_2(self, change: dict[str, Any], field: str) -> None:
        result = run("quote", {**TERMS, **change})
        assert result.exit_code == 2
        assert result.stdout == ""
        assert result.stderr.startswith(field)
        assert result.stderr.count("\n") == 1

    @pytest.mark.parametrize(
        "text", ["", "{", "[]", "null", '{"principal": NaN}', '"' + "x" * 100, "[" * 100_000]
    )
    def test_what_is_no_document_is_one_line_and_exit_2(self, text: str) -> None:
        result = run("quote", text)
        assert result.exit_code == 2
        assert result.stderr.count("\n") == 1

    def test_a_missing_file_is_one_line_and_exit_2(self) -> None:
        result = CliRunner().invoke(kopa, ["quote", "/nowhere/terms.json"])
        assert result.exit_code == 2
        assert "/nowhere/terms.json cannot be read" in result.stderr


class TestApr:
    def test_answers_with_six_decimals(self) -> None:
        assert json.loads(run("apr", FLOWS, "--json").stdout) == {"apr_percent": "9.685708"}
        assert run("apr", FLOWS).stdout == "9.685708 %\n"

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"convention": "mars"}, "convention"),
            ({"payments": []}, "payments"),
            ({"advances": [{"on": "1978-01-10", "amount": "-1"}]}, "advances[0].amount"),
            ({"payments": [{"t": "1/0", "amount": "1"}]}, "payments[0].t"),
            ({"payments": [{"on": "1977-01-10", "amount": "1"}]}, "payments"),
            ({"payments": [{"amount": "1", "count": 10**7}]}, "payments[0].count"),
            ({"unit_periods_per_year": "0"}, "unit_periods_per_year"),
            ({"payments": [{"amount": "4999"}]}, "payments must add up"),
            (
                {"payments": [{"on": "1978-01-10", "amount": "5001"}]},
                "payments have no yearly rate",
            ),
        ],
    )
    def test_bad_flows_are_one_line_and_exit_2(self, change: dict[str, Any], said: str) -> None:
        result = run("apr", {**FLOWS, **change})
        assert result.exit_code == 2
        assert result.stderr.startswith(said)
        assert result.stderr.count("\n") == 1


class TestReplay:
    def test_answers_in_json(self) -> None:
        (snapshot,) = json.loads(run("replay", EVENTS, "--json").stdout)["snapshots"]
        assert snapshot["installments"][0]["paid_on"] == "2026-02-01"
        assert snapshot["balances"]["principal"] == "19280.27"

    def test_shows_people_a_table(self) -> None:
        result = run("replay", EVENTS)
        assert result.exit_code == 0
        assert "days past due" in result.stdout

    @pytest.mark.parametrize(
        ("events", "said"),
        [
            ([{"type": "miracle"}], "events[0].type"),
            ([{"type": "repayment", "date": "2026-02-01", "amount": "1"}], "events[0]"),
            ([{"type": "disbursement", "amount": "0"}], "events[0].amount"),
            ([{"type": "disbursement", "amount": "5", "colour": 1}], "events[0].colour"),
            ([{"type": "reversal", "event": 7}], "events[0]"),
            ("all of them", "events"),
        ],
    )
    def test_bad_events_are_one_line_and_exit_2(self, events: object, said: str) -> None:
        result = run("replay", {"terms": TERMS, "events": events})
        assert result.exit_code == 2
        assert result.stderr.startswith(said)
        assert result.stderr.count("\n") == 1


def test_help_names_every_command_without_importing_it() -> None:
    result = CliRunner().invoke(kopa, ["--help"])
    assert all(name in result.stdout for name in ("quote", "apr", "replay"))


class TestExtremes:
    def test_fees_that_eat_the_loan_are_refused(self) -> None:
        fees = [{"code": "all", "amount": "20000", "when": "deducted"}]
        result = run("quote", {**TERMS, "fees": fees})
        assert (result.exit_code, result.stderr) == (2, "fees must leave something to pay out\n")

    @pytest.mark.parametrize(
        "change",
        [
            {"annual_rate_percent": "10000", "frequency": "day", "installments": 1200},
            {"annual_rate_percent": "0", "fees": []},
            {"principal": "0.01", "fees": []},
            {"principal": "999999999999999", "installments": 1200},
            {
                "method": "graduated",
                "step_percent": "1.123456789012",
                "step_every": 1,
                "installments": 1200,
            },
        ],
    )
    def test_odd_but_lawful_terms_answer(self, change: dict[str, Any]) -> None:
        result = run("quote", {**TERMS, **change}, "--json")
        assert result.exit_code in (0, 2)
        assert result.exception is None or isinstance(result.exception, SystemExit)
