"""The price of a loan: amount, term and product by buttons that carry the whole state."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.callbacks import Menu, Price
from bot.screens import prices
from bot.screens.base import MINUS, Button, Screen, buttons, in_even_rows, in_rows, paragraphs
from bot.text import Words
from kit.money import Money
from onboarding.calculator import KeyFacts
from onboarding.products import LoanProduct

_BIG_STEPS = 10


@dataclass(frozen=True)
class Choice:
    """What a person is looking at."""

    product: LoanProduct
    amount: Money
    term: str

    @property
    def rhythm(self) -> str:
        return self.product.term(self.term).rhythm

    def button(self, words: Words, act: str, **changed: Any) -> Price:
        state = {"product": self.product.code, "amount": self.amount.minor, "term": self.term}
        return Price(act=act, locale=words.locale, **(state | changed))


def default(product: LoanProduct) -> Choice:
    return Choice(product, product.bound("default"), product.body.default_term)


def fitting(product: LoanProduct, amount_minor: int, term: str) -> Choice:
    """The nearest thing on offer: buttons may be old, and come back from outside."""
    least, most = product.bound("min").minor, product.bound("max").minor
    amount = Money(min(max(amount_minor, least), most), product.currency)
    known = term if term in product.terms else product.body.default_term
    return Choice(product, amount, known)


def screen(
    choice: Choice, offered: Sequence[LoanProduct], ends: tuple[KeyFacts, KeyFacts], words: Words
) -> Screen:
    """What the loan costs at most; and between what, where the price is decided later."""
    cheapest, facts = ends
    return Screen(
        paragraphs(
            words("calculator-title"),
            words("calculator-intro"),
            prices.band(cheapest, facts, words),
            prices.cost(facts, words),
            prices.dates(facts, words),
            prices.late(facts, words),
        ),
        buttons(
            list(_amounts(choice, words)),
            *in_even_rows(_terms(choice, words)),
            list(_rhythms(choice, words)) if len(choice.product.rhythms) > 1 else [],
            *(in_rows(_products(choice, offered, words), 2) if len(offered) > 1 else []),
            [(words.label("calculator-apply"), choice.button(words, "apply"))],
            [
                (words.label("button-language"), Menu.LANGUAGE),
                (words.label("button-help"), Menu.HELP),
            ],
        ),
    )


def nothing_on_offer(words: Words) -> Screen:
    return Screen(words("calculator-no-products"))


def _amounts(choice: Choice, words: Words) -> Iterator[Button]:
    step = choice.product.bound("step").minor
    for steps in (-_BIG_STEPS, -1, 1, _BIG_STEPS):
        change = Money(steps * step, choice.amount.currency)
        target = fitting(choice.product, (choice.amount + change).minor, choice.term)
        label = f"{'+' if steps > 0 else MINUS}{words.number(abs(steps) * step, change.currency)}"
        yield label, choice.button(words, "show", amount=target.amount.minor)


def _terms(choice: Choice, words: Words) -> Iterator[Button]:
    for code, option in choice.product.terms_in(choice.rhythm).items():
        label = _marked(prices.term(option, words), code == choice.term)
        yield label, choice.button(words, "show", term=code)


def _rhythms(choice: Choice, words: Words) -> Iterator[Button]:
    """How often something is paid, at the term that is nearest in length."""
    days = choice.product.term(choice.term).days
    for rhythm in choice.product.rhythms:
        terms = choice.product.terms_in(rhythm)
        nearest = min(terms, key=lambda code: abs(terms[code].days - days))
        is_chosen = rhythm == choice.rhythm
        target = choice.term if is_chosen else nearest
        label = _marked(prices.rhythm(rhythm, words), is_chosen)
        yield label, choice.button(words, "show", term=target)


def _products(choice: Choice, offered: Sequence[LoanProduct], words: Words) -> Iterator[Button]:
    for product in offered:
        label = _marked(prices.product(product, words), product.code == choice.product.code)
        other = choice if product.code == choice.product.code else default(product)
        yield label, other.button(words, "show")


def _marked(label: str, is_chosen: bool) -> str:
    return f"• {label}" if is_chosen else label
