"""`kopa risk`: how industries, regions and months fared, indices, and the picture of prices."""

from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any, get_args

import click
from sqlalchemy.ext.asyncio import AsyncSession

from cli import documents, versions
from cli.in_one_line import Refused, in_one_line
from kit.clock import business_date
from kit.config import Settings
from kit.db import Sessions, unit_of_work
from kit.money import Money
from onboarding import catalog, risk_tables
from onboarding import prices as offered
from onboarding.products import Body, LoanProduct
from onboarding.risk_tables import IndexKind
from scoring import policy as policies
from scoring import price_curve
from scoring.models import RiskTable
from scoring.snapshot import Application, Snapshot


@click.group()
def risk() -> None:
    """Industries, regions, seasons and prices."""


@risk.command()
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@in_one_line
def tables(*, as_json: bool) -> None:
    """Make the tables of today from the loans that have had their time, as every night does."""
    now, zone = versions.now(), Settings().timezone
    made = _run(lambda session: risk_tables.make(session, on=business_date(now, zone), now=now))
    if as_json:
        documents.write({"sha256": made.sha256, **made.content})
        return
    loans = made.content["all"]["loans"]
    click.echo(f"version {made.sha256[:12]}: {loans} loans have had their time")
    for by in ("industry", "region", "month"):
        _show(by, made.content[by], made.content["names"])


@risk.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--of", "kind", type=click.Choice(get_args(IndexKind)), required=True)
@in_one_line
def index(file: Path, kind: IndexKind) -> None:
    """Bring in an index: a CSV file with key,period,value, a period as 2026-10."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(f"{file} is not text in UTF-8") from None

    now = versions.now()
    made = _run(lambda session: risk_tables.bring_in(session, kind, text, now=now))
    click.echo(f"version {made.sha256[:12]}: {len(made.content)} of {kind}")


@risk.command()
@click.argument("code")
@click.option("--amount", required=True, help="In major units.")
@click.option("--term", help="Default: the product's own.")
@click.option("--income", required=True, help="A month, in major units.")
@click.option("--dependents", type=int, default=1, show_default=True)
@click.option("--policy", "policy_file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="An SVG file.")
@in_one_line
def prices(
    code: str, amount: str, term: str | None, income: str, dependents: int,
    policy_file: Path | None, out: Path | None,
) -> None:  # fmt: skip
    """Price and limit of one request for the product CODE, by how likely it goes bad."""
    settings = Settings()
    bodies = {body["code"]: body for body in catalog.read(settings.products_file)}
    if code not in bodies:
        raise Refused(f"there is no product {code}: one of {', '.join(bodies)}")
    product = LoanProduct(1, Body.model_validate(bodies[code]))
    on = business_date(versions.now(), settings.timezone)
    asked = _asking(product, amount, term or product.body.default_term, income, dependents, on)
    curve = price_curve.points(policies.load(policy_file or settings.policy_file), asked)
    click.echo(f"{'PD':>7} {'grade':>6} {'rate':>8} {'limit':>14}")
    for point in curve[::8]:
        rate = "own" if point.rate_bps is None else f"{point.rate_bps / 100:.2f} %"
        limit = Money(point.limit_minor, product.currency).major if point.is_lent else "not lent"
        click.echo(f"{100 * point.pd:6.1f}% {point.grade:>6} {rate:>8} {limit:>14}")
    if out is not None:
        title = f"{code}: {amount} {product.currency}, income {income} a month"
        out.write_text(
            price_curve.svg(title, curve, lambda minor: Money(minor, product.currency).major),
            encoding="utf-8",
        )
        click.echo(f"drawn in {out}")


def _asking(
    product: LoanProduct, amount: str, term: str, income: str, dependents: int, on: date
) -> Snapshot:
    wanted = product.check_amount(Money.parse(amount, product.currency))
    option = offered.option_of(product, wanted, term, on)
    return Snapshot(
        as_of=versions.now(),
        application=Application(
            product=product.code,
            amount_minor=wanted.minor,
            currency=wanted.currency,
            term_days=option.term_days,
            installments=option.installments,
            installment_minor=option.installment_minor,
            rates=option.rates,
            monthly_income_minor=Money.parse(income, product.currency).minor,
            monthly_obligations_minor=0,
            dependents=dependents,
            min_amount_minor=product.bound("min").minor,
            max_amount_minor=product.bound("max").minor,
            amount_step_minor=product.bound("step").minor,
        ),
    )


def _show(by: str, groups: dict[str, Any], names: dict[str, str]) -> None:
    click.echo(f"\n{by:20} {'loans':>7} {'bad':>6} {'own':>7} {'counts':>7} {'risk':>7}")
    for key, group in sorted(groups.items(), key=lambda item: -int(item[1]["risk_bps"])):
        name = names.get(key, f"({key[:8]})") if by == "region" else key
        own = 100 * group["bad"] / group["loans"]
        click.echo(
            f"{name[:20]:20} {group['loans']:7} {group['bad']:6} {own:6.1f}%"
            f" {group['weight_bps'] / 100:6.0f}% {group['risk_bps'] / 100:6.1f}%"
        )


def _run(act: Callable[[AsyncSession], Awaitable[RiskTable]]) -> RiskTable:
    async def acted(sessions: Sessions) -> RiskTable:
        async with unit_of_work(sessions) as session:
            return await act(session)

    return versions.run(acted)
