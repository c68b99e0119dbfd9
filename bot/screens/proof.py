"""A proof that is wanted again: new pictures, or another phone."""

from bot.screens import questions, ways
from bot.screens.base import Keyboard, Screen, buttons, paragraphs
from bot.screens.questions import Asked
from bot.text import Words
from onboarding.steps import StepKind


def screen(asked: Asked, words: Words) -> Screen:
    why = _WHY.get(asked.step.kind)
    return Screen(
        paragraphs(
            words(why) if why is not None else None,
            questions.question(asked, words),
            questions.answer_now(asked, words),
        ),
        _keyboard(asked, words),
    )


_WHY = {
    StepKind.PHOTO: "proof-picture",
    StepKind.VIDEO: "proof-video",
    StepKind.CONTACT: "proof-phone",
    StepKind.CODE: "proof-phone",
}
"""None where the proof is there and what was read on it is asked about."""


def _keyboard(asked: Asked, words: Words) -> Keyboard:
    match asked.step.kind:
        case StepKind.CONTACT:
            return questions.contact_keyboard(words)
        case StepKind.CODE:
            return buttons(
                [(words.label("button-send-code-again"), questions.act(asked.dossier, "resend"))],
                [(words.label("button-other-phone"), questions.act(asked.dossier, "rephone"))],
                ways.help_and_human(words),
            )
        case StepKind.CONFIRM:
            return buttons(*questions.confirmation(asked, words), ways.help_and_human(words))
    return buttons(
        *([button] for button in questions.other_answers(asked, words)), ways.help_and_human(words)
    )
