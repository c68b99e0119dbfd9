"""Draws pages from templates: everything that is shown is escaped, and reads as it looks."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from functools import cache, partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from api.console import menu, words
from api.console.door import HOME, Desk
from api.console.words import Tone
from api.exports import Column, Table
from kit import text
from kit.money import InvalidAmount, Money
from kit.tabular import Cell
from servicing.fields import is_currency

R = TypeVar("R")
_FOLDER = Path(__file__).parent
_LOCALE = "en"
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {"Content-Security-Policy": _POLICY}
PAGE_SIZE = 50
_LONGEST_NAME = 24
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LOAN = re.compile(rf"{HOME}/loans/[^/]+")


@dataclass(frozen=True)
class Shown:
    """A cell as the page shows it."""

    text: str
    kind: str = "text"
    tone: Tone = Tone.PLAIN
    href: str | None = None
    whole: str = ""
    """The text in full, when it is shown shortened."""


@dataclass(frozen=True)
class Drawn:
    """A table as the page shows it, with the way to all of it as a file."""

    titles: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[Shown]]
    files: Mapping[str, str]
    first: str
    next: str | None
    is_first: bool


def page(desk: Desk, template: str, *, status: int = 200, **facts: object) -> Response:
    said = words.DONE.get(desk.request.query_params.get("said", ""))
    shown = (
        _templates()
        .get_template(template)
        .render(desk=desk, menu=menu.menu_of(desk.may), said=said, typed=desk.typed, **facts)
    )
    return HTMLResponse(shown, status, headers=HEADERS)


def bare(template: str, *, status: int = 200, **facts: object) -> Response:
    """For somebody who is not, or not yet, at the desk."""
    shown = _templates().get_template(template).render(desk=None, **facts)
    return HTMLResponse(shown, status, headers=HEADERS)


def table(
    desk: Desk,
    drawn: Table[R],
    rows: Sequence[R],
    *,
    names: Mapping[str, str] | None = None,
    after: str | None = None,
    part: str = "",
    leads: bool = True,
) -> Drawn:
    """`after` is the key of the last row when there may be more; `part` tells the tables of one
    page apart. Without `leads` no cell is a link: the role may not open what they lead to."""
    kept = {k: v for k, v in desk.request.query_params.items() if k not in ("after", "said")}
    asked = dict(kept, part=part) if part else kept
    return Drawn(
        titles=[(column.title, _kind(column, rows)) for column in drawn.columns],
        rows=[
            [
                _shown(desk, column if leads else replace(column, leads_to=None), row, names or {})
                for column in drawn.columns
            ]
            for row in rows
        ],
        files={name: f"?{urlencode(dict(asked, format=name))}" for name in ("csv", "xlsx")},
        first=f"?{urlencode(dict(kept))}",
        next=f"?{urlencode(dict(kept, after=after))}" if after else None,
        is_first="after" not in desk.request.query_params,
    )


def last_key(rows: Sequence[R], key: str = "id") -> str | None:
    """A full page may have one after it."""
    return str(getattr(rows[-1], key)) if len(rows) == PAGE_SIZE else None


def link(desk: Desk, href: str | None) -> str | None:
    """Where it leads; None where the role may not open that."""
    is_loan = href is not None and _LOAN.fullmatch(href) is not None
    return None if is_loan and not desk.may("get_loan") else href


def day(value: date) -> str:
    return text.day(value, _LOCALE)


def moment(at: datetime, desk: Desk) -> str:
    return text.moment(at, _LOCALE, desk.zone)


def asset(name: str) -> bytes:
    return (_FOLDER / "static" / name).read_bytes()


def _shown(desk: Desk, column: Column[R], row: R, names: Mapping[str, str]) -> Shown:
    cell = column.value(row)
    href = link(desk, column.leads_to(row) if column.leads_to is not None else None)
    if cell is not None and (column.is_code or isinstance(cell, StrEnum)):
        code = str(cell)
        return Shown(words.said(code), "code", words.tone_of(code), href)
    shown = _written(cell, desk.zone, names)
    short = _shortened(shown)
    whole = shown if short != shown else ""
    return Shown(short, "code" if whole else _kind_of(cell), href=href, whole=whole)


def _written(cell: Cell, zone: str, names: Mapping[str, str]) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Money):
        return text.number(cell, _LOCALE)
    if isinstance(cell, datetime):
        return text.moment(cell, _LOCALE, zone)
    if isinstance(cell, date):
        return text.day(cell, _LOCALE)
    return names.get(cell, cell) if isinstance(cell, str) else f"{cell:,}"


def _shortened(shown: str) -> str:
    """Names made by machines differ at their end: `disbursement:…5fa2c286`."""
    if len(shown) <= _LONGEST_NAME or " " in shown:
        return shown
    head, _, rest = shown.rpartition(":")
    return f"{head[:_LONGEST_NAME]}:…{rest[-8:]}" if head else f"{shown[:6]}…{shown[-8:]}"


def _kind(column: Column[R], rows: Sequence[R]) -> str:
    kinds = (_kind_of(column.value(row)) for row in rows)
    return next((kind for kind in kinds if kind), "text")


def _kind_of(cell: Cell) -> str:
    if isinstance(cell, Money | int):
        return "number"
    if isinstance(cell, date):
        return "date"
    return "text" if cell is not None else ""


def _fact(value: str, desk: Desk, names: Mapping[str, str]) -> str:
    """A fact of a proposal as a person reads it: amounts, days and moments as elsewhere on the
    page, records by their names."""
    if (amount := _amount(value)) is not None:
        return text.money(amount, _LOCALE)
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return names.get(value, value)
    if at.tzinfo is not None:
        return moment(at, desk)
    return day(at.date()) if _DAY.fullmatch(value) else value


def _amount(value: str) -> Money | None:
    """Just as amounts are kept. A reference that looks nearly like one stays what it is."""
    number, _, currency = value.partition(" ")
    if not is_currency(currency):
        return None
    try:
        amount = Money.parse(number, currency)
    except InvalidAmount:
        return None
    return amount if str(amount) == value else None


def _choices(codes: Sequence[str]) -> list[tuple[str, str]]:
    """For a list to choose from."""
    return [(code, words.said(code)) for code in codes]


def _readable(value: object) -> object:
    """Marks that turn the direction of text, or cannot be seen, are shown for what they are."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in value)


@cache
def _templates() -> Environment:
    drawing = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_readable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    drawing.filters |= {
        "amount": partial(text.money, locale=_LOCALE),
        "day": day,
        "choices": _choices,
        "said": words.said,
        "open_breaks": words.open_breaks,
        "tone": words.tone_of,
    }
    drawing.globals |= {"home": HOME, "style": _style(), "moment": moment, "fact": _fact}
    return drawing


def _style() -> str:
    """Its address changes with its content, so that it may be kept for long."""
    digest = hashlib.sha256(asset("console.css")).hexdigest()[:12]
    return f"{HOME}/static/console.css?v={digest}"


def wants_page(request: Request) -> bool:
    path: str = request.scope["path"]
    return path == HOME or path.startswith(f"{HOME}/")
