"""A column of groups is compared on the model card and never learned from."""

import json
from pathlib import Path

import numpy as np
from click.testing import CliRunner

from cli.main import kopa
from scoring.training import grouping
from scoring.training.tables import Table


def test_card_compares_groups_and_the_model_has_not_seen_them(tmp_path: Path) -> None:
    dice = np.random.default_rng(5)
    rows = 400
    sex, income = dice.choice(["f", "m"], rows), dice.normal(size=rows)
    age = dice.integers(18, 80, rows)
    bad = dice.random(rows) < 1 / (1 + np.exp(0.8 + 1.3 * income))
    lines = [f"{i:.3f},{s},{a},{b:d}" for i, s, a, b in zip(income, sex, age, bad, strict=True)]
    data, out = tmp_path / "loans.csv", tmp_path / "model"
    data.write_text("income,sex,age,bad\n" + "\n".join(lines) + "\n")
    arguments = [
        "model", "train", str(data), "--target", "bad", "--group", "sex", "--group", "age",
        "--out", str(out),
    ]  # fmt: skip

    result = CliRunner().invoke(kopa, arguments)

    assert result.exit_code == 0, result.output
    card = (out / "README.md").read_text()
    assert "## Fairness" in card
    assert "By sex (400 of 400 rows known), against" in card
    assert "| over " in card
    manifest = json.loads((out / "manifest.json").read_text())
    assert [column["name"] for column in manifest["columns"]] == ["income"]
    assert set(manifest["training"]["spread"]["features"]) == {"income"}
    assert sum(manifest["training"]["spread"]["scores"]["counts"].values()) == rows


def test_numbers_fall_into_bands_and_codes_do_not() -> None:
    table = Table({"age": np.arange(100.0), "sex": np.array([1.0, 2.0, np.nan] * 33)}, 99, "")

    assert len(set(grouping.members("age", table))) == 4
    assert set(grouping.members("sex", table)) == {"1", "2", None}
