"""Price and limit of one request over all probabilities: as numbers, and as a picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from scoring import verdicts
from scoring.policy import Policy
from scoring.snapshot import Snapshot

MOST_PPM = 300_000
STEP_PPM = 2_500
_WIDTH, _HEIGHT, _LEFT, _RIGHT = 760, 250, 70, 20
_TOP, _FOOT = 40, 40
_INK, _GRID, _RATE, _LIMIT, _REFUSED = "#1d2733", "#e3e8ed", "#3d6d9e", "#4a9c5d", "#c0392b"


@dataclass(frozen=True, slots=True)
class Point:
    pd: float
    grade: str
    rate_bps: int | None
    limit_minor: int
    is_lent: bool
    """Whether neither the cut-off nor the price stands in the way."""


def points(policy: Policy, asked: Snapshot) -> list[Point]:
    return [_point(policy, asked, ppm / 1_000_000) for ppm in range(0, MOST_PPM + 1, STEP_PPM)]


def svg(title: str, curve: Sequence[Point], limit: Callable[[int], str]) -> str:
    """Two panels; where nothing is lent the line is red. `limit` says an amount in words."""
    rates = [(each.rate_bps or 0) / 100 for each in curve]
    limits = [float(each.limit_minor) for each in curve]
    panels = [
        _panel(0, "Rate a year", curve, rates, _RATE, lambda value: f"{value:.0f} %"),
        _panel(_HEIGHT, "Limit", curve, limits, _LIMIT, lambda value: limit(int(value))),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{2 * _HEIGHT + 30}" '
        f'font-family="sans-serif" font-size="13" fill="{_INK}">'
        f'<rect width="100%" height="100%" fill="#ffffff"/>'
        f'<text x="{_LEFT}" y="22" font-size="16" font-weight="bold">{escape(title)}</text>'
        + "".join(panels)
        + f'<text x="{_WIDTH - _RIGHT}" y="{2 * _HEIGHT + 20}" text-anchor="end">'
        "probability of default; red: not lent</text></svg>\n"
    )


def _point(policy: Policy, asked: Snapshot, pd: float) -> Point:
    verdict = verdicts.judge(policy, asked, pd)
    price = verdict.price
    is_paid = price is None or price.is_paid_for
    return Point(
        pd=pd,
        grade=verdict.grade,
        rate_bps=None if price is None else price.annual_rate_bps,
        limit_minor=verdict.limit_minor,
        is_lent=is_paid and pd <= policy.applying_to(asked).cut_offs.refer_up_to_bps / 10_000,
    )


def _panel(
    down: int, name: str, curve: Sequence[Point], values: Sequence[float], color: str,
    said: Callable[[float], str],
) -> str:  # fmt: skip
    top, bottom, most = down + _TOP, down + _HEIGHT - _FOOT + 20, max([*values, 1.0]) * 1.1
    wide = _WIDTH - _LEFT - _RIGHT

    def x(pd: float) -> float:
        return _LEFT + wide * pd * 1_000_000 / MOST_PPM

    def y(value: float) -> float:
        return bottom - (bottom - top) * value / most

    parts = [f'<text x="{_LEFT}" y="{top - 4}" font-weight="bold">{name}</text>']
    for n in range(5):
        level = most * n / 5
        parts.append(
            f'<path d="M{_LEFT} {y(level):.1f}h{wide}" stroke="{_GRID}"/>'
            f'<text x="{_LEFT - 6}" y="{y(level) + 4:.1f}" text-anchor="end">{said(level)}</text>'
        )
    parts += [
        f'<text x="{x(tenth / 100):.1f}" y="{bottom + 16}" text-anchor="middle">{tenth} %</text>'
        for tenth in range(0, MOST_PPM // 10_000 + 1, 5)
    ]
    for lent, stroke in ((True, color), (False, _REFUSED)):
        drawn = [
            f"{x(point.pd):.1f},{y(value):.1f}"
            for point, value in zip(curve, values, strict=True)
            if point.is_lent is lent
        ]
        line = " ".join(drawn)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{stroke}" stroke-width="2"/>')
    return "".join(parts)
