"""A model is used only when every byte of it is the one its manifest was written for."""

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kit.errors import DomainError
from scoring import features, model
from scoring.model import loading, native, predictor
from scoring.model.calibration import Calibrator, CalibratorUnknown
from scoring.model.manifest import Column, ManifestUnreadable, Probe
from scoring.model.predictor import ColumnMissing, ValueNotANumber
from tests.scoring import cases


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound model that a test may damage."""
    cases.amount_model(tmp_path / "model")
    return tmp_path / "model"


def edit(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = folder / "manifest.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


class TestLoad:
    def test_reads_a_sound_model(self, folder: Path) -> None:
        assert model.load(folder).names == ("amount_to_income", "term_months")

    def test_reads_the_model_in_the_box(self) -> None:
        assert cases.stock().manifest.name == "stock"

    def test_names_the_file_that_is_missing(self, folder: Path) -> None:
        (folder / "model.txt").unlink()

        with pytest.raises(loading.ModelNotFound, match=r"model\.txt is missing"):
            model.load(folder)

    def test_refuses_a_changed_model_file(self, folder: Path) -> None:
        path = folder / "model.txt"
        path.write_text(path.read_text().replace("leaf_value=-", "leaf_value=", 1))

        with pytest.raises(loading.ModelChanged):
            model.load(folder)

    def test_refuses_a_text_that_is_no_model(self, folder: Path) -> None:
        text = "tree\nthis is not a model\n"
        (folder / "model.txt").write_text(text)
        digest = hashlib.sha256(text.encode()).hexdigest()
        edit(folder, lambda d: d["model"].update(sha256=digest))

        with pytest.raises(loading.ModelChanged):
            model.load(folder)

    @pytest.mark.parametrize(
        ("change", "refusal"),
        [
            (lambda d: d["columns"].reverse(), loading.ModelChanged),
            (lambda d: d["columns"][0].update(monotone=-1), loading.ModelChanged),
            (lambda d: d["library"].update(version="3.3.5"), loading.ModelLibraryMismatch),
            (lambda d: d["calibrator"].update(kind="magic"), CalibratorUnknown),
            (lambda d: d["calibrator"].update(slope=-1.0), CalibratorUnknown),
            (lambda d: d["calibrator"].update(slope="steep"), CalibratorUnknown),
            (lambda d: d["calibrator"].pop("slope"), CalibratorUnknown),
            (lambda d: d["calibrator"].update(intercept=0.1), loading.ModelDisagrees),
            (lambda d: d.update(format=99), ManifestUnreadable),
            (lambda d: d.pop("columns"), ManifestUnreadable),
            (lambda d: d["columns"][0].update(color="red"), ManifestUnreadable),
            (lambda d: d["probes"][0].update(pd="much"), ManifestUnreadable),
        ],
    )
    def test_refuses_a_changed_manifest(
        self, folder: Path, change: Callable[[dict[str, Any]], None], refusal: type[DomainError]
    ) -> None:
        edit(folder, change)

        with pytest.raises(refusal):
            model.load(folder)

    def test_refuses_a_manifest_that_is_not_json(self, folder: Path) -> None:
        (folder / "manifest.json").write_text("{")

        with pytest.raises(ManifestUnreadable):
            model.load(folder)

    def test_refuses_a_feature_that_is_defined_otherwise_now(self, folder: Path) -> None:
        text = (folder / "model.txt").read_text()
        columns = (Column("amount_to_income", 1, None, 99), Column("term_months", 1, None, 1))
        cases.write(folder, text, columns)

        with pytest.raises(loading.ModelDefinitionMismatch, match="amount_to_income"):
            model.load(folder)

    def test_refuses_a_model_of_another_width(self, folder: Path) -> None:
        text = (folder / "model.txt").read_text()
        three = tuple(Column(name) for name in ("a", "b", "c"))
        manifest = cases.write(folder, text, three[:2])
        wider = replace(manifest, columns=three, probes=())
        (folder / "manifest.json").write_text(wider.to_text())

        with pytest.raises(loading.ModelChanged, match="number of columns"):
            model.load(folder)

    def test_refuses_a_kept_row_of_another_width(self, folder: Path) -> None:
        text = (folder / "model.txt").read_text()
        cases.write(folder, text, (Column("a"), Column("b")), probes=(Probe((1.0,), 0.123),))

        with pytest.raises(loading.ModelDisagrees, match="Row 0"):
            model.load(folder)

    def test_refuses_when_a_kept_row_gets_another_probability(self, folder: Path) -> None:
        text = (folder / "model.txt").read_text()
        columns = (Column("a"), Column("b"))
        cases.write(folder, text, columns, probes=(Probe((1.0, None), 0.123),))

        with pytest.raises(loading.ModelDisagrees):
            model.load(folder)


class TestPredict:
    def test_equals_the_lightgbm_package_to_the_bit(self, folder: Path) -> None:
        import lightgbm

        theirs = lightgbm.Booster(model_file=str(folder / "model.txt"))
        ours = native.Booster((folder / "model.txt").read_text())
        dice = np.random.default_rng(3)
        rows = dice.uniform(-1, 30, (200, 2))
        rows[::7, 0] = np.nan

        np.testing.assert_array_equal(ours.raw_scores(rows), theirs.predict(rows, raw_score=True))
        np.testing.assert_array_equal(
            ours.contributions(rows), theirs.predict(rows, pred_contrib=True)
        )

    def test_contributions_add_up_to_the_score(self) -> None:
        values = features.values(cases.AMINA, cases.stock().names)
        rows = np.array([cases.stock().row(values)])

        shares = cases.stock().engine.contributions(rows)

        score = float(cases.stock().engine.raw_scores(rows)[0])
        assert math.isclose(shares.sum(), score, abs_tol=1e-9)

    @pytest.mark.parametrize(
        ("column", "value", "expected"),
        [
            (Column("work", levels={"farmer": -1.5}), "farmer", -1.5),
            (Column("work", levels={"farmer": -1.5}), "astronaut", math.nan),
            (Column("work", levels={"farmer": -1.5}), None, math.nan),
            (Column("work", levels={"farmer": -1.5}, fill=-1.0), "astronaut", -1.0),
            (Column("months", fill=6.0), None, 6.0),
            (Column("months", fill=6.0), 0, 0.0),
            (Column("months"), None, math.nan),
        ],
    )
    def test_reads_missing_as_training_knew_it(
        self, column: Column, value: features.Value, expected: float
    ) -> None:
        np.testing.assert_equal(predictor.encode(column, value), expected)

    def test_takes_unknown_work_for_the_middle_not_for_the_worst(self) -> None:
        loaded = cases.stock()
        values = features.values(cases.AMINA, loaded.names)
        rows = [loaded.row({**values, "employment_rank": rank}) for rank in (0, None, 4)]

        worst, unknown, best = loaded.pds(rows)

        assert best < unknown < worst

    def test_refuses_text_for_a_number(self) -> None:
        values = features.values(cases.AMINA, cases.stock().names)

        with pytest.raises(ValueNotANumber, match="term_months"):
            cases.stock().row({**values, "term_months": "long"})

    def test_refuses_a_row_without_a_column(self) -> None:
        with pytest.raises(ColumnMissing, match="term_months"):
            cases.stock().row({})

    def test_refuses_rows_of_another_width(self) -> None:
        with pytest.raises(native.NativeFailure):
            cases.stock().engine.raw_scores(np.zeros((1, 99)))

    def test_never_falls_along_a_monotone_column(self) -> None:
        loaded = cases.stock()
        values = features.values(cases.AMINA, loaded.names)
        rows = [loaded.row({**values, "term_months": months}) for months in range(1, 80)]

        assert (np.diff(loaded.pds(rows)) >= 0).all()


class TestCalibrator:
    def test_moves_the_base_rate_by_log_odds(self) -> None:
        offset = math.log(0.1 / 0.9) - math.log(0.3 / 0.7)
        at_sample_rate = np.array([math.log(0.3 / 0.7)])

        moved = Calibrator(1.0, 0.0, offset)(at_sample_rate)

        assert math.isclose(float(moved[0]), 0.1)
