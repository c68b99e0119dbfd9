"""A what-if for people: lines of a table, CSV, and a picture that any browser draws."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from xml.sax.saxutils import escape

from kit.money import Money
from scoring.policy import Outcome
from scoring.whatif import Report, Way

_CELL, _LEFT, _TOP = 110, 150, 90
_COLORS = {
    Outcome.APPROVE: "#2e7d32",
    Outcome.COUNTER: "#7cb342",
    Outcome.REFER: "#f9a825",
    Outcome.DECLINE: "#c62828",
}


def lines(report: Report) -> Iterator[str]:
    share = report.approval_share
    yield f"{report.decisions} decisions, {report.changed} would have come out otherwise."
    if report.impossible:
        yield f"{report.impossible} left out: their own model or policy is not kept."
    if report.is_cut_short:
        yield "There are more in the period: they were left out."
    yield f"approved  {share(after=False):.1%} -> {share(after=True):.1%}"
    for currency, before in sorted(report.before.items()):
        after = report.after[currency]
        yield (
            f"{currency}       {_major(before.approved_minor, currency)} -> "
            f"{_major(after.approved_minor, currency)} approved, expected loss "
            f"{_major(before.loss_minor, currency)} -> {_major(after.loss_minor, currency)}"
        )
    yield ""
    yield "decided \\ now " + "".join(f"{outcome:>9}" for outcome in Outcome)
    for old in Outcome:
        yield f"{old:<13} " + "".join(f"{report.ways[old, new]:>9}" for new in Outcome)
    yield from _changes("reason", report)
    for example in report.examples:
        yield (
            f"{example.decision}  {example.before} -> {example.after}  PD {example.pd_before:.2%}"
            f" -> {example.pd_after:.2%}  {', '.join(example.reasons_after)}"
        )


@dataclass(frozen=True, slots=True)
class Change:
    """One number, and what it is of."""

    kind: str
    name: str
    before: str | int
    after: str | int


def changes(report: Report) -> Iterator[Change]:
    yield Change("decisions", "", report.decisions, report.decisions)
    shares = [f"{report.approval_share(after=after):.6f}" for after in (False, True)]
    yield Change("approval_share", "", *shares)
    for (old, new), count in sorted(report.ways.items()):
        yield Change("outcome", f"{old} -> {new}", count, count)
    for currency, before in sorted(report.before.items()):
        after = report.after[currency]
        for kind in ("approved_minor", "loss_minor"):
            yield Change(kind, currency, getattr(before, kind), getattr(after, kind))
    for kind, old_counts, new_counts in (
        ("grade", report.grades_before, report.grades_after),
        ("reason", report.reasons_before, report.reasons_after),
    ):
        for name in sorted(old_counts.keys() | new_counts.keys()):
            yield Change(kind, name, old_counts[name], new_counts[name])


def as_csv(report: Report) -> str:
    """One line for each number: what it is of, and its value before and after."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow([each.name for each in fields(Change)])
    rows.writerows(astuple(change) for change in changes(report))
    return out.getvalue()


def as_svg(report: Report) -> str:
    title = f"{report.decisions:,} decisions, {report.changed:,} otherwise"
    return grid(report.ways, title, _approved(report))


def grid(ways: Counter[Way], title: str, below: str) -> str:
    """Rows: what was decided. Columns: what would have been. The darker, the more."""
    size = _LEFT + len(Outcome) * _CELL + 20
    shapes = [
        _text(_LEFT, 30, title, 18),
        _text(_LEFT, 54, below, 14),
        _text(10, _TOP - 6, "decided \\ now", 12),
    ]
    most = max(ways.values(), default=1)
    for row, old in enumerate(Outcome):
        y = _TOP + row * _CELL
        shapes += [_text(10, y + _CELL // 2, old, 14), _text(_LEFT + row * _CELL, _TOP - 6, old)]
        for column, new in enumerate(Outcome):
            shapes.append(_cell(_LEFT + column * _CELL, y, new, ways[old, new], most))
    height = _TOP + len(Outcome) * _CELL + 20
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {height}" width="{size}"'
        f' font-family="sans-serif" role="img"><rect width="100%" height="100%" fill="white"/>'
        + "".join(shapes)
        + "</svg>\n"
    )


def _cell(x: int, y: int, outcome: Outcome, count: int, most: int) -> str:
    depth = 0.08 + 0.72 * count / most if count else 0.0
    return (
        f'<rect x="{x}" y="{y}" width="{_CELL - 4}" height="{_CELL - 4}" stroke="#ccc"'
        f' fill="{_COLORS[outcome]}" fill-opacity="{depth:.3f}"/>'
        + _text(x + 10, y + _CELL // 2 + 4, f"{count:,}", 18)
    )


def _text(x: int, y: int, words: str, size: int = 14) -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}">{escape(words)}</text>'


def _approved(report: Report) -> str:
    before, after = (report.approval_share(after=after) for after in (False, True))
    return f"approved {before:.1%} before, {after:.1%} after"


def _changes(kind: str, report: Report) -> Iterator[str]:
    names = report.reasons_before.keys() | report.reasons_after.keys()
    moved = {
        name: report.reasons_after[name] - report.reasons_before[name]
        for name in names
        if report.reasons_after[name] != report.reasons_before[name]
    }
    for name in sorted(moved, key=lambda name: (-abs(moved[name]), name)):
        yield f"{kind} {name}: {moved[name]:+d}"


def _major(minor: int, currency: str) -> str:
    return Money(minor, currency).major
