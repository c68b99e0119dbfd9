"""`kopa policy`: check a policy, test it, and see what it would have decided."""

import sys
from datetime import datetime
from pathlib import Path

import click

from cli import documents, versions
from cli.in_one_line import in_one_line
from kit.db import Sessions, unit_of_work
from scoring import policy as policies
from scoring import policy_cases, whatif, whatif_shown
from scoring import versions as kept
from scoring.models import RiskPolicy

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def policy() -> None:
    """Policies: the lender's rules as data."""


@policy.command()
@click.argument("file", type=_FILE)
@in_one_line
def check(file: Path) -> None:
    """Refused with 2 when FILE contradicts itself or can never approve."""
    found = policies.parse(kept.text_of(file))
    click.echo(f"{found.name} can be used: {found.sha256}")


@policy.command()
@click.argument("file", type=_FILE)
@click.option("--cases", type=_FILE, help="Default: FILE with .tests.yaml for .yaml.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@in_one_line
def test(file: Path, cases: Path | None, as_json: bool) -> None:
    """Does FILE decide its cases as they expect? Ends with 1 when one does not."""
    found = policies.parse(kept.text_of(file))
    wanted = policy_cases.parse((cases or policy_cases.beside(file)).read_text(encoding="utf-8"))
    results = list(policy_cases.run(found, wanted))
    if as_json:
        documents.write([{"name": r.name, "holds": r.holds, "differs": r.differs} for r in results])
    for result in () if as_json else results:
        click.echo(f"{'ok  ' if result.holds else 'FAIL'}  {result.name}")
        for part, (expected, came) in result.differs.items():
            click.echo(f"      {part}: expected {expected}, got {came}")
    sys.exit(0 if all(result.holds for result in results) else 1)


@policy.command()
@click.argument("file", type=_FILE)
@in_one_line
def register(file: Path) -> None:
    """Keep FILE by its hash, so that it can be promoted, shadowed or tried."""

    async def act(sessions: Sessions) -> str:
        async with unit_of_work(sessions) as session:
            return await versions.policy_named(session, str(file))

    kept.text_of(file)
    click.echo(versions.run(act))


@policy.command("whatif")
@click.argument("file", type=_FILE, required=False)
@click.option("--model", help="Another model too: a folder or a hash. Else each decision's own.")
@click.option("--from", "since", type=versions.DAY, help="First day; default: the first decision.")
@click.option("--to", "until", type=versions.DAY, help="Last day; default: the last decision.")
@click.option("--csv", "table", type=_FILE, help="Write every number to this file.")
@click.option("--picture", type=_FILE, help="Draw the outcomes into this SVG file.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@in_one_line
def what_if(
    file: Path | None,
    model: str | None,
    since: datetime | None,
    until: datetime | None,
    table: Path | None,
    picture: Path | None,
    as_json: bool,
) -> None:
    """What the stored applications of a period would have got by FILE."""
    if file is None and model is None:
        raise click.UsageError("name a policy, a --model, or both")
    rules = policies.parse(kept.text_of(file)) if file is not None else None

    async def act(sessions: Sessions) -> whatif.Report:
        other = await versions.model_tried(sessions, model) if model is not None else None
        return await whatif.replay(
            sessions, versions.period(since, until), model=other, policy=rules
        )

    report = versions.run(act)
    if table is not None:
        table.write_text(whatif_shown.as_csv(report), encoding="utf-8")
    if picture is not None:
        picture.write_text(whatif_shown.as_svg(report), encoding="utf-8")
    if as_json:
        documents.write(report.to_json())
    for line in () if as_json else whatif_shown.lines(report):
        click.echo(line)


@policy.command("list")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@in_one_line
def every(as_json: bool) -> None:
    """Every policy that is kept, newest first."""

    async def act(sessions: Sessions) -> list[RiskPolicy]:
        async with unit_of_work(sessions) as session:
            return await kept.list_policies(session)

    rows = versions.run(act)
    if as_json:
        documents.write([{"sha256": row.sha256, "name": row.name} for row in rows])
    for row in () if as_json else rows:
        click.echo(f"{row.sha256}  {row.name}  {row.registered_at:%Y-%m-%d %H:%M}")
    if not rows and not as_json:
        click.echo("No policy is kept yet: see kopa policy register.")
