"""`kopa model train`: a risk model from your own loans."""

from collections.abc import Callable
from pathlib import Path

import click

from cli import documents, model_using
from cli.in_one_line import in_one_line
from cli.model_using import FILE, FOLDER
from kit.errors import DomainError


@click.command()
@click.argument("data")
@click.option("--target", required=True, help="Column that is 1 for a bad loan, 0 for a good one.")
@click.option("--time", help="Column that orders the rows in time: adds an out-of-time test.")
@click.option("--monotone", type=FILE, help="YAML file: column: 1, -1 or 0.")
@click.option("--mapping", type=FILE, help="YAML file: how columns become Kopa's features.")
@click.option("--without", multiple=True, help="Column that is not to be looked at.")
@click.option("--group", "groups", multiple=True, help="Column to compare groups by, no more.")
@click.option("--rejects", help="File of applicants who were turned away: guess their outcomes.")
@click.option(
    "--class-weight", type=click.Choice(["balanced"]),
    help="All bad rows count as much as all good ones; probabilities are calibrated after it.",
)  # fmt: skip
@click.option("--name", default="model", show_default=True, help="Name on the model card.")
@click.option("--out", type=FOLDER, required=True, help="Folder for the model.")
@click.option("--json", "as_json", is_flag=True, help="Print a machine-readable result.")
@in_one_line
def train(
    data: str,
    target: str,
    time: str | None,
    monotone: Path | None,
    mapping: Path | None,
    without: tuple[str, ...],
    groups: tuple[str, ...],
    rejects: str | None,
    class_weight: str | None,
    name: str,
    out: Path,
    as_json: bool,
) -> None:
    """Train on DATA (CSV or Parquet, `-` for CSV on standard input)."""
    from scoring.training import artifacts, metrics, resuming, run, tables, tradeoff, trends
    from scoring.training import mapping as mappings

    artifacts.ensure_writable(out)
    chosen = mappings.read(mapping) if mapping else None
    words = chosen.words if chosen else ()
    wishes = run.Wishes(
        target=target,
        time=time,
        monotone=trends.read(monotone),
        mapping=chosen,
        name=name,
        without=without,
        groups=groups,
        rejects=tables.read(rejects, words) if rejects else None,
        balanced=class_weight is not None,
    )
    table = tables.read(data, words)
    kept = resuming.beside(out, table.sha256, wishes.to_json())
    if kept.found:
        click.echo(f"Going on where an earlier run stopped: {kept.found} parts are done.", err=True)
    try:
        with _Progress() as report:
            result = run.train(table, wishes, report, kept)
    except DomainError:
        kept.forget()  # It would be refused again.
        raise
    written = artifacts.write(result, out)
    kept.forget()
    document = {
        "folder": str(out),
        "model_sha256": written.sha256,
        "rows": result.training["rows"],
        "bad_rate": result.training["bad_rate"],
        "columns": list(written.names),
        "notes": list(result.notes),
        "cross_validated": metrics.to_json(result.cross_validated),
        "out_of_time": metrics.to_json(result.out_of_time) if result.out_of_time else None,
        "tradeoff": result.tradeoff.to_json(),
    }
    if as_json:
        documents.write(document)
        return
    for note in result.notes:
        click.echo(note)
    model_using.table(result.cross_validated, result.out_of_time)
    click.echo("\n" + "\n".join(tradeoff.lines(result.tradeoff)) + "\n")
    click.echo(f"Written to {out}: {artifacts.CARD_FILE} is the model card.")


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
