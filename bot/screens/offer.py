"""The offer: what it costs, how to take less or longer, and the signature by code."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from bot.callbacks import Menu
from bot.screens import prices, ways
from bot.screens.base import MINUS, Button, Screen, buttons, in_even_rows, paragraphs
from bot.screens.questions import act
from bot.text import Words
from kit.money import Money
from onboarding import codes
from onboarding.calculator import KeyFacts
from onboarding.dossiers import Dossier
from onboarding.models import Offer
from onboarding.products import LoanProduct

_STEPS = (-10, -1, 1, 10)


def screen(
    dossier: Dossier, offer: Offer, product: LoanProduct, facts: KeyFacts, words: Words
) -> Screen:
    limit = Money(offer.limit_minor, offer.currency)
    asked = Money(dossier.draft.amount_minor or 0, offer.currency)
    title = "offer-counter" if limit < asked else "offer-approved"
    return Screen(
        paragraphs(
            words(title, limit=limit, asked=asked),
            prices.rate(product, facts, words),
            prices.cost(facts, words),
            prices.dates(facts, words),
            prices.late(facts, words),
            words("offer-until", day=_last_day(offer, dossier.borrower.timezone)),
        ),
        buttons(
            [(words.label("offer-accept"), act(dossier, "accept"))],
            _amounts(dossier, offer, product, words),
            *in_even_rows(_terms(dossier, offer, product, words)),
            [
                (words.label("offer-facts"), act(dossier, "facts")),
                (words.label("offer-refuse"), act(dossier, "refuse")),
            ],
            ways.help_and_human(words),
        ),
    )


def _last_day(offer: Offer, zone: str) -> date:
    """The last day, where the borrower lives, on which the offer can still be taken."""
    return (offer.expires_at - timedelta.resolution).astimezone(ZoneInfo(zone)).date()


def code_asked(dossier: Dossier, facts: KeyFacts, words: Words) -> Screen:
    return Screen(
        paragraphs(
            words("offer-code", digits=codes.DIGITS),
            words("offer-code-signs", amount=facts.principal, total=facts.total_payable),
        ),
        buttons(
            [(words.label("button-send-code-again"), act(dossier, "accept"))],
            [(words.label("offer-back"), Menu.STATUS)],
            ways.help_and_human(words),
        ),
    )


def accepted(product: LoanProduct, words: Words) -> Screen:
    key = "offer-accepted" if product.body.payout == "borrower" else "offer-accepted-shop"
    return Screen(words(key), buttons([ways.to(Menu.LOAN, words), ways.to(Menu.SCHEDULE, words)]))


def _amounts(dossier: Dossier, offer: Offer, product: LoanProduct, words: Words) -> list[Button]:
    """Less, or more up to the limit; only steps that lead somewhere."""
    step = product.bound("step").minor
    least = min(product.bound("min").minor, offer.limit_minor)
    row: list[Button] = []
    for steps in _STEPS:
        amount = min(max(offer.amount_minor + steps * step, least), offer.limit_minor)
        change = abs(amount - offer.amount_minor)
        if change and (abs(steps) == 1 or change > step):
            sign = "+" if steps > 0 else MINUS
            label = f"{sign}{words.number(change, offer.currency)}"
            row.append((label, act(dossier, "adjust", f"{amount}-{offer.term}")))
    return row


def _terms(dossier: Dossier, offer: Offer, product: LoanProduct, words: Words) -> list[Button]:
    if len(offer.terms) < 2:
        return []
    return [
        (
            f"• {label}" if code == offer.term else label,
            act(dossier, "adjust", f"{offer.amount_minor}-{code}"),
        )
        for code in offer.terms
        for label in [prices.term(product.term(code), words)]
    ]
