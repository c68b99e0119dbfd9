"""`kopa apr`: the yearly cost of any cash flows."""

import click

from cli import documents
from kit.errors import DomainError
from servicing import apr as rates
from servicing import flows


@click.command()
@click.argument("source", metavar="FLOWS.json")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def apr(source: str, *, as_json: bool) -> None:
    """Show the APR of the flows in FLOWS.json ("-" reads stdin)."""
    document = documents.read(source)
    try:
        answer = rates.percent(flows.annual_rate(flows.parse(document)))
    except DomainError as error:
        documents.refuse(str(error))
    if as_json:
        documents.write({"apr_percent": answer})
    else:
        click.echo(f"{answer} %")
