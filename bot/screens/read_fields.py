"""What was read on a document, line by line, with a button for each line that is wrong."""

from collections.abc import Iterator, Sequence

from bot.screens import given
from bot.screens.base import lines, paragraphs
from bot.text import Words
from kyc.documents.fields import FieldName
from onboarding.read_fields import PREFIX, ReadField

_TYPED_IN = {FieldName.NAME: "full_name", FieldName.BIRTH_DATE: "birth_date"}
"""The question that asked for the same before."""


def question(read: Sequence[ReadField], words: Words) -> str:
    key = "question-read-fields"
    said = [line for each in read for line in _said(each, words)]
    return paragraphs(words(key), lines(*said), words(f"{key}-hint"))


def _said(each: ReadField, words: Words) -> Iterator[str]:
    """Under it what was written before, where that says something else."""
    name = given.field(f"{PREFIX}{each.field}", words)
    yield words("summary-line", name=name, answer=given.read(each.field, each.value, words))
    if each.typed is not None:
        yield words("read-field-typed", answer=given.read(each.field, each.typed, words))


def fixes(read: Sequence[ReadField], words: Words) -> list[tuple[str, str]]:
    """Labels, and which question corrects that line."""
    steps = [f"{PREFIX}{each.field}" for each in read]
    return [(f"✏️ {given.field(step, words)}", step) for step in steps]


def typed_otherwise(read: Sequence[ReadField], words: Words) -> Iterator[tuple[str, str]]:
    """Labels, and which question is answered anew when the document is right."""
    for each in read:
        if each.typed is not None and each.field in _TYPED_IN:
            step = _TYPED_IN[each.field]
            yield words.label(f"button-typed-{given.dashed(step)}"), step
