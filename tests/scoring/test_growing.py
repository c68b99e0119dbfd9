"""Two workers learn what one process learns, from files that neither holds whole."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from cli.grow import grow as command
from kit.errors import DomainError
from scoring import cluster, model
from scoring.model.manifest import Column
from scoring.model.native import Booster
from scoring.training import distributed, growing, guards, metrics
from scoring.training.tables import DataUnreadable
from tests.scoring import cases

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NAMES = ("late", "income", "debts", "noise")
SETTINGS = {
    "objective": "binary",
    "metric": "binary_logloss",
    "num_leaves": 7,
    "learning_rate": 0.1,
    "feature_fraction": 0.5,
    "lambda_l2": 5,
    "min_data_in_leaf": 1,
    "min_sum_hessian_in_leaf": 5.0,
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


def table(rows: int, seed: int) -> tuple[Floats, Ints]:
    """Risk grows with what was late, in waves: a direction has something to forbid."""
    dice = np.random.default_rng(seed)
    drawn = dice.normal(size=(rows, len(NAMES)))
    drawn[:, 2] = dice.integers(0, 9, rows)
    odds = drawn[:, 0] + np.sin(4 * drawn[:, 0]) - drawn[:, 1] * (drawn[:, 2] > 4) - 1.2
    bad = dice.random(rows) < 1 / (1 + np.exp(-odds))
    drawn[dice.random(drawn.shape) < 0.1] = np.nan
    return drawn, bad.astype(np.int64)


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with cluster.connect(workers=2) as found:
        yield found


ROWS, BAD = table(4_000, 3)
HELD = table(1_000, 4)


def boosted(client: Any, workers: int, **settings: Any) -> Booster:
    addresses = distributed.addresses(client)[:workers]
    shards = {
        address: [
            client.scatter((ROWS[n::workers], BAD[n::workers]), workers=[address], hash=False)
        ]
        for n, address in enumerate(addresses)
    }
    text = distributed.boost(
        client,
        shards,
        bins=ROWS[::2],
        held=HELD,
        settings={**SETTINGS, **settings},
        rounds=40,
        patience=10,
    )
    return Booster(text)


class TestTwoWorkers:
    def test_learn_the_same_as_one(self, client: Any) -> None:
        one, two = (boosted(client, workers, lambda_l2=0).raw_scores(HELD[0]) for workers in (1, 2))
        assert metrics.auc(HELD[1], one) > 0.7
        np.testing.assert_allclose(two, one, rtol=0, atol=1e-6)
        assert metrics.auc(HELD[1], two) == pytest.approx(metrics.auc(HELD[1], one), abs=1e-6)

    def test_obey_directions_and_rank_as_well(self, client: Any) -> None:
        """LightGBM alone gives up a column below a node that it could not split; its workers look
        again. So the trees differ, and what was asked for holds in both."""
        directions = {"monotone_constraints": [1, 0, 0, 0]}
        one, two = (boosted(client, workers, **directions) for workers in (1, 2))
        for row in HELD[0][:50]:
            rows = np.repeat(row[None, :], 40, axis=0)
            rows[:, 0] = np.linspace(-3, 3, 40)
            assert np.diff(two.raw_scores(rows)).min() >= 0
        found = metrics.auc(HELD[1], two.raw_scores(HELD[0]))
        assert found == pytest.approx(metrics.auc(HELD[1], one.raw_scores(HELD[0])), abs=0.01)

    def test_may_learn_from_the_same_rows_again_at_once(self, client: Any) -> None:
        first, *others = (boosted(client, 1).raw_scores(HELD[0]) for _ in range(4))
        for other in others:
            np.testing.assert_array_equal(other, first)


@pytest.fixture(scope="module")
def sample(client: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of few rows: what `kopa model train` leaves."""
    folder = tmp_path_factory.mktemp("sample") / "model"
    [address, _] = distributed.addresses(client)
    text = distributed.boost(
        client,
        {address: [client.scatter(table(300, 5), workers=[address], hash=False)]},
        bins=ROWS,
        held=HELD,
        settings=SETTINGS,
        rounds=10,
        patience=10,
    )
    columns = tuple(Column(name, 1 if name == "late" else 0) for name in NAMES)
    cases.write(folder, text, columns, training={"configurations": ["leaves7"]})
    (folder / "README.md").write_text("# Of the sample\n")
    return folder


def csv_files(folder: Path, count: int = 3, **odd: str) -> list[Path]:
    files = []
    for number in range(count):
        rows, bad = table(1_500, 10 + number)
        lines = [",".join((*NAMES, "bad"))]
        for row, outcome in zip(rows, bad, strict=True):
            cells = ["" if np.isnan(value) else repr(float(value)) for value in row]
            lines.append(",".join((*cells, odd.get("outcome", str(outcome)))))
        files.append(folder / f"part-{number}.csv")
        files[-1].write_text("\n".join(lines) + "\n")
    return files


class TestGrow:
    def test_learns_from_all_files(self, client: Any, sample: Path, tmp_path: Path) -> None:
        grown = growing.grow(client, sample, csv_files(tmp_path), None, tmp_path / "out")

        assert (grown.rows, grown.workers) == (3 * 1_350, 2)
        assert grown.auc > grown.auc_before
        loaded = model.load(tmp_path / "out")
        assert loaded.sha256 == grown.model.sha256 != model.load(sample).sha256
        assert loaded.manifest.training["grown"] == {
            "rows": 4_050,
            "bad": loaded.manifest.training["grown"]["bad"],
            "files": 3,
        }
        pds = loaded.pds(HELD[0])
        assert float(pds.mean()) == pytest.approx(float(HELD[1].mean()), abs=0.05)
        card = (tmp_path / "out" / "README.md").read_text()
        assert card.startswith("# Of the sample")
        assert "4,050 rows" in card

    @pytest.mark.parametrize(
        ("change", "refusal"),
        [
            ({"outcome": "2"}, guards.TargetNotBinary),
            ({"outcome": "0"}, growing.TooFewHeldOut),
            ({"count": 0}, DataUnreadable),
        ],
    )
    def test_refuses_and_writes_nothing(
        self,
        client: Any,
        sample: Path,
        tmp_path: Path,
        change: dict[str, Any],
        refusal: type[DomainError],
    ) -> None:
        files = csv_files(tmp_path, **change) or [tmp_path / "none.csv"]
        with pytest.raises(refusal):
            growing.grow(client, sample, files, "bad", tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_goes_to_a_dask_that_is_there(self, client: Any, sample: Path, tmp_path: Path) -> None:
        files = map(str, csv_files(tmp_path))
        address = client.scheduler.address
        arguments = [str(sample), *files, "--dask", address, "--out", str(tmp_path / "out")]
        ran = CliRunner().invoke(command, [*arguments, "--json"])
        assert ran.exit_code == 0, ran.stderr
        assert json.loads(ran.stdout)["workers"] == 2

    def test_says_that_no_dask_is_there(
        self, sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cluster, "PATIENCE", "500ms")
        arguments = [str(sample), "x.csv", "--dask", "tcp://127.0.0.1:9", "--out", str(tmp_path)]
        ran = CliRunner().invoke(command, arguments)
        assert ran.exit_code == 2
        assert "no Dask scheduler" in ran.stderr
