"""Caps: each number of each pack at its edge, in time and size, and nothing above it accepted."""

from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from servicing import jurisdictions, quotes, rules, terms
from servicing.fields import InvalidTerms
from servicing.jurisdictions import caps, packs
from servicing.jurisdictions.caps import CapPassed, Priced
from servicing.jurisdictions.packs import Measure

DATA = Path(str(jurisdictions.__file__)).parent / "data"
SMALL = {
    "principal": "5000", "currency": "PHP", "annual_rate_percent": "60", "installments": 3,
    "disbursed_on": "2026-05-01",
}  # fmt: skip
PAYDAY = {
    "principal": "300", "currency": "GBP", "annual_rate_percent": "292", "method": "bullet",
    "day_count": "actual/365", "installments": 1, "disbursed_on": "2026-05-01",
}  # fmt: skip


def price(document: dict[str, Any], **product_rules: Any) -> Priced:
    agreed = terms.parse(document)
    return Priced(agreed, quotes.quote(agreed), rules.parse(product_rules, agreed.currency))


def refusal(place: str, document: dict[str, Any], **product_rules: Any) -> dict[str, Any]:
    with pytest.raises(CapPassed) as refused:
        caps.check(packs.parse(place), price(document, **product_rules))
    return refused.value.params


def accepts(place: str, document: dict[str, Any], **product_rules: Any) -> bool:
    caps.check(packs.parse(place), price(document, **product_rules))
    return True


def fee(percent: str) -> dict[str, Any]:
    return {"fees": [{"code": "processing", "percent": percent, "when": "deducted"}]}


class TestPacks:
    def test_there_are_seven(self) -> None:
        assert packs.codes() == ("CN", "GB", "IN", "KE", "MX", "NG", "PH")

    @pytest.mark.parametrize("code", ["CN", "GB", "IN", "KE", "MX", "NG", "PH"])
    def test_each_says_something_and_who_says_it(self, code: str) -> None:
        source = yaml.safe_load((DATA / f"{code.lower()}.yaml").read_text())
        said = [*source["regimes"], *source["duties"], *source.get("households", [])]
        assert said
        assert all(each["source"] and each["url"].startswith("http") for each in said)
        assert source["checked"] <= date(2026, 12, 31)
        assert packs.get(code).code == code

    def test_every_pack_is_described(self) -> None:
        page = (Path(__file__).resolve().parents[3] / "docs" / "jurisdictions.md").read_text()
        for code in packs.codes():
            assert f"`{code}`" in page
            for regime in packs.get(code).regimes:
                assert regime.source in page
                assert regime.start.isoformat() in page

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"currency": "XXX"}, "currency"),
            ({"colour": 1}, "colour"),
            (
                {"regimes": [{"name": "x", "source": "s", "url": "u", "caps": {}}]},
                "regimes[0].from",
            ),
            ({"duties": [{"rule": "Tell it."}]}, "duties[0].source"),
        ],
    )
    def test_a_pack_that_is_not_whole_is_refused(self, change: dict[str, Any], field: str) -> None:
        sound = yaml.safe_load((DATA / "gb.yaml").read_text())
        with pytest.raises(InvalidTerms) as refused:
            packs.read({**sound, **change})
        assert refused.value.field == field

    @pytest.mark.parametrize("text", ["XX", "ph", "", "PH/bank", "CN/", "CN/pawn", 7])
    def test_a_place_that_is_not_known_is_refused(self, text: object) -> None:
        with pytest.raises(InvalidTerms) as refused:
            packs.parse(text)
        assert refused.value.field == "jurisdiction"

    @pytest.mark.parametrize(
        ("place", "income", "share"),
        [
            ("IN", 2_500_000, 5_000),
            ("IN", 2_500_001, None),
            ("NG/bank", 99_000_000, 3_333),
            ("NG", 99_000_000, 3_333),
            ("NG/lender", 99_000_000, None),
            ("KE", 1, None),
        ],
    )
    def test_say_how_much_of_an_income_repayments_may_take(
        self, place: str, income: int, share: int | None
    ) -> None:
        assert packs.parse(place).debt_service_most_bps(income) == share


