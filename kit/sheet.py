"""A small document of text and tables as PDF; the same content and moment give the same bytes."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import segno
from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

from kit.letters import BOLD, REGULAR, written

_FONT = "Fira"
_INK, _MUTED, _LINE = (29, 39, 51), (107, 119, 133), (214, 220, 226)
_MARGIN = 13.0
A5 = (148.0, 210.0)
"""Fills the width of a phone with letters that can be read, and prints two on a page."""
A6 = (105.0, 148.0)


@dataclass(frozen=True)
class Column:
    title: str
    width: float
    """Its share of the page's width."""
    is_number: bool = True


class Sheet:
    def __init__(
        self,
        title: str,
        *,
        subtitle: str,
        issuer: str,
        locale: str,
        made_at: datetime,
        size: tuple[float, float] = A5,
    ) -> None:
        self._pdf = _Pages(written(issuer), format=size)
        self._pdf.set_creation_date(made_at)
        self._pdf.set_lang(locale)
        self._pdf.set_title(written(f"{title}, {subtitle}"))
        self._pdf.set_author(written(issuer))
        self._pdf.add_page()
        self._text(issuer, size=9, color=_MUTED)
        self._text(title, size=17, bold=True, space=2)
        self._text(subtitle, size=10, color=_MUTED, space=1)
        self._pdf.ln(4)

    def heading(self, text: str) -> None:
        self._pdf.ln(4)
        self._text(text, size=11.5, bold=True)
        self._pdf.ln(1)

    def paragraph(self, text: str) -> None:
        self._pdf.ln(2)
        self._text(text, size=9, color=_MUTED)

    def facts(self, rows: Sequence[tuple[str, str]]) -> None:
        """Names to the left, values to the right."""
        columns = (Column("", 3, is_number=False), Column("", 2))
        self._table(columns, rows, size=10, has_titles=False)

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        """The titles are repeated on every page."""
        self._table(columns, rows, size=8.5, has_titles=True)

    def page(self) -> None:
        self._pdf.add_page()

    def code(self, text: str) -> None:
        """A QR code, as wide as the page."""
        drawn = io.BytesIO()
        segno.make(text, error="l", micro=False).save(drawn, kind="png", scale=4, border=4)
        self._pdf.ln(2)
        self._pdf.image(drawn, w=self._pdf.epw)

    def to_bytes(self) -> bytes:
        return bytes(self._pdf.output())

    def _text(
        self,
        text: str,
        *,
        size: float,
        bold: bool = False,
        color: tuple[int, int, int] = _INK,
        space: float = 0,
    ) -> None:
        self._pdf.set_font(_FONT, "B" if bold else "", size)
        self._pdf.set_text_color(*color)
        self._pdf.ln(space)
        self._pdf.multi_cell(
            0, size * 0.5, written(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )

    def _table(
        self,
        columns: Sequence[Column],
        rows: Sequence[Sequence[str]],
        *,
        size: float,
        has_titles: bool,
    ) -> None:
        pdf = self._pdf
        pdf.set_font(_FONT, "", size)
        pdf.set_text_color(*_INK)
        pdf.set_draw_color(*_LINE)
        titles = [[written(column.title) for column in columns]] if has_titles else []
        with pdf.table(
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            col_widths=tuple(column.width for column in columns),
            first_row_as_headings=has_titles,
            headings_style=FontFace(emphasis="", color=_MUTED),
            line_height=size * 0.5,
            padding=(1.2, 0.8),
            text_align=tuple("RIGHT" if column.is_number else "LEFT" for column in columns),
        ) as table:
            for row in [*titles, *rows]:
                table.row([written(cell) for cell in row])


class _Pages(FPDF):
    """Pages with their number and the issuer below."""

    def __init__(self, issuer: str, *, format: tuple[float, float]) -> None:
        super().__init__(format=format)
        self._issuer = issuer
        self.add_font(_FONT, "", REGULAR)
        self.add_font(_FONT, "B", BOLD)
        self.set_margin(_MARGIN)
        self.set_auto_page_break(True, margin=_MARGIN + 4)
        self.alias_nb_pages("{pages}")

    def footer(self) -> None:
        self.set_y(-_MARGIN)
        self.set_font(_FONT, "", 8)
        self.set_text_color(*_MUTED)
        self.cell(0, 4, f"{self._issuer} · {self.page_no()}/{{pages}}")
