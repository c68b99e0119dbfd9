"""`kopa model alternatives`: is there a model that is as good and treats groups more alike?"""

from dataclasses import asdict

import click

from cli import documents
from cli.in_one_line import in_one_line


@click.command()
@click.argument("data")
@click.option("--target", required=True, help="Column that is 1 for a bad loan, 0 for a good one.")
@click.option("--group", "groups", multiple=True, required=True, help="Column of groups.")
@click.option("--without", multiple=True, help="Column that is not to be looked at.")
@click.option(
    "--approve", type=click.FloatRange(0.05, 0.95), default=0.7, show_default=True,
    help="Share of all that every alternative approves.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@in_one_line
def alternatives(
    data: str,
    target: str,
    groups: tuple[str, ...],
    without: tuple[str, ...],
    approve: float,
    as_json: bool,
) -> None:
    """Compare configurations and sets of columns by accuracy and by gaps between groups.

    The columns of --group are not learned from. Among those within 0.005 AUC of the best the one
    with the smallest equal-opportunity gap is chosen.
    """
    from scoring.training import alternatives as searching
    from scoring.training import tables

    tried = searching.search(tables.read(data), target, groups, approve=approve, without=without)
    if as_json:
        documents.write([{"name": each.name, **asdict(each)} for each in tried])
        return
    for line in searching.lines(tried):
        click.echo(line)
    chosen = next(each for each in tried if each.is_chosen)
    best = max(tried, key=lambda each: each.auc)
    click.echo(f"\nThe most accurate has a gap of {best.gap:.1%}, the chosen one {chosen.gap:.1%}.")
    if chosen.gap_high >= best.gap_low:
        click.echo("The difference is within what chance explains: no reason to change by itself.")
