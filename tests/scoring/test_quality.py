"""Inputs: where each comes from, and answers that are suddenly repeated or moved."""

import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from scoring import engine, quality, snapshot
from scoring.features.registry import Value
from scoring.snapshot import Given, Snapshot, Source
from tests.scoring import cases


def asked(rows: int, *, seed: int, income: float = 50_000) -> list[dict[str, Value]]:
    """Incomes as people say them: round ones are common."""
    dice = np.random.default_rng(seed)
    said = dice.normal(income, 15_000, rows)
    return [
        {
            "monthly_income_minor": int(round(each, -4 if n % 2 else -2)),
            "purpose": str(dice.choice(["stock", "school", "home"], p=[0.6, 0.3, 0.1])),
            "term_days": int(dice.choice([30, 90, 180])),
        }
        for n, each in enumerate(said)
    ]


class TestSuspicions:
    def test_hardly_ever_cry_wolf(self) -> None:
        loud = sum(
            bool(quality.suspicions(asked(60, seed=seed), asked(400, seed=seed + 1_000)))
            for seed in range(60)
        )
        assert loud <= 2

    def test_notice_an_answer_that_was_taught(self) -> None:
        taught = [dict(row, monthly_income_minor=71_350) for row in asked(8, seed=1)]

        (found,) = quality.suspicions([*asked(60, seed=2), *taught], asked(400, seed=3))

        assert (found.kind, found.subject) == ("input_repeated", "input:monthly_income_minor")
        assert found.evidence == {"value": "71350", "times": 8, "of": 68, "share_before": 0.0}

    def test_notice_that_all_say_more(self) -> None:
        found = quality.suspicions(asked(120, seed=4, income=80_000), asked(400, seed=5))

        assert ("input_shifted", "input:monthly_income_minor") in {
            (each.kind, each.subject) for each in found
        }
        assert not [each for each in found if each.subject == "input:purpose"]

    def test_say_nothing_before_enough_is_known(self) -> None:
        assert quality.suspicions(asked(60, seed=1), asked(99, seed=2)) == []
        assert quality.suspicions([], asked(400, seed=2)) == []


class TestOrigins:
    @pytest.mark.parametrize(
        ("name", "source", "confidence"),
        [
            ("monthly_income_minor", "typed", None),
            ("existing_loans", "own_books", 1.0),
            ("loans_repaid", "own_books", 1.0),
            ("face_distance", "face_check", 0.9),
            ("document_quality", "document", 0.9),
            ("edits", "behaviour", None),
            ("term_days", "typed", None),
            ("debt_service_most_bps", "law", None),
        ],
    )
    def test_every_input_has_its_source(
        self, name: str, source: str, confidence: float | None
    ) -> None:
        found = {each.name: each for each in quality.origins(cases.AMINA)}

        assert (found[name].source, found[name].confidence) == (source, confidence)

    def test_missing_is_not_zero(self) -> None:
        unknown = cases.asking(monthly_income_minor=None, monthly_obligations_minor=0)

        found = {each.name: each for each in quality.origins(unknown)}

        assert found["monthly_income_minor"].is_missing
        assert not found["monthly_obligations_minor"].is_missing

    def test_an_old_snapshot_has_origins_too(self) -> None:
        bare = Snapshot(
            as_of=cases.AS_OF, application=replace(cases.AMINA.application, purpose=None)
        )

        assert {each.source for each in quality.origins(bare)} >= {"typed", "product", "own_books"}

    def test_tell_how_old_each_input_was(self) -> None:
        earlier = cases.AS_OF - timedelta(days=40, hours=3)
        given = {
            "monthly_income_minor": Given(Source.TYPED, cases.AS_OF - timedelta(minutes=5)),
            "purpose": Given(Source.TYPED, earlier),
            "age_years": Given(Source.DOCUMENT, earlier, 0.5),
        }

        found = {each.name: each for each in quality.origins(replace(cases.AMINA, given=given))}

        assert found["monthly_income_minor"].age_days == 0
        assert (found["purpose"].at, found["purpose"].age_days) == (earlier, 40)
        age = found["age_years"]
        assert (age.source, age.confidence, age.age_days) == ("document", 0.5, 40)
        assert found["loans_repaid"].at == cases.AS_OF
        assert found["face_distance"].at is None  # Nobody kept it.


class TestGiven:
    def test_is_kept_and_decides_nothing(self) -> None:
        given = {"residence": Given(Source.TYPED, cases.AS_OF, 1.0)}
        dated = replace(cases.AMINA, given=given)

        assert snapshot.from_json(json.loads(json.dumps(dated.to_json()))) == dated
        model, policy = cases.stock(), cases.default_policy()
        assert engine.assess(dated, model, policy) == engine.assess(cases.AMINA, model, policy)

    def test_a_snapshot_of_before_is_read_without(self) -> None:
        before = cases.AMINA.to_json()
        del before["given"]

        assert snapshot.from_json(before) == cases.AMINA
