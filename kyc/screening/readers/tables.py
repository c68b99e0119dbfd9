"""Tables in text files: decoded, with the same number of cells in every row."""

import csv
import io
from collections.abc import Iterator

from kyc.screening.entries import ListNotReadable

csv.field_size_limit(1_000_000)


def text_of(content: bytes) -> str:
    """UTF-8, or what Windows wrote before it. DOS ends its files with one sign more."""
    content = content.rstrip(b"\x1a")
    if b"\0" in content:
        raise ListNotReadable(why="it is not a text file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def rows(text: str, *, delimiter: str = ",") -> Iterator[list[str]]:
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            if any(cell.strip() for cell in row):
                yield [cell.strip() for cell in row]
    except csv.Error as broken:
        raise ListNotReadable(why=str(broken)) from None


def records(table: Iterator[list[str]]) -> Iterator[dict[str, str]]:
    """Rows by the names in the first one, in lower case. An empty last cell may be left out."""
    head = [name.lower() for name in next(table, [])]
    for row in table:
        if len(row) > len(head):
            raise ListNotReadable(why="a row has more cells than the first one")
        if len(row) < len(head) and not _tail_is_optional(head, row):
            raise ListNotReadable(why="a row is cut off")
        # The first column of a name counts: the UK's table has `Last Updated` twice.
        record: dict[str, str] = {}
        for name, cell in zip(head, row, strict=False):
            record.setdefault(name, cell)
        yield record


def _tail_is_optional(head: list[str], row: list[str]) -> bool:
    return len(head) - len(row) <= 1


def wants(record: dict[str, str], *names: str) -> str:
    return next((record[name] for name in names if record.get(name)), "")
