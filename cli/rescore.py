"""`kopa model rescore`: stored snapshots scored again by another model, as many as there are."""

import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from cli import documents
from cli.in_one_line import in_one_line
from kit.errors import DomainError

if TYPE_CHECKING:
    from scoring.rescoring.run import Run
    from scoring.rescoring.sources import Source

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("folder", type=_FOLDER)
@click.argument("data", type=_FILE, required=False)
@click.option("--decisions", is_flag=True, help="Every stored decision, instead of DATA.")
@click.option("--out", type=_FOLDER, required=True, help="Folder for the parts.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["parquet", "csv"]),
    default="parquet",
    show_default=True,
    help="Of the parts: columns id and pd.",
)
@click.option(
    "--part-rows",
    type=click.IntRange(min=1),
    default=50_000,
    show_default=True,
    help="Rows a part.",
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes on this machine.")
@click.option("--dask", help="Address of a Dask scheduler whose workers share the files.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@in_one_line
def rescore(
    folder: Path,
    data: Path | None,
    decisions: bool,
    out: Path,
    form: Literal["parquet", "csv"],
    part_rows: int,
    workers: int | None,
    dask: str | None,
    as_json: bool,
) -> None:
    """Score all rows of DATA again with the model in FOLDER.

    DATA is JSON lines of snapshots, or CSV or Parquet with a column `snapshot` or with the
    model's own columns. After a stop the same command goes on where it was.
    """
    from scoring.rescoring import run as runs

    run = runs.prepare(_source(data, decisions), folder, out, form=form, part_rows=part_rows)
    started = time.monotonic()
    try:
        scored = sum(_shown(run, _each(run, workers, dask)))
    except DomainError:
        run.forget()
        raise
    seconds = time.monotonic() - started
    document = {
        "folder": str(out),
        "model_sha256": run.model_sha256,
        "rows": run.rows,
        "parts": len(run.parts),
        "scored_now": scored,
        "rows_per_second": round(scored / seconds),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    if as_json:
        documents.write(document)
    else:
        click.echo(
            f"{run.rows:,} rows in {len(run.parts)} parts in {out}; {scored:,} of them scored now, "
            f"{document['rows_per_second']:,} a second, {document['peak_memory_mb']} MB at most."
        )


def _source(data: Path | None, decisions: bool) -> "Source":
    from scoring.rescoring import sources

    if decisions == (data is not None):
        raise click.UsageError("give DATA or --decisions")
    if data is not None:
        return sources.of_file(data)
    from kit.config import Settings
    from scoring.rescoring import stored

    return stored.Decisions(Settings().url)


def _each(run: "Run", workers: int | None, dask: str | None) -> Iterator[int]:
    """The rows of each part as it is done."""
    missing = run.missing()
    if (workers or 1) == 1 and dask is None:
        yield from map(run.write, missing)
        return
    from distributed import as_completed

    from scoring import cluster

    with cluster.connect(workers=workers or 0, address=dask) as client:
        for future in as_completed(  # type: ignore[no-untyped-call]
            client.map(run.write, missing, pure=False)
        ):
            yield future.result()


def _shown(run: "Run", counts: Iterator[int]) -> Iterator[int]:
    """With a bar on standard error; nothing where nobody looks."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    todo = len(run.missing())
    yield from track(counts, "parts", total=todo, console=console, disable=not console.is_terminal)