class TestPhilippines:
    def test_nominal_rate(self) -> None:
        assert accepts("PH", {**SMALL, "annual_rate_percent": "72"})
        said = refusal("PH", {**SMALL, "annual_rate_percent": "72.1"})
        assert said["field"] == "annual_rate_percent"
        assert said["measure"] == Measure.NOMINAL
        assert said["source"] == "SEC Memorandum Circular 14 of 2025"

    def test_effective_rate_counts_fees_and_fell_in_april_2026(self) -> None:
        dear = {**SMALL, **fee("14")}
        said = refusal("PH", dear)
        assert (said["field"], said["value"], said["most"]) == ("fees", "13.4813 %", "12 %")
        assert accepts("PH", {**dear, "disbursed_on": "2026-03-31"})
        assert refusal("PH", {**SMALL, **fee("20"), "disbursed_on": "2026-03-31"})["most"] == "15 %"
        assert accepts("PH", {**SMALL, **fee("20"), "disbursed_on": "2022-03-02"})

    def test_only_small_and_short_loans_are_capped(self) -> None:
        dear = {**SMALL, "annual_rate_percent": "100"}
        assert accepts("PH", {**dear, "principal": "10000.01"})
        assert accepts("PH", {**dear, "installments": 5})
        assert refusal("PH", {**dear, "principal": "10000", "installments": 4})

    def test_late_charges(self) -> None:
        assert accepts("PH", SMALL, late_fee_percent="4")
        assert refusal("PH", SMALL, late_fee_percent="6")["field"] == "rules.late_fee_percent"
        monthly = {"kind": "percent", "percent": "6", "every": "month", "cap_per_loan": "1000"}
        assert refusal("PH", SMALL, penalty=monthly)["field"] == "rules.penalty"
        assert accepts("PH", SMALL, penalty={**monthly, "percent": "4.9"})

    def test_the_total_cost_counts_what_being_late_can_come_to(self) -> None:
        endless = {"kind": "percent", "percent": "4", "every": "month"}
        said = refusal("PH", SMALL, penalty=endless)
        assert (said["field"], said["value"]) == ("rules.penalty", "without limit")
        assert accepts("PH", SMALL, penalty={**endless, "cap_percent_of_principal": "80"})
        assert refusal("PH", SMALL, penalty={**endless, "cap_percent_of_principal": "95"})
        assert accepts("PH", SMALL, penalty=endless, cost_cap_percent_of_principal="100")

    def test_amounts_of_another_currency_cannot_be_compared(self) -> None:
        with pytest.raises(InvalidTerms, match="currency must be PHP"):
            accepts("PH", {**SMALL, "currency": "USD"})


class TestUnitedKingdom:
    def test_cost_a_day(self) -> None:
        assert accepts("GB", PAYDAY)
        said = refusal("GB", {**PAYDAY, "annual_rate_percent": "293"})
        assert (said["field"], said["most"]) == ("annual_rate_percent", "0.8 %")
        assert said["source"] == "FCA Handbook, CONC 5A"
        assert refusal("GB", {**PAYDAY, **fee("1")})["field"] == "fees"

    def test_cost_a_day_is_of_what_is_still_lent(self) -> None:
        paid_down = {**PAYDAY, "method": "equal_principal", "installments": 4}
        value = caps._daily(price({**paid_down, "annual_rate_percent": "292"}))
        assert value == pytest.approx(Fraction("0.8"), rel=1e-3)

    def test_total_cost(self) -> None:
        long = {**PAYDAY, "annual_rate_percent": "292", "method": "interest_only"}
        assert accepts("GB", {**long, "installments": 4})
        said = refusal("GB", {**long, "installments": 5})
        assert said["measure"] == Measure.TOTAL_OF_ADVANCE

    def test_default_fee(self) -> None:
        assert accepts("GB", PAYDAY, late_fee_amount="15")
        said = refusal("GB", PAYDAY, late_fee_amount="15.01")
        assert (said["field"], said["value"]) == ("rules.late_fee_amount", "15.01 GBP")
        twice = {**PAYDAY, "annual_rate_percent": "200", "installments": 2, "method": "declining"}
        assert refusal("GB", twice, late_fee_amount="15")["value"] == "30.00 GBP"

    def test_cheap_or_long_credit_is_free(self) -> None:
        assert accepts("GB", {**PAYDAY, "annual_rate_percent": "60"}, late_fee_amount="40")
        year = {**PAYDAY, "installments": 13, "annual_rate_percent": "400", "method": "declining"}
        assert accepts("GB", year, late_fee_amount="40")
        assert refusal("GB", {**year, "installments": 12})
        assert accepts("GB", {**year, "installments": 12, "disbursed_on": "2015-01-01"})


class TestChina:
    LOAN = {**SMALL, "currency": "CNY", "installments": 12, "annual_rate_percent": "21"}

    def test_all_in_cost(self) -> None:
        for place in ("CN", "CN/bank", "CN/small_loan"):
            assert accepts(place, self.LOAN)
            assert refusal(place, {**self.LOAN, "annual_rate_percent": "22"})["most"] == "24 %"
            assert refusal(place, {**self.LOAN, **fee("2")})["field"] == "fees"

    def test_each_kind_has_its_days(self) -> None:
        dear = {**self.LOAN, "annual_rate_percent": "36"}
        assert accepts("CN", {**dear, "disbursed_on": "2025-09-30"})
        assert refusal("CN/bank", {**dear, "disbursed_on": "2025-10-01"})
        assert accepts("CN/small_loan", {**dear, "disbursed_on": "2025-10-01"})
        later = {**self.LOAN, "disbursed_on": "2028-01-01"}
        assert accepts("CN/bank", later)
        assert refusal("CN/small_loan", later)["most"] == "12 %"
        assert refusal("CN", later)["most"] == "12 %"


