"""The risk tables of the lender's own book, made every night, and indices that are brought in.

Both are kept as versions: a snapshot reads the newest, and names it.
"""

import csv
import hashlib
import io
import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import jobs
from kit.clock import business_date
from kit.config import Settings
from kit.crypto import vault_of
from kit.db import unit_of_work
from kit.errors import DomainError, Kind
from onboarding import regions
from onboarding.dossiers import Dossier
from onboarding.models import Application, Borrower
from onboarding.watching import LATE_DAYS, WITHIN_DAYS
from scoring import credibility, surroundings
from scoring.credibility import Tally
from scoring.models import RiskTable
from scoring.refusals import Sentence
from scoring.surroundings import Place, Surroundings
from servicing import outcomes
from servicing.models import Installment, Loan
from servicing.states import LoanStatus

BOOK = "book"
IndexKind = Literal["industry", "region", "crop"]
NAMED_FROM = 20
"""A region's name is shown where at least so many people have had a loan: it is nobody's address
then."""
_BATCH = 500
_PERIOD = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_COLUMNS = ["key", "period", "value"]
_BY = ("industry", "region", "month")
_contents: dict[str, dict[str, Any]] = {}
"""By their hash: they never change, and every decision needs the newest."""


class IndexRefused(Sentence, DomainError):
    """The file of an index cannot be used. Nothing of it is kept."""

    code = "index_refused"
    kind = Kind.INVALID
    sentence = "The index cannot be used: {problem}."


@jobs.every("10 3 * * *", "onboarding.tabulate_risk")
async def tabulate_nightly(session: AsyncSession, *, now: datetime, tick: datetime) -> None:
    await jobs.enqueue(session, "onboarding.tabulate", key=f"tabulate:{tick.isoformat()}")


@jobs.effect("onboarding.tabulate", queue="heavy")
async def tabulate(context: jobs.Context) -> None:
    settings, now = context.service(Settings), context.clock.now()
    async with unit_of_work(context.sessions) as session:
        await make(session, on=business_date(now, settings.timezone), now=now)


async def make(session: AsyncSession, *, on: date, now: datetime) -> RiskTable:
    """The tables as of a day; the version of before where nothing has changed."""
    await regions.index_new(session, now=now)
    tallies = await _tallies(session, on)
    months = tallies["month"]
    content = {
        "all": Tally(
            sum(each.loans for each in months.values()), sum(each.bad for each in months.values())
        )._asdict(),
        **{by: {k: asdict(v) for k, v in credibility.shrink(tallies[by]).items()} for by in _BY},
        "out": await _out(session),
    }
    content["names"] = await _names(session, content["region"], now=now)
    return await _keep(session, BOOK, content, now=now)


