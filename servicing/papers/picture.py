"""The schedule as a picture for a phone: a line a date, its parts as a bar, what is paid, today.

Drawn at the size to which Telegram would shrink it, so that letters stay sharp.
"""

import io
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from kit.letters import BOLD, REGULAR
from servicing.papers.plan import PARTS, Plan, PlanRow
from servicing.papers.words import Words

WIDTH, ROWS_MOST = 900, 12
_ROWS_OF_MANY = 11
_SHARP = 2
"""Drawn so much larger and then reduced: smooth circles and letters."""
_EDGE, _BAR_FROM, _BAR_TO, _BAR = 44, 350, 612, 26
_HEAD, _ROW, _NOTE, _TODAY, _FOOT = 216, 72, 50, 46, 122

_PAPER, _INK, _MUTED, _LINE = "#ffffff", "#1d2733", "#6b7785", "#e3e8ed"
_PAID, _LATE, _NOW = "#2b8a57", "#c0392b", "#1f6feb"
_PARTS = {"interest": "#e39a3b", "fees": "#8c6bb1", "principal": "#3d6d9e"}
_PALE = {"interest": "#f3d7b1", "fees": "#d5c9e3", "principal": "#b7cadd"}


def png(plan: Plan, locale: str) -> bytes:
    """Long plans show what is next: what is paid and what is far away becomes a line each."""
    drawing = _Drawing(plan, Words(locale))
    out = io.BytesIO()
    drawing.finished().save(out, "PNG")
    return out.getvalue()


