"""Questions that only some products ask: data of the product, read and checked by their kind."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from kit.errors import DomainError
from kit.money import Money
from onboarding import answers

MONTHS = tuple(str(month) for month in range(1, 13))
_NUMBER = re.compile(r"(\d{1,9})(?:[.,](\d{1,2}))?\Z", re.ASCII)
_LIMITS = {"amount": ("0", "1000000000"), "number": ("0", "1000000"), "date": ("1", "3650")}
Code = Annotated[str, StringConstraints(pattern="^[a-z][a-z_]{1,30}$")]


class NumberNotReadable(DomainError):
    code = "number_not_readable"


class AnswerOutOfRange(DomainError):
    """`least` and `most`: amounts in major units, numbers, or days."""

    code = "answer_out_of_range"


class QuestionKind(StrEnum):
    AMOUNT = "amount"
    NUMBER = "number"
    TEXT = "text"
    CHOICE = "choice"
    DATE = "date"
    """A day that is still to come."""
    MONTH = "month"
    """One of the next twelve; kept as `2027-07`."""
    MERCHANT = "merchant"
    """The code of a merchant whom staff have registered."""
    PHONE = "phone"
    """The mobile number of somebody else."""


class Question(BaseModel):
    """`min` and `max` are amounts, numbers, or days from today, by the kind."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Code
    kind: QuestionKind
    choices: tuple[Code, ...] = ()
    min: str | None = None
    max: str | None = None
    personal: bool = False
    """Sealed where it is kept, and left out of what a decision looks at."""

    @model_validator(mode="after")
    def _is_answerable(self) -> "Question":
        if (self.kind is QuestionKind.CHOICE) != bool(self.choices):
            raise ValueError("a choice, and nothing else, has choices")
        least, most = self.limits if self.kind in _LIMITS else ("0", "0")
        if Fraction(least) > Fraction(most):
            raise ValueError("min must not be more than max")
        return self

    @property
    def limits(self) -> tuple[str, str]:
        least, most = _LIMITS[self.kind]
        return self.min or least, self.max or most


GUARANTOR = Question(code="guarantor", kind=QuestionKind.PHONE, personal=True)
"""Asked by products that want somebody who answers for the borrower."""


@dataclass(frozen=True)
class Asking:
    """Where and when a question is asked."""

    currency: str
    country: str
    on: date


def read(question: Question, text: str, asking: Asking) -> str:
    """The answer as it is kept: a decimal, a key, an ISO day, a clean line."""
    return _READERS[question.kind](question, text, asking)


def _amount(question: Question, text: str, asking: Asking) -> str:
    value = answers.amount(text, asking.currency, zero=True)
    least, most = (Money.parse(limit, asking.currency) for limit in question.limits)
    if not least <= value <= most:
        raise AnswerOutOfRange(least=least.major, most=most.major, currency=asking.currency)
    return value.major


def _number(question: Question, text: str, _: Asking) -> str:
    match = _NUMBER.match(answers.clean(text, 20))
    if match is None:
        raise NumberNotReadable()
    decimals = (match[2] or "").rstrip("0")
    value = f"{int(match[1])}.{decimals}" if decimals else str(int(match[1]))
    least, most = question.limits
    if not Fraction(least) <= Fraction(value) <= Fraction(most):
        raise AnswerOutOfRange(least=least, most=most)
    return value


def _date(question: Question, text: str, asking: Asking) -> str:
    day = answers.day(text)
    least, most = (asking.on + timedelta(days=int(limit)) for limit in question.limits)
    if not least <= day <= most:
        raise AnswerOutOfRange(least=least, most=most)
    return day.isoformat()


def _month(_: Question, text: str, asking: Asking) -> str:
    month = int(answers.choice(text, MONTHS))
    year = asking.on.year + (month < asking.on.month)
    return f"{year}-{month:02d}"


_READERS: dict[QuestionKind, Callable[[Question, str, Asking], str]] = {
    QuestionKind.AMOUNT: _amount,
    QuestionKind.NUMBER: _number,
    QuestionKind.TEXT: lambda _, text, __: answers.line(text),
    QuestionKind.CHOICE: lambda question, text, _: answers.choice(text, question.choices),
    QuestionKind.DATE: _date,
    QuestionKind.MONTH: _month,
    QuestionKind.MERCHANT: lambda _, text, __: answers.clean(text, 20).upper(),
    QuestionKind.PHONE: lambda _, text, asking: answers.phone(text, asking.country),
}
