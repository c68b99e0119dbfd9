"""The video note: which acts are asked for, how it is recorded, and what came of it."""

from collections.abc import Iterator

from bot.screens.base import Screen, lines, paragraphs
from bot.screens.given import dashed
from bot.text import Words
from kit.errors import DomainError
from kyc.liveness.challenge import LIFETIME
from onboarding.dossiers import Dossier
from onboarding.video_notes import Asked

SECONDS = int(LIFETIME.total_seconds())


def question(asked: Asked, words: Words) -> str:
    if asked.is_looked_at:
        return words("video-received")
    if asked.is_over:
        return words("video-over")
    if asked.challenge is None:
        return words("question-video", seconds=SECONDS)
    acts = [
        f"{number}. {words(f'act-{dashed(act)}')}"
        for number, act in enumerate(asked.challenge.acts, 1)
    ]
    return paragraphs(
        words("video-acts"),
        lines(*acts),
        words("video-how", seconds=asked.seconds_left),
    )


def ways(asked: Asked) -> Iterator[tuple[str, str]]:
    """Labels and acts of the buttons."""
    if asked.is_over:
        yield "button-continue", "unable"
        return
    if asked.challenge is None and not asked.is_looked_at:
        yield "button-ready", "ready"
    yield "button-unable", "unable"


def is_looked_at(words: Words) -> Screen:
    return Screen(words("video-received"))


def problem(why: DomainError, words: Words) -> str:
    """What to do better, as far as it helps somebody who really sits there."""
    key = f"video-problem-{dashed(str(why.params.get('problem')))}"
    if "problem" not in why.params:
        sentence = words.refusal(why)
    else:
        sentence = words(key) if words.has(key) else words("video-problem")
    return f"{sentence} {words('video-again')}"


def taken(dossier: Dossier, words: Words) -> Screen:
    """Good, or with a person who looks."""
    verification = dossier.verification
    if verification is not None and verification.clip_waived is not None:
        return Screen(words("video-waived"))
    return Screen(words("video-taken"))