class _Drawing:
    def __init__(self, plan: Plan, words: Words) -> None:
        self.plan, self.words = plan, words
        self.rows, self.before, self.after = _window(plan)
        self.longest = max((row.due for row in plan.rows), default=1)
        is_today_shown = any(row.due_on >= plan.on for row in self.rows) or not self.after
        notes = bool(self.before) + bool(self.after)
        self.today_before = _first_ahead(plan, self.rows) if is_today_shown else None
        self.height = (
            _HEAD + _ROW * len(self.rows) + _NOTE * notes + _TODAY * is_today_shown + _FOOT
        )
        size = (WIDTH * _SHARP, self.height * _SHARP)
        self.image = Image.new("RGB", size, _PAPER)
        self.pen = ImageDraw.Draw(self.image)

    def finished(self) -> Image.Image:
        self._head()
        y = _HEAD
        if self.before:
            y = self._note(y, self.words("schedule-before", count=self.before), is_paid=True)
        for n, row in enumerate(self.rows):
            if n == self.today_before:
                y = self._today(y)
            self._row(y, row)
            y += _ROW
        if self.today_before == len(self.rows):
            y = self._today(y)
        if self.after:
            last = self.words.day(self.plan.rows[-1].due_on)
            y = self._note(
                y, self.words("schedule-after", count=self.after, day=last), is_paid=False
            )
        self._legend(y + 18)
        return self.image.reduce(_SHARP)

    def _head(self) -> None:
        plan, words = self.plan, self.words
        self._text(_EDGE, 62, words("schedule-title"), 46, bold=True)
        under = words("schedule-subtitle", reference=plan.reference, currency=plan.currency)
        self._text(_EDGE, 110, under, 27, color=_MUTED)
        paid = words("schedule-paid", paid=self._amount(plan.paid), due=self._amount(plan.due))
        self._text(WIDTH - _EDGE, 158, paid, 27, anchor="rm", color=_PAID if plan.paid else _MUTED)
        self._box(_EDGE, 182, WIDTH - _EDGE, 194, _LINE, round_by=6)
        if plan.paid:
            end = _EDGE + (WIDTH - 2 * _EDGE) * plan.paid // plan.due
            self._box(_EDGE, 182, max(end, _EDGE + 12), 194, _PAID, round_by=6)

    def _row(self, y: int, row: PlanRow) -> None:
        middle = y + _ROW // 2
        is_paid, is_late = not row.unpaid, bool(row.unpaid) and row.due_on < self.plan.on
        ink = _MUTED if is_paid else _LATE if is_late else _INK
        self._box(_EDGE, y, WIDTH - _EDGE, y + 1, _LINE)
        self._mark(_EDGE + 16, middle, is_paid=is_paid, is_late=is_late)
        self._text(_EDGE + 50, middle, self.words.day(row.due_on), 31, color=ink, bold=is_late)
        self._bar(middle, row, _PALE if is_paid else _PARTS)
        lift = 11 if is_paid or not row.paid else 0
        amount = self._amount(row.due)
        if not lift:
            part = f"{self.words('paid')} {self._amount(row.paid)}"
            self._text(WIDTH - _EDGE, middle + 20, part, 21, anchor="rm", color=_PAID)
        place = middle - 11 + lift
        self._text(WIDTH - _EDGE, place, amount, 31, anchor="rm", color=ink, bold=not is_paid)

    def _bar(self, middle: int, row: PlanRow, colors: dict[str, str]) -> None:
        scale = (_BAR_TO - _BAR_FROM) / self.longest
        at = 0
        for part, color in colors.items():
            amount: int = getattr(row, part)
            start, end = _BAR_FROM + round(at * scale), _BAR_FROM + round((at + amount) * scale)
            at += amount
            if end > start:
                self._box(start, middle - _BAR // 2, end, middle + _BAR // 2, color)
        if row.paid:
            end = _BAR_FROM + round(row.paid * scale)
            self._box(_BAR_FROM, middle + _BAR // 2 + 4, end, middle + _BAR // 2 + 9, _PAID)

    def _mark(self, x: int, y: int, *, is_paid: bool, is_late: bool) -> None:
        circle = tuple(_SHARP * each for each in (x - 15, y - 15, x + 15, y + 15))
        if not (is_paid or is_late):
            self.pen.ellipse(circle, outline="#aab4bf", width=2 * _SHARP)
            return
        self.pen.ellipse(circle, fill=_PAID if is_paid else _LATE)
        if is_late:
            self._text(x, y, "!", 24, anchor="mm", color=_PAPER, bold=True)
            return
        points = [(x - 7, y), (x - 2, y + 6), (x + 8, y - 6)]
        check = [(a * _SHARP, b * _SHARP) for a, b in points]
        self.pen.line(check, fill=_PAPER, width=3 * _SHARP, joint="curve")

    def _note(self, y: int, text: str, *, is_paid: bool) -> int:
        """One line for dates that are not drawn."""
        middle = y + _NOTE // 2
        if is_paid:
            self._mark(_EDGE + 16, middle, is_paid=True, is_late=False)
        else:
            self._text(_EDGE + 16, middle - 5, "…", 31, anchor="mm", color=_MUTED)
        self._text(_EDGE + 50, middle, text, 27, color=_MUTED)
        return y + _NOTE

    def _today(self, y: int) -> int:
        middle = y + _TODAY // 2
        said = self.words("schedule-today", day=self.words.day(self.plan.on))
        width = self._font(24, bold=True).getlength(said) / _SHARP
        for x in range(_EDGE + round(width) + 44, WIDTH - _EDGE, 16):
            self._box(x, middle - 1, min(x + 8, WIDTH - _EDGE), middle + 1, _NOW)
        self._box(_EDGE, middle - 18, _EDGE + round(width) + 32, middle + 18, _NOW, round_by=18)
        self._text(_EDGE + 16, middle, said, 24, color=_PAPER, bold=True)
        return y + _TODAY

    def _legend(self, y: int) -> None:
        """What the colors mean, with the sum of each part."""
        x = _EDGE
        for part in PARTS:
            total = sum(getattr(row, part) for row in self.plan.rows)
            if total:
                self._box(x, y + 10, x + 24, y + 34, _PARTS[part])
                self._text(x + 36, y + 22, self.words(part), 25, color=_MUTED)
                self._text(x + 36, y + 58, self._amount(total), 27, bold=True)
                x += 270

    def _amount(self, minor: int) -> str:
        return self.words.number(minor, self.plan.currency)

    def _box(self, x1: int, y1: int, x2: int, y2: int, color: str, *, round_by: int = 0) -> None:
        # Pillow paints the last column and row too.
        corners = (x1 * _SHARP, y1 * _SHARP, x2 * _SHARP - 1, y2 * _SHARP - 1)
        self.pen.rounded_rectangle(corners, radius=round_by * _SHARP, fill=color)

    def _text(
        self,
        x: int,
        y: int,
        text: str,
        size: int,
        *,
        anchor: str = "lm",
        color: str = _INK,
        bold: bool = False,
    ) -> None:
        font = self._font(size, bold=bold)
        # "s" is the line that letters stand on: amounts and days of one row stand level.
        place = (x * _SHARP, (y + size * 0.35) * _SHARP)
        self.pen.text(place, text, font=font, fill=color, anchor=anchor[0] + "s")

    @staticmethod
    def _font(size: int, *, bold: bool) -> ImageFont.FreeTypeFont:
        return _loaded(size * _SHARP, bold)


@cache
def _loaded(size: int, bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(BOLD if bold else REGULAR, size)


def _window(plan: Plan) -> tuple[tuple[PlanRow, ...], int, int]:
    """The rows to draw, and how many come before and after them."""
    rows = plan.rows
    if len(rows) <= ROWS_MOST:
        return rows, 0, 0
    paid = next((n for n, row in enumerate(rows) if row.unpaid), len(rows))
    start = min(max(paid - 1, 0), len(rows) - _ROWS_OF_MANY)
    end = start + _ROWS_OF_MANY
    return rows[start:end], start, len(rows) - end


def _first_ahead(plan: Plan, rows: tuple[PlanRow, ...]) -> int:
    """Today's line is drawn above the first date that has not passed."""
    return next((n for n, row in enumerate(rows) if row.due_on >= plan.on), len(rows))
