"""`kopa bench`: speed beside that of named peers, measured in the same run."""

import sys
from typing import TYPE_CHECKING

import click

from cli import documents

if TYPE_CHECKING:
    from bench.report import Line, Machine, Report

_WIDE = 150


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@click.option("--tiny", is_flag=True, help="A size that shows only that it works.")
def bench(names: tuple[str, ...], *, as_json: bool, tiny: bool) -> None:
    """Measure bot, day-close, face, kyc, quotes, scoring and others; without a NAME all.

    Ends with 1 when a goal is missed.
    """
    try:
        # Peers, a PostgreSQL and the load generator come with a development checkout only.
        _run(names, as_json, tiny)
    except ModuleNotFoundError as missing:
        documents.refuse(f"no {missing.name} here: in a checkout, run make bench")


def _run(names: tuple[str, ...], as_json: bool, tiny: bool) -> None:
    from bench import suite

    unknown = [name for name in names if name not in suite.BENCHES]
    if unknown:
        documents.refuse(f"no benchmark {unknown[0]}: there are {', '.join(suite.BENCHES)}")
    reports = []
    for name in names or suite.BENCHES:
        if not as_json:
            click.echo(f"{name}: {suite.BENCHES[name]} …")
        report = suite.run(name, tiny=tiny)
        reports.append(report)
        if not as_json:
            _show(report)
    if as_json:
        documents.write([report.to_json() for report in reports])
    if not all(report.is_met for report in reports):
        raise SystemExit(1)


def _show(report: "Report") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("what", "unit")
    for name in ("Kopa", "peer", "ratio", "of the turns", "goal"):
        table.add_column(name, justify="right")
    for line in report.lines:
        table.add_row(*_cells(line))
    # Into a file or a pipe, a row stays on one line.
    Console(width=None if sys.stdout.isatty() else _WIDE).print(table)
    click.echo(f"{_machine(report.before)}, {_load(report.after)} after\n")


def _cells(line: "Line") -> tuple[str, ...]:
    peer = "" if line.theirs is None else f"{line.theirs:,.4g} {line.against}"
    spread = f"{line.spread[0]:.2f} to {line.spread[1]:.2f}" if line.spread else ""
    verdict = "met" if line.is_met else "MISSED"
    return (
        line.what,
        line.unit,
        f"{line.ours:,.4g}",
        peer,
        "" if line.ratio is None else f"{line.ratio:.3f}",
        spread,
        f"{line.goal}: {verdict}" if line.goal else "",
    )


def _machine(machine: "Machine") -> str:
    return (
        f"{machine.cores} cores, Python {machine.python}, {machine.system};"
        f" load average {_load(machine)} before"
    )


def _load(machine: "Machine") -> str:
    return " ".join(f"{value:.2f}" for value in machine.load_average)
