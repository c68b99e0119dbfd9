"""The first question of all: which language."""

from collections.abc import Iterable

from bot.callbacks import Language
from bot.screens.base import Screen, buttons, in_rows, lines
from bot.text import Words


def choose(everybody: Iterable[Words]) -> Screen:
    """Asked in every language at once: we may not know the right one yet."""
    spoken = list(everybody)
    return Screen(
        lines(*(words("language-question") for words in spoken)),
        buttons(
            *in_rows(
                [(words.label("language-name"), Language(locale=words.locale)) for words in spoken],
                2,
            )
        ),
    )
