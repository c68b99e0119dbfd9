"""`kopa simulate`: a whole lender in one process, where everything goes wrong that can."""

from collections.abc import Collection
from functools import partial
from typing import TYPE_CHECKING

import click

from cli import documents

if TYPE_CHECKING:
    from simulation.run import Outcome

_SERVER = "postgresql+psycopg://kopa@localhost/postgres"


@click.command()
@click.option("--seed", type=int, default=1, show_default=True, help="The first world.")
@click.option("--seeds", type=int, default=1, show_default=True, help="So many worlds from there.")
@click.option("--days", type=int, default=90, show_default=True)
@click.option("--jobs", type=int, default=1, show_default=True, help="So many at a time.")
@click.option("--database", default="", help="A PostgreSQL server; without it SQLite in memory.")
@click.option("--bug", help="Plant one of the known defects (docs/simulation.md).")
@click.option(
    "--disbursements", type=click.IntRange(1), help="Only pay out so many loans, under all faults."
)
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def simulate(
    *, seed: int, seeds: int, days: int, jobs: int, database: str, bug: str | None,
    disbursements: int | None, as_json: bool,
) -> None:  # fmt: skip
    """Live through seeded worlds and say what did not hold. Ends with 1 when anything did not."""
    from kit import log
    from simulation import bugs, payouts, run

    log.configure("CRITICAL")
    _check(bug, bugs.BUGS, database)
    live: run.Live = partial(run.run, days=days, bug=bug)
    if disbursements is not None:
        loans = min(disbursements, payouts.LOANS)
        seeds, live = -(-disbursements // loans), partial(payouts.run, loans=loans)
    outcomes = run.many(range(seed, seed + seeds), live, server=database, jobs=jobs)
    ended = []
    for outcome in outcomes:
        ended.append(outcome)
        if not as_json:
            click.echo(_told(outcome))
    if as_json:
        documents.write([outcome.as_document() for outcome in ended])
    elif disbursements is not None:
        click.echo(payouts.told(ended))
    if any(outcome.failure is not None for outcome in ended):
        raise SystemExit(1)


def _check(bug: str | None, known: Collection[str], database: str) -> None:
    if bug is not None and bug not in known:
        documents.refuse(f"no bug {bug}: there are {', '.join(known)}")
    if database and not database.startswith("postgresql+psycopg://"):
        documents.refuse(f"{database!r} is no server of PostgreSQL: say it as {_SERVER}")


def _told(outcome: "Outcome") -> str:
    if outcome.failure is None:
        return f"{outcome.name}: {outcome.digest}, {outcome.step} steps, nothing broke"
    return (
        f"{outcome.name}: {outcome.rule} does not hold on day {outcome.day}, step {outcome.step}\n"
        f"  {outcome.failure}\n  again: {outcome.replay}"
    )
