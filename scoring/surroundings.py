"""What an applicant's industry, region and season add: read from the tables of the day, once.

The book's table is made from the lender's own loans every night; indices are brought in. What is
read goes into the snapshot, so a decision is made again without any table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import ConfigDict

WHOLE = 10_000
LEAST_LOANS = 100
"""A book of fewer open loans has no shares worth a limit: its first loan would be all of it."""
_MONTHS_BEFORE = 12
_LEAST_MONTHS = 3

Tables = Mapping[str, Mapping[str, Any]]
"""The newest content by kind: `book`, `industry`, `region`, `crop`."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """None where nothing is known."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    industry: str | None = None
    region: str | None = None
    """A keyed hash."""
    book_risk: float | None = None
    """Bad rate of all matured loans."""
    industry_risk: float | None = None
    region_risk: float | None = None
    season_factor: float | None = None
    industry_share: float | None = None
    """Of what the lender has out in this currency, with this loan."""
    region_share: float | None = None
    industry_index: float | None = None
    region_index: float | None = None
    crop_price_factor: float | None = None
    tables: dict[str, str] = field(default_factory=dict)
    """Which versions were read: their hashes by kind."""


@dataclass(frozen=True, slots=True)
class Place:
    """Of whom they are read, and for what."""

    industry: str | None
    region: str | None
    crop: str | None
    amount_minor: int
    currency: str
    on: date


def read(tables: Tables, place: Place) -> Surroundings:
    book = tables.get("book", {})
    return Surroundings(
        industry=place.industry,
        region=place.region,
        book_risk=_of_all(book),
        industry_risk=_risk(book, "industry", place.industry),
        region_risk=_risk(book, "region", place.region),
        season_factor=_season(book, place.on),
        industry_share=_share(book, "industry", place.industry, place),
        region_share=_share(book, "region", place.region, place),
        industry_index=_latest(tables.get("industry", {}), place.industry, place.on),
        region_index=_latest(tables.get("region", {}), place.region, place.on),
        crop_price_factor=_crop(tables.get("crop", {}), place.crop, place.on),
    )


def _risk(book: Mapping[str, Any], by: str, key: str | None) -> float | None:
    """Of a group that is new to the book: that of all, which its own loans cannot move yet."""
    whole = _of_all(book)
    if key is None or whole is None:
        return None
    group = book[by].get(key)
    return whole if group is None else float(group["risk_bps"] / WHOLE)


def _of_all(book: Mapping[str, Any]) -> float | None:
    whole = book.get("all")
    return float(whole["bad"] / whole["loans"]) if whole and whole["loans"] else None


def _season(book: Mapping[str, Any], on: date) -> float | None:
    """Loans paid out in this month of the year go bad so many times as often as all."""
    risk, whole = _risk(book, "month", f"{on.month:02d}"), _of_all(book)
    return risk / whole if risk is not None and whole else None


def _share(book: Mapping[str, Any], by: str, key: str | None, place: Place) -> float | None:
    out = book.get("out", {}).get(place.currency)
    if key is None or out is None or out["loans"] < LEAST_LOANS:
        return None
    own = out[by].get(key, 0) + place.amount_minor
    return float(own / (out["minor"] + place.amount_minor))


def _latest(index: Mapping[str, Any], key: str | None, on: date) -> float | None:
    values = _until(index, key, on)
    return values[-1] if values else None


def _crop(index: Mapping[str, Any], key: str | None, on: date) -> float | None:
    """The newest price over the mean of the year before it: below one, prices have fallen."""
    *before, newest = _until(index, key, on) or [0.0]
    before = before[-_MONTHS_BEFORE:]
    return newest * len(before) / sum(before) if len(before) >= _LEAST_MONTHS else None


def _until(index: Mapping[str, Any], key: str | None, on: date) -> list[float]:
    """In the order of their periods, up to the month of the application."""
    periods = index.get(key, {}) if key is not None else {}
    return [value for period, value in sorted(periods.items()) if period <= f"{on:%Y-%m}"]
