"""After the application is sent: waiting, questions of staff, and the answer."""

from bot.callbacks import Menu
from bot.screens import prices, ways
from bot.screens.base import Screen, buttons, lines, paragraphs
from bot.screens.questions import act
from bot.text import Words
from kit.money import Money
from onboarding.dossiers import Dossier
from onboarding.products import LoanProduct
from scoring import reasons

REASONS_MOST = 4


def photo_is_looked_at(words: Words) -> Screen:
    return Screen(words("photo-received"))


def waiting_for_identity(words: Words) -> Screen:
    return Screen(
        paragraphs(words("status-sent"), words("status-checking-photos")),
        buttons([ways.to(Menu.STATUS, words)], ways.help_and_human(words)),
    )


def in_review(words: Words) -> Screen:
    return Screen(
        paragraphs(words("status-sent"), words("status-in-review")),
        buttons([ways.to(Menu.STATUS, words)], ways.help_and_human(words)),
    )


def questioned(question: str | None, words: Words) -> Screen:
    said = words("status-question", question=question) if question else words("status-in-review")
    return Screen(
        paragraphs(said, words("status-question-hint")), buttons(ways.help_and_human(words))
    )


def question_answered(words: Words) -> Screen:
    return Screen(words("status-question-answered"))


def declined(
    dossier: Dossier, change: tuple[Money, str] | None, words: Words, *, debts: Money | None = None
) -> Screen:
    """At most four reasons, and the nearest loan that would be approved, when there is one.

    `debts`: to how much a month the other debts have to come down for that.
    """
    given = [f"• {reason(code, words)}" for code in (dossier.draft.decline_reasons or ())]
    return Screen(
        paragraphs(
            words("decision-declined"),
            lines(words("decision-reasons"), *given[:REASONS_MOST]) if given else None,
            _change(*change, debts, words) if change else None,
            words("decision-declined-next"),
        ),
        buttons([ways.to(Menu.PRICES, words)], ways.help_and_human(words)),
    )


def _change(amount: Money, term: str, debts: Money | None, words: Words) -> str:
    if debts is None:
        return words("decision-change", amount=amount, term=term)
    if not debts:
        return words("decision-change-no-debts", amount=amount, term=term)
    return words("decision-change-debts", amount=amount, term=term, debts=debts)


def reason(code: str, words: Words) -> str:
    """The engine's own sentence; the ones that staff may give are ours."""
    key = f"reason-{code.replace('_', '-')}"
    return words(key) if words.has(key) else reasons.sentence(code, words.locale)


def ended(key: str, words: Words) -> Screen:
    """Canceled or expired: one may start again."""
    return Screen(words(key), buttons([ways.to(Menu.PRICES, words)], ways.help_and_human(words)))


def cancel_question(dossier: Dossier, words: Words) -> Screen:
    return Screen(
        words("cancel-question"),
        buttons(
            [
                (words.label("button-cancel-yes"), act(dossier, "cancel")),
                (words.label("button-cancel-no"), Menu.STATUS),
            ]
        ),
    )


def term_named(product: LoanProduct | None, installments: int, days: int, words: Words) -> str:
    """The term of a counterfactual in words, by the product's own options where it has one."""
    for option in product.terms.values() if product else ():
        if option.installments == installments and option.days == days:
            return prices.term(option, words)
    return words.label("term-day", count=days)
