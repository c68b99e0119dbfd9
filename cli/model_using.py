"""`kopa model evaluate | score | compare`: trained models against a file."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli import documents
from cli.in_one_line import in_one_line

if TYPE_CHECKING:
    from scoring.training.metrics import Estimate
    from scoring.training.using import Evaluation

FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
_TARGET = click.option("--target", help="Column with the outcome, when it has another name now.")
_MAPPING = click.option("--mapping", type=FILE, help="Another mapping than the model's own.")
_PICTURE = click.option("--picture", type=FILE, help="Draw ranking, calibration and trade-off.")
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


@click.command()
@click.argument("folder", type=FOLDER)
@click.argument("data")
@_TARGET
@_MAPPING
@_PICTURE
@click.option("--min-auc", type=float, help="Exit with 1 when the AUC is below this.")
@_AS_JSON
@in_one_line
def evaluate(
    folder: Path,
    data: str,
    target: str | None,
    mapping: Path | None,
    picture: Path | None,
    min_auc: float | None,
    as_json: bool,
) -> None:
    """Measure the model in FOLDER on DATA with known outcomes."""
    from scoring.training import mapping as mappings
    from scoring.training import pictures, tradeoff, using

    chosen = mappings.read(mapping) if mapping else None
    found = using.evaluate(
        folder, using.read(data, folder, mapping=chosen), target=target, mapping=chosen
    )
    if picture is not None:
        pictures.side_by_side(picture, [(folder.name, found)])
    if as_json:
        documents.write(found.to_json())
    else:
        click.echo(f"{found.rows} rows, {found.bad} bad; stated {found.stated_bad_rate:.1%}")
        if found.is_training_data:
            click.echo("The model was trained on this very file: these numbers flatter it.")
        table(found.measured, None)
        click.echo("\n" + "\n".join(tradeoff.lines(found.tradeoff)))
    if min_auc is not None and found.measured["auc"].value < min_auc:
        click.echo(f"AUC {found.measured['auc'].value:.4f} is below {min_auc}", err=True)
        sys.exit(1)


@click.command()
@click.argument("folders", type=FOLDER, nargs=-1, required=True, metavar="MODEL...")
@click.argument("data")
@_TARGET
@_MAPPING
@_PICTURE
@_AS_JSON
@in_one_line
def compare(
    folders: tuple[Path, ...],
    data: str,
    target: str | None,
    mapping: Path | None,
    picture: Path | None,
    as_json: bool,
) -> None:
    """Measure models on the same DATA, and each against the first; one against its scorecard."""
    from scoring.training import comparing, pictures, using
    from scoring.training import mapping as mappings

    chosen = mappings.read(mapping) if mapping else None
    found = comparing.compare(
        folders, using.read(data, *folders, mapping=chosen), target=target, mapping=chosen
    )
    if picture is not None:
        pictures.side_by_side(picture, found.models)
    if as_json:
        documents.write(found.to_json())
        return
    _show_beside(found.models)
    for name in found.flattered:
        click.echo(f"{name} was trained on this very file: its numbers flatter it.")
    for verdict in found.verdicts:
        click.echo(verdict)


@click.command()
@click.argument("folder", type=FOLDER)
@click.argument("data")
@_MAPPING
@_AS_JSON
@in_one_line
def score(folder: Path, data: str, mapping: Path | None, as_json: bool) -> None:
    """Probability for each row of DATA, and what moved it most."""
    from scoring.training import mapping as mappings
    from scoring.training import using

    chosen = mappings.read(mapping) if mapping else None
    scored = using.score(folder, using.read(data, folder, mapping=chosen), mapping=chosen)
    if as_json:
        rows = [
            {
                "row": line.row,
                "pd": line.pd,
                "strongest": [
                    {"feature": c.feature, "log_odds": round(c.log_odds, 6)} for c in line.strongest
                ],
            }
            for line in scored
        ]
        click.echo(json.dumps(rows))
        return
    for line in scored:
        moved = ", ".join(f"{c.feature} {c.log_odds:+.2f}" for c in line.strongest)
        click.echo(f"{line.row:>6}  {line.pd:7.2%}  {moved}")


def table(first: "dict[str, Estimate]", second: "dict[str, Estimate] | None") -> None:
    for name, value in first.items():
        later = f"   out of time {_shown(second[name])}" if second else ""
        click.echo(f"{name:>9}  {_shown(value)}{later}")


def _show_beside(models: "tuple[tuple[str, Evaluation], ...]") -> None:
    from rich.console import Console
    from rich.table import Table

    from scoring.training import tradeoff

    first = models[0][1]
    beside = Table(f"{first.rows:,} rows, {first.bad:,} bad")
    for name, _ in models:
        beside.add_column(name, justify="right")
    for metric in first.measured:
        beside.add_row(metric, *(_shown(found.measured[metric]) for _, found in models))
    beside.add_section()
    curves = [found.tradeoff for _, found in models]
    for points in zip(*(curve.shown for curve in curves), strict=True):
        what = f"bad of {points[0].approved:.0%} approved"
        beside.add_row(what, *(tradeoff.percent(point.by_count) for point in points))
    beside.add_section()
    goal = f"{tradeoff.POPULATION:.0%} bad become {tradeoff.WANTED:.0%} at"
    beside.add_row(goal, *(tradeoff.percent(curve.by_count) for curve in curves))
    beside.add_row("… by amount, at", *(tradeoff.percent(curve.by_amount) for curve in curves))
    Console(width=None if sys.stdout.isatty() else _WIDE).print(beside)


_WIDE = 150


def _shown(estimate: "Estimate") -> str:
    return f"{estimate.value:.4f} [{estimate.low:.4f}, {estimate.high:.4f}]"
