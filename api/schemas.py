"""Shapes that many routes share: amounts, clean text, pages."""

import unicodedata
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, model_validator

from kit import money
from servicing.fields import is_currency

_DIRECTION_MARKS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_LINE_ENDS = frozenset("\n\t")


class Strict(BaseModel):
    """What callers send: a key that we do not know is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Shown(BaseModel):
    """What callers get, read from a row or a value."""

    model_config = ConfigDict(from_attributes=True)


def readable(text: str) -> str:
    """Text that reads as it looks: no control characters, nothing that turns its direction."""
    for char in text:
        hidden = unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn") and char not in _LINE_ENDS
        if hidden or char in _DIRECTION_MARKS:
            raise ValueError("must not hold control or direction characters")
    return text


def _text(least: int, most: int) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=least, max_length=most)


Word = Annotated[str, _text(1, 80), AfterValidator(readable)]
Text = Annotated[str, _text(1, 2_000), AfterValidator(readable)]


class Amount(Strict):
    """Major units as a decimal string, and the currency they are in."""

    amount: Annotated[str, StringConstraints(max_length=24)]
    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]

    @model_validator(mode="after")
    def _is_money(self) -> "Amount":
        if not is_currency(self.currency):
            raise ValueError("currency must be a current ISO 4217 code")
        try:
            minor = self.money().minor
        except money.InvalidAmount:
            like = money.Money(1250 * 10 ** money.exponent(self.currency), self.currency).major
            raise ValueError(
                f"amount must be written like {like}, without commas or spaces"
            ) from None
        if minor <= 0:
            raise ValueError("amount must be more than zero")
        return self

    def money(self) -> money.Money:
        return money.Money.parse(self.amount, self.currency)


class MoneyShown(Shown):
    amount: str
    currency: str

    @classmethod
    def of(cls, value: money.Money) -> "MoneyShown":
        return cls(amount=value.major, currency=value.currency)

    @classmethod
    def of_minor(cls, minor: int, currency: str) -> "MoneyShown":
        return cls.of(money.Money(minor, currency))


class Record(Shown):
    """Something with an id: pages are made of them."""

    id: UUID


R = TypeVar("R", bound=Record)
Sought = Annotated[str, Query(min_length=1, max_length=80), AfterValidator(readable)]
PageSize = Annotated[int, Query(ge=1, le=200)]


class Page(BaseModel, Generic[R]):
    items: list[R]
    next: UUID | None = None
    """Send it as `after` for the next page; null at the end."""

    @classmethod
    def of(cls, items: list[R], limit: int) -> "Page[R]":
        """`items` were asked for with this `limit`: a full page may have one after it."""
        return cls(items=items, next=items[-1].id if len(items) == limit else None)
