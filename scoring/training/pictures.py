"""The model card's pictures: ranking, calibration, and where the scores lie."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.training import metrics

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
GOOD, BAD, LINE = "#3b7dd8", "#d1495b", "#888888"


def draw(folder: Path, y: Ints, pds: Floats) -> None:
    """Write roc.png, calibration.png and distribution.png."""
    _roc(folder / "roc.png", y, pds)
    _calibration(folder / "calibration.png", y, pds)
    _distribution(folder / "distribution.png", y, pds)


def _roc(path: Path, y: Ints, pds: Floats) -> None:
    false_rate, true_rate = metrics.roc(y, pds)
    with _axes(path, "Bad loans caught", "share of good loans refused", "share of bad ones") as ax:
        ax.plot(false_rate, true_rate, color=GOOD, label=f"AUC {metrics.auc(y, pds):.3f}")
        ax.plot([0, 1], [0, 1], color=LINE, linestyle="--", label="by chance")
        ax.legend(loc="lower right")


def _calibration(path: Path, y: Ints, pds: Floats) -> None:
    bins = metrics.reliability(y, pds)
    stated, seen = [b[0] for b in bins], [b[1] for b in bins]
    top = max(*stated, *seen) * 1.1
    with _axes(path, "Does it mean what it says?", "stated probability", "bad rate seen") as ax:
        ax.plot([0, top], [0, top], color=LINE, linestyle="--", label="perfect")
        ax.plot(stated, seen, color=GOOD, marker="o", label="tenths of the rows")
        ax.legend(loc="upper left")


def _distribution(path: Path, y: Ints, pds: Floats) -> None:
    edges = np.linspace(0, max(float(pds.max()), 0.01), 31)
    with _axes(path, "Where the scores lie", "stated probability", "share of the rows") as ax:
        for label, color, rows in (("good", GOOD, y == 0), ("bad", BAD, y == 1)):
            weights = np.full(int(rows.sum()), 1 / len(y))
            ax.hist(pds[rows], edges, weights=weights, color=color, alpha=0.6, label=label)
        ax.legend()


@contextmanager
def _axes(path: Path, title: str, x: str, y: str) -> Iterator[Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 3.6), layout="tight")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    yield axes
    # Without the library's version in the file, a new release does not change every picture.
    figure.savefig(path, dpi=90, metadata={"Software": None})
