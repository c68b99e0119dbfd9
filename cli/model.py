"""`kopa model`: train a risk model on your own loans, measure it, score a file with it."""

import json
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from kit.errors import DomainError

P = ParamSpec("P")
R = TypeVar("R")
_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)


class ToolsMissing(click.ClickException):
    exit_code = 2

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not installed: this command needs `pip install kopa[train]`")


class Refused(click.ClickException):
    exit_code = 2


def _in_one_line(command: Callable[P, R]) -> Callable[P, R]:
    """Anticipated refusals end the command with one sentence and exit code 2."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except DomainError as error:
            raise Refused(str(error)) from None
        except ModuleNotFoundError as error:
            raise ToolsMissing(error.name or "a library") from None

    return run


@click.group()
def model() -> None:
    """Risk models: train, evaluate, score."""


@model.command()
@click.argument("data")
@click.option("--target", required=True, help="Column that is 1 for a bad loan, 0 for a good one.")
@click.option("--time", help="Column that orders the rows in time: adds an out-of-time test.")
@click.option("--monotone", type=_FILE, help="YAML file: column: 1, -1 or 0.")
@click.option("--mapping", type=_FILE, help="YAML file: how columns become Kopa's features.")
@click.option("--name", default="model", show_default=True, help="Name on the model card.")
@click.option("--out", type=_FOLDER, required=True, help="Folder for the model.")
@click.option("--json", "as_json", is_flag=True, help="Print a machine-readable result.")
@_in_one_line
def train(
    data: str,
    target: str,
    time: str | None,
    monotone: Path | None,
    mapping: Path | None,
    name: str,
    out: Path,
    as_json: bool,
) -> None:
    """Train on DATA (CSV or Parquet, `-` for CSV on standard input)."""
    from scoring.training import artifacts, metrics, run, tables, trends
    from scoring.training import mapping as mappings

    artifacts.ensure_writable(out)
    wishes = run.Wishes(
        target=target,
        time=time,
        monotone=trends.read(monotone),
        mapping=mappings.read(mapping) if mapping else None,
        name=name,
    )
    table = tables.read(data)
    with _Progress() as report:
        result = run.train(table, wishes, report)
    written = artifacts.write(result, out)
    document = {
        "folder": str(out),
        "model_sha256": written.sha256,
        "rows": result.training["rows"],
        "bad_rate": result.training["bad_rate"],
        "columns": list(written.names),
        "notes": list(result.notes),
        "cross_validated": metrics.to_json(result.cross_validated),
        "out_of_time": metrics.to_json(result.out_of_time) if result.out_of_time else None,
    }
    if as_json:
        click.echo(json.dumps(document, indent=2))
        return
    for note in result.notes:
        click.echo(note)
    _table(result.cross_validated, result.out_of_time)
    click.echo(f"Written to {out}: {artifacts.CARD_FILE} is the model card.")


@model.command()
@click.argument("folder", type=_FOLDER)
@click.argument("data")
@click.option("--target", help="Column with the outcome, when it has another name now.")
@click.option("--mapping", type=_FILE, help="Another mapping than the model's own.")
@click.option("--min-auc", type=float, help="Exit with 1 when the AUC is below this.")
@click.option("--json", "as_json", is_flag=True)
@_in_one_line
def evaluate(
    folder: Path,
    data: str,
    target: str | None,
    mapping: Path | None,
    min_auc: float | None,
    as_json: bool,
) -> None:
    """Measure the model in FOLDER on DATA with known outcomes."""
    from scoring.training import mapping as mappings
    from scoring.training import metrics, tables, using

    chosen = mappings.read(mapping) if mapping else None
    found = using.evaluate(folder, tables.read(data), target=target, mapping=chosen)
    if as_json:
        document = {
            "rows": found.rows,
            "bad": found.bad,
            "stated_bad_rate": round(found.stated_bad_rate, 6),
            "is_training_data": found.is_training_data,
            "metrics": metrics.to_json(found.measured),
        }
        click.echo(json.dumps(document, indent=2))
    else:
        click.echo(f"{found.rows} rows, {found.bad} bad; stated {found.stated_bad_rate:.1%}")
        if found.is_training_data:
            click.echo("The model was trained on this very file: these numbers flatter it.")
        _table(found.measured, None)
    if min_auc is not None and found.measured["auc"].value < min_auc:
        click.echo(f"AUC {found.measured['auc'].value:.4f} is below {min_auc}", err=True)
        sys.exit(1)


@model.command()
@click.argument("folder", type=_FOLDER)
@click.argument("data")
@click.option("--mapping", type=_FILE, help="Another mapping than the model's own.")
@click.option("--json", "as_json", is_flag=True)
@_in_one_line
def score(folder: Path, data: str, mapping: Path | None, as_json: bool) -> None:
    """Probability for each row of DATA, and what moved it most."""
    from scoring.training import mapping as mappings
    from scoring.training import tables, using

    chosen = mappings.read(mapping) if mapping else None
    scored = using.score(folder, tables.read(data), mapping=chosen)
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


def _table(first: dict[str, Any], second: dict[str, Any] | None) -> None:
    for name, value in first.items():
        later = f"   out of time {_shown(second[name])}" if second else ""
        click.echo(f"{name:>9}  {_shown(value)}{later}")


def _shown(estimate: Any) -> str:
    return f"{estimate.value:.4f} [{estimate.low:.4f}, {estimate.high:.4f}]"


class _Progress:
    """A bar on standard error; nothing where nobody looks."""

    def __enter__(self) -> Callable[[str, int, int], None]:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._bar.start()
        self._task = self._bar.add_task("reading", total=None)
        return self._report

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def _report(self, what: str, done: int, total: int) -> None:
        self._bar.update(self._task, description=what, completed=done, total=total)
