"""Rows as CSV and as an Excel file, a page at a time; what a spreadsheet would run stays text."""

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from kit.money import Money, exponent

Cell = str | int | date | datetime | Money | None
Pages = AsyncIterator[list[list[Cell]]]

_RUNS = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001
"""How text begins that a spreadsheet takes for a formula (OWASP, CSV injection)."""
_BEGUN_ANEW = re.compile(r"([;\t\r\n]\s*)([=+\-@＝＋－＠])")  # noqa: RUF001
_ROWS_OF_A_SHEET = 1_000_000
_LETTERS_OF_A_CELL = 32_767
_WIDTH = 16


def harmless(text: str) -> str:
    """No cell of it runs, also where a spreadsheet begins a new one at a semicolon."""
    begun = f"'{text}" if text.startswith(_RUNS) else text
    return _BEGUN_ANEW.sub(r"\1'\2", begun)


async def as_csv(titles: Sequence[str], pages: Pages, *, zone: str) -> AsyncIterator[bytes]:
    """UTF-8 with a mark that Excel understands. Amounts are plain numbers in major units."""
    at = ZoneInfo(zone)
    yield b"\xef\xbb\xbf" + _lines([titles])
    async for rows in pages:
        yield _lines([[_text(cell, at) for cell in row] for row in rows])


async def as_excel(titles: Sequence[str], pages: Pages, path: Path, *, zone: str) -> None:
    """Written row by row: the size of the table does not matter to the memory."""
    book = _Book(titles, path, zone)
    async for rows in pages:
        book.add(rows)
    await asyncio.to_thread(book.close)


class _Book:
    def __init__(self, titles: Sequence[str], path: Path, zone: str) -> None:
        self._book = xlsxwriter.Workbook(
            str(path), {"constant_memory": True, "tmpdir": str(path.parent)}
        )
        self._titles = titles
        self._zone = ZoneInfo(zone)
        self._bold = self._book.add_format({"bold": True, "bottom": 1})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._amounts: dict[int, Format] = {}
        self._begin_sheet()

    def add(self, rows: Sequence[Sequence[Cell]]) -> None:
        for row in rows:
            if self._row > _ROWS_OF_A_SHEET:
                self._begin_sheet()
            for column, cell in enumerate(row):
                self._write(column, cell)
            self._row += 1

    def close(self) -> None:
        self._book.close()

    def _begin_sheet(self) -> None:
        self._sheet: Worksheet = self._book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        for column, title in enumerate(self._titles):
            self._sheet.set_column(column, column, max(_WIDTH, len(title) + 2))
            self._sheet.write_string(0, column, title, self._bold)
        self._row = 1

    def _write(self, column: int, cell: Cell) -> None:
        at = (self._row, column)
        if isinstance(cell, Money):
            digits = exponent(cell.currency)
            # Excel has no other numbers than these.
            self._sheet.write_number(*at, cell.minor / 10**digits, self._amount(digits))
        elif isinstance(cell, int):
            self._sheet.write_number(*at, cell)
        elif isinstance(cell, datetime):
            local = cell.astimezone(self._zone).replace(tzinfo=None)
            self._sheet.write_datetime(*at, local, self._moment)
        elif isinstance(cell, date):
            self._sheet.write_datetime(*at, cell, self._day)
        elif cell is not None:
            self._sheet.write_string(*at, harmless(cell)[:_LETTERS_OF_A_CELL])

    def _amount(self, digits: int) -> Format:
        if digits not in self._amounts:
            pattern = "#,##0." + "0" * digits if digits else "#,##0"
            self._amounts[digits] = self._book.add_format({"num_format": pattern})
        return self._amounts[digits]


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()


def _text(cell: Cell, zone: ZoneInfo) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Money):
        return cell.major
    if isinstance(cell, datetime):
        return cell.astimezone(zone).isoformat(timespec="seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    return harmless(cell) if isinstance(cell, str) else str(cell)
