"""`kopa model line-up`, `promote`, `roll-back` …: which model and policy decide, and decided."""

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import click
from sqlalchemy.ext.asyncio import AsyncSession

from cli import documents, versions
from cli.in_one_line import in_one_line
from kit.config import Settings
from kit.db import Sessions, unit_of_work
from kit.four_eyes import Proposal
from onboarding import successors
from scoring import line_up, replaying
from scoring import versions as kept
from scoring.models import RiskModel, Role, Seat
from scoring.promotion import Bid

F = TypeVar("F", bound=Callable[..., Any])


def _of_pair(command: F) -> F:
    """The options of every command that seats a pair."""
    for option in reversed(
        (
            click.argument("model", required=False),
            click.option("--policy", help="File, or the beginning of a hash that is kept."),
            click.option("--product", default=line_up.EVERY_PRODUCT, help="Only for this product."),
            click.option("--staff", required=True, help="Who asks for it, by name."),
            click.option("--reason", required=True, help="Kept for ever, so name no person."),
        )
    ):
        command = option(command)
    return command


@click.command("line-up")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@in_one_line
def show(as_json: bool) -> None:
    """Who decides, since when and why: champion, challenger and shadows."""

    async def act(sessions: Sessions) -> Sequence[Seat]:
        async with unit_of_work(sessions) as session:
            return await line_up.standing(session)

    seats = versions.run(act)
    if as_json:
        documents.write([_document(seat) for seat in seats])
    for seat in () if as_json else seats:
        share = f" {seat.share_bps / 100:g} %" if seat.role is Role.CHALLENGER else ""
        click.echo(
            f"{seat.role}{share}  {seat.product or 'every product'}  model {seat.model_sha256[:12]}"
            f"  policy {seat.policy_sha256[:12]}  since {seat.since:%Y-%m-%d %H:%M}"
            f"  by {seat.seated_by}: {seat.why}"
        )
    if not seats and not as_json:
        click.echo("Nothing decides yet: start Kopa once, or promote a model and a policy.")


@click.command()
@click.argument("folder")
@in_one_line
def register(folder: str) -> None:
    """Keep the model in FOLDER by its hash, after every check of its loading."""

    async def act(sessions: Sessions) -> str:
        async with unit_of_work(sessions) as session:
            return await versions.model_named(session, folder)

    click.echo(versions.run(act))


@click.command()
@_of_pair
@click.option("--force", is_flag=True, help="Although the gate holds it back; the reason says why.")
@in_one_line
def promote(
    model: str | None, policy: str | None, product: str, staff: str, reason: str, force: bool
) -> None:
    """Make MODEL (a folder or a hash; the champion's when it is left out) with its policy the
    champion. The first of staff proposes, the same command by another one confirms."""

    async def act(sessions: Sessions) -> Proposal:
        async with unit_of_work(sessions) as session:
            pair = await versions.pair_named(session, model, policy, product)
            staff_id = await versions.staff_named(session, staff, "promote_risk")
        return await successors.agree(
            sessions, Bid(pair, product), Settings(), staff_id=staff_id, reason=reason,
            now=versions.now(), force=force,
        )  # fmt: skip

    _tell(versions.run(act), "It decides from now on.")


@click.command()
@_of_pair
@click.option("--share", type=click.FloatRange(0, 50, min_open=True), required=True, help="In %.")
@in_one_line
def challenge(
    model: str | None, policy: str | None, product: str, staff: str, reason: str, share: float
) -> None:
    """Let MODEL decide for a share of the borrowers, always the same ones. Two of staff agree."""

    async def act(sessions: Sessions) -> Proposal:
        async with unit_of_work(sessions) as session:
            pair = await versions.pair_named(session, model, policy, product)
            staff_id = await versions.staff_named(session, staff, "contest_risk")
        bid = Bid(pair, product, Role.CHALLENGER, max(1, round(share * 100)))
        return await successors.agree(
            sessions, bid, Settings(), staff_id=staff_id, reason=reason, now=versions.now()
        )

    _tell(versions.run(act), "It decides for its share from now on.")


