"""`kopa model grow`: the trees of a model learned from more rows than one machine can hold."""

from pathlib import Path

import click

from cli import documents
from cli.in_one_line import in_one_line

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("folder", type=_FOLDER)
@click.argument("files", type=_FILE, nargs=-1, required=True)
@click.option("--target", help="Column with the outcome, when it has another name here.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes on this machine.")
@click.option("--dask", help="Address of a Dask scheduler whose workers share the files.")
@click.option("--out", type=_FOLDER, required=True, help="Folder for the grown model.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@in_one_line
def grow(
    folder: Path,
    files: tuple[Path, ...],
    target: str | None,
    workers: int | None,
    dask: str | None,
    out: Path,
    as_json: bool,
) -> None:
    """Learn the trees of the model in FOLDER anew from all rows of FILES (CSV or Parquet).

    Train on a sample first: its columns, directions and configuration stay.
    """
    from scoring import cluster
    from scoring.training import growing

    with cluster.connect(workers=workers or 2, address=dask) as client:
        grown = growing.grow(client, folder, files, target, out)
    document = {
        "folder": str(out),
        "model_sha256": grown.model.sha256,
        "rows": grown.rows,
        "workers": grown.workers,
        "auc_before": round(grown.auc_before, 6),
        "auc": round(grown.auc, 6),
    }
    if as_json:
        documents.write(document)
    else:
        click.echo(
            f"{grown.rows:,} rows by {grown.workers} workers: AUC on rows held out"
            f" {grown.auc:.4f}, by the model before {grown.auc_before:.4f}. Written to {out}."
        )
