"""What a person agrees to: one sentence for each document, and the full words on request."""

import html

from bot.screens.base import Screen, buttons, lines, paragraphs
from bot.screens.calculator import Choice
from bot.text import Words
from onboarding import consents


def summary(choice: Choice, words: Words) -> Screen:
    said = [
        words("consents-line", summary=consents.summary(document, words.locale))
        for document in consents.required()
    ]
    return Screen(
        paragraphs(words("consents-title"), lines(*said), words("consents-hint")),
        buttons(
            [(words.label("consents-agree"), choice.button(words, "agree"))],
            [(words.label("consents-read"), choice.button(words, "read"))],
            [(words.label("consents-back"), choice.button(words, "show"))],
        ),
    )


def full(choice: Choice, words: Words) -> Screen:
    said = (
        html.escape(consents.full_text(document, words.locale), quote=False)
        for document in consents.required()
    )
    return Screen(
        paragraphs(*said),
        buttons(
            [(words.label("consents-agree"), choice.button(words, "agree"))],
            [(words.label("consents-back"), choice.button(words, "show"))],
        ),
    )


def agreed(words: Words) -> str:
    """What the message with the consents becomes."""
    said = [
        words("consents-line", summary=consents.summary(document, words.locale))
        for document in consents.required()
    ]
    return paragraphs(lines(*said), words("consents-agreed"))
