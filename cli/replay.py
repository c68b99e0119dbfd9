"""`kopa replay`: the life of one loan, as snapshots in a table or as JSON."""

from typing import Any

import click

from cli import documents
from kit.errors import DomainError
from servicing import replay as lives


@click.command()
@click.argument("source", metavar="EVENTS.json")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def replay(source: str, *, as_json: bool) -> None:
    """Show the loan after the events in EVENTS.json ("-" reads stdin)."""
    document = documents.read(source)
    try:
        answer = lives.tell(lives.parse(document))
    except DomainError as error:
        documents.refuse(str(error))
    if as_json:
        documents.write({"snapshots": answer})
    else:
        for snapshot in answer:
            _show(snapshot)


def _show(snapshot: dict[str, Any]) -> None:
    from rich.console import Console  # only people need it, and it is slow to load
    from rich.table import Table

    title = f"{snapshot['date']}: {snapshot['status']}, {snapshot['days_past_due']} days past due"
    if "class" in snapshot:
        loss = snapshot["expected_loss"]["recognized"]
        title += f", {snapshot['class']}, stage {snapshot['stage']}, expected loss {loss}"
    names = ("principal", "interest", "fees", "penalties", "due", "paid", "late", "outstanding")
    table = Table("#", "due on", "paid on", title=title)
    for name in names:
        table.add_column(name, justify="right")
    for row in snapshot["installments"]:
        table.add_row(
            str(row["n"]), row["due_on"], row["paid_on"] or "", *(row[name] for name in names)
        )
    table.add_section()
    table.add_row("", "total", "", *(snapshot["totals"][name] for name in names))
    Console().print(table)