async def bring_in(
    session: AsyncSession, kind: IndexKind, text: str, *, now: datetime
) -> RiskTable:
    """An index from a CSV file: `key,period,value`, a period as 2026-10."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for key, period, value in _rows(text):
        name = regions.index_of(vault_of(session), key) if kind == "region" else key
        if period in found[name]:
            raise IndexRefused(problem=f"{key} has two values in {period}")
        found[name][period] = value
    return await _keep(session, kind, dict(found), now=now)


async def around(
    session: AsyncSession, dossier: Dossier, answers: Mapping[str, str], *, now: datetime
) -> Surroundings:
    """What the newest tables say of this application."""
    borrower, application = dossier.borrower, dossier.draft
    tables, versions = await _newest(session)
    if borrower.region_index is None and borrower.region_sealed is not None:
        name = await regions.name_of(session, borrower, now=now)
        borrower.region_index = regions.index_of(vault_of(session), name)
    place = Place(
        industry=industry_of(answers, borrower.employment),
        region=borrower.region_index,
        crop=answers.get("crop"),
        amount_minor=application.amount_minor or 0,
        currency=application.currency or "",
        on=now.astimezone(ZoneInfo(borrower.timezone)).date(),
    )
    return replace(surroundings.read(tables, place), tables=versions)


def industry_of(answers: Mapping[str, Any], employment: str | None) -> str | None:
    """As a product asks for it; farming where it asks for a crop; else the kind of work."""
    if "industry" in answers:
        return str(answers["industry"])
    return "farming" if "crop" in answers else employment


async def _tallies(session: AsyncSession, on: date) -> dict[str, dict[str, Tally]]:
    groups: dict[str, dict[str, Tally]] = {by: {} for by in _BY}
    batch: dict[Any, bool] = {}
    async for each in outcomes.list_matured(
        session, late_days=LATE_DAYS, within_days=WITHIN_DAYS, on=on
    ):
        batch[each.loan_id] = each.went_bad
        if len(batch) == _BATCH:
            await _count(session, batch, groups)
            batch = {}
    await _count(session, batch, groups)
    return groups


async def _count(
    session: AsyncSession, went_bad: Mapping[Any, bool], groups: dict[str, dict[str, Tally]]
) -> None:
    rows = await session.execute(_facts(Loan.disbursed_on).where(Loan.id.in_(went_bad)))
    for loan_id, employment, answers, region, paid_out in rows:
        keys = {
            "industry": industry_of(answers, employment),
            "region": region,
            "month": f"{paid_out.month:02d}",
        }
        for by, key in keys.items():
            if key is not None:
                old = groups[by].get(key, Tally(0, 0))
                groups[by][key] = Tally(old.loans + 1, old.bad + went_bad[loan_id])


async def _out(session: AsyncSession) -> dict[str, Any]:
    """Principal that is out, by currency: of all, by industry and by region."""
    owed = Installment.principal_minor - Installment.principal_paid_minor
    left = (
        select(
            Installment.loan_id, func.sum(owed - Installment.principal_forgiven_minor).label("m")
        )
        .group_by(Installment.loan_id)
        .subquery()
    )
    query = _facts(Loan.currency, left.c.m).join(left, left.c.loan_id == Loan.id)
    found: dict[str, Any] = {}
    rows = await session.stream(query.where(Loan.status == LoanStatus.ACTIVE))
    async for _, employment, answers, region, currency, minor in rows:
        book = found.setdefault(currency, {"loans": 0, "minor": 0, "industry": {}, "region": {}})
        book["loans"] += 1
        book["minor"] += int(minor)
        for by, key in (("industry", industry_of(answers, employment)), ("region", region)):
            if key is not None:
                book[by][key] = book[by].get(key, 0) + int(minor)
    return found


def _facts(*columns: Any) -> Any:
    return (
        select(Loan.id, Borrower.employment, Application.answers, Borrower.region_index, *columns)
        .join(Application, Application.id == Loan.application_id)
        .join(Borrower, Borrower.id == Application.borrower_id)
    )


async def _names(
    session: AsyncSession, groups: Mapping[str, Any], *, now: datetime
) -> dict[str, str]:
    found = {}
    for index, group in groups.items():
        if group["loans"] < NAMED_FROM:
            continue
        people = (
            select(func.count(Loan.borrower_id.distinct()))
            .join(Borrower, Borrower.id == Loan.borrower_id)
            .where(Borrower.region_index == index, Loan.disbursed_on.is_not(None))
        )
        if (await session.scalar(people) or 0) < NAMED_FROM:
            continue
        one = select(Borrower).where(
            Borrower.region_index == index, Borrower.region_sealed.is_not(None)
        )
        borrower = await session.scalar(one.order_by(Borrower.id).limit(1))
        if borrower is not None:
            found[index] = await regions.name_of(session, borrower, now=now)
    return found


async def _keep(
    session: AsyncSession, kind: str, content: dict[str, Any], *, now: datetime
) -> RiskTable:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    last = await session.scalar(
        select(RiskTable).where(RiskTable.kind == kind).order_by(RiskTable.id.desc()).limit(1)
    )
    if last is not None and last.sha256 == digest:
        return last
    table = RiskTable(kind=kind, sha256=digest, content=content, created_at=now)
    session.add(table)
    await session.flush()
    return table


async def _newest(session: AsyncSession) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    rank = func.row_number().over(partition_by=RiskTable.kind, order_by=RiskTable.id.desc())
    ranked = select(RiskTable.id, RiskTable.kind, RiskTable.sha256, rank.label("n")).subquery()
    rows = await session.execute(
        select(ranked.c.id, ranked.c.kind, ranked.c.sha256).where(ranked.c.n == 1)
    )
    tables, versions = {}, {}
    for id_, kind, digest in sorted(rows.all(), key=lambda row: str(row.kind)):
        if digest not in _contents:
            _contents[digest] = (await session.get_one(RiskTable, id_)).content
        tables[kind], versions[kind] = _contents[digest], digest
    return tables, versions


def _rows(text: str) -> list[tuple[str, str, float]]:
    reader = csv.DictReader(io.StringIO(text))
    if [*(reader.fieldnames or ())] != _COLUMNS:
        raise IndexRefused(problem="its first line is not key,period,value")
    found = [_row(reader.line_num, row) for row in reader]
    if not found:
        raise IndexRefused(problem="it has no lines")
    return found


def _row(line: int, row: Mapping[str, str | None]) -> tuple[str, str, float]:
    key, period = (row["key"] or "").strip(), (row["period"] or "").strip()
    try:
        value = float(row["value"] or "")
    except ValueError:
        value = 0.0
    if None in row or not key or _PERIOD.fullmatch(period) is None or not 0 < value < 1e12:
        problem = f"line {line} is not a key, a month as 2026-10 and a number above 0"
        raise IndexRefused(problem=problem)
    return key, period, value
