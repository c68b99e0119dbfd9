"""Features by hand-made examples; missing is never zero."""

from dataclasses import replace

import pytest

from scoring import features
from scoring.features import registry
from scoring.snapshot import Application, Behaviour, Employment, History, Snapshot
from tests.scoring import cases


def value(name: str, snapshot: Snapshot) -> features.Value:
    return registry.get(name).compute(snapshot)


class TestGolden:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("term_months", 180 * 12 / 365),
            ("amount_to_income", 0.5),
            ("installment_to_income", 0.1),
            ("obligations_to_income", 0.0),
            ("has_other_obligations", 0),
            ("employment_rank", 2),
            ("purpose", "household"),
            ("age_years", 31),
            ("existing_loans", 0),
            ("repayment_record", 1),
            ("face_verdict", "yes"),
            ("residence", None),
            ("worst_dpd", None),
            ("night_share", None),
        ],
    )
    def test_of_amina(self, name: str, expected: features.Value) -> None:
        assert value(name, cases.AMINA) == expected

    @pytest.mark.parametrize(
        ("history", "open_loans", "expected"),
        [
            (History(), 0, None),
            (History(loans_repaid=0), 0, 1),
            (History(loans_repaid=0), 1, 2),
            (History(loans_repaid=2, worst_dpd=0), 0, 3),
            (History(loans_repaid=2, worst_dpd=15), 0, 3),
            (History(loans_repaid=2, worst_dpd=16), 0, 0),
        ],
    )
    def test_of_the_repayment_record(
        self, history: History, open_loans: int, expected: int | None
    ) -> None:
        snapshot = replace(cases.asking(existing_loans=open_loans), history=history)

        assert value("repayment_record", snapshot) == expected

    def test_takes_obligations_off_income(self) -> None:
        indebted = cases.asking(monthly_obligations_minor=45_000, side_income_minor=15_000)

        assert value("amount_to_income", indebted) == 1.0
        assert value("obligations_to_income", indebted) == 0.75
        assert value("has_other_obligations", indebted) == 1

    def test_is_missing_when_obligations_eat_the_income(self) -> None:
        assert value("amount_to_income", cases.asking(monthly_obligations_minor=60_000)) is None


class TestMissing:
    def test_everything_unknown_is_none(self) -> None:
        bare = Snapshot(
            as_of=cases.AS_OF,
            application=Application("personal", 1_000, "USD", 30, 1),
        )

        known = {name for name in features.names() if value(name, bare) is not None}

        assert known == {"term_months", "product"}


class TestRegistry:
    def test_keeps_the_order_that_was_asked_for(self) -> None:
        wanted = ["purpose", "term_months", "age_years"]

        assert list(features.values(cases.AMINA, wanted)) == wanted

    def test_refuses_an_unknown_name(self) -> None:
        with pytest.raises(features.FeatureUnknown, match="shoe_size"):
            features.values(cases.AMINA, ["shoe_size"])

    def test_refuses_a_name_twice(self) -> None:
        def purpose(snapshot: Snapshot) -> features.Value:
            """Another one."""
            return None

        with pytest.raises(ValueError, match="twice"):
            registry.feature()(purpose)

    def test_every_feature_says_what_it_means(self) -> None:
        for name in features.names():
            found = registry.get(name)
            assert found.meaning.endswith((".", ";")), name
            assert found.monotone in {-1, 0, 1}, name

    def test_employment_ranks_rise_with_time(self) -> None:
        ranks = [value("employment_rank", cases.asking(employment=e)) for e in Employment]

        assert ranks == [0, 1, 2, 3, 4]

    def test_behaviour_reaches_its_features(self) -> None:
        typed = replace(cases.AMINA, behaviour=Behaviour(pasted_answers=3, night_share=0.5))

        assert value("pasted_answers", typed) == 3
        assert value("night_share", typed) == 0.5
