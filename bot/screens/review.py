"""The summary before the application is sent: every answer, and a button to change it."""

from collections.abc import Mapping

from bot.callbacks import Menu
from bot.screens import given
from bot.screens.base import Screen, buttons, in_rows, lines, paragraphs
from bot.screens.questions import act
from bot.text import Words
from onboarding import steps
from onboarding.dossiers import Dossier

HIDDEN = frozenset({"phone_code", "read_fields"})


def screen(dossier: Dossier, values: Mapping[str, str], words: Words) -> Screen:
    """`values`: what the journey knows of each answered step, by its name."""
    shown = [step for step in steps.applying(dossier) if step.name not in HIDDEN]
    said = [
        words(
            "summary-line",
            name=given.field(step.name, words),
            answer=given.answer(step, values.get(step.name, ""), dossier, words),
        )
        for step in shown
    ]
    changes = [
        (f"✏️ {given.field(step.name, words)}", act(dossier, "change", step.name))
        for step in shown
        if not steps.is_fixed(dossier, step.name)
    ]
    return Screen(
        paragraphs(words("summary-title"), lines(*said), words("summary-hint")),
        buttons(
            [(words.label("button-submit"), act(dossier, "submit"))],
            *in_rows(changes, 2),
            [
                (words.label("button-help"), Menu.HELP),
                (words.label("button-human"), Menu.HUMAN),
            ],
        ),
    )
