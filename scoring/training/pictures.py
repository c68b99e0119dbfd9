"""The pictures of a model card, and several models side by side."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scoring.training import metrics, tradeoff
from scoring.training.dependence import Dependence
from scoring.training.stability import Period
from scoring.training.tradeoff import Tradeoff

if TYPE_CHECKING:
    from scoring.training.using import Evaluation

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
GOOD, BAD, LINE = "#3b7dd8", "#d1495b", "#888888"
COLORS = (GOOD, "#e08e2b", "#4a9c5d", "#8d5fbd", BAD, "#5c6b73", "#b8a11e")
_SIZE = (4.8, 3.8)
_COLUMNS = 3


def side_by_side(path: Path, models: "Sequence[tuple[str, Evaluation]]") -> None:
    """Ranking, calibration and trade-off of every model in one picture."""
    with _sheet(path, 3, columns=3) as (ranking, calibration, bad_rates):
        _label(ranking, "Bad loans caught", "share of good loans refused", "share of bad caught")
        _label(calibration, "Stated and seen", "stated probability", "bad rate seen")
        _label_tradeoff(bad_rates)
        top = 0.0
        for number, (name, found) in enumerate(models):
            color = COLORS[number % len(COLORS)]
            curve = metrics.roc(found.y, found.pds)
            area = metrics.auc(found.y, found.pds)
            ranking.plot(*curve, color=color, label=f"{name}, AUC {area:.3f}")
            top = max(top, _plot_bins(calibration, found.y, found.pds, color, name))
            _plot_curve(bad_rates, found.tradeoff, "by_count", color, name)
        ranking.plot([0, 1], [0, 1], color=LINE, linestyle="--", label="by chance")
        calibration.plot([0, top], [0, top], color=LINE, linestyle="--", label="perfect")
        for axes in (ranking, calibration, bad_rates):
            axes.legend(fontsize=8)


def roc(path: Path, y: Ints, pds: Floats) -> None:
    with _axes(path) as ax:
        _label(ax, "Bad loans caught", "share of good loans refused", "share of bad loans caught")
        ax.plot(*metrics.roc(y, pds), color=GOOD, label=f"AUC {metrics.auc(y, pds):.3f}")
        ax.plot([0, 1], [0, 1], color=LINE, linestyle="--", label="by chance")
        ax.legend(loc="lower right")


def calibration(path: Path, y: Ints, pds: Floats) -> None:
    with _axes(path) as ax:
        _label(ax, "Does it mean what it says?", "stated probability", "bad rate seen")
        top = _plot_bins(ax, y, pds, GOOD, "tenths of the rows")
        ax.plot([0, top], [0, top], color=LINE, linestyle="--", label="perfect")
        ax.legend(loc="upper left")


def distribution(path: Path, y: Ints, pds: Floats) -> None:
    edges = np.linspace(0, max(float(np.quantile(pds, 0.995)), 0.01), 31)
    with _axes(path) as ax:
        _label(ax, "Where the scores lie", "stated probability", "share of the rows")
        for label, color, rows in (("good", GOOD, y == 0), ("bad", BAD, y == 1)):
            weights = np.full(int(rows.sum()), 1 / len(y))
            inside = np.minimum(pds[rows], edges[-1])
            ax.hist(inside, edges, weights=weights, color=color, alpha=0.6, label=label)
        ax.legend()


def deciles(path: Path, y: Ints, pds: Floats) -> None:
    bins = metrics.reliability(y, pds)
    places = np.arange(1, len(bins) + 1)
    with _axes(path) as ax:
        _label(
            ax, "Bad rate by tenth", "tenth of the rows, safest first, and its bad rate", "bad rate"
        )
        seen = [seen for _, seen, _ in bins]
        ax.bar(places, seen, color=BAD, alpha=0.75, label="seen")
        stated = [stated for stated, _, _ in bins]
        ax.plot(places, stated, color=GOOD, marker="o", markersize=4, label="stated")
        shown = [f"{place}\n{rate:.1%}" for place, rate in zip(places, seen, strict=True)]
        ax.set_xticks(places, shown, fontsize=7.5)
        ax.legend(loc="upper left")


def curve(path: Path, found: Tradeoff) -> None:
    """Bad rate among the approved, by count and by amount, with its intervals."""
    with _axes(path) as ax:
        _label_tradeoff(ax)
        _plot_curve(ax, found, "by_count", BAD, "by count", band=True)
        _plot_curve(ax, found, "by_amount", GOOD, "by amount, graded limits", band=True)
        for reached, color in ((found.by_count, BAD), (found.by_amount, GOOD)):
            ax.plot([reached.value], [tradeoff.WANTED], color=color, marker="o", zorder=3)
            ax.annotate(
                f"{reached.value:.0%}", (reached.value, tradeoff.WANTED), color=color,
                xytext=(0, -14), textcoords="offset points", ha="center", fontsize=9,
            )  # fmt: skip
        ax.legend(loc="upper left")


def curves(path: Path, found: Mapping[str, Tradeoff]) -> None:
    """Several sets of loans, by count and by amount."""
    with _sheet(path, 2, columns=2) as (by_count, by_amount):
        _label_tradeoff(by_count)
        _label_tradeoff(by_amount)
        by_count.set_title("Bad loans", fontsize=11)
        by_amount.set_title("Bad money, limits graded by risk", fontsize=11)
        for color, (name, curve) in zip(cycle(COLORS), found.items(), strict=False):
            _plot_curve(by_count, curve, "by_count", color, f"{name} {curve.by_count.value:.0%}")
            label = f"{name} {curve.by_amount.value:.0%}"
            _plot_curve(by_amount, curve, "by_amount", color, label)
        for axes in (by_count, by_amount):
            axes.legend(fontsize=8, title=f"approved at {tradeoff.WANTED:.0%}", title_fontsize=8)


def dependence(path: Path, found: Sequence[Dependence]) -> None:
    """The strongest columns, on one scale: what moves the probability, and which way."""
    reached = [pd for one in found for pd in (*one.pds, one.missing or 0.0)]
    with _sheet(path, len(found), columns=_COLUMNS) as sheet:
        for ax, one in zip(sheet, found, strict=True):
            _label(ax, one.column[:34], "", "mean probability")
            ax.set_ylim(0, max(reached) * 1.12)
            places = range(len(one.labels)) if one.labels else one.values
            style = {"linestyle": "none"} if one.labels else {}
            ax.plot(places, one.pds, color=GOOD, marker="o", markersize=4, **style)
            ax.xaxis.set_major_formatter("{x:g}")
            if one.labels:
                shown = [label[:14] for label in one.labels]
                ax.set_xticks(list(places), shown, rotation=45, ha="right", fontsize=7)
            if one.missing is not None:
                ax.axhline(one.missing, color=LINE, linestyle=":", label="missing")
                ax.legend(fontsize=8)


def stability(path: Path, periods: Sequence[Period]) -> None:
    begins, places = [period.begins for period in periods], range(len(periods))
    with _sheet(path, 2, columns=2) as (rates, ranks):
        _label(rates, "Bad rate over time", "", "share of the rows")
        rates.plot(places, [p.seen for p in periods], color=BAD, marker="o", label="seen")
        rates.plot(places, [p.stated for p in periods], color=GOOD, marker="o", label="stated")
        rates.set_ylim(0)
        rates.legend()
        _label(ranks, "Ranking over time", "", "AUC")
        ranks.plot(places, [p.auc for p in periods], color=GOOD, marker="o")
        ranks.axhline(0.5, color=LINE, linestyle="--", label="by chance")
        ranks.yaxis.set_major_formatter("{x:.2f}")
        ranks.legend()
        for ax in (rates, ranks):
            ax.set_xticks(places, begins, rotation=35, ha="right", fontsize=8)


def _plot_bins(ax: Any, y: Ints, pds: Floats, color: str, label: str) -> float:
    """Stated and seen per tenth of the rows; the largest of all."""
    bins = metrics.reliability(y, pds)
    stated, seen = [b[0] for b in bins], [b[1] for b in bins]
    ax.plot(stated, seen, color=color, marker="o", markersize=4, label=label)
    return max(*stated, *seen) * 1.1


def _label_tradeoff(ax: Any) -> None:
    bad = f"bad among the approved ({tradeoff.POPULATION:.0%} of all)"
    _label(ax, "The more approved, the more bad", "applicants approved", bad)
    ax.yaxis.set_major_formatter(_percent(0))
    ax.axhline(tradeoff.WANTED, color=LINE, linestyle="--", linewidth=1)
    ax.set_xlim(0, 1)
    ax.set_ylim(0, tradeoff.POPULATION * 1.08)


def _plot_curve(
    ax: Any, found: Tradeoff, name: str, color: str, label: str, *, band: bool = False
) -> None:
    # The first few applicants decide little, and swing much.
    shown = [point for point in found.points if point.approved >= 0.05]
    approved = [point.approved for point in shown]
    values = [getattr(point, name) for point in shown]
    ax.plot(approved, [value.value for value in values], color=color, label=label)
    if band:
        low, high = [value.low for value in values], [value.high for value in values]
        ax.fill_between(approved, low, high, color=color, alpha=0.18, linewidth=0)


def _label(ax: Any, title: str, x: str, y: str) -> None:
    ax.set_title(title, fontsize=11)
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    ax.grid(alpha=0.25)
    ax.xaxis.set_major_formatter(_percent())
    ax.yaxis.set_major_formatter(_percent())


def _percent(decimals: int | None = None) -> Any:
    from matplotlib.ticker import PercentFormatter

    return PercentFormatter(1, decimals)


@contextmanager
def _axes(path: Path) -> Iterator[Any]:
    with _sheet(path, 1, columns=1) as (axes,):
        yield axes


@contextmanager
def _sheet(path: Path, count: int, *, columns: int) -> Iterator[list[Any]]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    columns = min(columns, count)
    rows = -(-count // columns)
    figure = Figure(figsize=(_SIZE[0] * columns, _SIZE[1] * rows), layout="constrained")
    FigureCanvasAgg(figure)
    yield [figure.add_subplot(rows, columns, n + 1) for n in range(count)]
    for text in figure.findobj(Text):
        # A dollar in the name of a column begins no formula.
        text.set_parse_math(False)
    # Without the library's version in the file, a new release does not change every picture.
    figure.savefig(path, format="png", dpi=90, metadata={"Software": None})
