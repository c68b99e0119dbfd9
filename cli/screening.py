"""`kopa screening`: load sanctions and PEP lists, and ask whether a name is on them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from cli import documents
from cli.in_one_line import sentence
from kit import migrate
from kit.clock import SystemClock
from kit.config import Settings
from kit.crypto import open_vault
from kit.db import Sessions, create_engine, sessions_of
from kit.errors import DomainError
from kyc import workers
from kyc.screening import lists, matching
from kyc.screening.entries import country_code
from kyc.screening.matching import Hit, Person
from kyc.screening.models import ScreeningList
from migrations.tables import load_models
from onboarding import screening as borrowers

T = TypeVar("T")
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


@click.group()
def screening() -> None:
    """Sanctions and PEP lists."""


@screening.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--may-shrink", is_flag=True, help="Also load a list with less than half as many.")
@_AS_JSON
def load(folder: Path | None, *, may_shrink: bool, as_json: bool) -> None:
    """Read the lists in FOLDER (else KOPA_SCREENING_DIR). A changed one screens all borrowers.

    Ends with 1 when a file was refused; nothing of that one is loaded.
    """
    settings = Settings()
    place = folder or settings.screening_dir
    if place is None:
        documents.refuse("name a folder, or set KOPA_SCREENING_DIR")
    told = _run(
        settings,
        lambda sessions, now: borrowers.load(sessions, place, may_shrink=may_shrink, now=now),
    )
    if as_json:
        documents.write([asdict(each) for each in told])
    for each in told if not as_json else ():
        entries = f"{each.entries} entries" if each.entries is not None else ""
        click.echo(f"{each.files:36} {each.publisher or '':22} {entries:16} {each.outcome}")
        if each.why:
            click.echo(f"  {each.why}")
    if any(each.outcome not in borrowers.GOOD for each in told):
        raise SystemExit(1)


@screening.command()
@click.argument("name")
@click.option("--born", type=click.DateTime(["%Y-%m-%d"]), help="As in 1960-03-12.")
@click.option("--country", help="Two letters, or the name.")
@_AS_JSON
def check(name: str, born: datetime | None, country: str | None, *, as_json: bool) -> None:
    """Is NAME on a list in force? Ends with 0 when it is not, with 1 when a person should look."""
    code = country_code(country) if country is not None else None
    if country is not None and code is None:
        documents.refuse(f"{country} is no country")
    person = Person(name, born.date() if born is not None else None, code)

    async def search(sessions: Sessions, _: datetime) -> list[Hit] | None:
        async with sessions() as session:
            index = await lists.index(session)
        return None if index is None else index.search(person)

    hits = _run(Settings(), search)
    if hits is None:
        documents.refuse("no list is loaded: see kopa screening load")
    if as_json:
        documents.write(_answer(hits))
    else:
        _show(hits)
    raise SystemExit(1 if hits else 0)


@screening.command("lists")
@click.option("--all", "every", is_flag=True, help="Also the versions that were superseded.")
@_AS_JSON
def list_lists(*, every: bool, as_json: bool) -> None:
    """Which version of which list is in force."""

    async def read(sessions: Sessions, _: datetime) -> list[ScreeningList]:
        async with sessions() as session:
            return list(await (lists.versions if every else lists.in_force)(session))

    rows = [_version(row) for row in _run(Settings(), read)]
    if as_json:
        documents.write(rows)
        return
    for row in rows:
        published = row["published_on"] or "no date"
        state = "superseded" if row["superseded_at"] else f"loaded {row['loaded_at'][:16]}"
        click.echo(
            f"{row['publisher']:22} {row['entries']:7} entries  {published:10}  "
            f"{row['sha256'][:12]}  {state}"
        )
    if not rows:
        click.echo("No list is loaded yet: see kopa screening load.")


def _answer(hits: list[Hit]) -> dict[str, Any]:
    return {
        "verdict": "doubt" if hits else "clear",
        "threshold": matching.DOUBT,
        "hits": [hit.explained() for hit in hits],
    }


def _show(hits: list[Hit]) -> None:
    for hit in hits:
        click.echo(f"{hit.score:.2f}  {hit.name}  ({hit.publisher} {hit.uid}, {hit.program})")
        if hit.alias != hit.name:
            click.echo(f"      by the {hit.strength} alias {hit.alias}")
        pairs = ", ".join(f"{p.ours} = {p.theirs} ({p.likeness:.2f})" for p in hit.pairs)
        click.echo(f"      words: {pairs}")
        for whose, words in (("asked", hit.only_ours), ("listed", hit.only_theirs)):
            if words:
                click.echo(f"      only {whose}: {', '.join(words)}")
        births = f" ({', '.join(hit.births)})" if hit.births else ""
        click.echo(f"      birth: {hit.birth.replace('_', ' ')}{births}")
        if hit.countries:
            click.echo(f"      countries: {', '.join(hit.countries)}")
    click.echo("doubt: a person looks" if hits else "clear")


def _version(row: ScreeningList) -> dict[str, Any]:
    def said(value: date | None) -> str | None:
        return value.isoformat() if value is not None else None

    return {
        "publisher": row.publisher,
        "published_on": said(row.published_on),
        "files": row.files,
        "sha256": row.sha256,
        "entries": row.entries,
        "loaded_at": said(row.loaded_at),
        "superseded_at": said(row.superseded_at),
    }


def _run(settings: Settings, work: Callable[[Sessions, datetime], Awaitable[T]]) -> T:
    load_models()

    async def run() -> T:
        settings.var.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(migrate.upgrade, settings.url)
        engine = create_engine(settings.url)
        try:
            return await work(sessions_of(engine, open_vault(settings)), SystemClock().now())
        finally:
            await engine.dispose()
            workers.close()

    try:
        return asyncio.run(run())
    except DomainError as refused:
        documents.refuse(sentence(refused))
