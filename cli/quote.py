"""`kopa quote`: what a loan costs, as a table or as JSON."""

from typing import Any

import click

from cli import documents
from kit.errors import DomainError
from servicing import quotes, terms
from servicing.quotes import Quote


@click.command()
@click.argument("source", metavar="TERMS.json")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def quote(source: str, *, as_json: bool) -> None:
    """Show the schedule, the totals and the APR of the terms in TERMS.json ("-" reads stdin)."""
    document = documents.read(source)
    try:
        answer = quotes.as_document(_quoted(document))
    except DomainError as error:
        documents.refuse(str(error))
    if as_json:
        documents.write(answer)
    else:
        _show(answer)


def _quoted(document: Any) -> Quote:
    if not isinstance(document, dict) or "jurisdiction" not in document:
        return quotes.quote(terms.parse(document))
    from servicing.jurisdictions import caps  # few quotes name a place, and rules are slow to load

    return caps.quote(document)


def _show(answer: dict[str, Any]) -> None:
    from rich.console import Console  # only people need it, and it is slow to load
    from rich.table import Table

    table = Table("#", "due on", "days", title=f"Schedule in {answer['currency']}")
    amounts = ("principal", "interest", "fees", "due", "balance")
    for name in amounts:
        table.add_column(name, justify="right")
    for row in answer["installments"]:
        table.add_row(str(row["n"]), row["due_on"], str(row["days"]), *(row[a] for a in amounts))
    console = Console()
    console.print(table)
    for name in ("net_disbursed", "total_interest", "total_fees", "total_payable"):
        console.print(f"{name.replace('_', ' '):<16}{answer[name]:>16}")
    rates = ", ".join(f"{name} {rate} %" for name, rate in answer["apr"].items())
    console.print(f"APR             {rates}")
