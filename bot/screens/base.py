"""The parts of which every screen is made."""

import html
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from aiogram.filters.callback_data import CallbackData
from aiogram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

from bot.callbacks import Menu

Keyboard = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove
Button = tuple[str, CallbackData | Menu]
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Paper:
    """A file for the chat, made only when it is sent: after the commit, beside the event loop."""

    name: str
    make: Callable[[], bytes]
    is_picture: bool = False


@dataclass(frozen=True)
class Screen:
    """One message: Telegram HTML and what can be pressed under it."""

    text: str
    keyboard: Keyboard | None = None
    paper: Paper | None = None
    """The text is then the words below the file, and may be empty."""

    def under(self, sentence: str) -> "Screen":
        """The same screen below one more sentence."""
        return Screen(f"{sentence}\n\n{self.text}", self.keyboard)


@dataclass(frozen=True)
class Reply:
    """What is shown once the update is committed."""

    screens: tuple[Screen, ...] = ()
    toast: str = ""
    """A short notice over the chat, on the button that was pressed."""
    is_in_place: bool = False
    """The first screen replaces the message whose button was pressed."""
    settled: str | None = None
    """What the message with the pressed button becomes: the question with its answer."""


def reply(*screens: Screen) -> Reply:
    return Reply(screens)


def in_place(screen: Screen) -> Reply:
    return Reply((screen,), is_in_place=True)


def buttons(*rows: Sequence[Button]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        inline_keyboard=[
            [
                InlineKeyboardButton(
                    text=label, callback_data=data if isinstance(data, Menu) else data.pack()
                )
                for label, data in row
            ]
            for row in rows
            if row
        ]
    )


def in_rows(items: Iterable[Button], width: int) -> list[list[Button]]:
    """`width` buttons beside each other, for short labels."""
    flat = list(items)
    return [flat[start : start + width] for start in range(0, len(flat), width)]


def in_even_rows(items: Iterable[Button]) -> list[list[Button]]:
    """Up to three beside each other, and no row with a single one where that can be helped."""
    flat = list(items)
    return in_rows(flat, 2 if len(flat) == 4 else 3)


def lines(*parts: str | None) -> str:
    return "\n".join(part for part in parts if part is not None)


def paragraphs(*parts: str | None) -> str:
    return "\n\n".join(part for part in parts if part)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Aligned columns: the first to the left, the others to the right."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    written = []
    for row in rows:
        first, *rest = (
            cell.ljust(w) if n == 0 else cell.rjust(w)
            for n, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        written.append("  ".join([first, *rest]).rstrip())
    return f"<pre>{html.escape(chr(10).join(written), quote=False)}</pre>"
