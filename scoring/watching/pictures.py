"""Drift and fairness as pictures: a bar a feature against its limit, a mark a group."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from kit.letters import BOLD, REGULAR, written
from scoring.watching.models import WatchMeasure
from scoring.watching.report import Kind

WIDTH = 960
_SHARP = 2
_EDGE, _FROM, _TO = 32, 330, 830
_HEAD, _ROW, _FOOT = 96, 44, 58
_PAPER, _INK, _MUTED, _LINE = "#ffffff", "#1d2733", "#6b7785", "#e3e8ed"
_STEADY, _ALARM, _LIMIT = "#3d6d9e", "#c0392b", "#1d2733"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a picture; all numbers are in the unit of the axis."""

    name: str
    value: float
    said: str
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    is_alarming: bool = False


def drift(measures: Sequence[WatchMeasure]) -> bytes:
    """The tick is what chance alone does not reach."""
    rows = rows_of_drift(measures)
    return _drawn("Drift against the training rows", "PSI; tick: limit for so many rows", rows)


def fairness(measures: Sequence[WatchMeasure]) -> bytes:
    """Approvals of each group with their interval."""
    return _drawn("Approvals by group", "share approved, 95 % interval", rows_of_groups(measures))


def rows_of_drift(measures: Sequence[WatchMeasure]) -> list[Row]:
    """The score, then the features, the largest index first."""
    shown = [each for each in measures if each.kind in (Kind.SCORE_DRIFT, Kind.FEATURE_DRIFT)]
    return [
        Row(
            each.subject or "score", each.value, f"{each.value:.3f}", limit=each.threshold,
            is_alarming=each.is_alarming,
        )
        for each in sorted(shown, key=lambda each: (bool(each.subject), -each.value))
    ]  # fmt: skip


def rows_of_groups(measures: Sequence[WatchMeasure]) -> list[Row]:
    return [
        _group(each.subject, told)
        for each in measures
        if each.kind is Kind.FAIRNESS
        for told in each.detail["groups"]
    ]


def _group(by: str, told: dict[str, Any]) -> Row:
    approved, interval = told["approved"], told["approved_interval"]
    return Row(
        f"{by}: {told['group']}", approved, f"{approved:.1%} of {told['rows']}",
        low=interval[0], high=interval[1], is_alarming=told["is_adverse"],
    )  # fmt: skip


def _drawn(title: str, axis: str, rows: Sequence[Row]) -> bytes:
    height = _HEAD + _ROW * max(len(rows), 1) + _FOOT
    image = Image.new("RGB", (WIDTH * _SHARP, height * _SHARP), _PAPER)
    pen = _Pen(ImageDraw.Draw(image))
    pen.text(_EDGE, 42, title, 30, bold=True)
    pen.text(_EDGE, 74, axis, 19, color=_MUTED)
    if not rows:
        pen.text(_EDGE, _HEAD + _ROW // 2, "Nothing has been measured yet.", 22, color=_MUTED)
    most = max((max(row.value, row.high or 0.0, row.limit or 0.0) for row in rows), default=1.0)
    for n, row in enumerate(rows):
        pen.row(_HEAD + n * _ROW + _ROW // 2, row, (_TO - _FROM) / (most or 1.0))
    pen.text(_EDGE, height - 28, "red: more than chance explains", 17, color=_MUTED)
    out = io.BytesIO()
    image.reduce(_SHARP).save(out, "PNG")
    return out.getvalue()


class _Pen:
    def __init__(self, draw: ImageDraw.ImageDraw) -> None:
        self.draw = draw

    def row(self, middle: int, row: Row, scale: float) -> None:
        ink = _ALARM if row.is_alarming else _STEADY
        self.text(_EDGE, middle, row.name[:30], 20, color=_ALARM if row.is_alarming else _INK)
        self.box(_FROM, middle - 11, _TO, middle + 11, _LINE)
        end = _FROM + max(round(row.value * scale), 2)
        self.box(_FROM, middle - 11, end, middle + 11, ink)
        if row.low is not None and row.high is not None:
            low, high = _FROM + round(row.low * scale), _FROM + round(row.high * scale)
            self.box(low, middle - 1, high, middle + 1, _INK)
            for place in (low, high):
                self.box(place - 1, middle - 6, place + 1, middle + 6, _INK)
        if row.limit is not None:
            place = _FROM + round(row.limit * scale)
            self.box(place - 1, middle - 16, place + 1, middle + 16, _LIMIT)
        self.text(_TO + 12, middle, row.said, 18, color=ink if row.is_alarming else _MUTED)

    def box(self, left: int, top: int, right: int, bottom: int, color: str) -> None:
        corners = [each * _SHARP for each in (left, top, max(right, left), bottom)]
        self.draw.rectangle(tuple(corners), fill=color)

    def text(
        self, x: int, y: int, said: str, size: int, *, color: str = _INK, bold: bool = False
    ) -> None:
        font = _font(BOLD if bold else REGULAR, size * _SHARP)
        self.draw.text((x * _SHARP, y * _SHARP), written(said), fill=color, font=font, anchor="lm")


@cache
def _font(path: object, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size)