class TestBound:
    """The law's cap on the whole cost goes into the rules of the loan, less what was kept back."""

    def test_total_of_the_principal(self) -> None:
        bound = caps.bound(packs.parse("PH"), price({**SMALL, **fee("2")}))
        assert bound.engine == {"cost_cap_percent_of_principal": "98.000000"}
        assert rules.of_engine(bound, "PHP").cost_cap == Fraction("0.98")

    def test_total_of_what_was_handed_over(self) -> None:
        dear = {**PAYDAY, "annual_rate_percent": "200", **fee("2")}
        bound = caps.bound(packs.parse("GB"), price(dear))
        assert bound.engine == {"cost_cap_percent_of_principal": "96.000000"}

    def test_a_lower_cap_of_the_product_stays(self) -> None:
        bound = caps.bound(packs.parse("PH"), price(SMALL, cost_cap_percent_of_principal="50"))
        assert rules.of_engine(bound, "PHP").cost_cap == Fraction("0.5")

    def test_without_a_law_the_rules_stay_as_they_are(self) -> None:
        for place, loan in (("KE", SMALL), ("PH", {**SMALL, "principal": "10001"})):
            assert caps.bound(packs.parse(place), price(loan)) == price(loan).rules


class TestQuote:
    def test_says_field_cap_and_source_in_one_sentence(self) -> None:
        with pytest.raises(CapPassed) as refused:
            caps.quote({**SMALL, "annual_rate_percent": "84", "jurisdiction": "PH"})
        assert str(refused.value) == (
            "annual_rate_percent must be lower: the nominal rate a month is 7 %, above the cap"
            " of 6 % in the Philippines (SEC Memorandum Circular 14 of 2025)"
        )

    @pytest.mark.parametrize("code", ["IN", "KE", "MX", "NG"])
    def test_no_number_is_made_up_where_the_law_has_none(self, code: str) -> None:
        loan = {**SMALL, "annual_rate_percent": "900", "jurisdiction": code}
        assert caps.quote(loan).total_interest


@st.composite
def priced(draw: st.DrawFn) -> tuple[str, dict[str, Any], dict[str, Any]]:
    place, currency = draw(st.sampled_from([("PH", "PHP"), ("GB", "GBP"), ("CN", "CNY")]))
    loan = {
        "principal": str(draw(st.integers(50, 12_000))),
        "currency": currency,
        "annual_rate_percent": str(draw(st.integers(0, 320))),
        "method": draw(st.sampled_from(["declining", "flat", "bullet", "equal_principal"])),
        "frequency": draw(st.sampled_from(["day", "week", "month"])),
        "every": draw(st.integers(1, 20)),
        "installments": draw(st.integers(1, 14)),
        "day_count": draw(st.sampled_from(["actual/365", "30/360"])),
        "disbursed_on": (date(2021, 6, 1) + timedelta(draw(st.integers(0, 3000)))).isoformat(),
    }
    if percent := draw(st.integers(0, 30)):
        loan |= fee(str(percent))
    late: dict[str, Any] = {"late_fee_percent": str(draw(st.integers(0, 8)))}
    if draw(st.booleans()):
        late["penalty"] = {"kind": "percent", "percent": "3", "cap_percent_of_principal": "30"}
    return place, loan, late


@given(priced())
@settings(max_examples=400, deadline=None)
def test_a_cap_is_never_passed_by_what_is_accepted(
    case: tuple[str, dict[str, Any], dict[str, Any]],
) -> None:
    """Measured here from the installments alone, as the law's words say it."""
    place, loan, late = case
    try:
        loan_priced = price(loan, **late)
        caps.check(packs.parse(place), loan_priced)
    except (CapPassed, InvalidTerms):
        return
    start, rows = loan_priced.terms.disbursed_on, loan_priced.quoted.installments
    principal, net = loan_priced.terms.principal.minor, loan_priced.quoted.net_disbursed.minor
    paid, apr = sum(row.due for row in rows), float(loan_priced.quoted.apr["eu"])
    days = (rows[-1].due_on - start).days
    share = Fraction(late["late_fee_percent"]) / 100 + (
        Fraction("0.03") if "penalty" in late else 0
    )
    late_most = sum(int(row.due * share) for row in rows) if "penalty" not in late else 0
    if place == "PH" and start >= date(2026, 4, 1) and principal <= 1_000_000 and days <= 118:
        assert float(loan["annual_rate_percent"]) / 12 <= 6
        assert apr <= 100 * (1.12**12 - 1) + 1e-6
        assert share * 100 <= 5.1
        assert paid - net + late_most <= principal
    if place == "GB" and apr >= 100 and days <= 364:
        assert paid - net + late_most <= net
        assert late_most <= 1_500 + len(rows)
        assert paid - net <= 0.008 * principal * days + 1
    if place == "CN" and start >= date(2025, 12, 24):
        assert apr <= 24
