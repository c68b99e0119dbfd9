"""One question of the journey, with its place among them, its answers and the ways out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aiogram.types import KeyboardButton, ReplyKeyboardMarkup, ReplyKeyboardRemove

from bot.callbacks import Act, Menu
from bot.screens import given, prices, read_fields, video
from bot.screens.base import Button, Keyboard, Screen, buttons, in_rows, lines, paragraphs
from bot.text import Words
from onboarding import codes, steps, video_notes
from onboarding.dossiers import Dossier
from onboarding.products import LoanProduct
from onboarding.read_fields import ReadField
from onboarding.saving import MY_PHONE
from onboarding.steps import Step, StepKind

_SHORT_LABEL = 14
_MANY = 10


@dataclass(frozen=True)
class Asked:
    """A question and what is needed to draw it."""

    dossier: Dossier
    step: Step
    offered: Sequence[LoanProduct] = ()
    known: str | None = None
    """The answer given before, when it is asked again."""
    video: video_notes.Asked = video_notes.NOTHING
    """How far the borrower is with a video note."""
    read: Sequence[ReadField] = ()
    """What was read on the document, when that is to be confirmed."""


def act(dossier: Dossier, name: str, value: str = "") -> Act:
    application = dossier.draft
    return Act(
        application=application.reference, version=application.version, act=name, value=value
    )


def screen(asked: Asked, words: Words) -> Screen:
    step, steps_in_all = steps.position(asked.dossier, asked.step)
    return Screen(
        paragraphs(
            lines(
                f"<i>{words('step-of', step=step, steps=steps_in_all)}</i>",
                question(asked, words),
            ),
            answer_now(asked, words),
        ),
        _keyboard(asked, words),
    )


def answer_now(asked: Asked, words: Words) -> str | None:
    if asked.known is None:
        return None
    return words("answer-now", answer=given.answer(asked.step, asked.known, asked.dossier, words))


def question(asked: Asked, words: Words) -> str:
    key = f"question-{given.dashed(asked.step.name)}"
    product = asked.dossier.product
    match asked.step.name:
        case "phone_code":
            return words(key, digits=codes.DIGITS)
        case "video":
            return video.question(asked.video, words)
        case "read_fields":
            return read_fields.question(asked.read, words)
        case "amount" if product is not None:
            most = product.most(asked.dossier.draft.answers)
            return words(key, least=product.bound("min"), most=most)
        case "guarantor" if product is not None and product.body.guarantor is not None:
            return words(key, share=product.body.guarantor.share_percent)
        case "product" if asked.dossier.draft.product is not None and asked.known is None:
            return lines(words("choose-another-product"), words(key))
    if asked.step.kind is StepKind.AMOUNT:
        return words(key, currency=asked.dossier.draft.currency or "")
    return words(key)


def confirmation(asked: Asked, words: Words) -> list[list[Button]]:
    """All lines are right; or one of them, or what was written before, is wrong."""
    dossier = asked.dossier
    fixes: list[Button] = [
        (label, act(dossier, "misread", step))
        for label, step in read_fields.fixes(asked.read, words)
    ]
    said = read_fields.typed_otherwise(asked.read, words) if dossier.is_drafting else ()
    rewritten: list[Button] = [(label, act(dossier, "change", step)) for label, step in said]
    return [
        [(words.label("button-read-right"), act(dossier, "right"))],
        *in_rows(fixes, 2),
        *in_rows(rewritten, 1),
    ]


def answered(asked: Asked, value: str, words: Words) -> str:
    """What the message with the question becomes once a button has answered it."""
    if value == MY_PHONE:
        said = words.label("button-use-my-phone")
    else:
        said = given.answer(asked.step, value, asked.dossier, words)
    return lines(question(asked, words), words("answer-given", answer=said))


def choices(asked: Asked, words: Words) -> list[tuple[str, str]]:
    """The answers on the buttons: (key, label)."""
    dossier, step = asked.dossier, asked.step
    if step.name == "product":
        return [(product.code, prices.product(product, words)) for product in asked.offered]
    keys = _keys(dossier, step)
    return [(key, given.choice(step, key, dossier, words)) for key in keys]


def _keys(dossier: Dossier, step: Step) -> Sequence[str]:
    product = dossier.product
    if step.name == "term" and product is not None:
        return list(product.terms_in(dossier.draft.frequency))
    if step.name == "frequency" and product is not None:
        return product.rhythms
    return step.choices


def key_of(asked: Asked, typed: str, words: Words) -> str:
    """The key of an answer that was typed instead of pressed; what was typed if it is none."""
    wanted = typed.strip().casefold()
    for key, label in choices(asked, words):
        if wanted == label.casefold():
            return key
    return typed


def thanks_for_phone(words: Words) -> Screen:
    """Takes the contact button away."""
    return Screen(words("phone-thanks"), ReplyKeyboardRemove())


def _keyboard(asked: Asked, words: Words) -> Keyboard:
    if asked.step.kind is StepKind.CONTACT:
        return contact_keyboard(words)
    if asked.step.kind is StepKind.CONFIRM:
        return buttons(*confirmation(asked, words), *in_rows(_ways_out(asked, words), 2))
    pairs = [(label, act(asked.dossier, "pick", key)) for key, label in choices(asked, words)]
    return buttons(
        *in_rows(pairs, _width([label for label, _ in pairs])),
        *([button] for button in other_answers(asked, words)),
        *in_rows(_ways_out(asked, words), 2),
    )


def _width(labels: Sequence[str]) -> int:
    if len(labels) > _MANY:
        return 3
    return 2 if all(len(label) <= _SHORT_LABEL for label in labels) else 1


def contact_keyboard(words: Words) -> ReplyKeyboardMarkup:
    """Only this kind of keyboard can ask for a contact; the other ways out are commands on it."""
    return ReplyKeyboardMarkup(
        keyboard=[
            [KeyboardButton(text=words.label("button-share-phone"), request_contact=True)],
            [KeyboardButton(text="/help"), KeyboardButton(text="/human")],
        ],
        resize_keyboard=True,
    )


def other_answers(asked: Asked, words: Words) -> Iterator[Button]:
    dossier = asked.dossier
    if asked.known is not None:
        yield words.label("button-keep"), act(dossier, "keep")
    match asked.step.name:
        case "phone_code":
            yield words.label("button-send-code-again"), act(dossier, "resend")
            yield words.label("button-other-phone"), act(dossier, "rephone")
        case "obligations":
            yield words.label("button-nothing"), act(dossier, "pick", "0")
        case "document_back":
            yield words.label("button-no-back"), act(dossier, "no_back")
        case "wallet":
            yield words.label("button-use-my-phone"), act(dossier, "pick", MY_PHONE)
        case "video":
            for label, name in video.ways(asked.video):
                yield words.label(label), act(dossier, name)


def _ways_out(asked: Asked, words: Words) -> Iterator[Button]:
    if steps.before(asked.dossier, asked.step) is not None:
        yield words.label("button-back"), act(asked.dossier, "back")
    yield words.label("button-help"), Menu.HELP
    yield words.label("button-human"), Menu.HUMAN
