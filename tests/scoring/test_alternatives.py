"""The least discriminating alternative among models that are as good."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from cli.main import kopa

ROWS = 900


@pytest.fixture(scope="module")
def loans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`district` says who is who and, income known, nothing of the risk; income says the risk."""
    dice = np.random.default_rng(3)
    sex = dice.choice(["f", "m"], ROWS)
    income = dice.normal(size=ROWS)
    debts = dice.normal(size=ROWS)
    district = np.where(sex == "f", 1.0, 0.0) + dice.normal(0, 0.25, ROWS)
    odds = -1.2 - 1.1 * income + 0.8 * debts + 0.25 * (sex == "f")
    bad = dice.random(ROWS) < 1 / (1 + np.exp(-odds))
    path = tmp_path_factory.mktemp("data") / "loans.csv"
    rows = zip(income, debts, district, sex, bad.astype(int), strict=True)
    lines = [f"{i:.4f},{d:.4f},{z:.4f},{s},{b}" for i, d, z, s, b in rows]
    path.write_text("income,debts,district,sex,bad\n" + "\n".join(lines) + "\n")
    return path


def test_leaves_out_what_only_tells_the_groups_apart(loans: Path) -> None:
    arguments = ["model", "alternatives", str(loans), "--target", "bad", "--group", "sex"]

    result = CliRunner().invoke(kopa, [*arguments, "--json"])

    assert result.exit_code == 0, result.output
    tried = json.loads(result.stdout)
    (chosen,) = [each for each in tried if each["is_chosen"]]
    best = max(tried, key=lambda each: each["auc"])
    assert tried[0] == chosen
    assert chosen["auc"] >= best["auc"] - 0.005
    assert chosen["gap"] == min(each["gap"] for each in tried if each["is_as_good"])
    assert any("district" in each["left_out"] and each["is_as_good"] for each in tried)
    assert not any("income" in each["left_out"] and each["is_as_good"] for each in tried)
    for each in tried:
        assert each["gap_low"] <= each["gap"] <= each["gap_high"] or each["gap"] < 0.05
        assert 0 < each["ratio"] <= 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--target", "bad", "--group", "tribe"], "no column tribe"),
        (["--target", "bad", "--group", "sex", "--without", "distrct"], "no column distrct"),
        (["--target", "sex", "--group", "district"], "must be 0 (good) or 1 (bad)"),
    ],
)
def test_refuses_in_one_sentence(loans: Path, arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(kopa, ["model", "alternatives", str(loans), *arguments])

    assert result.exit_code == 2
    assert said in result.output


def test_copies_of_a_row_make_no_group_large(tmp_path: Path) -> None:
    path = tmp_path / "copied.csv"
    dice = np.random.default_rng(4)
    pairs = dice.normal(size=(240, 2))
    rows = [f"{i},{d},{n % 3 == 0:d},{'ab'[n < 40]}" for n, (i, d) in enumerate(pairs)]
    path.write_text("income,debts,bad,sex\n" + "\n".join(rows * 2) + "\n")
    arguments = ["model", "alternatives", str(path), "--target", "bad", "--group", "sex"]

    result = CliRunner().invoke(kopa, arguments)

    assert "does not have two groups of 50 rows" in result.output


def test_refuses_groups_that_are_too_small(tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    rows = [f"{n % 17},{n % 3 == 0:d},{'b' if n < 20 else 'a'}" for n in range(200)]
    path.write_text("income,bad,sex\n" + "\n".join(rows) + "\n")
    arguments = ["model", "alternatives", str(path), "--target", "bad", "--group", "sex"]

    result = CliRunner().invoke(kopa, arguments)

    assert result.exit_code == 2
    assert "does not have two groups of 50 rows" in result.output