@click.command()
@_of_pair
@click.option("--off", is_flag=True, help="Take it off; what it has assessed stays.")
@in_one_line
def shadow(
    model: str | None, policy: str | None, product: str, staff: str, reason: str, off: bool
) -> None:
    """Let MODEL assess every application afterwards without acting."""

    async def act(session: AsyncSession) -> Seat:
        pair = await versions.pair_named(session, model, policy, product)
        actor = f"staff:{await versions.staff_named(session, staff, 'set_shadow')}"
        if off:
            return await line_up.leave(
                session, Role.SHADOW, pair, actor=actor, why=reason, now=versions.now(),
                product=product,
            )  # fmt: skip
        return await successors.shadow(
            session, pair, actor=actor, why=reason, now=versions.now(), product=product
        )

    _in_one(act)
    click.echo("It is a shadow no more." if off else "It assesses from now on, and never acts.")


@click.command("roll-back")
@click.option("--product", default=line_up.EVERY_PRODUCT, help="Only for this product.")
@click.option("--staff", required=True, help="Who asks for it, by name.")
@click.option("--reason", required=True, help="Kept for ever, so name no person.")
@in_one_line
def roll_back(product: str, staff: str, reason: str) -> None:
    """Back to the champion before: at once and by one person, for it was agreed to once."""

    async def act(session: AsyncSession) -> Seat | None:
        actor = f"staff:{await versions.staff_named(session, staff, 'roll_back_risk')}"
        return await successors.roll_back(
            session, actor=actor, why=reason, now=versions.now(), product=product
        )

    seat = _in_one(act)
    if seat is None:
        click.echo(f"{product} has no champion of its own any more: that of every product decides.")
    else:
        click.echo(f"Model {seat.model_sha256[:12]} with policy {seat.policy_sha256[:12]} decides.")


@click.command()
@click.option("--from", "since", type=versions.DAY, help="First day; default: the first decision.")
@click.option("--to", "until", type=versions.DAY, help="Last day; default: the last decision.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@in_one_line
def replay(since: datetime | None, until: datetime | None, as_json: bool) -> None:
    """Make the stored decisions again, to the bit. Ends with 1 when one comes out otherwise."""

    async def act(sessions: Sessions) -> replaying.Replayed:
        return await replaying.every(sessions, versions.period(since, until))

    found = versions.run(act)
    if as_json:
        documents.write(found.to_json())
    else:
        click.echo(
            f"{found.same} decisions came out the same, {found.different} otherwise,"
            f" {found.impossible} could not be made again."
        )
        for why, count in found.hindrances.items():
            click.echo(f"{count}: {why}")
        for number, parts in found.differences:
            for part, (before, after) in parts.items():
                click.echo(f"{number} {part}: {before} -> {after}")
    sys.exit(0 if found.is_exact else 1)


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@in_one_line
def every(as_json: bool) -> None:
    """Every model that is kept, newest first."""

    async def act(sessions: Sessions) -> list[RiskModel]:
        async with unit_of_work(sessions) as session:
            return await kept.list_models(session)

    rows = versions.run(act)
    if as_json:
        documents.write([{"sha256": row.sha256, "name": row.name} for row in rows])
    for row in () if as_json else rows:
        click.echo(f"{row.sha256}  {row.name}  {row.registered_at:%Y-%m-%d %H:%M}")
    if not rows and not as_json:
        click.echo("No model is kept yet: see kopa model register.")


def _in_one(act: Callable[[AsyncSession], Any]) -> Any:
    async def acted(sessions: Sessions) -> Any:
        async with unit_of_work(sessions) as session:
            return await act(session)

    return versions.run(acted)


def _tell(proposal: Proposal, done: str) -> None:
    asked = "Proposed. It is done when a second member of staff says the same."
    click.echo(done if proposal.is_confirmed else asked)


def _document(seat: Seat) -> dict[str, Any]:
    return {
        "role": seat.role,
        "product": seat.product,
        "model_sha256": seat.model_sha256,
        "policy_sha256": seat.policy_sha256,
        "share_bps": seat.share_bps,
        "since": seat.since.isoformat(),
        "by": seat.seated_by,
        "why": seat.why,
    }
